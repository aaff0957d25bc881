"""AUC, average precision, ROC and precision–recall curves, operating points on them.

Functions that return a plain number take ``(labels, probabilities, *, weights)``; put an interval
around any of them with `bootstrap`. `auc` and `auc_difference` bring theirs along. Used from
lesson 04 on, explained in lesson 05.
"""

import numpy as np
import pandas as pd

from course_utils.evaluation._checks import check_binary, check_unit_interval
from course_utils.evaluation.resampling import Resampler

# Rates are sums of floats; a target of 0.9 is met by 0.8999999999.
ROUNDING = 1e-9


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
        a class has fewer than two groups.

    Notes
    -----
    Percentile bootstrap (Efron 1979, https://doi.org/10.1214/aos/1176344552) of groups within
    class, in the fewest words; `bootstrap` with `roc_auc` draws the same groups and by default
    makes an interval that covers better. Below about 75 groups per class this one is somewhat too
    narrow (lesson 05), and the result carries a warning. Where the classes are separated
    completely it has no width, which does not mean certainty.

    Examples
    --------
    >>> auc([0, 0, 1, 1], [0.1, 0.6, 0.4, 0.9]).value
    0.75
    """
    positive, probabilities, _ = check_binary(labels, probabilities)
    wins = _wins(positive, probabilities)
    return _estimate("AUC", wins, positive, group_kind, seed)


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
    The same bootstrap as `auc`; `compare` does it for any score. Used from lesson 04 on.

    Examples
    --------
    >>> auc_difference([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9], [0.1, 0.6, 0.4, 0.9]).value
    0.25
    """
    positive, first, _ = check_binary(labels, first)
    _, second, _ = check_binary(labels, second)
    wins = _wins(positive, first) - _wins(positive, second)
    return _estimate("AUC difference", wins, positive, group_kind, seed)


def _wins(positive, probabilities):
    """Return 1, ½ or 0 for each pair of a positive (row) and a negative group (column)."""
    above, below = probabilities[positive, None], probabilities[None, ~positive]
    return (above > below) + 0.5 * (above == below)


def _estimate(name, wins, positive, group_kind, seed):
    """Average `wins` over many draws of rows and columns: two matrix products for all draws."""
    resampler = Resampler(positive.astype(int), group_kind=group_kind, seed=seed)
    counts = resampler.counts()
    scores = ((counts[:, positive] @ wins) * counts[:, ~positive]).sum(axis=1) / wins.size
    return resampler.estimate(name, wins.mean(), scores)


def roc_auc(labels, probabilities, *, weights=None):
    """Area under the ROC curve as a plain number.

    Parameters
    ----------
    labels : array-like, shape (n,)
        0 or 1.
    probabilities : array-like, shape (n,)
        Probability of class 1, 0–1.
    weights : array-like, shape (n,), optional
        How many cases of the population each row stands for.

    Returns
    -------
    area : float
        0–1; 0.5 for guessing.

    Raises
    ------
    ValueError
        As for `auc`, and for weights that are negative, NaN or all zero in a class.

    Notes
    -----
    The same as scikit-learn's `roc_auc_score`, ten times as fast, since a bootstrap needs it
    thousands of times. A weight that is the same for a whole class changes nothing.

    Examples
    --------
    >>> roc_auc([0, 0, 1, 1], [0.1, 0.6, 0.4, 0.9])
    0.75
    """
    positive, probabilities, weights = check_binary(labels, probabilities, weights)
    _, hits, alarms = _steps(positive, probabilities, weights)
    return float(np.trapezoid(np.r_[0, hits / hits[-1]], np.r_[0, alarms / alarms[-1]]))


def average_precision(labels, probabilities, *, weights=None):
    """Mean of the precisions along the precision–recall curve, each weighted by its step in recall.

    Parameters
    ----------
    labels, probabilities, weights : array-like, shape (n,)
        As for `roc_auc`.

    Returns
    -------
    average_precision : float
        0–1; guessing gets the prevalence.

    Raises
    ------
    ValueError
        As for `roc_auc`.

    Notes
    -----
    Unlike the AUC it depends on the prevalence (Saito and Rehmsmeier 2015,
    https://doi.org/10.1371/journal.pone.0118432): give a test set that keeps all its cancers the
    weights of `prevalence_weights`. The same as scikit-learn's `average_precision_score`, without
    interpolation. Taught in lesson 07.

    Examples
    --------
    >>> round(average_precision([0, 0, 1, 1], [0.1, 0.6, 0.4, 0.9]), 3)
    0.833
    """
    positive, probabilities, weights = check_binary(labels, probabilities, weights)
    _, hits, alarms = _steps(positive, probabilities, weights)
    return float(np.sum(np.diff(hits, prepend=0) / hits[-1] * hits / (hits + alarms)))


def roc_curve(labels, probabilities, *, weights=None):
    """Points of the ROC curve, one for each different probability.

    Parameters
    ----------
    labels, probabilities, weights : array-like, shape (n,)
        As for `roc_auc`.

    Returns
    -------
    curve : DataFrame
        Columns ``threshold`` (falling; the first is infinite), ``sensitivity``, ``specificity``.
        A case is called positive at or above the threshold.

    Raises
    ------
    ValueError
        As for `roc_auc`.

    Examples
    --------
    >>> roc_curve([0, 1], [0.2, 0.7])
       threshold  sensitivity  specificity
    0        inf          0.0          1.0
    1        0.7          1.0          1.0
    2        0.2          1.0          0.0
    """
    positive, probabilities, weights = check_binary(labels, probabilities, weights)
    threshold, hits, alarms = _steps(positive, probabilities, weights)
    return pd.DataFrame(
        {
            "threshold": np.r_[np.inf, threshold],
            "sensitivity": np.r_[0, hits / hits[-1]],
            "specificity": 1 - np.r_[0, alarms / alarms[-1]],
        }
    )


def _steps(positive, probabilities, weights):
    """Return each different probability, falling, and the weight called positive from it on.

    The weight is that of the positives (hits), and of the negatives (alarms).
    """
    if weights is None:
        weights = np.ones(len(positive))
    else:  # rows without weight give the curve no point
        kept = weights > 0
        positive, probabilities, weights = positive[kept], probabilities[kept], weights[kept]
    order = np.argsort(-probabilities, kind="stable")
    falling = probabilities[order]
    last = np.r_[np.flatnonzero(np.diff(falling)), len(falling) - 1]
    hits = np.cumsum(np.where(positive, weights, 0)[order])[last]
    alarms = np.cumsum(np.where(positive, 0, weights)[order])[last]
    return falling[last], hits, alarms


def precision_recall_curve(labels, probabilities, *, weights=None):
    """Points of the precision–recall curve, one for each different probability.

    Parameters
    ----------
    labels, probabilities, weights : array-like, shape (n,)
        As for `roc_auc`. Precision depends on the prevalence, so weigh a test set that has
        another one than the population.

    Returns
    -------
    curve : DataFrame
        Columns ``threshold`` (rising), ``recall`` (the sensitivity), ``precision`` (the positive
        predictive value).

    Raises
    ------
    ValueError
        As for `roc_auc`.

    Examples
    --------
    >>> precision_recall_curve([0, 1], [0.2, 0.7])
       threshold  recall  precision
    0        0.2     1.0        0.5
    1        0.7     1.0        1.0
    """
    positive, probabilities, weights = check_binary(labels, probabilities, weights)
    threshold, hits, alarms = (values[::-1] for values in _steps(positive, probabilities, weights))
    columns = {"recall": hits / hits[0], "precision": hits / (hits + alarms)}
    return pd.DataFrame({"threshold": threshold} | columns)


def sensitivity_at_specificity(labels, probabilities, specificity=0.9, *, weights=None):
    """Highest sensitivity among the thresholds whose specificity is at least the one wanted.

    Parameters
    ----------
    labels, probabilities, weights : array-like, shape (n,)
        As for `roc_auc`.
    specificity : float, optional
        0–1.

    Returns
    -------
    sensitivity : float
        0–1.

    Raises
    ------
    ValueError
        As for `roc_auc`, or a specificity outside 0–1.

    Notes
    -----
    A point of the ROC curve, for comparing models. The threshold is looked up in the very data it
    is scored on; for what a fixed threshold will do, use `choose_threshold` on validation data.
    Taught in lesson 07.

    Examples
    --------
    >>> sensitivity_at_specificity([0, 0, 1, 1], [0.1, 0.6, 0.4, 0.9], specificity=0.9)
    0.5
    """
    specificity = check_unit_interval("specificity", specificity)
    return _best(labels, probabilities, weights, "specificity", specificity, "sensitivity")


def specificity_at_sensitivity(labels, probabilities, sensitivity=0.9, *, weights=None):
    """Highest specificity among the thresholds whose sensitivity is at least the one wanted.

    Parameters
    ----------
    labels, probabilities, weights : array-like, shape (n,)
        As for `roc_auc`.
    sensitivity : float, optional
        0–1.

    Returns
    -------
    specificity : float
        0–1.

    Raises
    ------
    ValueError
        As for `roc_auc`, or a sensitivity outside 0–1.

    Notes
    -----
    As for `sensitivity_at_specificity`.

    Examples
    --------
    >>> specificity_at_sensitivity([0, 0, 1, 1], [0.1, 0.6, 0.4, 0.9], sensitivity=0.9)
    0.5
    """
    sensitivity = check_unit_interval("sensitivity", sensitivity)
    return _best(labels, probabilities, weights, "sensitivity", sensitivity, "specificity")


def _best(labels, probabilities, weights, given, target, wanted):
    positive, probabilities, weights = check_binary(labels, probabilities, weights)
    _, hits, alarms = _steps(positive, probabilities, weights)
    rates = {
        "sensitivity": np.r_[0, hits / hits[-1]],
        "specificity": 1 - np.r_[0, alarms / alarms[-1]],
    }
    return float(rates[wanted][rates[given] >= target - ROUNDING].max())
