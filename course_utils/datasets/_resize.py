"""Bring images to another size: the one place that does, by Pillow's antialiased filters."""

from __future__ import annotations

import numpy as np
from PIL import Image


def average(image, size, *, box=None, linear=False):
    """Return an image (height, width) or (height, width, channels) at size (height, width).

    Each new pixel is the mean of the area it covers, or with `linear` weighted by a triangle, which
    also serves to enlarge. `box` (left, top, right, bottom) is the part that is used.
    """
    method = Image.Resampling.BILINEAR if linear else Image.Resampling.BOX
    if image.ndim == 3:
        planes = np.moveaxis(image, -1, 0)
        return np.stack([average(p, size, box=box, linear=linear) for p in planes], axis=-1)
    plane = Image.fromarray(np.ascontiguousarray(image))
    return np.asarray(plane.resize(size[::-1], method, box=box))
