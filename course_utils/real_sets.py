"""Read the downloaded real data sets into the course's container.

BreastMNIST and DermaMNIST come without patient numbers, so their groups are near-duplicates
(correlation 0.98), and a group that the official split divides moves as a whole. The tumor
set of Cheng comes with patient numbers, masks and sizes. Used in lessons 08 to 10.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import zipfile
from pathlib import Path

import h5py
import numpy as np
from PIL import Image
from scipy.io import loadmat

from course_utils import _npz, downloads
from course_utils._dataset_checks import DatasetError
from course_utils.datasets import ImageDataset, read_dataset
from course_utils.downloads import MissingDataError
from course_utils.duplicates import group_near_duplicates

__all__ = [
    "MissingDataError",
    "load_real",
    "read_breastmnist",
    "read_cheng",
    "read_dermamnist",
]

MEDMNIST_PARTS = {"train": "train", "validation": "val", "test": "test"}
# From the README of the set: 512 x 512 pixels of 0.49 mm, slices of 6 mm with a gap of 1 mm.
CHENG_FIELD_OF_VIEW_MM = 512 * 0.49
CHENG_THICKNESS_MM = 6.0
CHENG_GAP_MM = 1.0
# Raise it when read_cheng changes, so that stored results of the old reader are not used.
CHENG_READER = 1
FOLD_TO_SPLIT = {1: "train", 2: "train", 3: "train", 4: "validation", 5: "test"}


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
    except DatasetError as error:
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


def read_cheng(paths, size=128):
    """Read the brain tumor set of Cheng from its archives of MATLAB 7.3 files.

    Each slice is averaged down to size x size pixels. Its intensities, which have no unit, are
    divided by the 99.5th percentile of its pixels above zero and stored as 0–255. The splits
    are the authors' five patient folds: 1 to 3 train, 4 validation, 5 test; a patient found in
    two folds goes where most of the slices are.

    Parameters
    ----------
    paths : sequence of str or Path
        The .zip archives, in any order, and cvind.mat if there is to be a split.
    size : int
        Pixels per side, 16 to 512.

    Returns
    -------
    ImageDataset
        Mask tumor, groups are patients, pixel spacing for a field of view of 251 mm. Classes
        meningioma, glioma, pituitary tumor: calling glioma the malignant one is a
        simplification.

    Raises
    ------
    DatasetError
        A file that is not of this kind. The message names it.
    """
    if not isinstance(size, int) or not 16 <= size <= 512:
        raise DatasetError(f"size: received {size!r}; allowed: 16 to 512 px. Use 128.")
    paths = [Path(path) for path in paths]
    entry = downloads.find_set("cheng")
    slices = {}
    for path in paths:
        if path.suffix == ".zip":
            slices |= _read_archive(path, size, entry)
    if not slices:
        raise DatasetError(f"paths: no slices in {[path.name for path in paths]}; give .zip files.")
    numbers = sorted(slices)
    images, masks, labels, patients = zip(*(slices[number] for number in numbers), strict=True)
    patients = np.array(patients)
    folds = _folds([path for path in paths if path.suffix == ".mat"], numbers, patients)
    return ImageDataset(
        name=entry.name,
        images=np.stack(images)[..., np.newaxis],
        labels=np.array(labels),
        class_names=entry.class_names,
        channel_names=entry.channel_names,
        groups=patients,
        group_kind="patient",
        splits=None if folds is None else [FOLD_TO_SPLIT[fold] for fold in folds],
        masks=np.stack(masks),
        mask_names=("tumor",),
        slice_thickness_mm=CHENG_THICKNESS_MM,
        pixel_spacing_mm=CHENG_FIELD_OF_VIEW_MM / size,
        attributes={"file_number": numbers} | ({} if folds is None else {"fold": folds}),
        origin="real",
        source=entry.source,
        license=entry.license,
        citation=entry.citation,
        meta={
            "slice_gap_mm": CHENG_GAP_MM,
            "notice": entry.notice,
            "positive": entry.positive,
        },
    )


def _read_archive(path, size, entry):
    """Return file number to (image, mask, label, patient) for one archive."""
    slices = {}
    try:
        with zipfile.ZipFile(path) as archive:
            members = [name for name in archive.namelist() if name.endswith(".mat")]
            for member in members:
                number = int(Path(member).stem)
                slices[number] = _read_slice(f"{path}, {member}", archive.read(member), size, entry)
    except DatasetError:
        raise
    # Whatever a foreign file makes the readers raise means the same here.
    except Exception as error:
        raise DatasetError(
            f"{path}: not an archive of the Cheng set ({type(error).__name__}: {error}). Get it "
            f"again with: {entry.command()}"
        ) from error
    return slices


def _read_slice(where, data, size, entry):
    """Return the image (size, size) and mask as uint8, the label, and the patient."""
    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            record = file["cjdata"]
            # MATLAB stores columns first, so arrays arrive transposed.
            image = np.asarray(record["image"], dtype=np.float32).T
            mask = np.asarray(record["tumorMask"]).T > 0
            label = str(int(np.asarray(record["label"]).item()))
            patient = "".join(chr(code) for code in np.asarray(record["PID"]).ravel())
    except Exception as error:
        raise DatasetError(
            f"{where}: not a slice of the Cheng set ({type(error).__name__}: {error})."
        ) from error
    if image.ndim != 2 or mask.shape != image.shape or label not in entry.labels or not patient:
        raise DatasetError(
            f"{where}: received image {image.shape}, mask {mask.shape}, label {label}, patient "
            f"{patient!r}; allowed: an image and a mask of one shape, label 1, 2 or 3, a patient."
        )
    white = np.percentile(image[image > 0], 99.5) if (image > 0).any() else 1.0
    pixels = np.clip(_average(image, size) / white, 0, 1)
    mask = _average(mask.astype(np.float32), size) >= 0.5
    return (
        np.rint(pixels * 255).astype(np.uint8),
        mask.astype(np.uint8),
        entry.labels[label],
        patient,
    )


def _average(image, size):
    return np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BOX))


def _folds(paths, numbers, patients):
    """Return the fold of each slice's patient, or None without cvind.mat."""
    if not paths:
        return None
    try:
        if h5py.is_hdf5(paths[0]):
            with h5py.File(paths[0], "r") as file:
                stored = np.asarray(file["cvind"]).ravel()
        else:
            stored = loadmat(paths[0])["cvind"].ravel()
        folds = stored[np.array(numbers) - 1].astype(np.int64)
    except Exception as error:
        raise DatasetError(
            f"{paths[0]}: not the folds of the Cheng set ({type(error).__name__}: {error})."
        ) from error
    if not set(np.unique(folds)) <= set(FOLD_TO_SPLIT):
        raise DatasetError(f"{paths[0]}: received folds {np.unique(folds)}; allowed: 1 to 5.")
    for patient in np.unique(patients):
        own = patients == patient
        folds[own] = np.bincount(folds[own]).argmax()
    return folds
