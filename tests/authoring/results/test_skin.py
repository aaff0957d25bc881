"""Stored tables of lesson 09: complete, on the right lesions, and a sample computed again."""

import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.metrics import roc_auc_score

from authoring.experiments import skin_study, skin_tones
from course_utils import ROOT, datasets, evaluation, results


@pytest.fixture(scope="module")
def study():
    return results.stored("skin_study")


@pytest.fixture(scope="module")
def final():
    return results.stored("skin_final")


@pytest.fixture(scope="module")
def tones():
    return results.stored("skin_tones")


def lesions(split):
    data = datasets.load("skin_lesions")
    main = (data.attributes["subset"] == "main").to_numpy()
    return np.unique(data.groups[main & (data.splits == split)])


def test_every_arm_has_every_seed_on_the_validation_lesions(study):
    assert list(dict.fromkeys(study["arm"])) == list(skin_study.ARMS)
    assert set(study["part"]) == {"validation"}
    for arm in skin_study.ARMS:
        _, runs, groups = results.probabilities(study, arm, "validation")
        assert runs.shape == (len(skin_study.SEEDS), 480, 7)
        np.testing.assert_array_equal(groups, lesions("validation"))


def test_test_lesions_were_opened_for_the_winner_and_the_reference_only(study, final):
    assert list(dict.fromkeys(final["arm"])) == [skin_study.winner(study), "as taken"]
    _, runs, groups = results.probabilities(final, "as taken", "test")
    assert runs.shape == (len(skin_study.SEEDS), 630, 7)
    np.testing.assert_array_equal(groups, lesions("test"))


def test_winner_has_the_highest_balanced_accuracy(study):
    perfect = study.copy()
    mine = perfect["arm"] == "as taken"
    for k in range(7):
        perfect.loc[mine, f"p_{k}"] = 1000 * (perfect.loc[mine, "label"] == k)
    assert skin_study.winner(perfect) == "as taken"


def test_every_tone_shows_the_same_lesions(tones):
    assert list(dict.fromkeys(tones["arm"])) == list(skin_tones.ARMS)
    counts = tones.groupby(["arm", "seed", "part"])["group"].nunique().unstack()
    assert (counts["stored"] == 72).all()
    assert (counts["fresh"] == sum(skin_tones.FRESH["tones"])).all()
    assert len(counts) == len(skin_tones.ARMS) * len(skin_tones.SEEDS)


def test_light_training_sees_no_dark_skin_and_all_tones_as_many_lesions(monkeypatch):
    seen = []
    monkeypatch.setattr(skin_tones, "fit", lambda model, data, **options: seen.append(data))
    for arm in ("light, as taken", "all tones, as taken"):
        skin_tones.trained(0, **skin_tones.ARMS[arm])
    light, everyone = seen
    assert set(light.attributes["tone"]) == {"very light", "light"}
    assert set(everyone.attributes["tone"]) == set(skin_tones.TONES)
    assert len(np.unique(light.groups)) == len(np.unique(everyone.groups))


@pytest.mark.parametrize(
    "tones", [("light", "very light"), ("tan", "dark"), ("brown",), ("intermediate", "dark")]
)
def test_exactly_the_given_tones_are_trained_on_in_any_order(tones):
    found = skin_tones.lesions_on(tones, seed=0)
    everyone = skin_study.images_of("train")
    mine = np.unique(everyone.groups[everyone.attributes["tone"].isin(tones)])
    light = np.unique(everyone.groups[everyone.attributes["tone"].isin(skin_tones.LIGHT)])
    assert set(found.attributes["tone"]) == set(tones)
    assert len(np.unique(found.groups)) == min(len(mine), len(light))


def test_the_stored_arms_keep_their_lesions():
    everyone = skin_study.images_of("train")
    light = everyone.select(everyone.attributes["tone"].isin(skin_tones.LIGHT).to_numpy())
    np.testing.assert_array_equal(skin_tones.lesions_on(skin_tones.LIGHT, 3).images, light.images)
    count = len(np.unique(light.groups))
    drawn = datasets.split_by_group(everyone, {"used": count}, seed=3)["used"]
    np.testing.assert_array_equal(skin_tones.lesions_on(skin_tones.TONES, 3).images, drawn.images)


@pytest.mark.parametrize("tones", [("dark", "nonsense"), (), ("dark", "dark"), ("dark", 3)])
def test_tones_that_do_not_exist_are_refused(tones):
    with pytest.raises(datasets.DatasetError, match="tones: received"):
        skin_tones.lesions_on(tones, seed=0)


def test_tinter_multiplies_each_color_of_each_image_by_one_number():
    images = np.full((500, 4, 4, 3), 0.2, np.float32)
    tinted = skin_tones.Tinter(lambda x: x, 0.1, seed=0)(images).numpy()
    factors = tinted[:, 0, 0] / 0.2
    np.testing.assert_allclose(tinted, factors[:, None, None] * images, rtol=1e-5)
    # A shared part of 0.1 and an own part of 0.05, independent.
    assert np.log(factors).std() == pytest.approx(np.hypot(0.1, 0.05), abs=0.01)
    assert np.corrcoef(np.log(factors).T)[0, 1] == pytest.approx(0.8, abs=0.06)


@pytest.fixture
def skin_real(monkeypatch):
    from authoring.studies import skin_real

    yield skin_real
    sys.modules.pop("skin_real")


