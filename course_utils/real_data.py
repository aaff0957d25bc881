"""Read the downloaded real data sets into the course's container.

`load_real` asks the registry, data/datasets.toml, which of the `READERS` knows a set's format.

The MedMNIST sets come without patient numbers, so their groups are near-duplicates (correlation
0.98), and a group that the official split divides moves as a whole. The tumor set of Cheng comes
with patient numbers, masks and sizes.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
from scipy.io import loadmat
from tqdm import tqdm

from course_utils import downloads
from course_utils._checks import DatasetError, check_choice, check_integer
from course_utils.datasets import ImageDataset, _fields, group_near_duplicates, read_dataset
from course_utils.datasets.resizing import average

MEDMNIST_PARTS = {"train": "train", "validation": "val", "test": "test"}
# Raise it when read_cheng changes, so that stored results of the old reader are not used.
CHENG_READER = 1
# From the README of the set: 512 x 512 pixels of 0.49 mm, slices of 6 mm with a gap of 1 mm.
CHENG_FIELD_OF_VIEW_MM = 512 * 0.49
CHENG_THICKNESS_MM = 6.0
CHENG_GAP_MM = 1.0
FOLD_TO_SPLIT = {1: "train", 2: "train", 3: "train", 4: "validation", 5: "test"}


def load_real(name, size=None):
    """Return a downloaded real set; `course_utils.datasets.load` calls this.

    Parameters
    ----------
    name : str
        Name or subject in the registry.
    size : int, optional
        Pixels per side.

    Raises
    ------
    MissingDataError
        The set is not on this computer; the message holds the command that fetches it.
    DatasetError
        A file is damaged.
    """
    entry = downloads.find_set(name)
    check_choice(f"reader of {entry.name}", entry.reader, READERS)
    paths = downloads.find(entry.name, size)
    return READERS[entry.reader](paths, entry, entry.default_size if size is None else size)


def read_medmnist(paths, entry, size=None):
    """Read a file of MedMNIST, such as breastmnist.npz or dermamnist_64.npz.

    Parameters
    ----------
    paths : sequence of str or Path
        The one file.
    entry : RealSet
        What the registry says of the set; its ``labels`` turn those of BreastMNIST, so that 1 is
        malignant.
    size : int, optional
        Not needed: the file has one size.

    Returns
    -------
    ImageDataset
        Groups are near-duplicates, which find few of the lesions photographed twice, so intervals
        over these groups are somewhat too narrow. A group with test images lies in test as a whole,
        one with validation images in validation; ``attributes["official_split"]`` holds the
        publishers' split. Groups whose images contradict each other's labels are in the split
        extra.
    """
    (path,) = paths
    arrays = _fields.read_arrays(path)
    try:
        images, labels, official = _stack_parts(arrays, entry)
        groups = group_near_duplicates(images)
        conflict = pd.Series(labels).groupby(groups).transform("nunique").to_numpy() > 1
        # A divided group goes as a whole to the part that must not leak: test, then validation.
        order = list(MEDMNIST_PARTS)
        rank = pd.Series(official).map(order.index).groupby(groups).transform("max")
        return ImageDataset(
            images=images,
            labels=labels,
            groups=groups,
            group_kind="near-duplicate",
            splits=np.where(conflict, "extra", np.array(order)[rank]),
            attributes={"official_split": official, "label_conflict": conflict},
            meta={"notice": entry.notice, "positive": entry.positive},
            **_described(entry),
        )
    except ValueError as error:
        raise DatasetError(f"{path}: {error}") from error


def _described(entry):
    """Return the fields of an ImageDataset that stand in the registry."""
    fields = ("name", "class_names", "channel_names", "source", "license", "citation")
    return {field: getattr(entry, field) for field in fields} | {"origin": "real"}


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
        labels += stored.ravel().astype(str).tolist()
        official += [part] * len(pixels)
    if not images:
        raise DatasetError(f"keys {sorted(arrays)[:6]}; needed: train_images, train_labels, ….")
    unknown = sorted(set(labels) - set(entry.labels))
    if unknown:
        raise DatasetError(f"labels: received {unknown[0]}; allowed: {', '.join(entry.labels)}.")
    mapped = np.array([entry.labels[label] for label in labels])
    return np.concatenate(images), mapped, np.array(official)


def read_cheng(paths, entry, size=128):
    """Read the brain tumor set of Cheng from its archives of MATLAB 7.3 files.

    Each slice is averaged down to size x size pixels. Its intensities, which have no unit, are
    divided by the 99.5th percentile of its pixels above zero and stored as 0–255. The splits
    are the authors' five patient folds: 1 to 3 train, 4 validation, 5 test; a patient found in
    two folds goes where most of the slices are.

    Parameters
    ----------
    paths : sequence of str or Path
        The .zip archives, in any order, and cvind.mat if there is to be a split.
    entry : RealSet
        What the registry says of the set.
    size : int
        Pixels per side, 16 to 512.

    Returns
    -------
    ImageDataset
        Mask tumor, groups are patients, pixel spacing for a field of view of 251 mm. Classes
        meningioma, glioma, pituitary tumor: calling glioma the malignant one is a
        simplification.
    """
    check_integer("size", size, 16, 512)
    slices = {}
    for path in map(Path, paths):
        if path.suffix == ".zip":
            slices |= _read_archive(path, size, entry)
    numbers = sorted(slices)
    images, masks, labels, patients = zip(*(slices[number] for number in numbers), strict=True)
    patients = np.array(patients)
    folds = _folds([path for path in map(Path, paths) if path.suffix == ".mat"], numbers, patients)
    return ImageDataset(
        images=np.stack(images)[..., np.newaxis],
        labels=np.array(labels),
        groups=patients,
        group_kind="patient",
        splits=None if folds is None else [FOLD_TO_SPLIT[fold] for fold in folds],
        masks=np.stack(masks),
        mask_names=("tumor",),
        slice_thickness_mm=CHENG_THICKNESS_MM,
        pixel_spacing_mm=CHENG_FIELD_OF_VIEW_MM / size,
        attributes={"file_number": numbers} | ({} if folds is None else {"fold": folds}),
        meta={
            "slice_gap_mm": CHENG_GAP_MM,
            "notice": entry.notice,
            "positive": entry.positive,
        },
        **_described(entry),
    )


def _read_archive(path, size, entry):
    """Return file number to (image, mask, label, patient) for one archive."""
    slices, member = {}, "the archive"
    # Whatever a foreign file makes the readers raise means the same here.
    try:
        with zipfile.ZipFile(path) as archive:
            members = [name for name in archive.namelist() if name.endswith(".mat")]
            for member in tqdm(members, desc=path.name, leave=False):
                slices[int(Path(member).stem)] = _read_slice(archive.read(member), size, entry)
    except Exception as error:
        raise DatasetError(
            f"{path}, {member}: not of the Cheng set ({type(error).__name__}: {error}). Get it "
            f"again with: {entry.command()}"
        ) from error
    return slices


def _read_slice(data, size, entry):
    """Return the image (size, size) and mask as uint8, the label, and the patient."""
    with h5py.File(io.BytesIO(data), "r") as file:
        record = file["cjdata"]
        # MATLAB stores columns first, so arrays arrive transposed.
        image = np.asarray(record["image"], dtype=np.float32).T
        mask = np.asarray(record["tumorMask"]).T > 0
        label = str(int(np.asarray(record["label"]).item()))
        patient = "".join(chr(code) for code in np.asarray(record["PID"]).ravel())
    if image.ndim != 2 or mask.shape != image.shape or label not in entry.labels or not patient:
        raise ValueError(
            f"received image {image.shape}, mask {mask.shape}, label {label}, patient "
            f"{patient!r}; allowed: an image and a mask of one shape, label 1, 2 or 3, a patient"
        )
    white = np.percentile(image[image > 0], 99.5) if (image > 0).any() else 1.0
    pixels = np.rint(np.clip(average(image, (size, size)) / white, 0, 1) * 255)
    mask = average(mask.astype(np.float32), (size, size)) >= 0.5
    return pixels.astype(np.uint8), mask.astype(np.uint8), entry.labels[label], patient


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
        folds = pd.Series(stored[np.array(numbers) - 1].astype(np.int64))
        if not folds.isin(list(FOLD_TO_SPLIT)).all():
            raise ValueError(f"received folds {folds.unique()}; allowed: 1 to 5")
    except Exception as error:
        raise DatasetError(
            f"{paths[0]}: not the folds of the Cheng set ({type(error).__name__}: {error})."
        ) from error
    return folds.groupby(patients).transform(lambda own: own.mode()[0]).to_numpy()


def _cheng_once(paths, entry, size):
    """Read Cheng's archives, and keep the result beside them because that takes a while."""
    contents = ",".join([str(CHENG_READER), *(file.md5 for file in entry.files)])
    digest = hashlib.md5(contents.encode(), usedforsecurity=False).hexdigest()[:8]
    stored = paths[0].with_name(f"{entry.name}_{size}px_{digest}.npz")
    try:
        return read_dataset(stored)
    except DatasetError:
        data = read_cheng(paths, entry, size)
    # A read-only folder is no reason to fail; it only costs the time again.
    with contextlib.suppress(OSError):
        data.save(stored)
    return data


#: The readers that an entry of the registry may name. Each gets the verified files, the entry and
#: the size, and returns an ImageDataset.
READERS = {"medmnist": read_medmnist, "cheng": _cheng_once}
