"""A DICOM series, one file per slice, as a volume with its place in the patient."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from course_utils.imaging._checks import ImageFileError, one_line
from course_utils.imaging.dicom import DicomImage, open_dicom, read_dicom
from course_utils.imaging.volumes import Volume

# Scanners round positions to about 0.01 mm; a missing slice changes a distance by far more.
TOLERANCE_MM = 0.05
DICOM_TO_NIFTI = np.diag([-1.0, -1.0, 1.0, 1.0])


def read_dicom_series(folder: Any, *, missing_rescale: str = "error") -> Volume:
    """Read the slices of one DICOM series from a folder.

    Parameters
    ----------
    folder : str or path
        Holds the files of one series and nothing else; hidden files and DICOMDIR are passed over.
        Each file is one gray slice; order and names do not matter.
    missing_rescale : {"error", "identity"}
        As in `read_dicom`.

    Returns
    -------
    Volume
        Axes: columns, rows, slices in the direction of the slice normal. Padding pixels get the
        lowest value that is not padding.

    Raises
    ------
    ImageFileError
        A file that cannot be read or has no position; slices of several series, sizes, spacings,
        directions or units; fewer than two slices; a slice that occurs twice, is missing, or lies
        beside the line on which the others follow each other.

    Notes
    -----
    The place of a pixel follows DICOM PS3.3, section C.7.6.2.1.1, with x and y reversed as in
    NIfTI. Used in lesson 10.

    Examples
    --------
    ``read_dicom_series("patient_07/T1c")`` gives, for example,
    ``Volume(256 x 256 x 24 voxels, 0.9 x 0.9 x 6 mm, LPS, 0 to 1873)``.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ImageFileError(f"{folder}: there is no such folder. Give the folder of one series.")
    paths = [path for path in sorted(folder.iterdir()) if _is_slice(path)]
    if len(paths) < 2:
        raise ImageFileError(
            f"{folder}: {len(paths)} files; a volume needs at least two slices, whose distance "
            "says how thick they are."
        )
    slices = [_read_slice(path, missing_rescale) for path in paths]
    _check_alike(folder, slices)
    origins, affine = _geometry(folder, [path.name for path in paths], slices)
    order = np.argsort(origins)
    pixels = [slices[i][0] for i in order]
    measured = [image.pixels[image.valid] for image in pixels if image.valid.any()]
    if not measured:
        raise ImageFileError(f"{folder}: all pixels are marked as padding; there is no image.")
    lowest = min(values.min() for values in measured)
    data = np.stack([image.filled(lowest).T for image in pixels], axis=-1)
    return Volume(data, DICOM_TO_NIFTI @ affine)


def _is_slice(path: Path) -> bool:
    return path.is_file() and not path.name.startswith(".") and path.name != "DICOMDIR"


def _read_slice(
    path: Path, missing_rescale: str
) -> tuple[DicomImage, np.ndarray, np.ndarray, tuple]:
    """Return the image, its position, its row and column directions (2, 3), patient and series."""
    dataset, name = open_dicom(path)
    image = read_dicom(dataset, missing_rescale=missing_rescale)
    if image.is_color or image.frames > 1:
        what = "color" if image.is_color else f"{image.frames} frames"
        raise ImageFileError(f"{name}: {what}; a series of single gray slices is needed.")
    try:
        position = np.array([float(x) for x in dataset.ImagePositionPatient])
        directions = np.array([float(x) for x in dataset.ImageOrientationPatient]).reshape(2, 3)
    except Exception as error:  # missing, empty, or not numbers
        raise ImageFileError(
            f"{name}: no usable ImagePositionPatient and ImageOrientationPatient "
            f"({one_line(error)}), so its place in the stack is unknown. Get the original files."
        ) from error
    # Sides of length 1 at a right angle: their products with each other are the unit matrix.
    if (
        position.shape != (3,)
        or not np.isfinite(position).all()
        or not np.allclose(directions @ directions.T, np.eye(2), atol=1e-3)
    ):
        raise ImageFileError(f"{name}: position or orientation in the header is wrong.")
    if image.pixel_spacing_kind != "PixelSpacing":
        raise ImageFileError(f"{name}: no PixelSpacing, so sizes are unknown.")
    origin = tuple(str(dataset.get(key, "")) for key in ("PatientID", "SeriesInstanceUID"))
    return image, position, directions, origin


def _check_alike(folder: Path, slices: list) -> None:
    facts = {
        "patients": [patient for *_, (patient, _) in slices],
        "series": [series for *_, (_, series) in slices],
        "photometric interpretations": [image.photometric_interpretation for image, *_ in slices],
        "sizes": [image.pixels.shape for image, *_ in slices],
        "units": [image.units for image, *_ in slices],
        "pixel spacings": [_rounded(image.pixel_spacing_mm, 4) for image, *_ in slices],
        "directions": [_rounded(directions, 3) for _, _, directions, _ in slices],
    }
    for fact, values in facts.items():
        if len(set(values)) > 1:
            first, other = sorted(map(str, set(values)))[:2]
            raise ImageFileError(
                f"{folder}: slices of {len(set(values))} {fact}, such as {first} and {other}. Put "
                "each series into a folder of its own."
            )


def _rounded(numbers: Any, digits: int) -> tuple[float, ...]:
    # Adding 0 turns -0 into 0.
    return tuple((np.round(numbers, digits).ravel() + 0.0).tolist())


def _geometry(folder: Path, names: list[str], slices: list) -> tuple[np.ndarray, np.ndarray]:
    """Return each slice's place along the normal and the affine in DICOM's directions, mm."""
    image, _, (along_row, along_column), _ = slices[0]
    normal = np.cross(along_row, along_column)
    positions = np.array([position for _, position, _, _ in slices])
    places = positions @ normal
    order = np.argsort(places)
    steps = np.diff(places[order])
    if steps.min() < TOLERANCE_MM:
        raise ImageFileError(
            f"{folder}: two slices at {places[order][steps.argmin()]:g} mm. Leave one out, or "
            "divide a series of several time points or echoes."
        )
    if np.ptp(steps) > 2 * TOLERANCE_MM:
        raise ImageFileError(
            f"{folder}: distances of slices from {steps.min():.4g} to {steps.max():.4g} mm. A "
            "slice is missing, or they do not form one stack; get the complete series."
        )
    first, last = positions[order[0]], positions[order[-1]]
    step = (last - first) / (len(slices) - 1)
    # A tilted gantry moves every slice by the same step, which keeps them on a line.
    line = first + np.outer(np.arange(len(slices)), step)
    beside = np.linalg.norm(positions[order] - line, axis=1)
    if beside.max() > 2 * TOLERANCE_MM:
        raise ImageFileError(
            f"{folder}: {names[order[beside.argmax()]]} lies {beside.max():.4g} mm beside the line "
            f"from the first to the last slice; allowed: {2 * TOLERANCE_MM:g} mm. One affine "
            "cannot place it: leave out slices of another stack, or get the original files."
        )
    affine = np.eye(4)
    # The header's first spacing is that between rows, a step along a column.
    affine[:3, 0] = along_row * image.pixel_spacing_mm[1]
    affine[:3, 1] = along_column * image.pixel_spacing_mm[0]
    affine[:3, 2] = step
    affine[:3, 3] = first
    return places, affine
