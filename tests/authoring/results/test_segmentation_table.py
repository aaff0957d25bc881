"""Stored tables of lesson 10: complete, opened by the rule, and a sample can be computed again."""

import nbformat
import numpy as np
import pytest

from authoring.experiments import segmentation, segmentation_final
from course_utils import ROOT, datasets, evaluation, results
from course_utils.app import workspace


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
    assert set(table["part"]) == {"validation"}
    for _, rows in table.groupby(["arm", "seed"]):
        np.testing.assert_array_equal(rows["group"], patients("validation"))
    assert table.groupby("arm")["seed"].nunique().eq(len(segmentation.SEEDS)).all()


def test_test_patients_were_opened_for_the_winner_and_thresholding_only(table, final):
    assert set(final["arm"]) == {"thresholding", segmentation.winner(table)}
    assert list(segmentation_final.ARMS) == list(dict.fromkeys(final["arm"]))
    for _, rows in final.groupby(["arm", "seed"]):
        np.testing.assert_array_equal(rows["group"], patients("test"))


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


def test_lesson_and_experiment_threshold_alike():
    notebook = nbformat.read(workspace.find_lesson("10"), as_version=4)
    source = next(c.source for c in notebook.cells if c.source.startswith("def brightest_blob"))
    names = {}
    exec("import numpy as np\nfrom scipy import ndimage\n" + source, names)
    few = datasets.load("brain_mri").split("validation").select(range(0, 470, 60))
    np.testing.assert_array_equal(names["blobs"](few, 1.5, 6), segmentation.blobs(few, 1.5, 6))


def test_brightest_blob_takes_the_largest_piece_below_the_surface():
    y, x = np.mgrid[:64, :64]
    image = np.where(np.hypot(y - 32, x - 32) < 28, 0.4, 0.0)
    image[20:24, 20:24] = image[36:46, 30:40] = 0.9
    image[31:34, 4:8] = 0.9  # skin
    mask = segmentation.brightest_blob(image, level=1.5, depth=4)
    assert mask[38:44, 32:38].all()
    assert not mask[:34].any()
    assert not segmentation.brightest_blob(image, level=3, depth=4).any()


def test_tables_stay_small():
    for path in (ROOT / "data" / "results").glob("segmentation*.csv"):
        assert path.stat().st_size < 600_000, path.name


def test_thresholds_agree_with_the_main_table_and_explain_its_zero(table):
    thresholds = results.stored("segmentation_thresholds")
    half = thresholds[thresholds["threshold"] == 0.5].set_index(["arm", "seed"])
    tumors = table[table["label"] < 2].groupby(["arm", "seed"])["dice"].median()
    for run, row in half.iterrows():
        assert row["dice"] == pytest.approx(tumors[run], abs=0.03)
        assert (row["dice"] == 0) == (row["largest"] < 0.5)
    assert half["positive"][half["dice"] == 0].eq(0).all()


def test_real_slices_are_scored_per_diagnosis_with_the_gain():
    real = results.stored("brain_real").set_index(["diagnosis", "arm"])
    for diagnosis in ("meningioma", "glioma", "pituitary"):
        rows = real.loc[diagnosis]
        gain = rows.loc["fine-tuned", "dice"] - rows.loc["as it is", "dice"]
        assert rows.loc["gain", "dice"] == pytest.approx(gain, abs=2e-3)
        beyond = rows.loc["as it is", "dice"] - rows.loc["brightest blob", "dice"]
        assert rows.loc["as it is - brightest blob", "dice"] == pytest.approx(beyond, abs=2e-3)
        # Fewer than 40 runs of each.
        assert rows["warning"].str.contains("too narrow").all()
        assert rows["runs"].nunique() == 1
    assert (real["low"] <= real["dice"]).all()
    assert (real["dice"] <= real["high"]).all()


@pytest.mark.slow
def test_a_sample_can_be_computed_again(table):
    again = segmentation.measure(0, **segmentation.ARMS["sum"])
    stored = table[(table["arm"] == "sum") & (table["seed"] == 0)]
    interval = evaluation.bootstrap_values(stored["dice"].dropna())
    assert interval.low < again["dice"].median() < interval.high
    assert again["dice"].median() == pytest.approx(interval.value, abs=0.04)
