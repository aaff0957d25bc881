"""Picture files as pixels that mean what they seem to mean, or a complaint."""

from __future__ import annotations

import warnings

import numpy as np
from PIL import Image, ImageOps

# Others hold no pixels that Pillow returns unchanged in every case (JPEG 2000, PPM, WebP).
FORMATS = ("PNG", "JPEG", "MPO", "TIFF", "BMP", "GIF")
SUFFIXES = (".png", ".jpg", ".jpeg", ".jpe", ".tif", ".tiff", ".bmp", ".gif", ".webp", ".jp2")
BITS_PER_SAMPLE, PHOTOMETRIC, SAMPLE_FORMAT = 258, 262, 339


class Complaint(Exception):
    """One file does not fit: what is wrong, details of this file, and what to do."""


def read_picture(path, mode, window=None):
    """Return uint8 (height, width) or (height, width, 3), or float32 beyond 8 bits.

    More than 8 bits need a window, and a window needs more than 8 bits.
    """
    image = _open(path)
    if mode == "rgb" and image.mode != "RGB":
        raise Complaint("gray image in an RGB set", "", "Leave it out, or use mode='gray' for all.")
    if mode == "rgb":
        return np.array(image)
    pixels = _gray(image)
    if pixels.dtype == np.uint8:
        if window is not None:
            what = "8 bits per pixel, where intensity_window asks for more"
            raise Complaint(what, "", "Leave the window out, or read them as two sets.")
        return pixels
    if not np.isfinite(pixels).all():
        raise Complaint("NaN or infinite pixels", "", "Leave the image out or correct the pixels.")
    if (pixels.astype(np.float32) != pixels).any():
        raise Complaint("values beyond 24 bits", "", "Scale them down before reading.")
    if window is None:
        values = f"values {pixels.min():g} to {pixels.max():g}"
        advice = "Pass intensity_window=(low, high), the values that should become 0 and 1."
        raise Complaint("more than 8 bits per pixel", values, advice)
    return pixels.astype(np.float32)


def read_mask(path):
    """Return a mask file as uint8 (height, width) of 0 and 1."""
    values = _gray(_open(path, ("1",)))
    found = np.unique(values)
    if not any(np.isin(found, (0, high)).all() for high in (1, 255)):
        shown = ", ".join(f"{value:g}" for value in found[:4]) + (", …" if len(found) > 4 else "")
        raise Complaint(
            "mask with other values than 0 and 1, or 0 and 255",
            f"values {shown}",
            "Save a mask of two values as PNG; JPEG and resizing blur its edge.",
        )
    return (values > 0).astype(np.uint8)


def _gray(image):
    pixels = np.array(image)
    if image.mode == "RGB":
        if (pixels != pixels[..., :1]).any():
            advice = "Convert it yourself, knowing what the colors mean, or use mode='rgb'."
            raise Complaint("color image in a gray set", "", advice)
        return np.ascontiguousarray(pixels[..., 0])
    return pixels


def _open(path, modes=()):
    """Return the decoded image the way up viewers show it, gray or RGB without transparency."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                _check_kind(image, modes)
                image = ImageOps.exif_transpose(image)
    except Complaint:
        raise
    except Exception as error:  # damaged files fail in many ways inside Pillow
        reason = " ".join(str(error).replace(str(path), path.name).split()).rstrip(".")
        advice = "Get the file again, or save it as PNG or TIFF of 8 or 16 bits."
        raise Complaint("not a readable image", reason, advice) from error
    if "transparency" in image.info and image.mode in ("L", "RGB"):
        image = image.convert({"L": "LA", "RGB": "RGBA"}[image.mode])
    if image.mode in ("LA", "RGBA"):
        if image.getchannel("A").getextrema() != (255, 255):
            advice = "What lies under them is undefined; put the image on a background yourself."
            raise Complaint("transparent pixels", "", advice)
        image = image.convert("L" if image.mode == "LA" else "RGB")
    return image


def _check_kind(image, modes):
    """Complain of files whose pixels Pillow would bend silently, and of what is no intensity."""

    def tag(number):
        return image.tag_v2.get(number) if image.format == "TIFF" else None

    if image.format not in FORMATS:
        raise Complaint("format not read", image.format, "Save it as PNG or TIFF.")
    if getattr(image, "n_frames", 1) > 1:
        advice = "Save each one as a file of its own."
        raise Complaint("several pictures in one file", f"{image.n_frames} of them", advice)
    if 2 in np.atleast_1d(tag(SAMPLE_FORMAT)) and image.mode[0] != "I":
        advice = "Its negative values would wrap around; save it with 16 bits."
        raise Complaint("signed 8-bit TIFF", "", advice)
    bits = max(np.atleast_1d(tag(BITS_PER_SAMPLE) or 0))
    if image.mode in ("RGB", "RGBA", "LA") and (";16" in str(image.tile) or bits > 8):
        raise Complaint("16-bit color image", "", "Save it with 8 bits per channel.")
    if image.mode == "P":
        advice = "Its numbers are no intensities; save it as gray or RGB."
        raise Complaint("palette image", "", advice)
    allowed = ("L", "LA", "RGB", "RGBA", "I", "F", *modes)
    if image.mode not in allowed and image.mode[:4] != "I;16":
        raise Complaint("color mode not read", f"mode {image.mode}", "Save it as gray or RGB.")
    if tag(PHOTOMETRIC) == 0 and image.mode != "L":
        advice = "Save it so that higher values are brighter."
        raise Complaint("16-bit TIFF in which 0 is white", "", advice)
