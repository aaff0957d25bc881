"""Read and write data sets as .npz files: no pickle, nothing half-written."""

from __future__ import annotations

import json
import os
import zipfile
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from course_utils._checks import DatasetError, check_integer, refuse
from course_utils._files import write_npz
from course_utils.datasets._check import attribute_array

SCHEMA_VERSION = 1
JPEG = ("jpeg_bytes", "jpeg_offsets")
TEXT = ("name", "group_kind")
TEXTS = ("class_names", "channel_names", "mask_names")
REQUIRED = ("name", "channel_names", "labels", "class_names", "groups", "group_kind", "meta")
OPTIONAL = (
    *("splits", "masks", "mask_names", "sites"),
    *("slice_positions_mm", "slice_thickness_mm", "pixel_spacing_mm"),
)
IN_META = ("origin", "source", "license", "citation", "intensity_window")


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
        largest = max(members, key=lambda member: member.file_size).filename.removesuffix(".npy")
        rest = [name for name in names if name != largest]
        with ThreadPoolExecutor(2) as pool:
            read = dict.fromkeys(names)
            for part in pool.map(lambda some: _read_members(path, some), ([largest], rest)):
                read |= part
    except Exception as error:
        raise DatasetError(
            f"{path}: not a complete .npz file of plain arrays "
            f"({type(error).__name__}: {error}). It may be cut short, damaged, or hold pickled "
            "objects, which are never loaded. Get the file again from where it came."
        ) from error
    return read


def _read_members(path, names):
    arrays = {}
    with np.load(path, allow_pickle=False) as archive:
        for name in names:
            arrays[name] = archive[name]
            if not isinstance(arrays[name], np.ndarray):
                raise ValueError(f"{name} is not an array")
            arrays[name].flags.writeable = False
    return arrays


def write_arrays(path, arrays):
    """Write arrays to an .npz file that appears complete or not at all."""
    path = Path(path)
    if path.suffix != ".npz":
        refuse("path", repr(str(path)), "a name that ends in .npz", "Add the ending.")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_npz(path, arrays)


def dataset_to_arrays(dataset, jpeg_quality=None):
    """Return the keys and arrays of schema version 1 for a data set."""
    meta = {key: getattr(dataset, key) for key in IN_META}
    arrays = {"schema_version": np.int64(SCHEMA_VERSION)}
    if jpeg_quality is None:
        arrays["images"] = dataset.images
    else:
        arrays |= encode_jpeg(dataset.images, jpeg_quality)
    for key in REQUIRED[:-1] + OPTIONAL:
        value = getattr(dataset, key)
        if value is not None and not (key == "mask_names" and dataset.masks is None):
            arrays[key] = np.asarray(value)
    if dataset.attributes is not None:
        for column, values in dataset.attributes.items():
            arrays[f"attributes/{column}"] = attribute_array(column, values)
    arrays["meta"] = np.array(json.dumps({**dataset.meta, **meta}, ensure_ascii=False))
    return arrays


def arrays_to_fields(arrays):
    """Return the fields of an ImageDataset from the arrays of a file."""
    _check_keys(arrays)
    fields = {key: arrays[key] for key in (*REQUIRED[:-1], *OPTIONAL) if key in arrays}
    for key in (*TEXT, *TEXTS):
        if key in fields:
            fields[key] = _text(key, fields[key], ndim=int(key in TEXTS))
    fields["images"] = arrays["images"] if "images" in arrays else decode_jpeg(arrays)
    columns = {
        key.removeprefix("attributes/"): values
        for key, values in arrays.items()
        if key.startswith("attributes/")
    }
    for column, values in columns.items():
        if values.ndim != 1:
            refuse(f"attributes/{column}", f"shape {values.shape}", "(n,)", "Store one column.")
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
    missing = [key for key in REQUIRED if key not in arrays]
    if "images" not in arrays and len(as_jpeg) < 2:
        missing.append("images (or jpeg_bytes and jpeg_offsets)")
    if missing:
        refuse("keys", f"no {', '.join(missing)}", "all of them", "Write the file again.")
    known = {"schema_version", "images", *REQUIRED, *OPTIONAL, *JPEG}
    unknown = [key for key in arrays if key not in known and not key.startswith("attributes/")]
    if unknown or ("images" in arrays and as_jpeg):
        received = ", ".join(unknown) or "images twice, as pixels and as JPEG"
        remedy = "Per-image values belong in attributes/COLUMN, everything else in meta."
        refuse("keys", received, ", ".join(sorted(known)) + ", attributes/COLUMN", remedy)


