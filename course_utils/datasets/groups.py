"""Groups (patients, lesions, near-duplicates): never divide one, score each one once."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from course_utils._checks import check_choice, check_integer, check_rows, check_seed, frozen, refuse
from course_utils.datasets.resizing import average

RULES = {"mean": None, "max": 1, "top3 mean": 3}
# A softmax in float32 may end a hair above 1.
ROUNDING = 1e-6
COMPARE_AT = 28
BLOCK = 512


@dataclass(frozen=True, eq=False)
class GroupProbabilities:
    """One probability per group, groups in ascending order.

    Probabilities are float64 (g,) or (g, classes), labels int64 (g,) if labels were given.
    """

    groups: np.ndarray
    probabilities: np.ndarray
    labels: np.ndarray | None
    n_images: np.ndarray

    def __len__(self):
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
    """Combine probabilities per image into one per group; `ImageDataset.per_group` passes the rest.

    Choose the rule on validation groups and keep it. Probabilities (n,) are those of the positive
    class, or (n, classes), then only by mean; groups (n,). The rule is the ``"mean"``, ``"max"``,
    or ``"top3 mean"``, the mean of the three highest (of all, if fewer). Labels (n,), if given, are
    the true classes; all images of a group must have the same.

    >>> result = aggregate([0.2, 0.4, 0.9], ["B", "B", "A"], labels=[0, 0, 1])
    >>> result.groups, result.probabilities.round(2)
    (array(['A', 'B'], dtype='<U1'), array([0.9, 0.3]))
    """
    check_choice("rule", rule, RULES)
    probabilities = np.asarray(probabilities)
    groups = check_rows("groups", groups, len(probabilities) if probabilities.ndim else 0)
    _check_probabilities(probabilities, rule)
    names, number, n_images = np.unique(groups, return_inverse=True, return_counts=True)
    images = pd.DataFrame(probabilities.reshape(len(groups), -1), dtype=np.float64)
    if probabilities.ndim == 1:
        # Sorted, so that the sum does not depend on the order of the images.
        images = images.sort_values(0, ascending=False)
    if RULES[rule]:
        images = images.groupby(number[images.index]).head(RULES[rule])
    combined = images.groupby(number[images.index]).mean().to_numpy().clip(0, 1)
    combined = combined[:, 0] if probabilities.ndim == 1 else combined
    of_groups = None if labels is None else frozen(_group_labels(labels, names, number))
    return GroupProbabilities(frozen(names), frozen(combined), of_groups, frozen(n_images))


def _check_probabilities(probabilities, rule):
    shape = probabilities.shape
    if len(shape) not in (1, 2) or 0 in shape or (len(shape) == 2 and shape[1] == 1):
        allowed = "(n,) or (n, classes), n at least 1"
        remedy = "Keras predicts (n, 1) for a sigmoid; use predictions[:, 0]."
        refuse("probabilities", f"shape {shape}", allowed, remedy)
    if len(shape) == 2 and rule != "mean":
        received = f"shape {shape} with rule {rule!r}"
        remedy = "Take the column of the class in question."
        refuse("probabilities", received, "(n,), or (n, classes) with 'mean'", remedy)
    if probabilities.dtype.kind not in "fiub" or not np.isfinite(probabilities).all():
        refuse("probabilities", "NaN or no numbers", "0 to 1", "See where the model diverged.")
    if probabilities.min() < -ROUNDING or probabilities.max() > 1 + ROUNDING:
        received = f"values from {probabilities.min():g} to {probabilities.max():g}"
        remedy = "Logits become probabilities through a sigmoid or softmax."
        refuse("probabilities", received, "0 to 1", remedy)


def _group_labels(labels, names, number):
    labels = check_rows("labels", labels, len(number))
    if labels.dtype.kind not in "iu":
        refuse("labels", f"dtype {labels.dtype}", "integers", "Give one label per image.")
    labels = pd.Series(labels, dtype=np.int64).groupby(number)
    lowest, highest = labels.min().to_numpy(), labels.max().to_numpy()
    mixed = np.flatnonzero(lowest != highest)
    if mixed.size:
        k = mixed[0]
        received = f"group {names[k]} has labels {lowest[k]} and {highest[k]}"
        remedy = "Decide what makes a group positive, and give every image of it that label."
        refuse("labels", f"{received} ({mixed.size} such groups)", "one label per group", remedy)
    return lowest


def split_by_group(dataset, parts, *, seed):
    """Divide a data set at random without dividing a group; return a dict of name to data set.

    Parts are a dict of name to fraction of the groups (floats that sum to 1) or number of groups
    (integers; the groups left over are left out). Groups that hold the same classes are shuffled
    and dealt out in proportion, so that every part gets its share of each class. The same seed
    gives the same parts; ``splits`` keeps the official split.

    >>> from course_utils.datasets import load
    >>> parts = split_by_group(load("brain_mri"), {"train": 0.7, "test": 0.3}, seed=0)
    >>> set(parts["train"].groups) & set(parts["test"].groups)
    set()
    """
    check_seed(seed)
    part = _deal(dataset, _quotas(parts, len(np.unique(dataset.groups))), seed)
    return {name: dataset.select(part == k) for k, name in enumerate(parts)}


def group_folds(dataset, n_folds, *, seed):
    """Return the fold of each image for a cross-validation that never divides a group, int64 (n,).

    There are 2 folds up to the number of groups. Fold 0 is tested with ``dataset.select(folds ==
    0)`` after training on ``dataset.select(folds != 0)``.
    """
    n_groups = len(np.unique(dataset.groups))
    check_integer("n_folds", n_folds, 2, n_groups)
    check_seed(seed)
    return _deal(dataset, np.full(n_folds, 1 / n_folds) * n_groups, seed)


def _deal(dataset, quotas, seed):
    """Return the part number of each image; len(quotas) - 1 where groups are left out."""
    _, first, group_of_image = np.unique(dataset.groups, return_index=True, return_inverse=True)
    n_groups = len(first)
    # The classes in a group, as a row of truth values; equal rows form a stratum.
    classes = np.zeros((n_groups, dataset.labels.max() + 1), dtype=bool)
    classes[group_of_image, dataset.labels] = True
    strata = np.unique(classes, axis=0, return_inverse=True)[1].ravel()
    shuffled = np.random.default_rng(seed).permutation(n_groups)
    part_of_group, lag = np.empty(n_groups, dtype=np.int64), np.zeros(len(quotas))
    for group in shuffled[np.argsort(strata[shuffled], kind="stable")]:
        # Always to the part that lags its share most: stored results rest on this rule.
        lag += quotas / n_groups
        part_of_group[group] = np.argmax(lag)
        lag[part_of_group[group]] -= 1
    return part_of_group[group_of_image]


def _quotas(parts, n_groups):
    """Return how many groups each part should get, and last how many are left out."""
    if not isinstance(parts, dict) or not parts:
        refuse("parts", repr(parts), "a dict of names and fractions", "{'train': 0.8, 'test': 0.2}")
    values = list(parts.values())
    real = all(isinstance(value, Real) and not isinstance(value, bool) for value in values)
    if not real or not all(np.isfinite(value) and value > 0 for value in values):
        refuse("parts", repr(parts), "fractions or counts above 0", "Leave empty parts out.")
    counts = all(isinstance(value, Integral) for value in values)
    if counts and sum(values) > n_groups:
        received = f"{sum(values)} groups in {parts!r}"
        allowed = f"at most {n_groups}, the number of groups"
        refuse("parts", received, allowed, "Integers count groups; use floats for fractions.")
    if not counts and abs(sum(values) - 1) >= 1e-6:
        received = f"fractions that sum to {sum(values):g}"
        refuse("parts", received, "a sum of 1", "Correct the fractions.")
    if not counts and min(values) * n_groups < 0.5:
        received = f"{parts!r} of {n_groups} groups"
        refuse("parts", received, "a group for each part", "Use fewer parts.")
    if counts:
        return np.array([*values, n_groups - sum(values)], dtype=float)
    return np.array([*values, 0.0]) * n_groups


def group_near_duplicates(images, threshold=0.98):
    """Find groups of images that correlate, directly or through others.

    Two images belong together when the Pearson correlation of their pixels, averaged down to at
    most 28 px per side, reaches the threshold; an image of one constant value correlates with none.
    Images are (n, height, width) or (n, height, width, channels). Returned is the group of each
    image, int64 (n,), numbered from 0 in order of appearance.

    >>> a, b = np.random.default_rng(0).integers(0, 200, (2, 8, 8)).astype("uint8")
    >>> group_near_duplicates(np.stack([a, b, a + 5]))
    array([0, 1, 0])
    """
    images = np.asarray(images)
    if images.ndim not in (3, 4) or 0 in images.shape or images.dtype.kind not in "uif":
        received = f"shape {images.shape}, dtype {images.dtype}"
        allowed = "(n, height, width) or (n, height, width, channels), numbers"
        refuse("images", received, allowed, "Give the images of an ImageDataset.")
    if not np.isfinite(images).all():
        refuse("images", "NaN or infinity", "finite numbers", "Leave such images out.")
    if not 0 < threshold <= 1:
        refuse("threshold", repr(threshold), "above 0, at most 1", "Use 0.98.")
    patterns = _standardized(images)
    n = len(patterns)
    groups = np.arange(n)
    # By blocks, so that memory grows with n and not with its square.
    for start in range(0, n, BLOCK):
        correlation = patterns[start : start + BLOCK] @ patterns[start:].T
        # 1 itself is hardly ever reached in float32.
        row, column = np.nonzero(correlation >= threshold - 1e-6)
        # The groups so far are kept as one edge from each image to its group's first member.
        one = np.concatenate([np.arange(n), row + start])
        other = np.concatenate([groups, column + start])
        graph = coo_array((np.ones(len(one), dtype=bool), (one, other)), shape=(n, n))
        component = connected_components(graph, directed=False)[1]
        first, component = np.unique(component, return_index=True, return_inverse=True)[1:]
        groups = first[component]
    return np.unique(groups, return_inverse=True)[1].astype(np.int64)


def _standardized(images):
    """Return each image as a row of zero mean and length one, at most 28 x 28 px, float32."""
    size = tuple(min(side, COMPARE_AT) for side in images.shape[1:3])
    rows = np.stack([average(image.astype(np.float32), size).ravel() for image in images])
    rows -= rows.mean(axis=1, keepdims=True)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    flat = length < 1e-3
    return np.where(flat, 0, rows / np.where(flat, 1, length)).astype(np.float32)
