"""Turn probabilities per image into one per group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from course_utils._checks import DatasetError, check_choice, frozen
from course_utils.datasets._problems import refuse

RULES = ("mean", "max", "top3 mean")
# A softmax in float32 may end a hair above 1.
ROUNDING = 1e-6


@dataclass(frozen=True, eq=False)
class GroupProbabilities:
    """One probability per group, groups in ascending order.

    Attributes
    ----------
    groups : array (g,)
        Each group once.
    probabilities : array (g,) or (g, classes), float64
        The groups' probabilities.
    labels : array (g,), int64, or None
        The groups' classes, if labels were given.
    n_images : array (g,), int64
        Images in each group.
    rule : str
        How the images were combined.
    """

    groups: np.ndarray
    probabilities: np.ndarray
    labels: np.ndarray | None
    n_images: np.ndarray
    rule: str

    def __len__(self):
        """Return the number of groups."""
        return len(self.groups)

    def table(self):
        """Return a table with one row per group."""
        columns = {"n_images": self.n_images}
        if self.labels is not None:
            columns["label"] = self.labels
        if self.probabilities.ndim == 1:
            columns["probability"] = self.probabilities
        else:
            columns |= {f"probability_{k}": p for k, p in enumerate(self.probabilities.T)}
        return pd.DataFrame(columns, index=pd.Index(self.groups, name="group"))


def aggregate(probabilities, groups, rule="mean", labels=None):
    """Combine probabilities per image into one per group.

    Choose the rule on validation groups and keep it; headline figures are per group. Taught in
    lesson 05.

    Parameters
    ----------
    probabilities : array (n,) or (n, classes), 0–1
        Of the positive class, or of every class (then only by mean).
    groups : array (n,)
        Group of each image.
    rule : {"mean", "max", "top3 mean"}
        Mean, highest, or mean of the three highest probabilities (of all, if fewer).
    labels : integer array (n,), optional
        True classes; all images of a group must have the same.

    Returns
    -------
    GroupProbabilities

    Raises
    ------
    DatasetError
        Wrong lengths, values that are no probabilities, or a group with two labels.

    Examples
    --------
    >>> result = aggregate([0.2, 0.4, 0.9], ["B", "B", "A"], labels=[0, 0, 1])
    >>> result.groups, result.probabilities.round(2)
    (array(['A', 'B'], dtype='<U1'), array([0.9, 0.3]))
    """
    check_choice("rule", rule, RULES)
    groups = np.asarray(groups)
    probabilities = _check_probabilities(probabilities, groups, rule)
    names, group_of_image, n_images = np.unique(groups, return_inverse=True, return_counts=True)
    keep = {"mean": len(groups), "max": 1, "top3 mean": 3}[rule]
    # By group, and within a group from the highest probability down.
    falling = -probabilities if probabilities.ndim == 1 else np.zeros(len(groups))
    order = np.lexsort((falling, group_of_image))
    starts = np.concatenate([[0], np.cumsum(n_images)[:-1]])
    rank = np.arange(len(groups)) - np.repeat(starts, n_images)
    order = order[rank < keep]
    used = np.minimum(n_images, keep)
    sums = np.add.reduceat(probabilities[order], np.concatenate([[0], np.cumsum(used)[:-1]]))
    means = np.clip((sums.T / used).T, 0, 1)
    group_labels = None if labels is None else _group_labels(labels, names, group_of_image)
    return GroupProbabilities(frozen(names), frozen(means), group_labels, frozen(n_images), rule)


def _check_probabilities(probabilities, groups, rule):
    probabilities = np.asarray(probabilities)
    n = len(groups) if groups.ndim == 1 else 0
    if n == 0 or probabilities.ndim not in (1, 2) or len(probabilities) != n:
        refuse(
            "probabilities",
            f"shape {probabilities.shape} for groups of shape {groups.shape}",
            "(n,) or (n, classes) for groups (n,), n at least 1",
            "Keras predicts (n, 1) for a sigmoid; use predictions[:, 0].",
        )
    if probabilities.ndim == 2 and (rule != "mean" or probabilities.shape[1] == 1):
        refuse(
            "probabilities",
            f"shape {probabilities.shape} with rule {rule!r}",
            "(n,), or (n, classes) with 'mean'",
            "Take the column of the class in question, such as predictions[:, 0].",
        )
    if probabilities.dtype.kind not in "fiub" or not np.isfinite(probabilities).all():
        refuse("probabilities", "NaN or no numbers", "0 to 1", "See where the model diverged.")
    if probabilities.min() < -ROUNDING or probabilities.max() > 1 + ROUNDING:
        refuse(
            "probabilities",
            f"values from {probabilities.min():g} to {probabilities.max():g}",
            "0 to 1",
            "Logits become probabilities through a sigmoid or softmax.",
        )
    return probabilities.astype(np.float64)


def _group_labels(labels, names, group_of_image):
    labels = np.asarray(labels)
    if labels.shape != group_of_image.shape or labels.dtype.kind not in "iu":
        refuse(
            "labels",
            f"shape {labels.shape}, dtype {labels.dtype}",
            f"integers of shape {group_of_image.shape}",
            "Give one label per image.",
        )
    lowest = np.full(len(names), np.iinfo(np.int64).max)
    highest = np.full(len(names), np.iinfo(np.int64).min)
    np.minimum.at(lowest, group_of_image, labels)
    np.maximum.at(highest, group_of_image, labels)
    mixed = np.flatnonzero(lowest != highest)
    if mixed.size:
        raise DatasetError(
            f"labels: group {names[mixed[0]]} has labels {lowest[mixed[0]]} and "
            f"{highest[mixed[0]]} ({mixed.size} such groups); allowed: one label per group. "
            "Decide what makes a group positive, and give every image of it that label."
        )
    return frozen(lowest)
