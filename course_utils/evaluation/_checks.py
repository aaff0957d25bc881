"""Checks that the metrics share: labels, probabilities, weights, groups and single numbers."""

from numbers import Integral, Real

import numpy as np

from course_utils._checks import DatasetError, refuse


class UndefinedScoreError(DatasetError):
    """A score that these data do not define, such as a predictive value with no positive call."""


def undefined(text):
    """Raise the error of a score that does not exist for these data."""
    raise UndefinedScoreError(text)


def check_probabilities(probabilities, classes=False):
    """Return probabilities as float64, (n,) or with `classes` (n, classes), refusing what is none.

    Refuses NaN and values outside 0–1, an empty array and text.
    """
    try:
        array = np.asarray(probabilities, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"probabilities are {probabilities!r:.60}. Give one number from 0 to 1 per group."
        ) from error
    if array.ndim != 1 + classes or (classes and array.shape[1] < 3):
        wanted = "(n, classes) with at least 3 classes" if classes else "one value per group, (n,)"
        raise ValueError(
            f"probabilities have shape {array.shape}; needed: {wanted}. Keras predicts (n, 1) for "
            "a sigmoid: use predictions[:, 0]."
        )
    good = (array >= 0) & (array <= 1)
    if not good.all():
        raise ValueError(
            f"a probability is {array[~good][0]}. Give values from 0 to 1; apply a sigmoid to "
            "logits, and look for the cause of NaN."
        )
    if classes and np.abs(array.sum(axis=1) - 1).max(initial=0) > 1e-3:
        refuse(
            "probabilities",
            f"rows whose sums run from {array.sum(axis=1).min():g} to {array.sum(axis=1).max():g}",
            "rows that sum to 1",
            "Apply a softmax to logits.",
        )
    return array


def check_binary(labels, probabilities, weights=None):
    """Return labels as booleans, probabilities and weights (or None), checked, of one length."""
    labels, probabilities = np.asarray(labels), check_probabilities(probabilities)
    if labels.shape != probabilities.shape:
        raise ValueError(
            f"labels have shape {labels.shape}, probabilities {probabilities.shape}. Give two "
            "arrays of one length, one value per group (see datasets.aggregate)."
        )
    positive = labels == 1
    if labels.dtype.kind not in "biuf" or not (positive | (labels == 0)).all():
        raise ValueError(f"labels are {_some(labels)}. {BOTH_CLASSES}")
    if not positive.any() or positive.all():
        raise ValueError(f"labels are {_some(labels)}. {BOTH_CLASSES}")
    weights = None if weights is None else check_weights(weights, len(labels))
    if weights is not None and not (weights[positive].any() and weights[~positive].any()):
        # In a draw of the bootstrap this may happen by chance.
        undefined(
            "weights: received only zeros in one class; allowed: weight in both classes. A class "
            "that stands for nobody cannot be scored against: mend the weights."
        )
    return positive, probabilities, weights


BOTH_CLASSES = (
    "A score needs both classes, 0 and 1. Leave out other classes first, or code yours as 0 and 1."
)


def _some(labels):
    return np.unique(labels.astype(str) if labels.dtype.kind == "O" else labels)[:5].tolist()


def check_multiclass(labels, probabilities, weights=None):
    """Return integer labels, probabilities (n, classes) and weights (or None), checked."""
    probabilities, labels = check_probabilities(probabilities, classes=True), np.asarray(labels)
    n, classes = probabilities.shape
    if labels.shape != (n,) or labels.dtype.kind not in "iu":
        refuse(
            "labels",
            f"shape {labels.shape}, dtype {labels.dtype}",
            f"integers of shape ({n},), one for each row of probabilities",
            "Give one label per group.",
        )
    counts = np.bincount(labels, minlength=classes) if n and labels.min() >= 0 else np.zeros(1)
    if len(counts) != classes or not counts.all():
        refuse(
            "labels",
            f"classes {np.unique(labels).tolist()}",
            f"each of the {classes} classes 0 to {classes - 1} at least once",
            "A class without a case has no recall; leave its column out, and rescale the rows.",
        )
    return labels, probabilities, None if weights is None else check_weights(weights, n)


def check_weights(weights, n):
    """Return weights as float64, refusing negative ones, NaN, a wrong length and only zeros."""
    array = np.asarray(weights)
    if array.shape != (n,) or array.dtype.kind not in "biuf":
        received = f"shape {array.shape}, dtype {array.dtype}"
        refuse("weights", received, f"numbers of shape ({n},)", "Give one weight per row.")
    if not np.isfinite(array).all() or array.min() < 0 or not array.any():
        refuse(
            "weights",
            "NaN, infinity, a negative weight or only zeros",
            "numbers from 0, some above",
            "A weight says how many cases of the population a row stands for.",
        )
    return array.astype(np.float64)


def check_fraction(name, value, advice="Give a fraction, such as 0.05 for 5 %."):
    """Return a number strictly between 0 and 1."""
    if not isinstance(value, Real) or isinstance(value, bool) or not 0 < value < 1:
        refuse(name, repr(value), "a number above 0 and below 1", advice)
    return float(value)


def check_unit_interval(name, value, advice="Give a fraction, such as 0.9 for 90 %."):
    """Return a number from 0 to 1."""
    if not isinstance(value, Real) or isinstance(value, bool) or not 0 <= value <= 1:
        refuse(name, repr(value), "a number from 0 to 1", advice)
    return float(value)


def check_count(name, value, least):
    """Return a whole number that is not too small."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        refuse(name, repr(value), f"a whole number from {least}", "Give an integer.")
    return int(value)


def check_kind(group_kind):
    """Return the word for a group."""
    if not isinstance(group_kind, str) or not group_kind.strip():
        refuse("group_kind", repr(group_kind), "a word", "Say what a group is, such as 'patient'.")
    return group_kind


def check_groups(groups, labels):
    """Return the group number of each row, and the label of each group.

    Without groups every row is its own.
    """
    if groups is None:
        return np.arange(len(labels)), labels
    groups = np.asarray(groups)
    if groups.shape != labels.shape:
        refuse(
            "groups", f"shape {groups.shape}", f"{labels.shape}", "Give one group for each label."
        )
    missing = groups.dtype.kind == "f" and not np.isfinite(groups).all()
    if missing or (groups.dtype.kind == "O" and not all(isinstance(g, str) for g in groups)):
        received = "NaN or something that is neither name nor number"
        refuse(
            "groups", received, "a name or number for each row", "Find out whose rows these are."
        )
    names, first, group_of_row = np.unique(groups, return_index=True, return_inverse=True)
    mixed = group_of_row[labels != labels[first][group_of_row]]
    if mixed.size:
        raise DatasetError(
            f"labels: group {names[mixed[0]]} has more than one label ({len(set(mixed))} such "
            "groups); allowed: one label per group. Decide what makes a group positive, and give "
            "every row of it that label."
        )
    return group_of_row, labels[first]
