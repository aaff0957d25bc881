"""Exercises of lesson 07, class imbalance."""

import numpy as np

from course_utils import imbalance
from course_utils.exercises.exercise import Exercise, choice

check_7_1 = Exercise(
    "7.1",
    lambda sensitivity, specificity, p: p * sensitivity + (1 - p) * specificity,
    praise="With 5 % ill, accuracy is nearly the specificity. Try 0 and 1: 0.95.",
    calls=[(0.8, 0.9, 0.05), (0.6, 0.7, 0.5)],
    mistakes={
        "That is the balanced accuracy: weigh by how many are ill and healthy.": 0.85,
        "You exchanged the two: the prevalence is the share of the ill.": 0.805,
        "You counted correct calls among the ill only: add the healthy.": 0.04,
        "That is the positive predictive value; accuracy counts all correct calls.": 0.04 / 0.135,
    },
    other_wrong=[lambda a, b, p: 0.895, lambda a, b, p: 89.5],
)

check_7_2 = Exercise(
    "7.2",
    lambda labels: dict(enumerate(len(labels) / (2 * np.bincount(labels)))),
    praise="19 to 1: one cancer counts as much as 19 others. The mean weight is 1.",
    calls={f"{a} and {b} images": (np.repeat([0, 1], [a, b]),) for a, b in ((95, 5), (30, 10))},
    mistakes={
        "You exchanged the classes: the rare class gets the large weight.": {0: 10, 1: 100 / 190},
        "The shares are equal, but the mean weight is 2 and must be 1.": {0: 100 / 95, 1: 20},
        "The ratio is right, but the mean weight of an image is not 1.": {0: 1, 1: 19},
        "Those are the shares of the classes; the rare one needs more.": {0: 0.95, 1: 0.05},
        "You divided by each count; the mean weight must be 1.": {0: 1 / 95, 1: 1 / 5},
    },
    other_right=[lambda labels: {1: 0.5 / labels.mean(), 0: 0.5 / (1 - labels.mean())}],
    other_wrong=[lambda labels: {0: 100 / 190, 1: 10}, lambda labels: [0.5, 10]],
)

# Six healthy patients, two ill ones, with one to three images; one more of each in validation.
_LABELS = np.array([0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 1, 1])
_PATIENTS = np.array(list("AABCDDEFGGGHVWW"))
_SPLITS = np.repeat(["train", "validation"], [12, 3])


def _judge_oversampled(oversampled):
    positions = np.asarray(oversampled(_LABELS.copy(), _PATIENTS.copy(), _SPLITS.copy()))
    if positions.dtype.kind not in "iu" or positions.ndim != 1:
        return "Return positions of images: a row of whole numbers, some of them several times."
    if not 0 <= positions.min() <= positions.max() < len(_LABELS):
        return f"Positions run from 0 to {len(_LABELS) - 1}."
    times = np.bincount(positions, minlength=len(_LABELS))
    of_g, ill = times[_PATIENTS == "G"], times[8] + times[11]
    if times[_SPLITS != "train"].any():
        return "You also took images of validation patients: that is leakage. Resample train only."
    if 0 in times[:12]:
        lost = _PATIENTS[times.argmin()]
        return f"Patient {lost} lost images. Oversampling leaves nobody out; that is undersampling."
    if times[:8].max() > 1:
        return "Images of healthy patients are there several times: copy the ill ones only."
    if len(set(of_g)) > 1:
        return "Patient G has some images more often: you drew images. Copy whole patients."
    if ill == 2:
        return "The ill patients are there once, as before: copy them."
    if ill != 6:
        return f"The ill patients are there {ill} times, the healthy ones 6: make that equal."
    return None


def _resampled(change):
    """Return an answer from `change(training rows, their labels, their patients)`."""

    def oversampled(labels, patients, splits):
        rows = np.flatnonzero(splits == "train")
        return change(rows, labels[rows], patients[rows])

    return oversampled


check_7_3 = Exercise(
    "7.3",
    _resampled(lambda rows, y, who: rows[imbalance.oversample(y, who)]),
    praise="Whole patients of the training part, nobody else's.",
    judge=_judge_oversampled,
    mistakes={
        "leakage": lambda labels, patients, splits: imbalance.oversample(labels, patients),
        "you drew images": _resampled(lambda rows, y, who: np.r_[rows, rows[y == 1], rows[-2:]]),
        "lost images": _resampled(lambda rows, y, who: rows[imbalance.undersample(y, who)]),
        "healthy patients are there several": _resampled(lambda rows, y, who: np.repeat(rows, 2)),
        "there 4 times": _resampled(lambda rows, y, who: np.r_[rows, rows[y == 1]]),
        "as before": _resampled(lambda rows, y, who: rows),
        "whole numbers": lambda labels, patients, splits: splits == "train",
        "run from 0 to 14": _resampled(lambda rows, y, who: rows + 5),
    },
    other_right=[_resampled(lambda rows, y, who: np.repeat(rows, np.where(y == 1, 3, 1)).tolist())],
)

