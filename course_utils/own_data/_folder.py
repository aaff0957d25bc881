"""A folder with its table, and how its images come to one size."""

from __future__ import annotations

import os
import posixpath
import re
import unicodedata
import warnings
from contextlib import contextmanager
from pathlib import Path, PureWindowsPath

import numpy as np
import pandas as pd

from course_utils._checks import DatasetError, check_choice, check_names, refuse
from course_utils.datasets._fields import GROUP_KINDS, SPLITS
from course_utils.datasets.resizing import average
from course_utils.own_data._table import (
    SPLIT_WORDS,
    SUFFIXES,
    as_text,
    masks_beside,
    read_csv,
    visible,
)

# Written in a way that a number gives back.
NUMBER = r"-?(0|[1-9]\d{0,14})(\.\d+)?"
# More values than these in a mask are no labels: one name, or a dict, which may name an atlas.
MANY, ATLAS = 8, 200
NAMED = "Say what the values mean, for example mask_labels={'core': (1, 3), 'edema': 2}."
BESIDE = (
    "Name masks that lie beside their pictures, such as masks='.' and columns={'mask': lambda "
    "table: table['file'].str.replace('.png', '_mask.png')}, or move them away."
)
MISSING = ("nan", "na", "n/a", "none")
ROLES = ("image", "label", "group", "split", "mask")
# A mask that marks a larger share is probably inverted.
FULL = 0.9
FITS = ("crop", "pad", "stretch")
# Proportions that differ by less, as after rounding to whole pixels, count as equal.
SAME_PROPORTION = 0.02


class Complaint(Exception):
    """One file does not fit: what is wrong, details of this file, and what to do."""


