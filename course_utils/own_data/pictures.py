"""Pictures: a folder of PNG, JPEG or TIFF files as a data set."""

from __future__ import annotations

import hashlib
import re
import warnings
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from PIL import Image, ImageOps

from course_utils import imaging
from course_utils._checks import DatasetError, check_choice, check_names, refuse
from course_utils.datasets import ImageDataset, group_near_duplicates
from course_utils.datasets._fields import check_window
from course_utils.datasets.resizing import average
from course_utils.own_data._folder import (
    REMEDIES,
    SPLIT_WORDS,
    SUFFIXES,
    Complaint,
    Folder,
    clean,
    is_dicom,
    known_labels,
    masks_beside,
    visible,
)

# More values than these in a mask are no labels: one name, or a dict, which may name an atlas.
MANY, ATLAS = 8, 200
COLORS = REMEDIES["mask in whose palette 0 is not black"]
# Proportions that differ by less, as after rounding to whole pixels, count as equal.
SAME_PROPORTION = 0.02
# Folders of masks are named so.
APART = re.compile(r"(mask|label|annotation|segmentation)s?", re.I)
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
    folder, images, masks : str or Path
        The folder holds PNG, JPEG, TIFF, BMP or GIF files, or DICOM files of one frame, all or
        those of the sub-folder `images`; masks lie in a sub-folder of that name.
    class_names : sequence of str, or dict
        Labels or names of the class folders, of two the disease last; or a dict from these to class
        names, which may merge: ``{"0": "benign", "1": "malignant"}``; None: no labels.
    group_kind : {"patient", "lesion", "near-duplicate", "image"}
        What a group is. Without a group column, ``"near-duplicate"`` groups pictures that correlate
        above 0.98 and ``"image"`` makes each its own group; patients and lesions are never guessed.
    table, columns : str or DataFrame, and dict, optional
        One row per picture; left out: labels.csv in the folder, if there is one. Which column is
        the ``"image"`` (left out: file), ``"label"`` (left out: label), ``"group"``, ``"split"``
        and ``"mask"`` (left out: the names of the pictures). Group and mask may be functions from
        the table, a DataFrame of text, to a value per row.
    mask_labels : str or dict
        What the one value beside 0 marks; or the values of each name, under None those to leave
        out: ``{"core": (1, 3), "edema": 2, None: 255}``.
    mode : {"gray", "rgb"}
        Color whose channels differ by at most 20 of 255 counts as gray; for rgb gray is repeated.
    size, fit : int or (height, width), and {"crop", "pad", "stretch"}, optional
        Resize all; for other proportions take the center, add 0 (or the low end of the window), or
        distort. A pixel belongs to a mask where at least half of it does.
    intensity_window, pixel_spacing_mm : (low, high) and (float, float), optional
        What becomes 0 and 1 of gray pictures with more than 8 bits, which become float32 (inverted
        DICOM files are turned within it); and the distance of rows and columns in the files.
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
                    raise Complaint("mask of another size than its image", detail)
        if masks is None or mask is not None:
            found.images[i], found.masks[i] = picture, mask
    labels.check(found)
    found.check_same_content(digests)
    color = "pictures of little color, read as gray"
    found.note(color if mode == "gray" else "gray pictures, repeated", changed)


