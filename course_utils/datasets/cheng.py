"""Read the brain tumor set of Cheng: zip archives of MATLAB 7.3 files."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import h5py
import numpy as np
from PIL import Image
from scipy.io import loadmat
from tqdm import tqdm

from course_utils import downloads
from course_utils._checks import DatasetError
from course_utils.datasets import ImageDataset

__all__ = ["read_cheng"]

# From the README of the set: 512 x 512 pixels of 0.49 mm, slices of 6 mm with a gap of 1 mm.
CHENG_FIELD_OF_VIEW_MM = 512 * 0.49
CHENG_THICKNESS_MM = 6.0
CHENG_GAP_MM = 1.0
FOLD_TO_SPLIT = {1: "train", 2: "train", 3: "train", 4: "validation", 5: "test"}


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
            for member in tqdm(members, desc=path.name, leave=False):
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
