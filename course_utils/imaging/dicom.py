"""DICOM files as arrays in real units, windows to show them in, and what identifies a patient."""

from __future__ import annotations

import os
import tomllib
import warnings
from collections import namedtuple
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pydicom
from pydicom import pixels as pydicom_pixels
from pydicom import uid
from pydicom.datadict import keyword_for_tag
from scipy.special import expit

from course_utils._checks import check_choice, refuse

PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
AIR = -1000  # HU
PADDING = ("PixelPaddingValue", "PixelPaddingRangeLimit", "FloatPixelPaddingValue")
UNITS = ("ModalityLUTType", "RescaleType", "DoseUnits", "Units")
ULTRASOUND_REGION = ("RegionSpatialFormat", "PhysicalUnitsXDirection", "PhysicalUnitsYDirection")
# JPEG 2000 may be either; the header's Lossy Image Compression tells of earlier files, too.
LOSSY = (uid.JPEGBaseline8Bit, uid.JPEGExtended12Bit, uid.JPEGLSNearLossless, uid.JPEG2000)


class ImageFileError(ValueError):
    """Report a medical image file that cannot be turned into trustworthy numbers."""


def unreadable(name, received, allowed, remedy="Get it again."):
    """Raise an ImageFileError in the three parts that every refusal has."""
    raise ImageFileError(f"{name}: received {received}; allowed: {allowed}. {remedy}")


def one_line(error):
    """Return an exception's message without its line breaks."""
    return (" ".join(str(error).split()) or type(error).__name__).rstrip(".")


def float32_or_exact(values):
    """Return float32, or the values as they are if it would turn whole numbers into others."""
    with np.errstate(over="ignore"):
        single = values.astype(np.float32)
    return values if ((single != values) & (values == np.rint(values))).any() else single


class Window(NamedTuple):
    """A display window in the image's unit: `center` is mid-gray, `width` spans black to white.

    `function` names the curve, as in `apply_window`. Where the frames of a file have windows of
    their own, center and width are arrays (frames, 1, 1).
    """

    center: float
    width: float
    function: str = "LINEAR_EXACT"


_WINDOWS = tomllib.loads(Path(__file__).with_name("windows.toml").read_text("utf-8"))
#: Usual CT windows by name, in HU: conventions that differ a little between hospitals.
WINDOWS = {name: Window(*center_and_width) for name, center_and_width in _WINDOWS.items()}


def apply_window(values, center, width, function="LINEAR_EXACT"):
    """Map values to gray levels from 0 (black) to 1 (white).

    The curves are those of DICOM (PS3.3, C.11.2.1): LINEAR_EXACT runs from ``center - width / 2``
    to ``center + width / 2`` in the unit of the values, which may have any shape; LINEAR becomes
    white one unit earlier; SIGMOID has no sharp ends. ``apply_window(image.pixels,
    *image.window)`` shows a file as it asks to be shown.

    >>> apply_window([-200, -160, 40, 240, 3000], center=40, width=400)
    array([0. , 0. , 0.5, 1. , 1. ], dtype=float32)
    """
    check_choice("function", function, ("LINEAR", "LINEAR_EXACT", "SIGMOID"))
    if not np.all(np.greater(width, 0) if function != "LINEAR" else np.greater_equal(width, 1)):
        refuse("width", repr(width), "above 0, from 1 for LINEAR", "Give white minus black.")
    values = np.asarray(values, dtype=np.float64)
    if function == "SIGMOID":
        return expit(4 * (values - center) / width).astype(np.float32)
    span = np.maximum(width - (function == "LINEAR"), 1e-12)
    return np.clip((values - center + width / 2) / span, 0, 1).astype(np.float32)


@dataclass(frozen=True, eq=False, repr=False)
class DicomImage:
    """The pixels of one DICOM file with the part of the header that gives them meaning.

    Pixels are float32 (rows, columns), after an axis of frames where there are several, or uint8
    RGB (…, rows, columns, 3); whole numbers that float32 cannot hold keep their type. Units are
    ``"HU"``, ``"US"`` for unspecified, ``"color"``, or what the header says. `valid` is False in
    padding. Pixels are never inverted; ``"MONOCHROME1"`` means high values to be shown dark. The
    spacing is that of rows and columns in mm; ``"ImagerPixelSpacing"`` is measured at the detector,
    where anatomy looks larger (PS3.3, 10.7.1.3), ``"SequenceOfUltrasoundRegions"`` holds where
    tissue is shown. The window is the first one, of the file or of each frame.
    """

    pixels: np.ndarray
    valid: np.ndarray
    units: str
    modality: str
    photometric_interpretation: str
    pixel_spacing_mm: tuple[float, float] | None
    pixel_spacing_kind: str | None
    window: Window | None

    def __repr__(self):
        low, high = self.pixels.min(), self.pixels.max()
        size = " x ".join(map(str, self.valid.shape))
        parts = [self.modality or "no modality", f"{size} pixels"]
        parts.append("color" if self.units == "color" else f"{low:g} to {high:g} {self.units}")
        if self.pixel_spacing_mm is not None:
            row, column = self.pixel_spacing_mm
            parts.append(f"{self.pixel_spacing_kind} {row:.3g} x {column:.3g} mm")
        return f"DicomImage({', '.join(parts)})"


