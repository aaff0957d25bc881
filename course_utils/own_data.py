"""Read a folder of pictures or volumes and a table of labels and patients: your own data.

The whole folder is checked first; everything that does not fit is listed in one error, what is odd
but allowed in one warning. See docs/your_own_data.md.
"""

from __future__ import annotations

import csv
import hashlib
import os
import posixpath
import re
import unicodedata
import warnings
from contextlib import contextmanager
from pathlib import Path, PureWindowsPath

import nibabel
import numpy as np
import pandas as pd

from course_utils import imaging
from course_utils._checks import DatasetError, check_choice, check_names, refuse
from course_utils._pictures import SUFFIXES, Complaint, read_mask, read_picture
from course_utils.datasets import ImageDataset, group_near_duplicates
from course_utils.datasets._check import GROUP_KINDS, SPLITS, check_window
from course_utils.datasets._resize import average

FITS = ("crop", "pad", "stretch")
ROLES = ("image", "label", "group", "split", "mask")
# Proportions that differ by less, as after rounding to whole pixels, count as equal.
SAME_PROPORTION = 0.02
# Two grids are one if no corner of the volume moves by more than this share of a voxel side.
SAME_PLACE = 0.1
# With "percentile": shares of the voxels above the volume's lowest value, which is mostly air.
PERCENTILES = (0.5, 99.5)


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

    Parameters
    ----------
    folder : str or Path
        The folder that holds labels.csv (UTF-8, commas, one line per picture) and the pictures.
    columns : dict
        Which column has which role: ``"image"`` (file names, relative to `images`; left out: the
        column file), ``"label"`` (left out: label), ``"group"``, ``"split"``, ``"mask"`` (names in
        `masks`; left out: those of the pictures, or the same ending in .png). The group may be a
        function from the table (a DataFrame of text) to one value per row.
    class_names : sequence of str, or dict
        The values allowed in the label column, in two-class sets the disease last; or a dict from
        value to class name, which may merge values: ``{"0": "benign", "1": "malignant"}``.
    group_kind : {"patient", "lesion", "near-duplicate", "image"}
        What a group is. Without a group column, ``"near-duplicate"`` groups pictures that correlate
        above 0.98 and ``"image"`` makes each its own group; patients and lesions are never guessed.
    images, masks : str, optional
        Sub-folders. With `masks` every picture needs one, with values 0 and 1 or 0 and 255.
    mask_name : str
        What the masks mark.
    mode : {"gray", "rgb"}
        What the pictures are. A color file whose three channels are equal counts as gray.
    size : int or (height, width), optional
        Resize all pictures. A pixel belongs to a mask where at least half of it does.
    fit : {"crop", "pad", "stretch"}, optional
        For pictures of other proportions: take the center, add 0 (with a window: its low end)
        around, or distort. Left out, such pictures are an error.
    intensity_window : (low, high), optional
        For gray pictures of more than 8 bits, which become float32: what becomes 0 and 1.
    pixel_spacing_mm : (float, float), optional
        Distance of rows and of columns in the files, in mm; it is scaled with the pictures.

    Returns
    -------
    ImageDataset
        In the order of the table, origin "real". ``attributes`` holds file names, labels as
        written, and the columns without a role. Name, origin, source, license and citation are
        added with `dataclasses.replace`.

    Examples
    --------
    ``read_image_folder("breast", columns={"group": "patient"}, group_kind="patient",
    class_names=("benign", "malignant"), size=64, fit="pad")``
    """
    check_choice("mode", mode, ("gray", "rgb"))
    size = _check_size(size, fit)
    window = None if intensity_window is None else check_window(intensity_window)
    if window and mode == "rgb":
        refuse("intensity_window", repr(window), "None with mode='rgb'", "Color has 8 bits.")
    spacing = None if pixel_spacing_mm is None else _check_spacing(pixel_spacing_mm)
    found = Folder(folder, "labels.csv", columns, class_names, group_kind)
    found.read_pictures(images, masks, mode, window)
    for i, picture in enumerate(found.images):
        with found.complaints(i):
            if picture is not None and size:
                placement = _place(picture.shape[:2], size, fit)
                found.images[i] = _resized(picture, placement, window[0] if window else 0)
                if masks is not None:
                    found.masks[i] = _resized_masks(found.masks[i][np.newaxis], placement)[0]
                if spacing is not None:
                    found.spacing[i] = spacing * _growth(placement)
            elif spacing is not None:
                found.spacing[i] = spacing
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


def read_volume_folder(
    folder,
    *,
    images,
    columns,
    class_names,
    intensity_window,
    mask_name="lesion",
    size=None,
    fit=None,
):
    r"""Read volumes that the folder's volumes.csv describes into an `ImageDataset` of axial slices.

    Each row of the table names, relative to the folder, one scan: a NIfTI file (.nii, .nii.gz) for
    each channel, and one for the mask.

    Parameters
    ----------
    folder : str or Path
        The folder that holds volumes.csv and, in it or below it, the volumes.
    images : dict
        Channel name to column: ``{"T1c": "t1c", "FLAIR": "flair"}``. The channels of one row must
        lie on one grid.
    columns : dict
        As in `read_image_folder`: label, group (the patients), split, mask.
    class_names : sequence of str, or dict
        As in `read_image_folder`; a volume's label is that of all its slices.
    intensity_window : (low, high) or "percentile"
        The values that `ImageDataset.as_float` maps to 0 and 1, such as (-160, 240) HU for CT.
        ``"percentile"`` is for MR, whose values have no unit: each volume is scaled by itself
        so that the 0.5th and 99.5th percentile of its voxels above the lowest value become 0
        and 1; what lies outside is cut off.
    mask_name : str
        What the mask marks, with values 0 and 1 or 0 and 255, on the grid of the volume.
    size, fit
        As in `read_image_folder`, for each slice. Needed if the volumes differ in size. A mask may
        lose slices at its ends, but not all of them.

    Returns
    -------
    ImageDataset
        float32. All slices of all volumes from feet to head, in the order of the table, with
        ``slice_positions_mm`` along their normal, ``slice_thickness_mm`` (the distance of
        neighboring slices) and ``pixel_spacing_mm``. ``attributes``: the row's columns, ``slice``
        (number), and ``<mask_name>_in_slice``.
    """
    if not isinstance(images, dict) or not images:
        refuse("images", repr(images), "a dict, channel name to column", "{'T1c': 't1c'}")
    by_percentile = isinstance(intensity_window, str) and intensity_window == "percentile"
    if isinstance(intensity_window, str) and not by_percentile:
        remedy = "For CT give HU, for example (-160, 240); for MR 'percentile'."
        refuse("intensity_window", repr(intensity_window), "(low, high) or 'percentile'", remedy)
    window = (0.0, 1.0) if by_percentile else check_window(intensity_window)
    size = _check_size(size, fit)
    columns = {"image": next(iter(images.values())), **columns}
    found = Folder(folder, "volumes.csv", columns, class_names, "patient", [*images.values()])
    taken = {"slice", f"{mask_name}_in_slice"} & set(found.table.columns)
    if taken:
        refuse("column", ", ".join(sorted(taken)), "other names", "They name what is added here.")
    files = [*images.values(), *([columns["mask"]] if "mask" in columns else [])]
    stacks = _read_stacks(found, files, (window, by_percentile), size, fit, "mask" in columns)
    found.check_one_size([None if stack is None else stack["images"][0] for stack in stacks])
    found.stop_if_any()
    if "mask" in columns:
        found.note_masks([stack["masks"] for stack in stacks])
    found.warn()
    counts = [len(stack["images"]) for stack in stacks]
    per_slice = {key: np.concatenate([stack[key] for stack in stacks]) for key in stacks[0]}
    attributes = {name: np.repeat(v, counts) for name, v in found.attributes().items()}
    attributes["slice"] = np.concatenate([np.arange(count) for count in counts])
    if "mask" in columns:
        attributes[f"{mask_name}_in_slice"] = per_slice["masks"].any(axis=(1, 2))
    return ImageDataset(
        **found.fields(),
        **per_slice,
        intensity_window=window,
        channel_names=tuple(images),
        labels=np.repeat(found.labels, counts),
        groups=np.repeat(found.groups, counts),
        splits=None if found.splits is None else np.repeat(found.splits, counts),
        mask_names=(mask_name,) if "mask" in columns else (),
        attributes=attributes,
    )


class Folder:
    """A folder with its table: what was read, what is wrong with it, and what is odd but allowed.

    Attributes
    ----------
    table : pandas.DataFrame
        All of it text; the index holds the lines of the file.
    names : pandas.Series
        The (first) file of each row.
    labels, groups, splits : array (n,), or None
    class_names : tuple of str
    images, masks, spacing : list, one entry per row
        After `read_pictures`.
    """

    def __init__(self, folder, table, columns, class_names, group_kind, files=()):
        self.path, self.group_kind = Path(folder), group_kind
        self.problems, self.notes, self.seen = {}, [], {}
        if not self.path.is_dir():
            raise DatasetError(f"There is no folder {folder}. Give the folder that holds {table}.")
        check_choice("group_kind", group_kind, GROUP_KINDS)
        for role in columns:
            check_choice("columns", role, ROLES)
        self.columns = {"image": "file", "label": "label", **columns}
        group = self.columns.get("group")
        if group is None and group_kind in ("patient", "lesion"):
            refuse(
                "columns['group']",
                "None",
                f"the column that holds the {group_kind} of each file, or a function of the table",
                f"If the {group_kind}s are unknown, say so with group_kind='near-duplicate' "
                "(images that look alike stay together) or group_kind='image'; intervals then name "
                "that unit.",
            )
        named = [*self.columns.values(), *files]
        self.used = list(dict.fromkeys(name for name in named if isinstance(name, str)))
        self.table = read_table(self.path / table, self.used)
        self.names = self.table[self.columns["image"]]
        for column in self.used:
            for line in self.table.index[self.table[column] == ""]:
                self.add(f"no value in column {column}", f"line {line}", "Fill the cell in.")
        self.class_names, self.labels = self._class_numbers(class_names)
        self.splits = None
        if "split" in self.columns:
            self.splits = self.table[self.columns["split"]].to_numpy(str)
        self.groups = np.arange(len(self.table)) if group_kind == "image" else None
        if group is not None:
            self.groups = self._group_names(group)
        if self.groups is not None:
            self.check_groups()

    # What is wrong.

    def add(self, what, place, advice):
        """Add one place where something is wrong; places with the same words are counted."""
        self.problems.setdefault((what, advice), []).append(str(place).rstrip("."))

    @contextmanager
    def complaints(self, row):
        """Turn a `Complaint` about the file of one row into a problem."""
        try:
            yield
        except Complaint as error:
            what, detail, advice = error.args
            place = f"{self.names.iloc[row]} (line {self.table.index[row]})"
            self.add(what, f"{place}, {detail}" if detail else place, advice)

    def stop_if_any(self):
        """Raise one DatasetError that lists all problems, if there are any."""
        if not self.problems:
            return
        total = sum(map(len, self.problems.values()))
        count = "1 problem" if total == 1 else f"{total} problems"
        lines = [
            f"- {what} ({len(places)}): {_some(places)}. {advice}"
            for (what, advice), places in self.problems.items()
        ]
        if len(lines) > 10:
            lines[10:] = [f"- and {len(lines) - 10} more kinds of problems."]
        raise DatasetError("\n".join([f"{self.path}: {count}, so no data set was made.", *lines]))

    def warn(self):
        """Warn once of all notes, where the reader of the folder was called."""
        if self.notes:
            lines = [f"{self.path}:", *(f"- {note}" for note in self.notes)]
            warnings.warn("\n".join(lines), stacklevel=3)

    # The table.

    def _class_numbers(self, class_names):
        named = isinstance(class_names, dict)
        known = {str(v): name for v, name in class_names.items()} if named else {}
        names = tuple(dict.fromkeys(known.values())) if named else class_names
        names = check_names("class_names", names)
        known = known or dict(zip(names, names, strict=True))
        values = self.table[self.columns["label"]]
        for line, value in values[(values != "") & ~values.isin(list(known))].items():
            advice = f"Known labels: {', '.join(known)}. Correct it, or add it to class_names."
            self.add("label outside the list", f"{value!r} in line {line}", advice)
        labels = values.map(lambda v: names.index(known[v]) if v in known else -1).to_numpy()
        absent = [name for k, name in enumerate(names) if k not in labels]
        if absent:
            self.notes.append(f"no image of class {', '.join(absent)}.")
        return names, labels

    def _group_names(self, group):
        if callable(group):
            groups = np.asarray(group(self.table.copy()))
            if groups.shape != (len(self.table),) or pd.isna(groups).any():
                received = f"a function that returns shape {groups.shape}"
                allowed = f"one value for each of the {len(self.table)} rows, none missing"
                refuse("columns['group']", received, allowed, "It gets the table.")
            return groups.astype(str)
        groups, similar = self.table[group].to_numpy(str), {}
        for name in np.unique(groups):
            plain = unicodedata.normalize("NFKC", name).casefold()
            # A spreadsheet adds .0 to whole numbers and drops zeros before them.
            plain = re.sub(r"(?<!\d)0+(?=\d)", "", re.sub(r"\.0+$", "", plain))
            similar.setdefault("".join(filter(str.isalnum, plain)), []).append(str(name))
        pairs = [" and ".join(map(repr, names)) for names in similar.values() if len(names) > 1]
        if pairs:
            self.notes.append(
                f"groups that may be one ({len(pairs)}): {_some(pairs)}. If they are, write them "
                "alike, since splits keep them apart now."
            )
        missing = sorted(
            {repr(g) for g in groups.tolist() if g.lower() in ("nan", "na", "n/a", "none")}
        )
        if missing:
            self.notes.append(
                f"groups that may be missing values: {', '.join(missing)}. Each counts as one "
                f"{self.group_kind}; name the groups, or leave these rows out."
            )
        return groups

    def check_groups(self, names=None):
        """Complain of unknown splits, groups in two splits, and lesions with two labels."""
        groups = self.groups if names is None else names[self.groups]
        if self.splits is not None:
            for line, word in zip(self.table.index, self.splits.tolist(), strict=True):
                if word and word not in SPLITS:
                    advice = f"Allowed: {', '.join(SPLITS)}."
                    self.add("unknown split", f"{word!r} in line {line}", advice)
            advice = (
                f"Put all files of one {self.group_kind} into one split; else the test is no test."
            )
            for group, words in pd.Series(self.splits).groupby(groups):
                words = sorted(set(words) - {""})
                if group != "" and len(words) > 1:
                    place = f"{group} in {' and '.join(words)}"
                    self.add(f"a {self.group_kind} in two splits", place, advice)
        if self.group_kind == "lesion":
            for group, labels in pd.Series(self.labels).groupby(groups):
                kinds = sorted({self.class_names[k] for k in labels if k >= 0})
                if group != "" and len(kinds) > 1:
                    place, advice = (
                        f"{group}: {', '.join(kinds)}",
                        "A lesion has one label; correct it.",
                    )
                    self.add("a lesion with two labels", place, advice)

    def attributes(self):
        """Return file names, labels as written, and the columns without a role."""
        kept = {name: self.table[self.columns[name]].to_numpy(str) for name in ("image", "label")}
        columns = {self.columns[role]: values for role, values in kept.items()}
        for name in self.table.columns.difference(self.used, sort=False):
            filled = self.table[name] != ""
            numbers = pd.to_numeric(self.table[name].where(filled), errors="coerce")
            numeric = filled.any() and numbers[filled].notna().all()
            text = self.table[name].where(filled, "unknown").to_numpy(str)
            columns[name] = numbers.to_numpy() if numeric else text
        return columns

    def fields(self):
        """Return the fields of an `ImageDataset` that every folder has."""
        return {
            "name": self.path.resolve().name,
            "class_names": self.class_names,
            "group_kind": self.group_kind,
            "origin": "real",
            "meta": {"notes": self.notes} if self.notes else None,
        }

    # The files.

    def locate(self, base, names):
        """Return one path per row, None where there is no such file; complain of these."""
        paths = []
        for line, name in names.items():
            windows = PureWindowsPath(name)
            relative = posixpath.normpath(windows.as_posix())
            path, place = None, f"{name} (line {line})"
            # Older Macs write ä as a and two dots (NFD), where others take one character (NFC).
            spellings = [base / unicodedata.normalize(form, relative) for form in ("NFC", "NFD")]
            if name and (windows.drive or windows.root or relative.split("/")[0] == ".."):
                advice = "Copy the file here and name it relative to it."
                self.add("path outside the folder", place, advice)
            elif name and not any(map(os.path.isfile, spellings)):
                advice = "Add the file or delete the line."
                self.add(f"listed, but not in {base.name}", place, advice)
            elif name:
                path = next(filter(os.path.isfile, spellings))
                real = os.path.realpath(path)
                if real in self.seen:
                    where = f"{place} and line {self.seen[real]}"
                    self.add("file listed twice", where, "Keep one.")
                    path = None
                self.seen.setdefault(real, line)
            paths.append(path)
        return paths

    def subfolder(self, field, name):
        """Return the path of a sub-folder, or refuse it."""
        path = self.path / name
        if ".." in Path(name).parts or not path.is_dir():
            refuse(
                field, repr(name), f"a folder inside {self.path}", "Use '.' for the folder itself."
            )
        return path

    def read_pictures(self, images, masks, mode, window=None, unlisted="error"):
        """Read the pictures and masks of all rows, None where one is at fault."""
        base, paths = self.subfolder("images", images), None
        paths = self.locate(base, self.names)
        mask_paths = [None] * len(paths)
        if masks is not None:
            mask_paths = self._mask_paths(self.subfolder("masks", masks), paths)
        elif "mask" in self.columns:
            refuse(
                "masks", "None", "the masks' sub-folder", "Give masks='.' for the folder itself."
            )
        if unlisted == "error":
            mask_folder = self.path if masks is None else self.path / masks
            ignored = mask_folder if base.resolve() in mask_folder.resolve().parents else None
            self.complain_of_unlisted(base, SUFFIXES, "picture", ignored)
        self.images, self.masks, self.spacing = ([None] * len(paths) for _ in range(3))
        digests = [None] * len(paths)
        for i, path in enumerate(paths):
            with self.complaints(i):
                picture = None if path is None else read_picture(path, mode, window)
                mask = None if mask_paths[i] is None else read_mask(mask_paths[i])
                if picture is not None and mask is not None and mask.shape != picture.shape[:2]:
                    height, width = picture.shape[:2]
                    detail = f"mask {mask.shape[0]} x {mask.shape[1]}, image {height} x {width} px"
                    advice = "A mask must lie on the picture's own pixels."
                    raise Complaint("mask of another size than its image", detail, advice)
                if masks is None or mask is not None:
                    self.images[i], self.masks[i] = picture, mask
                if picture is not None:
                    digests[i] = hashlib.sha256(
                        repr(picture.shape).encode() + picture.tobytes()
                    ).digest()
        self.check_same_content(digests)

    def _mask_paths(self, base, paths):
        if "mask" in self.columns:
            return self.locate(base, self.table[self.columns["mask"]])
        names = self.names.copy()
        for i, path in enumerate(paths):
            as_png = str(Path(names.iloc[i].replace("\\", "/")).with_suffix(".png"))
            if path is not None and not (base / names.iloc[i].replace("\\", "/")).exists():
                names.iloc[i] = as_png if (base / as_png).exists() else names.iloc[i]
        return self.locate(base, names.where([path is not None for path in paths], ""))

    def complain_of_unlisted(self, base, suffixes, noun, ignored=None):
        """Complain of files that the table does not list, other than hidden ones."""
        for path in sorted(base.rglob("*")):
            hidden = any(part.startswith(".") for part in path.relative_to(base).parts)
            known = os.path.realpath(path) in self.seen
            if not path.name.lower().endswith(suffixes) or hidden or known:
                continue
            if ignored is None or ignored.resolve() not in path.resolve().parents:
                what = f"{noun} that the table does not list"
                self.add(what, path.relative_to(base).as_posix(), "List it or move it away.")

    def check_same_content(self, digests):
        """Complain of equal content under two names where a fact differs; otherwise note it."""
        facts = {"label": self.labels, self.group_kind: self.groups, "split": self.splits}
        first, harmless = {}, []
        for i, digest in enumerate(digests):
            if digest is None or first.setdefault(digest, i) == i:
                continue
            other = first[digest]
            place = f"{self.names.iloc[other]} and {self.names.iloc[i]}"
            differing = [f for f, v in facts.items() if v is not None and v[i] != v[other]]
            if differing:
                what = (
                    f"equal pixels under two names, with another {' and another '.join(differing)}"
                )
                self.add(what, place, "Delete one of them, or correct the table.")
            else:
                harmless.append(place)
        if harmless:
            self.notes.append(
                f"equal pixels under two names ({len(harmless)}): {_some(harmless)}. They count "
                "twice; consider deleting one."
            )

    def check_one_size(self, images):
        """Complain if the images that could be read differ in height or width."""
        sizes = {}
        for name, image in zip(self.names, images, strict=True):
            if image is not None:
                sizes.setdefault(image.shape[:2], []).append(name)
        if len(sizes) > 1:
            for (height, width), members in sizes.items():
                place = f"{height} x {width} px: {len(members)}, such as {members[0]}"
                self.add("images of different sizes", place, "Pass size=(height, width).")

    def note_pixels(self, pixels, window):
        """Note images of one value, and those that a window makes all black or white."""
        flat = int((pixels.max(axis=(1, 2)) == pixels.min(axis=(1, 2))).all(axis=1).sum())
        if flat:
            self.notes.append(f"images whose pixels are all equal: {flat}.")
        low, high = window or (-np.inf, np.inf)
        outside = int(((pixels <= low) | (pixels >= high)).all(axis=(1, 2, 3)).sum())
        if outside:
            self.notes.append(
                f"images that lie outside the intensity window {window}: {outside}; "
                f"values in the set go from {pixels.min():g} to {pixels.max():g}."
            )

    def note_masks(self, masks):
        """Note masks that mark nothing in the whole set, or everything in one image or volume."""
        if not any(mask.any() for mask in masks):
            self.notes.append("no mask marks a single pixel.")
        full = sum(bool(mask.all()) for mask in masks)
        if full:
            self.notes.append(f"masks that mark every pixel ({full}): are they inverted?")


def _some(places):
    return "; ".join(places[:3]) + ("; …" if len(places) > 3 else "")


def read_table(path, columns):
    """Return a CSV file as text columns; the index holds each row's line in the file.

    Cells are stripped and normalized (NFC): one person's name may be written in two ways that look
    alike, ü as one character or as u with two dots.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            lines = [
                (reader.line_num, [unicodedata.normalize("NFC", cell.strip()) for cell in row])
                for row in reader
            ]
        if any("\0" in cell for _, row in lines for cell in row):
            raise csv.Error("it holds zero characters")
    except FileNotFoundError as error:
        raise DatasetError(f"There is no file {path}. Put the table there.") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(
            f"{path} is not a readable CSV table ({error}). Save it as CSV in UTF-8, with commas."
        ) from error
    lines = [(number, row) for number, row in lines if any(row)]
    if len(lines) < 2:
        raise DatasetError(
            f"{path} is not a readable CSV table: it has {'only a header' if lines else 'no line'}."
            " The first line names the columns, each further line describes one file."
        )
    header = lines[0][1]
    if len(set(header)) != len(header) or "" in header:
        refuse(str(path), f"columns {header}", "different, non-empty names", "Rename them.")
    hint = ""
    if any(";" in name or "\t" in name for name in header):
        hint = " The cells must be separated by commas, and decimals written with points."
    ragged = [str(number) for number, row in lines if len(row) != len(header)]
    if ragged:
        raise DatasetError(
            f"{path}, line {', '.join(ragged[:3])}: not {len(header)} cells as in the first line "
            f"({len(ragged)} such lines).{hint or ' Put cells with a comma into double quotes.'}"
        )
    missing = [column for column in columns if column not in header]
    if missing:
        raise DatasetError(
            f"{path} has no column {', '.join(missing)}; it has {', '.join(header)}. Rename "
            f"the column, or say in columns= which one is meant.{hint}"
        )
    numbers, rows = zip(*lines[1:], strict=True)
    return pd.DataFrame(rows, columns=header, index=list(numbers), dtype=str)


