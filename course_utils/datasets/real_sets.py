"""Read the downloaded real data sets into the course's container.

BreastMNIST and DermaMNIST come without patient numbers, so their groups are near-duplicates
(correlation 0.98), and a group that the official split divides moves as a whole. The tumor
set of Cheng comes with patient numbers, masks and sizes. Used in lessons 08 to 10.
"""

from __future__ import annotations

import contextlib
import hashlib

import numpy as np

from course_utils import downloads
from course_utils._checks import DatasetError
from course_utils.datasets import ImageDataset, _npz, read_dataset
from course_utils.datasets.cheng import read_cheng
from course_utils.datasets.duplicates import group_near_duplicates
from course_utils.downloads import MissingDataError

__all__ = [
    "MissingDataError",
    "load_real",
    "read_breastmnist",
    "read_cheng",
    "read_dermamnist",
]

MEDMNIST_PARTS = {"train": "train", "validation": "val", "test": "test"}
# Raise it when read_cheng changes, so that stored results of the old reader are not used.
CHENG_READER = 1


def load_real(subject, size=None):
    """Return a downloaded real set; `course_utils.datasets.load` calls this.

    Parameters
    ----------
    subject : {"brain_mri", "breast_ultrasound", "skin_lesions"}
        Name as in `course_utils.datasets.load`.
    size : int, optional
        Pixels per side.

    Raises
    ------
    MissingDataError
        The set is not on this computer; the message holds the command that fetches it.
    DatasetError
        A file is damaged, or the size is not offered.
    """
    entry = downloads.find_set(subject)
    paths = downloads.find(entry.name, size)
    if entry.name == "breastmnist":
        return read_breastmnist(paths[0])
    if entry.name == "dermamnist":
        return read_dermamnist(paths[0])
    return _cheng_once(paths, entry.default_size if size is None else size, entry)


def read_breastmnist(path):
    """Read a BreastMNIST file, with the labels turned so that 1 is malignant.

    Parameters
    ----------
    path : str or Path
        breastmnist.npz, or breastmnist_64.npz, _128 or _224.

    Returns
    -------
    ImageDataset
        Groups are near-duplicates. A group with test images lies in test as a whole, one with
        validation images in validation; ``attributes["official_split"]`` holds the publishers'
        split, so the official test images are those of ``split("test")`` where it says test.
        Groups whose images contradict each other's labels are in the split extra.

    Raises
    ------
    DatasetError
        Not such a file. The message names it.
    """
    return _read_medmnist(path, downloads.find_set("breastmnist"))


def read_dermamnist(path):
    """Read a DermaMNIST file: seven classes, not for commercial use.

    Parameters
    ----------
    path : str or Path
        dermamnist.npz, or dermamnist_64.npz, _128 or _224.

    Returns
    -------
    ImageDataset
        As for `read_breastmnist`. Near-duplicates find few of the lesions photographed twice,
        so intervals over these groups are somewhat too narrow.

    Raises
    ------
    DatasetError
        Not such a file. The message names it.
    """
    return _read_medmnist(path, downloads.find_set("dermamnist"))


def _read_medmnist(path, entry):
    arrays = _npz.read_arrays(path)
    try:
        images, labels, official = _stack_parts(arrays, entry)
        groups = group_near_duplicates(images)
        conflict = _groups_with_two_labels(groups, labels)
        return ImageDataset(
            name=entry.name,
            images=images,
            labels=labels,
            class_names=entry.class_names,
            channel_names=entry.channel_names,
            groups=groups,
            group_kind="near-duplicate",
            splits=np.where(conflict, "extra", _undivided_splits(groups, official)),
            attributes={"official_split": official, "label_conflict": conflict},
            origin="real",
            source=entry.source,
            license=entry.license,
            citation=entry.citation,
            meta={"notice": entry.notice, "positive": entry.positive},
        )
    except ValueError as error:
        raise DatasetError(f"{path}: {error}") from error


def _stack_parts(arrays, entry):
    """Return images (n, h, w, channels), mapped labels, and the official part of each image."""
    images, labels, official = [], [], []
    for part, short in MEDMNIST_PARTS.items():
        if f"{short}_images" not in arrays:
            continue
        pixels, stored = arrays[f"{short}_images"], arrays.get(f"{short}_labels")
        if stored is None or stored.size != len(pixels):
            raise DatasetError(f"{short}_labels: missing, or not one for each image.")
        images.append(pixels.reshape(*pixels.shape[:3], -1))
        labels.append(stored.ravel())
        official += [part] * len(pixels)
    if not images:
        raise DatasetError(f"keys {sorted(arrays)[:6]}; needed: train_images, train_labels, ….")
    labels = np.concatenate(labels)
    unknown = sorted({str(label) for label in np.unique(labels)} - set(entry.labels))
    if unknown:
        raise DatasetError(f"labels: received {unknown[0]}; allowed: {', '.join(entry.labels)}.")
    mapped = np.array([entry.labels[str(label)] for label in labels])
    return np.concatenate(images), mapped, np.array(official)


def _undivided_splits(groups, official):
    """Move each divided group as a whole to the part that must not leak: test, validation."""
    order = np.array(list(MEDMNIST_PARTS))
    rank = np.array([list(order).index(part) for part in official])
    highest = np.zeros(groups.max() + 1, dtype=np.int64)
    np.maximum.at(highest, groups, rank)
    return order[highest[groups]]


def _groups_with_two_labels(groups, labels):
    """Return which images lie in a group whose images disagree about the class."""
    lowest = np.full(groups.max() + 1, labels.max())
    highest = np.full(groups.max() + 1, labels.min())
    np.minimum.at(lowest, groups, labels)
    np.maximum.at(highest, groups, labels)
    return (lowest != highest)[groups]


def _cheng_once(paths, size, entry):
    """Read Cheng's archives, and keep the result beside them because that takes a while."""
    contents = ",".join([str(CHENG_READER), *(file.md5 for file in entry.files)])
    digest = hashlib.md5(contents.encode(), usedforsecurity=False).hexdigest()[:8]
    stored = paths[0].with_name(f"cheng_{size}px_{digest}.npz")
    try:
        return read_dataset(stored)
    except DatasetError:
        data = read_cheng(paths, size)
    # A read-only folder is no reason to fail; it only costs the time again.
    with contextlib.suppress(OSError):
        data.save(stored)
    return data
