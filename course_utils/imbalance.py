"""Resampling of whole patients for a rare class, and the prevalence that a network then sees."""

import numpy as np
from imblearn.over_sampling import RandomOverSampler
from imblearn.under_sampling import RandomUnderSampler

from course_utils._checks import check_seed, refuse


def oversample(labels, groups=None, *, prevalence=0.5, splits=None, seed=0):
    """Draw groups of the rarer class again, whole, until the classes have the wanted shares.

    Returned are positions of images, each at least once: ``train.select(positions)``. Copies make
    patients no more numerous: an interval must never be computed over them.

    Labels (n,) are 0 or 1, of the **training** images; groups (n,) default to one for each image.
    The prevalence is the share of groups that class 1 is to have, above 0 and below 1. Of the
    official splits (n,), if given, anything but "train" is refused.

    >>> oversample([0, 0, 0, 0, 1, 1], list("AABCDD"))
    array([0, 1, 2, 3, 4, 5, 4, 5, 4, 5])
    """
    return _resample(RandomOverSampler, np.max, labels, groups, prevalence, splits, seed)


def undersample(labels, groups=None, *, prevalence=0.5, splits=None, seed=0):
    """Leave out groups of the more common class at random until the classes have wanted shares.

    As `oversample`; the positions are those of the images that stay.

    >>> undersample([0, 0, 0, 0, 1, 1], list("AABCDD"))
    array([3, 4, 5])
    """
    return _resample(RandomUnderSampler, np.min, labels, groups, prevalence, splits, seed)


def effective_prevalence(labels, class_weight=None):
    """Return the share of class 1 that a network sees, after resampling and class weights.

    Labels are 0 or 1, of the images it was trained on; class_weight is that of ``model.fit``.

    >>> effective_prevalence([0, 0, 0, 1], {0: 2 / 3, 1: 2})
    0.5
    """
    counts = np.bincount(_checked(labels))
    mass = counts * [1, 1] if class_weight is None else counts * [class_weight[0], class_weight[1]]
    return float(mass[1] / mass.sum())


def _resample(sampler, extreme, labels, groups, prevalence, splits, seed):
    check_seed(seed)
    labels = _checked(labels)
    if splits is not None and not (np.asarray(splits) == "train").all():
        received = np.unique(splits).tolist()
        refuse("splits", received, "'train' alone", "Resample training only.")
    if not 0 < prevalence < 1:
        refuse("prevalence", prevalence, "a number above 0 and below 1", "0.5 is half and half.")
    groups = np.arange(len(labels)) if groups is None else groups
    _, first, group_of_row = np.unique(groups, return_index=True, return_inverse=True)
    if len(group_of_row) != len(labels) or (labels != labels[first][group_of_row]).any():
        refuse("groups", "a group with two labels, or none", "one per image", "Give patients.")
    shares = np.array([1 - prevalence, prevalence])
    total = extreme(np.bincount(labels[first]) / shares)
    wanted = np.maximum(1, np.round(total * shares)).astype(int)
    drawer = sampler(sampling_strategy=dict(enumerate(wanted)), random_state=int(seed))
    drawer.fit_resample(np.zeros((len(first), 1)), labels[first])
    rows = np.argsort(group_of_row, kind="stable")
    rows_of_group = np.split(rows, np.cumsum(np.bincount(group_of_row))[:-1])
    return np.concatenate([rows_of_group[group] for group in drawer.sample_indices_])


def _checked(labels):
    labels = np.asarray(labels)
    if labels.ndim != 1 or labels.dtype.kind not in "iu" or set(labels.tolist()) != {0, 1}:
        found = np.unique(labels)[:4].tolist()
        refuse("labels", f"{found} of shape {labels.shape}", "0 and 1, both", "One per image.")
    return labels
