"""The fields of an `ImageDataset`: what each must hold, and how an .npz file stores them."""

from __future__ import annotations

import json
import os
import zipfile
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from course_utils._checks import DatasetError, check_choice, check_names, check_rows, frozen, refuse
from course_utils._files import write_npz

GROUP_KINDS = ("patient", "lesion", "near-duplicate", "image")
ORIGINS = ("simulated", "real")
SPLITS = ("train", "validation", "test", "extra")
CHANNEL_NAMES = {1: ("intensity",), 3: ("red", "green", "blue")}

SCHEMA_VERSION = 1
TEXT = ("name", "group_kind")
TEXTS = ("class_names", "channel_names", "mask_names")
REQUIRED = ("name", "channel_names", "labels", "class_names", "groups", "group_kind")
LENGTHS = ("slice_positions_mm", "slice_thickness_mm", "pixel_spacing_mm")
OPTIONAL = ("splits", "masks", "mask_names", "sites", *LENGTHS)
JPEG = ("jpeg_bytes", "jpeg_offsets")
IN_META = ("origin", "source", "license", "citation", "intensity_window")


def checked_fields(data):
    """Return every field of a data set in its final form, or refuse it in a sentence."""
    images, window = _images(data.images, data.intensity_window)
    n, channels = len(images), images.shape[-1]
    class_names = check_names("class_names", data.class_names)
    groups = _words_or_integers("groups", data.groups, n)
    masks, mask_names = _masks(data.masks, data.mask_names, images.shape[:3])
    channel_names = data.channel_names or CHANNEL_NAMES.get(channels)
    texts = ("name", "source", "license", "citation")
    checked = {field: check_names(field, (getattr(data, field),))[0] for field in texts}
    for field in LENGTHS:
        shape = (n, 2) if field == "pixel_spacing_mm" else (n,)
        checked[field] = _lengths(field, getattr(data, field), shape)
    return checked | {
        "images": images,
        "intensity_window": window,
        "class_names": class_names,
        "labels": _labels(data.labels, n, len(class_names)),
        "groups": groups,
        "group_kind": check_choice("group_kind", data.group_kind, GROUP_KINDS),
        "origin": check_choice("origin", data.origin, ORIGINS),
        "channel_names": check_names("channel_names", channel_names, channels),
        "splits": None if data.splits is None else _splits(data.splits, groups, n),
        "masks": masks,
        "mask_names": mask_names,
        "sites": None if data.sites is None else _words_or_integers("sites", data.sites, n),
        "attributes": None if data.attributes is None else _attributes(data.attributes, n),
        "meta": dict(data.meta or {}),
    }


def _images(images, window):
    images = np.asarray(images)
    if images.ndim != 4 or 0 in images.shape:
        allowed = "(n, height, width, channels), none of them 0"
        remedy = "Gray images need a channel axis: images[..., np.newaxis]."
        refuse("images", f"shape {images.shape}", allowed, remedy)
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
    """Check that an intensity window is two finite numbers, the lower one first; return it."""
    try:
        low, high = (float(value) for value in window)
    except (TypeError, ValueError):
        low = high = np.nan
    if not (np.isfinite([low, high]).all() and low < high):
        remedy = "Give the intensities that become 0 and 1, for example (-160, 240) in HU."
        refuse("intensity_window", repr(window), "(low, high) with low < high", remedy)
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
        received = f"group {divided[0]} in more than one split ({divided.size} such groups)"
        remedy = "Images of one group in two splits leak; divide with split_by_group."
        refuse("splits", received, "each group in one split only", remedy)
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
        received = f"shape {masks.shape}, dtype {masks.dtype}"
        remedy = "Masks must fit the images; bit j belongs to mask_names[j]."
        refuse("masks", received, f"shape {shape}, dtype uint8", remedy)
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
    try:
        table = pd.DataFrame(attributes).reset_index(drop=True).copy()
    except ValueError as error:
        refuse("attributes", f"{error}", f"columns of {n} values", "Give one value per image.")
    if len(table) != n:
        allowed = f"{n} rows, one per image"
        refuse("attributes", f"{len(table)} rows", allowed, "Select the table with the images.")
    for column in table.columns:
        check_names("name of a column of attributes", (column,))
        _attribute_array(column, table[column])
    return table


def _attribute_array(column, values):
    """Return one column as an array that needs no pickle: numbers, truth values or text."""
    array = np.asarray(values)
    if array.dtype.kind in "OT" and all(isinstance(value, str) for value in array):
        array = array.astype(str)
    if array.dtype.kind not in "biufU":
        allowed = "numbers, truth values, or text without missing entries"
        remedy = "Write missing text as 'unknown', missing numbers as NaN."
        refuse(f"attributes[{column!r}]", f"dtype {array.dtype}", allowed, remedy)
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


def read_arrays(path):
    """Return all arrays of an .npz file, read-only; DatasetError if it is not one."""
    path = Path(path)
    if not path.is_file():
        raise DatasetError(f"{path}: there is no such file. Check the folder and the name.")
    # Whatever a damaged or hostile file makes the readers raise means the same here.
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
        names = [member.filename.removesuffix(".npy") for member in members]
        if len(set(names)) != len(names):
            raise ValueError("an array occurs twice")
        # Two threads, since zlib lets both run: the largest array takes as long as the others.
        largest = names[np.argmax([member.file_size for member in members])]
        parts = [largest], [name for name in names if name != largest]
        with ThreadPoolExecutor(2) as pool:
            first, others = pool.map(lambda part: _members(path, part), parts)
    except Exception as error:
        raise DatasetError(
            f"{path}: not a complete .npz file of plain arrays "
            f"({type(error).__name__}: {error}). It may be cut short, damaged, or hold pickled "
            "objects, which are never loaded. Get the file again from where it came."
        ) from error
    return dict.fromkeys(names) | first | others