def test_real_lesions_are_read_at_the_size_of_the_network(skin_real, tmp_path):
    (tmp_path / "images").mkdir()
    rng = np.random.default_rng(0)
    rows = []
    for k, dx in enumerate([*skin_real.DIAGNOSES, "nv"]):
        pixels = rng.integers(0, 255, (60, 80, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / "images" / f"{k}.png")
        rows.append({"file": f"{k}.png", "lesion_id": f"L{k % 7}" if k < 7 else "L5", "dx": dx})
    pd.DataFrame(rows).to_csv(tmp_path / "labels.csv", index=False)
    data = skin_real.read(tmp_path)
    assert data.images.shape == (8, 48, 48, 3)
    assert data.labels.tolist() == [0, 1, 2, 3, 4, 5, 6, 5]
    assert (data.origin, data.group_kind, len(np.unique(data.groups))) == ("real", "lesion", 7)


def test_differences_are_paired_over_lesions(skin_real):
    labels = np.repeat(np.arange(7), 3)
    right = np.full((1, 21, 7), 0.02)
    right[0, np.arange(21), labels] = 0.88
    wrong = np.roll(right, 1, axis=2)
    runs = {"as it is": wrong, "fine-tuned": right, "real half only": right}
    first_halves = np.arange(21)[np.newaxis] % 3 == 0
    table = skin_real.table(labels, runs, first_halves).set_index(["arm", "measure"])
    assert table.loc[("as it is", "balanced_accuracy"), "value"] == 0
    assert table.loc[("fine-tuned", "recall mel"), "value"] == 1
    assert table.loc[("fine-tuned - as it is", "balanced_accuracy"), "low"] == 1
    assert table.loc[("fine-tuned - real half only", "balanced_accuracy"), "high"] == 0
    assert table.loc[("fine-tuned", "macro_auc"), "value"] == 1
    difference = table.loc[("fine-tuned - as it is", "macro_auc")]
    assert difference["value"] == 1 - table.loc[("as it is", "macro_auc"), "value"]
    assert difference["low"] <= difference["value"] <= difference["high"]
    assert table.loc[("fine-tuned - real half only", "macro_auc"), "low"] == 0
    assert (table["lesions"] == 21).all()


def test_lesions_of_two_networks_are_never_ranked_against_each_other(skin_real):
    # The second network says 0.3 more for class 0, and ranks as well as the first. Of class 0,
    # the first half holds 2 × 2 pairs, all in order; the second 1 × 2, one of them in order.
    labels = np.array([0, 0, 1, 2, 0, 1, 2])
    half = np.arange(7) < 4
    of_class_0 = np.array([0.3, 0.4, 0.1, 0.2, 0.55, 0.5, 0.6])
    probabilities = np.stack([of_class_0, *[(1 - of_class_0) / 2] * 2], axis=1)
    probabilities[:, 1] += 0.1 * (labels == 1)
    probabilities[:, 2] = 1 - probabilities[:, :2].sum(axis=1)
    others = [
        np.average([roc_auc_score(labels[h] == k, probabilities[h, k]) for h in (half, ~half)],
                   weights=[3, 2])
        for k in (1, 2)
    ]  # fmt: skip
    found = skin_real.macro_auc_within(labels, np.column_stack([probabilities, half]))
    assert found == pytest.approx(np.mean([5 / 6, *others]))


def test_pairs_of_one_lesion_are_counted_with_those_that_look_alike(skin_real):
    a, b, c = np.random.default_rng(0).integers(0, 200, (3, 48, 48, 3)).astype(np.uint8)
    images, lesions = np.stack([a, a + 5, b, c, c + 5]), np.array(["x", "x", "x", "y", "z"])
    rows = {row["measure"]: row["value"] for row in skin_real.pair_rows(images, lesions)}
    assert rows == {
        "pairs of one lesion": 3,
        "pairs found at 0.98": 1,
        "clusters joining lesions": 1,
    }


def test_the_table_counts_the_pairs_of_the_real_images():
    table = results.stored("skin_real").set_index("measure")["value"]
    assert table["pairs of one lesion"] == 231
    assert table["pairs found at 0.98"] < 20
    assert table["clusters joining lesions"] == 0


def test_tables_stay_small():
    for path in (ROOT / "data" / "results").glob("skin_*.csv"):
        assert path.stat().st_size < 1_000_000, path.name


@pytest.mark.slow
def test_a_sample_of_the_study_can_be_computed_again(study):
    again = skin_study.measure(0).assign(arm="again", seed=0)
    labels, runs, _ = results.probabilities(again, "again", "validation")
    stored = results.probabilities(study, "gray world", "validation")[1][0]
    expected = evaluation.bootstrap(
        evaluation.balanced_accuracy, labels, stored, group_kind="lesion"
    )
    assert expected.low < evaluation.balanced_accuracy(labels, runs[0]) < expected.high


@pytest.mark.slow
def test_a_sample_of_the_tones_can_be_computed_again(tones):
    arm = "light, gray world"
    again = skin_tones.measure(0, parts=("stored",), **skin_tones.ARMS[arm]).set_index("group")
    rows = tones[(tones["arm"] == arm) & (tones["seed"] == 0) & (tones["part"] == "stored")]
    rows = rows.set_index("group").loc[again.index]
    malignant = rows["label"].isin(skin_tones.MALIGNANT).to_numpy().astype(int)
    for tone in ("very light", "dark"):
        stored, new = (table[f"p_{tone}"].to_numpy() / 1000 for table in (rows, again))
        expected = evaluation.bootstrap(evaluation.roc_auc, malignant, stored)
        assert expected.low < evaluation.roc_auc(malignant, new) < expected.high
