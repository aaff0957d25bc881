"""The container of the course: images with everything needed to use them honestly."""

from __future__ import annotations

import copy
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pandas as pd

from course_utils._checks import DatasetError, check_choice, check_names
from course_utils.datasets import _npz
from course_utils.datasets._check import SPLITS, checked_fields, positions
from course_utils.datasets._display import dataset_html, dataset_text
from course_utils.datasets.groups import aggregate


class _CopyOnRead:
    """A dataclass field that hands out copies, so that nobody can change the original."""

    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, instance, owner=None):
        return None if instance is None else copy.deepcopy(instance.__dict__[self.name])

    def __set__(self, instance, value):
        instance.__dict__[self.name] = value


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ImageDataset:
    """Images with labels, groups and everything needed to use them honestly.

    The container checks itself when it is made and cannot be changed afterwards: arrays are
    read-only, and ``attributes`` and ``meta`` hand out copies.

    Parameters
    ----------
    name : str
        Short name, such as ``"brain_mri"``.
    images : array (n, height, width, channels)
        uint8, 0–255; or float32 together with ``intensity_window``.
    labels : integer array (n,)
        Positions in ``class_names``; always the true class.
    class_names : sequence of str
        One name per class. In two-class sets the second one is the disease.
    groups : array (n,) of integers or text
        What belongs together and must never be divided, such as patient numbers.
    group_kind : {"patient", "lesion", "near-duplicate", "image"}
        What a group is; every interval names it.
    origin : {"simulated", "real"}
        Where the pixels come from.
    channel_names : sequence of str, optional
        Left out, one channel is called intensity, three are red, green and blue.
    intensity_window : (low, high), optional
        Only with float32: the intensities that become 0 and 1 in `as_float`.
    splits : array (n,) of text, optional
        Official split: train, validation, test, or extra for images outside it.
    masks : uint8 array (n, height, width), optional
        Bit flags; bit j belongs to ``mask_names[j]``. See `mask`.
    mask_names : sequence of str, optional
        At most eight.
    sites : array (n,), optional
        Hospital or scanner.
    slice_positions_mm, slice_thickness_mm : float array (n,), optional
        Where slices form a stack, in mm. One thickness may stand for all.
    pixel_spacing_mm : float array (n, 2), optional
        Distance of rows and of columns, in mm. One pair may stand for all.
    attributes : pandas.DataFrame, optional
        One row per image: what generated it, or what is known of it.
    source, license, citation : str
        Where the data come from and what they may be used for.
    meta : dict, optional
        Anything else worth keeping, such as the generator's version and seed.

    Examples
    --------
    >>> import numpy as np
    >>> scans = ImageDataset(
    ...     name="demo",
    ...     images=np.zeros((4, 8, 8, 1), np.uint8),
    ...     labels=[0, 0, 1, 1],
    ...     class_names=("healthy", "tumor"),
    ...     groups=["A", "A", "B", "C"],
    ...     group_kind="patient",
    ...     splits=["train", "train", "train", "test"],
    ...     origin="simulated",
    ... )
    >>> scans
    ImageDataset 'demo': SIMULATED images
      4 images, 8 x 8 px, 1 channel (intensity), uint8
      3 groups, each a patient
      train: 3 images, 2 groups (healthy 2, tumor 1 images)
      test: 1 image, 1 group (tumor 1 image)
      no masks
    >>> len(scans.split("train"))
    3
    >>> scans.select(scans.labels == 1).groups
    array(['B', 'C'], dtype='<U1')
    >>> scans.as_float().dtype
    dtype('float32')
    >>> scans.by_group()["images"].to_dict()
    {'A': 2, 'B': 1, 'C': 1}
    """

    # _CopyOnRead is a descriptor: its call in the class body is how dataclasses take one.
    name: str
    images: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...]
    groups: np.ndarray
    group_kind: str
    origin: str
    channel_names: tuple[str, ...] | None = None
    intensity_window: tuple[float, float] | None = None
    splits: np.ndarray | None = None
    masks: np.ndarray | None = None
    mask_names: tuple[str, ...] = ()
    sites: np.ndarray | None = None
    slice_positions_mm: np.ndarray | None = None
    slice_thickness_mm: np.ndarray | None = None
    pixel_spacing_mm: np.ndarray | None = None
    attributes: pd.DataFrame | None = _CopyOnRead()
    source: str = "not stated"
    license: str = "not stated"
    citation: str = "not stated"
    meta: dict[str, Any] | None = _CopyOnRead()

    def __post_init__(self):
        try:
            checked = checked_fields(self)
        except ValueError as error:
            raise DatasetError(str(error)) from None
        for field, value in checked.items():
            object.__setattr__(self, field, value)

    def __len__(self):
        """Return the number of images."""
        return len(self.images)

    def __reduce__(self):
        """Check again after a trip to another process, where arrays arrive writable."""
        return _rebuild, ({field.name: getattr(self, field.name) for field in fields(self)},)

    def __repr__(self):
        """Return a summary in words that names the origin."""
        return dataset_text(self)

    def _repr_html_(self):
        return dataset_html(self)

    def select(self, which):
        """Return the data set of some images.

        Parameters
        ----------
        which : boolean array (n,) or integer array
            Which images, as in NumPy; integers keep their order and may repeat.

        Examples
        --------
        ``scans.select(scans.labels == 1)`` keeps the second class; see `ImageDataset`.
        """
        which = positions(which, len(self))
        chosen = {}
        for field in _PER_IMAGE:
            values = getattr(self, field)
            if field == "attributes":
                chosen[field] = None if values is None else values.iloc[which]
            elif values is not None:
                chosen[field] = values[which]
                chosen[field].flags.writeable = False
        return replace(self, **chosen)

    def split(self, name):
        """Return one part of the official split: train, validation, test or extra."""
        if self.splits is None:
            raise DatasetError(
                f"{self.name} has no official split, so no part {name!r}. "
                "Divide it yourself with split_by_group."
            )
        check_choice("split", name, [part for part in SPLITS if (self.splits == part).any()])
        return self.select(self.splits == name)

    def mask(self, name):
        """Return one mask of every image: boolean (n, height, width)."""
        if self.masks is None:
            raise DatasetError(f"{self.name} has no masks, so none called {name!r}.")
        check_choice("mask", name, self.mask_names)
        return (self.masks >> self.mask_names.index(name)) & 1 == 1

    def as_float(self, which=None):
        """Return images as float32 from 0 to 1: the one place where the course does this.

        uint8 is divided by 255. float32 is mapped so that the intensity window spans 0 to 1;
        what lies outside is clipped.

        Parameters
        ----------
        which : boolean or integer array, optional
            Convert only these images, to spare memory.

        Returns
        -------
        array (n, height, width, channels), float32, 0–1
        """
        images = self.images if which is None else self.images[positions(which, len(self))]
        if images.dtype == np.uint8:
            return np.multiply(images, np.float32(1 / 255), dtype=np.float32)
        low, high = self.intensity_window
        return np.clip((images - np.float32(low)) / np.float32(high - low), 0, 1)

    def per_group(self, probabilities, rule="mean"):
        """Combine probabilities per image into one per group, with the groups' labels.

        Parameters
        ----------
        probabilities, rule
            As in `aggregate`.

        Returns
        -------
        GroupProbabilities

        Examples
        --------
        ``test.per_group(training.predict(model, test))``
        """
        return aggregate(probabilities, self.groups, rule, labels=self.labels)

    def by_group(self):
        """Return a table with one row per group: images, classes, and split and site if known."""
        columns = {"classes": np.array(self.class_names)[self.labels]}
        columns |= {"split": self.splits, "site": self.sites}
        known = {name: values for name, values in columns.items() if values is not None}
        table = pd.DataFrame(known).groupby(self.groups)
        words = table.agg(lambda values: ", ".join(sorted(set(values.astype(str)))))
        words.insert(0, "images", table.size())
        return words.rename_axis("group")

    def with_two_classes(self, positive, class_names):
        """Return the set with its classes merged into two.

        Parameters
        ----------
        positive : sequence of str
            The classes that become label 1.
        class_names : (str, str)
            Names of label 0 and label 1.

        Examples
        --------
        ``skin.with_two_classes(["mel", "bcc", "akiec"], ("other", "malignant"))``
        """
        positive = [positive] if isinstance(positive, str) else list(positive)
        for name in positive:
            check_choice("positive", name, self.class_names)
        check_names("class_names", class_names, 2)
        lookup = np.array([name in positive for name in self.class_names], dtype=np.int64)
        return replace(self, labels=lookup[self.labels], class_names=class_names)

    def save(self, path, *, jpeg_quality=None):
        """Write the set to an .npz file that `read_dataset` reads; no pickle, all or nothing.

        Parameters
        ----------
        path : str or Path
            Must end in .npz.
        jpeg_quality : int, optional
            1 to 95: store uint8 images as JPEG, smaller and not exact.
        """
        _npz.write_arrays(path, _npz.dataset_to_arrays(self, jpeg_quality))


_PER_IMAGE = (
    *("images", "labels", "groups", "splits", "masks", "sites", "slice_positions_mm"),
    *("slice_thickness_mm", "pixel_spacing_mm", "attributes"),
)


def _rebuild(values):
    return ImageDataset(**values)
