"""Load a data set by its name, or read one from a file."""

from __future__ import annotations

import warnings

from course_utils import ROOT
from course_utils._checks import DatasetError, check_choice
from course_utils.datasets import _npz
from course_utils.datasets.container import ImageDataset

DATA_FOLDER = ROOT / "data"
EMBEDDED = ("brain_mri", "breast_ultrasound", "skin_lesions")
LOAD_ORIGINS = ("embedded", "real", "auto")


def read_dataset(path):
    """Read a data set that `ImageDataset.save` wrote (schema version 1).

    Parameters
    ----------
    path : str or Path
        An .npz file.

    Returns
    -------
    ImageDataset

    Raises
    ------
    DatasetError
        The file is missing, damaged, newer than this copy of the course, holds pickled objects,
        or breaks a rule of `ImageDataset`. The message names the file.
    """
    arrays = _npz.read_arrays(path)
    try:
        return ImageDataset(**_npz.arrays_to_fields(arrays))
    except ValueError as error:
        raise DatasetError(f"{path}: {error}") from error


def load(name, origin="embedded", *, size=None):
    """Load one of the course's data sets.

    Parameters
    ----------
    name : {"brain_mri", "breast_ultrasound", "skin_lesions"}
        Which subject.
    origin : {"embedded", "real", "auto"}
        ``"embedded"`` reads the simulated set that comes with the course. ``"real"`` needs the
        downloaded set (Cheng, BreastMNIST, DermaMNIST). ``"auto"`` takes the real set if it lies
        on disk and its checksum is right, otherwise the embedded one.
    size : int, optional
        Pixels per side of the real set; 28, 64, 128 or 224 for the MedMNIST sets.

    Returns
    -------
    ImageDataset

    Raises
    ------
    DatasetError
        An unknown name, or a set that is missing or damaged; the message says how to get it.

    Examples
    --------
    ``load("brain_mri").split("train")`` gives the training patients.

    >>> load("knee")
    Traceback (most recent call last):
    ValueError: name: received 'knee'; allowed: brain_mri, \
breast_ultrasound, skin_lesions. Use one of these words.
    """
    check_choice("name", name, EMBEDDED)
    check_choice("origin", origin, LOAD_ORIGINS)
    if origin != "embedded":
        # Imported here, since only this needs h5py, pooch and what they load.
        from course_utils.datasets import real_sets

        try:
            return real_sets.load_real(name, size)
        except real_sets.MissingDataError:
            if origin == "real":
                raise
        except DatasetError as error:
            if origin == "real":
                raise
            warnings.warn(f"Using the embedded set instead: {error}", stacklevel=2)
    path = DATA_FOLDER / f"{name}.npz"
    if not path.is_file():
        raise DatasetError(
            f"{name} is not among the embedded sets of this copy of the course: no file {path}. "
            "Get the complete course, or generate the set with 'make data'."
        )
    return read_dataset(path)
