"""The measurements of realism, transfer and difficulty, on images whose answers are known."""

import sys
from functools import partial

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.metrics import roc_auc_score

from authoring.studies import (
    __main__,
    difficulty,
    image_features,
    image_pairs,
    likeness,
    real_folders,
    realism,
    realism_report,
    shortcut_features,
    tables,
    transfer,
)
from authoring.studies.group_bootstrap import GroupedAUC
from course_utils import evaluation
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


def some_images(pixels, groups=None, labels=None):
    groups = np.arange(len(pixels)) if groups is None else np.array(groups)
    labels = np.arange(len(pixels)) % 2 if labels is None else np.array(labels)
    kinds = np.where(labels == 1, "malignant", "other")
    pixels = np.asarray(pixels, np.float32)
    return image_pairs.Images(pixels, labels, kinds, groups, True, np.ones(len(pixels)))


def test_every_study_is_listed_with_its_question():
    listed = __main__.studies()
    assert {"realism", "difficulty", "brain_transfer", "skin_real"} <= set(listed)
    assert all(question.endswith((".", "?")) for question in listed.values())


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
    np.savez(tmp_path / "breastmnist_x.npz", test_images=images[2:], test_labels=np.array([1, 0]))
    real = real_folders.read_breastmnist(tmp_path)
    assert (real.table["diagnosis"] == "malignant").tolist() == [True, False, False, True]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: (folder / "breast_ultrasound/labels.csv").unlink(), "There is no file"),
        (lambda folder: (folder / "breast_ultrasound/images/b.png").unlink(), "b.png (line 3)"),
        (lambda folder: (folder / "breastmnist.npz").write_bytes(b"x"), "MedMNIST arrays"),
    ],
)
def test_bad_input_stops_the_command_with_a_sentence(breast, monkeypatch, spoil, said):
    spoil(breast)
    arguments = ["--real-data", str(breast), "--set", "breast_ultrasound", "--part", "report"]
    monkeypatch.setattr(sys, "argv", ["realism", *arguments])
    monkeypatch.setattr(image_pairs, "read_simulated", lambda *args: None)
    with pytest.raises(SystemExit) as stopped:
        tables.run(realism.main)
    assert said in stopped.value.code


def test_a_folder_without_parts_is_refused(tmp_path):
    with pytest.raises(ValueError, match="holds none of brain_t1c"):
        realism.main(["--real-data", str(tmp_path), "--part", "report"])


def test_features_of_a_dark_square_are_those_computed_by_hand():
    image = np.full((28, 28), 100.0)
    image[10:18, 10:18] = 20
    named = dict(zip(image_features.GRAY_NAMES, image_features.gray_features(image), strict=True))
    mean = 100 - 80 * 64 / 784
    assert named["mean"] == pytest.approx(mean)
    assert named["center minus mean"] == pytest.approx(20 - mean)
    # Rows 12–19, columns 10–17: six rows of 20, two of 100.
    assert named["SD of center"] == pytest.approx(80 * np.sqrt(0.75 * 0.25))
    assert image_features.center_ratio(image) == pytest.approx(20 / mean)


def test_slope_is_0_for_white_noise_and_levels_differ_by_their_shift():
    # A fit to 28 pixels is 0.05 off, and the mean of 200 fits has a standard error of 0.02.
    noise = np.random.default_rng(3).normal(100, 20, (200, 28, 28))
    assert abs(np.mean([image_features.power_slope(i) for i in noise])) < 0.15
    real = some_images(RNG.integers(50, 90, (20, 28, 28, 1)))
    rows = realism_report.compare_levels(real, some_images(real.images + 12))
    distance = next(row for row in rows if row["check"] == "Wasserstein-1, levels")
    assert distance["simulated"] == pytest.approx(12)
    assert 11 < distance["low"] < 12 < distance["high"] < 13
    assert distance["real"] < 1


def test_copies_and_duplicates_are_found():
    real = some_images(RNG.integers(0, 256, (6, 28, 28, 1)))
    made = RNG.integers(0, 256, (4, 28, 28, 1))
    made[1] = made[0] // 2 + 20
    made[3] = real.images[2]
    found = likeness.diversity(real, some_images(made))
    assert found["copies of real images, share"][1] == 0.25
    assert found["share with a duplicate in the set"][:2] == (0, 0.5)


