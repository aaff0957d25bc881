"""What each leak adds to a score, with true and with random labels. Lesson 13.

Each seed is a study of its own, with patients drawn from the training and validation parts.
"""

from functools import cache

from authoring.experiments.definitions import definitions
from course_utils import datasets

lesson = definitions("13")
KINDS = ("clean", "copies", "preprocessing")
ARMS = {
    f"{kind}, {labels} labels": {"kind": kind, "labels": labels}
    for kind in KINDS
    for labels in ("true", "random")
}
SEEDS = range(5)
SAMPLE = "clean, true labels"


def measure(seed, kind, labels):
    """Return a row for each leak: AUC and balanced accuracy, reported and true."""
    if kind == "preprocessing":
        return lesson.preprocessing(patients(), patients(64), seed, labels)
    return (lesson.clean_division if kind == "clean" else lesson.with_copies)(
        patients(), seed, labels
    )


@cache
def patients(side=lesson.SIDE):
    """Return one image of each patient."""
    return lesson.one_image_each(datasets.load("breast_ultrasound"), side)


def score(rows):
    """Return the mean AUC as reported."""
    return rows["reported_auc"].mean()