def _members(path, names):
    with np.load(path, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in names}
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray):
            raise ValueError(f"{name} is not an array")
        array.flags.writeable = False
    return arrays


def write_dataset(path, dataset):
    """Write a data set as schema version 1; the file appears complete or not at all."""
    path = Path(path)
    if path.suffix != ".npz":
        refuse("path", repr(str(path)), "a name that ends in .npz", "Add the ending.")
    arrays = {"schema_version": np.int64(SCHEMA_VERSION), "images": dataset.images}
    for key in REQUIRED + OPTIONAL:
        value = getattr(dataset, key)
        if value is not None and not (key == "mask_names" and dataset.masks is None):
            arrays[key] = np.asarray(value)
    if dataset.attributes is not None:
        for column, values in dataset.attributes.items():
            arrays[f"attributes/{column}"] = _attribute_array(column, values)
    meta = dataset.meta | {key: getattr(dataset, key) for key in IN_META}
    arrays["meta"] = np.array(json.dumps(meta, ensure_ascii=False))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_npz(path, arrays)


def arrays_to_fields(arrays):
    """Return the fields of an ImageDataset from the arrays of a file."""
    _check_keys(arrays)
    fields = {key: arrays[key] for key in REQUIRED + OPTIONAL if key in arrays}
    for key in (*TEXT, *TEXTS):
        if key in fields:
            fields[key] = _text(key, fields[key], ndim=int(key in TEXTS))
    fields["images"] = arrays["images"] if "images" in arrays else decode_jpeg(arrays)
    columns = {}
    for key in arrays:
        if key.startswith("attributes/"):
            columns[key.removeprefix("attributes/")] = arrays[key]
            if arrays[key].ndim != 1:
                refuse(key, f"shape {arrays[key].shape}", "(n,)", "Store one column.")
    return fields | {"attributes": columns or None} | _read_meta(arrays["meta"])


def _check_keys(arrays):
    version = arrays.get("schema_version", np.zeros(1))
    if version.shape != () or version.dtype.kind not in "iu" or version < 1:
        received = repr(version) if "schema_version" in arrays else "nothing"
        remedy = "The file was not written by ImageDataset.save."
        refuse("schema_version", received, f"1 to {SCHEMA_VERSION}", remedy)
    if version > SCHEMA_VERSION:
        remedy = "The file is newer than this copy of the course; update the course."
        refuse("schema_version", str(version), f"up to {SCHEMA_VERSION}", remedy)
    as_jpeg = [key for key in JPEG if key in arrays]
    missing = [key for key in (*REQUIRED, "meta") if key not in arrays]
    if "images" not in arrays and len(as_jpeg) < 2:
        missing.append("images (or jpeg_bytes and jpeg_offsets)")
    if missing:
        refuse("keys", f"no {', '.join(missing)}", "all of them", "Write the file again.")
    known = {"schema_version", "images", "meta", *REQUIRED, *OPTIONAL, *JPEG}
    unknown = [key for key in arrays if key not in known and not key.startswith("attributes/")]
    if unknown or ("images" in arrays and as_jpeg):
        received = ", ".join(unknown) or "images twice, as pixels and as JPEG"
        remedy = "Per-image values belong in attributes/COLUMN, everything else in meta."
        refuse("keys", received, ", ".join(sorted(known)) + ", attributes/COLUMN", remedy)


def _text(key, array, ndim):
    if array.ndim != ndim or (array.dtype.kind != "U" and array.size):
        allowed = "a list of texts" if ndim else "one text"
        refuse(key, f"shape {array.shape}, dtype {array.dtype}", allowed, "Store text.")
    return tuple(array.tolist()) if ndim else str(array)


def _read_meta(array):
    try:
        meta = json.loads(_text("meta", array, ndim=0))
    except json.JSONDecodeError as error:
        refuse("meta", f"text that is not JSON ({error})", "a JSON object", "Use json.dumps.")
    if not isinstance(meta, dict) or "origin" not in meta:
        refuse("meta", repr(meta)[:80], "a JSON object with origin", "State the origin.")
    fields = {key: meta.pop(key, None) for key in IN_META}
    return {key: value for key, value in fields.items() if value is not None} | {"meta": meta}


def decode_jpeg(arrays):
    """Return images (n, height, width, channels), uint8, from their JPEG bytes."""
    data, offsets = (arrays[key] for key in JPEG)
    good = data.dtype == np.uint8 and offsets.dtype == np.int64 and data.ndim == offsets.ndim == 1
    whole = good and len(offsets) > 1 and offsets[0] == 0 and offsets[-1] == len(data)
    if not whole or (np.diff(offsets) <= 0).any():
        received = f"{offsets.shape} {offsets.dtype} for {data.shape} {data.dtype} bytes"
        allowed = "int64, rising from 0 to the number of uint8 bytes"
        refuse("jpeg_offsets", received, allowed, "Write the file again.")
    coded = [data[start:stop] for start, stop in pairwise(offsets)]
    shape = _decode(coded[0]).shape
    images = np.empty((len(coded), *shape), np.uint8)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for i, image in enumerate(pool.map(_decode, coded)):
            if image.shape != shape:
                refuse(f"JPEG image {i}", f"shape {image.shape}", f"{shape}", "Use one size.")
            images[i] = image
    images.flags.writeable = False
    return images


def _decode(data):
    try:
        with Image.open(BytesIO(data), formats=("JPEG",)) as image:
            pixels = np.asarray(image)
    except Exception as error:
        refuse("jpeg_bytes", f"what is not a readable JPEG ({error})", "JPEG", "Get it again.")
    return pixels[..., np.newaxis] if pixels.ndim == 2 else pixels
