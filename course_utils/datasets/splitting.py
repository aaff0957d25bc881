"""Divide data sets without dividing a group."""

from __future__ import annotations

from numbers import Integral, Real
from typing import TYPE_CHECKING

import numpy as np

from course_utils._checks import check_seed
from course_utils.datasets._problems import refuse

if TYPE_CHECKING:
    from course_utils.datasets import ImageDataset


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
    >>> import numpy as np
    >>> from course_utils.datasets import ImageDataset
    >>> scans = ImageDataset(
    ...     name="demo",
    ...     images=np.zeros((8, 4, 4, 1), np.uint8),
    ...     labels=[0, 0, 0, 0, 1, 1, 1, 1],
    ...     class_names=("healthy", "tumor"),
    ...     groups=list("AABBCCDD"),
    ...     group_kind="patient",
    ...     origin="simulated",
    ... )
    >>> train, test = split_by_group(scans, {"train": 0.5, "test": 0.5}, seed=0).values()
    >>> set(train.groups.tolist()) & set(test.groups.tolist())
    set()
    >>> train.labels
    array([0, 0, 1, 1])
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

    Examples
    --------
    >>> import numpy as np
    >>> from course_utils.datasets import ImageDataset
    >>> scans = ImageDataset(
    ...     name="demo",
    ...     images=np.zeros((8, 4, 4, 1), np.uint8),
    ...     labels=[0, 0, 0, 0, 1, 1, 1, 1],
    ...     class_names=("healthy", "tumor"),
    ...     groups=list("AABBCCDD"),
    ...     group_kind="patient",
    ...     origin="simulated",
    ... )
    >>> folds = group_folds(scans, 2, seed=0)
    >>> [len(np.unique(scans.groups[folds == fold])) for fold in (0, 1)]
    [2, 2]
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
