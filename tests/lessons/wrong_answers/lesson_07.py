"""Wrong answers to the exercises of lesson 07."""

import numpy as np

from course_utils import evaluation, imbalance
from tests.lessons.wrong_answers.common import nothing


def weigh(zero, one):
    """Return a learner's class weights from two formulas of (n, negatives, positives)."""

    def weights(labels):
        counts = len(labels), np.sum(labels == 0), np.sum(labels == 1)
        return {0: zero(*counts), 1: one(*counts)}

    return weights


def by_image(labels, patients, splits):
    """Balance the numbers of images, drawing images."""
    train = np.flatnonzero(splits == "train")
    ill = train[labels[train] == 1]
    return np.r_[train, ill, ill[:2]]


def before_dividing(labels, patients, splits):
    return imbalance.oversample(labels, patients)


def undersampled(labels, patients, splits):
    train = np.flatnonzero(splits == "train")
    return train[imbalance.undersample(labels[train], patients[train])]


def all_twice(labels, patients, splits):
    return np.repeat(np.flatnonzero(splits == "train"), 2)


def ill_twice(labels, patients, splits):
    train = np.flatnonzero(splits == "train")
    return np.r_[train, train[labels[train] == 1]]


def only_train(labels, patients, splits):
    return np.flatnonzero(splits == "train")


def resample(draw, prevalence, share=imbalance.effective_prevalence):
    """Return a learner's arm with one thing wrong."""

    def arm(labels, groups):
        positions = draw(labels, groups, prevalence=prevalence)
        return positions, share(labels[positions])

    return arm


def without_groups(labels, groups):
    positions = imbalance.undersample(labels, prevalence=0.2)
    return positions, imbalance.effective_prevalence(labels[positions])


def share_before(labels, groups):
    positions = imbalance.undersample(labels, groups, prevalence=0.2)
    return positions, imbalance.effective_prevalence(labels)


WRONG_ANSWERS = {
    "7.1": [
        (lambda s, c, p: (s + c) / 2, "balanced accuracy"),
        (lambda s, c, p: (1 - p) * s + p * c, "exchanged the two"),
        (lambda s, c, p: p * s, "among the ill only"),
        (lambda s, c, p: 1 - (p * s + (1 - p) * c), "wrong calls"),
        (lambda s, c, p: s + c, "how rare"),
        (lambda s, c, p: p * s / (p * s + (1 - p) * (1 - c)), "positive predictive value"),
        (lambda s, c, p: 0.895, "Use the arguments"),
        (nothing, "forget `return`"),
    ],
    "7.2": [
        (weigh(lambda n, a, b: n / (2 * b), lambda n, a, b: n / (2 * a)), "exchanged the classes"),
        (weigh(lambda n, a, b: n / a, lambda n, a, b: n / b), "number of classes"),
        (weigh(lambda n, a, b: 1, lambda n, a, b: a / b), "The ratio is right"),
        (weigh(lambda n, a, b: a / n, lambda n, a, b: b / n), "shares of the classes"),
        (weigh(lambda n, a, b: b / n, lambda n, a, b: a / n), "sum to 1"),
        (weigh(lambda n, a, b: 1 / a, lambda n, a, b: 1 / b), "divided by each count"),
        (lambda labels: {0: 100 / 190, 1: 10}, "Use `labels`"),
        (lambda labels: [0.5, 10], "dict with the keys"),
    ],
    "7.3": [
        (before_dividing, "leakage"),
        (by_image, "you drew images"),
        (undersampled, "lost images"),
        (all_twice, "healthy patients are there several times"),
        (ill_twice, "there 4 times"),
        (only_train, "as before"),
        (lambda labels, patients, splits: splits == "train", "whole numbers"),
        (nothing, "forget `return`"),
    ],
    "7.4": [("a", "turn the sign"), ("b", "not a difference of 0"), ("d", "raw")],
    "7.5": [
        (lambda p, old, new: p * new / old, "ratio of the prevalences"),
        (lambda p, old, new: evaluation.shift_prevalence(p, new, old), "other way round"),
        (lambda p, old, new: p / (1 - p) * (new / (1 - new)), "Those are odds"),
        (lambda p, old, new: p - (old - new), "subtracted"),
        (lambda p, old, new: p * (new / (1 - new)), "multiply their odds"),
        (lambda p, old, new: evaluation.shift_prevalence(p, 0.5, new), "only for 0.5"),
        (lambda p, old, new: evaluation.shift_prevalence(p, old, 0.05), "always correct"),
        (lambda p, old, new: p, "unchanged"),
    ],
    "7.6": [
        (lambda miss, alarm: miss / (miss + alarm), "exchanged the costs"),
        (lambda miss, alarm: alarm / miss, "turn it into a probability"),
        (lambda miss, alarm: 0.5, "same"),
        (lambda miss, alarm: miss / alarm, "ratio of the costs"),
        (lambda miss, alarm: 1 / 21, "Use the arguments"),
    ],
    "7.7": [
        (resample(imbalance.oversample, 0.2), "oversampling"),
        (resample(imbalance.undersample, None), "half and half"),
        (resample(imbalance.undersample, 0.2, lambda labels: 0.2), "share of the patients"),
        (share_before, "before resampling"),
        (without_groups, "give `groups`"),
        (
            lambda labels, groups: imbalance.undersample(labels, groups, prevalence=0.2),
            "two things",
        ),
    ],
}