class Folder:
    """A folder with its table: what was read, what is wrong with it, and what is odd but allowed.

    The table is the name of a CSV file, a DataFrame, or a function that returns text and notes; the
    index of `table` says where each row stands. `names` are the (first) files of the rows,
    `labels`, `groups` and `splits` arrays over the rows or None.
    """

    def __init__(self, folder, table, columns, class_names, group_kind, files=()):
        self.path, self.group_kind = Path(folder), group_kind
        self.problems, self.notes, self.seen, self.index = {}, [], {}, {}
        if not self.path.is_dir():
            raise DatasetError(f"There is no folder {folder}. Give the folder that holds the data.")
        check_choice("group_kind", group_kind, GROUP_KINDS)
        for role, column in columns.items():
            check_choice("columns", role, ROLES)
            if callable(column) and role not in ("group", "mask"):
                refuse(f"columns[{role!r}]", "a function", "a column", "Compute the column before.")
        label = {} if class_names is None else {"label": "label"}
        self.columns, self.by_class = {"image": "file", **label, **columns}, callable(table)
        group = self.columns.get("group")
        if group is None and group_kind in ("patient", "lesion"):
            allowed = f"the column that holds the {group_kind} of each file, or a function"
            remedy = "If it is unknown, use group_kind='near-duplicate' (look-alikes stay together)"
            refuse("columns['group']", "None", allowed, f"{remedy} or 'image'.")
        self._read_table(table, files)
        self.names = self.table[self.columns["image"]]
        for column in self.used:
            for place in self.table.index[self.table[column] == ""]:
                advice = "Fill it in (with a black mask where nothing is marked), or leave it out."
                self.add(f"no value in column {column}", place, advice)
        self.class_names, self.labels = self._class_numbers(class_names)
        self.splits = None
        if "split" in self.columns:
            words = self.table[self.columns["split"]]
            self.splits = words.map(lambda word: SPLIT_WORDS.get(word.lower(), word)).to_numpy(str)
        self.groups = np.arange(len(self.table)) if group_kind == "image" else None
        if group is not None:
            self.groups = self._group_names(group)
        if self.groups is not None:
            self.check_groups()

    def _read_table(self, table, files):
        if callable(table):
            self.table, self.notes = table()
            self.columns = {**({"split": "split"} if "split" in self.table else {}), **self.columns}
        elif isinstance(table, pd.DataFrame):
            self.table = as_text(table)
        elif not isinstance(table, str | Path):
            refuse("table", repr(table), "a file name or a DataFrame", "For example 'labels.csv'.")
        else:
            self.table, self.notes = read_csv(self.path / table)
        self.columns = {role: name for role, name in self.columns.items() if name is not None}
        named = [*self.columns.values(), *files]
        self.used = list(dict.fromkeys(name for name in named if isinstance(name, str)))
        if missing := [column for column in self.used if column not in self.table]:
            raise DatasetError(
                f"The table of {self.path} has no column {', '.join(missing)}; it has "
                f"{', '.join(self.table)}. Rename the column, say in columns= which one is meant, "
                "or compute groups or masks by a function."
            )

    # What is wrong.

    def add(self, what, place, advice):
        """Add one place where something is wrong; places with the same words are counted."""
        self.problems.setdefault((what, advice), []).append(str(place).rstrip("."))

    @contextmanager
    def complaints(self, row, name=None):
        """Turn a `Complaint` about the (first) file of one row, or a named one, into a problem."""
        try:
            yield
        except Complaint as error:
            what, detail, advice = error.args
            place = f"{name or self.names.iloc[row]} ({self.table.index[row]})"
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
        if class_names is None:
            return ("patient",), np.zeros(len(self.table), dtype=int)
        known = known_labels(class_names)
        names = tuple(dict.fromkeys(known.values()))
        values = self.table[self.columns["label"]]
        for place, value in values[(values != "") & ~values.isin(list(known))].items():
            advice = f"Known labels: {', '.join(known)}. Correct it, or add it to class_names."
            self.add("label outside the list", f"{value!r} in {place}", advice)
        labels = values.map(lambda v: names.index(known[v]) if v in known else -1).to_numpy()
        absent = [name for k, name in enumerate(names) if k not in labels]
        if absent:
            self.notes.append(f"no image of class {', '.join(absent)}.")
        return names, labels

    def _group_names(self, group):
        if callable(group):
            return self.computed("group").to_numpy(str)
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

    def computed(self, role):
        """Return what the function of a role makes of the table: text, one per row."""
        values = np.asarray(self.columns[role](self.table.copy()), dtype=object)
        missing = np.flatnonzero(pd.isna(values))
        if values.shape != (len(self.table),) or missing.size:
            where = f", nothing for {self.names.iloc[missing[0]]}" if missing.size else ""
            received = f"a function that returns shape {values.shape}{where}"
            allowed = f"one value for each of the {len(self.table)} rows, none missing"
            remedy = "Return the file's name where nothing is known: .fillna(table['file'])."
            refuse(f"columns[{role!r}]", received, allowed, remedy)
        return pd.Series(values.astype(str), index=self.table.index)

    def check_groups(self, names=None):
        """Complain of unknown splits, groups in two splits, and lesions with two labels."""
        groups = self.groups if names is None else names[self.groups]
        kind, facts = self.group_kind, []
        if self.splits is not None:
            for place, word in zip(self.table.index, self.splits.tolist(), strict=True):
                if word and word not in SPLITS:
                    advice = f"Allowed: {', '.join(SPLITS)}."
                    self.add("unknown split", f"{word!r} in {place}", advice)
            advice = f"With a {kind} in both the test is no test. Move it, or leave the splits out"
            advice += " with columns={'split': None}, and divide anew."
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
        shown = [self.columns[role] for role in ("image", "label") if role in self.columns]
        columns = {name: self.table[name].to_numpy(str) for name in shown}
        for name in self.table.columns.difference(self.used, sort=False):
            filled = self.table[name] != ""
            # Codes like 007, 12e3 and long accession numbers would lose digits as numbers.
            numeric = filled.any() and self.table[name][filled].str.fullmatch(NUMBER).all()
            text = self.table[name].where(filled, "unknown").to_numpy(str)
            numbers = pd.to_numeric(self.table[name].where(filled)) if numeric else None
            columns[name] = text if numbers is None else numbers.to_numpy()
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

    def locate(self, base, names, suffixes=(), advice="Add the file or delete the row."):
        """Return one path per row, None where there is no such file; complain of these.

        A name without its ending or folder is found if one file alone has it.
        """
        paths = []
        for where, name in names.items():
            windows = PureWindowsPath(name)
            relative = posixpath.normpath(windows.as_posix())
            path, place = None, f"{name} ({where})"
            # Older Macs write ä as a and two dots (NFD), where others take one character (NFC).
            forms = (relative, *(unicodedata.normalize(form, relative) for form in ("NFC", "NFD")))
            found = [base / form for form in forms if os.path.isfile(base / form)][:1]
            found = found or self._similar(base, forms[1], suffixes)
            if name and (windows.drive or windows.root or relative.split("/")[0] == ".."):
                self.add(
                    "path outside the folder", place, "Copy the file and name it relative to it."
                )
            elif name and len(found) > 1:
                several = ", ".join(file.relative_to(base).as_posix() for file in found)
                remedy = "Write folder and ending into the table."
                self.add("name that several files have", f"{place}: {several}", remedy)
            elif name and not found:
                self.add(f"listed, but not in {base.name}", place, advice)
            elif name:
                path, real = found[0], os.path.realpath(found[0])
                if real in self.seen:
                    twice = f"{place} and {self.seen[real]}"
                    self.add("file listed twice", twice, "Keep one, or copy the file.")
                    path = None
                self.seen.setdefault(real, where)
            paths.append(path)
        return paths

    def _similar(self, base, name, suffixes):
        """Return files of this name but for case and ending, here or else in any sub-folder."""
        if base not in self.index:
            index = self.index[base] = {}
            for file in filter(Path.is_file, sorted(base.rglob("[!.]*"))):
                words = unicodedata.normalize("NFC", file.relative_to(base).as_posix()).lower()
                index.setdefault((False, words), []).append(file)
                index.setdefault((True, words.split("/")[-1]), []).append(file)
        names = [f"{name}{suffix}".lower() for suffix in ("", *suffixes)]
        files = {k: [f for n in names for f in self.index[base].get((k, n), [])] for k in (0, 1)}
        return files[0] or files[1]

    def subfolder(self, field, name):
        """Return the path of a sub-folder, or refuse it."""
        path = self.path / name
        if ".." in Path(name).parts or not path.is_dir():
            remedy = "Use '.' for the folder itself."
            refuse(field, repr(name), f"a folder inside {self.path}", remedy)
        return path

    def complain_of_unlisted(self, base, ignored=None):
        """Complain of pictures that the table does not list, other than hidden ones."""
        files = [path.relative_to(base) for path in visible(base)]
        files = [file for file in files if file.name.lower().endswith(SUFFIXES)]
        masks = masks_beside(files)
        for file in files:
            path = (base / file).resolve()
            if str(path) in self.seen or ignored in path.parents:
                continue
            if file in masks:
                self.add("mask beside its picture", file.as_posix(), BESIDE)
            elif not self.by_class:
                what = "picture that the table does not list"
                self.add(what, file.as_posix(), "List it or move it away.")

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

    def note_masks(self, masks, names):
        """Note masks that mark nothing in the whole set, or nearly all of an image or volume."""
        for j, name in enumerate(names):
            if not any((mask >> j & 1).any() for mask in masks):
                self.notes.append(f"no mask marks a single pixel of {name}.")
        if full := sum(bool((mask > 0).mean() > FULL) for mask in masks):
            self.notes.append(f"masks that mark nearly every pixel ({full}): are they inverted?")


