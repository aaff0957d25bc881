"""The container of the course: images with everything needed to use them honestly."""

from __future__ import annotations

import base64
import copy
from dataclasses import dataclass, fields, replace
from html import escape
from io import BytesIO
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image, ImageOps

from course_utils._checks import DatasetError, check_choice
from course_utils.datasets._fields import LENGTHS, SPLITS, checked_fields, positions, write_dataset
from course_utils.datasets.groups import aggregate
from course_utils.datasets.sealed import SealedDataset

# Images that a notebook shows: of each class, in all, and their longer side in pixels.
PER_CLASS, MAX_IMAGES, SIDE = 3, 12, 96
GROUP_IN_WORDS = {
    "patient": "a patient",
    "lesion": "a lesion",
    "near-duplicate": "a cluster of near-duplicates",
    "image": "one image",
}
PER_IMAGE = ("images", "labels", "groups", "splits", "masks", "sites", *LENGTHS)


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
        What to call the set, such as ``"brain_mri"``.
    images : ndarray, shape (n, height, width, channels)
        uint8, 0–255, or float32 with an intensity window.
    labels : array-like of int, shape (n,)
        The true class of each image, as position in `class_names`.
    class_names : sequence of str
        Of two classes the last one is the disease.
    groups : array-like of int or str, shape (n,)
        What belongs together and must never be divided, such as patient numbers.
    group_kind : {"patient", "lesion", "near-duplicate", "image"}
        What a group is.
    origin : {"simulated", "real"}
        Whether a program drew the images.
    channel_names : sequence of str, optional
        Left out: intensity for one channel; red, green and blue for three.
    intensity_window : (low, high), optional
        The values of float32 images that become 0 and 1 in `as_float`.
    splits : array-like of str, shape (n,), optional
        The official ones: train, validation, test, or extra for images outside of them.
    masks, mask_names : ndarray, shape (n, height, width), and sequence of str, optional
        Bit flags, uint8: bit j belongs to ``mask_names[j]``, at most eight.
    sites : array-like of int or str, shape (n,), optional
        Hospital or scanner.
    slice_positions_mm, slice_thickness_mm : array-like of float, shape (n,), optional
        Of slices that form a stack; one thickness may stand for all.
    pixel_spacing_mm : array-like of float, shape (n, 2), optional
        The distance of rows and of columns; one pair may stand for all.
    attributes : DataFrame or dict of columns, optional
        One row for each image.
    source, license, citation : str, optional
        Where the images come from, and under which terms.
    meta : dict, optional
        Anything else worth keeping.

    Examples
    --------
    >>> import numpy as np
    >>> fields = {"images": np.zeros((4, 8, 8, 1), np.uint8), "labels": [0, 0, 1, 1]}
    >>> fields |= {"class_names": ("healthy", "tumor"), "groups": ["A", "A", "B", "C"]}
    >>> fields["splits"] = ["train", "train", "train", "test"]
    >>> ImageDataset(name="demo", **fields, group_kind="patient", origin="simulated")
    ImageDataset 'demo': SIMULATED images
      4 images, 8 x 8 px, 1 channel (intensity), uint8
      3 groups, each a patient
      train: 3 images, 2 groups (healthy 2, tumor 1 images)
      test: 1 image, 1 group (tumor 1 image)
      no masks
    """

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
        return len(self.images)

    def __reduce__(self):
        """Check again after a trip to another process, where arrays arrive writable."""
        return _rebuild, ({field.name: getattr(self, field.name) for field in fields(self)},)

    def __repr__(self):
        return _text(self)

    def _repr_html_(self):
        return _html(self)

    def select(self, which):
        """Return the data set of some images, chosen by booleans (n,) or positions, as in NumPy."""
        which = positions(which, len(self))
        known = [field for field in PER_IMAGE if getattr(self, field) is not None]
        chosen = {field: getattr(self, field)[which] for field in known}
        for values in chosen.values():
            values.flags.writeable = False
        if self.attributes is not None:
            chosen["attributes"] = self.attributes.iloc[which]
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
        what lies outside is clipped. `which` converts only some images, as in `select`.
        """
        images = self.images if which is None else self.images[positions(which, len(self))]
        if images.dtype == np.uint8:
            return np.multiply(images, np.float32(1 / 255), dtype=np.float32)
        low, high = self.intensity_window
        return np.clip((images - np.float32(low)) / np.float32(high - low), 0, 1)

    def per_group(self, probabilities, rule="mean"):
        """Combine probabilities per image into one per group, as `aggregate`, with their labels."""
        return aggregate(probabilities, self.groups, rule, labels=self.labels)

    def seal(self, record):
        """Return the set closed; `record` (.jsonl) counts openings. See `SealedDataset`."""
        return SealedDataset(self, record)

    def save(self, path):
        """Write the set to an .npz file that `read_dataset` reads; no pickle, all or nothing."""
        write_dataset(path, self)