# Sizes.


def _check_size(size, fit):
    """Return the size as (height, width) or None; refuse anything else, and unknown fits."""
    if fit is not None:
        check_choice("fit", fit, FITS)
    if size is None:
        return None
    pair = np.array(size) if np.ndim(size) else np.array([size, size])
    if (
        pair.shape != (2,)
        or pair.dtype.kind not in "iu"
        or not (1 <= pair.min() <= pair.max() <= 4096)
    ):
        refuse("size", repr(size), "(height, width) in pixels, 1 to 4096", "For example (96, 96).")
    return int(pair[0]), int(pair[1])


def _check_spacing(spacing):
    pair = np.asarray(spacing)
    if (
        pair.shape != (2,)
        or pair.dtype.kind not in "iuf"
        or not (np.isfinite(pair) & (pair > 0)).all()
    ):
        remedy = "Rows first; leave it out where it is unknown."
        refuse("pixel_spacing_mm", repr(spacing), "two numbers above 0", remedy)
    return pair.astype(float)


def _place(shape, size, fit):
    """Return (box, inner, size): the part of a picture to use, and the pixels that it becomes."""
    (height, width), whole = shape, (0, 0, shape[1], shape[0])
    across, down = size[1] / width, size[0] / height
    if fit == "stretch" or abs(across / down - 1) <= SAME_PROPORTION:
        return whole, size, size
    if fit == "crop":
        scale = max(across, down)
        left, top = (width - size[1] / scale) / 2, (height - size[0] / scale) / 2
        return (left, top, width - left, height - top), size, size
    if fit == "pad":
        scale = min(across, down)
        return whole, (max(1, round(height * scale)), max(1, round(width * scale))), size
    raise Complaint(
        f"proportions that do not fit {size[0]} x {size[1]} px",
        f"{height} x {width} px",
        "Choose fit='crop' (the center), 'pad' (with 0 around) or 'stretch' (distorts).",
    )


