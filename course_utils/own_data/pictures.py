"""Pictures: a folder of PNG, JPEG or TIFF files as a data set."""

from __future__ import annotations

import hashlib
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageOps

from course_utils import imaging
from course_utils._checks import check_choice, refuse
from course_utils.datasets import ImageDataset, group_near_duplicates
from course_utils.datasets._fields import check_window
from course_utils.own_data._folder import COLORS, Complaint, Folder, MaskLabels, check_size, place
from course_utils.own_data._table import BESIDE, SUFFIXES, class_folders, is_dicom, known_labels

OWN_PIXELS = "Draw it on the picture's own pixels, or resize it with Image.Resampling.NEAREST."
BLURRED = (
    "If its edge is blurred, as JPEG does, cut it in the middle and name the PNG in columns"
    "['mask']: Image.fromarray((p := np.array(Image.open(name).convert('F'))) > p.max() / 2)."
)
LOSSLESS = (".png", ".tif", ".tiff", ".bmp", ".gif")
# Others hold no pixels that Pillow returns unchanged in every case (JPEG 2000, PPM, WebP).
FORMATS = ("PNG", "JPEG", "MPO", "TIFF", "BMP", "GIF")
BITS_PER_SAMPLE, PHOTOMETRIC, SAMPLE_FORMAT = 258, 262, 339
# Up to which distance of its channels a color picture counts as gray: encoders round and tint.
TINT = 20


def read_image_folder(
    folder,
    *,
    class_names,
    group_kind,
    table=None,
    columns=None,
    images=".",
    masks=None,
    mask_labels="lesion",
    mode="gray",
    size=None,
    fit=None,
    intensity_window=None,
    pixel_spacing_mm=None,
):
    """Read a folder of pictures into an `ImageDataset`: class folders, or pictures with a table.

    ``read_image_folder("brain", class_names=("no", "yes"), group_kind="near-duplicate", size=64,
    fit="crop")`` reads ``brain/no`` and ``brain/yes``; folders train, validation and test above or
    below these become the splits. ``attributes`` holds file names, labels as written, and the
    columns without a role. Add source and license with `dataclasses.replace`.

    Parameters
    ----------
    folder : str or Path
        It holds PNG, JPEG, TIFF, BMP or GIF files, or DICOM files of one frame.
    class_names : sequence of str, or dict
        Labels or names of the class folders, of two the disease last; or a dict from these to
        class names, which may merge: ``{"0": "benign", "1": "malignant"}``; None: no labels.
    group_kind : {"patient", "lesion", "near-duplicate", "image"}
        What a group is. Without a group column, ``"near-duplicate"`` groups pictures that correlate
        above 0.98 and ``"image"`` makes each its own group; patients and lesions are never guessed.
    table : str or DataFrame, optional
        One row per picture; left out: labels.csv in the folder, if there is one.
    columns : dict, optional
        Which column is the ``"image"`` (left out: file), ``"label"`` (left out: label),
        ``"group"``, ``"split"`` and ``"mask"`` (left out: the names of the pictures). Group and
        mask may be functions from the table, a DataFrame of text, to a value per row.
    images, masks : str, optional
        Sub-folders.
    mask_labels : str or dict
        What the one value beside 0 marks; or the values of each name, under None those to leave
        out: ``{"core": (1, 3), "edema": 2, None: 255}``.
    mode : {"gray", "rgb"}
        Color whose channels differ by at most 20 of 255 counts as gray; for rgb gray is repeated.
    size, fit : int or (height, width), and {"crop", "pad", "stretch"}, optional
        Resize all; for other proportions take the center, add 0 (or the low end of the window), or
        distort. A pixel belongs to a mask where at least half of it does.
    intensity_window : (low, high), optional
        What becomes 0 and 1 of gray pictures with more than 8 bits, which become float32. DICOM
        files that are stored inverted are turned within it.
    pixel_spacing_mm : (float, float), optional
        Distance of rows and of columns in the files, in mm; it is scaled with the pictures.
    """
    check_choice("mode", mode, ("gray", "rgb"))
    size = check_size(size, fit)
    window = None if intensity_window is None else check_window(intensity_window)
    if window and mode == "rgb":
        refuse("intensity_window", repr(window), "None with mode='rgb'", "Color has 8 bits.")
    spacing = None if pixel_spacing_mm is None else np.asarray(pixel_spacing_mm, dtype=float)
    labels = MaskLabels(mask_labels)
    if table is None:
        table = "labels.csv"
        if Path(folder).is_dir() and not Path(folder, table).exists():
            apart = None if masks is None or Path(masks) == Path() else Path(folder, masks)
            table = partial(class_folders, Path(folder, images), known_labels(class_names), apart)
    found = Folder(folder, table, columns, class_names, group_kind)
    read_pictures(found, images, masks, mode, window, labels=labels)
    spacings = []
    for i, picture in enumerate(found.images):
        with found.complaints(i):
            if picture is None:
                continue
            placement = place(picture.shape[:2], size, fit)
            found.images[i] = placement.resized(picture, window[0] if window else 0)
            spacings.append(None if spacing is None else spacing * placement.growth())
            if masks is not None:
                with found.complaints(i, found.mask_files[i]):
                    found.masks[i] = placement.resized_masks(found.masks[i][np.newaxis])[0]
    found.check_one_size(found.images)
    found.stop_if_any()
    pixels = np.stack(found.images).reshape(len(found.images), *found.images[0].shape[:2], -1)
    if found.groups is None:
        found.groups = group_near_duplicates(pixels)
        found.check_groups(found.names.to_numpy()[np.unique(found.groups, return_index=True)[1]])
        found.stop_if_any()
    found.note_pixels(pixels, window)
    if masks is not None:
        found.note_masks(found.masks, labels.names)
    found.warn()
    return ImageDataset(
        **found.fields(),
        images=pixels,
        intensity_window=window,
        masks=None if masks is None else np.stack(found.masks),
        mask_names=() if masks is None else labels.names,
        pixel_spacing_mm=None if spacing is None else np.stack(spacings),
    )


