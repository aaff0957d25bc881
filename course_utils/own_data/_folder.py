"""A folder with its table: a CSV file as spreadsheets write it, a DataFrame, or class folders."""

from __future__ import annotations

import csv
import os
import posixpath
import re
import tomllib
import unicodedata
import warnings
from contextlib import contextmanager
from pathlib import Path, PureWindowsPath

import numpy as np
import pandas as pd

from course_utils._checks import DatasetError, check_choice, check_names, refuse
from course_utils.datasets._fields import GROUP_KINDS

SUFFIXES = (".png", ".jpg", ".jpeg", ".jpe", ".tif", ".tiff", ".bmp", ".gif", ".webp", ".jp2")
SUFFIXES += (".dcm", ".dicom")
SPLIT_WORDS = {"training": "train", "val": "validation", "valid": "validation", "testing": "test"}
SPLIT_WORDS |= {word: word for word in ("train", "validation", "test")}
# What programs add to the name of a picture to name its mask.
MASK_NAME = re.compile(r"(.+?)[ _-]?(mask|seg|segmentation|annotation|label|gt)[ _-]?\d*", re.I)
REMEDIES = tomllib.loads(Path(__file__).with_name("remedies.toml").read_text("utf-8"))
NUMBER = r"-?\d{1,15}(\.\d+)?"
# A volume of a 4-D file.
POSITION = re.compile(r"(?<=\.nii|i\.gz)\[(\d+)\]$")
TAKEN = "Folders named like parts were taken for splits; columns={'split': None} ignores them."
MISSING = ("nan", "na", "n/a", "none")
ROLES = ("image", "label", "group", "split", "mask")
# A mask that marks a larger share is probably inverted.
FULL = 0.9


class Complaint(Exception):
    """One file does not fit: what is wrong, details of this file, and what to do.

    Left out, the advice is the one of remedies.toml.
    """

    def __init__(self, what, detail="", advice=None):
        super().__init__(what, detail, advice)


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
            words = self._known("split", lambda w: SPLIT_WORDS.get(w.lower()), "unknown split")
            self.splits = words.to_numpy(str)
        self.groups = np.arange(len(self.table)) if group_kind == "image" else None
        if group is not None:
            self.groups = self._group_names(group)
        if self.groups is not None:
            self.check_groups()

    def _read_table(self, table, files):
        if isinstance(table, pd.DataFrame):
            self.table = as_text(table)
        elif callable(table):
            self.table, self.notes = table()
            self.columns = {**({"split": "split"} if "split" in self.table else {}), **self.columns}
        elif isinstance(table, str | Path):
            self.table, self.notes = read_csv(self.path / table)
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

    def _known(self, role, known, what, advice=None):
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
        self.note("groups that may be one", pairs)
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

    def add(self, what, place, advice=None):
        """Add one place where something is wrong; places with the same words are counted."""
        key = what, REMEDIES[what] if advice is None else advice
        self.problems.setdefault(key, []).append(str(place).rstrip("."))

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

    def note(self, what, places, advice=None):
        """Note something that is odd but allowed, unless it occurs nowhere."""
        if places:
            advice = REMEDIES.get(what, "") if advice is None else advice
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
                self.add("path outside the folder", place)
            elif len(found) > 1:
                several = ", ".join(file.relative_to(base).as_posix() for file in found)
                self.add("name that several files have", f"{place}: {several}")
            elif not found:
                self.add(f"listed, but not in {base.name}", place, advice)
            elif keys[0] in self.seen:
                self.add("file listed twice", f"{place} and {self.seen[keys[0]]}")
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
        masks = masks_beside(files)
        for file in files:
            path = (base / file).resolve()
            if str(path) in self.seen or apart in path.parents:
                continue
            if file in masks:
                self.add("mask beside its picture", file.as_posix())
            elif not self.by_class:
                self.add("picture that the table does not list", file.as_posix())

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
                another = f"with another {' and another '.join(differing)}"
                advice = "Delete one of them, or correct the table."
                self.add(f"equal pixels under two names, {another}", place, advice)
            else:
                harmless.append(place)
        self.note("equal pixels under two names", harmless)

    def check_one_size(self, images):
        """Complain if the images that could be read differ in height or width."""
        sizes = {}
        for name, image in zip(self.names, images, strict=True):
            if image is not None:
                sizes.setdefault(image.shape[:2], []).append(name)
        for (height, width), members in sizes.items() if len(sizes) > 1 else ():
            place = f"{height} x {width} px: {len(members)}, such as {members[0]}"
            self.add("images of different sizes", place)

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