def read_dicom(source):
    """Read the image in a DICOM file, in real units.

    The source is a path, a binary file object or a pydicom.Dataset. Rescale or lookup table are
    applied; YBR and palette color become RGB, color of more than 8 bits is cut to its 8 highest.
    JPEG Lossless and JPEG of 12 bits have to be decompressed first.

    >>> from pydicom.data import get_testdata_file
    >>> read_dicom(get_testdata_file("CT_small.dcm", download=False))
    DicomImage(CT, 128 x 128 pixels, -896 to 1167 HU, PixelSpacing 0.661 x 0.661 mm)
    """
    dataset, name = _open_dicom(source)
    stored = _decode(dataset, name)
    gray = dataset.PhotometricInterpretation.startswith("MONOCHROME")
    try:
        measured = (_in_units if gray else _rgb)(dataset, stored, name)
        kinds = (str(dataset.get(k) or "") for k in ("Modality", "PhotometricInterpretation"))
        return DicomImage(*measured, *kinds, *_pixel_spacing(dataset, name), _window(dataset))
    except ImageFileError:
        raise
    except Exception as error:  # text where a number belongs, an incomplete palette or table
        received = f"a damaged header ({one_line(error)})"
        unreadable(name, received, "the elements of the standard")


def _open_dicom(source):
    """Return a dataset, which need not hold an image, and the name to call it in messages."""
    attribute = "filename" if isinstance(source, pydicom.Dataset) else "name"
    path = source if isinstance(source, str | os.PathLike) else getattr(source, attribute, None)
    name = Path(str(path or "the data")).name
    if isinstance(source, pydicom.Dataset):
        return source, name
    try:
        # By force, because old files lack the preamble and "DICM"; the content is judged below.
        dataset = pydicom.dcmread(source, force=True)
    except Exception as error:  # a damaged header can raise anything inside the parser
        # Only the system's own errors carry a number; pydicom's parser raises OSError as well.
        if isinstance(error, OSError) and error.errno is not None:
            remedy = "Check the path; dcm2niix turns the folder of a series into a NIfTI file."
            unreadable(source, error.strerror, "a file that can be opened", remedy)
        received = f"a header that cannot be parsed ({one_line(error)})"
        unreadable(name, received, "an undamaged DICOM file")
    has_mark = bool(getattr(dataset, "preamble", None))
    if not has_mark and not any(keyword_for_tag(tag) for tag in dataset.keys()):  # noqa: SIM118
        received = "no element of the standard's dictionary, or only a fragment of a file"
        unreadable(name, received, "a DICOM file", "Unpack a .zip or .gz first, or get it again.")
    return dataset, name


def _kind_of(dataset):
    """Return the name of the kind of object, such as 'CT Image Storage', or ''."""
    meta = getattr(dataset, "file_meta", None) or {}
    return getattr(dataset.get("SOPClassUID") or meta.get("MediaStorageSOPClassUID"), "name", "")


def _decode(dataset, name):
    """Return the decoded pixel array, YBR already turned into RGB."""
    if not any(key in dataset for key in PIXELS):
        kind = _kind_of(dataset) or dataset.get("Modality") or "unknown kind"
        remedy = "Reports, plans, structures, waveforms and directories have none."
        unreadable(name, f"no pixel data ({kind})", "a file with an image", remedy)
    try:
        return pydicom_pixels.pixel_array(dataset, raw=False)
    except Exception as error:  # every decoder raises its own kinds
        boilerplate = "Unable to decode as exceptions were raised by all available plugins: "
        reason = one_line(error).removeprefix(boilerplate)
        syntax = (getattr(dataset, "file_meta", None) or {}).get("TransferSyntaxUID")
        received = f"{getattr(syntax, 'name', '')} pixels that cannot be decoded ({reason})"
        allowed = "a complete header and undamaged pixels in a compression pydicom knows"
        remedy = "Save it as uncompressed DICOM in a program that opens it, or get it again."
        if syntax in uid.JPEGTransferSyntaxes:
            remedy = "Decompress it with DCMTK, 'dcmdjpeg in.dcm out.dcm', or get it again."
        unreadable(name, received.strip(), allowed, remedy)


