"""Picture files as pixels that mean what they seem to mean, or a complaint."""

from __future__ import annotations

import warnings

import numpy as np
from PIL import Image, ImageOps

from course_utils.datasets._problems import Complaint

# Others hold no pixels that Pillow returns unchanged in every case (JPEG 2000, PPM, WebP).
FORMATS = ("PNG", "JPEG", "MPO", "TIFF", "BMP", "GIF")
SUFFIXES = (".png", ".jpg", ".jpeg", ".jpe", ".tif", ".tiff", ".bmp", ".gif", ".webp", ".jp2")
EXACT_IN_FLOAT32 = 2**24
BITS_PER_SAMPLE, PHOTOMETRIC, SAMPLE_FORMAT = 258, 262, 339


def read_picture(path, mode):
    """Return the pixels of a picture file.

    Parameters
    ----------
    path : Path
    mode : {"gray", "rgb"}

    Returns
    -------
    array
        uint8 (height, width) or (height, width, 3); float32 (height, width) with the stored
        values where a gray picture has more than 8 bits.

    Raises
    ------
    Complaint
        Unreadable, or not of this mode.
    """
    image, deep_color, white_is_zero = _open(path)
    _check_kind(image, deep_color, white_is_zero)
    if "transparency" in image.info and image.mode in ("L", "RGB"):
        image = image.convert({"L": "LA", "RGB": "RGBA"}[image.mode])
    if image.mode in ("LA", "RGBA"):
        image = _without_alpha(image)
    if mode == "rgb":
        if image.mode != "RGB":
            raise Complaint(
                "gray image in an RGB set", "", "Leave it out, or read all with mode='gray'."
            )
        return np.array(image)
    if image.mode == "RGB":
        pixels = np.array(image)
        if (pixels != pixels[..., :1]).any():
            raise Complaint(
                "color image in a gray set",
                "",
                "Convert it yourself, knowing what the colors mean, or read with mode='rgb'.",
            )
        return pixels[..., 0]
    return np.array(image) if image.mode == "L" else _measurements(np.array(image))


def read_mask(path):
    """Return a mask file as uint8 (height, width) of 0 and 1; `Complaint` where it is not one."""
    image, *_ = _open(path)
    if image.mode == "1":
        return np.array(image).astype(np.uint8)
    values = read_picture(path, "gray")
    found = np.unique(values)
    if not any(np.isin(found, (0, high)).all() for high in (1, 255)):
        shown = ", ".join(f"{value:g}" for value in found[:4]) + (", …" if len(found) > 4 else "")
        raise Complaint(
            "mask with other values than 0 and 1, or 0 and 255",
            f"values {shown}",
            "Save a mask of two values as PNG; JPEG and resizing blur its edge.",
        )
    return (values > 0).astype(np.uint8)


def _open(path):
    """Return the decoded image the way up viewers show it, and two facts of its file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                name, frames = image.format, getattr(image, "n_frames", 1)
                if name in FORMATS and frames == 1:
                    deep_color = image.mode in ("RGB", "RGBA", "LA") and _is_deep(image)
                    white_is_zero = _tag(image, PHOTOMETRIC) == 0
                    if 2 in np.atleast_1d(_tag(image, SAMPLE_FORMAT)) and image.mode[0] != "I":
                        raise Complaint(
                            "signed 8-bit TIFF",
                            "",
                            "Its negative values would wrap around; save it with 16 bits.",
                        )
                    return ImageOps.exif_transpose(image), deep_color, white_is_zero
    except Complaint:
        raise
    except Exception as error:  # damaged files fail in many ways inside Pillow
        reason = " ".join(str(error).replace(str(path), path.name).split())
        raise Complaint(
            "not a readable image",
            reason.rstrip("."),
            "Get the file again, or save it as PNG or TIFF of 8 or 16 bits.",
        ) from error
    if name not in FORMATS:
        raise Complaint("format not read", name, "Save it as PNG or TIFF.")
    raise Complaint(
        "several pictures in one file", f"{frames} of them", "Save each one as a file of its own."
    )


def _is_deep(image):
    """Return whether a color file has more than 8 bits, which Pillow would cut off silently."""
    return ";16" in str(image.tile) or max(np.atleast_1d(_tag(image, BITS_PER_SAMPLE) or 0)) > 8


def _tag(image, number):
    return image.tag_v2.get(number) if image.format == "TIFF" else None


def _check_kind(image, deep_color, white_is_zero):
    if deep_color:
        raise Complaint("16-bit color image", "", "Save it with 8 bits per channel.")
    if image.mode == "P":
        raise Complaint(
            "palette image", "", "Its numbers are no intensities; save it as gray or RGB."
        )
    if image.mode not in ("L", "LA", "RGB", "RGBA", "I", "F") and image.mode[:4] != "I;16":
        raise Complaint(
            "color mode not read", f"mode {image.mode}", "Save it as 8-bit gray or RGB."
        )
    if white_is_zero and image.mode != "L":
        raise Complaint(
            "16-bit TIFF in which 0 is white", "", "Save it so that higher values are brighter."
        )


def _without_alpha(image):
    if image.getchannel("A").getextrema() != (255, 255):
        raise Complaint(
            "transparent pixels",
            "",
            "What lies under them is undefined; put the image on a background yourself.",
        )
    return image.convert("L" if image.mode == "LA" else "RGB")


def _measurements(values):
    """Return gray values of more than 8 bits as float32, if it holds them exactly."""
    if not np.isfinite(values).all():
        raise Complaint("NaN or infinite pixels", "", "Leave the image out or mend the pixels.")
    if values.dtype.kind in "iu" and np.abs(values.astype(np.int64)).max() > EXACT_IN_FLOAT32:
        raise Complaint("values beyond 24 bits", "", "Scale them down before reading.")
    return values.astype(np.float32)
