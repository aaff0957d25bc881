"""A folder with its table, and how its images come to one size."""

from __future__ import annotations

import os
import posixpath
import re
import unicodedata
import warnings
from contextlib import contextmanager
from pathlib import Path, PureWindowsPath
from typing import NamedTuple

import numpy as np
import pandas as pd

from course_utils._checks import DatasetError, check_choice, check_names, refuse
from course_utils.datasets._fields import GROUP_KINDS, SPLITS
from course_utils.datasets.resizing import average
from course_utils.own_data import _table
from course_utils.own_data._table import BESIDE, SPLIT_WORDS, SUFFIXES, clean, known_labels, visible

NUMBER = r"-?\d{1,15}(\.\d+)?"
# A volume of a 4-D file.
POSITION = re.compile(r"(?<=\.nii|i\.gz)\[(\d+)\]$")
# More values than these in a mask are no labels: one name, or a dict, which may name an atlas.
MANY, ATLAS = 8, 200
NAMED = "Say what the values mean, for example mask_labels={'core': (1, 3), 'edema': 2}."
COLORS = (
    "Save its colors as numbers: p = np.array(Image.open(name).convert('RGB')); Image.fromarray("
    "(p == (255, 0, 0)).all(-1) + (p == (0, 0, 255)).all(-1) * np.uint8(2)) is 1 in red, 2 in blue."
)
TAKEN = "Folders named like parts were taken for splits; columns={'split': None} ignores them."
MISSING = ("nan", "na", "n/a", "none")
ROLES = ("image", "label", "group", "split", "mask")
# A mask that marks a larger share is probably inverted.
FULL = 0.9
# Proportions that differ by less, as after rounding to whole pixels, count as equal.
SAME_PROPORTION = 0.02


class Complaint(Exception):
    """One file does not fit: what is wrong, details of this file, and what to do."""


