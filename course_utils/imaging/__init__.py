"""Medical images as arrays: DICOM and NIfTI files, windows, resampling, normalization.

A picture file holds gray levels; a medical file holds measurements and the header that says
what they mean. The functions here keep the two together: numbers come back in their unit
(Hounsfield units for CT), with pixel spacing in mm and the orientation in the patient. What a
header does not say is ``None`` or an error, never a guess.

Taught in lesson 01, where most of this is first written out in the notebook.
"""

from course_utils.imaging._checks import ImageFileError
from course_utils.imaging.dicom import DicomImage, read_dicom
from course_utils.imaging.identity import IdentifyingElement, identifying_elements
from course_utils.imaging.normalization import normalize
from course_utils.imaging.series import read_dicom_series
from course_utils.imaging.volumes import Plane, Volume, plane, read_nifti, reorient, resample
from course_utils.imaging.windows import WINDOWS, Window, apply_window, to_hounsfield

__all__ = [
    "WINDOWS",
    "DicomImage",
    "IdentifyingElement",
    "ImageFileError",
    "Plane",
    "Volume",
    "Window",
    "apply_window",
    "identifying_elements",
    "normalize",
    "plane",
    "read_dicom",
    "read_dicom_series",
    "read_nifti",
    "reorient",
    "resample",
    "to_hounsfield",
]