def _items(dataset, sequence):
    """Return an enhanced file's items, of each frame or for all, or else the file's header."""
    for kind in ("PerFrame", "Shared"):
        groups = dataset.get(f"{kind}FunctionalGroupsSequence") or []
        if any(group.get(sequence) for group in groups):
            return [(group.get(sequence) or [pydicom.Dataset()])[0] for group in groups]
    return [dataset]


def _first(items, keyword):
    """Return an element's first number, an array (frames, 1, 1) if they differ, or None."""
    if any(keyword not in item or item[keyword].is_empty for item in items):
        return None
    values = np.array([float(np.ravel(item[keyword].value)[0]) for item in items])
    return float(values[0]) if (values == values[0]).all() else values.reshape(-1, 1, 1)


def _in_units(dataset, stored, name):
    """Return the values in real units, where they were measured, and the unit."""
    items = _items(dataset, "PixelValueTransformationSequence")
    table, ct = dataset.get("ModalityLUTSequence"), dataset.get("Modality") == "CT"
    rescale = {k: _first(items, k) for k in ("RescaleSlope", "RescaleIntercept")}
    missing = [k for k, number in rescale.items() if number is None]
    if not table and missing and (ct or len(missing) == 1 or items[0] is not dataset):
        received = f"no {' and no '.join(missing)} in the header"
        remedy = "Get a complete file; pydicom's pixel_array gives the stored numbers, not HU."
        unreadable(name, received, "both, which turn stored numbers into real units", remedy)
    slope, intercept = (1.0, 0.0) if missing else rescale.values()
    dose = float(dataset.get("DoseGridScaling", 1))
    if not dose or not np.all(slope):
        unreadable(name, "a scale of 0", "a slope other than 0", "Get the file again.")
    stated = filter(None, map((table or items)[0].get, UNITS))

    def in_units(numbers):
        if table:
            return pydicom_pixels.apply_modality_lut(numbers, dataset)
        return (numbers.astype(np.float64) * slope + intercept) * dose

    values = in_units(stored)
    if bad := values.size - np.count_nonzero(np.isfinite(values)):
        remedy = "Set them in pydicom's pixel_array to a number of your choice and save that."
        unreadable(name, f"{bad} of {values.size} pixels NaN or infinite", "numbers", remedy)
    valid = np.ones(values.shape, dtype=bool)
    ends = [v for v in map(dataset.get, PADDING) if v is not None]
    # Some headers give a negative number as an unsigned one.
    if padding := [np.array(v).astype(stored.dtype) for v in ends]:
        valid = (stored < min(padding)) | (stored > max(padding))
        lossy = dataset.file_meta.TransferSyntaxUID in LOSSY
        lossy = lossy or dataset.get("LossyImageCompression") == "01"
        highest = np.max(in_units(np.array(padding)))
        if lossy and ct and highest < AIR:
            # Compression has moved the padding, but below air no CT measures anything.
            valid = values > (highest + AIR) / 2
        elif lossy:
            message = "lossy compression has changed the padding, so not all of it is marked."
            warnings.warn(f"{name}: {message}", stacklevel=3)
    return float32_or_exact(values), valid, str(next(stated, "HU" if ct and not table else "US"))


def _rgb(dataset, stored, name):
    """Return color as uint8 RGB; `stored` is already RGB unless it indexes a palette."""
    bits, kind = int(dataset.BitsStored), str(dataset.PhotometricInterpretation)
    if kind == "PALETTE COLOR":
        stored = pydicom_pixels.apply_color_lut(stored, dataset)[..., :3]
        bits = 8 * stored.dtype.itemsize
    elif stored.shape[-1] != 3 or not kind.startswith(("RGB", "YBR")):
        allowed = "MONOCHROME1, MONOCHROME2, PALETTE COLOR, RGB and YBR"
        unreadable(name, f"Photometric Interpretation {kind!r}", allowed, "Convert the file.")
    valid = np.ones(stored.shape[:-1], dtype=bool)
    return (stored >> max(bits - 8, 0)).astype(np.uint8), valid, "color"


