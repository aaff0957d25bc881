"""Scores at a threshold: confusion counts, sensitivity, specificity, predictive values, ratios.

A case is called positive at or above the threshold. Choose the threshold on validation data
(`choose_threshold`), never on the data that you score. Taught in lesson 05.
"""

from dataclasses import dataclass
from numbers import Real

import numpy as np
import pandas as pd

from course_utils._checks import refuse
from course_utils.evaluation._checks import (
    check_binary,
    check_fraction,
    check_unit_interval,
    undefined,
)


@dataclass(frozen=True)
class ConfusionCounts:
    """How many cases of each class were called what; with weights, how much weight.

    Attributes
    ----------
    true_positives, false_negatives, false_positives, true_negatives : float
    """

    true_positives: float
    false_negatives: float
    false_positives: float
    true_negatives: float

    def table(self):
        """Return the two-by-two table: a row per true class, a column per call."""
        return pd.DataFrame(
            {
                "called positive": [self.true_positives, self.false_positives],
                "called negative": [self.false_negatives, self.true_negatives],
            },
            index=pd.Index(["positive", "negative"], name="truth"),
        )

    @property
    def sensitivity(self):
        """Share of the positives that were called positive."""
        return self.true_positives / (self.true_positives + self.false_negatives)

    @property
    def specificity(self):
        """Share of the negatives that were called negative."""
        return self.true_negatives / (self.true_negatives + self.false_positives)


def check_threshold(threshold):
    """Return a threshold, a number or what `choose_threshold` gives, as a float."""
    value = getattr(threshold, "value", threshold)
    if not isinstance(value, Real) or isinstance(value, bool) or not np.isfinite(value):
        refuse("threshold", repr(threshold), "a number", "See evaluation.choose_threshold.")
    # A hair above 1 calls nothing positive; see choose_threshold.
    if not 0 <= value <= 1.001:
        refuse("threshold", repr(threshold), "a probability, 0 to 1", "Logits have no place here.")
    return float(value)


def confusion_counts(labels, probabilities, threshold, *, weights=None):
    """Count the cases of each class that were called positive and negative.

    Parameters
    ----------
    labels : array-like, shape (n,)
        0 or 1; 1 is the positive class.
    probabilities : array-like, shape (n,)
        Probability of class 1, 0–1.
    threshold : float or Threshold
        Cases at or above it are called positive.
    weights : array-like, shape (n,), optional
        How many cases of the population each row stands for.

    Returns
    -------
    counts : ConfusionCounts

    Raises
    ------
    ValueError
        If the lengths differ, a probability is missing or outside 0–1, a label is not 0 or 1, one
        class is absent, weights are negative, NaN or all zero in a class, or the threshold is no
        probability.

    Examples
    --------
    >>> confusion_counts([0, 0, 1, 1], [0.1, 0.6, 0.4, 0.9], 0.5).table()
              called positive  called negative
    truth
    positive              1.0              1.0
    negative              1.0              1.0
    """
    positive, probabilities, weights = check_binary(labels, probabilities, weights)
    called = probabilities >= check_threshold(threshold)
    weights = np.ones(len(positive)) if weights is None else weights
    cells = (positive & called, positive & ~called, ~positive & called, ~positive & ~called)
    return ConfusionCounts(*(float(weights[cell].sum()) for cell in cells))


def sensitivity(labels, probabilities, threshold, *, weights=None):
    """Share of the positives that are called positive; also called recall.

    Parameters
    ----------
    labels, probabilities, threshold, weights
        As for `confusion_counts`.

    Returns
    -------
    sensitivity : float
        0–1.

    Raises
    ------
    ValueError
        As for `confusion_counts`.

    Notes
    -----
    Altman and Bland 1994, https://doi.org/10.1136/bmj.308.6943.1552. Taught in lesson 05.

    Examples
    --------
    >>> sensitivity([0, 0, 1, 1], [0.1, 0.2, 0.4, 0.9], 0.5)
    0.5
    """
    return confusion_counts(labels, probabilities, threshold, weights=weights).sensitivity


