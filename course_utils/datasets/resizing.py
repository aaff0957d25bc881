"""Bring images to another size, or brain slices of any scanner to one form."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PIL import Image

from course_utils._checks import check_choice, check_integer, refuse
from course_utils.datasets._fields import LENGTHS

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
    whole = dict.fromkeys(dataset.meta.get("scans", ()), (0, 0, shape[1], shape[0]))
    return replace(
        dataset,
        images=np.stack(images),
        masks=None,
        mask_names=(),
        pixel_spacing_mm=spacing,
        meta=_moved(dataset.meta, whole, size),
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


def crop_to_head(dataset, size=96, per=None):
    """Return a set whose slices are cropped to the head, of one size and one median brightness.

    A network that was trained on one scanner's slices needs another's in the same form. The head's
    place and brightness are measured in the first channel: of dark background, with fluid and air
    dark (T1 or T1c). With float32 images, air must lie near the low end of the intensity window.

    With ``per="stack"`` (left out: where ``slice_positions_mm`` are known), the slices of a scan or
    else of a group get one box and one brightness; spacing and positions stay, empty slices too.
    With ``per="slice"`` each is measured by itself.

    The result is uint8, `size` x `size` px (from 16), in each channel the median of the head at 80.
    A pixel belongs to a mask where at least half of it does, or else the largest share in the stack
    or slice, so that no tumor disappears.
    """
    check_integer("size", size, 16)
    usual = "slice" if dataset.slice_positions_mm is None else "stack"
    alone = check_choice("per", usual if per is None else per, ("stack", "slice")) == "slice"
    names = np.arange(len(dataset)) if alone else scan_names(dataset)
    members = {name: np.flatnonzero(names == name) for name in dict.fromkeys(names.tolist())}
    boxes = {k: head_box(dataset.as_float(i)[..., 0]) for k, i in members.items()}
    if without := [k for k, box in boxes.items() if box is None]:
        at = np.concatenate([members[k] for k in without]).tolist()
        noun = ("slice" if alone else "stack") + "s" * (len(without) > 1)
        received = f"{len(without)} {noun} without a head, images {at}"
        chosen = f"[i for i in range({len(dataset)}) if i not in {at}]"
        remedy = f"Drop them with dataset.select({chosen}), or check the intensity window."
        refuse("images", received, "a head on dark background", remedy)
    images = np.empty((len(dataset), size, size, dataset.images.shape[-1]), np.uint8)
    masks = None if dataset.masks is None else np.zeros(images.shape[:3], np.uint8)
    for name, which in members.items():
        for channel, planes in enumerate(np.moveaxis(dataset.as_float(which), -1, 0)):
            planes = scale_head(np.stack([crop(p, boxes[name], size) for p in planes]), MEDIAN)
            images[which, ..., channel] = np.clip(planes, 0, 255).round()
        if masks is not None:
            masks[which] = _crop_masks(dataset.select(which), boxes[name], size, which)
    changed = {"images": images, "intensity_window": None, "masks": masks}
    if alone:
        changed |= dict.fromkeys(LENGTHS) | {"meta": _moved(dataset.meta, {}, size)}
    else:
        changed["meta"] = _moved(dataset.meta, boxes, size)
        if dataset.pixel_spacing_mm is not None:
            sides = np.array([boxes[name][2] - boxes[name][0] for name in names.tolist()])
            changed["pixel_spacing_mm"] = dataset.pixel_spacing_mm * sides[:, None] / size
    return replace(dataset, **changed)


def scan_names(dataset):
    """Return the scan that each slice comes from (n,), or where it is unknown its group."""
    column = dataset.meta.get("scan_column")
    return dataset.groups if column is None else dataset.attributes[column].to_numpy(str)


def _moved(meta, boxes, size):
    """Return meta in which each scan's grid is that of its box, averaged to size x size."""
    if "scans" not in meta:
        return meta
    scans = {name: scan for name, scan in meta["scans"].items() if name in boxes}
    for name, scan in scans.items():
        left, top, right, bottom = boxes[name]
        for axis, low, high in (("rows", top, bottom), ("columns", left, right)):
            start, step = scan[axis]
            scan[axis] = [start + step * float(low), step * float(high - low) / size]
    return meta | {"scans": scans}


def head_box(image):
    """Return the square around a head in an image (height, width), with a small margin.

    The box is (left, top, right, bottom) in pixels, from edge to edge: the first pixel goes from 0
    to 1. Parts of it may lie outside the image. A stack (n, height, width) gets one box. Without a
    head on dark background it is None.
    """
    image = np.asarray(image, np.float32)
    head = image > AIR * np.percentile(image, 99)
    head = head.reshape(-1, *image.shape[-2:])
    rows, columns = (np.flatnonzero((head.sum(axis=a) > 8).any(axis=0)) for a in (2, 1))
    if np.ptp(image) == 0 or min(len(rows), len(columns)) < max(image.shape[-2:]) / 10:
        return None
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


def _crop_masks(stack, box, size, which):
    masks = np.zeros((len(stack), size, size), np.uint8)
    for bit, name in enumerate(stack.mask_names):
        whole = stack.mask(name)
        if not whole.any():
            continue
        share = np.stack([crop(mask, box, size) for mask in whole])
        if not share.any():
            place = f"image {which[whole.any(axis=(1, 2))][0]}"
            received = f"mask {name!r}, of whose {whole.sum()} pixels none is left at size {size}"
            remedy = "Give a larger size; or drop the slice, if its mask lies outside the head."
            refuse(place, received, "masks inside the head", remedy)
        masks |= (share >= min(0.5, share.max())).astype(np.uint8) << bit
    return masks