def _growth(placement):
    """Return new pixel spacing over old one, (rows, columns)."""
    (left, top, right, bottom), inner, _ = placement
    return np.array([(bottom - top) / inner[0], (right - left) / inner[1]])


def _resized(image, placement, fill):
    """Return a picture (height, width) or (height, width, channels) with `fill` around it."""
    box, inner, size = placement
    result = np.full((*size, *image.shape[2:]), fill, dtype=image.dtype)
    top, left = ((whole - part) // 2 for whole, part in zip(size, inner, strict=True))
    part = average(image, inner, box=box, linear=True)
    result[top : top + inner[0], left : left + inner[1]] = part
    return result


def _resized_masks(masks, placement):
    """Return 0/1 masks (n, height, width): 1 where at least half of the new pixel is marked."""
    small = np.stack([_resized(mask.astype(np.float32), placement, 0) >= 0.5 for mask in masks])
    if masks.any() and not small.any():
        # Its patient would count as free of the lesion.
        raise Complaint(
            "mask of which nothing is left after resizing",
            f"{np.count_nonzero(masks)} pixels before",
            "Pass a larger size, or cut the images to the part that matters first.",
        )
    return small.astype(np.uint8)


# Volumes.


def _read_stacks(found, files, window, size, fit, has_mask):
    """Return the slices of each row as a dict of fields per slice, None where one is at fault."""
    columns = [found.locate(found.path, found.table[name]) for name in files]
    found.complain_of_unlisted(found.path, (".nii", ".nii.gz"), "volume")
    stacks, digests = [], []
    for i, paths in enumerate(zip(*columns, strict=True)):
        stack = digest = None
        with found.complaints(i):
            if None not in paths:
                volumes = [_read_volume(path, path.relative_to(found.path)) for path in paths]
                _check_one_grid(volumes, files, has_mask)
                channels = volumes[: len(volumes) - has_mask]
                digest = hashlib.sha256(b"".join(v.dataobj.tobytes() for v in channels)).digest()
                stack = _stack(channels, volumes[-1] if has_mask else None, window, size, fit)
        stacks.append(stack)
        digests.append(digest)
    found.check_same_content(digests)
    names, counts = np.unique(found.groups, return_counts=True)
    several = [f"{n} has {c}" for n, c in zip(names, counts, strict=True) if n and c > 1]
    if several:
        found.notes.append(
            f"several scans of one patient ({len(several)}): {_some(several)}. Scores by patient "
            "take their slices together; for volumes keep one scan each."
        )
    return stacks


def _read_volume(path, name):
    """Return a NIfTI file as a float32 nibabel image in the orientation RAS."""
    try:
        return nibabel.as_closest_canonical(imaging.read_nifti(path))
    except ValueError as error:
        raise Complaint(
            "unreadable volume", f"{name}: {error}".rstrip("."), "Replace it."
        ) from error


def _check_one_grid(volumes, files, has_mask):
    first = volumes[0]
    corners = nibabel.affines.apply_affine
    at = np.stack(np.meshgrid(*[(0, n - 1) for n in first.shape]), axis=-1).reshape(-1, 3)
    for k, volume in enumerate(volumes[1:], 1):
        apart = corners(first.affine, at) - corners(volume.affine, at)
        moved = np.linalg.norm(apart, axis=1).max()
        if volume.shape != first.shape or moved > SAME_PLACE * min(first.header.get_zooms()):
            what = "mask" if has_mask and k == len(volumes) - 1 else "channel"
            one, other = (" x ".join(map(str, v.shape)) for v in (first, volume))
            raise Complaint(
                f"{what} on another grid than its volume",
                f"{files[k]}: {other} voxels instead of {one}, moved by up to {moved:.3g} mm",
                "Resample it onto the volume (masks with the nearest voxel) and look at it.",
            )


def _stack(volumes, mask, window, size, fit):
    """Return the axial slices of volumes (one per channel) and a mask that share one grid."""
    (low, high), by_percentile = window
    affine, zooms = volumes[0].affine, volumes[0].header.get_zooms()
    # Seen from the feet, front of the patient up: in RAS, rows and columns run the other way.
    channels = [np.asarray(v.dataobj).T[:, ::-1, ::-1] for v in volumes]
    images = np.stack([_scaled(c, low, high, by_percentile) for c in channels], axis=-1)
    whole = images.shape[1:3]
    placement = ((0, 0, whole[1], whole[0]), whole, whole)
    if size:
        placement = _place(whole, size, fit)
        images = np.stack([_resized(image, placement, low) for image in images])
    normal = np.cross(affine[:3, 0], affine[:3, 1])
    normal /= np.linalg.norm(normal)
    distance, n = normal @ affine[:3, 2], len(images)
    stack = {
        "images": images.astype(np.float32),
        "slice_positions_mm": normal @ affine[:3, 3] + distance * np.arange(n),
        "slice_thickness_mm": np.full(n, distance),
        "pixel_spacing_mm": np.tile(np.array(zooms[1::-1]) * _growth(placement), (n, 1)),
    }
    if mask is not None:
        values = np.asarray(mask.dataobj).T[:, ::-1, ::-1]
        if not any(np.isin(values, (0, high)).all() for high in (1, 255)):
            found = ", ".join(f"{value:g}" for value in np.unique(values)[:4])
            advice = "Choose the labels that count and save them as 1, for example (data == 2)."
            what = "mask with other values than 0 and 1, or 0 and 255"
            raise Complaint(what, f"values {found}", advice)
        stack["masks"] = _resized_masks(values > 0, placement)
    return stack


def _scaled(data, low, high, by_percentile):
    """Return a volume in the window's values; `Complaint` where all is black or white."""
    if data.min() == data.max():
        raise Complaint("volume whose voxels are all equal", f"{data.min():g}", "Leave it out.")
    if by_percentile:
        darkest, brightest = np.percentile(data[data > data.min()], PERCENTILES)
        if darkest == brightest:
            raise Complaint("volume without contrast", f"{darkest:g}", "Give a window.")
        return np.clip((data - darkest) / (brightest - darkest), 0, 1)
    if ((data <= low) | (data >= high)).all():
        raise Complaint(
            "volume outside the intensity window",
            f"values {data.min():g} to {data.max():g}, window {low:g} to {high:g}",
            "Choose the window for these values; CT must be in HU.",
        )
    return data
