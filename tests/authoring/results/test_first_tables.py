"""Stored tables of results: complete, and a sample of each can be computed again."""

import pandas as pd
import pytest

from authoring.studies import difficulty, first_cnn
from course_utils import ROOT, datasets, evaluation

RESULTS = ROOT / "data" / "results"


TABLE = pd.read_csv(RESULTS / "first_cnn.csv", comment="#")
DIFFICULTY = pd.read_csv(RESULTS / "difficulty.csv", comment="#")


def test_first_cnn_table_has_every_arm_and_seed():
    arms = ["compact_cnn", "first_cnn", "logistic_regression"]
    expected = {(seed, arm) for seed in (*"01234", "mean") for arm in arms}
    assert set(zip(TABLE["seed"], TABLE["arm"], strict=True)) == expected
    assert (TABLE["auc_low"] < TABLE["auc"]).all()
    assert (TABLE["auc"] < TABLE["auc_high"]).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    # Nothing in the first is random; five seeds of the second lie within 0.02.
    ("arm", "tolerance"),
    [("logistic_regression", 0.005), ("compact_cnn", 0.03)],
)
def test_a_sample_of_the_first_cnn_table_can_be_computed_again(arm, tolerance):
    data = first_cnn.tumor_slices(datasets.load("brain_mri"))
    train, test = data.split("train"), data.split("test")
    probabilities = first_cnn.ARMS[arm](train, test, 0)
    patients = datasets.aggregate(probabilities, test.groups, labels=test.labels)
    again = evaluation.bootstrap(evaluation.roc_auc, patients.labels, patients.probabilities)
    stored = TABLE.query("arm == @arm and seed == '0'").iloc[0]
    assert again.value == pytest.approx(stored["auc"], abs=tolerance)


def test_no_shortcut_solves_a_question_with_two_classes():
    rules = DIFFICULTY[DIFFICULTY["role"].isin(["shortcut", "simple"])]
    two = rules[rules["task"] != "seven classes"]
    assert set(two["set"]) == {"brain_mri", "breast_ultrasound", "skin_lesions"}
    assert (two["auc"] <= 0.80).all()
    assert (two["gain_value"] >= 0.05).all()


def test_a_sample_of_the_DIFFICULTY_can_be_computed_again():
    task = difficulty.tasks("breast_ultrasound")[0]
    features = difficulty.shortcuts(task.data)["position"]
    again = difficulty.score(task, difficulty.linear_rule(features, task))[0]
    row = DIFFICULTY.query("set == 'breast_ultrasound' and what == 'position'").iloc[0]
    assert again.value == pytest.approx(row["auc"], abs=0.005)
    assert again.low == pytest.approx(row["low"], abs=0.01)
