"""Check the fields of an `ImageDataset` once, when it is made."""

from __future__ import annotations

import numpy as np
import pandas as pd

from course_utils._checks import check_choice, check_names, check_rows, frozen, refuse

GROUP_KINDS = ("patient", "lesion", "near-duplicate", "image")
ORIGINS = ("simulated", "real")
SPLITS = ("train", "validation", "test", "extra")


def checked_fields(data):
    """Return every field of a data set in its final form, or refuse it in a sentence."""
    images, window = _images(data.images, data.intensity_window)
    n, channels = len(images), images.shape[-1]
    class_names = check_names("class_names", data.class_names)
    groups = _words_or_integers("groups", data.groups, n)
    masks, mask_names = _masks(data.masks, data.mask_names, images.shape[:3])
    channel_names = data.channel_names or {1: ("intensity",), 3: ("red", "green", "blue")}.get(
        channels
    )
    splits = None if data.splits is None else _splits(data.splits, groups, n)
    sites = None if data.sites is None else _words_or_integers("sites", data.sites, n)
    texts = ("name", "source", "license", "citation")
    return {field: check_names(field, (getattr(data, field),))[0] for field in texts} | {
        "images": images,
        "intensity_window": window,
        "class_names": class_names,
        "labels": _labels(data.labels, n, len(class_names)),
        "groups": groups,
        "group_kind": check_choice("group_kind", data.group_kind, GROUP_KINDS),
        "origin": check_choice("origin", data.origin, ORIGINS),
        "channel_names": check_names("channel_names", channel_names, channels),
        "splits": splits,
        "masks": masks,
        "mask_names": mask_names,
        "sites": sites,
        "slice_positions_mm": _lengths("slice_positions_mm", data.slice_positions_mm, (n,)),
        "slice_thickness_mm": _lengths("slice_thickness_mm", data.slice_thickness_mm, (n,)),
        "pixel_spacing_mm": _lengths("pixel_spacing_mm", data.pixel_spacing_mm, (n, 2)),
        "attributes": _attributes(data.attributes, n),
        "meta": dict(data.meta or {}),
    }


def _images(images, window):
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
            allowed = "None with uint8 images"
            refuse("intensity_window", repr(window), allowed, "uint8 always spans 0–255.")
        return frozen(images), None
    if images.dtype != np.float32:
        allowed = "uint8, or float32 with an intensity_window"
        remedy = "Convert with images.astype('float32') and give the window, such as (-160, 240)."
        refuse("images", f"dtype {images.dtype}", allowed, remedy)
    window = check_window(window)
    bad = np.flatnonzero(~np.isfinite(images).all(axis=(1, 2, 3)))
    if bad.size:
        received = f"NaN or infinity in image {bad[0]}"
        refuse("images", received, "finite numbers", "Replace or leave out such images.")
    return frozen(images), window


def check_window(window):
    """Check that an intensity window is two finite numbers, the lower one first."""
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


def _labels(labels, n, n_classes):
    labels = check_rows("labels", labels, n)
    if labels.dtype.kind not in "iu":
        remedy = "Give the position of each image's class in class_names."
        refuse("labels", f"dtype {labels.dtype}", "integers", remedy)
    outside = labels[(labels < 0) | (labels >= n_classes)]
    if outside.size:
        allowed = f"0 to {n_classes - 1}, positions in class_names"
        refuse("labels", f"value {outside[0]}", allowed, "Correct the labels or name all classes.")
    return frozen(labels.astype(np.int64))


def _words_or_integers(field, values, n):
    values = check_rows(field, values, n)
    if values.dtype.kind not in "iuU":
        remedy = "Give every image a name or a number."
        refuse(field, f"dtype {values.dtype}", "integers or non-empty text", remedy)
    return frozen(values.astype(np.int64) if values.dtype.kind in "iu" else values)


def _splits(splits, groups, n):
    splits = _words_or_integers("splits", splits, n)
    unknown = sorted(set(splits.tolist()) - set(SPLITS), key=str)
    if unknown:
        remedy = "'extra' is for images outside the official split."
        refuse("splits", repr(unknown[0]), ", ".join(SPLITS), remedy)
    parts = pd.DataFrame({"group": groups, "split": splits}).drop_duplicates()
    divided = parts.loc[parts.duplicated("group"), "group"].unique()
    if divided.size:
        refuse(
            "splits",
            f"group {divided[0]} in more than one split ({divided.size} such groups)",
            "each group in one split only",
            "Images of one group in two splits leak; divide with split_by_group.",
        )
    return splits


def _masks(masks, names, shape):
    if masks is None:
        if names:
            refuse("mask_names", repr(names), "() without masks", "Give masks as well.")
        return None, ()
    masks, names = np.asarray(masks), check_names("mask_names", names)
    if len(names) > 8:
        refuse("mask_names", f"{len(names)} names", "at most 8", "A mask has 8 bits.")
    if masks.shape != shape or masks.dtype != np.uint8:
        refuse(
            "masks",
            f"shape {masks.shape}, dtype {masks.dtype}",
            f"shape {shape}, dtype uint8",
            "Masks must fit the images; bit j belongs to mask_names[j].",
        )
    if masks.max() >= 2 ** len(names):
        allowed = f"0 to {2 ** len(names) - 1} for {len(names)} named masks"
        refuse("masks", f"value {masks.max()}", allowed, "Name every bit, or write 0 and 1.")
    return frozen(masks), names


def _lengths(field, values, shape):
    """Return lengths in mm as float64; only positions may be 0 or below."""
    if values is None:
        return None
    remedy = "Give None where the size is unknown."
    try:
        values = np.array(np.broadcast_to(np.asarray(values, dtype=np.float64), shape))
    except (TypeError, ValueError):
        allowed = f"numbers in mm of shape {shape}, or one value for all"
        refuse(field, f"shape {np.shape(values)}", allowed, remedy)
    positive = field != "slice_positions_mm"
    if not np.isfinite(values).all() or (positive and values.min() <= 0):
        allowed = "finite mm above 0" if positive else "finite mm"
        refuse(field, f"values from {values.min()} to {values.max()}", allowed, remedy)
    return frozen(values)


def _attributes(attributes, n):
    if attributes is None:
        return None
    try:
        table = pd.DataFrame(attributes).reset_index(drop=True).copy()
    except ValueError as error:
        refuse("attributes", f"{error}", f"columns of {n} values", "Give one value per image.")
    if len(table) != n:
        allowed = f"{n} rows, one per image"
        refuse("attributes", f"{len(table)} rows", allowed, "Select the table with the images.")
    for column in table.columns:
        check_names("name of a column of attributes", (column,))
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


def positions(which, n):
    """Return a selection as integer positions, refusing what NumPy would bend."""
    which = np.asarray(which)
    if which.dtype == bool and which.shape == (n,):
        which = np.flatnonzero(which)
    if which.dtype.kind not in "iu" or which.ndim != 1:
        received = f"shape {which.shape}, dtype {which.dtype}"
        allowed = f"booleans of shape ({n},) or a list of positions"
        refuse("selection", received, allowed, "For one image write select([5]).")
    if which.size == 0 or which.min() < -n or which.max() >= n:
        received = f"positions {which.min()} to {which.max()}" if which.size else "no image"
        allowed = f"at least one position from 0 to {n - 1}"
        refuse("selection", received, allowed, "Check the condition that chooses the images.")
    return which
