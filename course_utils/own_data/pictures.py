"""Pictures: a folder of PNG, JPEG or TIFF files as a data set."""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from course_utils._checks import check_choice, refuse
from course_utils.datasets import ImageDataset, group_near_duplicates
from course_utils.datasets._fields import check_window
from course_utils.own_data._folder import (
    Complaint,
    Folder,
    check_size,
    growth,
    marked,
    place,
    resized,
    resized_masks,
)

# Others hold no pixels that Pillow returns unchanged in every case (JPEG 2000, PPM, WebP).
FORMATS = ("PNG", "JPEG", "MPO", "TIFF", "BMP", "GIF")
SUFFIXES = (".png", ".jpg", ".jpeg", ".jpe", ".tif", ".tiff", ".bmp", ".gif", ".webp", ".jp2")
BITS_PER_SAMPLE, PHOTOMETRIC, SAMPLE_FORMAT = 258, 262, 339


def read_image_folder(
    folder,
    *,
    columns,
    class_names,
    group_kind,
    images=".",
    masks=None,
    mask_name="lesion",
    mode="gray",
    size=None,
    fit=None,
    intensity_window=None,
    pixel_spacing_mm=None,
):
    r"""Read pictures that the folder's labels.csv describes into an `ImageDataset`.

    They keep the order of the table; ``attributes`` holds file names, labels as written, and the
    columns without a role. Add source and license with `dataclasses.replace`.

    Parameters
    ----------
    folder : str or Path
        The folder that holds labels.csv (UTF-8, commas, one line per picture) and the pictures.
    columns : dict
        Which column has which role: ``"image"`` (file names in `images`; left out: the column
        file), ``"label"`` (left out: label), ``"group"``, ``"split"``, ``"mask"`` (names in
        `masks`; left out: those of the pictures, or the same ending in .png). The group may be a
        function from the table (a DataFrame of text) to one value per row.
    class_names : sequence of str, or dict
        Values of the label column, of two the disease last; or a dict from value to class name,
        which may merge values: ``{"0": "benign", "1": "malignant"}``.
    group_kind : {"patient", "lesion", "near-duplicate", "image"}
        What a group is. Without a group column, ``"near-duplicate"`` groups pictures that correlate
        above 0.98 and ``"image"`` makes each its own group; patients and lesions are never guessed.
    images, masks, mask_name : str, optional
        Sub-folders, and what the masks mark, with values 0 and 1 or 0 and 255, in every picture.
    mode : {"gray", "rgb"}
        What the pictures are. A color file whose three channels are equal counts as gray.
    size : int or (height, width), optional
        Resize all pictures. A pixel belongs to a mask where at least half of it does.
    fit : {"crop", "pad", "stretch"}, optional
        For other proportions: take the center, add 0 (with a window: its low end) around, or
        distort. Left out, such pictures are an error.
    intensity_window : (low, high), optional
        For gray pictures of more than 8 bits, which become float32: what becomes 0 and 1.
    pixel_spacing_mm : (float, float), optional
        Distance of rows and of columns in the files, in mm; it is scaled with the pictures.
    """
    check_choice("mode", mode, ("gray", "rgb"))
    size = check_size(size, fit)
    window = None if intensity_window is None else check_window(intensity_window)
    if window and mode == "rgb":
        refuse("intensity_window", repr(window), "None with mode='rgb'", "Color has 8 bits.")
    spacing = None if pixel_spacing_mm is None else np.asarray(pixel_spacing_mm, dtype=float)
    found = Folder(folder, "labels.csv", columns, class_names, group_kind)
    read_pictures(found, images, masks, mode, window)
    for i, picture in enumerate(found.images):
        with found.complaints(i):
            if picture is not None:
                placement = place(picture.shape[:2], size, fit)
                found.images[i] = resized(picture, placement, window[0] if window else 0)
                if masks is not None:
                    found.masks[i] = resized_masks(found.masks[i][np.newaxis], placement)[0]
                if spacing is not None:
                    found.spacing[i] = spacing * growth(placement)
    found.check_one_size(found.images)
    found.stop_if_any()
    pixels = np.stack(found.images).reshape(len(found.images), *found.images[0].shape[:2], -1)
    if found.groups is None:
        found.groups = group_near_duplicates(pixels)
        found.check_groups(found.names.to_numpy()[np.unique(found.groups, return_index=True)[1]])
        found.stop_if_any()
    found.note_pixels(pixels, window)
    if masks is not None:
        found.note_masks(found.masks)
    found.warn()
    return ImageDataset(
        **found.fields(),
        images=pixels,
        intensity_window=window,
        labels=found.labels,
        groups=found.groups,
        splits=found.splits,
        masks=None if masks is None else np.stack(found.masks),
        mask_names=() if masks is None else (mask_name,),
        pixel_spacing_mm=None if spacing is None else np.stack(found.spacing),
        attributes=found.attributes(),
    )


