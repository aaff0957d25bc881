"""Volumes: voxels with their place in the patient, read from NIfTI, turned and resampled."""

from __future__ import annotations

import gzip
import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from course_utils.imaging._checks import ImageFileError, finite_array, one_line, one_of, source_name


@dataclass(frozen=True, eq=False, repr=False)
class Volume:
    """A 3-D image and where its voxels lie in the patient.

    Parameters
    ----------
    data : numpy.ndarray
        Converted to float32, three axes, finite.
    affine : numpy.ndarray
        4 x 4; takes voxel indices (i, j, k, 1) to (x, y, z, 1) in mm. As in NIfTI, x grows
        toward the patient's right, y to the front, z to the head (DICOM: left, back, head).

    Raises
    ------
    ValueError
        Not three axes, NaN or infinite voxels, or an affine that is not an invertible 4 x 4.

    Examples
    --------
    >>> volume = Volume(np.zeros((4, 5, 6)), np.diag([-1, 1, 2, 1]))
    >>> volume
    Volume(4 x 5 x 6 voxels, 1 x 1 x 2 mm, LAS, 0 to 0)
    """

    data: np.ndarray
    affine: np.ndarray

    def __post_init__(self) -> None:
        data = finite_array(self.data, "data").astype(np.float32, copy=False)
        if data.ndim != 3 or 0 in data.shape:
            raise ValueError(f"data has shape {data.shape}; a volume has three axes, none empty.")
        affine = finite_array(self.affine, "affine").astype(np.float64)
        if affine.shape != (4, 4) or not np.array_equal(affine[3], [0, 0, 0, 1]):
            raise ValueError("affine must be 4 x 4 with last row 0, 0, 0, 1.")
        lengths = np.sqrt((affine[:3, :3] ** 2).sum(axis=0))
        if abs(np.linalg.det(affine[:3, :3])) <= 1e-6 * lengths.prod():
            raise ValueError(
                "affine is singular: two voxel axes point the same way or one has "
                "length 0, so positions cannot be told apart."
            )
        object.__setattr__(self, "data", data)
        object.__setattr__(self, "affine", affine)

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Voxel size along the three axes of `data`, in mm."""
        lengths = np.sqrt((self.affine[:3, :3] ** 2).sum(axis=0))
        return tuple(float(length) for length in lengths)

    @property
    def orientation(self) -> str:
        """Direction in which each axis of `data` grows, such as 'RAS'.

        R/L right or left, A/P anterior or posterior, S/I superior or inferior: the nearest
        direction where the volume is oblique.
        """
        from nibabel.orientations import aff2axcodes

        return "".join(aff2axcodes(self.affine))

    def __repr__(self) -> str:
        shape = " x ".join(map(str, self.data.shape))
        spacing = " x ".join(f"{size:.3g}" for size in self.spacing_mm)
        low, high = self.data.min(), self.data.max()
        return f"Volume({shape} voxels, {spacing} mm, {self.orientation}, {low:g} to {high:g})"


def read_nifti(source: Any, *, missing_orientation: str = "error") -> Volume:
    """Read a 3-D NIfTI file.

    Parameters
    ----------
    source : str, path, binary file object, or nibabel image
        A ``.nii`` or ``.nii.gz`` file.
    missing_orientation : {"error", "spacing"}
        What to do where the file does not say how it lies in the patient (sform and qform code
        0). ``"spacing"`` trusts the voxel sizes and takes the axes as they come, so that left
        and right may be swapped.

    Returns
    -------
    Volume
        The header's scaling is applied; a last axis of length 1 is dropped; meters and microns
        become mm.

    Raises
    ------
    ImageFileError
        Missing, damaged or not NIfTI; not one volume; complex or color voxels; NaN; or an
        orientation that is missing or contradictory.
    ValueError
        For an unknown `missing_orientation`.

    Notes
    -----
    Where the file has both, the sform is used, as nibabel does; if the two disagree on which
    way the axes point, that is an error, and a warning if only the voxel sizes differ. Taught
    in lesson 01.

    Examples
    --------
    >>> import nibabel
    >>> image = nibabel.Nifti1Image(np.zeros((4, 5, 6)), np.diag([-1, 1, 2, 1]))
    >>> read_nifti(image)
    Volume(4 x 5 x 6 voxels, 1 x 1 x 2 mm, LAS, 0 to 0)
    """
    one_of(missing_orientation, ("error", "spacing"), "missing_orientation")
    image, name = _open_nifti(source)
    affine = _nifti_affine(image, name, missing_orientation)
    shape = image.shape
    while len(shape) > 3 and shape[-1] == 1:
        shape = shape[:-1]
    if len(shape) != 3:
        raise ImageFileError(
            f"{name}: shape {image.shape} is not one 3-D volume. Pick one, for example with "
            "image.slicer[..., 0] of nibabel, and pass that image."
        )
    if image.get_data_dtype().kind not in "buif":
        raise ImageFileError(
            f"{name}: voxels of type {image.get_data_dtype()} (complex or color) are not one "
            "number each. Convert the file first."
        )
    try:
        return Volume(np.asarray(image.dataobj).reshape(shape), affine)
    except Exception as error:  # truncated or damaged files fail inside gzip, mmap or NumPy
        raise ImageFileError(
            f"{name}: the voxels cannot be read ({one_line(error)}). A truncated or damaged file "
            "must be fetched again."
        ) from error


def _open_nifti(source: Any) -> tuple[Any, str]:
    """Return a nibabel NIfTI image and the name to call it in messages."""
    import nibabel as nib

    if isinstance(source, nib.Nifti1Pair):
        return source, Path(source.get_filename() or "the image").name
    name = source_name(source, "nibabel image")
    try:
        is_path = isinstance(source, (str, os.PathLike))
        image = nib.load(source) if is_path else _nifti_from_bytes(source.read())
    except FileNotFoundError as error:
        raise ImageFileError(f"{source}: there is no such file. Check the path.") from error
    except Exception as error:  # nibabel, gzip and the system each raise their own kinds
        raise ImageFileError(
            f"{name}: this cannot be read as NIfTI ({one_line(error)}). Give an undamaged .nii "
            "or .nii.gz file; DICOM files are read with read_dicom."
        ) from error
    if not isinstance(image, nib.Nifti1Pair):
        raise ImageFileError(
            f"{name}: this is {type(image).__name__}, not NIfTI. Convert it with nibabel first."
        )
    return image, name


def _nifti_from_bytes(content: bytes) -> Any:
    """Return a nibabel image from the content of a .nii or .nii.gz file."""
    import nibabel as nib

    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    kind = nib.Nifti2Image if content[4:7] == b"n+2" else nib.Nifti1Image
    return kind.from_bytes(content)


def _nifti_affine(image: Any, name: str, missing_orientation: str) -> np.ndarray:
    """Return the affine in mm, after checking that the header means it."""
    header = image.header
    sform, sform_code = header.get_sform(coded=True)
    try:
        qform, qform_code = header.get_qform(coded=True)
    except Exception as error:  # a quaternion that is not one
        raise ImageFileError(f"{name}: the qform is damaged ({one_line(error)}).") from error
    if not sform_code and not qform_code and missing_orientation == "error":
        raise ImageFileError(
            f"{name}: sform and qform codes are 0, so the file does not say which side is left. "
            "Get the original, or pass missing_orientation='spacing' to go by voxel size only."
        )
    if sform_code and qform_code:
        _check_same_orientation(sform, qform, name)
    factor = {"meter": 1000.0, "micron": 0.001}.get(header.get_xyzt_units()[0], 1.0)
    return np.diag([factor, factor, factor, 1.0]) @ image.affine


def _check_same_orientation(sform: np.ndarray, qform: np.ndarray, name: str) -> None:
    """Stop where sform and qform point different ways, warn where only their sizes differ."""
    from nibabel.affines import voxel_sizes
    from nibabel.orientations import aff2axcodes

    letters = ["".join(map(str, aff2axcodes(affine))) for affine in (sform, qform)]
    if letters[0] != letters[1]:
        raise ImageFileError(
            f"{name}: the sform says the axes are {letters[0]}, the qform {letters[1]}. One is "
            "wrong, so left and right are uncertain; get the original file."
        )
    if not np.allclose(voxel_sizes(sform), voxel_sizes(qform), rtol=0.01):
        warnings.warn(
            f"{name}: voxel sizes are {voxel_sizes(sform)} by the sform and "
            f"{voxel_sizes(qform)} by the qform; the sform is used.",
            stacklevel=4,
        )


def reorient(volume: Volume, orientation: str = "RAS") -> Volume:
    """Flip and swap axes so that they grow in the given directions; no interpolation.

    Parameters
    ----------
    volume : Volume
        Any orientation; an oblique one goes to the nearest axes and stays oblique.
    orientation : str
        One letter of each pair R/L, A/P, S/I, in the order of the axes wanted.

    Returns
    -------
    Volume
        The same voxels at the same places in the patient.

    Raises
    ------
    ValueError
        For letters that are not one of each pair.

    Notes
    -----
    Taught in lesson 01.

    Examples
    --------
    >>> volume = Volume(np.arange(6).reshape(1, 2, 3), np.diag([-1, 1, 2, 1]))
    >>> reorient(volume, "SAR")
    Volume(3 x 2 x 1 voxels, 2 x 1 x 1 mm, SAR, 0 to 5)
    """
    from nibabel import orientations

    pairs = {"R": 0, "L": 0, "A": 1, "P": 1, "S": 2, "I": 2}
    letters = orientation if isinstance(orientation, str) else ""
    if sorted(pairs.get(letter, 9) for letter in letters) != [0, 1, 2]:
        raise ValueError(
            f"orientation is {orientation!r}; give one letter of each pair R/L, A/P and S/I, "
            "such as 'RAS' or 'LPS'."
        )
    transform = orientations.ornt_transform(
        orientations.io_orientation(volume.affine), orientations.axcodes2ornt(orientation)
    )
    data = orientations.apply_orientation(volume.data, transform)
    affine = volume.affine @ orientations.inv_ornt_aff(transform, volume.data.shape)
    return Volume(data, affine)


def resample(volume: Volume, spacing_mm: Any, order: int = 1, *, antialias: bool = False) -> Volume:
    """Interpolate a volume onto a grid of the given spacing along the patient's axes.

    Parameters
    ----------
    volume : Volume
        Any orientation, oblique too.
    spacing_mm : float or three floats
        Wanted voxel size from left to right, back to front, feet to head, in mm.
    order : int
        Spline order 0-5: 1 linear, 3 cubic, 0 nearest voxel, the one for label masks.
    antialias : bool
        Blur before making voxels larger. Without it, structures finer than the new voxels turn
        into false patterns, because a linear interpolation looks only at two neighbors. Gaussian
        with standard deviation ``(new / old - 1) / 2`` voxels on each axis; not for masks.

    Returns
    -------
    Volume
        Orientation RAS, axes exactly along the patient's; the box holds every voxel center of
        the input; outside the input it is 0.

    Raises
    ------
    ValueError
        For a spacing that is not positive, an order out of range, or blurring a mask.

    Notes
    -----
    Without `antialias` it gives the grid and the values of
    ``nibabel.processing.resample_to_output``. Taught in lesson 01.

    Examples
    --------
    >>> volume = Volume(np.arange(4.0).reshape(4, 1, 1), np.eye(4))
    >>> resample(volume, (1.5, 1, 1)).data.ravel()
    array([0. , 1.5, 3. ], dtype=float32)
    """
    from scipy import ndimage

    spacing = _spacing(spacing_mm)
    if isinstance(order, bool) or order not in range(6):
        raise ValueError(f"order is {order!r}; allowed are 0, 1, 2, 3, 4, 5.")
    if antialias and order == 0:
        raise ValueError(
            "antialias blurs labels into values that mean nothing; use it with order 1 or above."
        )
    shape, affine = _output_grid(volume, spacing)
    data = volume.data
    if antialias:
        world_axis = np.abs(volume.affine[:3, :3] / volume.spacing_mm).argmax(axis=0)
        sigma = np.maximum((spacing[world_axis] / volume.spacing_mm - 1) / 2, 0)
        data = ndimage.gaussian_filter(data, sigma, mode="nearest")
    to_input = np.linalg.inv(volume.affine) @ affine
    data = ndimage.affine_transform(
        data, to_input[:3, :3], to_input[:3, 3], shape, order=order, mode="constant", cval=0.0
    )
    return Volume(data, affine)


def _spacing(spacing_mm: Any) -> np.ndarray:
    """Return three positive spacings in mm from one number or three."""
    spacing = np.asarray(spacing_mm, dtype=np.float64)
    if spacing.ndim == 0:
        spacing = np.repeat(spacing, 3)
    if spacing.shape != (3,) or not np.all(np.isfinite(spacing)) or np.any(spacing <= 0):
        raise ValueError(f"spacing_mm is {spacing_mm!r}; give one positive number in mm, or three.")
    return spacing


def _output_grid(volume: Volume, spacing: np.ndarray) -> tuple[tuple[int, ...], np.ndarray]:
    """Return shape and affine of the axis-parallel grid around all voxel centers."""
    corners = np.array(np.meshgrid(*[(0, size - 1) for size in volume.data.shape])).reshape(3, -1)
    positions = volume.affine[:3, :3] @ corners + volume.affine[:3, 3:]
    low, high = positions.min(axis=1), positions.max(axis=1)
    # The tolerance: rounding errors must not add a voxel where the division is even.
    shape = tuple(int(size) for size in np.ceil((high - low) / spacing - 1e-6) + 1)
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = low
    return shape, affine


class Plane(NamedTuple):
    """One slice for display: `pixels` (rows, columns) and their (row, column) spacing in mm."""

    pixels: np.ndarray
    spacing_mm: tuple[float, float]


_PLANE_AXES = {"axial": 2, "coronal": 1, "sagittal": 0}


def plane(volume: Volume, name: str, index: int | None = None) -> Plane:
    """Cut one slice out of a volume, turned the way radiologists look at it.

    Axial: seen from the feet, front of the patient up. Coronal: seen from the front, head up.
    In both the patient's right is on the left of the image. Sagittal: head up, front left.

    Parameters
    ----------
    volume : Volume
        Any orientation; the nearest axis is cut, so `resample` an oblique volume first.
    name : {"axial", "coronal", "sagittal"}
        The plane.
    index : int, optional
        Slice, counted from the feet (axial), the back (coronal) or the patient's left
        (sagittal) whatever the orientation of the data. Default: the middle.

    Returns
    -------
    Plane
        ``pixels`` float32 (rows, columns) and ``spacing_mm`` (row, column), which unpack.

    Raises
    ------
    ValueError
        For an unknown plane or an index outside the volume.

    Notes
    -----
    Taught in lesson 01.

    Examples
    --------
    >>> volume = Volume(np.arange(8.0).reshape(2, 2, 2), np.diag([1, 2, 3, 1]))
    >>> pixels, spacing_mm = plane(volume, "axial", 0)
    >>> pixels
    array([[6., 2.],
           [4., 0.]], dtype=float32)
    >>> spacing_mm
    (2.0, 1.0)
    """
    from nibabel import orientations

    axis = _PLANE_AXES[one_of(name, tuple(_PLANE_AXES), "name")]
    to_ras = orientations.io_orientation(volume.affine)
    data = orientations.apply_orientation(volume.data, to_ras)  # a view, cheap for a viewer
    spacing = np.empty(3)
    spacing[to_ras[:, 0].astype(int)] = volume.spacing_mm
    size = data.shape[axis]
    index = size // 2 if index is None else index
    if isinstance(index, bool) or not isinstance(index, (int, np.integer)):
        raise ValueError(f"index is {index!r}; give a whole number from 0 to {size - 1}.")
    if not 0 <= index < size:
        raise ValueError(f"index is {index}; {name} slices go from 0 to {size - 1}.")
    column_axis, row_axis = (other for other in range(3) if other != axis)
    # Rows and columns run against R, A and S: right, front and head come first.
    pixels = np.take(data, index, axis=axis).T[::-1, ::-1]
    return Plane(pixels, (float(spacing[row_axis]), float(spacing[column_axis])))