def specificity(labels, probabilities, threshold, *, weights=None):
    """Share of the negatives that are called negative.

    Parameters
    ----------
    labels, probabilities, threshold, weights
        As for `confusion_counts`.

    Returns
    -------
    specificity : float
        0–1.

    Raises
    ------
    ValueError
        As for `confusion_counts`.

    Notes
    -----
    Altman and Bland 1994, https://doi.org/10.1136/bmj.308.6943.1552. Taught in lesson 05.

    Examples
    --------
    >>> specificity([0, 0, 1, 1], [0.1, 0.2, 0.4, 0.9], 0.15)
    0.5
    """
    return confusion_counts(labels, probabilities, threshold, weights=weights).specificity


def predictive_values(sensitivity, specificity, prevalence):
    """Positive and negative predictive value of a test at a stated prevalence, by Bayes' rule.

    Parameters
    ----------
    sensitivity, specificity : float
        0–1.
    prevalence : float
        Share of positives among those tested, above 0 and below 1.

    Returns
    -------
    positive, negative : float
        Probability that a positive call is right, and that a negative call is right.

    Raises
    ------
    ValueError
        Values out of range; or a predictive value of calls that never happen.

    Notes
    -----
    Altman and Bland 1994, https://doi.org/10.1136/bmj.309.6947.102. Taught in lesson 05.

    Examples
    --------
    At a prevalence of 5 %, 90 % sensitivity and specificity mean that two of three alarms are
    false:

    >>> positive, negative = predictive_values(0.9, 0.9, prevalence=0.05)
    >>> round(positive, 3), round(negative, 3)
    (0.321, 0.994)
    """
    sensitivity = check_unit_interval("sensitivity", sensitivity)
    specificity = check_unit_interval("specificity", specificity)
    prevalence = check_fraction("prevalence", prevalence)
    hits, misses = sensitivity * prevalence, (1 - sensitivity) * prevalence
    alarms, clears = (1 - specificity) * (1 - prevalence), specificity * (1 - prevalence)
    if hits + alarms == 0 or misses + clears == 0:
        undefined(
            f"predictive values: sensitivity {sensitivity:g} with specificity {specificity:g} "
            "means that all cases get the same call; allowed: both calls occur. Move the threshold."
        )
    return hits / (hits + alarms), clears / (clears + misses)


def positive_predictive_value(labels, probabilities, threshold, *, prevalence=None, weights=None):
    """Share of the positive calls that are right, at the data's prevalence or a stated one.

    Parameters
    ----------
    labels, probabilities, threshold, weights
        As for `confusion_counts`.
    prevalence : float, optional
        Above 0 and below 1. Default: that of the data, with their weights.

    Returns
    -------
    value : float
        0–1.

    Raises
    ------
    ValueError
        As for `confusion_counts`, or if nothing is called positive.

    Examples
    --------
    >>> positive_predictive_value([0, 0, 1, 1], [0.1, 0.6, 0.7, 0.9], 0.5, prevalence=0.5)
    0.6666666666666666
    """
    counts = confusion_counts(labels, probabilities, threshold, weights=weights)
    positives, negatives = _at_prevalence(counts, prevalence)
    right, wrong = positives * counts.sensitivity, negatives * (1 - counts.specificity)
    if right + wrong == 0:
        undefined(
            "positive predictive value: no case is called positive; allowed: at least one. "
            "Lower the threshold, or report sensitivity and specificity."
        )
    return right / (right + wrong)