def read_pictures(found, images, masks, mode, window=None, unlisted="error"):
    """Read the pictures and masks of all rows, None where one is at fault."""
    base = found.subfolder("images", images)
    paths = found.locate(base, found.names)
    mask_paths = [None] * len(paths)
    if masks is not None:
        mask_paths = _mask_paths(found, found.subfolder("masks", masks), paths)
    elif "mask" in found.columns:
        remedy = "Give masks='.' for the folder itself."
        refuse("masks", "None", "the masks' sub-folder", remedy)
    mask_folder = (found.path if masks is None else found.path / masks).resolve()
    ignored = mask_folder if base.resolve() in mask_folder.parents else None
    if unlisted == "error":
        found.complain_of_unlisted(base, SUFFIXES, "picture", ignored)
    found.images, found.masks, found.spacing = ([None] * len(paths) for _ in range(3))
    digests = [None] * len(paths)
    for i, path in enumerate(paths):
        with found.complaints(i):
            picture = None if path is None else read_picture(path, mode, window)
            mask = None if mask_paths[i] is None else read_mask(mask_paths[i])
            if picture is not None and mask is not None and mask.shape != picture.shape[:2]:
                height, width = picture.shape[:2]
                detail = f"mask {mask.shape[0]} x {mask.shape[1]}, image {height} x {width} px"
                advice = "A mask must lie on the picture's own pixels."
                raise Complaint("mask of another size than its image", detail, advice)
            if masks is None or mask is not None:
                found.images[i], found.masks[i] = picture, mask
            if picture is not None:
                content = repr(picture.shape).encode() + picture.tobytes()
                digests[i] = hashlib.sha256(content).digest()
    found.check_same_content(digests)


def _mask_paths(found, base, paths):
    if "mask" in found.columns:
        return found.locate(base, found.table[found.columns["mask"]])
    names = found.names.where([path is not None for path in paths], "")
    for i, name in enumerate(names.str.replace("\\", "/")):
        as_png = str(Path(name).with_suffix(".png")) if name else ""
        if name and not (base / name).exists() and (base / as_png).exists():
            names.iloc[i] = as_png
    return found.locate(base, names)


def read_picture(path, mode, window=None):
    """Return uint8 (height, width) or (height, width, 3), or float32 beyond 8 bits."""
    image = _open(path)
    if mode == "rgb":
        if image.mode != "RGB":
            advice = "Leave it out, or use mode='gray' for all."
            raise Complaint("gray image in an RGB set", "", advice)
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
    advice = "Save a mask of two values as PNG; JPEG and resizing blur its edge."
    return marked(_gray(_open(path, ("1",))), advice).astype(np.uint8)


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
        raise Complaint("palette image", "", "Its numbers are no intensities; save gray or RGB.")
    allowed = ("L", "LA", "RGB", "RGBA", "I", "F", *modes)
    if image.mode not in allowed and image.mode[:4] != "I;16":
        raise Complaint("color mode not read", f"mode {image.mode}", "Save it as gray or RGB.")
    if tag(PHOTOMETRIC) == 0 and image.mode != "L":
        advice = "Save it so that higher values are brighter."
        raise Complaint("16-bit TIFF in which 0 is white", "", advice)