def _rebuild(values):
    return ImageDataset(**values)


def _text(data):
    """Return a summary in words that names the origin."""
    height, width, channels = data.images.shape[1:]
    masks, n_groups = ", ".join(data.mask_names), len(set(data.groups.tolist()))
    parts = {"no official split": np.ones(len(data), dtype=bool)}
    if data.splits is not None:
        parts = {name: data.splits == name for name in SPLITS}
    lines = [
        f"ImageDataset {data.name!r}: {data.origin.upper()} images",
        f"{_count(len(data), 'image')}, {height} x {width} px, "
        f"{_count(channels, 'channel')} ({', '.join(data.channel_names)}), {data.images.dtype}",
        f"{_count(n_groups, 'group')}, each {GROUP_IN_WORDS[data.group_kind]}",
        *(_part(data, name, part) for name, part in parts.items() if part.any()),
        f"masks: {masks}" if masks else "no masks",
    ]
    return "\n  ".join(lines)


def _part(data, name, part):
    counts = np.bincount(data.labels[part], minlength=len(data.class_names))
    classes = [f"{c} {k}" for c, k in zip(data.class_names, counts, strict=True) if k]
    return (
        f"{name}: {_count(part.sum(), 'image')}, {_count(len(set(data.groups[part])), 'group')} "
        f"({', '.join(classes)} {'image' if part.sum() == 1 else 'images'})"
    )


def _count(number, noun):
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _html(data):
    """Return HTML with the origin first and sample images: of each class, from other groups."""
    n_classes = len(data.class_names)
    chosen = []
    for label in range(min(n_classes, MAX_IMAGES)):
        of_class = np.flatnonzero(data.labels == label)
        _, first = np.unique(data.groups[of_class], return_index=True)
        chosen += list(of_class[np.sort(first)[: max(1, min(PER_CLASS, MAX_IMAGES // n_classes))]])
    samples = "".join(_figure(data, i) for i in chosen)
    facts = {"Source": data.source, "License": data.license, "Citation": data.citation}
    facts = "".join(f"<li>{label}: {escape(value)}</li>" for label, value in facts.items())
    return (
        f"<div><p><strong>{escape(data.name)}</strong>: these images are "
        f"<strong>{escape(data.origin)}</strong>.</p><pre>{escape(_text(data))}</pre>"
        f'<div style="display: flex; flex-wrap: wrap; gap: 8px">{samples}</div>'
        f"<ul>{facts}</ul></div>"
    )


def _figure(data, i):
    """Return one image with its class: color as it is, otherwise the first channel in gray."""
    class_name = data.class_names[data.labels[i]]
    pixels = (data.as_float([i])[0] * 255).round().astype(np.uint8)
    color = pixels.shape[-1] == 3
    image = Image.fromarray(pixels if color else pixels[..., 0])
    method = Image.Resampling.NEAREST if max(image.size) < SIDE else Image.Resampling.BOX
    buffer = BytesIO()
    ImageOps.contain(image, (SIDE, SIDE), method).save(buffer, "PNG", optimize=True)
    coded = base64.b64encode(buffer.getvalue()).decode("ascii")
    channel = "" if color else f", channel {data.channel_names[0]}"
    alt = f"{data.origin.capitalize()} {data.name} image {i}: class {class_name}{channel}"
    return (
        f'<figure style="margin: 0; max-width: {SIDE}px">'
        f'<img alt="{escape(alt)}" src="data:image/png;base64,{coded}">'
        f"<figcaption>{escape(class_name)} ({escape(data.origin)})</figcaption></figure>"
    )
