"""A folder with a table, and its pictures."""

from __future__ import annotations

import csv
import hashlib
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
from PIL import Image, ImageOps

from course_utils._checks import DatasetError, check_choice, check_names, refuse
from course_utils.datasets._fields import GROUP_KINDS, SPLITS

MISSING = ("nan", "na", "n/a", "none")
ROLES = ("image", "label", "group", "split", "mask")
# Others hold no pixels that Pillow returns unchanged in every case (JPEG 2000, PPM, WebP).
FORMATS = ("PNG", "JPEG", "MPO", "TIFF", "BMP", "GIF")
SUFFIXES = (".png", ".jpg", ".jpeg", ".jpe", ".tif", ".tiff", ".bmp", ".gif", ".webp", ".jp2")
BITS_PER_SAMPLE, PHOTOMETRIC, SAMPLE_FORMAT = 258, 262, 339


class Complaint(Exception):
    """One file does not fit: what is wrong, details of this file, and what to do."""


class Folder:
    """A folder with its table: what was read, what is wrong with it, and what is odd but allowed.

    `table` is all of it text, and its index holds the lines of the file; `names` are the (first)
    files of the rows, `labels`, `groups` and `splits` arrays over the rows or None; after
    `read_pictures`, `images`, `masks` and `spacing` are lists with one entry per row.
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

    def read_pictures(self, images, masks, mode, window=None, unlisted="error"):
        """Read the pictures and masks of all rows, None where one is at fault."""
        base = self.subfolder("images", images)
        paths = self.locate(base, self.names)
        mask_paths = [None] * len(paths)
        if masks is not None:
            mask_paths = self._mask_paths(self.subfolder("masks", masks), paths)
        elif "mask" in self.columns:
            remedy = "Give masks='.' for the folder itself."
            refuse("masks", "None", "the masks' sub-folder", remedy)
        mask_folder = (self.path if masks is None else self.path / masks).resolve()
        ignored = mask_folder if base.resolve() in mask_folder.parents else None
        if unlisted == "error":
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
                    content = repr(picture.shape).encode() + picture.tobytes()
                    digests[i] = hashlib.sha256(content).digest()
        self.check_same_content(digests)

    def _mask_paths(self, base, paths):
        if "mask" in self.columns:
            return self.locate(base, self.table[self.columns["mask"]])
        names = self.names.where([path is not None for path in paths], "")
        for i, name in enumerate(names.str.replace("\\", "/")):
            as_png = str(Path(name).with_suffix(".png")) if name else ""
            if name and not (base / name).exists() and (base / as_png).exists():
                names.iloc[i] = as_png
        return self.locate(base, names)

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


def read_picture(path, mode, window=None):
    """Return uint8 (height, width) or (height, width, 3), or float32 beyond 8 bits."""
    image = _open(path)
    if mode == "rgb":
        if image.mode != "RGB":
            advice = "Leave it out, or use mode='gray' for all."
            raise Complaint("gray image in an RGB set", "", advice)
        return np.array(image)
    pixels = _gray(image)
    if pixels.dtype == np.uint8:
        if window is not None:
            what = "8 bits per pixel, where intensity_window asks for more"
            raise Complaint(what, "", "Leave the window out, or read them as two sets.")
        return pixels
    if not np.isfinite(pixels).all():
        raise Complaint("NaN or infinite pixels", "", "Leave the image out or correct the pixels.")
    if (pixels.astype(np.float32) != pixels).any():
        raise Complaint("values beyond 24 bits", "", "Scale them down before reading.")
    if window is None:
        values = f"values {pixels.min():g} to {pixels.max():g}"
        advice = "Pass intensity_window=(low, high), the values that should become 0 and 1."
        raise Complaint("more than 8 bits per pixel", values, advice)
    return pixels.astype(np.float32)


def read_mask(path):
    """Return a mask file as uint8 (height, width) of 0 and 1."""
    advice = "Save a mask of two values as PNG; JPEG and resizing blur its edge."
    return marked(_gray(_open(path, ("1",))), advice).astype(np.uint8)


def marked(values, advice):
    """Return which values of a mask mark something; complain of others than 0 and 1 or 255."""
    if not any(np.isin(values, (0, high)).all() for high in (1, 255)):
        found = np.unique(values)
        shown = ", ".join(f"{value:g}" for value in found[:4]) + (", …" if len(found) > 4 else "")
        what = "mask with other values than 0 and 1, or 0 and 255"
        raise Complaint(what, f"values {shown}", advice)
    return values > 0


def _gray(image):
    pixels = np.array(image)
    if image.mode == "RGB":
        if (pixels != pixels[..., :1]).any():
            advice = "Convert it yourself, knowing what the colors mean, or use mode='rgb'."
            raise Complaint("color image in a gray set", "", advice)
        return np.ascontiguousarray(pixels[..., 0])
    return pixels


def _open(path, modes=()):
    """Return the decoded image the way up viewers show it, gray or RGB without transparency."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                _check_kind(image, modes)
                image = ImageOps.exif_transpose(image)
    except Complaint:
        raise
    except Exception as error:  # damaged files fail in many ways inside Pillow
        reason = " ".join(str(error).replace(str(path), path.name).split()).rstrip(".")
        advice = "Get the file again, or save it as PNG or TIFF of 8 or 16 bits."
        raise Complaint("not a readable image", reason, advice) from error
    if "transparency" in image.info and image.mode in ("L", "RGB"):
        image = image.convert({"L": "LA", "RGB": "RGBA"}[image.mode])
    if image.mode in ("LA", "RGBA"):
        if image.getchannel("A").getextrema() != (255, 255):
            advice = "What lies under them is undefined; put the image on a background yourself."
            raise Complaint("transparent pixels", "", advice)
        image = image.convert("L" if image.mode == "LA" else "RGB")
    return image


def _check_kind(image, modes):
    """Complain of files whose pixels Pillow would bend silently, and of what is no intensity."""

    def tag(number):
        return image.tag_v2.get(number) if image.format == "TIFF" else None

    if image.format not in FORMATS:
        raise Complaint("format not read", image.format, "Save it as PNG or TIFF.")
    if getattr(image, "n_frames", 1) > 1:
        advice = "Save each one as a file of its own."
        raise Complaint("several pictures in one file", f"{image.n_frames} of them", advice)
    if 2 in np.atleast_1d(tag(SAMPLE_FORMAT)) and image.mode[0] != "I":
        advice = "Its negative values would wrap around; save it with 16 bits."
        raise Complaint("signed 8-bit TIFF", "", advice)
    bits = max(np.atleast_1d(tag(BITS_PER_SAMPLE) or 0))
    if image.mode in ("RGB", "RGBA", "LA") and (";16" in str(image.tile) or bits > 8):
        raise Complaint("16-bit color image", "", "Save it with 8 bits per channel.")
    if image.mode == "P":
        raise Complaint("palette image", "", "Its numbers are no intensities; save gray or RGB.")
    allowed = ("L", "LA", "RGB", "RGBA", "I", "F", *modes)
    if image.mode not in allowed and image.mode[:4] != "I;16":
        raise Complaint("color mode not read", f"mode {image.mode}", "Save it as gray or RGB.")
    if tag(PHOTOMETRIC) == 0 and image.mode != "L":
        advice = "Save it so that higher values are brighter."
        raise Complaint("16-bit TIFF in which 0 is white", "", advice)