def _mask_paths(found, base, images, paths):
    beside = REMEDIES["mask beside its picture"]
    advice = f"Add the mask, black where there is nothing to mark. {beside}"
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
            raise Complaint("more than 8 bits per pixel in a color set")
        return np.repeat(pixels[..., np.newaxis], 3, axis=2) if gray else pixels, gray
    distance = 0 if gray else int(np.ptp(pixels, axis=2).max())
    if distance > TINT:
        raise Complaint("color image in a gray set", f"channels differ by {distance}")
    if not gray:
        pixels = np.asarray(Image.fromarray(pixels).convert("L"))
    if pixels.dtype == np.uint8:
        if window is not None:
            raise Complaint("8 bits per pixel, where intensity_window asks for more")
        return pixels, distance > 0
    if not np.isfinite(pixels).all():
        raise Complaint("NaN or infinite pixels")
    if (pixels.astype(np.float32) != pixels).any():
        raise Complaint("values beyond 24 bits")
    if window is None:
        values = f"values {pixels.min():g} to {pixels.max():g}"
        raise Complaint("more than 8 bits per pixel", values)
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
            raise Complaint("mask in whose palette 0 is not black")
    values = np.array(image)
    if image.mode in ("LA", "RGBA"):
        values = values[..., :-1]
    if values.ndim == 3 and np.ptp(values, axis=2).any():
        found = np.unique(values @ (1 << np.array([16, 8, 0]))).tolist()
        colors = [(n >> 16, n >> 8 & 255, n & 255) for n in found if n]
        if len(colors) > 1 or labels.values is not None:
            detail = f"{len(colors)} of them, such as {', '.join(map(str, colors[:3]))}"
            raise Complaint("mask of colors", detail, f"{COLORS} {REMEDIES['mask of many values']}")
        labels.seen.setdefault(colors[0], name)
        return values.any(axis=-1).astype(np.uint8)
    return labels.flags(values[..., 0] if values.ndim == 3 else values, name)


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
        raise Complaint("not a readable image", reason) from error
    if image.mode[0] in "IF":
        return image
    if image.has_transparency_data and image.convert("RGBA").getextrema()[3][0] < 255:
        advice = "Save it on black, without transparency." if mask else None
        raise Complaint("transparent pixels", advice=advice)
    return image if mask or image.mode == "L" else image.convert("RGB")


def _check_kind(image, mask):
    """Complain of files whose pixels Pillow would bend silently, and of what is no intensity."""
    tags = image.tag_v2 if image.format == "TIFF" else {}
    mode, frames = image.mode, getattr(image, "n_frames", 1)
    deep = ";16" in str(image.tile) or max(np.atleast_1d(tags.get(BITS_PER_SAMPLE, 0))) > 8
    allowed = ("L", "LA", "RGB", "RGBA", "I", "F", "P", *(["1"] if mask else []))
    if image.format not in FORMATS:
        raise Complaint("format not read", image.format)
    if frames > 1:
        raise Complaint("several pictures in one file", f"{frames} of them")
    if 2 in np.atleast_1d(tags.get(SAMPLE_FORMAT)) and mode[0] != "I":
        raise Complaint("signed 8-bit TIFF")
    if deep and mode in ("RGB", "RGBA", "LA"):
        raise Complaint("16-bit color image")
    if mode not in allowed and mode[:4] != "I;16":
        raise Complaint("color mode not read", f"mode {mode}")
    if tags.get(PHOTOMETRIC) == 0 and mode != "L":
        raise Complaint("16-bit TIFF in which 0 is white")


def class_folders(base, known, ignored=None):
    """Return a table of the pictures in class folders, above or below folders of splits, and notes.

    Masks beside their pictures and what lies in `ignored` or a folder named like masks are left
    out. Without known names all pictures are taken, without labels.
    """
    files = [path.relative_to(base) for path in visible(base) if ignored not in path.parents]
    masks, rows, left_out = masks_beside(files), [], {}
    written = {name.casefold(): name for name in known}
    if len(written) < len(known):
        allowed = "names that differ by more than case"
        refuse("class_names", ", ".join(known), allowed, "Folders No and no are one class.")
    for file in files:
        folders = [clean(part) for part in file.parts[:-1]]
        labels = [written.get(part.casefold(), "") for part in (*folders, "", "")]
        splits = [SPLIT_WORDS.get(part.lower(), "") for part in (*folders, "", "")]
        # brain/yes/train or brain/train/yes; what lies deeper, such as patients, is for the group.
        label, split = labels[0], splits[1]
        if not label and splits[0]:
            label, split = labels[1], splits[0]
        picture = file.suffix.lower() in SUFFIXES or (not file.suffix and is_dicom(base / file))
        apart = any(APART.fullmatch(p) and p.casefold() not in written for p in folders)
        if not picture or apart or (known and not label):
            left_out.setdefault("/".join(folders[:2]) or "the folder itself", []).append(file)
        elif file not in masks:
            rows.append((file.as_posix(), label, split if known else ""))
    counts = ", ".join(f"{len(there)} in {name}" for name, there in left_out.items())
    first = [file.as_posix() for there in left_out.values() for file in there][:3]
    absent = [name for name in known if name not in {label for _, label, _ in rows}]
    if absent or not rows:
        named = f"sub-folder of pictures named {' or '.join(absent)}" if known else "pictures"
        raise DatasetError(
            f"There is no file labels.csv, and {base.absolute()} has no {named}; other files: "
            f"{counts or 'none'}. Give the folder that holds the class folders, with their names "
            "in class_names, or a table: table='name.csv'."
        )
    table = pd.DataFrame(rows, columns=["file", "label", "split"], dtype=str)
    table.index = "folder " + table["label"].where(table["label"] != "", base.name)
    said = f"left out, as no pictures in a folder of a class: {counts} ({', '.join(first)})."
    return table.loc[:, (table != "").any()], [said] if counts else []


