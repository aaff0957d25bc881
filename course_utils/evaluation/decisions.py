"""Net benefit and decision curves: whether acting on a model beats treating all or none."""

import numpy as np
import pandas as pd

from course_utils._checks import refuse
from course_utils.evaluation._checks import check_binary, check_fraction
from course_utils.evaluation.counts import confusion_counts


def net_benefit(labels, probabilities, threshold, *, prevalence=None, weights=None):
    """Share of true positives minus share of false positives, weighed by the threshold's odds.

    Parameters
    ----------
    labels : array-like, shape (n,)
        0 or 1.
    probabilities : array-like, shape (n,)
        Probability of class 1, 0–1. They must hold at the prevalence in question: see
        `shift_prevalence`.
    threshold : float
        Probability from which one would act, above 0 and below 1. A threshold of 0.1 says that
        nine false alarms are as bad as one miss.
    prevalence : float, optional
        Above 0 and below 1. Default: that of the data, with their weights.
    weights : array-like, shape (n,), optional
        How many cases of the population each row stands for.

    Returns
    -------
    benefit : float
        True positives per case tested, net of false alarms; at most the prevalence, and negative
        where acting on the model does harm.

    Raises
    ------
    ValueError
        As for `roc_auc`, or a threshold or prevalence out of range.

    Notes
    -----
    Vickers and Elkin 2006, https://doi.org/10.1177/0272989X06295361. Taught in lesson 08.

    Examples
    --------
    >>> round(net_benefit([0, 0, 0, 1], [0.1, 0.3, 0.1, 0.9], 0.2), 4)
    0.1875
    """
    odds = _odds(threshold)
    counts = confusion_counts(labels, probabilities, float(threshold), weights=weights)
    prevalence = _prevalence(labels, prevalence, weights)
    alarms = (1 - prevalence) * (1 - counts.specificity)
    return float(prevalence * counts.sensitivity - alarms * odds)


def decision_curve(labels, probabilities, thresholds=None, *, prevalence=None, weights=None):
    """Net benefit of the model, of treating all, and of treating none, by threshold.

    Parameters
    ----------
    labels, probabilities, prevalence, weights
        As for `net_benefit`.
    thresholds : array-like, optional
        Those a clinic might use, each above 0 and below 1. Default: 0.01 to 0.99.

    Returns
    -------
    curve : DataFrame
        Columns ``threshold``, ``model``, ``treat_all``, ``treat_none``.

    Raises
    ------
    ValueError
        As for `net_benefit`.

    Examples
    --------
    >>> decision_curve([0, 0, 0, 1], [0.1, 0.3, 0.1, 0.9], [0.2, 0.5])
       threshold   model  treat_all  treat_none
    0        0.2  0.1875     0.0625         0.0
    1        0.5  0.2500    -0.5000         0.0
    """
    thresholds = np.arange(1, 100) / 100 if thresholds is None else np.asarray(thresholds)
    if thresholds.ndim != 1 or not thresholds.size or thresholds.dtype.kind != "f":
        refuse("thresholds", f"shape {thresholds.shape}", "a row of fractions", "See np.arange.")
    share = _prevalence(labels, prevalence, weights)
    rows = [
        {
            "threshold": t,
            "model": net_benefit(labels, probabilities, t, prevalence=prevalence, weights=weights),
            "treat_all": share - (1 - share) * _odds(t),
            "treat_none": 0.0,
        }
        for t in thresholds.tolist()
    ]
    return pd.DataFrame(rows)


def _odds(threshold):
    threshold = check_fraction("threshold", getattr(threshold, "value", threshold))
    return threshold / (1 - threshold)


def _prevalence(labels, prevalence, weights):
    if prevalence is not None:
        return check_fraction("prevalence", prevalence)
    positive, _, weights = check_binary(labels, np.zeros(np.shape(labels)), weights)
    return float(np.average(positive, weights=weights))