def test_simulated_images_are_chosen_in_the_real_shares_one_of_each_group():
    real = some_images(np.zeros((10, 28, 28, 1)), labels=[1, 1, 0, 0, 0, 0, 0, 0, 0, 0])
    made = some_images(np.zeros((80, 28, 28, 1)), np.arange(80) // 2, labels=np.arange(80) // 2 % 2)
    chosen = image_pairs.like_real(made, real, 20)
    assert (chosen.labels == 1).sum() == 4
    assert len(set(chosen.groups.tolist())) == len(chosen) == 20


def test_grouped_auc_agrees_with_scikit_learn_and_compares_within_folds():
    labels, scores = RNG.integers(0, 2, 60), RNG.normal(size=(3, 60))
    scores = scores + labels
    compare = GroupedAUC(labels, np.arange(60))
    found, expected = compare.auc(scores), [roc_auc_score(labels, s) for s in scores]
    assert found.value == pytest.approx(np.mean(expected))
    assert found.spread_over_runs == pytest.approx(np.std(expected, ddof=1))
    assert found.low < found.value < found.high
    gain = compare.difference(scores, scores[0] + 0.01)
    assert gain.value == pytest.approx(np.mean(expected) - expected[0])
    # Scores that are right within each fold, on different scales; groups of both classes.
    within = GroupedAUC([0, 1] * 8, np.maximum(np.arange(16) - 1, 0), np.arange(16) // 8)
    assert within.auc(np.arange(16) % 2 + np.arange(16) // 8 * 10).value == 1


def test_a_tiny_transfer_has_a_row_for_every_arm_and_a_control_with_shuffled_labels(monkeypatch):
    few = partial(evaluation.bootstrap, n_resamples=100)
    monkeypatch.setattr(evaluation, "bootstrap", few)
    pixels = np.random.default_rng(1).integers(0, 256, (50, 28, 28, 1))
    real, made = some_images(pixels[:20]), some_images(pixels[20:])
    task = transfer.Transfer(real, made, transfer.BUDGETS["breast_ultrasound"].quick())
    trained, fit = [], task.first.fit
    task.first.fit = lambda images, labels, *rest, **more: (
        trained.append(labels) or fit(images, labels, *rest, **more)
    )
    found = task.run([0], (8,))
    assert set(found) == {("simulated only", 0), *((arm, 8) for arm in transfer.ARMS)}
    assert sorted(trained[1]) == sorted(trained[0])
    assert (trained[1] != trained[0]).any()
    table = pd.DataFrame(transfer.summarize("breast_ultrasound", real, task.folds, found))
    assert (table["low"] <= table["high"]).all()
    assert "simulated only - dark center over image mean" in set(table["what"])
    again = task.first.fit(made.images, made.labels, 7), task.first.fit(made.images, made.labels, 7)
    np.testing.assert_allclose(again[0][0], again[1][0], atol=1e-6)


def test_lesion_size_and_position_are_read_from_its_mask():
    masks = np.zeros((6, 8, 10), np.uint8)
    masks[0, 2:4, 3:5] = 1
    data = tiny(masks=masks, mask_names=("lesion",))
    assert shortcut_features.size(data)[:2, 0].tolist() == [4, 0]
    # Center at row 2.5, column 3.5; the middle of the image is 3.5, 4.5.
    np.testing.assert_allclose(
        shortcut_features.position(data)[0], [-1, -1, 1, np.sqrt(2), 1], rtol=1e-6
    )


def test_columns_that_name_the_answer_are_no_attributes():
    columns = {"kind": list("aabbaa"), "suspicion": range(6), "size_mm": range(6)}
    columns["shape"] = list("ababab")
    values, names = difficulty.drawn_attributes(
        tiny(attributes=columns | {"shape": list("ababab")})
    )
    assert names == ["size_mm", "shape"]
    assert values[:, 1].tolist() == [0, 1, 0, 1, 0, 1]
