"""DICOM files as arrays in real units."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from course_utils.imaging import _dicom_header as header
from course_utils.imaging._checks import (
    ImageFileError,
    finite_number,
    one_line,
    one_of,
    source_name,
)
from course_utils.imaging.normalization import normalize
from course_utils.imaging.windows import VOI_FUNCTIONS, Window, apply_window


@dataclass(frozen=True, eq=False, repr=False)
class DicomImage:
    """The pixels of one DICOM file with the part of the header that gives them meaning.

    Parameters
    ----------
    pixels : numpy.ndarray
        float32 ``(rows, columns)`` in `units`; ``(frames, rows, columns)`` if the file has
        several frames; color as uint8 RGB ``(..., rows, columns, 3)``, 0-255. Never inverted.
    units : str
        ``"HU"`` for CT, another Rescale Type of the header such as ``"OD"`` (optical density in
        thousandths), ``"GY"`` for dose, ``"US"`` for unspecified, or ``"color"``.
    modality : str
        For example ``"CT"``, ``"MR"``, ``"US"`` (here: ultrasound), or ``""``.
    photometric_interpretation : str
        As in the header, before any conversion.
    display_inverted : bool
        True where high values are meant to be shown dark (MONOCHROME1). The numbers in `pixels`
        are measurements and stay as they are; only ``display()`` turns them round.
    pixel_spacing_mm : tuple of float or None
        Distance between (rows, columns), that is vertical first, in mm.
    pixel_spacing_kind : str or None
        ``"PixelSpacing"``: in the patient (for projection X-ray, calibrated or not, see DICOM
        PS3.3 section 10.7.1.3). ``"ImagerPixelSpacing"``: at the detector; anatomy is smaller
        than it says, because the X-ray beam widens on its way.
    slice_thickness_mm : float or None
        Thickness, which is not always the distance between neighboring slices.
    windows : tuple of Window
        Windows that the file suggests, first one first.
    voi_function : str
        Form of those windows, as in `apply_window`.
    valid : numpy.ndarray
        bool ``(rows, columns)`` or ``(frames, rows, columns)``; False where the file marks
        padding outside the scanned field. Padding is not air: leave it out of statistics.
    frames : int
        Number of frames.
    source : str
        File name, for messages.
    """

    pixels: np.ndarray
    units: str
    modality: str
    photometric_interpretation: str
    display_inverted: bool
    pixel_spacing_mm: tuple[float, float] | None
    pixel_spacing_kind: str | None
    slice_thickness_mm: float | None
    windows: tuple[Window, ...]
    voi_function: str
    valid: np.ndarray
    frames: int
    source: str

    @property
    def is_color(self) -> bool:
        """Whether `pixels` are RGB."""
        return self.units == "color"

    def display(self, window: Window | None = None) -> np.ndarray:
        """Return gray levels for looking: float32 0-1, MONOCHROME1 turned round.

        Parameters
        ----------
        window : Window, optional
            Default: the file's first window; without one, the range of the valid pixels.

        Returns
        -------
        numpy.ndarray
            Shape of `pixels`; padding is black. Color is only divided by 255.
        """
        if self.is_color:
            return self.pixels.astype(np.float32) / 255
        if window is not None:
            gray = apply_window(self.pixels, window.center, window.width)
        elif self.windows:
            first = self.windows[0]
            gray = apply_window(self.pixels, first.center, first.width, self.voi_function)
        else:
            gray = normalize(self.pixels, "minmax", mask=self.valid)
        if self.display_inverted:
            gray = 1 - gray
        return np.where(self.valid, gray, np.float32(0))

    def filled(self, value: float) -> np.ndarray:
        """Return a copy of `pixels` with `value` in place of padding (for CT often -1000)."""
        if self.is_color:
            raise ValueError(f"{self.source} is a color image, which has no padding to fill.")
        return np.where(self.valid, self.pixels, np.float32(finite_number(value, "value")))

    def __repr__(self) -> str:
        rows, columns = self.valid.shape[-2:]
        parts = [self.modality or "no modality", f"{rows} x {columns} pixels"]
        if self.frames > 1:
            parts.append(f"{self.frames} frames")
        shown = self.pixels[self.valid]
        if self.is_color:
            parts.append("color")
        elif shown.size:
            parts.append(f"{shown.min():g} to {shown.max():g} {self.units}")
        if self.pixel_spacing_mm is not None:
            row, column = self.pixel_spacing_mm
            parts.append(f"{self.pixel_spacing_kind} {row:.3g} x {column:.3g} mm")
        padding = self.valid.size - int(np.count_nonzero(self.valid))
        if padding:
            parts.append(f"{padding} padding pixels")
        if self.display_inverted:
            parts.append("display inverted")
        return f"DicomImage({', '.join(parts)})"


def read_dicom(source: Any, *, missing_rescale: str = "error") -> DicomImage:
    """Read the image in a DICOM file, in real units.

    Parameters
    ----------
    source : str, path, binary file object, or pydicom.Dataset
        One file; compressed pixel data (RLE, JPEG, JPEG-LS, JPEG 2000) are decoded. A Dataset
        is not changed.
    missing_rescale : {"error", "identity"}
        What to do with a CT whose header lacks Rescale Slope or Intercept. ``"identity"`` keeps
        the stored numbers and calls their unit ``"US"``, unspecified.

    Returns
    -------
    DicomImage
        Stored values with the modality LUT or rescale applied, per frame where the header says
        so (enhanced CT and MR); RT dose in the unit it states. YBR and palette color become RGB
        and color of more than 8 bits is cut to its 8 highest.

    Raises
    ------
    ImageFileError
        The file is missing, not DICOM, truncated, without pixel data, in a compression that
        cannot be decoded here, or its header does not say what the numbers mean.
    ValueError
        For an unknown `missing_rescale`.

    Notes
    -----
    Overlays and VOI lookup tables are not read. Decoding is pydicom's; the numbers equal
    ``pydicom.pixels.apply_modality_lut`` on its pixel array. Taught in lesson 01.

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> read_dicom(get_testdata_file("CT_small.dcm", download=False))
    DicomImage(CT, 128 x 128 pixels, -896 to 1167 HU, PixelSpacing 0.661 x 0.661 mm)
    """
    one_of(missing_rescale, ("error", "identity"), "missing_rescale")
    dataset, name = open_dicom(source)
    stored = _decode(dataset, name)
    photometric = str(dataset.PhotometricInterpretation)
    if photometric.startswith("MONOCHROME"):
        valid = header.valid_mask(dataset, stored, name)
        pixels, units = header.real_values(dataset, stored, name, missing_rescale)
    else:
        pixels, units = _rgb(dataset, stored, photometric, name), "color"
        valid = np.ones(pixels.shape[:-1], dtype=bool)
    spacing, kind = header.pixel_spacing(dataset, name)
    voi_function = header.text(dataset, "VOILUTFunction", "LINEAR").upper()
    return DicomImage(
        pixels=pixels,
        units=units,
        modality=header.text(dataset, "Modality"),
        photometric_interpretation=photometric,
        display_inverted=photometric == "MONOCHROME1",
        pixel_spacing_mm=spacing,
        pixel_spacing_kind=kind,
        slice_thickness_mm=header.slice_thickness(dataset, name),
        windows=header.file_windows(dataset, name),
        voi_function=voi_function if voi_function in VOI_FUNCTIONS else "LINEAR",
        valid=valid,
        frames=valid.shape[0] if valid.ndim == 3 else 1,
        source=name,
    )


def open_dicom(source: Any) -> tuple[Any, str]:
    """Return a dataset, which need not hold an image, and the name to call it in messages.

    Parameters
    ----------
    source : str, path, binary file object, or pydicom.Dataset
        A Dataset is returned as it is.

    Returns
    -------
    tuple of (pydicom.Dataset, str)
        The dataset and the file's name without its folder.

    Raises
    ------
    ImageFileError
        The source is missing, not DICOM, or its header is damaged.
    """
    import pydicom
    from pydicom.datadict import keyword_for_tag

    if isinstance(source, pydicom.Dataset):
        return source, Path(str(getattr(source, "filename", None) or "the dataset")).name
    name = source_name(source, "pydicom Dataset")
    try:
        # By force, because old files lack the preamble and "DICM"; the content is judged below.
        dataset = pydicom.dcmread(source, force=True)
    except Exception as error:  # a damaged header can raise anything inside the parser
        # Only the system's own errors carry a number; pydicom's parser raises OSError as well.
        if isinstance(error, OSError) and error.errno is not None:
            raise ImageFileError(
                f"{source}: cannot open it ({error.strerror}). Check the path."
            ) from error
        raise ImageFileError(
            f"{name}: the header cannot be parsed ({one_line(error)}). The file is damaged or "
            "is not DICOM; get it again from where it came."
        ) from error
    has_mark = bool(getattr(dataset, "preamble", None))
    if not has_mark and not any(keyword_for_tag(tag) for tag in dataset.keys()):  # noqa: SIM118
        raise ImageFileError(
            f"{name}: this is not a DICOM file, or only a fragment of one: it holds no element "
            "of the standard's dictionary. Give a DICOM file; unpack a .zip or .gz first."
        )
    return dataset, name


def _decode(dataset: Any, name: str) -> np.ndarray:
    """Return the decoded pixel array, YBR already turned into RGB."""
    from pydicom.pixels import pixel_array

    if not any(key in dataset for key in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")):
        what = header.sop_class(dataset) or header.text(dataset, "Modality", "unknown kind")
        raise ImageFileError(
            f"{name}: there is no pixel data in this DICOM file ({what}). Reports, plans, "
            "structures, waveforms and directories have none, and some copies are stripped of "
            "it; give a file with an image."
        )
    needed = ("Rows", "Columns", "BitsAllocated", "PhotometricInterpretation")
    missing = [keyword for keyword in needed if not dataset.get(keyword, None)]
    if missing:
        raise ImageFileError(
            f"{name}: the header lacks {', '.join(missing)}, without which the pixel data cannot "
            "be understood. Get a complete file."
        )
    dataset = _with_transfer_syntax(dataset, name)
    try:
        return pixel_array(dataset, raw=False)
    except Exception as error:  # every decoder raises its own kinds
        raise ImageFileError(_why_not_decoded(dataset, name, error)) from error


def _why_not_decoded(dataset: Any, name: str, error: Exception) -> str:
    """Return the message for pixel data that no decoder could read."""
    syntax = dataset.file_meta.TransferSyntaxUID
    if syntax.is_compressed:
        advice = (
            "If another program opens it, save it there as uncompressed DICOM (or run "
            "'gdcmconv --raw' of GDCM); if none does, it is damaged, get it again."
        )
    else:
        advice = "The file is truncated or its header is wrong; get it again."
    boilerplate = "Unable to decode as exceptions were raised by all available plugins: "
    reason = one_line(error).removeprefix(boilerplate).rstrip(".")
    return (
        f"{name}: the pixel data cannot be decoded. Stored as {syntax.name}, "
        f"{dataset.get('BitsStored', 'unknown')} bits. Decoder: {reason}. {advice}"
    )


def _with_transfer_syntax(dataset: Any, name: str) -> Any:
    """Return a dataset that states its transfer syntax, inferred where that is certain."""
    from pydicom import uid
    from pydicom.dataset import FileMetaDataset

    meta = getattr(dataset, "file_meta", None)
    if meta is not None and meta.get("TransferSyntaxUID", None):
        return dataset
    implicit, little = getattr(dataset, "original_encoding", (None, None))
    encapsulated = bytes(dataset.get("PixelData", b"")[:4]) == b"\xfe\xff\x00\xe0"
    if little is None or encapsulated:
        raise ImageFileError(
            f"{name}: the header has no Transfer Syntax UID (0002,0010), so it does not say how "
            "the pixel data are stored. Set dataset.file_meta.TransferSyntaxUID if you know it."
        )
    # Header and uncompressed pixels share one encoding, and the header was parsed with it.
    if not little:
        syntax = uid.ExplicitVRBigEndian
    else:
        syntax = uid.ImplicitVRLittleEndian if implicit else uid.ExplicitVRLittleEndian
    stated = copy.copy(dataset)
    stated.file_meta = FileMetaDataset()
    stated.file_meta.TransferSyntaxUID = syntax
    return stated


def _rgb(dataset: Any, stored: np.ndarray, photometric: str, name: str) -> np.ndarray:
    """Return color as uint8 RGB; `stored` is already RGB unless it indexes a palette."""
    from pydicom.pixels import apply_color_lut

    bits = int(dataset.BitsStored)
    if photometric == "PALETTE COLOR":
        try:
            stored = apply_color_lut(stored, dataset)[..., :3]
        except Exception as error:  # an incomplete palette fails in many ways
            raise ImageFileError(
                f"{name}: the color palette in the header cannot be applied "
                f"({one_line(error)}). Get the file again."
            ) from error
        bits = 8 * stored.dtype.itemsize
    elif stored.shape[-1] != 3 or not photometric.startswith(("RGB", "YBR")):
        raise ImageFileError(
            f"{name}: Photometric Interpretation is {photometric!r}; readable are "
            "MONOCHROME1, MONOCHROME2, PALETTE COLOR, RGB and YBR. Convert the file first."
        )
    return (stored >> max(bits - 8, 0)).astype(np.uint8)
