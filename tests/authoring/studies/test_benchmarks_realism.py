"""The measurements of realism, transfer and difficulty, on images whose answers are known."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.metrics import roc_auc_score

from authoring.studies import (
    difficulty,
    group_bootstrap,
    image_features,
    image_pairs,
    likeness,
    real_folders,
    realism,
    realism_report,
    shortcut_features,
    transfer,
)
from tests.tiny_data import tiny

RNG = np.random.default_rng(0)


def write_folder(folder, table, shapes, color=False):
    """Write images of random levels with a labels.csv."""
    (folder / "images").mkdir(parents=True)
    pd.DataFrame(table).to_csv(folder / "labels.csv", index=False)
    for name, shape in zip(table["file"], shapes, strict=True):
        levels = RNG.integers(0, 256, (*shape, 3) if color else shape).astype(np.uint8)
        Image.fromarray(levels).save(folder / "images" / name)


@pytest.fixture
def breast(tmp_path):
    """Return a folder with four breast images of different sizes."""
    table = {
        "file": ["a.png", "b.png", "c.jpg", "d.png"],
        "diagnosis": ["benign", "malignant", "normal", "malignant"],
    }
    write_folder(tmp_path / "breast_ultrasound", table, [(40, 50), (64, 64), (90, 30), (33, 70)])
    return tmp_path


# Folders.


def test_images_of_different_sizes_are_resized_alike(breast):
    real = image_pairs.read_real(breast, "breast_ultrasound")
    assert real.images.shape == (4, 64, 64, 1)
    assert real.labels.tolist() == [0, 1, 0, 1]


def test_skin_lesions_keep_their_numbers_and_ages(tmp_path):
    table = {
        "file": ["a.jpg", "b.jpg", "c.jpg"], "lesion_id": ["L1", "L1", "L2"],
        "dx": ["mel", "mel", "nv"], "age": [70, 70, None],
    }  # fmt: skip
    write_folder(tmp_path / "skin_lesions", table, [(40, 60), (50, 50), (64, 48)], color=True)
    real = image_pairs.read_real(tmp_path, "skin_lesions")
    assert real.images.shape == (3, 64, 64, 3)
    assert real.groups.tolist() == ["L1", "L1", "L2"]
    assert real.labels.tolist() == [1, 1, 0]
    np.testing.assert_array_equal(real.age, [70, 70, np.nan])


def test_brain_slices_are_put_in_the_order_of_their_numbers(tmp_path):
    names = ["10.png", "9.png", "3.png", "2.png"]
    kinds = ["glioma", "glioma", "meningioma", "meningioma"]
    write_folder(tmp_path / "brain_t1c", {"file": names, "diagnosis": kinds}, [(40, 40)] * 4)
    real = real_folders.read_part(tmp_path, "brain_t1c")
    assert real.table["file"].tolist() == ["9.png", "10.png", "2.png", "3.png"]


def test_breastmnist_label_0_is_malignant_and_repeats_in_a_second_file_are_left_out(tmp_path):
    images = RNG.integers(0, 256, (4, 28, 28)).astype(np.uint8)
    np.savez(tmp_path / "breastmnist.npz", train_images=images, train_labels=[[0], [1], [1], [0]])
    np.savez(tmp_path / "breastmnist_x.npz", test_images=images[2:], test_labels=[1, 0])
    real = real_folders.read_breastmnist(tmp_path)
    assert (real.table["diagnosis"] == "malignant").tolist() == [True, False, False, True]


def change_table(change):
    """Return a function that changes labels.csv of the breast images."""

    def apply(folder):
        path = folder / "breast_ultrasound" / "labels.csv"
        change(pd.read_csv(path)).to_csv(path, index=False)

    return apply


def spoil(name, content=None):
    """Return a function that removes or overwrites a file of the breast images."""

    def apply(folder):
        path = folder / "breast_ultrasound" / name
        path.unlink() if content is None else path.write_bytes(content)

    return apply


def mnist(**arrays):
    """Return a function that adds a BreastMNIST file with these arrays."""
    return lambda folder: np.savez(folder / "breastmnist.npz", **arrays)


GRAY = np.zeros((2, 28, 28), np.uint8)
REFUSALS = {
    "missing column": (
        change_table(lambda t: t.rename(columns={"diagnosis": "class"})),
        "no column diagnosis; it has file, class",
    ),
    "unknown diagnosis": (
        change_table(lambda t: t.replace("normal", "cyst")),
        "'cyst' in line 4. Known labels: normal, benign, malignant",
    ),
    "one class": (change_table(lambda t: t.assign(diagnosis="benign")), "images of one class"),
    "nothing malignant": (
        change_table(lambda t: t.replace("malignant", "benign")),
        "all images are not malignant",
    ),
    "file listed twice": (change_table(lambda t: t.assign(file="a.png")), "twice (3): a.png"),
    "empty cell": (change_table(lambda t: t.replace("normal", None)), "diagnosis (1): line 4"),
    "no table": (spoil("labels.csv"), "There is no file"),
    "empty table": (spoil("labels.csv", b""), "not a readable CSV"),
    "absent image": (spoil("images/b.png"), "listed, but not in images (1): b.png (line 3)"),
    "unreadable image": (spoil("images/b.png", b"no image"), "not a readable image"),
    "no npz": (spoil("../breastmnist.npz", b"x"), "not a readable .npz"),
    "pickle": (mnist(train_images=np.array([{}, 1])), "not a readable .npz"),
    "other keys": (mnist(images=GRAY), "none of train_images"),
    "labels missing": (mnist(train_images=GRAY), "train_labels is missing"),
    "label 2": (mnist(train_images=GRAY, train_labels=[0, 2]), "0 and 1 are needed"),
    "one label": (mnist(train_images=GRAY, train_labels=[1, 1]), "one class only"),
    "floats": (mnist(train_images=GRAY / 2, train_labels=[0, 1]), "float64"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSALS)
def test_bad_input_gets_a_sentence_and_exit_code_2(breast, capsys, monkeypatch, name):
    change, message = REFUSALS[name]
    change(breast)
    # Only reading is at stake here.
    monkeypatch.setattr(image_pairs, "read_simulated", lambda *args, **options: None)
    arguments = ["--real-data", str(breast), "--set", "breast_ultrasound", "--part", "report"]
    assert realism.main(arguments) == 2
    said = capsys.readouterr().err
    assert said.startswith("realism.py: ")
    assert message in said
    assert "Traceback" not in said


def test_a_missing_folder_and_one_without_parts_are_refused(tmp_path, capsys):
    assert realism.main(["--real-data", str(tmp_path / "nowhere")]) == 2
    assert "There is no folder" in capsys.readouterr().err
    assert realism.main(["--real-data", str(tmp_path)]) == 2
    assert "holds none of brain_t1c" in capsys.readouterr().err


def test_missing_parts_are_said_and_skipped(breast, tmp_path, capsys):
    options = ["--real-data", str(breast), "--data-folder", str(tmp_path / "none"), "--quick"]
    assert realism.main(options) == 0
    said = capsys.readouterr().out
    assert "no brain_t1c" in said
    assert "no skin_lesions in" in said
    assert "no breast_ultrasound.npz in" in said


# Features.


def test_features_of_a_dark_square_are_those_computed_by_hand():
    image = np.full((28, 28), 100.0)
    image[10:18, 10:18] = 20
    named = dict(zip(image_features.GRAY_NAMES, image_features.gray_features(image), strict=True))
    mean = 100 - 80 * 64 / 784
    assert named["mean"] == pytest.approx(mean)
    assert named["center minus mean"] == pytest.approx(20 - mean)
    assert named["median"] == named["percentile 95"] == 100
    assert named["below center"] == 0
    # Rows 12–19, columns 10–17: six rows of 20, two of 100.
    assert named["SD of center"] == pytest.approx(80 * np.sqrt(0.75 * 0.25))
    assert image_features.center_ratio(image) == pytest.approx(20 / mean)
    twice = np.kron(image, np.ones((2, 2)))
    assert image_features.center_minus_mean(twice) == pytest.approx(20 - mean)


def test_slope_is_0_for_white_noise_and_neighbors_of_stripes_agree_along_them():
    noise = [RNG.normal(100, 20, (28, 28)) for _ in range(40)]
    assert abs(np.mean([image_features.power_slope(i) for i in noise])) < 0.15
    stripes = np.tile(RNG.normal(100, 20, (1, 28)), (28, 1))
    across, down = image_features.neighbor_correlation(stripes)
    assert down == pytest.approx(1)
    assert abs(across) < 0.6


def test_level_distance_is_the_shift_of_the_levels():
    images = RNG.integers(20, 200, (5, 28, 28, 3))
    moved = images + np.array([0, 3, 7])
    one, other = (image_features.histograms(i) for i in (images, moved))
    assert image_features.level_distance(one, other) == pytest.approx(7)
    assert image_features.level_distance(one, one) == 0


def test_levels_are_compared_with_an_interval_and_with_real_halves():
    real = some_images(np.random.default_rng(2).integers(50, 90, (20, 28, 28, 1)))
    made = some_images(real.images + 12)
    rows = {row["check"]: row for row in realism_report.compare_levels(real, made)}
    distance = rows["Wasserstein-1, levels"]
    assert distance["simulated"] == pytest.approx(12)
    assert 11 < distance["low"] < 12 < distance["high"] < 13
    assert distance["real"] < 1
    assert rows["level, mean"]["simulated"] - rows["level, mean"]["real"] == pytest.approx(12)


def test_thirteen_gray_and_color_and_sixteen_color_features():
    color = RNG.integers(0, 256, (96, 96, 3)).astype(float)
    for function, names in (
        (image_features.color_features, image_features.COLOR_NAMES),
        (image_features.brain_features, image_features.BRAIN_NAMES),
        (image_features.gray_features, image_features.GRAY_NAMES),
    ):
        image = color if function is image_features.color_features else color[..., 0]
        assert len(function(image)) == len(names) == 13
    assert len(image_features.sixteen_colors(color)) == 16


# Likeness.


def some_images(pixels, groups=None, known=True, labels=None):
    groups = np.arange(len(pixels)) if groups is None else np.array(groups)
    labels = np.arange(len(pixels)) % 2 if labels is None else np.array(labels)
    kinds = np.where(labels == 1, "malignant", "other")
    pixels = np.asarray(pixels, np.float32)
    return image_pairs.Images(pixels, labels, kinds, groups, known, np.ones(len(pixels)))


def test_copies_and_duplicates_are_found():
    real = some_images(RNG.integers(0, 256, (6, 28, 28, 1)))
    made = RNG.integers(0, 256, (4, 28, 28, 1))
    made[1] = made[0] // 2 + 20
    made[3] = real.images[2]
    found = likeness.diversity(real, some_images(made))
    assert found["copies of real images, share"][1] == 0.25
    assert found["share with a duplicate in the set"][:2] == (0, 0.5)
    same_patient = likeness.diversity(real, some_images(made, groups=[0, 0, 1, 2]))
    assert same_patient["share with a duplicate in the set"][1] == 0


def test_folds_keep_groups_whole():
    groups = np.repeat(np.arange(12), 3)
    labels = groups % 2
    folds = likeness.assign_folds(labels, groups)
    assert all(len(set(folds[groups == g])) == 1 for g in groups)
    assert all(set(labels[folds == k]) == {0, 1} for k in range(5))


def test_simulated_images_are_chosen_in_the_real_shares_one_of_each_group():
    real = some_images(np.zeros((10, 28, 28, 1)), labels=[1, 1, 0, 0, 0, 0, 0, 0, 0, 0])
    made = some_images(np.zeros((80, 28, 28, 1)), np.arange(80) // 2, labels=np.arange(80) // 2 % 2)
    chosen = image_pairs.like_real(made, real, 20)
    assert (chosen.labels == 1).sum() == 4
    assert len(set(chosen.groups.tolist())) == len(chosen) == 20


# Intervals.


def test_grouped_auc_agrees_with_scikit_learn_and_compares_within_folds():
    labels, scores = RNG.integers(0, 2, 60), RNG.normal(size=(3, 60))
    scores = scores + labels
    found = group_bootstrap.GroupedAUC(labels, np.arange(60)).auc(scores)
    expected = [roc_auc_score(labels, s) for s in scores]
    assert found.value == pytest.approx(np.mean(expected))
    assert found.seed_sd == pytest.approx(np.std(expected, ddof=1))
    assert found.low < found.value < found.high
    # Scores that are right within each fold, on different scales.
    within = group_bootstrap.GroupedAUC([0, 1, 0, 1], range(4), [0, 0, 1, 1]).auc([0, 1, 10, 11])
    assert within.value == 1


def test_groups_widen_the_interval_and_pairing_narrows_it():
    labels = np.repeat([0, 1], 200)
    scores = RNG.normal(size=400).repeat(1) + 0.5 * labels
    single = group_bootstrap.GroupedAUC(labels, np.arange(400)).auc(scores)
    copies = np.arange(400) // 10
    scores_of_groups = RNG.normal(size=40)[copies] + 0.5 * labels
    grouped = group_bootstrap.GroupedAUC(labels, copies)
    wide = grouped.auc(scores_of_groups)
    assert wide.high - wide.low > 2 * (single.high - single.low)
    pair = grouped.difference(scores_of_groups, scores_of_groups + 0.01)
    assert (pair.value, pair.low, pair.high) == (0, 0, 0)


def test_macro_auc_and_balanced_accuracy_by_hand():
    labels = np.array([0, 0, 1, 1, 2, 2])
    sure = np.eye(3)[labels]
    macro = group_bootstrap.MacroAUC(labels)
    assert macro.auc(sure).value == 1
    assert macro.auc(np.full((6, 3), 1 / 3)).value == 0.5
    assert macro.difference(sure, np.full((6, 3), 1 / 3)).value == 0.5
    assert group_bootstrap.balanced_accuracy(labels, [0, 0, 1, 0, 0, 0]).value == 0.5


# Transfer.


def test_chosen_real_images_keep_the_shares_of_the_classes():
    labels = np.arange(100) % 4 == 0
    chosen = transfer.choose_images(RNG, labels.astype(int), np.arange(100), np.arange(100), 40)
    assert len(set(chosen.tolist())) == 40
    assert labels[chosen].sum() == 10
    few = transfer.choose_images(RNG, labels.astype(int), np.arange(100), np.arange(30), 50)
    assert len(few) == 30


@pytest.fixture(scope="module")
def transferred():
    """Run a tiny transfer experiment, and record the labels of every training."""
    pixels = np.random.default_rng(1).integers(0, 256, (50, 28, 28, 1))
    real, made = some_images(pixels[:20]), some_images(pixels[20:])
    budget = transfer.BUDGETS["breast_ultrasound"].quick()
    task = transfer.Transfer(real, made, budget, lambda line: None)
    seen = []
    fit = task.first.fit
    task.first.fit = lambda images, labels, *rest, **more: (
        seen.append(labels) or fit(images, labels, *rest, **more)
    )
    found = task.run(range(2), (8,))
    return SimpleNamespace(task=task, found=found, labels=seen, made=made)


def test_the_control_is_trained_on_shuffled_labels(transferred):
    true, shuffled = transferred.labels[:2]
    np.testing.assert_array_equal(true, transferred.made.labels)
    assert sorted(shuffled) == sorted(true)
    assert (shuffled != true).any()


def test_every_arm_has_scores_of_all_images_and_rows_with_intervals(transferred):
    found = transferred.found
    arms = {("simulated only", 0), *((arm, 8) for arm in transfer.ARMS)}
    assert set(found) == arms
    assert all(scores.shape == (2, 20) and np.isfinite(scores).all() for scores in found.values())
    real = transferred.task.real
    rows = transfer.summarize("breast_ultrasound", real, transferred.task.folds, found)
    table = pd.DataFrame(rows)
    assert (table["low"] <= table["value"]).all()
    assert "simulated only - dark center over image mean" in set(table["what"])
    assert "simulated then real - shuffled then real" in set(table["what"])


def test_every_arm_has_the_same_number_of_updates_and_a_rate_to_learn_with():
    for budget in transfer.BUDGETS.values():
        assert set(budget.rates) == {"simulated only", *transfer.ARMS}
        assert set(budget.rates.values()) <= set(transfer.RATES)


def test_a_network_repeats_itself_with_its_seed(transferred):
    task, made = transferred.task, transferred.made
    one, other = (task.first.fit(made.images, made.labels, 7) for _ in range(2))
    np.testing.assert_allclose(one[0], other[0], atol=1e-6)


# Difficulty.


def test_lesion_size_and_position_are_read_from_its_mask():
    masks = np.zeros((6, 8, 10), np.uint8)
    masks[0, 2:4, 3:5] = 1
    data = tiny(masks=masks, mask_names=("lesion",))
    assert shortcut_features.size(data)[:2, 0].tolist() == [4, 0]
    # Center at row 2.5, column 3.5; the middle of the image is 3.5, 4.5.
    np.testing.assert_allclose(
        shortcut_features.position(data)[0], [-1, -1, 1, np.sqrt(2), 1], rtol=1e-6
    )
    assert set(shortcut_features.shortcuts(data)) == {
        "brightness", "size of the lesion", "position", "site",
    }  # fmt: skip


def test_columns_that_name_the_answer_are_no_attributes():
    columns = {"kind": list("aabbaa"), "reading": list("aabbaa"), "size_mm": range(6)}
    columns |= {"suspicion": range(6), "shape": list("ababab")}
    values, names = difficulty.drawn_attributes(tiny(attributes=columns))
    assert names == ["size_mm", "shape"]
    assert values[:, 1].tolist() == [0, 1, 0, 1, 0, 1]


@pytest.mark.parametrize(
    ("auc", "gain", "verdict"), [(0.7, 0.1, "PASS"), (0.85, 0.1, "FAIL"), (0.7, 0.04, "FAIL")]
)
def test_a_shortcut_passes_only_within_both_bounds(auc, gain, verdict):
    task = difficulty.Task("t", tiny(), np.zeros(6, int), 2)
    values = (group_bootstrap.Interval(v, v, v) for v in (auc, gain))
    assert difficulty._row(task, "x", "shortcut", *values, None)["verdict"] == verdict