def some(places):
    places = list(dict.fromkeys(places))
    return "; ".join(places[:3]) + ("; …" if len(places) > 3 else "")


def known_labels(class_names):
    """Return a dict from the values of the label column to the names of the classes."""
    if not isinstance(class_names, dict):
        class_names = {name: name for name in check_names("class_names", class_names)}
    check_names("class_names", dict.fromkeys(class_names.values()))
    return {str(value): name for value, name in class_names.items()}


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

    def flags(self, values, name, blurred):
        """Return the flags of a mask, uint8; `blurred` is the advice where it has many values."""
        found = np.unique(np.asarray(values) * 1)  # a truth value counts as a number
        others = found[found != 0].tolist()
        if (found % 1 != 0).any():
            advice = "Cut it where you decide, for example save values > 0.5 as 0 and 1."
            raise Complaint("mask of fractions", f"such as {found[found % 1 != 0][0]:g}", advice)
        # Labels are small numbers or spread evenly; in between lie the pixels of a blurred edge.
        between = sum(value > MANY for value in others[:-1]) and np.ptp(np.diff(found)) > 1
        edge = self.values is None and between and others[-1] in (255, 65535)
        if edge or len(others) > (MANY if self.values is None else ATLAS):
            detail = f"{len(found)} values, {found[0]:g} to {found[-1]:g}"
            raise Complaint("mask of many values", detail, blurred)
        if self.values is None:
            self.seen |= {value: self.seen.get(value, name) for value in others}
            if len(others) > 1:
                raise Complaint("mask with several values beside 0", _shown(found), NAMED)
            return (values != 0).astype(np.uint8)
        named = np.concatenate([*self.values.values()])
        if unknown := [value for value in others if value not in named]:
            advice = "Give them a name, or leave them out: mask_labels={…, None: (…)}."
            raise Complaint("mask values that mask_labels does not name", _shown(unknown), advice)
        marks = [np.isin(values, self.values[name]) for name in self.names]
        return sum(mark.astype(np.uint8) << j for j, mark in enumerate(marks))

    def check(self, found):
        """Complain if the one value beside 0 is not the same in all masks."""
        if self.values is None and len(self.seen) > 1 and not {*self.seen} <= {1, 255, 65535}:
            for value, name in self.seen.items():
                found.add("masks whose values differ", f"{value:g} in {name}", NAMED)