def negative_predictive_value(labels, probabilities, threshold, *, prevalence=None, weights=None):
    """Share of the negative calls that are right, at the data's prevalence or a stated one.

    Parameters
    ----------
    labels, probabilities, threshold, weights, prevalence
        As for `positive_predictive_value`.

    Returns
    -------
    value : float
        0–1.

    Raises
    ------
    ValueError
        As for `confusion_counts`, or if nothing is called negative.

    Examples
    --------
    >>> negative_predictive_value([0, 0, 1, 1], [0.1, 0.6, 0.7, 0.9], 0.5)
    1.0
    """
    counts = confusion_counts(labels, probabilities, threshold, weights=weights)
    positives, negatives = _at_prevalence(counts, prevalence)
    right, wrong = negatives * counts.specificity, positives * (1 - counts.sensitivity)
    if right + wrong == 0:
        undefined(
            "negative predictive value: no case is called negative; allowed: at least one. "
            "Raise the threshold, or report sensitivity and specificity."
        )
    return right / (right + wrong)


def _at_prevalence(counts, prevalence):
    """Return the share of positives and of negatives."""
    if prevalence is None:
        positives = counts.true_positives + counts.false_negatives
        prevalence = positives / (positives + counts.false_positives + counts.true_negatives)
    else:
        prevalence = check_fraction("prevalence", prevalence)
    return prevalence, 1 - prevalence


def likelihood_ratios(sensitivity, specificity):
    """By what factor a positive and a negative call change the odds of disease.

    Parameters
    ----------
    sensitivity, specificity : float
        0–1.

    Returns
    -------
    positive, negative : float
        Sensitivity / (1 − specificity), which may be infinite, and (1 − sensitivity) /
        specificity.

    Raises
    ------
    ValueError
        Values out of range, or a ratio 0/0 or x/0 of calls that never happen.

    Examples
    --------
    >>> positive, negative = likelihood_ratios(0.9, 0.8)
    >>> round(positive, 3), round(negative, 3)
    (4.5, 0.125)
    """
    sensitivity = check_unit_interval("sensitivity", sensitivity)
    specificity = check_unit_interval("specificity", specificity)
    if (specificity == 1 and sensitivity == 0) or (specificity == 0 and sensitivity == 1):
        undefined(
            f"likelihood ratios: sensitivity {sensitivity:g} with specificity {specificity:g} "
            "means that all cases get the same call; allowed: both calls occur. Move the threshold."
        )
    positive = sensitivity / (1 - specificity) if specificity < 1 else float("inf")
    negative = (1 - sensitivity) / specificity if specificity > 0 else float("inf")
    return positive, negative


def balanced_accuracy(labels, probabilities, threshold, *, weights=None):
    """Mean of sensitivity and specificity.

    Parameters
    ----------
    labels, probabilities, threshold, weights
        As for `confusion_counts`.

    Returns
    -------
    accuracy : float
        0–1; 0.5 for guessing, whatever the prevalence.

    Raises
    ------
    ValueError
        As for `confusion_counts`.

    Notes
    -----
    For more than two classes see `mean_recall`.

    Examples
    --------
    >>> balanced_accuracy([0, 0, 0, 1], [0.1, 0.2, 0.7, 0.9], 0.8)
    1.0
    """
    counts = confusion_counts(labels, probabilities, threshold, weights=weights)
    return (counts.sensitivity + counts.specificity) / 2


def prevalence_weights(labels, prevalence):
    """Weights that give the positives of a sample the share they have in a population.

    Parameters
    ----------
    labels : array-like, shape (n,)
        0 or 1.
    prevalence : float
        Share of positives in the population, above 0 and below 1.

    Returns
    -------
    weights : ndarray, shape (n,), float64
        One value per class; their mean is 1.

    Raises
    ------
    ValueError
        Labels other than 0 and 1, one class only, or a prevalence out of range.

    Notes
    -----
    A test set that keeps all its cancers measures sensitivity better than one with the natural
    mix; the weights restore the mix for scores that depend on it. Taught in lesson 07.

    Examples
    --------
    >>> prevalence_weights([0, 0, 1, 1], prevalence=0.05)
    array([1.9, 1.9, 0.1, 0.1])
    """
    prevalence = check_fraction("prevalence", prevalence)
    positive, _, _ = check_binary(labels, np.zeros(np.shape(labels)))
    share = positive.mean()
    return np.where(positive, prevalence / share, (1 - prevalence) / (1 - share))
