"""What a DICOM header says about the numbers in the pixel data."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from course_utils.imaging._checks import ImageFileError, one_line
from course_utils.imaging.windows import Window, to_hounsfield


def text(item: Any, keyword: str, default: str = "") -> str:
    """Return an element as text, `default` if it is missing or empty."""
    return str(item.get(keyword) or default)


def sop_class(dataset: Any) -> str:
    """Return the name of the kind of object, such as 'CT Image Storage', or ''."""
    meta = getattr(dataset, "file_meta", None) or {}
    found = dataset.get("SOPClassUID") or meta.get("MediaStorageSOPClassUID")
    return getattr(found, "name", "")


def _numbers(item: Any, keyword: str, name: str) -> list[float]:
    """Return an element's finite numbers, an empty list if it is missing or empty."""
    try:
        value = item.get(keyword)
        if value is None or value == "":
            return []
        values = [value] if isinstance(value, (int, float, str)) else list(value)
        numbers = [float(number) for number in values]
    except (TypeError, ValueError) as error:
        raise ImageFileError(
            f"{name}: {keyword} in the header is not a number ({one_line(error)}). Correct "
            "the header or get the file again."
        ) from error
    if not np.all(np.isfinite(numbers)):
        raise ImageFileError(f"{name}: {keyword} in the header is {numbers}; it must be finite.")
    return numbers


def _number(item: Any, keyword: str, name: str) -> float | None:
    """Return an element's first number, None if it is missing or empty."""
    numbers = _numbers(item, keyword, name)
    return numbers[0] if numbers else None


def _functional_groups(dataset: Any, macro: str, frames: int = 1) -> list[Any]:
    """Return each frame's item of a functional group macro, None where there is none.

    Enhanced multi-frame images keep spacing, rescale and windows there, once for all frames
    (shared) or frame by frame (DICOM PS3.3, section C.7.6.16); per frame goes first.
    """
    shared = dataset.get("SharedFunctionalGroupsSequence")
    per_frame = dataset.get("PerFrameFunctionalGroupsSequence") or []
    common = shared[0].get(macro) if shared else None
    sources = [frame.get(macro) or common for frame in per_frame] or [common] * frames
    return [source[0] if source else None for source in sources]


def _items_with(dataset: Any, macro: str) -> list[Any]:
    """Return the header items that hold what `macro` is about: its own, else the dataset."""
    return [item for item in _functional_groups(dataset, macro) if item] or [dataset]


def real_values(
    dataset: Any, stored: np.ndarray, name: str, missing_rescale: str
) -> tuple[np.ndarray, str]:
    """Return float32 pixels in real units and the unit."""
    from pydicom.pixels import apply_modality_lut

    if dataset.get("ModalityLUTSequence"):
        unit = text(dataset.ModalityLUTSequence[0], "ModalityLUTType", "US")
        return apply_modality_lut(stored, dataset).astype(np.float32), unit
    dose_scaling = _number(dataset, "DoseGridScaling", name)
    if dose_scaling == 0:
        raise ImageFileError(
            f"{name}: DoseGridScaling is 0, which would make every dose 0. The header is wrong; "
            "get the file again from where it came."
        )
    if dose_scaling is not None:
        return to_hounsfield(stored, dose_scaling, 0), text(dataset, "DoseUnits", "US")
    frames = int(stored.shape[0]) if stored.ndim == 3 else 1
    groups = _functional_groups(dataset, "PixelValueTransformationSequence", frames)
    if all(group is None for group in groups):
        slope, intercept, unit = _rescale(dataset, dataset, name, missing_rescale)
        return to_hounsfield(stored, slope, intercept), unit
    rescales = [_rescale(group or dataset, dataset, name, missing_rescale) for group in groups]
    return _per_frame_values(stored, rescales, name)


def _per_frame_values(
    stored: np.ndarray, rescales: list[tuple[float, float, str]], name: str
) -> tuple[np.ndarray, str]:
    """Return float32 pixels where each frame has its own (slope, intercept, unit)."""
    images = stored.reshape(-1, *stored.shape[-2:])
    if len(rescales) != len(images):
        raise ImageFileError(
            f"{name}: {len(images)} frames, but functional groups for {len(rescales)}. The header "
            "does not fit the pixel data; get the file again."
        )
    units = sorted({unit for _, _, unit in rescales})
    if len(units) > 1:
        raise ImageFileError(
            f"{name}: its frames have different units ({', '.join(units)}); split the file by "
            "frame and read the parts."
        )
    pixels = [
        to_hounsfield(image, slope, intercept)
        for image, (slope, intercept, _) in zip(images, rescales, strict=True)
    ]
    return np.reshape(pixels, stored.shape), units[0]


