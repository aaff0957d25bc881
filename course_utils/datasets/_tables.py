"""The table beside a folder's files: one row per image or volume, all of it text at first."""

from __future__ import annotations

import csv
import os
import posixpath
import re
import unicodedata
from pathlib import Path, PureWindowsPath

import numpy as np
import pandas as pd

from course_utils._checks import DatasetError, check_choice, check_names
from course_utils.datasets._fields import GROUP_KINDS, SPLITS
from course_utils.datasets._problems import refuse

WITHOUT_COLUMN = ("near-duplicate", "image")


def read_table(path):
    """Return a CSV file as text columns; the index holds each row's line in the file.

    Cells are stripped and normalized (NFC): one person's name may be written in two ways that look
    alike, ü as one character or as u with two dots.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            lines = [(reader.line_num, [_plain(cell) for cell in row]) for row in reader]
        if any("\0" in cell for _, row in lines for cell in row):
            raise csv.Error("it holds zero characters")
    except FileNotFoundError as error:
        raise DatasetError(
            f"There is no file {path}. Put the table there, or give its name as table=."
        ) from error
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
    ragged = [str(number) for number, row in lines if len(row) != len(header)]
    if ragged:
        advice = _separator_hint(header) or " Put cells that hold a comma into double quotes."
        raise DatasetError(
            f"{path}, line {', '.join(ragged[:3])}: not {len(header)} cells as in the first line "
            f"({len(ragged)} such lines).{advice}"
        )
    numbers, rows = zip(*lines[1:], strict=True)
    return pd.DataFrame(rows, columns=header, index=list(numbers), dtype=str)


def _plain(cell):
    return unicodedata.normalize("NFC", cell.strip())


def _separator_hint(header):
    """Return advice if the names of columns hold what spreadsheets put between cells."""
    if any(";" in name or "\t" in name for name in header):
        return " The cells must be separated by commas, and decimals written with points."
    return ""


def check_columns(path, table, columns):
    """Refuse a table that lacks one of the columns."""
    missing = [column for column in columns if column not in table]
    if missing:
        raise DatasetError(
            f"{path} has no column {', '.join(missing)}; it has {', '.join(table.columns)}. Rename "
            f"the column, or say which one is meant.{_separator_hint(table.columns)}"
        )


def check_filled(table, columns, problems):
    """Complain of empty cells."""
    for column in columns:
        for line in table.index[table[column] == ""]:
            problems.add(f"no value in column {column}", f"line {line}", "Fill the cell in.")


def class_numbers(values, class_names, problems):
    """Return (names, label of each row); -1 where a value is not among the class names."""
    if isinstance(class_names, dict):
        known = {str(value): name for value, name in class_names.items()}
        names = check_names("class_names", tuple(dict.fromkeys(known.values())))
    else:
        names = check_names("class_names", class_names)
        known = dict(zip(names, names, strict=True))
    for line, value in values.items():
        if value and value not in known:
            problems.add(
                "label outside the list",
                f"{value!r} in line {line}",
                f"Known labels: {', '.join(known)}. Correct it, or add it to class_names.",
            )
    number = {value: names.index(name) for value, name in known.items()}
    labels = np.array([number.get(value, -1) for value in values])
    absent = [name for k, name in enumerate(names) if not (labels == k).any()]
    if absent:
        problems.notes.append(f"no image of class {', '.join(absent)}.")
    return names, labels


def check_group_arguments(group, group_kind):
    """Refuse to invent patients: a column is needed unless images alone form the groups."""
    check_choice("group_kind", group_kind, GROUP_KINDS)
    if group is None and group_kind not in WITHOUT_COLUMN:
        refuse(
            "group",
            "None",
            f"the column that holds the {group_kind} of each file, or a function of the table",
            f"If the {group_kind}s are unknown, say so with group_kind='near-duplicate' (images "
            "that look alike stay together) or group_kind='image'; intervals then name that unit.",
        )


def group_names(table, group, problems):
    """Return the group of each row as text: from a column, or from a function of the table."""
    if not callable(group):
        groups = table[group].to_numpy(str)
        _note_similar_groups(groups, problems)
        return groups
    found = np.asarray(group(table.copy()))
    if found.shape != (len(table),) or pd.isna(found).any():
        refuse(
            "group",
            f"a function that returns shape {found.shape}",
            f"one value for each of the {len(table)} rows, none missing",
            "It gets the table and must return a group for every row.",
        )
    return found.astype(str)


def _note_similar_groups(groups, problems):
    """Note groups that may be one, such as P1, p1 and P01, or 7, 007 and 7.0."""
    similar = {}
    for group in np.unique(groups):
        plain = unicodedata.normalize("NFKC", group).casefold()
        # A spreadsheet adds .0 to whole numbers and drops zeros before them.
        plain = re.sub(r"(?<!\d)0+(?=\d)", "", re.sub(r"\.0+$", "", plain))
        plain = "".join(c for c in plain if c.isalnum())
        similar.setdefault(plain, []).append(str(group))
    pairs = [" and ".join(map(repr, names)) for names in similar.values() if len(names) > 1]
    if pairs:
        problems.notes.append(
            f"groups that may be one ({len(pairs)}): {'; '.join(pairs[:3])}. If they are, write "
            "them alike, since splits keep them apart now."
        )


def check_subfolder(folder, field, name):
    """Refuse a sub-folder that is not there, or outside."""
    path = locate(folder, name)
    if path is None or not path.is_dir():
        refuse(field, repr(name), f"a folder inside {folder}", "Use '.' for the folder itself.")


def check_divided_groups(groups, splits, group_kind, problems):
    """Complain of split names that are unknown and of groups that lie in two splits."""
    for line, word in splits.items():
        if word and word not in SPLITS:
            problems.add(
                "unknown split", f"{word!r} in line {line}", f"Allowed: {', '.join(SPLITS)}."
            )
    advice = f"Put all files of one {group_kind} into one split; else the test is no test."
    for group, words in splits.groupby(np.asarray(groups)):
        words = sorted(set(words) - {""})
        if group and len(words) > 1:
            place = f"{group} in {' and '.join(words)}"
            problems.add(f"a {group_kind} in two splits", place, advice)


def check_lesion_labels(groups, labels, names, problems):
    """Complain of a lesion that has two labels."""
    for group in np.unique(groups):
        if group == "":
            continue
        found = sorted({names[label] for label in labels[groups == group] if label >= 0})
        if len(found) > 1:
            problems.add(
                "a lesion with two labels",
                f"{group}: {', '.join(found)}",
                "A lesion has one label; correct it or the lesion's number.",
            )


def locate(base, name):
    """Return the path of a file that the table names, None where it leaves the folder.

    Links inside the folder may lead elsewhere: whoever owns the folder set them.
    """
    windows = PureWindowsPath(name)
    parts = posixpath.normpath(windows.as_posix()).split("/")
    if windows.drive or windows.root or parts[0] == "..":
        return None
    path = Path(base)
    for part in parts:
        # Older Macs write ä as a and two dots (NFD), where others take one character (NFC).
        spellings = (part, *(unicodedata.normalize(form, part) for form in ("NFC", "NFD")))
        path = next((path / s for s in spellings if (path / s).exists()), path / part)
    return path


def locate_all(base, names, problems, seen, exists=os.path.isfile):
    """Return one path per row, None where there is no such file; complain of these.

    `seen` remembers the files from column to column, since none may be listed twice.
    """
    paths = []
    for line, name in names.items():
        path = locate(base, name) if name else None
        place = f"{name} (line {line})"
        if name and path is None:
            problems.add(
                "path outside the folder", place, "Copy the file here and name it relative to it."
            )
        elif name and not exists(path):
            problems.add(
                f"listed, but not in {Path(base).name}", place, "Add the file or delete the line."
            )
            path = None
        elif name:
            real = os.path.realpath(path)
            if real in seen:
                problems.add("file listed twice", f"{place} and line {seen[real]}", "Keep one.")
                path = None
            seen.setdefault(real, line)
        paths.append(path)
    return paths


def check_same_content(digests, names, facts, problems):
    """Complain of equal content under two names where a fact differs; otherwise note it.

    `facts` maps 'label', 'split' and the kind of group to one value per row; `digests` holds
    None for what could not be read.
    """
    first, harmless = {}, []
    for i, digest in enumerate(digests):
        if digest is None or first.setdefault(digest, i) == i:
            continue
        other = first[digest]
        place = f"{names.iloc[other]} and {names.iloc[i]}"
        differing = [fact for fact, values in facts.items() if values[i] != values[other]]
        if differing:
            what = f"equal pixels under two names, with another {' and another '.join(differing)}"
            problems.add(what, place, "Delete one of them, or correct the table.")
        else:
            harmless.append(place)
    if harmless:
        problems.notes.append(
            f"equal pixels under two names ({len(harmless)}): {'; '.join(harmless[:3])}. "
            "They count twice; consider deleting one."
        )


def note_masks(masks, problems):
    """Note masks that mark nothing in the whole set, or everything in one image or volume."""
    if not any(mask.any() for mask in masks):
        problems.notes.append("no mask marks a single pixel.")
    full = sum(bool(mask.all()) for mask in masks)
    if full:
        problems.notes.append(f"masks that mark every pixel ({full}): are they turned round?")


def other_columns(table, used):
    """Return the columns that have no role yet, as numbers where every filled cell is one."""
    columns = {}
    for name in table.columns:
        if name in used:
            continue
        filled = table[name] != ""
        numbers = pd.to_numeric(table[name].where(filled), errors="coerce")
        if filled.any() and numbers[filled].notna().all():
            columns[name] = numbers.to_numpy()
        else:
            columns[name] = table[name].where(filled, "unknown").to_numpy(str)
    return columns
