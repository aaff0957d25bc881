"""Scores for more than two classes."""

import numpy as np

from course_utils._checks import refuse
from course_utils.evaluation._checks import check_count, check_multiclass, undefined
from course_utils.evaluation.discrimination import roc_auc


def macro_auc(labels, probabilities, *, weights=None):
    """Mean over the classes of the AUC of each class against all others.

    Parameters
    ----------
    labels : integer array-like, shape (n,)
        Classes from 0; each must occur.
    probabilities : array-like, shape (n, classes)
        Rows sum to 1; at least three classes.
    weights : array-like, shape (n,), optional
        How many cases of the population each row stands for.

    Returns
    -------
    area : float
        0–1; 0.5 for guessing.

    Raises
    ------
    ValueError
        A class that does not occur, rows that do not sum to 1, values outside 0–1 or NaN, or
        wrong lengths.

    Notes
    -----
    The same as the mean of scikit-learn's `roc_auc_score`, one class against the rest, and faster,
    as a bootstrap needs it. Taught in lesson 09.

    Examples
    --------
    >>> macro_auc([0, 1, 2], [[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.1, 0.3, 0.6]])
    1.0
    """
    labels, probabilities, weights = check_multiclass(labels, probabilities, weights)
    areas = [
        roc_auc((labels == k).astype(int), probabilities[:, k], weights=weights)
        for k in range(probabilities.shape[1])
    ]
    return float(np.mean(areas))


def class_recalls(labels, probabilities, *, weights=None):
    """Share of each class that gets its own class as the most probable one.

    Parameters
    ----------
    labels, probabilities, weights
        As for `macro_auc`.

    Returns
    -------
    recalls : ndarray, shape (classes,), float64
        0–1.

    Raises
    ------
    ValueError
        As for `macro_auc`.

    Notes
    -----
    For an interval give `class_recall` to `bootstrap`.

    Examples
    --------
    >>> class_recalls([0, 1, 2], [[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.1, 0.7, 0.2]])
    array([1., 1., 0.])
    """
    labels, probabilities, weights = check_multiclass(labels, probabilities, weights)
    right = probabilities.argmax(axis=1) == labels
    cases = np.bincount(labels, weights)
    if not cases.all():
        # In a draw of the bootstrap this may happen by chance.
        undefined(
            "weights: received only zeros in one class; allowed: weight in every class. A class "
            "that stands for nobody has no recall: leave it out, and rescale the rows."
        )
    return np.bincount(labels, right if weights is None else right * weights) / cases


def class_recall(labels, probabilities, which, *, weights=None):
    """Share of one class that gets its own class as the most probable one.

    Parameters
    ----------
    labels, probabilities, weights
        As for `macro_auc`.
    which : int
        The class, from 0.

    Returns
    -------
    recall : float
        0–1.

    Raises
    ------
    ValueError
        As for `macro_auc`, or a class that does not exist.

    Examples
    --------
    >>> class_recall([0, 1, 2], [[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.1, 0.7, 0.2]], 2)
    0.0
    """
    recalls = class_recalls(labels, probabilities, weights=weights)
    if check_count("which", which, 0) >= len(recalls):
        refuse("which", which, f"a class from 0 to {len(recalls) - 1}", "Classes count from 0.")
    return float(recalls[which])


def mean_recall(labels, probabilities, *, weights=None):
    """Mean of the classes' recalls; balanced accuracy for more than two classes.

    Parameters
    ----------
    labels, probabilities, weights
        As for `macro_auc`.

    Returns
    -------
    recall : float
        0–1; 1 / classes for guessing.

    Raises
    ------
    ValueError
        As for `macro_auc`.

    Notes
    -----
    Rare classes count as much as common ones. Taught in lesson 09.

    Examples
    --------
    >>> round(mean_recall([0, 1, 2], [[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.1, 0.7, 0.2]]), 3)
    0.667
    """
    return float(class_recalls(labels, probabilities, weights=weights).mean())