def _rescale(item: Any, dataset: Any, name: str, missing_rescale: str) -> tuple[float, float, str]:
    """Return slope, intercept and unit from one header item."""
    slope = _number(item, "RescaleSlope", name)
    intercept = _number(item, "RescaleIntercept", name)
    modality = text(dataset, "Modality")
    stated = {"Rescale Slope": slope, "Rescale Intercept": intercept}
    missing = [label for label, value in stated.items() if value is None]
    if missing and (modality == "CT" or len(missing) == 1):
        if missing_rescale == "identity":
            return 1.0, 0.0, "US"
        raise ImageFileError(
            f"{name}: {' and '.join(missing)} missing in the header (modality "
            f"{modality or 'not stated'}), so the stored numbers cannot be turned into real "
            "units. Get a complete file, or pass missing_rescale='identity' to keep the stored "
            "numbers, which are then not HU."
        )
    if missing:
        return 1.0, 0.0, _unit(item, dataset, "US")
    if slope == 0:
        raise ImageFileError(
            f"{name}: Rescale Slope is 0, which would make every pixel equal. Correct the header."
        )
    return slope, intercept, _unit(item, dataset, "HU" if modality == "CT" else "US")


def _unit(item: Any, dataset: Any, default: str) -> str:
    """Return Rescale Type, for PET the header's Units, or `default`."""
    if dataset.get("Modality") == "PT":
        default = text(dataset, "Units", default)
    return text(item, "RescaleType", default)


def valid_mask(dataset: Any, stored: np.ndarray, name: str) -> np.ndarray:
    """Return False where stored values lie in the padding range of the header."""
    padding = _number(dataset, "PixelPaddingValue", name)
    if padding is None:
        return np.ones(stored.shape, dtype=bool)
    limit = _number(dataset, "PixelPaddingRangeLimit", name)
    bits = int(dataset.BitsAllocated)
    signed = int(dataset.get("PixelRepresentation", 0)) == 1
    # Some scanners write a negative padding value with the unsigned VR: 63536 means -2000.
    bounds = [
        bound - 2**bits if signed and bound >= 2 ** (bits - 1) else bound
        for bound in (padding, padding if limit is None else limit)
    ]
    return (stored < min(bounds)) | (stored > max(bounds))


def pixel_spacing(dataset: Any, name: str) -> tuple[tuple[float, float] | None, str | None]:
    """Return ((row, column) spacing in mm, the element it comes from), or Nones."""
    items = _items_with(dataset, "PixelMeasuresSequence")
    plain = items[0] is dataset and not dataset.get("PixelSpacing")
    keyword = "ImagerPixelSpacing" if plain else "PixelSpacing"
    found = {tuple(_numbers(item, keyword, name)) for item in items}
    if found == {()}:
        return None, None
    spacing = found.pop()
    if found or len(spacing) != 2 or min(spacing) <= 0:
        warnings.warn(
            f"{name}: pixel spacing in the header is {spacing}, differs between frames or is "
            "not two positive numbers; it is taken as unknown.",
            stacklevel=3,
        )
        return None, None
    return spacing, keyword


def slice_thickness(dataset: Any, name: str) -> float | None:
    """Return the slice thickness in mm where the header states one for all frames."""
    items = _items_with(dataset, "PixelMeasuresSequence")
    found = {_number(item, "SliceThickness", name) for item in items}
    thickness = found.pop()
    return None if found or not thickness or thickness < 0 else thickness


def file_windows(dataset: Any, name: str) -> tuple[Window, ...]:
    """Return the file's usable windows, each once, first ones first."""
    windows: dict[Window, None] = {}
    for item in _items_with(dataset, "FrameVOILUTSequence"):
        centers = _numbers(item, "WindowCenter", name)
        widths = _numbers(item, "WindowWidth", name)
        labels = item.get("WindowCenterWidthExplanation") or []
        labels = [labels] if isinstance(labels, str) else list(labels)
        for index, (center, width) in enumerate(zip(centers, widths, strict=False)):
            label = labels[index] if index < len(labels) else f"file {index + 1}"
            if width >= 1:  # narrower is not allowed in the default LINEAR form
                windows[Window(str(label), center, width)] = None
    return tuple(windows)
