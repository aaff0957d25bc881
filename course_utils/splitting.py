"""Divide data sets by group, and turn probabilities per image into one per group."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral, Real
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from course_utils._dataset_checks import DatasetError, check_choice, frozen, refuse

if TYPE_CHECKING:
    from course_utils.datasets import ImageDataset

RULES = ("mean", "max", "top3 mean")
# A softmax in float32 may end a hair above 1.
ROUNDING = 1e-6


def split_by_group(
    dataset: ImageDataset, parts: dict[str, float], *, seed: int, stratify: bool = True
) -> dict[str, ImageDataset]:
    """Divide a data set at random without dividing a group.

    Groups that hold the same classes are shuffled and dealt out in proportion, so that every
    part gets its share of each class. Taught in lesson 05.

    Parameters
    ----------
    dataset : ImageDataset
        The set to divide.
    parts : dict
        Part name to fraction of the groups (floats that sum to 1), or to number of groups
        (integers; the groups left over are left out).
    seed : int
        The same seed gives the same parts.
    stratify : bool
        Deal out each combination of classes in proportion.

    Returns
    -------
    dict
        Part name to ImageDataset, in the given order. ``splits`` keeps the official split.

    Raises
    ------
    DatasetError
        Parts that do not add up, or that would get no group.

    Examples
    --------
    ``train, test = split_by_group(scans, {"train": 0.8, "test": 0.2}, seed=0).values()``
    """
    part_of_image = _deal(dataset.groups, dataset.labels, parts, seed, stratify)
    return {name: dataset.select(part_of_image == k) for k, name in enumerate(parts)}


def split_by_image(
    dataset: ImageDataset, parts: dict[str, float], *, seed: int, stratify: bool = True
) -> dict[str, ImageDataset]:
    """Divide a data set by image, which LEAKS: one patient's images land in several parts.

    This is the mistake lesson 05 measures: the model meets the test patients in training, and
    the score is too good. Use `split_by_group` for everything else.

    Parameters and result are those of `split_by_group`, with images in place of groups.
    """
    part_of_image = _deal(np.arange(len(dataset)), dataset.labels, parts, seed, stratify)
    return {name: dataset.select(part_of_image == k) for k, name in enumerate(parts)}


def group_folds(
    dataset: ImageDataset, n_folds: int, *, seed: int, stratify: bool = True
) -> np.ndarray:
    """Assign every image to a fold of a cross-validation that never divides a group.

    Parameters
    ----------
    dataset : ImageDataset
        The set to divide.
    n_folds : int
        From 2 to the number of groups.
    seed, stratify
        As in `split_by_group`.

    Returns
    -------
    array (n,), int64
        Fold of each image, 0 to n_folds - 1. Fold 0 is tested with
        ``dataset.select(folds == 0)`` after training on ``dataset.select(folds != 0)``.

    Raises
    ------
    DatasetError
        A number of folds that is no integer, or out of range.
    """
    n_groups = len(np.unique(dataset.groups))
    if not isinstance(n_folds, Integral) or not 2 <= n_folds <= n_groups:
        refuse("n_folds", repr(n_folds), f"2 to {n_groups}, the number of groups", "Use 5.")
    parts = dict.fromkeys(range(n_folds), 1 / n_folds)
    return _deal(dataset.groups, dataset.labels, parts, seed, stratify)


def _deal(groups, labels, parts, seed, stratify):
    """Return the part number of each image; -1 for groups that are left out."""
    check_seed(seed)
    _, first, group_of_image = np.unique(groups, return_index=True, return_inverse=True)
    n_groups = len(first)
    quotas = _quotas(parts, n_groups)
    # The classes in a group, as a row of truth values; equal rows form a stratum.
    classes = np.zeros((n_groups, labels.max() + 1), dtype=bool)
    classes[group_of_image, labels] = stratify
    strata = np.unique(classes, axis=0, return_inverse=True)[1].ravel()
    shuffled = np.random.default_rng(seed).permutation(n_groups)
    order = shuffled[np.argsort(strata[shuffled], kind="stable")]
    part_of_group = np.empty(n_groups, dtype=np.int64)
    part_of_group[order] = _in_proportion(quotas, n_groups)
    part_of_group[part_of_group == len(parts)] = -1
    return part_of_group[group_of_image]


def _in_proportion(quotas, n_groups):
    """Return a part for each place in line: always the part that lags its share most."""
    lag = np.zeros(len(quotas))
    dealt = np.empty(n_groups, dtype=np.int64)
    for place in range(n_groups):
        lag += quotas / n_groups
        dealt[place] = np.argmax(lag)
        lag[dealt[place]] -= 1
    return dealt


def _quotas(parts, n_groups):
    """Return how many groups each part should get, and last how many are left out."""
    if not isinstance(parts, dict) or not parts:
        refuse("parts", repr(parts), "a dict of names and fractions", "{'train': 0.8, 'test': 0.2}")
    values = list(parts.values())
    real = all(isinstance(value, Real) and not isinstance(value, bool) for value in values)
    if not real or not all(np.isfinite(value) and value > 0 for value in values):
        refuse("parts", repr(parts), "fractions or counts above 0", "Leave empty parts out.")
    if all(isinstance(value, Integral) for value in values):
        quotas = np.array([*values, n_groups - sum(values)], dtype=float)
        if quotas[-1] < 0:
            refuse(
                "parts",
                f"{sum(values)} groups in {parts!r}",
                f"at most {n_groups}, the number of groups",
                "Integers count groups; use floats for fractions.",
            )
    elif abs(sum(values) - 1) < 1e-6:
        quotas = np.array([*values, 0.0]) * n_groups
    else:
        refuse("parts", f"fractions that sum to {sum(values):g}", "a sum of 1", "Mend the parts.")
    if quotas[:-1].min() < 0.5:
        refuse("parts", f"{parts!r} of {n_groups} groups", "a group for each part", "Use fewer.")
    return quotas


def check_seed(seed):
    """Refuse a seed that is not a whole number from 0."""
    if not isinstance(seed, Integral) or isinstance(seed, bool) or seed < 0:
        refuse("seed", repr(seed), "an integer from 0", "Results must be repeatable; use 0.")


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
