"""Stored tables of results: complete, and a sample of each can be computed again."""

import pandas as pd
import pytest

from authoring.experiments.samples import module_of
from authoring.studies import difficulty
from course_utils import ROOT, results

RESULTS = ROOT / "data" / "results"


DIFFICULTY = pd.read_csv(RESULTS / "difficulty.csv", comment="#")


def test_the_table_of_lesson_04_has_every_arm_seed_and_patient():
    module, table = module_of("first_cnn"), results.stored("first_cnn")
    runs = table.groupby(["arm", "seed"])
    assert set(runs.groups) == {(arm, seed) for arm in module.ARMS for seed in module.SEEDS}
    parts = {"validation": 108, "test": 180, "fresh": 180}
    for _, run in runs:
        assert run.groupby("part")["patient"].nunique().to_dict() == parts
        assert len(run) == sum(parts.values())
    assert table["probability"].between(0, 1).all()


def test_every_network_of_lesson_04_trained_until_its_validation_loss_rose():
    curves = results.stored("first_cnn_curves")
    for _, run in curves.groupby(["arm", "seed"]):
        best = run["val_loss"].idxmin()
        assert len(run) == 40 or run["epoch"].max() - run["epoch"][best] == 5


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
