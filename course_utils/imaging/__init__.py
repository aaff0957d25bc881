"""Medical images as arrays: DICOM and NIfTI files, windows, planes, and what identifies a patient.

The readers keep numbers and header together: values in their unit (Hounsfield units for CT), with
spacing in mm and orientation. What a header does not say is ``None`` or an error, never a guess.
Volumes are nibabel images that have been checked; nibabel reorients and resamples them.
"""

from __future__ import annotations

import warnings
from collections import namedtuple
from pathlib import Path

import nibabel as nib
import numpy as np

from course_utils._checks import check_choice
from course_utils.imaging.dicom import (
    WINDOWS,
    DicomImage,
    ImageFileError,
    Window,
    apply_window,
    float32_or_exact,
    identifying_elements,
    one_line,
    read_dicom,
    unreadable,
)

MM = {"meter": 1000.0, "micron": 0.001}
AXES = ("sagittal", "coronal", "axial")


def read_nifti(path, index=None):
    """Read a NIfTI file as a nibabel image, after checking that its header means what it says.

    The file, ``.nii`` or ``.nii.gz``, holds one 3-D volume. Its voxels become float32 with the
    header's scaling applied, unless it would turn whole numbers, such as the labels of an atlas,
    into others; its affine, in mm, takes voxel indices (i, j, k, 1) to (x, y, z, 1),
    where x grows to the patient's right, y to the front, z to the head. Where the file has both,
    the sform is used, as by nibabel.

    Of a 4-D file, ``index`` chooses the volume, from 0.

    >>> from course_utils import ROOT
    >>> template = read_nifti(ROOT / "data" / "mni152_t1_2mm.nii.gz")
    >>> template.shape, nib.aff2axcodes(template.affine)
    ((98, 116, 94), ('R', 'A', 'S'))
    """
    name = Path(path).name
    try:
        image = nib.load(path)
    except FileNotFoundError:
        unreadable(path, "no file", "a .nii or .nii.gz file", "Check the path.")
    except Exception as error:  # nibabel, gzip and the system each raise their own kinds
        received = f"what cannot be read as NIfTI ({one_line(error)})"
        remedy = "Get it again; dcm2niix turns a folder of DICOM files into NIfTI."
        unreadable(name, received, "an undamaged .nii or .nii.gz file", remedy)
    if not isinstance(image, nib.Nifti1Pair):
        unreadable(name, type(image).__name__, "NIfTI", "Convert it with nibabel first.")
    affine = _affine_in_mm(image, name)
    image = nib.squeeze_image(image)
    if image.ndim == 4 and index in range(image.shape[3]):
        image = image.slicer[..., index]
    elif image.ndim != 3 or index:
        received = f"shape {image.shape}" + (f" and index {index}" if index is not None else "")
        remedy = "Choose one: read_nifti(path, index=0), or in a table name.nii.gz[0]."
        if image.ndim < 3:
            remedy = "Add the axis of slices: i = nibabel.load(path); nibabel.Nifti1Image("
            remedy += "i.get_fdata()[..., None], i.affine).to_filename(new)."
        if image.ndim > 4:
            remedy = "Take one component: nibabel.load(path).slicer[..., 0].to_filename(new)."
        unreadable(name, received, "one 3-D volume, or 4-D and an index", remedy)
    if image.get_data_dtype().kind not in "buif":
        received = f"voxels of type {image.get_data_dtype()} (complex or color)"
        unreadable(name, received, "one number for each voxel", "Convert the file first.")
    try:
        data = np.asarray(image.dataobj, dtype=np.float32)
        if not np.can_cast(image.get_data_dtype(), np.float32):
            data = float32_or_exact(np.asarray(image.dataobj))
    except Exception as error:  # truncated or damaged files fail inside gzip, mmap or NumPy
        received = f"voxels that cannot be read ({one_line(error)})"
        unreadable(name, received, "an undamaged file", "Get it again.")
    bad = data.size - np.count_nonzero(np.isfinite(data))
    if bad:
        remedy = "Set them to a number of your choice with nibabel, and save that."
        unreadable(name, f"{bad} of {data.size} voxels NaN or infinite", "numbers", remedy)
    return nib.Nifti1Image(data, affine, dtype=data.dtype)


def _affine_in_mm(image, name):
    """Return the affine in mm, after checking that the header means it."""
    header = image.header
    try:
        forms = [form for form, code in (header.get_sform(True), header.get_qform(True)) if code]
    except Exception as error:  # a quaternion that is not one
        received = f"a damaged qform ({one_line(error)})"
        unreadable(name, received, "a valid quaternion", "Get the original file.")
    if not forms:
        received = "sform and qform codes 0, which do not say which side is left"
        remedy = (
            "Get the original; or, if you know that the axes are right, call "
            "image.set_sform(image.affine, 1) of nibabel and save it under another name."
        )
        unreadable(name, received, "a file that states its orientation", remedy)
    letters = ["".join(map(str, nib.aff2axcodes(form))) for form in forms]
    if letters[0] != letters[-1]:
        received = f"axes that are {letters[0]} by the sform and {letters[1]} by the qform"
        unreadable(name, received, "one orientation", "Get the original file.")
    sizes = [nib.affines.voxel_sizes(form) for form in forms]
    if not np.allclose(sizes[0], sizes[-1], rtol=0.01):
        message = f"{name}: voxel sizes are {sizes[0]} by the sform, which is used, not {sizes[1]}."
        warnings.warn(message, stacklevel=3)
    if not abs(np.linalg.det(image.affine[:3, :3])) > 1e-6 * sizes[0].prod():
        received = "an affine in which two axes point the same way, or one has length 0"
        unreadable(name, received, "three directions", "Get the original file.")
    factor = MM.get(header.get_xyzt_units()[0], 1.0)
    return np.diag([factor, factor, factor, 1.0]) @ image.affine


# One slice for display: pixels (rows, columns) and their (row, column) spacing in mm.
Plane = namedtuple("Plane", "pixels spacing_mm")


def plane(volume, name, index):
    """Cut one slice out of a volume, turned the way radiologists look at it.

    Axial: seen from the feet, front of the patient up. Coronal: seen from the front, head up.
    In both the patient's right is on the left of the image. Sagittal: head up, front left.

    The index counts from the feet (axial), the back (coronal) or the patient's left (sagittal),
    whatever the orientation of the volume, a nibabel image; the nearest axis is cut.

    >>> volume = nib.Nifti1Image(np.arange(8.0).reshape(2, 2, 2), np.diag([1, 2, 3, 1]))
    >>> pixels, spacing_mm = plane(volume, "axial", 0)
    >>> pixels
    array([[6., 2.],
           [4., 0.]])
    >>> spacing_mm
    (2.0, 1.0)
    """
    axis = AXES.index(check_choice("name", name, AXES))
    canonical = nib.as_closest_canonical(volume)
    column_axis, row_axis = (other for other in range(3) if other != axis)
    # Rows and columns run against R, A and S: right, front and head come first.
    pixels = np.take(np.asarray(canonical.dataobj), index, axis=axis).T[::-1, ::-1]
    zooms = canonical.header.get_zooms()
    return Plane(pixels, (float(zooms[row_axis]), float(zooms[column_axis])))
