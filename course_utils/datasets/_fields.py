"""Turn the fields of an image data set into their final form, or refuse them."""

from __future__ import annotations

import copy

import numpy as np
import pandas as pd

from course_utils._checks import check_choice, check_names, frozen
from course_utils.datasets._problems import refuse

GROUP_KINDS = ("patient", "lesion", "near-duplicate", "image")
ORIGINS = ("simulated", "real")
SPLITS = ("train", "validation", "test", "extra")
MAX_MASKS = 8


def per_image(field, values, n):
    """Check one value per image and return the array."""
    values = np.asarray(values)
    if values.shape != (n,):
        refuse(
            field,
            f"shape {values.shape}",
            f"({n},), one value per image",
            "Check that the array was selected together with the images.",
        )
    return values


def check_text_or_numbers(field, values, n):
    """Check integers or non-empty text, one per image."""
    values = per_image(field, values, n)
    if values.dtype.kind in "iu":
        return frozen(values.astype(np.int64))
    if values.dtype.kind in "OT" and all(isinstance(value, str) for value in values):
        values = values.astype(str)
    if values.dtype.kind != "U" or not np.all(np.char.str_len(values) > 0):
        refuse(
            field,
            f"dtype {values.dtype} or an empty or missing entry",
            "integers or non-empty text",
            "Give every image a name or a number.",
        )
    return frozen(values)


def positions(which, n):
    """Return a selection as integer positions, refusing what NumPy would bend."""
    which = np.asarray(which)
    if which.dtype == bool and which.shape == (n,):
        which = np.flatnonzero(which)
    if which.dtype.kind not in "iu" or which.ndim != 1:
        refuse(
            "selection",
            f"shape {which.shape}, dtype {which.dtype}",
            f"booleans of shape ({n},) or a list of positions",
            "For one image write select([5]).",
        )
    if which.size == 0 or which.min() < -n or which.max() >= n:
        refuse(
            "selection",
            "no image" if which.size == 0 else f"positions {which.min()} to {which.max()}",
            f"at least one position from 0 to {n - 1}",
            "Check the condition that chooses the images.",
        )
    return which


def check_images(images, window):
    """Check the pixels and the intensity window; return both."""
    images = np.asarray(images)
    if images.ndim != 4 or 0 in images.shape:
        refuse(
            "images",
            f"shape {images.shape}",
            "(n, height, width, channels), none of them 0",
            "Gray images need a channel axis: images[..., np.newaxis].",
        )
    if images.dtype == np.uint8:
        if window is not None:
            refuse(
                "intensity_window",
                repr(window),
                "None with uint8 images",
                "uint8 pixels always span 0–255; leave the window out.",
            )
        return frozen(images), None
    if images.dtype != np.float32:
        refuse(
            "images",
            f"dtype {images.dtype}",
            "uint8, or float32 with an intensity_window",
            "Convert with images.astype('float32') and give the window, for example (-160, 240).",
        )
    window = check_window(window)
    if not np.isfinite(images).all():
        bad = int(np.flatnonzero(~np.isfinite(images).all(axis=(1, 2, 3)))[0])
        refuse(
            "images",
            f"NaN or infinity in image {bad}",
            "finite numbers",
            "Replace or leave out such images before building the data set.",
        )
    return frozen(images), window


def check_window(window):
    """Check that the window is two finite numbers, the lower one first."""
    try:
        low, high = (float(value) for value in window)
    except (TypeError, ValueError):
        low = high = np.nan
    if not (np.isfinite([low, high]).all() and low < high):
        refuse(
            "intensity_window",
            repr(window),
            "(low, high) with low < high",
            "Give the intensities that become 0 and 1, for example (-160, 240) in HU.",
        )
    return low, high


def check_labels(labels, n, n_classes):
    """Check class numbers from 0 to n_classes - 1; return int64."""
    labels = per_image("labels", labels, n)
    if labels.dtype.kind not in "iu":
        refuse(
            "labels",
            f"dtype {labels.dtype}",
            "integers",
            "Give the position of each image's class in class_names.",
        )
    outside = np.unique(labels[(labels < 0) | (labels >= n_classes)])
    if outside.size:
        refuse(
            "labels",
            f"value {outside[0]}",
            f"0 to {n_classes - 1}, positions in class_names",
            "Correct the labels or name the missing classes.",
        )
    return frozen(labels.astype(np.int64))


def check_splits(splits, groups, n):
    """Check the words, and that no group lies in two splits."""
    if splits is None:
        return None
    splits = check_text_or_numbers("splits", splits, n)
    unknown = sorted({str(word) for word in np.unique(splits)} - set(SPLITS))
    if unknown:
        refuse(
            "splits",
            repr(unknown[0]),
            ", ".join(SPLITS),
            "'extra' is for images outside the official split.",
        )
    _, group_number = np.unique(groups, return_inverse=True)
    _, split_number = np.unique(splits, return_inverse=True)
    seen = np.unique(np.stack([group_number, split_number]), axis=1)[0]
    divided = seen[1:][np.diff(seen) == 0]
    if divided.size:
        name = groups[group_number == divided[0]][0]
        refuse(
            "splits",
            f"group {name!s} in more than one split ({len(np.unique(divided))} such groups)",
            "each group in one split only",
            "Images of one group in two splits leak; divide with split_by_group.",
        )
    return splits


