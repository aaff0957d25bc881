"""Bring images to another size: the one place that does, by Pillow's antialiased filters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PIL import Image

from course_utils._checks import check_integer


def resize(dataset, size):
    """Return a data set with square images of another size, for a network trained at that size.

    Each new pixel is the mean of the area that it covers, where the image shrinks; linear in
    between, where it grows. Masks are left out.

    Parameters
    ----------
    dataset : ImageDataset
    size : int
        New height and width, from 8.

    Returns
    -------
    ImageDataset

    Examples
    --------
    ``resize(datasets.load("breast_ultrasound"), 28).images.shape`` is (3391, 28, 28, 1).
    """
    check_integer("size", size, 8)
    shape, spacing = dataset.images.shape[1:3], dataset.pixel_spacing_mm
    linear = size > min(shape)
    images = [average(image, (size, size), linear=linear) for image in dataset.images]
    spacing = None if spacing is None else spacing * (np.array(shape) / size)
    return replace(
        dataset, images=np.stack(images), masks=None, mask_names=(), pixel_spacing_mm=spacing
    )


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
