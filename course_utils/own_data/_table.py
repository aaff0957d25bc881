"""The table of a folder: a CSV file as spreadsheets write it, a DataFrame, or class folders."""

from __future__ import annotations

import csv
import os
import re
import unicodedata
from collections import Counter

import numpy as np
import pandas as pd

from course_utils._checks import DatasetError, refuse

SUFFIXES = (".png", ".jpg", ".jpeg", ".jpe", ".tif", ".tiff", ".bmp", ".gif", ".webp", ".jp2")
SUFFIXES += (".dcm", ".dicom")
SPLIT_WORDS = {"training": "train", "val": "validation", "valid": "validation", "testing": "test"}
SPLIT_WORDS |= {word: word for word in ("train", "validation", "test")}
# What programs add to the name of a picture to name its mask.
MASK_NAME = re.compile(r"(.+?)[ _-]?(mask|seg|segmentation|annotation|label|gt)[ _-]?\d*", re.I)


def clean(text):
    """Return a cell without blanks around it; ü may be one character or two, here it is one."""
    return unicodedata.normalize("NFC", text.strip())


def read_csv(path):
    """Return a CSV file as text columns, the index naming each row's line, and notes about it."""
    notes = []
    try:
        content = path.read_bytes()
        try:
            text = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf8")
        except UnicodeDecodeError:
            text = content.decode("cp1252")
            notes.append(f"{path.name} was read as Windows text (cp1252): look at letters like ä.")
        lines, separator = _lines(text.removeprefix("\ufeff"))
    except FileNotFoundError as error:
        advice = "Put the table there, or name it: table='name.csv'."
        raise DatasetError(f"There is no file {path}. {advice}") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        advice = "Save it as CSV in UTF-8, or pass a DataFrame: table=pandas.read_excel(…)."
        raise DatasetError(f"{path} is not a readable CSV table ({error}). {advice}") from error
    if len(lines) < 2:
        found = "only a header" if lines else "no line"
        advice = "The first line names the columns, each further line describes one file."
        raise DatasetError(f"{path} is not a readable CSV table: it has {found}. {advice}")
    (_, header), *lines = lines
    if all(len(row) == len(header) + 1 for _, row in lines):
        header = ["", *header]  # R names no column of row numbers
    if ragged := [str(number) for number, row in lines if len(row) != len(header)]:
        raise DatasetError(
            f"{path}, line {', '.join(ragged[:3])}: not {len(header)} cells as in the first line "
            f"({len(ragged)} such lines). Put cells with a {separator!r} into double quotes."
        )
    numbers, rows = zip(*lines, strict=True)
    table = pd.DataFrame(rows, index=[f"line {number}" for number in numbers], dtype=str)
    if separator != ",":
        decimal = table.apply(lambda cells: cells.str.fullmatch(r"[+-]?\d+,\d+"))
        table = table.mask(decimal, table.apply(lambda cells: cells.str.replace(",", ".")))
    table.columns = header
    return _without_index(table, str(path)), notes


def _lines(text):
    """Return (number, cells) of each line that is not empty, and what separates the cells."""
    start = 0
    if named := re.match(r"sep=(.)\r?\n", text):  # Excel's own
        start, text = 1, text[named.end() :]
    if "\0" in text:
        raise csv.Error("it holds zero characters")
    first = next((line for line in text.splitlines() if line.strip(" ,;\t")), "")
    separator = max(",;\t", key=lambda mark: len(next(csv.reader([first], delimiter=mark), [])))
    reader = csv.reader(text.splitlines(keepends=True), delimiter=separator, strict=True)
    lines = [(start + reader.line_num, [clean(cell) for cell in row]) for row in reader]
    return [(number, row) for number, row in lines if any(row)], separator


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
        frame = frame.reset_index()
    if not len(frame):
        refuse("table", "a table without rows", "one row per file", "Look at how it was read.")
    cells = {k: [_text(value) for value in frame.iloc[:, k]] for k in range(frame.shape[1])}
    table = pd.DataFrame(cells, index=[f"row {k}" for k in range(len(frame))], dtype=str)
    return _without_index(table.set_axis([clean(str(name)) for name in frame], axis=1), "table")


def _text(value):
    if isinstance(value, float | np.floating) and not pd.isna(value):
        return np.format_float_positional(value, trim="-")  # gaps in a column make 7 a 7.0
    return "" if pd.isna(value) else clean(str(value))


def class_folders(base, known, ignored=None):
    """Return a table of the pictures in class folders, above or below folders of splits, and notes.

    Masks beside their pictures and what lies in `ignored` are left out.
    """
    files = [path.relative_to(base) for path in visible(base) if ignored not in path.parents]
    masks, rows, left_out = masks_beside(files), [], Counter()
    written = {name.casefold(): name for name in known}
    for file in files:
        folders = [clean(part) for part in file.parts[:-1]]
        words = [SPLIT_WORDS.get(part.lower(), "") for part in folders]
        labels = [written.get(part.casefold()) for part in folders[:2]]
        # brain/yes/train or brain/train/yes; what lies deeper, such as patients, is for the group.
        k = 0 if labels and labels[0] else 1
        fits = len(labels) > k and labels[k] and (k == 0 or words[0])
        if not (fits and is_picture(base / file)):
            left_out["/".join(folders[:2]) or "the folder itself"] += 1
        elif file not in masks:
            split = words[0] if k else (words[1:2] or [""])[0]
            rows.append((file.as_posix(), labels[k], split))
    table = pd.DataFrame(rows, columns=["file", "label", "split"], dtype=str)
    absent = [name for name in known if name not in set(table["label"])]
    counts = ", ".join(f"{count} in {name}" for name, count in left_out.items())
    if absent:
        raise DatasetError(
            f"There is no file labels.csv, and {base} has no sub-folder of pictures named "
            f"{' or '.join(absent)}; other files: {counts or 'none'}. Give the folder that holds "
            "the class folders, with their names in class_names, or a table: table='name.csv'."
        )
    table.index = [f"folder {label}" for label in table["label"]]
    notes = [f"left out, as no pictures in a folder of a class: {counts}."] if counts else []
    return table if table["split"].any() else table[["file", "label"]], notes


def visible(base):
    """Yield the files below a folder in order, without hidden ones and those of a system."""
    for path in sorted(base.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(base).parts)
        if path.is_file() and not hidden and path.name.lower() not in ("thumbs.db", "desktop.ini"):
            yield path


def is_picture(path):
    """Return whether a file is a picture by its name; DICOM files often have no ending."""
    named = path.name.lower().endswith(SUFFIXES)
    return named or (not path.suffix and is_dicom(path))


def is_dicom(path):
    """Return whether a file begins as DICOM files do."""
    with open(path, "rb") as file:
        return file.read(132)[128:] == b"DICM"


def masks_beside(files):
    """Return the masks that lie beside their pictures."""
    pictures = {os.path.splitext(file)[0] for file in files}
    fits = {file: MASK_NAME.fullmatch(file.stem) for file in files}
    return {file for file, fit in fits.items() if fit and str(file.with_name(fit[1])) in pictures}
