"""Lesson 11: how a network's answer moves when one sign is added to the same patients."""

from functools import cache

from authoring.experiments.definitions import definitions
from course_utils import datasets

LESSON = definitions("11")
ARMS = {name: {"name": name} for name in LESSON.TWINS}
# Are thin signs of no effect because the images are small?
ARMS["brain_mri, full size"] = {"name": "brain_mri", "half": False}
SEEDS = LESSON.SEEDS
SAMPLE = "breast_ultrasound"


def measure(seed, name, half=True):
    """Train one network; return one row per patient and added sign."""
    train = LESSON.prepared(datasets.load(name).split("train"), half=half)
    return LESSON.effects(LESSON.trained(train, seed), twins(name, half), name)


@cache
def twins(name, half):
    """Return the patients of a set in all settings."""
    return LESSON.drawn_twins(name, workers=1, half=half)


def score(rows):
    """Return the mean change of the log-odds."""
    return rows["change"].mean()