def check_masks(masks, names, shape):
    """Check bit-flag masks against the images and the names of the bits."""
    if masks is None:
        if names:
            refuse("mask_names", repr(names), "() without masks", "Give masks as well.")
        return None, ()
    masks = np.asarray(masks)
    names = check_names("mask_names", names)
    if len(names) > MAX_MASKS:
        refuse("mask_names", f"{len(names)} names", f"at most {MAX_MASKS}", "A mask has 8 bits.")
    if masks.shape != shape[:3] or masks.dtype != np.uint8:
        refuse(
            "masks",
            f"shape {masks.shape}, dtype {masks.dtype}",
            f"shape {shape[:3]}, dtype uint8",
            "Masks must fit the images; bit j belongs to mask_names[j].",
        )
    highest = int(masks.max())
    if highest >= 2 ** len(names):
        refuse(
            "masks",
            f"value {highest}",
            f"0 to {2 ** len(names) - 1} for {len(names)} named masks",
            "Bit j belongs to mask_names[j]; name every bit that is used.",
        )
    return frozen(masks), names


def check_lengths(field, values, shape, *, positive):
    """Check millimeters; a single value is repeated for every image."""
    if values is None:
        return None
    try:
        values = np.array(np.broadcast_to(np.asarray(values, dtype=np.float64), shape))
    except (TypeError, ValueError):
        refuse(
            field,
            f"shape {np.shape(values)}",
            f"numbers in mm of shape {shape}, or one value for all",
            "Give None where the size is unknown.",
        )
    if not np.isfinite(values).all() or (positive and values.min() <= 0):
        refuse(
            field,
            f"values from {values.min()} to {values.max()}",
            "finite mm above 0" if positive else "finite mm",
            "Give None where the size is unknown.",
        )
    return frozen(values)


def check_attributes(attributes, n):
    """Check the table of attributes: one row per image, plain columns."""
    if attributes is None:
        return None
    try:
        table = pd.DataFrame(attributes).reset_index(drop=True).copy()
    except ValueError as error:
        refuse("attributes", f"{error}", f"columns of {n} values", "Give one value per image.")
    if len(table) != n:
        refuse(
            "attributes",
            f"{len(table)} rows",
            f"{n} rows, one per image",
            "Check that the table was selected together with the images.",
        )
    for column in table.columns:
        if not isinstance(column, str) or not column:
            refuse("attributes", f"column {column!r}", "named columns", "Give every column a name.")
        attribute_array(column, table[column])
    return table


def attribute_array(column, values):
    """Return one column as an array that needs no pickle: numbers, truth values or text."""
    array = np.asarray(values)
    if array.dtype.kind in "OT" and all(isinstance(value, str) for value in array):
        array = array.astype(str)
    if array.dtype.kind not in "biufU":
        refuse(
            f"attributes[{column!r}]",
            f"dtype {array.dtype}",
            "numbers, truth values, or text without missing entries",
            "Write missing text as 'unknown', missing numbers as NaN.",
        )
    return array


def checked_fields(data):
    """Return every field of a data set in its final form."""
    images, window = check_images(data.images, data.intensity_window)
    n = len(images)
    class_names = check_names("class_names", data.class_names)
    groups = check_text_or_numbers("groups", data.groups, n)
    masks, mask_names = check_masks(data.masks, data.mask_names, images.shape)
    default_names = {1: ("intensity",), 3: ("red", "green", "blue")}.get(images.shape[-1])
    texts = {
        field: check_names(field, (getattr(data, field),))[0]
        for field in ("name", "source", "license", "citation")
    }
    return texts | {
        "images": images,
        "intensity_window": window,
        "class_names": class_names,
        "labels": check_labels(data.labels, n, len(class_names)),
        "groups": groups,
        "group_kind": check_choice("group_kind", data.group_kind, GROUP_KINDS),
        "origin": check_choice("origin", data.origin, ORIGINS),
        "channel_names": check_names(
            "channel_names", data.channel_names or default_names, images.shape[-1]
        ),
        "splits": check_splits(data.splits, groups, n),
        "masks": masks,
        "mask_names": mask_names,
        "sites": None if data.sites is None else check_text_or_numbers("sites", data.sites, n),
        "slice_positions_mm": check_lengths(
            "slice_positions_mm", data.slice_positions_mm, (n,), positive=False
        ),
        "slice_thickness_mm": check_lengths(
            "slice_thickness_mm", data.slice_thickness_mm, (n,), positive=True
        ),
        "pixel_spacing_mm": check_lengths(
            "pixel_spacing_mm", data.pixel_spacing_mm, (n, 2), positive=True
        ),
        "attributes": check_attributes(data.attributes, n),
        "meta": dict(data.meta or {}),
    }


class CopyOnRead:
    """A dataclass field that hands out copies, so that nobody can change the original."""

    def __set_name__(self, owner, name):
        """Remember under which name the value is stored."""
        self.name = name

    def __get__(self, instance, owner=None):
        """Return a copy of the value; None as the field's default."""
        return None if instance is None else copy.deepcopy(instance.__dict__[self.name])

    def __set__(self, instance, value):
        """Store the value; the frozen dataclass calls this once."""
        instance.__dict__[self.name] = value
