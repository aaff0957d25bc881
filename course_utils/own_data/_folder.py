"""A folder with its table, and how its images come to one size."""

from __future__ import annotations

import csv
import os
import posixpath
import re
import unicodedata
import warnings
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PureWindowsPath

import numpy as np
import pandas as pd

from course_utils._checks import DatasetError, check_choice, check_names, refuse
from course_utils.datasets._fields import GROUP_KINDS, SPLITS
from course_utils.datasets.resizing import average

MISSING = ("nan", "na", "n/a", "none")
ROLES = ("image", "label", "group", "split", "mask")
FITS = ("crop", "pad", "stretch")
# Proportions that differ by less, as after rounding to whole pixels, count as equal.
SAME_PROPORTION = 0.02


class Complaint(Exception):
    """One file does not fit: what is wrong, details of this file, and what to do."""


class Folder:
    """A folder with its table: what was read, what is wrong with it, and what is odd but allowed.

    `table` is all of it text, and its index holds the lines of the file; `names` are the (first)
    files of the rows, `labels`, `groups` and `splits` arrays over the rows or None; after
    `pictures.read_pictures`, `images`, `masks` and `spacing` are lists with one entry per row.
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
            allowed = f"the column that holds the {group_kind} of each file, or a function"
            remedy = "If it is unknown, use group_kind='near-duplicate' (look-alikes stay together)"
            refuse("columns['group']", "None", allowed, f"{remedy} or 'image'.")
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
        lines = []
        for (what, advice), places in self.problems.items():
            lines.append(f"- {what} ({len(places)}): {some(places)}. {advice}")
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
            advice = "If they are, write them alike, since splits keep them apart now."
            self.notes.append(f"groups that may be one ({len(pairs)}): {some(pairs)}. {advice}")
        missing = sorted({repr(g) for g in groups.tolist() if g.lower() in MISSING})
        if missing:
            what = f"groups that may be missing values: {', '.join(missing)}"
            self.notes.append(f"{what}. Each counts as one {self.group_kind}, or leave them out.")
        return groups

    def check_groups(self, names=None):
        """Complain of unknown splits, groups in two splits, and lesions with two labels."""
        groups = self.groups if names is None else names[self.groups]
        kind, facts = self.group_kind, []
        if self.splits is not None:
            for line, word in zip(self.table.index, self.splits.tolist(), strict=True):
                if word and word not in SPLITS:
                    advice = f"Allowed: {', '.join(SPLITS)}."
                    self.add("unknown split", f"{word!r} in line {line}", advice)
            advice = f"Put all files of one {kind} into one split; else the test is no test."
            facts.append((f"a {kind} in two splits", self.splits, advice))
        if kind == "lesion":
            kinds = np.array([*self.class_names, ""])[self.labels]
            facts.append(("a lesion with two labels", kinds, "A lesion has one label; correct it."))
        for what, values, advice in facts:
            for group, words in pd.Series(values).groupby(groups):
                words = sorted(set(words) - {""})
                if group != "" and len(words) > 1:
                    self.add(what, f"{group} in {' and '.join(words)}", advice)

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
            remedy = "Use '.' for the folder itself."
            refuse(field, repr(name), f"a folder inside {self.path}", remedy)
        return path

    def complain_of_unlisted(self, base, suffixes, noun, ignored=None):
        """Complain of files that the table does not list, other than hidden ones."""
        for path in sorted(base.rglob("*")):
            relative = path.relative_to(base)
            hidden = any(part.startswith(".") for part in relative.parts)
            known = os.path.realpath(path) in self.seen
            elsewhere = ignored in path.resolve().parents
            if path.name.lower().endswith(suffixes) and not (hidden or known or elsewhere):
                what = f"{noun} that the table does not list"
                self.add(what, relative.as_posix(), "List it or move it away.")

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
                another = " and another ".join(differing)
                what = f"equal pixels under two names, with another {another}"
                self.add(what, place, "Delete one of them, or correct the table.")
            else:
                harmless.append(place)
        if harmless:
            what = f"equal pixels under two names ({len(harmless)}): {some(harmless)}"
            self.notes.append(f"{what}. They count twice; consider deleting one.")

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
        if full := sum(bool(mask.all()) for mask in masks):
            self.notes.append(f"masks that mark every pixel ({full}): are they inverted?")


def some(places):
    return "; ".join(places[:3]) + ("; …" if len(places) > 3 else "")


def read_table(path, columns):
    """Return a CSV file as text columns; the index holds each row's line in the file."""
    # One person's name may be written in two ways that look alike, ü as one character or as two.
    nfc = partial(unicodedata.normalize, "NFC")
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            lines = [(reader.line_num, [nfc(cell.strip()) for cell in row]) for row in reader]
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
        found = "only a header" if lines else "no line"
        advice = "The first line names the columns, each further line describes one file."
        raise DatasetError(f"{path} is not a readable CSV table: it has {found}. {advice}")
    header = lines[0][1]
    if len(set(header)) != len(header) or "" in header:
        refuse(str(path), f"columns {header}", "different, non-empty names", "Rename them.")
    hint = ""
    if any(";" in name or "\t" in name for name in header):
        hint = " The cells must be separated by commas, and decimals written with points."
    if ragged := [str(number) for number, row in lines if len(row) != len(header)]:
        raise DatasetError(
            f"{path}, line {', '.join(ragged[:3])}: not {len(header)} cells as in the first line "
            f"({len(ragged)} such lines).{hint or ' Put cells with a comma into double quotes.'}"
        )
    if missing := [column for column in columns if column not in header]:
        raise DatasetError(
            f"{path} has no column {', '.join(missing)}; it has {', '.join(header)}. Rename "
            f"the column, or say in columns= which one is meant.{hint}"
        )
    numbers, rows = zip(*lines[1:], strict=True)
    return pd.DataFrame(rows, columns=header, index=list(numbers), dtype=str)


