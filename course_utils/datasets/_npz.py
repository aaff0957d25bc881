"""Read and write data sets as .npz files: no pickle, nothing half-written."""

from __future__ import annotations

import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from course_utils._checks import DatasetError
from course_utils._files import write_npz
from course_utils._jpeg import JPEG, decode_jpeg, encode_jpeg
from course_utils.datasets._fields import attribute_array
from course_utils.datasets._problems import refuse

SCHEMA_VERSION = 1
REQUIRED = ("name", "channel_names", "labels", "class_names", "groups", "group_kind", "meta")
OPTIONAL = (
    "splits",
    "masks",
    "mask_names",
    "sites",
    "slice_positions_mm",
    "slice_thickness_mm",
    "pixel_spacing_mm",
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
            names = [member.filename for member in archive.infolist()]
        if len(set(names)) != len(names):
            raise ValueError("an array occurs twice")
        with np.load(path, allow_pickle=False) as archive, ThreadPoolExecutor(1) as pool:
            largest = max(archive.zip.infolist(), key=lambda member: member.file_size).filename
            arrays = _read_members(path, archive, largest.removesuffix(".npy"), pool)
    except Exception as error:
        raise DatasetError(
            f"{path}: not a complete .npz file of plain arrays "
            f"({type(error).__name__}: {error}). It may be cut short, damaged, or hold pickled "
            "objects, which are never loaded. Get the file again from where it came."
        ) from error
    for array in arrays.values():
        array.flags.writeable = False
    return arrays


def _read_members(path, archive, largest, pool):
    """Inflate the largest array in a second thread; zlib lets both run at once."""

    def read_one(name):
        with np.load(path, allow_pickle=False) as own_archive:
            return own_archive[name]

    pending = pool.submit(read_one, largest)
    arrays = {name: None if name == largest else archive[name] for name in archive.files}
    arrays[largest] = pending.result()
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray):
            raise ValueError(f"{name} is not an array")
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
    _check_version(arrays)
    _check_keys(arrays)
    fields = {key: arrays[key] for key in OPTIONAL if key in arrays}
    for key in REQUIRED[:-1]:
        fields[key] = arrays[key]
    for key in ("name", "group_kind"):
        fields[key] = _text(key, arrays[key])
    for key in ("class_names", "channel_names", "mask_names"):
        if key in fields:
            fields[key] = _names(key, fields[key])
    fields["images"] = arrays["images"] if "images" in arrays else decode_jpeg(arrays)
    columns = {
        key.removeprefix("attributes/"): values
        for key, values in arrays.items()
        if key.startswith("attributes/")
    }
    for column, values in columns.items():
        if values.ndim != 1:
            refuse(f"attributes/{column}", f"shape {values.shape}", "(n,)", "Store one column.")
    fields["attributes"] = columns or None
    return fields | _read_meta(arrays["meta"])


def _check_version(arrays):
    version = arrays.get("schema_version")
    if version is None or version.shape != () or version.dtype.kind not in "iu" or version < 1:
        refuse(
            "schema_version",
            "nothing" if version is None else repr(version),
            f"1 to {SCHEMA_VERSION}",
            "The file was not written by ImageDataset.save.",
        )
    if version > SCHEMA_VERSION:
        refuse(
            "schema_version",
            str(version),
            f"up to {SCHEMA_VERSION}",
            "The file is newer than this copy of the course; update the course.",
        )


def _check_keys(arrays):
    missing = [key for key in REQUIRED if key not in arrays]
    if "images" not in arrays and not all(key in arrays for key in JPEG):
        missing.append("images (or jpeg_bytes and jpeg_offsets)")
    if missing:
        refuse("keys", f"no {', '.join(missing)}", "all of them", "Write the file again.")
    known = {"schema_version", "images", *REQUIRED, *OPTIONAL, *JPEG}
    unknown = [key for key in arrays if key not in known and not key.startswith("attributes/")]
    if unknown or ("images" in arrays and any(key in arrays for key in JPEG)):
        refuse(
            "keys",
            ", ".join(unknown) or "images twice, as pixels and as JPEG",
            ", ".join(sorted(known)) + ", attributes/COLUMN",
            "Per-image values belong in attributes/COLUMN, everything else in meta.",
        )


def _text(key, array):
    if array.shape != () or array.dtype.kind != "U":
        refuse(key, f"shape {array.shape}, dtype {array.dtype}", "one text", "Store a string.")
    return str(array)


def _names(key, array):
    if array.ndim != 1 or (array.dtype.kind not in "U" and array.size):
        refuse(key, f"shape {array.shape}, dtype {array.dtype}", "texts", "Store strings.")
    return tuple(str(name) for name in array)


def _read_meta(array):
    try:
        meta = json.loads(_text("meta", array))
    except json.JSONDecodeError as error:
        refuse("meta", f"text that is not JSON ({error})", "a JSON object", "Use json.dumps.")
    if not isinstance(meta, dict) or "origin" not in meta:
        refuse("meta", repr(meta)[:80], "a JSON object with origin", "State the origin.")
    fields = {key: meta.pop(key) for key in IN_META if meta.get(key) is not None}
    return fields | {"meta": {key: value for key, value in meta.items() if key not in IN_META}}
