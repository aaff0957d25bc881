"""Lesson 11: how maps agree with the tumor, and what happens when one sign is added.

Each run trains one network. Its maps, and those of the same network with random weights, are scored
on patients that the simulator draws; `twins` explains its answers by changed patients.
"""

from functools import cache

from authoring.experiments.definitions import definitions
from course_utils import datasets

LESSON = definitions("11")
ARMS = {"compact": {}}
SEEDS = LESSON.SEEDS


def measure(seed):
    """Return one row per patient, method and set of weights."""
    train, test = parts()
    return LESSON.agreement(LESSON.trained(train, seed), test, seed)


@cache
def parts():
    """Return the training part, and fresh patients with one slice each."""
    train = LESSON.prepared(datasets.load("brain_mri").split("train"))
    return train, LESSON.fresh_patients(workers=1)


def tables(result):
    """Keep one seed of the maps that have no network, and no chance, in them."""
    return {"explanations": result[(result["weights"] != "none") | (result["seed"] == 0)]}


def score(rows):
    """Return the mean AUC over pixels."""
    return rows["pixel_auc"].mean()
