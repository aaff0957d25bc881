"""Checks at the door of the evaluation: labels, predictions, weights, groups, masks, numbers."""

from functools import wraps
from numbers import Real

import numpy as np

from course_utils._checks import check_rows, refuse


class UndefinedScoreError(ValueError):
    """A score that these data do not define, such as a predictive value with no positive call."""


def checked(check, interval=None):
    """Make a score check its rows; `bootstrap` does so once, and then calls `unchecked`.

    `interval` is for scores that are no fractions, whatever values they happen to take.
    """

    def decorate(unchecked):
        @wraps(unchecked)
        def score(labels, probabilities, *, sample_weight=None, **options):
            labels, probabilities, sample_weight = check(labels, probabilities, sample_weight)
            return unchecked(labels, probabilities, sample_weight=sample_weight, **options)

        score.unchecked, score.interval = unchecked, interval
        return score

    return decorate


def check_probabilities(probabilities):
    """Return probabilities from 0 to 1 as float64, of any shape."""
    try:
        array = np.asarray(probabilities, dtype=np.float64)
    except (TypeError, ValueError):
        refuse("probabilities", f"{probabilities!r:.60}", "numbers", "Give one per group.")
    good = (array >= 0) & (array <= 1)
    if not array.size or not good.all():
        received = array[~good][0] if array.size else "none"
        advice = "Apply a sigmoid to logits; look for the cause of NaN."
        refuse("probabilities", received, "0 to 1", advice)
    return array


def check_binary(labels, probabilities, sample_weight=None):
    """Return labels (n,) of 0 and 1, probabilities (n,) of class 1, and weights or None."""
    shape, labels = np.shape(probabilities), np.asarray(labels)
    if len(shape) != 1:
        advice = "Keras predicts (n, 1) for a sigmoid: use predictions[:, 0]."
        if shape[1:] == (2,):
            advice = "Of two softmax columns use predictions[:, 1], the probability of class 1."
        refuse("probabilities", f"shape {shape}", "(n,), one per group", advice)
    probabilities, positive = check_probabilities(probabilities), labels == 1
    if labels.shape != shape:
        received = f"shape {labels.shape} for {shape[0]} probabilities"
        refuse("labels", received, "one label per probability", "See datasets.aggregate.")
    if labels.dtype.kind not in "biuf" or not (positive | (labels == 0)).all():
        refuse("labels", _some(labels), "0 and 1", "Code yours as 0 and 1; 1 is the disease.")
    if positive.all() or not positive.any():
        refuse("labels", f"only {_some(labels)}", "both 0 and 1", "A score needs both classes.")
    weights = check_weights(sample_weight, len(labels))
    if weights is not None and not (weights[positive].any() and weights[~positive].any()):
        advice = "A class that stands for nobody cannot be scored against."
        refuse("sample_weight", "only zeros in one class", "weight in both classes", advice)
    return positive.astype(np.int64), probabilities, weights


def _some(labels):
    return np.unique(labels.astype(str) if labels.dtype.kind == "O" else labels)[:9].tolist()


def check_weights(weights, n):
    """Return weights as float64, or None."""
    if weights is None:
        return None
    array = np.asarray(weights)
    good = array.shape == (n,) and array.dtype.kind in "biuf"
    if not good or not np.isfinite(array).all() or array.min() < 0 or not array.any():
        received = f"shape {array.shape}, or NaN, text, negative or only zeros"
        advice = "A weight says how many cases of the population a row stands for."
        refuse("sample_weight", received, f"{n} numbers from 0", advice)
    return array.astype(np.float64)


def check_groups(groups, labels):
    """Return the group number of each row, and the label of each group; None: each row is one."""
    if groups is None:
        return np.arange(len(labels)), labels
    groups = check_rows("groups", groups, len(labels))
    if groups.dtype.kind == "O":
        refuse("groups", "mixed types", "a name or number for each row", "Write all as text.")
    names, first, group_of_row = np.unique(groups, return_index=True, return_inverse=True)
    mixed = group_of_row[labels != labels[first][group_of_row]]
    if mixed.size:
        received = f"group {names[mixed[0]]} with more than one label"
        remedy = "Decide what makes a group positive, and give every row of it that label."
        refuse("labels", received, "one label per group", remedy)
    return group_of_row, labels[first]


def check_fraction(name, value, advice="Give a fraction, such as 0.05 for 5 %.", ends=False):
    """Return a number between 0 and 1; `ends` allows 0 and 1 themselves."""
    good = isinstance(value, Real) and not isinstance(value, bool)
    if not good or not (0 <= value <= 1 if ends else 0 < value < 1):
        refuse(name, repr(value), "0 to 1" if ends else "above 0 and below 1", advice)
    return float(value)
