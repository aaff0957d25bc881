"""Lesson 08's study: two baselines, and a network without and with augmentation, five seeds.

One row per patient and run, with two probabilities: of the images as they are, and of the mean of
each image and its mirror image. The test part is drawn by the simulator; no other lesson uses it.
"""

from functools import cache

from authoring.experiments.definitions import definitions
from course_utils import datasets, evaluation

LESSON = definitions("08")
ARMS = {arm: {"arm": arm} for arm in LESSON.ARMS}
SEEDS = LESSON.SEEDS
SAMPLE = "augmented"
# They have no chance in training.
ONE_SEED = ("dark center", "logistic regression")


def measure(seed, arm):
    """Return one row per patient of each part but the training part."""
    return LESSON.run(arm, seed, parts())


@cache
def parts():
    """Return the parts of the study, with fresh test patients."""
    divided = LESSON.divided(datasets.load("breast_ultrasound"))
    return {**divided, "test": LESSON.fresh_patients(workers=1)}


def score(rows):
    """Return the AUC over patients."""
    return evaluation.roc_auc(rows["label"], rows["probability"])


def tables(result):
    """Keep one seed of the arms that have no chance in them."""
    return {"breast_study": result[~result["arm"].isin(ONE_SEED) | (result["seed"] == 0)]}
