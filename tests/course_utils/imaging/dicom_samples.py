"""DICOM files for the tests: those in pydicom's wheel, and small ones made on the spot."""

import warnings
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from course_utils import imaging

# Only what pydicom's wheel holds; its data manager would download more.
DICOM_FOLDER = Path(pydicom.__file__).parent / "data" / "test_files"
DICOM_FILES = sorted(path for path in DICOM_FOLDER.rglob("*") if path.is_file())
CT_FILE = DICOM_FOLDER / "CT_small.dcm"


def read_quietly(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return imaging.read_dicom(path)


def dicom(stored, **elements):
    """A minimal uncompressed 16-bit gray image; elements may replace or remove (None) any."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    stored = np.asarray(stored)
    if stored.ndim == 3:
        dataset.NumberOfFrames = stored.shape[0]
    dataset.Rows, dataset.Columns = stored.shape[-2:]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
    dataset.PixelRepresentation = 1
    dataset.PixelData = stored.astype("<i2").tobytes()
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    return dataset


def item(**elements):
    """A header without an image."""
    dataset = Dataset()
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    return dataset
