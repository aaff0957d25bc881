"""Answers to the exercises of lesson 07 as readers write them: right in other styles, and wrong."""

from collections import Counter
from fractions import Fraction

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import expit, logit

from course_utils import evaluation, imbalance
from course_utils.exercises import lesson_07


def by_searching(sensitivity, specificity):
    def gain(p):
        return p * sensitivity + (1 - p) * specificity - (1 - p)

    return brentq(gain, 0, 1)


def by_fractions(sensitivity, specificity):
    false_positives = 1 - Fraction(specificity)
    return float(false_positives / (false_positives + Fraction(sensitivity)))


def by_ratio(sensitivity, specificity):
    return 1 / (1 + sensitivity / (1 - specificity))


def by_odds(sensitivity, specificity):
    odds = (1 - specificity) / sensitivity
    return odds / (1 + odds)


def by_loop(labels, patients, splits):
    train = [i for i in range(len(labels)) if splits[i] == "train"]
    with_cancer = {patients[i] for i in train if labels[i] == 1}
    others = {patients[i] for i in train if labels[i] == 0}
    found = []
    for i in train:
        found += [i] * (len(others) // len(with_cancer) if patients[i] in with_cancer else 1)
    return found


def by_repeat(labels, patients, splits):
    rows = np.flatnonzero(splits == "train")
    counts = [len(np.unique(patients[rows][labels[rows] == label])) for label in (0, 1)]
    return np.repeat(rows, np.where(labels[rows] == 1, counts[0] // counts[1], 1))


def by_package(labels, patients, splits):
    rows = np.flatnonzero(splits == "train")
    drawn = imbalance.oversample(labels[rows], patients[rows], splits=splits[rows], seed=3)
    return rows[drawn].astype(np.int32)


def by_drawing_patients(labels, patients, splits):
    rng = np.random.default_rng(1)
    train = splits == "train"
    cancers = np.unique(patients[train & (labels == 1)])
    missing = len(np.unique(patients[train & (labels == 0)])) - len(cancers)
    drawn = rng.choice(cancers, missing)
    more = [np.flatnonzero(train & (patients == patient)) for patient in drawn]
    return np.concatenate([np.flatnonzero(train), *more])


def by_pandas(labels, patients, splits):
    table = pd.DataFrame({"label": labels, "patient": patients})[splits == "train"]
    counts = table.groupby("label")["patient"].nunique()
    copies = [table[table["label"] == 1]] * int(counts[0] / counts[1] - 1)
    return pd.concat([table, *copies]).index.to_numpy()


def colleague(labels, patients, splits):
    cancers = np.flatnonzero(labels == 1)
    others = np.flatnonzero((labels == 0) & (splits == "train"))
    drawn = np.random.default_rng(0).choice(cancers, len(others))
    return np.concatenate([others, drawn])


def colleague_in_training(labels, patients, splits):
    train = splits == "train"
    return colleague(labels[train], patients[train], splits[train])


def images_balanced(labels, patients, splits):
    rows = np.flatnonzero(splits == "train")
    return rows[imbalance.oversample(labels[rows])]


def patients_returned(labels, patients, splits):
    return patients[by_repeat(labels, patients, splits)]


def too_many(labels, patients, splits):
    rows = np.flatnonzero(splits == "train")
    return np.repeat(rows, np.where(labels[rows] == 1, 4, 1))


def only_the_copies(labels, patients, splits):
    rows = np.flatnonzero((splits == "train") & (labels == 1))
    return np.repeat(rows, 3)


def a_mask(labels, patients, splits):
    return (splits == "train") & (labels == 1)


def by_hand(labels, groups):
    rng = np.random.default_rng(5)
    cancers, others = (np.unique(groups[labels == label]) for label in (1, 0))
    stay = np.r_[cancers, rng.choice(others, 4 * len(cancers), replace=False)]
    positions = np.flatnonzero(np.isin(groups, stay))
    factor = (labels == 0).sum() / (labels[positions] == 0).sum()
    return positions, {0: factor, 1: 1.0}


def by_prevalence(labels, groups):
    positions = imbalance.undersample(labels, groups, prevalence=0.2)
    before, after = labels.mean(), labels[positions].mean()
    return positions, {1: before / after, 0: (1 - before) / (1 - after)}


def by_weights_of_the_test_set(labels, groups):
    positions = imbalance.undersample(labels, groups, prevalence=0.2, seed=7)
    kept = labels[positions]
    weights = evaluation.prevalence_weights(kept, labels.mean())
    return positions, {0: weights[kept == 0][0], 1: weights[kept == 1][0]}


def by_counter(labels, groups):
    positions = imbalance.undersample(labels, groups, prevalence=0.2).tolist()
    all_images = Counter(labels.tolist())
    kept = Counter(labels[positions].tolist())
    return [positions, {label: all_images[label] / kept[label] for label in (0, 1)}]


def by_small_weights(labels, groups):
    positions = imbalance.undersample(labels, groups, prevalence=0.2)
    kept = (labels[positions] == 0).mean() / (labels == 0).mean()
    share = (labels[positions] == 1).mean() / (labels == 1).mean()
    return positions, {0: np.float32(1.0), 1: np.float32(kept / share)}


def arm_with(weights):
    def arm(labels, groups):
        positions = imbalance.undersample(labels, groups, prevalence=0.2)
        return positions, weights(labels, labels[positions])

    return arm


def half_and_half(labels, groups):
    positions = imbalance.undersample(labels, groups)
    return positions, {0: 19.0, 1: 1.0}


def images_drawn(labels, groups):
    positions = imbalance.undersample(labels, prevalence=0.2)
    return positions, {0: 2.0, 1: 1.0}


def positions_only(labels, groups):
    return imbalance.undersample(labels, groups, prevalence=0.2)


def with_a_share(labels, groups):
    positions = imbalance.undersample(labels, groups, prevalence=0.2)
    return positions, labels[positions].mean()


def everybody(labels, groups):
    return np.arange(len(labels)), {0: 1.0, 1: 1.0}


RIGHT = {
    "7.1": [by_searching, by_fractions, by_ratio, by_odds, lambda a, b: (b - 1) / (b - a - 1)],
    "7.2": [by_loop, by_repeat, by_package, by_drawing_patients, by_pandas],
    "7.3": ["c", "C", " c", "(c)", "**c**"],
    "7.4": [
        ["shift", "temperature", "shift", "both", "none"],
        ("Shift", "Temperature", "Shift", "Both", "None"),
        "shift temperature shift both none",
        "shift, temperature, shift, both, none",
        {"A": "shift", "B": "temperature", "C": "shift", "D": "both", "E": "none"},
        {"E": "none", "D": "both", "C": "shift", "B": "temperature", "A": "shift"},
        np.array(["shift", "temperature", "shift", "both", "none"]),
    ],
    "7.5": [
        lambda trained, prevalence: trained * (1 - prevalence) / (prevalence * (1 - trained)),
        lambda trained, prevalence: np.exp(logit(trained) - logit(prevalence)),
        lambda trained, prevalence: (1 / prevalence - 1) / (1 / trained - 1),
        lambda trained, prevalence: 1 / evaluation.shift_prevalence(0.5, trained, prevalence) - 1,
        lambda trained, prevalence: np.float32(
            trained / (1 - trained) / (prevalence / (1 - prevalence))
        ),
    ],
    "7.6": [
        by_hand,
        by_prevalence,
        by_weights_of_the_test_set,
        by_counter,
        by_small_weights,
    ],
}
WRONG = {
    "7.1": [
        lambda sensitivity, specificity: 1 - specificity,
        lambda sensitivity, specificity: 1 - sensitivity,
        lambda sensitivity, specificity: (1 - specificity) / sensitivity,
        lambda sensitivity, specificity: sensitivity / (sensitivity + 1 - specificity),
        lambda sensitivity, specificity: specificity / (1 - sensitivity + specificity),
        lambda sensitivity, specificity: (1 - sensitivity) / (1 - sensitivity + specificity),
        lambda sensitivity, specificity: sensitivity + specificity - 1,
        lambda sensitivity, specificity: (sensitivity + specificity) / 2,
        lambda sensitivity, specificity: 0.05 * sensitivity + 0.95 * specificity,
        lambda sensitivity, specificity: 100 * by_odds(sensitivity, specificity),
    ],
    "7.2": [
        colleague,
        colleague_in_training,
        images_balanced,
        patients_returned,
        too_many,
        only_the_copies,
        a_mask,
        lambda labels, patients, splits: imbalance.oversample(labels, patients),
    ],
    "7.3": ["a", "b", "d", "e", 3, "all"],
    "7.4": [
        ["shift", "both", "shift", "both", "none"],
        ["shift", "temperature", "none", "both", "none"],
        ["shift", "temperature", "temperature", "both", "none"],
        ["shift", "temperature", "shift", "temperature", "none"],
        ["shift", "temperature", "shift", "shift", "none"],
        ["temperature", "shift", "shift", "both", "none"],
        ["shift", "temperature", "shift", "both", "temperature"],
        ["shift", "temperature", "shift", "both"],
        ["intercept", "slope", "intercept", "both", "none"],
    ],
    "7.5": [
        lambda trained, prevalence: (1 - prevalence) / prevalence,
        lambda trained, prevalence: trained / prevalence,
        lambda trained, prevalence: prevalence / trained,
        lambda trained, prevalence: prevalence * (1 - trained) / (trained * (1 - prevalence)),
        lambda trained, prevalence: evaluation.shift_prevalence(0.5, trained, prevalence),
        lambda trained, prevalence: 1,
        lambda trained, prevalence: 19,
        lambda trained, prevalence: logit(trained) - logit(prevalence),
        lambda trained, prevalence: expit(logit(trained) - logit(prevalence)),
    ],
    "7.6": [
        half_and_half,
        images_drawn,
        positions_only,
        with_a_share,
        everybody,
        arm_with(lambda whole, kept: {0: 1, 1: 1}),
        arm_with(lambda whole, kept: dict(enumerate(len(kept) / (2 * np.bincount(kept))))),
        arm_with(lambda whole, kept: {0: 0.05, 1: 0.95}),
        arm_with(lambda whole, kept: {0: kept.mean(), 1: 1 - kept.mean()}),
        arm_with(lambda whole, kept: dict(enumerate(np.bincount(kept) / np.bincount(whole)))),
    ],
}


def resampled(change):
    """Return an answer from `change(training rows, their labels, their patients)`."""

    def oversampled(labels, patients, splits):
        rows = np.flatnonzero(splits == "train")
        return change(rows, labels[rows], patients[rows])

    return oversampled


def instead(network, word):
    """Return an answer that is right but for one network."""
    return [
        word if name == network else right for name, right in lesson_07.check_7_4.reference.items()
    ]


def arm(weigh, draw=imbalance.undersample, prevalence=0.2):
    """Return an answer that keeps the positions of `draw` and weights from `weigh(all, kept)`."""

    def arm(labels, groups):
        positions = draw(labels, groups, prevalence=prevalence)
        return positions, weigh(labels, labels[positions])

    return arm


def upweighted(whole, kept):
    return dict(enumerate(np.bincount(whole) / np.bincount(kept)))


# By the part of the sentence that has to name it.
NAMED = {
    "7.2": {
        "leakage": lambda labels, patients, splits: imbalance.oversample(labels, patients),
        "you drew images": resampled(lambda rows, y, who: np.r_[rows, rows[y == 1], rows[-2:]]),
        "lost images": resampled(lambda rows, y, who: rows[imbalance.undersample(y, who)]),
        "without cancer are there several": resampled(lambda rows, y, who: np.repeat(rows, 2)),
        "there 120 times": resampled(lambda rows, y, who: np.r_[rows, np.tile(rows[y == 1], 2)]),
        "row of integers": lambda labels, patients, splits: splits == "train",
        "run from 0 to": resampled(lambda rows, y, who: rows + 5),
    },
    "7.4": {
        "A: Only the intercept": instead("A", "both"),
        "B: Its slope": instead("B", "shift"),
        "C: Another prevalence": instead("C", "none"),
        "D: Undersampling moved": instead("D", "temperature"),
        "E: Both are close": instead("E", "temperature"),
        "Give 5 answers": ["shift", "temperature"],
    },
    "7.6": {
        "oversampling": arm(upweighted, imbalance.oversample),
        "half and half": arm(upweighted, prevalence=0.5),
        "weights are equal": arm(lambda whole, kept: {0: 1, 1: 1}),
        "count equally now": arm(lambda whole, kept: dict(enumerate(1 / np.bincount(kept)))),
        "instead of 0.095": arm(lambda whole, kept: {0: 1, 1: 0.05}),
        "give `groups`": arm(upweighted, lambda y, _, **share: imbalance.undersample(y, **share)),
        "two things": lambda labels, groups: imbalance.undersample(labels, groups, prevalence=0.2),
        "positions first": lambda labels, groups: arm(upweighted)(labels, groups)[::-1],
        "a dict": arm(lambda whole, kept: 0.2),
        "Nobody was left out": lambda labels, groups: (np.arange(len(labels)), {0: 1, 1: 1}),
    },
}