class Folder:
    """A folder with its table: what was read, what is wrong with it, and what is odd but allowed.

    The table is the name of a CSV file, a DataFrame, or a function that returns text and notes; its
    index says where each row stands. `names` are the (first) files of the rows. Columns given as
    None are those of `usual`, but a split of None leaves the splits out.
    """

    def __init__(self, folder, table, columns, class_names, group_kind, usual=None, files=()):
        self.path, self.group_kind = Path(folder), group_kind
        self.problems, self.notes, self.seen, self.index = {}, [], {}, {}
        if not self.path.is_dir():
            raise DatasetError(f"There is no folder {self.path.absolute()}. Give that of the data.")
        check_choice("group_kind", group_kind, GROUP_KINDS)
        if not isinstance(columns, dict | None):
            refuse("columns", repr(columns), "a dict, role to column", "{'group': 'patient'}")
        given = columns or {}
        for role, column in given.items():
            check_choice("columns", role, ROLES)
            computed = callable(column) and role in ("group", "mask")
            if not (computed or isinstance(column, str | None)):
                remedy = "Compute the column before, or rename it to text."
                refuse(f"columns[{role!r}]", repr(column), "the name of a column", remedy)
        given = {k: name for k, name in given.items() if name is not None or k == "split"}
        label = {} if class_names is None else {"label": "label"}
        self.columns = {"image": "file", **label, **(usual or {}), **given}
        self.by_class, group = callable(table), self.columns.get("group")
        if group is None and group_kind in ("patient", "lesion"):
            allowed = f"the column that holds the {group_kind} of each file, or a function"
            remedy = "If it is unknown, use group_kind='near-duplicate' (look-alikes stay together)"
            refuse("columns['group']", "None", allowed, f"{remedy} or 'image'.")
        self._read_table(table, files)
        self.names = self.table[self.columns["image"]]
        for role in ("group", "mask"):
            if callable(self.columns.get(role)):
                self.table[f"{role} by function"] = self.computed(role)
                self.columns[role] = f"{role} by function"
                self.used.append(self.columns[role])
        group = self.columns.get("group")
        for column in self.used:
            for place in self.table.index[self.table[column] == ""]:
                advice = "Fill it in (with a black mask where nothing is marked), or leave it out."
                # Only the split may be empty in a table of class folders.
                advice = TAKEN if self.by_class else advice
                self.add(f"no value in column {column}", place, advice)
        self.class_names, self.labels = ("patient",), np.zeros(len(self.table), dtype=int)
        if class_names is not None:
            self._read_labels(known_labels(class_names))
        self.splits = None
        if "split" in self.columns:
            what, advice = "unknown split", f"Allowed: {', '.join(SPLITS)}."
            words = self._known("split", lambda w: SPLIT_WORDS.get(w.lower()), what, advice)
            self.splits = words.to_numpy(str)
        self.groups = np.arange(len(self.table)) if group_kind == "image" else None
        if group is not None:
            self.groups = self._group_names(group)
        if self.groups is not None:
            self.check_groups()

    def _read_table(self, table, files):
        if isinstance(table, pd.DataFrame):
            self.table = _table.as_text(table)
        elif callable(table):
            self.table, self.notes = table()
            self.columns = {**({"split": "split"} if "split" in self.table else {}), **self.columns}
        elif isinstance(table, str | Path):
            self.table, self.notes = _table.read_csv(self.path / table)
        else:
            refuse("table", repr(table), "a file name or a DataFrame", "For example 'labels.csv'.")
        self.columns = {role: name for role, name in self.columns.items() if name is not None}
        named = [*self.columns.values(), *files]
        self.used = list(dict.fromkeys(name for name in named if isinstance(name, str)))
        if missing := [column for column in self.used if column not in self.table]:
            kind = ", or group_kind='near-duplicate' if nothing tells who" * self.by_class
            raise DatasetError(
                f"The table of {self.path} has no column {', '.join(missing)}; it has "
                f"{', '.join(self.table)}. Rename the column, say in columns= which one is meant, "
                f"or compute groups or masks by a function{kind}."
            )

    def _known(self, role, known, what, advice):
        """Return a column in other words, '' where none is known, and complain of these cells."""
        cells = self.table[self.columns[role]]
        words = cells.map(lambda cell: known(cell) or "")
        for place, cell in cells[(cells != "") & (words == "")].items():
            self.add(what, f"{cell!r} in {place}", advice)
        return words

    def _read_labels(self, known):
        advice = f"Known labels: {', '.join(known)}. Correct it, or add it to class_names."
        labels = self._known("label", known.get, "label outside the list", advice)
        self.class_names = tuple(dict.fromkeys(known.values()))
        self.labels = pd.Index(self.class_names).get_indexer(labels)
        if absent := [name for name in self.class_names if name not in set(labels)]:
            self.notes.append(f"no image of class {', '.join(absent)}.")

    def _group_names(self, group):
        groups, similar = self.table[group].to_numpy(str), {}
        for name in np.unique(groups).tolist():
            plain = unicodedata.normalize("NFKC", name).casefold()
            # A spreadsheet adds .0 to whole numbers and drops zeros before them.
            plain = re.sub(r"(?<!\d)0+(?=\d)", "", re.sub(r"\.0+$", "", plain))
            similar.setdefault("".join(filter(str.isalnum, plain)), []).append(name)
        pairs = [" and ".join(map(repr, names)) for names in similar.values() if len(names) > 1]
        advice = "If they are, write them alike, since splits keep them apart now."
        self.note("groups that may be one", pairs, advice)
        missing = sorted({repr(g) for g in groups.tolist() if g.lower() in MISSING})
        advice = f"Each counts as one {self.group_kind}, or leave them out."
        self.note("groups that may be missing values", missing, advice)
        return groups

    def computed(self, role):
        """Return what the function of a role makes of the table, numbered from 0: text per row."""
        table = self.table.reset_index(drop=True)
        values = self.columns[role](table)
        if isinstance(values, pd.Series) and {*values.index} == {*table.index}:
            values = values.sort_index()
        values = np.asarray(values, dtype=object)
        words = np.vectorize(lambda value: clean(str(value)), otypes=[object])(values)
        missing = np.flatnonzero(pd.isna(values) | (words == ""))
        if values.shape != (len(self.table),) or missing.size:
            where = f", nothing for {self.names.iloc[missing[0]]}" if missing.size else ""
            received = f"a function that returns shape {values.shape}{where}"
            allowed = f"one value for each of the {len(self.table)} rows, none missing"
            remedy = "Return the file's name where nothing is known: .fillna(table['file'])."
            refuse(f"columns[{role!r}]", received, allowed, remedy)
        return words

    def check_groups(self, names=None):
        """Complain of groups in two splits, and lesions with two labels."""
        groups = self.groups if names is None else names[self.groups]
        kind, facts = self.group_kind, []
        if self.splits is not None:
            advice = f"With a {kind} in both the test is no test. Move it, or leave the splits out"
            advice += " with columns={'split': None}, and divide anew."
            facts.append((f"a {kind} in two splits", self.splits, advice))
        if kind == "lesion":
            labels = np.array([*self.class_names, ""])[self.labels]
            facts += [("a lesion with two labels", labels, "A lesion has one label; correct it.")]
        for what, values, advice in facts:
            for group, words in pd.Series(values).groupby(groups):
                words = sorted(set(words) - {""})
                if group != "" and len(words) > 1:
                    self.add(what, f"{group} in {' and '.join(words)}", advice)

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
        lines = [f"{self.path}: {total} problem{'s' * (total > 1)}, so no data set was made."]
        for (what, advice), places in self.problems.items():
            lines.append(f"- {what} ({len(places)}): {some(places)}. {advice}")
        if len(lines) > 11:
            lines[11:] = [f"- and {len(lines) - 11} more kinds of problems."]
        raise DatasetError("\n".join(lines))

    def note(self, what, places, advice=""):
        """Note something that is odd but allowed, unless it occurs nowhere."""
        if places:
            self.notes.append(f"{what} ({len(places)}): {some(places)}. {advice}".rstrip())

    def warn(self):
        """Warn once of all notes, where the reader of the folder was called."""
        if self.notes:
            lines = [f"{self.path}:", *(f"- {note}" for note in self.notes)]
            warnings.warn("\n".join(lines), stacklevel=3)

    def _attributes(self):
        """Return file names, labels as written, and the columns without a role."""
        shown = [self.columns[role] for role in ("image", "label") if role in self.columns]
        columns = {name: self.table[name].to_numpy(str) for name in shown}
        for name in self.table.columns.difference(self.used, sort=False):
            cells = self.table[name].to_numpy(object)
            columns[name] = np.where(cells == "", "unknown", cells).astype(str)
            filled = cells[cells != ""]
            if len(filled) and all(re.fullmatch(NUMBER, cell) for cell in filled):
                values = np.where(cells == "", "nan", cells).astype(float)
                # Codes like 007, versions like 1.10 and long numbers would lose digits.
                for trim in "-0":
                    back = [np.format_float_positional(v, trim=trim) for v in filled.astype(float)]
                    if back == filled.tolist():
                        columns[name] = values.astype(float if (values % 1).any() else int)
        return columns

    def fields(self, counts=1):
        """Return the fields of an `ImageDataset` that every folder has; count: images per row."""
        return {
            "name": self.path.resolve().name,
            "class_names": self.class_names,
            "group_kind": self.group_kind,
            "origin": "real",
            "labels": np.repeat(self.labels, counts),
            "groups": np.repeat(self.groups, counts),
            "splits": None if self.splits is None else np.repeat(self.splits, counts),
            "attributes": {k: np.repeat(v, counts) for k, v in self._attributes().items()},
            "meta": {"notes": self.notes} if self.notes else {},
        }

    def locate(self, base, names, suffixes=(), advice="Add the file or delete the row."):
        """Return one path per row, None where there is no such file; complain of these.

        A name without its ending or folder is found if one file alone has it.
        """
        paths = []
        for where, cell in names.items():
            name, place, path = POSITION.sub("", cell), f"{cell} ({where})", None
            windows = PureWindowsPath(name)
            relative = posixpath.normpath(windows.as_posix())
            found = [base / relative] if os.path.isfile(base / relative) else []
            found = found or self._similar(base, clean(relative), suffixes)
            # The volumes of one file are told apart.
            keys = [os.path.realpath(file) + cell[len(name) :] for file in found]
            if not cell:
                pass  # The table complains of it.
            elif windows.drive or windows.root or relative.split("/")[0] == "..":
                self.add("path outside the folder", place, "Copy the file into it and name that.")
            elif len(found) > 1:
                several = ", ".join(file.relative_to(base).as_posix() for file in found)
                remedy = "Write folder and ending into the table."
                self.add("name that several files have", f"{place}: {several}", remedy)
            elif not found:
                self.add(f"listed, but not in {base.name}", place, advice)
            elif keys[0] in self.seen:
                twice = f"{place} and {self.seen[keys[0]]}"
                self.add("file listed twice", twice, "Keep one, or copy the file.")
            else:
                path, self.seen[keys[0]] = found[0], where
            paths.append(path)
        return paths

    def _similar(self, base, name, suffixes):
        """Return files of this name but for case and ending, here or else in any sub-folder."""
        if base not in self.index:
            index = self.index[base] = {}
            for file in visible(base):
                words = clean(file.relative_to(base).as_posix()).lower()
                for key in (words, "/" + words.split("/")[-1]):
                    index.setdefault(key, []).append(file)
        for start in ("", "/"):
            keys = [f"{start}{name}{suffix}".lower() for suffix in ("", *suffixes)]
            if found := [file for key in keys for file in self.index[base].get(key, [])]:
                return found
        return []

    def subfolder(self, field, name):
        """Return the path of a sub-folder, or refuse it."""
        path = self.path / name
        if ".." in Path(name).parts or not path.is_dir():
            refuse(field, repr(name), f"a folder inside {self.path}", "'.' is the folder itself.")
        return path

    def complain_of_unlisted(self, base, masks):
        """Complain of pictures that the table does not list, but not of those in a mask folder."""
        apart = masks.resolve() if base.resolve() in masks.resolve().parents else None
        files = [path.relative_to(base) for path in visible(base)]
        files = [file for file in files if file.name.lower().endswith(SUFFIXES)]
        masks = _table.masks_beside(files)
        for file in files:
            path = (base / file).resolve()
            if str(path) in self.seen or apart in path.parents:
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
            if differing := [f for f, v in facts.items() if v is not None and v[i] != v[other]]:
                what = (
                    f"equal pixels under two names, with another {' and another '.join(differing)}"
                )
                self.add(what, place, "Delete one of them, or correct the table.")
            else:
                harmless.append(place)
        self.note("equal pixels under two names", harmless, "They count twice; delete one.")

    def check_one_size(self, images):
        """Complain if the images that could be read differ in height or width."""
        sizes = {}
        for name, image in zip(self.names, images, strict=True):
            if image is not None:
                sizes.setdefault(image.shape[:2], []).append(name)
        for (height, width), members in sizes.items() if len(sizes) > 1 else ():
            place = f"{height} x {width} px: {len(members)}, such as {members[0]}"
            self.add("images of different sizes", place, "Pass size=(height, width).")

    def note_pixels(self, pixels, window):
        """Note images of one value, and those that a window makes all black or white."""
        if flat := (np.ptp(pixels, axis=(1, 2)) == 0).all(axis=1).sum():
            self.notes.append(f"images whose pixels are all equal: {flat}.")
        low, high = window or (-np.inf, np.inf)
        if outside := ((pixels <= low) | (pixels >= high)).all(axis=(1, 2, 3)).sum():
            values = f"values in the set go from {pixels.min():g} to {pixels.max():g}"
            self.notes.append(f"images outside the intensity window {window}: {outside}; {values}.")

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
        if (found % 1 != 0).any():
            advice = "Cut it where you decide, for example save values > 0.5 as 0 and 1."
            raise Complaint("mask of fractions", f"such as {found[found % 1 != 0][0]:g}", advice)
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
            what, advice = "mask with several values beside 0", NAMED
        else:
            marks = [np.isin(values, self.values[name]) for name in self.names]
            odd = np.setdiff1d(others, np.concatenate([*self.values.values()]))
            what = "mask values that mask_labels does not name"
            advice = "Give them a name, or leave them out: mask_labels={…, None: (…)}."
        if len(odd):
            raise Complaint(what, "values " + ", ".join(f"{v:.0f}" for v in odd[:MANY]), advice)
        return sum(mark.astype(np.uint8) << j for j, mark in enumerate(marks))

    def check(self, found):
        """Complain if the one value beside 0 is not the same in all masks."""
        if self.values is None and len(self.seen) > 1 and not {*self.seen} <= {1, 255, 65535}:
            advice = COLORS if tuple in map(type, self.seen) else NAMED
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
                advice = "Pass a larger size, or cut the images to the part that matters first."
                raise Complaint("mask of which nothing is left after resizing", before, advice)
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