def known_labels(class_names):
    """Return a dict from the values of the label column to the names of the classes."""
    if class_names is None:
        return {}
    if isinstance(class_names, str):
        refuse("class_names", repr(class_names), "several names", f"For one: [{class_names!r}].")
    if not isinstance(class_names, dict):
        class_names = {name: name for name in check_names("class_names", class_names)}
    check_names("class_names", dict.fromkeys(class_names.values()))
    return {str(value): name for value, name in class_names.items()}


def clean(text):
    """Return a cell without blanks around it; ü may be one character or two, here it is one."""
    return unicodedata.normalize("NFC", text.strip())


def read_csv(path):
    """Return a CSV file as text columns, the index naming each row's line, and notes about it."""
    notes = []
    try:
        content = path.read_bytes()
        marked = content[:2] in (b"\xff\xfe", b"\xfe\xff")
        try:
            text = content.decode("utf-16" if marked else "utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("cp1252")
            notes.append(f"{path.name} was read as Windows text (cp1252): look at letters like ä.")
        return _without_index(_cells(text), str(path)), notes
    except FileNotFoundError as error:
        advice = "Put the table there, or name it: table='name.csv'."
        raise DatasetError(f"There is no file {path}. {advice}") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        advice = "Save it as CSV in UTF-8, or pass a DataFrame: table=pandas.read_excel(…)."
        raise DatasetError(f"{path} is not a readable CSV table: {error}. {advice}") from error


def _cells(text):
    """Return the lines of a CSV file that are not empty, as a DataFrame of text."""
    if "\0" in text:
        raise csv.Error("it holds zero characters")
    start = int(text.startswith("sep="))  # Excel's own first line
    lines = text.splitlines(keepends=True)[start:]
    first = next((line for line in lines if line.strip(" ,;\t\r\n")), "")
    separator = max(",;\t", key=lambda mark: len(next(csv.reader([first], delimiter=mark), [])))
    reader = csv.reader(lines, delimiter=separator, strict=True)
    rows = {
        f"line {start + reader.line_num}": cells
        for row in reader
        if any(cells := [clean(cell) for cell in row])
    }
    if len(rows) < 2:
        raise csv.Error("it has only a header" if rows else "it has no line")
    (_, header), *others = rows.items()
    if all(len(row) == len(header) + 1 for _, row in others):
        header = ["", *header]  # R names no column of row numbers
    if ragged := [line for line, row in others if len(row) != len(header)]:
        what = f"{', '.join(ragged[:3])}: not {len(header)} cells as in the first line"
        raise csv.Error(f"{what}; put cells with a {separator!r} into double quotes")
    return pd.DataFrame.from_dict(dict(others), "index", str, header)


def _without_index(table, name):
    """Leave out a first column of row numbers without a name, and empty columns without one."""
    named = table.columns != ""
    unnamed = not named[0] or table.columns[0].startswith("Unnamed:")
    if unnamed and table.iloc[:, 0].str.fullmatch(r"\d+").all():
        table, named = table.iloc[:, 1:], named[1:]
    table = table.loc[:, named | (table != "").any().to_numpy()]
    header = list(table.columns)
    if len(set(header)) != len(header) or "" in header:
        remedy = "Give each column a name of its own."
        refuse(name, f"columns {header}", "different, non-empty names", remedy)
    return table


def as_text(frame):
    """Return a DataFrame as text, missing values empty, the index naming the row."""
    if any(frame.index.names) or not pd.api.types.is_integer_dtype(frame.index):
        frame = frame.reset_index(drop=any(name in frame for name in frame.index.names))
    if not len(frame):
        refuse("table", "a table without rows", "one row per file", "Look at how it was read.")
    table = frame.astype(object).map(_text).set_axis([f"row {k}" for k in range(len(frame))])
    return _without_index(table.set_axis([clean(str(name)) for name in frame], axis=1), "table")


def _text(value):
    if isinstance(value, float) and not pd.isna(value):
        return np.format_float_positional(value, trim="-")  # gaps in a column make 7 a 7.0
    return "" if pd.isna(value) else clean(str(value))


def visible(base):
    """Yield the files below a folder in order, without hidden ones and those of a system."""
    for path in sorted(base.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(base).parts)
        if path.is_file() and not hidden and path.name.lower() not in ("thumbs.db", "desktop.ini"):
            yield path


def is_dicom(path):
    """Return whether a file begins as DICOM files do."""
    with open(path, "rb") as file:
        return file.read(132)[128:] == b"DICM"


def masks_beside(files):
    """Return the masks that lie beside their pictures."""
    pictures = {os.path.splitext(file)[0] for file in files}
    fits = {file: MASK_NAME.fullmatch(file.stem) for file in files}
    return {file for file, fit in fits.items() if fit and str(file.with_name(fit[1])) in pictures}