def read_pictures(found, images, masks, mode, window=None, unlisted="error", labels=None):
    """Read the pictures and masks of all rows, None where one is at fault."""
    base = found.subfolder("images", images)
    paths = found.locate(base, found.names, SUFFIXES)
    if masks is None and "mask" in found.columns:
        refuse("masks", "None", "a sub-folder", "Give masks='.' for the folder itself.")
    mask_folder = base if masks is None else found.subfolder("masks", masks)
    count, labels = len(paths), labels or MaskLabels("lesion")
    mask_paths = [None] * count if masks is None else _mask_paths(found, mask_folder, base, paths)
    if unlisted == "error":
        found.complain_of_unlisted(base, mask_folder)
    found.images, found.masks, found.mask_files, digests = ([None] * count for _ in range(4))
    changed = []
    for i, (path, mask_path) in enumerate(zip(paths, mask_paths, strict=True)):
        picture = mask = None
        with found.complaints(i):
            if path is not None:
                picture, is_changed = _read_picture(path, mode, window)
                changed += [found.names.iloc[i]] * is_changed
                content = repr(picture.shape).encode() + picture.tobytes()
                digests[i] = hashlib.sha256(content).digest()
        if mask_path is not None:
            name = found.mask_files[i] = mask_path.relative_to(found.path).as_posix()
            with found.complaints(i, name):
                mask = _read_mask(mask_path, labels, name)
                if picture is not None and mask.shape != picture.shape[:2]:
                    shapes = [" x ".join(map(str, a.shape[:2])) for a in (mask, picture)]
                    detail = f"mask {shapes[0]}, image {shapes[1]} px"
                    raise Complaint("mask of another size than its image", detail, OWN_PIXELS)
        if masks is None or mask is not None:
            found.images[i], found.masks[i] = picture, mask
    labels.check(found)
    found.check_same_content(digests)
    color = "pictures of little color, read as gray"
    found.note(color if mode == "gray" else "gray pictures, repeated", changed)


def _mask_paths(found, base, images, paths):
    advice = f"Add the mask, black where there is nothing to mark. {BESIDE}"
    column = found.columns.get("mask")
    names = pd.Series("", found.table.index) if column is None else found.table[column]
    for i, path in enumerate(paths if column is None else ()):
        if path is not None:
            # Without loss first: a mask that somebody saved as JPEG may be there, too.
            name = path.relative_to(images)
            others = [name.with_suffix(end) for end in (*LOSSLESS, name.suffix, ".jpg", ".jpeg")]
            there = [o for o in others if base / o != path and (base / o).is_file()]
            names.iloc[i] = (there or [name])[0].as_posix()
    return found.locate(base, names, SUFFIXES, advice)


def _read_picture(path, mode, window):
    """Return pixels, uint8 or beyond 8 bits float32, and whether their colors were changed."""
    pixels = np.asarray(_dicom(path, window) if is_dicom(path) else _open(path))
    gray = pixels.ndim == 2
    if mode == "rgb":
        if pixels.dtype != np.uint8:
            raise Complaint("more than 8 bits per pixel in a color set", "", "Save it with 8 bits.")
        return np.repeat(pixels[..., np.newaxis], 3, axis=2) if gray else pixels, gray
    distance = 0 if gray else int(np.ptp(pixels, axis=2).max())
    if distance > TINT:
        advice = "Use mode='rgb', for which gray pictures are repeated three times."
        raise Complaint("color image in a gray set", f"channels differ by {distance}", advice)
    if not gray:
        pixels = np.asarray(Image.fromarray(pixels).convert("L"))
    if pixels.dtype == np.uint8:
        if window is not None:
            advice = "Leave the window out, or read these as a set of their own."
            raise Complaint("8 bits per pixel, where intensity_window asks for more", "", advice)
        return pixels, distance > 0
    if not np.isfinite(pixels).all():
        advice = "Leave the image out, or save it with a number there, such as the lowest."
        raise Complaint("NaN or infinite pixels", "", advice)
    if (pixels.astype(np.float32) != pixels).any():
        raise Complaint("values beyond 24 bits", "", "Scale them down before reading.")
    if window is None:
        values = f"values {pixels.min():g} to {pixels.max():g}"
        advice = "Pass intensity_window=(low, high), the values that should become 0 and 1."
        raise Complaint("more than 8 bits per pixel", values, advice)
    return pixels.astype(np.float32), False


