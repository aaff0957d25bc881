"""Scores of a classifier with their uncertainty, by group.

Give these functions one probability per group (patient, lesion), from `datasets.aggregate`, not
one per image: images of one patient are not independent, and an interval that takes them for
independent is too narrow. Used from lesson 04 on, explained in lesson 05.
"""

from dataclasses import dataclass

import numpy as np

from course_utils._checks import check_seed

REPLICATES = 2000


@dataclass(frozen=True)
class Estimate:
    """A score with its 95 % interval.

    Attributes
    ----------
    name : str
        What was measured.
    value, low, high : float
        The score, and the ends of its interval.
    groups : int
        How many groups it rests on.
    group_kind : str
        What a group is: 'patient', 'lesion', ...
    """

    name: str
    value: float
    low: float
    high: float
    groups: int
    group_kind: str = "patient"

    def __repr__(self):
        interval = f"95 % interval {_two_digits(self.low)} to {_two_digits(self.high)}"
        kinds = self.group_kind[:-1] + "ies" if self.group_kind.endswith("y") else None
        kinds = kinds or self.group_kind + "s"
        return f"{self.name} {_two_digits(self.value)} ({interval}, {self.groups} {kinds})"


def _two_digits(number):
    return f"{round(number, 2) + 0.0:.2f}"  # + 0.0 turns -0.0 into 0.0


def auc(labels, probabilities, *, group_kind="patient", seed=0):
    """Area under the ROC curve, with a bootstrap interval over groups within class.

    The AUC is the probability that a positive group gets a higher value than a negative one,
    ties counted half.

    Parameters
    ----------
    labels : array-like, shape (n_groups,)
        0 or 1; 1 is the positive class.
    probabilities : array-like, shape (n_groups,)
        Probability of class 1, 0–1, one per group.
    group_kind : str, optional
        What a group is; the result names it.
    seed : int, optional
        Seed of the bootstrap.

    Returns
    -------
    estimate : Estimate

    Raises
    ------
    ValueError
        If the lengths differ, a probability is missing or outside 0–1, a label is not 0 or 1, or
        one class is absent.

    Notes
    -----
    Percentile bootstrap (Efron 1979, https://doi.org/10.1214/aos/1176344552) of groups within
    class. Below about 75 groups per class its interval is somewhat too narrow (lesson 05). Where
    the classes are separated completely it has no width, which does not mean certainty.

    Examples
    --------
    >>> auc([0, 0, 1, 1], [0.1, 0.6, 0.4, 0.9]).value
    0.75
    """
    labels, probabilities = _checked(labels, probabilities)
    scores = _resampled(_wins(labels, probabilities), seed)
    return _estimate("AUC", _wins(labels, probabilities).mean(), scores, len(labels), group_kind)


def auc_difference(labels, first, second, *, group_kind="patient", seed=0):
    """AUC of the first classifier minus AUC of the second, on the same groups, with its interval.

    Parameters
    ----------
    labels, first, second : array-like, shape (n_groups,)
        Labels 0 or 1, and the two classifiers' probabilities of class 1.
    group_kind, seed : optional
        As for `auc`.

    Returns
    -------
    estimate : Estimate
        The bootstrap draws the same groups for both, so that what they share cancels.

    Raises
    ------
    ValueError
        As for `auc`.

    Notes
    -----
    The same bootstrap as `auc`. Used from lesson 04 on.

    Examples
    --------
    >>> auc_difference([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9], [0.1, 0.6, 0.4, 0.9]).value
    0.25
    """
    labels, first = _checked(labels, first)
    _, second = _checked(labels, second)
    wins = _wins(labels, first) - _wins(labels, second)
    scores = _resampled(wins, seed)
    return _estimate("AUC difference", wins.mean(), scores, len(labels), group_kind)


def _checked(labels, probabilities):
    labels = np.asarray(labels)
    try:
        probabilities = np.asarray(probabilities, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"probabilities are {probabilities!r:.60}. Give one number from 0 to 1 per group."
        ) from error
    if labels.ndim != 1 or labels.shape != probabilities.shape:
        raise ValueError(
            f"labels have shape {labels.shape}, probabilities {probabilities.shape}. Give two "
            "arrays of one length, one value per group (see datasets.aggregate)."
        )
    if not np.isin(labels, [0, 1]).all() or len(np.unique(labels)) < 2:
        raise ValueError(
            f"labels are {np.unique(labels)[:5].tolist()}. An AUC needs both classes, 0 and 1. "
            "Leave out other classes first, or code yours as 0 and 1."
        )
    if not ((probabilities >= 0) & (probabilities <= 1)).all():
        wrong = probabilities[~((probabilities >= 0) & (probabilities <= 1))][0]
        raise ValueError(
            f"a probability is {wrong}. Give values from 0 to 1; apply a sigmoid to logits, and "
            "look for the cause of NaN."
        )
    return labels.astype(bool), probabilities


def _wins(labels, probabilities):
    """Return 1, ½ or 0 for each pair of a positive (row) and a negative group (column)."""
    positive, negative = probabilities[labels, None], probabilities[None, ~labels]
    return (positive > negative) + 0.5 * (positive == negative)


def _resampled(wins, seed):
    """Return the mean of `wins` for many draws of rows and of columns with replacement.

    Counting how often each group was drawn turns all draws into two matrix products.
    """
    check_seed(seed)
    rng = np.random.default_rng(seed)
    rows, columns = wins.shape
    row_counts = rng.multinomial(rows, np.full(rows, 1 / rows), REPLICATES)
    column_counts = rng.multinomial(columns, np.full(columns, 1 / columns), REPLICATES)
    return ((row_counts @ wins) * column_counts).sum(axis=1) / wins.size


def _estimate(name, value, scores, groups, group_kind):
    low, high = np.percentile(scores, [2.5, 97.5])
    return Estimate(name, float(value), float(low), float(high), groups, group_kind)
