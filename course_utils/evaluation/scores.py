"""Scores of predictions as plain numbers: ``score(labels, probabilities, *, sample_weight=None)``.

For others call scikit-learn. These are here because scikit-learn lacks them, or because a bootstrap
calls them thousands of times and they are 12 to 22 times as fast, with the same results.
"""

import numpy as np

from course_utils._checks import refuse
from course_utils.evaluation._checks import check_binary, check_fraction, checked

# Rates are sums of floats; a target of 0.9 is met by 0.8999999999.
ROUNDING = 1e-9


@checked(check_binary)
def roc_auc(labels, probabilities, *, sample_weight=None):
    """Compute the area under the ROC curve, as scikit-learn's `roc_auc_score` does.

    Labels (n,) are 0 or 1, probabilities (n,) those of class 1, 0–1; sample_weight (n,), if given,
    says how many cases of the population each row stands for.

    >>> roc_auc([0, 0, 1, 1], [0.1, 0.6, 0.4, 0.9])
    0.75
    """
    hits, alarms = _steps(labels, probabilities, sample_weight)
    return float(np.trapezoid(np.r_[0, hits / hits[-1]], np.r_[0, alarms / alarms[-1]]))


@checked(check_binary)
def average_precision(labels, probabilities, *, sample_weight=None):
    """Average the precisions along the precision–recall curve, each by its step in recall.

    Arguments as for `roc_auc`; the same as scikit-learn's `average_precision_score`. Guessing gets
    the prevalence, on which this score depends (Saito and Rehmsmeier 2015,
    https://doi.org/10.1371/journal.pone.0118432): see `prevalence_weights`.

    >>> round(average_precision([0, 0, 1, 1], [0.1, 0.6, 0.4, 0.9]), 3)
    0.833
    """
    hits, alarms = _steps(labels, probabilities, sample_weight)
    return float(np.sum(np.diff(hits, prepend=0) / hits[-1] * hits / (hits + alarms)))


@checked(check_binary)
def sensitivity_at_specificity(labels, probabilities, *, specificity, sample_weight=None):
    """Find the highest sensitivity among the thresholds with at least this specificity.

    Other arguments as for `roc_auc`. It is a point of the ROC curve, for comparing models. The
    threshold is looked up in the very data it is scored on; for a fixed one see `choose_threshold`.

    >>> sensitivity_at_specificity([0, 0, 1, 1], [0.1, 0.6, 0.4, 0.9], specificity=0.9)
    0.5
    """
    check_fraction("specificity", specificity, ends=True)
    hits, alarms = (np.r_[0, steps] for steps in _steps(labels, probabilities, sample_weight))
    return float((hits / hits[-1])[1 - alarms / alarms[-1] >= specificity - ROUNDING].max())


def _steps(labels, probabilities, weights):
    """Return the weight of positives and of negatives at or above each probability, falling."""
    positive = labels == 1
    if weights is None:
        weights = np.ones(len(positive))
    else:  # rows without weight give the curve no point
        kept = weights > 0
        positive, probabilities, weights = positive[kept], probabilities[kept], weights[kept]
    order = np.argsort(-probabilities, kind="stable")
    last = np.r_[np.flatnonzero(np.diff(probabilities[order])), len(order) - 1]
    hits = np.cumsum(np.where(positive, weights, 0)[order])[last]
    alarms = np.cumsum(np.where(positive, 0, weights)[order])[last]
    return hits, alarms


def prevalence_weights(labels, prevalence):
    """Weigh the positives of a sample to the share that they have in a population.

    They restore the mix of the population for scores that depend on it. Labels (n,) are 0 or 1, the
    prevalence lies above 0 and below 1; the weights (n,) have a mean of 1.

    >>> prevalence_weights([0, 0, 1, 1], prevalence=0.05)
    array([1.9, 1.9, 0.1, 0.1])
    """
    check_fraction("prevalence", prevalence)
    labels = check_binary(labels, np.zeros(np.shape(labels)))[0]
    share = labels.mean()
    return np.where(labels == 1, prevalence / share, (1 - prevalence) / (1 - share))


def auc_standard_error(auc, positives, negatives):
    """Predict the standard error of an AUC.

    The AUC lies above 0 and below 1; positives and negatives count groups, at least 1 each. Hanley
    and McNeil 1982, https://doi.org/10.1148/radiology.143.1.7063747.

    >>> print(auc_standard_error(0.9, positives=20, negatives=20).round(3))
    0.051
    """
    check_fraction("auc", auc)
    if np.min(positives) < 1 or np.min(negatives) < 1:
        received = f"{positives} and {negatives}"
        refuse("positives and negatives", received, "at least 1 each", "Both classes are needed.")
    one, two = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    spread = (positives - 1) * (one - auc**2) + (negatives - 1) * (two - auc**2)
    return np.sqrt((auc * (1 - auc) + spread) / (positives * negatives))
