"""Medical images as arrays: DICOM and NIfTI files, windows, planes, and what identifies a patient.

A picture file holds gray levels; a medical file holds measurements and the header that says
what they mean. The readers keep the two together: numbers come back in their unit (Hounsfield
units for CT) with their spacing in mm and the orientation in the patient. What a header does not
say is ``None`` or an error, never a guess. Volumes are nibabel images; nibabel reorients and
resamples them.
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
