"""Stored tables of lesson 09: complete, on the right lesions, and a sample computed again."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.metrics import roc_auc_score

from authoring.experiments import skin_final, skin_study, skin_tones
from authoring.studies import skin_real
from course_utils import datasets, results


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
    assert list(skin_final.arms()) == list(dict.fromkeys(final["arm"]))
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


@pytest.mark.parametrize("tones", [skin_tones.LIGHT, ("tan", "dark"), ("brown",), skin_tones.TONES])
def test_exactly_the_given_tones_are_trained_on_with_as_many_lesions_as_on_light_skin(tones):
    found = skin_tones.lesions_on(tones, seed=0)
    everyone = skin_study.images_of("train")
    mine, light = (
        np.unique(everyone.groups[everyone.attributes["tone"].isin(some)])
        for some in (tones, skin_tones.LIGHT)
    )
    assert set(found.attributes["tone"]) == set(tones)
    assert len(np.unique(found.groups)) == min(len(mine), len(light))


def test_tinter_multiplies_each_color_of_each_image_by_one_number():
    images = np.full((500, 4, 4, 3), 0.2, np.float32)
    tinted = skin_tones.Tinter(lambda x: x, 0.1, seed=0)(images).numpy()
    factors = tinted[:, 0, 0] / 0.2
    np.testing.assert_allclose(tinted, factors[:, None, None] * images, rtol=1e-5)
    # A shared part of 0.1 and an own part of 0.05, independent.
    assert np.log(factors).std() == pytest.approx(np.hypot(0.1, 0.05), abs=0.01)
    assert np.corrcoef(np.log(factors).T)[0, 1] == pytest.approx(0.8, abs=0.06)


def test_real_lesions_are_read_at_the_size_of_the_network(tmp_path):
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


def test_differences_are_paired_over_lesions():
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


def test_lesions_of_two_networks_are_never_ranked_against_each_other():
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


def test_pairs_of_one_lesion_are_counted_with_those_that_look_alike():
    a, b, c = np.random.default_rng(0).integers(0, 200, (3, 48, 48, 3)).astype(np.uint8)
    images, lesions = np.stack([a, a + 5, b, c, c + 5]), np.array(["x", "x", "x", "y", "z"])
    rows = {row["measure"]: row["value"] for row in skin_real.pair_rows(images, lesions)}
    assert rows == {
        "pairs of one lesion": 3,
        "pairs found at 0.98": 1,
        "clusters joining lesions": 1,
    }
