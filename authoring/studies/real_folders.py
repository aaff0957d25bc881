"""Read a folder of real images for the benchmarks.

A benchmark's DIR may hold any of these parts; what is missing is said and skipped::

    DIR/brain_t1c/           images/  masks/  labels.csv: file, diagnosis
    DIR/breast_ultrasound/   images/          labels.csv: file, diagnosis
    DIR/breastmnist*.npz     MedMNIST arrays
    DIR/skin_lesions/        images/          labels.csv: file, lesion_id, dx, age

- ``images/`` holds pictures of any sizes, at least 28 x 28 px; only those listed in ``labels.csv``
  are read, by the course's own `course_utils.own_data`, which lists whatever does not fit.
- ``brain_t1c``: post-contrast T1 slices; ``diagnosis`` is meningioma, glioma or pituitary. Rows
  are put in the order of the number in the file name, so that slices of one patient lie together.
  ``masks/`` (same names, 255 is tumor, 0 is not) is needed by brain_transfer.py only.
- ``breast_ultrasound``: ``diagnosis`` is benign, malignant or normal.
- ``breastmnist*.npz``: any of ``train_images``, ``val_images``, ``test_images``, uint8 (n, h, w),
  each with its ``_labels``, (n,) or (n, 1); 0 is malignant, 1 is normal or benign. If several
  files match, images that repeat one of an earlier file are left out.
- ``skin_lesions``: color images of the central lesion; ``dx`` is akiec, bcc, bkl, df, mel, nv or
  vasc, ``lesion_id`` tells which images show one lesion. ``age`` in years may be missing; other
  columns are ignored.

Anything else raises `FolderError` with a sentence that says what is wrong and what to do.
"""

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from course_utils._folder import Folder

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
    """The images of one part of the folder.

    Attributes
    ----------
    name : str
        Part of the folder.
    images : list of array (height, width) or (height, width, 3)
        Gray or color levels 0–255 (gray may be beyond, as stored), in the order of the table.
    table : pandas.DataFrame
        One row per image: ``file``, ``diagnosis`` and, for skin, ``lesion_id`` and ``age``.
    """

    name: str
    images: list
    table: pd.DataFrame

    def __len__(self):
        """Return the number of images."""
        return len(self.images)


def check_folder(folder):
    """Return the folder as a path, after making sure that it is one and holds some part.

    Raises
    ------
    FolderError
        No such folder, or none of the parts in it.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FolderError(f"There is no folder {folder}. Give the folder that holds the images.")
    if not any((folder / part).is_dir() for part in FORMATS) and not _medmnist_files(folder):
        raise FolderError(
            f"{folder} holds none of {', '.join(FORMATS)} or breastmnist*.npz. See the format at "
            "the top of authoring/studies/real_folders.py."
        )
    return folder


def read_part(folder, part):
    """Read one part, ``brain_t1c``, ``breast_ultrasound`` or ``skin_lesions``; None if missing.

    Raises
    ------
    FolderError
        A missing file or column, an unknown diagnosis, only one class, or an unreadable image.
    """
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
            found.read_pictures("images", "masks" if masks else None, mode, unlisted="ignore")
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
    real = RealImages(part, [images[i] for i in order], table.loc[order].reset_index(drop=True))
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
    """Return images (n, height, width) as a list, with labels 1 for malignant; None if missing.

    Raises
    ------
    FolderError
        A file that is no such archive, other labels than 0 and 1, or only one class.
    """
    files = _medmnist_files(folder)
    if not files:
        return None
    images, labels, seen = [], [], set()
    for path in files:
        new_images, new_labels = _read_medmnist(path)
        keys = [small.tobytes() for small in (shrink(i, 28).round() for i in new_images)]
        keep = [i for i, key in enumerate(keys) if key not in seen]
        seen.update(keys)
        images += [new_images[i] for i in keep]
        labels += [new_labels[i] for i in keep]
    if len(set(labels)) < 2:
        raise FolderError(f"{files[0]} holds images of one class only; labels 0 and 1 are needed.")
    names = np.where(np.array(labels) == 0, "malignant", "normal or benign")
    table = pd.DataFrame({"file": np.arange(len(images)).astype(str), "diagnosis": names})
    return RealImages("breastmnist", images, table)


def _read_medmnist(path):
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in archive.files}
    except Exception as error:
        raise FolderError(f"{path} is not a readable .npz file of plain arrays ({error}).") from (
            error
        )
    parts = [part for part in ("train", "val", "test") if f"{part}_images" in arrays]
    if not parts:
        raise FolderError(f"{path} has none of train_images, val_images, test_images.")
    images, labels = [], []
    for part in parts:
        pixels, known = arrays[f"{part}_images"], arrays.get(f"{part}_labels")
        if known is None or known.size != len(pixels):
            raise FolderError(f"{path}: {part}_labels is missing or does not fit {part}_images.")
        if pixels.ndim != 3 or pixels.dtype != np.uint8 or min(pixels.shape[1:]) < 28:
            raise FolderError(
                f"{path}: {part}_images is {pixels.dtype} {pixels.shape}; (n, 28, 28) or larger, "
                "uint8, is needed."
            )
        images.append(pixels)
        labels.append(known.ravel())
    labels = np.concatenate(labels)
    if not np.isin(labels, (0, 1)).all():
        raise FolderError(f"{path}: labels {np.unique(labels)[:5]}; 0 and 1 are needed.")
    return [image for part in images for image in part], labels.astype(int)


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