def _dicom(path, window):
    """Return the pixels of a DICOM file, high values bright."""
    try:
        image = imaging.read_dicom(path)
    except ValueError as error:
        raise Complaint("not a readable image", str(error).rstrip("."), "Leave it out.") from error
    if image.pixels.ndim > (3 if image.units == "color" else 2):
        advice = "Save what you need: Image.fromarray(imaging.read_dicom(name).pixels[k]).save(…)."
        raise Complaint("several pictures in one file", f"{len(image.pixels)} of them", advice)
    inverted = image.photometric_interpretation == "MONOCHROME1" and window is not None
    return np.float32(sum(window)) - image.pixels if inverted else image.pixels


def _read_mask(path, labels, name):
    """Return the flags of a mask file, uint8 (height, width)."""
    image = _open(path, mask=True)
    if image.mode == "P":
        palette = np.reshape(image.getpalette(), (-1, 3))
        if (np.ptp(palette, axis=1) == 0).all():
            image = image.convert("L")
        elif palette[0].any():
            raise Complaint("mask in whose palette 0 is not black", "", COLORS)
    values = np.array(image)
    if image.mode in ("LA", "RGBA"):
        values = values[..., :-1]
    if values.ndim == 3 and np.ptp(values, axis=2).any():
        found = np.unique(values @ (1 << np.array([16, 8, 0]))).tolist()
        colors = [(n >> 16, n >> 8 & 255, n & 255) for n in found if n]
        if len(colors) > 1 or labels.values is not None:
            detail = f"{len(colors)} of them, such as {', '.join(map(str, colors[:3]))}"
            raise Complaint("mask of colors", detail, f"{COLORS} {BLURRED}")
        labels.seen.setdefault(colors[0], name)
        return values.any(axis=-1).astype(np.uint8)
    return labels.flags(values[..., 0] if values.ndim == 3 else values, name, BLURRED)


def _open(path, mask=False):
    """Return the decoded image the way up viewers show it, gray or RGB without transparency."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                if image.format == "PNG":
                    # Pillow reads beyond damaged parts unless it is asked to compare checksums.
                    image.verify()
            with Image.open(path) as image:
                _check_kind(image, mask)
                image = ImageOps.exif_transpose(image)
    except Complaint:
        raise
    except Exception as error:  # damaged files fail in many ways inside Pillow
        reason = " ".join(str(error).replace(str(path), path.name).split()).rstrip(".")
        advice = "Get it again, save it as PNG or TIFF of 8 or 16 bits, or leave it out."
        raise Complaint("not a readable image", reason, advice) from error
    if image.mode[0] in "IF":
        return image
    if image.has_transparency_data and image.convert("RGBA").getextrema()[3][0] < 255:
        advice = "What lies under them is undefined; put the image on a background yourself."
        advice = "Save it on black, without transparency." if mask else advice
        raise Complaint("transparent pixels", "", advice)
    return image if mask or image.mode == "L" else image.convert("RGB")


def _check_kind(image, mask):
    """Complain of files whose pixels Pillow would bend silently, and of what is no intensity."""
    tags = image.tag_v2 if image.format == "TIFF" else {}
    mode, frames = image.mode, getattr(image, "n_frames", 1)
    deep = ";16" in str(image.tile) or max(np.atleast_1d(tags.get(BITS_PER_SAMPLE, 0))) > 8
    allowed = ("L", "LA", "RGB", "RGBA", "I", "F", "P", *(["1"] if mask else []))
    if image.format not in FORMATS:
        raise Complaint("format not read", image.format, "Save it as PNG or TIFF.")
    if frames > 1:
        raise Complaint("several pictures in one file", f"{frames} of them", "Save each by itself.")
    if 2 in np.atleast_1d(tags.get(SAMPLE_FORMAT)) and mode[0] != "I":
        raise Complaint("signed 8-bit TIFF", "", "It would wrap around; save it with 16 bits.")
    if deep and mode in ("RGB", "RGBA", "LA"):
        raise Complaint("16-bit color image", "", "Save it with 8 bits per channel.")
    if mode not in allowed and mode[:4] != "I;16":
        raise Complaint("color mode not read", f"mode {mode}", "Save it as gray or RGB.")
    if tags.get(PHOTOMETRIC) == 0 and mode != "L":
        raise Complaint("16-bit TIFF in which 0 is white", "", "Save it with 0 as black.")