def _pixel_spacing(dataset, name):
    """Return the (row, column) spacing in mm and the element it comes from, or Nones."""
    regions = dataset.get("SequenceOfUltrasoundRegions") or []
    # Images (1) in cm (3), not the spectra and curves beside them.
    regions = [r for r in regions if [r.get(k) for k in ULTRASOUND_REGION] == [1, 3, 3]]
    deltas = [[abs(10 * r.get(f"PhysicalDelta{axis}", 0)) for axis in "YX"] for r in regions]
    items = _items(dataset, "PixelMeasuresSequence")
    for keyword, stated in (
        ("PixelSpacing", [item.get("PixelSpacing") for item in items]),
        ("ImagerPixelSpacing", [dataset.get("ImagerPixelSpacing")]),
        ("SequenceOfUltrasoundRegions", deltas),
    ):
        found = sorted({tuple(round(float(v), 9) for v in pair) for pair in stated if pair})
        if len(found) == 1 and len(found[0]) == 2 and min(found[0]) > 0:
            return found[0], keyword
        if found:
            text = " and ".join(map(str, found))
            warnings.warn(f"{name}: {keyword} {text} is taken as unknown.", stacklevel=3)
            break
    return None, None


def _window(dataset):
    """Return the first window of the file or of each of its frames, or None."""
    items = _items(dataset, "FrameVOILUTSequence")
    numbers = [_first(items, keyword) for keyword in ("WindowCenter", "WindowWidth")]
    try:
        (curve,) = {str(item.get("VOILUTFunction") or "LINEAR") for item in items}
        apply_window(0, *numbers, curve)
    except (TypeError, ValueError):  # no window, several curves, a width the standard forbids
        return None
    return Window(*numbers, curve)


# One header element that can identify a person: the path says where it stands in sequences.
IdentifyingElement = namedtuple("IdentifyingElement", "tag keyword value group path")
_IDENTIFYING = tomllib.loads(Path(__file__).with_name("identifying.toml").read_text("utf-8"))
_GROUP_OF_KEYWORD = {k: group for group, ks in _IDENTIFYING.items() for k in ks.split()}
_GROUP_OF_VR = {"PN": "names and numbers", "DA": "dates", "TM": "dates", "DT": "dates"}


def identifying_elements(dataset):
    """List what in a DICOM header identifies a patient.

    After the Basic Application Level Confidentiality Profile of DICOM PS3.15, Annex E: persons'
    names, dates, times and instance UIDs are found by their type, wherever they stand, the rest of
    the usual elements by name. Use the profile itself to de-identify, which names several hundred.

    Returns elements that are not empty, by group; then one record that counts private elements, and
    one for text burned into the pixels unless the file denies it or nothing points to it.

    >>> from pydicom.data import get_testdata_file
    >>> identifying_elements(get_testdata_file("CT_small.dcm", download=False))[0].value
    'CompressedSamples^CT1'
    """
    dataset, _ = _open_dicom(dataset)
    found, private, order = [], [], list(_IDENTIFYING)
    for header in (getattr(dataset, "file_meta", None) or [], dataset):
        found += _walk(header, "", private)
    found.sort(key=lambda element: order.index(element.group))  # stable: header order inside
    if private:
        count = ("private", "PrivateElements", f"{len(private)} elements", "private elements")
        found.append(IdentifyingElement(*count, private[0]))
    if burned := _burned_in(dataset):
        name = "BurnedInAnnotation"
        found.append(IdentifyingElement("(0028,0301)", name, burned, "burned-in text", name))
    return found


def _walk(dataset, prefix, private):
    """Yield identifying elements of a dataset and its sequences, and collect private ones."""
    for element in dataset:
        path = f"{prefix}{element.keyword or element.tag}"
        if element.tag.is_private:
            private.append(path)
        elif element.VR == "SQ":
            for index, item in enumerate(element.value or []):
                yield from _walk(item, f"{path}[{index}].", private)
        elif not element.is_empty:
            group = _GROUP_OF_KEYWORD.get(element.keyword) or _GROUP_OF_VR.get(element.VR)
            if element.VR == "UI" and element.keyword != "ImplementationClassUID":
                # What the standard itself defines begins with this root: classes and the like.
                defined = np.char.startswith(np.ravel(element.value).astype(str), "1.2.840.10008.")
                group = None if defined.all() else "unique identifiers"
            if group:
                value = " ".join(str(element.value).split())
                value = value if len(value) <= 60 else value[:57] + "..."
                yield IdentifyingElement(str(element.tag), element.keyword, value, group, path)


def _burned_in(dataset):
    """Say how likely names are written into the pixels; empty if nothing points to it."""
    stated, modality = (str(dataset.get(k) or "") for k in ("BurnedInAnnotation", "Modality"))
    if stated.upper() in ("YES", "NO"):
        return "YES" if stated.upper() == "YES" else ""
    if modality in ("US", "SC", "OT", "XC", "ES") or "Secondary Capture" in _kind_of(dataset):
        return f"not stated; common in {modality or 'secondary capture'} images, so look at them"
    return ""
