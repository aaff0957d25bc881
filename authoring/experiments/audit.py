"""What choosing the best epoch, rate and seed on 156 test images adds to a score. Lesson 13.

Each seed is a study of 780 patients of the set's training and validation parts; 1,200 others are
the population from which many test sets are drawn.
"""

from functools import cache

from authoring.experiments.definitions import definitions
from course_utils import datasets

lesson = definitions("13")
ARMS = {f"{labels} labels": {"labels": labels} for labels in ("true", "random")}
SEEDS = range(4)
SAMPLE = "true labels"


def measure(seed, labels):
    """Return a row for each score and number of looks."""
    return lesson.audited(patients(), seed, labels)


@cache
def patients():
    """Return one small image of each patient."""
    return lesson.one_image_each(datasets.load("breast_ultrasound"))


def score(rows):
    """Return the mean gain of looking."""
    return rows["gain"].mean()
