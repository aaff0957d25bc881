"""Read a folder of pictures and a table of labels and patients: your own data.

Taught in lesson 10; the formats are described in docs/your_own_data.md.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from course_utils._checks import DatasetError, check_choice
from course_utils.datasets import _tables as tables
from course_utils.datasets._fields import check_window
from course_utils.datasets._pictures import SUFFIXES, read_mask, read_picture
from course_utils.datasets._problems import Complaint, Problems, refuse
from course_utils.datasets._resizing import check_mask_remains, check_size, place
from course_utils.datasets.container import ImageDataset
from course_utils.datasets.duplicates import group_near_duplicates

MODES = ("gray", "rgb")


def read_image_folder(
    folder,
    *,
    class_names,
    group_kind,
    table="labels.csv",
    image="file",
    label="label",
    group=None,
    split=None,
    images=".",
    masks=None,
    mask=None,
    mask_name="lesion",
    mode="gray",
    size=None,
    fit=None,
    intensity_window=None,
    pixel_spacing_mm=None,
    unlisted="error",
    name=None,
    origin="real",
    source="not stated",
    license="not stated",
    citation="not stated",
):
    r"""Read pictures that a table describes into an `ImageDataset`, or say what does not fit.

    All problems of the folder are collected into one error. What is odd but allowed is one
    warning, and stays in ``meta["notes"]``. Taught in lesson 10; see docs/your_own_data.md.

    Parameters
    ----------
    folder : str or Path
        The folder that holds the table and, in it or below it, the pictures.
    class_names : sequence of str, or dict
        The values allowed in the label column, in two-class sets the disease last; or a dict from
        value to class name, which may merge values: ``{"0": "benign", "1": "malignant"}``.
    group_kind : {"patient", "lesion", "near-duplicate", "image"}
        What a group is. There is no default, since every interval rests on it.
    table : str
        Name of the CSV file in the folder: UTF-8, commas, one line per picture.
    image, label : str
        Columns of the file names, relative to `images`, and of the labels.
    group : str or function, optional
        Column of the groups; or a function from the table (a DataFrame of text) to one value per
        row. Left out, ``"near-duplicate"`` groups pictures that correlate above 0.98 and
        ``"image"`` makes each its own group; patients and lesions are never guessed.
    split : str, optional
        Column of the official split: train, validation, test or extra.
    images, masks : str
        Sub-folders, ``"."`` for the folder itself. With `masks` every picture needs a mask of
        the same name, or the same name ending in .png, with values 0 and 1 or 0 and 255.
    mask : str, optional
        Column of the masks' names in `masks`, if they differ from the pictures'.
    mask_name : str
        What the masks mark.
    mode : {"gray", "rgb"}
        What the pictures are. A color file whose three channels are equal counts as gray.
    size : (height, width) or int, optional
        Resize all pictures, by an antialiased triangle filter. Needed if their sizes differ. A
        pixel belongs to a mask where at least half of it does; a mask of which nothing is left is
        an error.
    fit : {"crop", "pad", "stretch"}, optional
        With `size`, for pictures of other proportions: take the center, add 0 (with a window: its
        low end) around, or distort. Left out, such pictures are an error.
    intensity_window : (low, high), optional
        Needed for gray pictures of more than 8 bits, which become float32 with their stored
        values: those that `ImageDataset.as_float` maps to 0 and 1.
    pixel_spacing_mm : (float, float) or (str, str), optional
        Distance of (rows, columns) in the files, in mm, before `size`; or the columns that
        hold them.
    unlisted : {"error", "ignore"}
        What to do with pictures in `images` that the table does not list.
    name : str, optional
        Name of the set; the folder's name if left out.
    origin, source, license, citation
        As in `ImageDataset`.

    Returns
    -------
    ImageDataset
        In the order of the table. ``attributes`` holds file names and labels as written, and the
        columns without a role: numbers where all filled cells are numbers (empty ones NaN), text
        otherwise (empty ones ``"unknown"``).

    Raises
    ------
    DatasetError
        A wrong argument, or a folder with problems, which the message lists by kind.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from PIL import Image
    >>> rng = np.random.default_rng(0)
    >>> with TemporaryDirectory() as name:
    ...     for letter in "abc":
    ...         pixels = rng.integers(0, 255, (40, 50)).astype("uint8")
    ...         Image.fromarray(pixels).save(Path(name) / f"{letter}.png")
    ...     table = "file,label,patient,age\na.png,benign,P1,50\n"
    ...     table += "b.png,benign,P1,50\nc.png,malignant,P2,\n"
    ...     _ = (Path(name) / "labels.csv").write_text(table)
    ...     read_image_folder(
    ...         name, class_names=("benign", "malignant"), group="patient",
    ...         group_kind="patient", name="demo",
    ...     )
    ImageDataset 'demo': REAL images
      3 images, 40 x 50 px, 1 channel (intensity), uint8
      2 groups, each a patient
      no official split: 3 images, 2 groups (benign 2, malignant 1 images)
      no masks
    """
    problems = Problems(folder)
    layout = Layout(table, image, label, group, group_kind, split, images, masks, mask, unlisted)
    prepare = _preparation(mode, size, fit, intensity_window)
    spacing = _spacing_columns(pixel_spacing_mm)
    found = _read(layout, class_names, prepare, spacing, problems)
    _check_one_size(found.table[image], found.images, problems)
    problems.stop_if_any()
    pixels = np.stack(found.images).reshape(len(found), *found.images[0].shape[:2], -1)
    groups = found.groups
    if groups is None:
        groups = group_near_duplicates(pixels)
        names = found.table[image].to_numpy()
        first = np.unique(groups, return_index=True)[1]
        _check_splits_and_labels(found, names[first[groups]], layout, problems)
        problems.stop_if_any()
    _note_windows(pixels, prepare.window, problems)
    if masks is not None:
        tables.note_masks(found.masks, problems)
    problems.warn(stacklevel=2)
    growth = np.array([placement.growth for placement in found.placements])
    return ImageDataset(
        name=name or Path(folder).resolve().name,
        images=pixels,
        intensity_window=prepare.window,
        labels=found.labels,
        class_names=found.class_names,
        groups=groups,
        group_kind=group_kind,
        splits=found.splits,
        masks=None if masks is None else np.stack(found.masks),
        mask_names=() if masks is None else (mask_name,),
        pixel_spacing_mm=None if found.spacing is None else found.spacing * growth,
        attributes=layout.attributes(found.table, spacing),
        origin=origin,
        source=source,
        license=license,
        citation=citation,
        meta={"notes": problems.notes} if problems.notes else None,
    )


def read_pictures(folder, *, class_names, group_kind, mode="gray", unlisted="error", **columns):
    """Read a folder like `read_image_folder`, but keep the pictures' own sizes.

    Parameters are those of `read_image_folder` as far as they name files, columns and groups.

    Returns
    -------
    Pictures
        ``groups`` is None where near-duplicates are yet to be found.
    """
    problems = Problems(folder)
    layout = Layout(group_kind=group_kind, unlisted=unlisted, **columns)
    found = _read(layout, class_names, _preparation(mode, None, None, None), (), problems)
    problems.stop_if_any()
    problems.warn(stacklevel=2)
    return found


@dataclass(frozen=True)
class Layout:
    """Where in the folder and in the table things are; as in `read_image_folder`."""

    table: str = "labels.csv"
    image: str = "file"
    label: str = "label"
    group: object = None
    group_kind: str = "image"
    split: str | None = None
    images: str = "."
    masks: str | None = None
    mask: str | None = None
    unlisted: str = "error"

    def columns(self):
        """Return the columns that must be there and filled, each once."""
        group = None if callable(self.group) else self.group
        named = (self.image, self.label, group, self.split, self.mask)
        return list(dict.fromkeys(column for column in named if column is not None))

    def attributes(self, table, spacing):
        """Return file names, labels as written, and the columns that have no other role."""
        kept = {column: table[column].to_numpy(str) for column in (self.image, self.label)}
        return kept | tables.other_columns(table, {*self.columns(), *spacing})


@dataclass(frozen=True, eq=False)
class Pictures:
    """What a folder holds, one entry per row of the table.

    Attributes
    ----------
    table : pandas.DataFrame
        All of it text; the index holds the lines of the file.
    images, masks : list of arrays, masks or None
    labels : array (n,)
    class_names : tuple of str
    groups, splits : array (n,) or None
    spacing : array (n, 2) or None
        Of the files, in mm.
    placements : list of Placement
        How each picture was resized.
    """

    table: pd.DataFrame
    images: list
    masks: list | None
    labels: np.ndarray
    class_names: tuple
    groups: np.ndarray | None
    splits: np.ndarray | None
    spacing: np.ndarray | None
    placements: list

    def __len__(self):
        """Return the number of pictures."""
        return len(self.table)


@dataclass(frozen=True)
class _Preparation:
    """How pixels are read and resized."""

    mode: str
    size: tuple | None
    fit: str | None
    window: tuple | None

    def read(self, path):
        """Return the pixels as stored; `Complaint` where bits and window disagree."""
        pixels = read_picture(path, self.mode)
        if pixels.dtype == np.float32 and self.window is None:
            raise Complaint(
                "more than 8 bits per pixel",
                f"values {pixels.min():g} to {pixels.max():g}",
                "Pass intensity_window=(low, high), the values that should become 0 and 1.",
            )
        if pixels.dtype == np.uint8 and self.window is not None:
            raise Complaint(
                "8 bits per pixel, where intensity_window asks for more",
                "",
                "Leave the window out, or read 8-bit and deeper files as two sets.",
            )
        return pixels

    def resize(self, pixels, placement):
        """Return the pixels, resized if a size is wanted."""
        if self.size is None:
            return pixels
        fill = 0 if self.window is None else self.window[0]
        if pixels.ndim == 2:
            return placement.apply(pixels, fill)
        channels = np.ascontiguousarray(np.moveaxis(pixels, -1, 0))
        return np.stack([placement.apply(plane) for plane in channels], axis=-1)


def _preparation(mode, size, fit, window):
    check_choice("mode", mode, MODES)
    size = check_size(size, fit)
    window = None if window is None else check_window(window)
    if window is not None and mode == "rgb":
        refuse("intensity_window", repr(window), "None with mode='rgb'", "Color has 8 bits.")
    return _Preparation(mode, size, fit, window)


def _spacing_columns(pixel_spacing_mm):
    """Return the given numbers or column names as a tuple; empty if there are none."""
    if pixel_spacing_mm is None:
        return ()
    pair = np.asarray(pixel_spacing_mm)
    numbers = pair.dtype.kind in "iuf" and np.isfinite(pair).all() and (pair > 0).all()
    if pair.shape != (2,) or not (numbers or pair.dtype.kind == "U"):
        refuse(
            "pixel_spacing_mm",
            repr(pixel_spacing_mm),
            "two numbers above 0, or two column names",
            "Rows first; leave it out where it is unknown.",
        )
    return tuple(pair.tolist())


def _read(layout, class_names, prepare, spacing, problems):
    """Return the `Pictures` of the problems' folder; what is wrong goes into `problems`."""
    folder = Path(problems.folder)
    if not folder.is_dir():
        raise DatasetError(f"There is no folder {folder}. Give the folder that holds the table.")
    tables.check_group_arguments(layout.group, layout.group_kind)
    check_choice("unlisted", layout.unlisted, ("error", "ignore"))
    if layout.mask is not None and layout.masks is None:
        refuse("masks", "None", "the masks' sub-folder", "Give masks='.' for the folder itself.")
    tables.check_subfolder(folder, "images", layout.images)
    if layout.masks is not None:
        tables.check_subfolder(folder, "masks", layout.masks)
    path = folder / layout.table
    table = tables.read_table(path)
    spacing_columns = [column for column in spacing if isinstance(column, str)]
    tables.check_columns(path, table, [*layout.columns(), *spacing_columns])
    tables.check_filled(table, layout.columns(), problems)
    names, labels = tables.class_numbers(table[layout.label], class_names, problems)
    splits = None if layout.split is None else table[layout.split].to_numpy(str)
    images, masks, placements, digests = _read_files(folder, table, layout, prepare, problems)
    groups = None
    if layout.group is not None:
        groups = tables.group_names(table, layout.group, problems)
    elif layout.group_kind == "image":
        groups = np.arange(len(table))
    values = _spacing_values(table, spacing, problems)
    found = Pictures(table, images, masks, labels, names, groups, splits, values, placements)
    if groups is not None:
        _check_splits_and_labels(found, groups, layout, problems)
    facts = {"label": labels, "split": splits, layout.group_kind: groups}
    facts = {fact: given for fact, given in facts.items() if given is not None}
    tables.check_same_content(digests, table[layout.image], facts, problems)
    return found