def _text(key, array, ndim=0):
    if array.ndim != ndim or (array.dtype.kind != "U" and array.size):
        allowed = "a list of texts" if ndim else "one text"
        refuse(key, f"shape {array.shape}, dtype {array.dtype}", allowed, "Store text.")
    return tuple(str(name) for name in array) if ndim else str(array)


def _read_meta(array):
    try:
        meta = json.loads(_text("meta", array))
    except json.JSONDecodeError as error:
        refuse("meta", f"text that is not JSON ({error})", "a JSON object", "Use json.dumps.")
    if not isinstance(meta, dict) or "origin" not in meta:
        refuse("meta", repr(meta)[:80], "a JSON object with origin", "State the origin.")
    fields = {key: meta.pop(key) for key in IN_META if meta.get(key) is not None}
    return fields | {"meta": {key: value for key, value in meta.items() if key not in IN_META}}


def encode_jpeg(images, quality):
    """Return jpeg_bytes and jpeg_offsets, all images coded with the same settings."""
    if images.dtype != np.uint8 or images.shape[-1] not in (1, 3):
        received = f"{images.dtype} with {images.shape[-1]} channels"
        allowed = "uint8 with 1 or 3 channels for JPEG"
        refuse("images", received, allowed, "Save without jpeg_quality.")
    check_integer("jpeg_quality", quality, 1, 95)
    coded = []
    for image in images:
        buffer = BytesIO()
        pixels = image[..., 0] if image.shape[-1] == 1 else image
        Image.fromarray(pixels).save(buffer, "JPEG", quality=quality, subsampling=0)
        coded.append(buffer.getvalue())
    offsets = np.cumsum([0] + [len(data) for data in coded], dtype=np.int64)
    return {"jpeg_bytes": np.frombuffer(b"".join(coded), np.uint8), "jpeg_offsets": offsets}


def decode_jpeg(arrays):
    """Return images (n, height, width, channels), uint8, from their JPEG bytes."""
    data, offsets = (arrays[key] for key in JPEG)
    good = data.dtype == np.uint8 and offsets.dtype == np.int64 and data.ndim == offsets.ndim == 1
    if (
        not good
        or len(offsets) < 2
        or offsets[0] != 0
        or offsets[-1] != len(data)
        or (np.diff(offsets) <= 0).any()
    ):
        received = f"{offsets.shape} {offsets.dtype} for {data.shape} {data.dtype} bytes"
        allowed = "int64, rising from 0 to the number of uint8 bytes"
        refuse("jpeg_offsets", received, allowed, "Write the file again.")
    first = _decode_one(data[: offsets[1]])
    images = np.empty((len(offsets) - 1, *first.shape), np.uint8)

    def fill(part):
        for i in part:
            image = _decode_one(data[offsets[i] : offsets[i + 1]])
            if image.shape != first.shape:
                refuse(f"JPEG image {i}", f"shape {image.shape}", f"{first.shape}", "Use one size.")
            images[i] = image

    n_parts = min(os.cpu_count() or 1, len(images))
    with ThreadPoolExecutor(n_parts) as pool:
        list(pool.map(fill, np.array_split(np.arange(len(images)), n_parts)))
    images.flags.writeable = False
    return images


def _decode_one(data):
    try:
        with Image.open(BytesIO(data), formats=("JPEG",)) as image:
            pixels = np.asarray(image)
    except Exception as error:
        refuse("jpeg_bytes", f"what is not a readable JPEG ({error})", "JPEG", "Get it again.")
    return pixels[..., np.newaxis] if pixels.ndim == 2 else pixels