class MaskLabels:
    """What the stored values of masks mean: bit j of the flags belongs to ``names[j]``.

    A name stands for the one value beside 0. A dict gives the values of each name, and under None
    those to leave out.
    """

    def __init__(self, mask_labels):
        self.values, self.seen, names = None, {}, mask_labels
        if isinstance(mask_labels, dict):
            names = [name for name in mask_labels if name is not None]
            self.values = {name: np.atleast_1d(v) for name, v in mask_labels.items()}
            if any(v.dtype.kind not in "iu" for v in self.values.values()):
                remedy = "Write {'core': (1, 3), 'edema': 2}."
                refuse("mask_labels", repr(mask_labels), "whole numbers for each name", remedy)
        self.names = check_names("mask_labels", names)

    def flags(self, values, name, blurred=None):
        """Return the flags of a mask, uint8; `blurred` is the advice where it has many values."""
        found = np.unique(np.asarray(values) * 1)  # a truth value counts as a number
        if (found % 1 != 0).any():
            raise Complaint("mask of fractions", f"such as {found[found % 1 != 0][0]:g}")
        others = [int(value) for value in found if value]
        # Labels are small numbers or spread evenly; in between lie the pixels of a blurred edge.
        between = sum(value > MANY for value in others[:-1]) and np.ptp(np.diff(found)) > 1
        edge = self.values is None and between and others[-1] in (255, 65535)
        if edge or len(others) > (MANY if self.values is None else ATLAS):
            detail = f"{len(found)} values, {found[0]:g} to {found[-1]:g}"
            raise Complaint("mask of many values", detail, blurred)
        if self.values is None:
            self.seen |= {value: self.seen.get(value, name) for value in others}
            marks, odd = [values != 0], found if len(others) > 1 else []
            what = "mask with several values beside 0"
        else:
            marks = [np.isin(values, self.values[name]) for name in self.names]
            odd = np.setdiff1d(others, np.concatenate([*self.values.values()]))
            what = "mask values that mask_labels does not name"
        if len(odd):
            raise Complaint(what, "values " + ", ".join(f"{v:.0f}" for v in odd[:MANY]))
        return sum(mark.astype(np.uint8) << j for j, mark in enumerate(marks))

    def check(self, found):
        """Complain if the one value beside 0 is not the same in all masks."""
        if self.values is None and len(self.seen) > 1 and not {*self.seen} <= {1, 255, 65535}:
            named = REMEDIES["mask with several values beside 0"]
            advice = COLORS if tuple in map(type, self.seen) else named
            for value, name in self.seen.items():
                found.add("masks whose values differ", f"{value} in {name}", advice)


def check_size(size, fit):
    """Return the size as (height, width) or None; refuse anything else, and unknown fits."""
    if fit is not None:
        check_choice("fit", fit, ("crop", "pad", "stretch"))
    if size is None:
        return None
    pair = np.array(size if np.ndim(size) else [size, size])
    integers = pair.shape == (2,) and pair.dtype.kind in "iu"
    if not integers or not 1 <= pair.min() <= pair.max() <= 4096:
        refuse("size", repr(size), "(height, width) in pixels, 1 to 4096", "For example (96, 96).")
    return int(pair[0]), int(pair[1])