check_7_4 = choice(
    "7.4",
    "c",
    praise="And whether 0.02 would be worth it is a question of use, not of statistics.",
    a="The mean is a little below 0, but the interval contains 0 and values above it: other "
    "patients could turn the sign.",
    b="No difference shown is not a difference of 0. The interval also leaves losses that would "
    "matter.",
    d="These are one network, one way to prepare images and one kind of image. With raw images the "
    "same remedy made a large difference.",
)


def _odds(p):
    return p / (1 - p)


def _corrected(p, trained, prevalence):
    odds = _odds(p) * _odds(prevalence) / _odds(trained)
    return odds / (1 + odds)


check_7_5 = Exercise(
    "7.5",
    _corrected,
    praise="Odds times odds ratio, and back: the order of the patients stays.",
    calls=[(np.array([0.1, 0.5, 0.9]), 0.5, 0.05), (np.array([0.3]), 0.2, 0.1)],
    mistakes={
        "Go through the odds: a ratio can leave 0 to 1.": lambda p, old, new: p * new / old,
        "Multiply the odds, not the probability.": lambda p, old, new: p * _odds(new) / _odds(old),
        "That is the other way round.": lambda p, old, new: _corrected(p, new, old),
        "Those are odds; turn them back.": lambda p, old, new: _odds(p) * _odds(new) / _odds(old),
        "The odds of `trained` are 1 only for 0.5.": lambda p, old, new: _corrected(p, 0.5, new),
    },
)

check_7_6 = Exercise(
    "7.6",
    lambda miss, false_alarm: false_alarm / (miss + false_alarm),
    praise="Act from 1 in 21 on: one miss is worth twenty false positives.",
    calls=[(20, 1), (3, 1), (6, 2)],
    mistakes={
        "You exchanged the costs: an expensive miss asks for a low threshold.": 20 / 21,
        "That is the odds at which both choices cost the same; turn it into a probability.": 1 / 20,
        "0.5 is right only where both mistakes cost the same.": 0.5,
        "Use the second cost, too; it is not always 1.": lambda miss, alarm: 1 / (1 + miss),
    },
    other_wrong=[lambda miss, alarm: 1 / 21],
)


def _judge_undersampled(arm):
    labels, groups = np.repeat([0, 1], [190, 20]), np.r_[np.arange(190), np.repeat([200, 201], 10)]
    answer = arm(labels, groups)
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        return f"Return two things, positions and prevalence; you return {type(answer).__name__}."
    positions, trained = answer
    kept = np.unique(groups[positions])
    healthy, expected = int((kept < 200).sum()), labels[positions].mean()
    if len(np.unique(positions)) < len(positions):
        return "Some images are there several times: that is oversampling."
    if len(kept) < healthy + 2:
        return "You left ill patients out; only healthy ones are plentiful."
    if healthy != 8:
        why = {
            190: "Nobody was left out.",
            2: "That is half and half; 20 % are asked for: `prevalence=0.2`.",
            80: "You counted images instead of patients: give `groups` to `undersample`.",
        }
        return why.get(healthy, f"You keep {healthy} healthy patients; keep 8 for 2 ill ones.")
    if np.allclose(trained, 0.2):
        return "0.2 is the share of the patients; the network sees images: count labels[positions]."
    if np.allclose(trained, labels.mean()):
        return "That is the prevalence before resampling."
    if not np.allclose(trained, expected, atol=1e-4):
        return f"The network sees the prevalence {expected:.3f}; you return {trained!r:.60}."
    return None


def _arm(share, draw=imbalance.undersample, prevalence=0.2):
    """Return an answer that keeps the positions of `draw`, and what `share` makes of them."""

    def arm(labels, groups):
        positions = draw(labels, groups, prevalence=prevalence)
        return positions, share(labels, positions)

    return arm


def _seen(labels, positions):
    return labels[positions].mean()


check_7_7 = Exercise(
    "7.7",
    _arm(_seen),
    praise="Your arm knows what it has seen, so its probabilities can be brought back.",
    judge=_judge_undersampled,
    mistakes={
        "oversampling": _arm(_seen, imbalance.oversample),
        "half and half": _arm(_seen, prevalence=0.5),
        "share of the patients": _arm(lambda labels, positions: 0.2),
        "sees the prevalence": _arm(lambda labels, positions: 20 / 8),
        "give `groups`": _arm(_seen, lambda y, _, **share: imbalance.undersample(y, **share)),
        "two things": lambda labels, groups: imbalance.undersample(labels, groups, prevalence=0.2),
        "Nobody was left out": lambda labels, groups: (np.arange(len(labels)), labels.mean()),
    },
    other_right=[lambda y, g: list(_arm(_seen)(y, g))],
)
