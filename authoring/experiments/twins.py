"""Lesson 11: how a network's answer moves when one sign is added to the same patients."""

from functools import cache

from authoring.experiments.definitions import definitions
from course_utils import datasets

LESSON = definitions("11")
ARMS = {name: {"name": name} for name in LESSON.TWINS}
SEEDS = LESSON.SEEDS


def measure(seed, name):
    """Train one network; return one row per patient and added sign."""
    train = LESSON.prepared(datasets.load(name).split("train"))
    return LESSON.effects(LESSON.trained(train, seed), twins(name), name)


@cache
def twins(name):
    """Return the patients of a set, plain and with one sign added each."""
    return LESSON.drawn_twins(name, workers=1)


def score(rows):
    """Return the mean change of the log-odds."""
    return rows["change"].mean()
