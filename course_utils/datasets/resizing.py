"""Bring images to another size, or brain slices of any scanner to one form."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PIL import Image

from course_utils._checks import check_integer, refuse

# The median of the head becomes this gray level of 255, so that three times as bright still fits.
MEDIAN = 80
# Share of the 99th percentile above which a pixel belongs to the head and not to air.
AIR = 0.12


def resize(dataset, size):
    """Return a data set with square images of another size, for a network trained at that size.

    Each new pixel is the mean of the area that it covers, where the image shrinks; linear in
    between, where it grows. Masks are left out. The size is the new height and width, from 8.
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


def crop_to_head(dataset, size=96):
    """Return a set whose slices are cropped to the head, of one size and one median brightness.

    A network that was trained on one scanner's slices needs another's in the same form. The head's
    place and its brightness are measured in each slice by itself, in the first channel.

    The data set holds brain slices on dark background, in which fluid and air are dark: T1 or T1c
    first. With float32 images, air must lie near the low end of the intensity window. The result is
    uint8, `size` x `size` px (from 16), in each channel the median of the head at 80. A pixel
    belongs to a mask where at least half of it does, or else the largest share, so that no tumor
    disappears. Pixel spacing and positions are left out: every slice is resized by itself.
    """
    pixels, size = dataset.as_float(), check_integer("size", size, 16)
    boxes = [head_box(image, f"image {i}") for i, image in enumerate(pixels[..., 0])]
    images = np.empty((len(dataset), size, size, pixels.shape[-1]), np.uint8)
    for i, box in enumerate(boxes):
        for channel in range(images.shape[-1]):
            plane = scale_head(crop(pixels[i, ..., channel], box, size), MEDIAN)
            images[i, ..., channel] = np.clip(plane, 0, 255).round()
    changed = {"images": images, "intensity_window": None, "pixel_spacing_mm": None}
    changed |= {"slice_positions_mm": None, "slice_thickness_mm": None}
    if dataset.masks is not None:
        changed["masks"] = _crop_masks(dataset, boxes, size)
    return replace(dataset, **changed)


def head_box(image, name="image"):
    """Return the square around a head in an image (height, width), with a small margin.

    The box is (left, top, right, bottom) in pixels, from edge to edge: the first pixel goes from 0
    to 1. Parts of it may lie outside the image. A refusal calls the image `name`.
    """
    image = np.asarray(image, np.float32)
    head = image > AIR * np.percentile(image, 99)
    rows, columns = (np.flatnonzero(head.sum(axis=a) > 8) for a in (1, 0))
    if np.ptp(image) == 0 or min(len(rows), len(columns)) < max(image.shape) / 10:
        received = f"{len(rows)} rows and {len(columns)} columns brighter than air"
        remedy = "Drop it, or check the intensity window."
        refuse(name, received, "a head on dark background", remedy)
    y, x = (rows[0] + rows[-1] + 1) / 2, (columns[0] + columns[-1] + 1) / 2
    half = (max(np.ptp(rows), np.ptp(columns)) + 1) * 0.53
    return x - half, y - half, x + half, y + half


def crop(image, box, size):
    """Cut a square box, as from `head_box`, out of an image; average it to size x size, float32."""
    image = Image.fromarray(np.asarray(image, np.float32))
    fine = (3 * size, 3 * size)
    big = image.transform(fine, Image.Transform.EXTENT, box, Image.Resampling.BILINEAR)
    return average(np.asarray(big), (size, size))


def scale_head(image, median):
    """Multiply an image so that the median of its head becomes `median`."""
    head = image[image > AIR * np.percentile(image, 99)]
    return image * median / np.median(head) if head.size else image


def _crop_masks(dataset, boxes, size):
    masks = np.zeros((len(dataset), size, size), np.uint8)
    for bit, name in enumerate(dataset.mask_names):
        whole = dataset.mask(name)
        for i in np.flatnonzero(whole.any(axis=(1, 2))):
            share = crop(whole[i], boxes[i], size)
            if not share.any():
                received = f"mask {name!r}, of whose {whole[i].sum()} pixels none is left"
                remedy = "Give a larger size; or drop the slice, if its mask lies outside the head."
                refuse(f"image {i}", f"{received} at size {size}", "masks inside the head", remedy)
            masks[i] |= (share >= min(0.5, share.max())).astype(np.uint8) << bit
    return masks
