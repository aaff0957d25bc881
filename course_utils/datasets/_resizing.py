"""Bring pictures of different sizes to one size, and keep track of the pixel spacing."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral

import numpy as np
from PIL import Image

from course_utils.datasets._problems import Complaint, refuse

FITS = ("crop", "pad", "stretch")
# Proportions that differ by less, as after rounding to whole pixels, count as equal.
SAME_PROPORTION = 0.02


def check_size(size, fit):
    """Return the size as (height, width) or None; refuse anything else, and unknown fits."""
    if fit is not None and fit not in FITS:
        refuse("fit", repr(fit), ", ".join(FITS), "Use one of these words, or leave it out.")
    if size is None:
        return None
    pair = (size, size) if isinstance(size, Integral) else size
    good = isinstance(pair, (tuple, list)) and len(pair) == 2
    whole = good and all(isinstance(k, Integral) and not isinstance(k, bool) for k in pair)
    if not whole or not all(1 <= side <= 4096 for side in pair):
        refuse("size", repr(size), "(height, width) in pixels, 1 to 4096", "For example (96, 96).")
    return int(pair[0]), int(pair[1])


@dataclass(frozen=True)
class Placement:
    """Which part of a picture goes where.

    Attributes
    ----------
    box : (left, top, right, bottom)
        The part of the picture that is used, in its own pixels.
    inner : (height, width)
        The pixels that this part becomes.
    size : (height, width)
        The whole result; what lies around the inner part is 0.
    """

    box: tuple[float, float, float, float]
    inner: tuple[int, int]
    size: tuple[int, int]

    @property
    def growth(self):
        """New pixel spacing over old one, (rows, columns)."""
        left, top, right, bottom = self.box
        return (bottom - top) / self.inner[0], (right - left) / self.inner[1]

    def apply(self, plane, fill=0):
        """Return one channel (height, width) resized by Pillow's antialiased triangle filter."""
        resized = Image.fromarray(plane).resize(
            self.inner[::-1], Image.Resampling.BILINEAR, box=self.box
        )
        result = np.full(self.size, fill, dtype=plane.dtype)
        top, left = ((whole - part) // 2 for whole, part in zip(self.size, self.inner, strict=True))
        result[top : top + self.inner[0], left : left + self.inner[1]] = np.asarray(resized)
        return result

    def apply_to_mask(self, mask):
        """Return a 0/1 mask resized: 1 where at least half of the new pixel is marked."""
        return (self.apply(mask.astype(np.float32)) >= 0.5).astype(np.uint8)


def check_mask_remains(before, after):
    """Complain of a mask that resizing emptied: its patient would count as free of the lesion."""
    if before.any() and not after.any():
        raise Complaint(
            "mask of which nothing is left after resizing",
            f"{np.count_nonzero(before)} pixels before",
            "Pass a larger size, or cut the images to the part that matters first.",
        )


def place(shape, size, fit):
    """Return the `Placement` of a picture; `Complaint` if its proportions would be changed."""
    height, width = shape
    if size is None:
        return Placement((0, 0, width, height), (height, width), (height, width))
    across, down = size[1] / width, size[0] / height
    whole = (0, 0, width, height)
    if fit == "stretch" or abs(across / down - 1) <= SAME_PROPORTION:
        return Placement(whole, size, size)
    if fit == "crop":
        scale = max(across, down)
        left, top = (width - size[1] / scale) / 2, (height - size[0] / scale) / 2
        return Placement((left, top, width - left, height - top), size, size)
    if fit == "pad":
        scale = min(across, down)
        inner = max(1, round(height * scale)), max(1, round(width * scale))
        return Placement(whole, inner, size)
    raise Complaint(
        f"proportions that do not fit {size[0]} x {size[1]} px",
        f"{height} x {width} px",
        "Choose fit='crop' (the center), 'pad' (with 0 around) or 'stretch' (distorts).",
    )