def _shown(values):
    return f"values {', '.join(f'{value:g}' for value in values[:MANY])}"


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
    result[_inside(inner, size)] = average(image, inner, box=box, linear=True)
    return result


def resized_masks(flags, placement):
    """Return bit flags (n, height, width): set where at least half of the new pixel is marked."""
    (left, top, right, bottom), inner, size = placement
    down = _shares(top, bottom, inner[0], flags.shape[1])
    across = _shares(left, right, inner[1], flags.shape[2])
    small = np.zeros((len(flags), *size), np.uint8)
    for j in range(int(flags.max()).bit_length()):
        mask = flags >> j & 1
        # Pillow's box filter weights whole pixels, which makes masks up to 6 % too large.
        part = down @ mask.astype(np.float32) @ across.T >= 0.5 - 1e-5
        small[:, *_inside(inner, size)] |= part.astype(np.uint8) << j
        if mask.any() and not part.any():
            # Its patient would count as free of the lesion.
            before = f"{np.count_nonzero(mask)} pixels before"
            advice = "Pass a larger size, or cut the images to the part that matters first."
            raise Complaint("mask of which nothing is left after resizing", before, advice)
    return small


def _inside(inner, size):
    """Return the part of a picture in whose center a smaller one lies."""
    return tuple(slice((n - m) // 2, (n - m) // 2 + m) for m, n in zip(inner, size, strict=True))


def _shares(low, high, count, length):
    """Return which share of each of `count` new pixels from low to high each old one covers."""
    edges, old = np.linspace(low, high, count + 1)[:, np.newaxis], np.arange(length)
    parts = np.minimum(edges[1:], old + 1) - np.maximum(edges[:-1], old)
    return (np.clip(parts, 0, None) * count / (high - low)).astype(np.float32)
