"""Medical images as arrays: DICOM and NIfTI files, windows, planes, and what identifies a patient.

The readers keep numbers and header together: values in their unit (Hounsfield units for CT), with
spacing in mm and orientation. What a header does not say is ``None`` or an error, never a guess.
Volumes are nibabel images; nibabel reorients and resamples them.
"""

from course_utils.imaging.dicom import (
    WINDOWS,
    DicomImage,
    ImageFileError,
    Window,
    apply_window,
    identifying_elements,
    read_dicom,
)
from course_utils.imaging.volumes import Plane, plane, read_nifti