def marked(values, advice):
    """Return which values of a mask mark something; complain of others than 0 and 1 or 255."""
    if not any(np.isin(values, (0, high)).all() for high in (1, 255)):
        found = np.unique(values)
        shown = ", ".join(f"{value:g}" for value in found[:4]) + (", …" if len(found) > 4 else "")
        what = "mask with other values than 0 and 1, or 0 and 255"
        raise Complaint(what, f"values {shown}", advice)
    return values > 0


def check_size(size, fit):
    """Return the size as (height, width) or None; refuse anything else, and unknown fits."""
    if fit is not None:
        check_choice("fit", fit, FITS)
    if size is None:
        return None
    pair = np.array(size) if np.ndim(size) else np.array([size, size])
    integers = pair.shape == (2,) and pair.dtype.kind in "iu"
    if not integers or not 1 <= pair.min() <= pair.max() <= 4096:
        refuse("size", repr(size), "(height, width) in pixels, 1 to 4096", "For example (96, 96).")
    return int(pair[0]), int(pair[1])


def place(shape, size, fit):
    """Return (box, inner, size): the part of a picture to use, and the pixels that it becomes."""
    (height, width), whole = shape, (0, 0, shape[1], shape[0])
    if size is None:
        return whole, shape, shape
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
    what = f"proportions that do not fit {size[0]} x {size[1]} px"
    advice = "Choose fit='crop' (the center), 'pad' (with 0 around) or 'stretch' (distorts)."
    raise Complaint(what, f"{height} x {width} px", advice)


def growth(placement):
    """Return new pixel spacing over old one, (rows, columns)."""
    (left, top, right, bottom), inner, _ = placement
    return np.array([(bottom - top) / inner[0], (right - left) / inner[1]])


def resized(image, placement, fill):
    """Return a picture (height, width) or (height, width, channels) with `fill` around it."""
    box, inner, size = placement
    result = np.full((*size, *image.shape[2:]), fill, dtype=image.dtype)
    top, left = ((whole - part) // 2 for whole, part in zip(size, inner, strict=True))
    part = average(image, inner, box=box, linear=True)
    result[top : top + inner[0], left : left + inner[1]] = part
    return result


def resized_masks(masks, placement):
    """Return 0/1 masks (n, height, width): 1 where at least half of the new pixel is marked."""
    small = np.stack([resized(mask.astype(np.float32), placement, 0) >= 0.5 for mask in masks])
    if masks.any() and not small.any():
        # Its patient would count as free of the lesion.
        before = f"{np.count_nonzero(masks)} pixels before"
        advice = "Pass a larger size, or cut the images to the part that matters first."
        raise Complaint("mask of which nothing is left after resizing", before, advice)
    return small.astype(np.uint8)
