"""Stored tables of lesson 10: complete, opened by the rule, and a sample can be computed again."""

import numpy as np
import pytest

from authoring.experiments import segmentation, segmentation_final, segmentation_prior
from course_utils import datasets, results


@pytest.fixture(scope="module")
def table():
    return results.stored("segmentation")


@pytest.fixture(scope="module")
def final():
    return results.stored("segmentation_final")


def patients(part):
    return np.unique(datasets.load("brain_mri").split(part).groups)


def test_every_arm_has_every_seed_and_every_validation_patient(table):
    assert list(dict.fromkeys(table["arm"])) == list(segmentation.ARMS)
    for _, rows in table.groupby(["arm", "seed"]):
        np.testing.assert_array_equal(rows["group"], patients("validation"))
    assert table.groupby("arm")["seed"].nunique().eq(len(segmentation.SEEDS)).all()


def test_test_patients_were_opened_for_the_winner_and_thresholding_only(table, final):
    assert set(final["arm"]) == {"thresholding", segmentation.winner(table)}
    assert list(segmentation_final.arms()) == list(dict.fromkeys(final["arm"]))
    for _, rows in final.groupby(["arm", "seed", "islands"]):
        np.testing.assert_array_equal(rows["group"], patients("test"))


def test_removing_islands_removes_volume_and_never_adds_a_detection(final):
    key = ["arm", "seed", "group"]
    kept, removed = (final[final["islands"] == how].set_index(key) for how in ("kept", "removed"))
    assert (kept["smallest"] == 0).all()
    assert removed.groupby(["arm", "seed"])["smallest"].nunique().eq(1).all()
    assert set(removed["smallest"]) <= set(segmentation.LESSON.SIZES)
    assert (removed["predicted_cm3"].dropna() <= kept["predicted_cm3"].dropna()).all()
    gone = removed["outcome"].isin(["missed", "correct absence"])
    assert gone[kept["outcome"].isin(["missed", "correct absence"])].all()


def test_the_prior_was_tried_on_validation_patients_with_the_seeds_of_the_others(table):
    prior = results.stored("segmentation_prior")
    assert list(dict.fromkeys(prior["arm"])) == list(segmentation_prior.ARMS)
    for _, rows in prior.groupby(["arm", "seed"]):
        np.testing.assert_array_equal(rows["group"], patients("validation"))
    assert set(prior["seed"]) == set(table["seed"])


def test_winner_has_the_highest_median_and_thresholding_does_not_take_part(table):
    better = table.copy()
    better.loc[better["arm"].isin(["thresholding", "Dice loss"]), "dice"] = 0.99
    assert segmentation.winner(better) == "Dice loss"
    lucky = table.assign(dice=0.5)
    lucky.loc[(lucky["arm"] == "sum") & (lucky["seed"] == 0), "dice"] = 0.6
    lucky.loc[lucky["arm"] == "Dice loss", "dice"] = 0.55
    assert segmentation.winner(lucky) == "Dice loss"


def test_volumes_exist_for_whole_tumors_only(final):
    test = datasets.load("brain_mri").split("test")
    whole = np.unique(test.groups[test.attributes["whole_tumor"].to_numpy(bool)])
    with_volume = final.dropna(subset="volume_error_cm3")
    np.testing.assert_array_equal(np.unique(with_volume["group"]), whole)


def test_what_is_not_a_number_in_the_table_is_a_correct_absence(table):
    assert (table["dice"].isna() == (table["outcome"] == "correct absence")).all()


def test_thresholding_can_be_computed_again(table):
    again = segmentation.measure(0, loss=None)
    stored = table[(table["arm"] == "thresholding") & (table["seed"] == 0)]
    np.testing.assert_allclose(again["dice"], stored["dice"], atol=1e-3)


def test_real_slices_are_scored_per_diagnosis_with_the_gain():
    real = results.stored("brain_real").set_index(
        ["start", "division", "slices", "diagnosis", "arm"]
    )
    real = real.sort_index()
    assert {("before", "block", 360), ("shipped", "block", 360)} <= {key[:3] for key in real.index}
    for key in {key[:4] for key in real.index}:
        rows = real.loc[key]
        gain = rows.loc["fine-tuned", "dice"] - rows.loc["as it is", "dice"]
        assert rows.loc["gain", "dice"] == pytest.approx(gain, abs=2e-3)
        beyond = rows.loc["as it is", "dice"] - rows.loc["brightest blob", "dice"]
        assert rows.loc["as it is - brightest blob", "dice"] == pytest.approx(beyond, abs=2e-3)
        # Fewer than 40 groups of each.
        assert rows["warning"].str.contains("too narrow").all()
        assert rows["blocks"].nunique() == 1
    assert (real["low"] <= real["dice"]).all()
    assert (real["dice"] <= real["high"]).all()