class Placement(NamedTuple):
    """A part (left, top, right, bottom) of a picture, at which size, in the middle of what size."""

    box: tuple
    inner: tuple
    size: tuple

    def growth(self):
        """Return new pixel spacing over old one, (rows, columns)."""
        return np.subtract(self.box[2:], self.box[:2])[::-1] / self.inner

    def inside(self):
        """Return the rows and columns of the size that the inner pixels fill."""
        ends = zip(self.inner, self.size, strict=True)
        return tuple(slice((n - m) // 2, (n - m) // 2 + m) for m, n in ends)

    def resized(self, image, fill):
        """Return a picture (height, width) or (height, width, channels) with `fill` around it."""
        result = np.full((*self.size, *image.shape[2:]), fill, dtype=image.dtype)
        result[self.inside()] = average(image, self.inner, box=self.box, linear=True)
        return result

    def resized_masks(self, flags):
        """Return bit flags (n, height, width): set where half of the new pixel is marked."""
        left, top, right, bottom = self.box
        down = _shares(top, bottom, self.inner[0], flags.shape[1])
        across = _shares(left, right, self.inner[1], flags.shape[2])
        small = np.zeros((len(flags), *self.size), np.uint8)
        for j in range(int(flags.max()).bit_length()):
            mask = flags >> j & 1
            # Pillow's box filter weights whole pixels, which makes masks up to 6 % too large.
            part = down @ mask.astype(np.float32) @ across.T >= 0.5 - 1e-5
            small[:, *self.inside()] |= part.astype(np.uint8) << j
            if mask.any() and not part.any():
                # Its patient would count as free of the lesion.
                before = f"{np.count_nonzero(mask)} pixels before"
                raise Complaint("mask of which nothing is left after resizing", before)
        return small


def _shares(low, high, count, length):
    """Return which share of each of `count` new pixels from low to high each old one covers."""
    edges, old = np.linspace(low, high, count + 1)[:, np.newaxis], np.arange(length)
    parts = np.minimum(edges[1:], old + 1) - np.maximum(edges[:-1], old)
    return (np.clip(parts, 0, None) * count / (high - low)).astype(np.float32)


def place(shape, size, fit, spacing=(1, 1), side=None):
    """Return the Placement of a picture at a size, or as large as it is where that is None.

    With another spacing its pixels become square. With a side they become as large as that, and
    the size only cuts and fills.
    """
    scale = np.divide(spacing, np.min(spacing) if side is None else side)
    if side is None and scale.max() - 1 <= SAME_PROPORTION:
        scale = np.ones(2)
    # Whole square pixels; what is left over at the edges is less than one of them.
    count = np.maximum(1, np.floor(shape * scale + 0.01)).astype(int)
    low, high, size = np.zeros(2), count, np.array(size or count)
    inner, growth = size, size / count
    if side is not None:
        inner = np.minimum(count, size)
        low = (count - inner) // 2
        high = low + inner
    elif fit != "stretch" and abs(growth[1] / growth[0] - 1) > SAME_PROPORTION:
        if fit == "crop":
            low, high = ((count + sign * size / growth.max()) / 2 for sign in (-1, 1))
        elif fit == "pad":
            inner = np.maximum(1, np.rint(count * growth.min())).astype(int)
        else:
            what = f"proportions that do not fit {size[0]} x {size[1]} px"
            advice = "Choose fit='crop' (the center), 'pad' (fills around) or 'stretch' (distorts)."
            raise Complaint(what, f"{count[0]} x {count[1]} px", advice)
    margin = (shape - count / scale) / 2
    low, high = (np.clip(edge / scale + margin, 0, shape)[::-1].tolist() for edge in (low, high))
    return Placement((*low, *high), tuple(inner.tolist()), tuple(size.tolist()))