def _read_files(folder, table, layout, prepare, problems):
    """Return images, masks, placements and digests, each with None where a file is at fault."""
    base = tables.locate(folder, layout.images)
    seen = {}
    paths = tables.locate_all(base, table[layout.image], problems, seen)
    mask_paths = _mask_paths(folder, table, layout, paths, problems, seen)
    if layout.unlisted == "error":
        _complain_of_unlisted(folder, layout, [*paths, *(mask_paths or ())], problems)
    images, placements, digests = [], [], []
    masks = None if mask_paths is None else []
    for i, path in enumerate(paths):
        place_in_words = f"{table[layout.image].iloc[i]} (line {table.index[i]})"
        image = mask = placement = digest = None
        try:
            if path is not None:
                pixels = prepare.read(path)
                digest = hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).digest()
                if masks is not None and mask_paths[i] is not None:
                    mask = _read_fitting_mask(mask_paths[i], pixels.shape[:2])
                placement = place(pixels.shape[:2], prepare.size, prepare.fit)
                image = prepare.resize(pixels, placement)
                if mask is not None and prepare.size is not None:
                    whole, mask = mask, placement.apply_to_mask(mask)
                    check_mask_remains(whole, mask)
        except Complaint as complaint:
            problems.add_complaint(complaint, place_in_words)
        images.append(image)
        placements.append(placement)
        digests.append(digest)
        if masks is not None:
            masks.append(mask)
    return images, masks, placements, digests


