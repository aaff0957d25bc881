"""Read a folder of real images, in the format that the README of the studies describes."""

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from course_utils.own_data._folder import Folder
from course_utils.own_data.pictures import read_pictures

DIAGNOSES = {
    "brain_t1c": ("meningioma", "glioma", "pituitary"),
    "breast_ultrasound": ("normal", "benign", "malignant"),
    "skin_lesions": ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc"),
}
FORMATS = {
    "brain_t1c": ({"label": "diagnosis"}, "near-duplicate", "gray"),
    "breast_ultrasound": ({"label": "diagnosis"}, "near-duplicate", "gray"),
    "skin_lesions": ({"label": "dx", "group": "lesion_id"}, "lesion", "rgb"),
}


class FolderError(ValueError):
    """A folder of real images is not as the benchmarks need it."""


@dataclass(frozen=True)
class RealImages:
    """The images of one part of the folder, of any sizes, in the order of the table.

    Gray or color levels are 0–255 (gray may be beyond, as stored). The table has a row per image:
    ``file``, ``diagnosis`` and, for skin, ``lesion_id`` and ``age``.
    """

    images: list
    table: pd.DataFrame

    def __len__(self):
        """Return the number of images."""
        return len(self.images)


def check_folder(folder):
    """Refuse a folder that does not exist, or holds none of the parts."""
    if not folder.is_dir():
        raise FolderError(f"There is no folder {folder}. Give the folder that holds the images.")
    if not any((folder / part).is_dir() for part in FORMATS) and not _medmnist_files(folder):
        raise FolderError(
            f"{folder} holds none of {', '.join(FORMATS)} or breastmnist*.npz. See the format in "
            "authoring/studies/README.md."
        )


def read_part(folder, part):
    """Read one part, ``brain_t1c``, ``breast_ultrasound`` or ``skin_lesions``; None if missing."""
    folder = Path(folder) / part
    return read_labelled(folder, part) if folder.is_dir() else None


def read_labelled(folder, part, masks=False):
    """Read a folder with ``images/`` and ``labels.csv`` in the format of the given part.

    With `masks` the result is a pair: the images, and a list of 0/1 masks from ``masks/``.
    """
    try:
        with warnings.catch_warnings():
            # Absent classes are allowed here, and likeness.py looks for duplicates itself.
            warnings.simplefilter("ignore", UserWarning)
            columns, group_kind, mode = FORMATS[part]
            found = Folder(folder, "labels.csv", columns, DIAGNOSES[part], group_kind)
            read_pictures(found, "images", "masks" if masks else None, mode, unlisted="ignore")
            found.stop_if_any()
    except ValueError as error:
        raise FolderError(str(error)) from error
    table, images = found.table.reset_index(drop=True), found.images
    table["diagnosis"] = np.array(found.class_names)[found.labels]
    _check_pictures(folder, table, images)
    order = table.index
    if part == "brain_t1c":
        order = _slice_order(table)
        images = [np.float32(image) for image in images]
    if part == "skin_lesions":
        age = table["age"] if "age" in table else pd.Series(np.nan, index=table.index)
        table["age"] = pd.to_numeric(age, errors="coerce")
    real = RealImages([images[i] for i in order], table.loc[order].reset_index(drop=True))
    return (real, [found.masks[i] for i in order]) if masks else real


def _check_pictures(folder, table, images):
    if table["diagnosis"].nunique() < 2:
        raise FolderError(f"{folder} holds {len(table)} images of one class; give at least two.")
    for name, pixels in zip(table["file"], images, strict=True):
        if min(pixels.shape[:2]) < 28:
            raise FolderError(f"{name} has {pixels.shape[:2]} pixels; at least 28 x 28 are needed.")


def _slice_order(table):
    number = table["file"].str.extract(r"(\d+)")[0].astype(float)
    return table.assign(number=number).sort_values(["diagnosis", "number"], kind="stable").index


def _medmnist_files(folder):
    return sorted(Path(folder).glob("breastmnist*.npz"))


def read_breastmnist(folder):
    """Return the images of all files with their diagnoses; None if missing."""
    # Images that repeat one of an earlier file are left out.
    images, labels, seen = [], [], set()
    for path in _medmnist_files(folder):
        pixels, classes = _read_medmnist(path)
        keys = [shrink(image, 28).round().tobytes() for image in pixels]
        new = [i for i, key in enumerate(keys) if key not in seen]
        images += [pixels[i] for i in new]
        labels += [classes[i] for i in new]
        seen.update(keys)
    if not images:
        return None
    names = np.where(np.array(labels) == 0, "malignant", "normal or benign")
    table = pd.DataFrame({"file": np.arange(len(images)).astype(str), "diagnosis": names})
    return RealImages(images, table)


def _read_medmnist(path):
    try:
        with np.load(path, allow_pickle=False) as file:
            parts = [part for part in ("train", "val", "test") if f"{part}_images" in file]
            images = np.concatenate([file[f"{part}_images"] for part in parts])
            labels = np.concatenate([file[f"{part}_labels"].ravel() for part in parts])
    except Exception as error:
        raise FolderError(f"{path} is not a file of MedMNIST arrays ({error}).") from error
    if images.ndim != 3 or images.dtype != np.uint8 or not {*labels.tolist()} <= {0, 1}:
        raise FolderError(
            f"{path}: images {images.dtype} {images.shape}, labels {np.unique(labels)[:5]}; "
            "uint8 (n, height, width) and labels 0 and 1 are needed."
        )
    return images, labels


def shrink(image, size):
    """Resize an image to ``size`` × ``size`` by Pillow's antialiased triangle filter, float32.

    Of Pillow's filters it comes closest to how BreastMNIST was made from its source.
    """
    planes = np.atleast_3d(np.asarray(image, np.float32))
    small = [
        np.asarray(Image.fromarray(planes[..., k]).resize((size, size), Image.Resampling.BILINEAR))
        for k in range(planes.shape[-1])
    ]
    return np.stack(small, axis=-1) if np.ndim(image) == 3 else small[0]
