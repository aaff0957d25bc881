"""The table of a folder: a CSV file as spreadsheets write it, a DataFrame, or class folders."""

from __future__ import annotations

import csv
import os
import re
import unicodedata

import numpy as np
import pandas as pd

from course_utils._checks import DatasetError, check_names, refuse

SUFFIXES = (".png", ".jpg", ".jpeg", ".jpe", ".tif", ".tiff", ".bmp", ".gif", ".webp", ".jp2")
SUFFIXES += (".dcm", ".dicom")
SPLIT_WORDS = {"training": "train", "val": "validation", "valid": "validation", "testing": "test"}
SPLIT_WORDS |= {word: word for word in ("train", "validation", "test")}
# What programs add to the name of a picture to name its mask.
MASK_NAME = re.compile(r"(.+?)[ _-]?(mask|seg|segmentation|annotation|label|gt)[ _-]?\d*", re.I)
APART = re.compile(r"(mask|label|annotation|segmentation)s?", re.I)
BESIDE = (
    "Name masks that lie beside their pictures, such as masks='.' and columns={'mask': lambda "
    "table: table['file'].str.replace('.png', '_mask.png')}, or move them away."
)


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