def _mask_paths(folder, table, layout, paths, problems, seen):
    """Return one path per row or None; without a column, masks are named like their pictures."""
    if layout.masks is None:
        return None
    base = tables.locate(folder, layout.masks)
    if layout.mask is not None:
        return tables.locate_all(base, table[layout.mask], problems, seen)
    # No second complaint where the picture itself is at fault.
    names = [
        "" if path is None else _mask_name(base, name)
        for path, name in zip(paths, table[layout.image], strict=True)
    ]
    return tables.locate_all(base, pd.Series(names, table.index), problems, seen)


def _mask_name(base, name):
    """Return the picture's own name, or that of a PNG, since JPEG would blur a mask."""
    return name if tables.locate(base, name).is_file() else os.path.splitext(name)[0] + ".png"


def _read_fitting_mask(path, shape):
    mask = read_mask(path)
    if mask.shape != shape:
        raise Complaint(
            "mask of another size than its image",
            f"mask {mask.shape[0]} x {mask.shape[1]}, image {shape[0]} x {shape[1]} px",
            "Draw or export the mask on the image's own pixels.",
        )
    return mask


def _complain_of_unlisted(folder, layout, listed, problems):
    """Complain of pictures in the folder that are neither listed nor below it among the masks."""
    base = tables.locate(folder, layout.images)
    masks = None if layout.masks is None else tables.locate(folder, layout.masks).resolve()
    # A folder of masks that holds the pictures, too, says nothing about its files.
    all_masks = masks is not None and base.resolve() in masks.parents
    listed = {os.path.realpath(path) for path in listed if path is not None}
    for path in sorted(base.rglob("*")):
        inside = path.relative_to(base)
        if path.suffix.lower() not in SUFFIXES or any(p.startswith(".") for p in inside.parts):
            continue
        is_mask = all_masks and masks in path.resolve().parents
        if not is_mask and os.path.realpath(path) not in listed:
            problems.add(
                "picture that the table does not list",
                inside.as_posix(),
                "List it, move it away, or pass unlisted='ignore'.",
            )


