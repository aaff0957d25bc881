"""Medical image data sets: one container, one way to load, one way to divide."""

from __future__ import annotations

import warnings

from course_utils import ROOT
from course_utils._checks import DatasetError, MissingDataError, check_choice
from course_utils.datasets import _fields
from course_utils.datasets.container import ImageDataset
from course_utils.datasets.groups import (
    GroupProbabilities,
    aggregate,
    group_folds,
    group_near_duplicates,
    split_by_group,
)
from course_utils.datasets.resizing import crop_to_head, resize

DATA_FOLDER = ROOT / "data"
#: Sets that lie in data/ under their name. The real ones stand in data/datasets.toml.
EMBEDDED = ("brain_mri", "breast_ultrasound", "skin_lesions")


def load(name, origin="embedded", *, size=None):
    """Load one of the course's data sets as an `ImageDataset`.

    Parameters
    ----------
    name : {"brain_mri", "breast_ultrasound", "skin_lesions"}
        The subject; real sets also by their own names, which ``python -m course_utils list`` shows.
    origin : {"embedded", "real", "auto"}
        Simulated, with the course; or downloaded before, else `MissingDataError` says how; or the
        real set if it lies on disk and its checksum is right, otherwise the embedded one.
    size : int, optional
        Pixels per side of the real set; 28, 64, 128 or 224 for the MedMNIST sets.

    Examples
    --------
    >>> load("brain_mri").split("test").group_kind
    'patient'
    """
    check_choice("origin", origin, ("embedded", "real", "auto"))
    if origin != "embedded":
        # Later layer: it knows the readers, which know this module; and only it needs pooch.
        from course_utils import real_data

        try:
            return real_data.load_real(name, size)
        except MissingDataError:
            if origin == "real":
                raise
        except DatasetError as error:
            if origin == "real":
                raise
            warnings.warn(f"Using the embedded set instead: {error}", stacklevel=2)
    check_choice("name", name, EMBEDDED)
    return read_dataset(DATA_FOLDER / f"{name}.npz")


def read_dataset(path):
    """Read a data set that `ImageDataset.save` wrote (schema version 1).

    A file that is missing, damaged, newer than this copy of the course, holds pickled objects or
    breaks a rule of `ImageDataset` is refused by its name.
    """
    arrays = _fields.read_arrays(path)
    try:
        return ImageDataset(**_fields.arrays_to_fields(arrays))
    except ValueError as error:
        raise DatasetError(f"{path}: {error}") from error
