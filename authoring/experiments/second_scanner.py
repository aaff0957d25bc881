"""Lesson 12: a network trained on scanner A, tried there and on scanner B, five seeds.

One row per patient and place; the places of the lesson's cells: the test patients of either
scanner, two presets of scanner B and their corrections, and a pool of patients of B to tune on.
`scanner_patients` says what is known of each test patient.
"""

from functools import cache

from authoring.experiments.definitions import definitions
from course_utils import datasets, evaluation

LESSON = definitions("12")
ARMS = {"home": {"arm": "home"}}
SEEDS = LESSON.HOME_SEEDS


def measure(seed, arm):
    """Return one row per patient and place."""
    return LESSON.run(arm, seed, parts())


@cache
def parts():
    """Return the parts of the embedded set, with fresh test patients."""
    data = datasets.load("breast_ultrasound")
    parts = {name: data.split(name) for name in ("train", "validation")}
    return {**parts, "test": LESSON.fresh_patients(workers=1)}


def score(rows):
    """Return the AUC over the test patients of scanner A."""
    home = rows[rows["part"] == "A"]
    return evaluation.roc_auc(home["label"], home["probability"])


def tables(result):
    """Add what is known of the test patients."""
    return {"second_scanner": result, "scanner_patients": LESSON.described(parts()["test"])}