def _spacing_values(table, spacing, problems):
    """Return the pixel spacing of each file (n, 2), or None."""
    if not spacing:
        return None
    if not isinstance(spacing[0], str):
        return np.tile(np.array(spacing, dtype=float), (len(table), 1))
    values = np.stack([pd.to_numeric(table[column], errors="coerce") for column in spacing], 1)
    for line in table.index[~((values > 0) & np.isfinite(values)).all(axis=1)]:
        problems.add(
            f"no spacing above 0 in {' and '.join(spacing)}", f"line {line}", "Give millimeters."
        )
    return values


def _check_splits_and_labels(found, groups, layout, problems):
    if found.splits is not None:
        splits = found.table[layout.split]
        tables.check_divided_groups(groups, splits, layout.group_kind, problems)
    if layout.group_kind == "lesion":
        tables.check_lesion_labels(groups, found.labels, found.class_names, problems)


def _check_one_size(names, images, problems):
    """Complain if the images that could be read differ in size."""
    sizes = {}
    for name, image in zip(names, images, strict=True):
        if image is not None:
            sizes.setdefault(image.shape[:2], []).append(name)
    if len(sizes) > 1:
        for (height, width), members in sizes.items():
            problems.add(
                "images of different sizes",
                f"{height} x {width} px: {len(members)}, such as {members[0]}",
                "Pass size=(height, width).",
            )


def _note_windows(pixels, window, problems):
    """Note images of one value, and those that an intensity window makes all black or white."""
    flat = int((pixels.max(axis=(1, 2)) == pixels.min(axis=(1, 2))).all(axis=1).sum())
    if flat:
        problems.notes.append(f"images whose pixels are all equal: {flat}.")
    if window is not None:
        low, high = window
        outside = ((pixels <= low) | (pixels >= high)).all(axis=(1, 2, 3))
        if outside.any():
            problems.notes.append(
                f"images that lie outside the intensity window {window}: {int(outside.sum())}; "
                f"values in the set go from {pixels.min():g} to {pixels.max():g}."
            )
