"""The stored table of lesson 08 is complete, and its test patients are fresh ones."""

import pytest

from authoring.experiments.definitions import definitions
from course_utils import datasets
from course_utils.results import probabilities, stored


@pytest.mark.parametrize("arm", definitions("08").ARMS)
def test_every_arm_has_all_patients_of_each_part(arm):
    table = stored("breast_study")
    for part, groups, malignant in (
        ("choose", 375, 108), ("calibrate", 375, 107), ("test", 1500, 430),
    ):  # fmt: skip
        labels, runs, _ = probabilities(table, arm, part)
        assert runs.shape == (5 if arm in ("plain", "augmented") else 1, groups)
        assert labels.sum() == malignant


def test_the_parts_for_choosing_are_validation_patients():
    table = stored("breast_study")
    validation = set(datasets.load("breast_ultrasound").split("validation").groups)
    for part in ("choose", "calibrate"):
        assert set(table.loc[table["part"] == part, "group"]) < validation
