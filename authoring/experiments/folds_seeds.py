"""Lesson 12's grid: five folds, four seeds of a small network; one row per patient and seed."""

from authoring.experiments.definitions import definitions
from course_utils import evaluation

LESSON = definitions("12")
ARMS = {f"fold {fold}": {"fold": fold} for fold in range(LESSON.FOLDS)}
SEEDS = range(LESSON.FOLD_SEEDS)


def measure(seed, fold):
    """Return the probabilities of the patients of a fold, from a network trained on the others."""
    return LESSON.fold_and_seed(seed, fold, LESSON.network)


def score(rows):
    """Return the AUC over patients."""
    return evaluation.roc_auc(rows["label"], rows["probability"])
