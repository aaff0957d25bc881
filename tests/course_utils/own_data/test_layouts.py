"""Folders and tables as people have them are read rightly, or the remedy of the message works."""

import os
import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pydicom
import pytest
from PIL import Image
from pydicom.data import get_testdata_file

from course_utils import datasets, imaging
from course_utils.own_data import read_image_folder

# The pictures of a to d, wherever they lie: two of them diseased.
LABELS = {"a": "no", "b": "no", "c": "yes", "d": "yes"}


def gray(letter, shape=(16, 16)):
    return np.random.default_rng(ord(letter)).integers(0, 236, shape).astype(np.uint8)


def save(path, pixels, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)
    return path


def read(folder, **changes):
    options = {"class_names": ("no", "yes"), "group_kind": "image"} | changes
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return read_image_folder(folder, **options)


def complaint(folder, **changes):
    with pytest.raises(ValueError, match=r"\w") as caught:
        read(folder, **changes)
    return str(caught.value)


def is_right(data, letters="abcd"):
    """Compare pixels and labels with those of the pictures, in their order."""
    np.testing.assert_array_equal(data.images[..., 0], [gray(letter) for letter in letters])
    assert data.labels.tolist() == [LABELS[letter] == "yes" for letter in letters]
    return data


@pytest.fixture
def classes(tmp_path):
    """Return a folder with one sub-folder per class."""
    for letter, label in LABELS.items():
        save(tmp_path / label / f"{letter}.png", gray(letter))
    return tmp_path


@pytest.fixture
def listed(tmp_path):
    """Return a folder with pictures that a table is to describe."""
    for letter in LABELS:
        save(tmp_path / f"{letter}.png", gray(letter))
    return tmp_path


# Class folders.


def test_class_folders_are_read_in_one_line(classes):
    data = read_image_folder(classes, class_names=("no", "yes"), group_kind="near-duplicate")
    is_right(data)
    assert (data.class_names, data.splits) == (("no", "yes"), None)
    assert data.attributes["file"].tolist() == ["no/a.png", "no/b.png", "yes/c.png", "yes/d.png"]


def test_class_folders_may_have_other_names_than_their_classes(classes):
    data = is_right(read(classes, class_names={"no": "healthy", "yes": "tumor"}))
    assert data.class_names == ("healthy", "tumor")
    assert data.attributes["label"].tolist() == ["no", "no", "yes", "yes"]


@pytest.mark.parametrize("order", ["{split}/{label}/{name}", "{label}/{split}/{name}"])
@pytest.mark.parametrize("words", [("train", "val", "test"), ("Training", "valid", "Testing")])
def test_folders_of_splits_above_or_below_the_classes_become_splits(tmp_path, order, words):
    splits = dict(zip("abcd", (words[0], words[1], words[0], words[2]), strict=True))
    for letter, label in LABELS.items():
        path = order.format(split=splits[letter], label=label, name=f"{letter}.png")
        save(tmp_path / path, gray(letter))
    data = read(tmp_path)
    found = {
        os.path.splitext(os.path.basename(file))[0]: k
        for k, file in enumerate(data.attributes["file"])
    }
    data = is_right(data.select([found[letter] for letter in "abcd"]))
    assert data.splits.tolist() == ["train", "validation", "train", "test"]
    assert read(tmp_path, columns={"split": None}).splits is None


def test_a_function_finds_the_patients_in_the_names(classes):
    for file in sorted(classes.rglob("*.png")):
        file.rename(file.with_name(f"P{'aabc'['abcd'.index(file.stem)]}_{file.name}"))
    group = lambda table: table["file"].str.extract(r"(P.)_")[0]  # noqa: E731
    data = is_right(read(classes, group_kind="patient", columns={"group": group}))
    assert data.groups.tolist() == ["Pa", "Pa", "Pb", "Pc"]
    save(classes / "no" / "x.png", gray("x"))
    message = complaint(classes, group_kind="patient", columns={"group": group})
    assert "nothing for no/x.png; allowed: one value" in message
    assert "where nothing is known: .fillna(table['file'])" in message
    filled = lambda table: group(table).fillna(table["file"])  # noqa: E731
    assert read(classes, group_kind="patient", columns={"group": filled}).groups[2] == "no/x.png"


def test_patients_in_folders_below_the_classes(tmp_path):
    for letter, label in LABELS.items():
        save(tmp_path / label / f"P{letter}" / "1.png", gray(letter))
    group = lambda table: table["file"].str.split("/").str[1]  # noqa: E731
    data = is_right(read(tmp_path, group_kind="patient", columns={"group": group}))
    assert data.groups.tolist() == ["Pa", "Pb", "Pc", "Pd"]


def test_what_a_download_brings_along_is_no_picture(classes):
    for name in (".DS_Store", "Thumbs.db", "._c.png", "desktop.ini"):
        (classes / "yes" / name).write_bytes(b"\0\0\0\1Bud1")
    save(classes / "__MACOSX" / "yes" / "._c.png", gray("x"))
    save(classes / ".ipynb_checkpoints" / "c.png", gray("x"))
    is_right(read(classes))


def test_other_folders_are_left_out_with_a_note(classes):
    save(classes / "pred" / "x.png", gray("x"))
    save(classes / "archive" / "yes" / "c.png", gray("c"))
    left_out = "left out, as no pictures in a folder of a class: 1 in archive/yes, 1 in pred"
    with pytest.warns(UserWarning, match=left_out):
        data = read_image_folder(classes, class_names=("no", "yes"), group_kind="image")
    is_right(data)


def test_class_folders_of_other_names_are_named(classes):
    is_right(read(classes, class_names=("NO", "Yes")))
    message = complaint(classes, class_names=("normal", "tumor"))
    assert (
        "no sub-folder of pictures named normal or tumor; other files: 2 in no, 2 in yes" in message
    )
    assert "with their names in class_names" in message
    is_right(read(classes, class_names={"no": "normal", "yes": "tumor"}))


def test_a_folder_above_the_class_folders_is_refused(tmp_path):
    for letter, label in LABELS.items():
        save(tmp_path / "archive" / "brain" / label / f"{letter}.png", gray(letter))
    assert "other files: 4 in archive/brain. Give the folder that holds the class" in complaint(
        tmp_path
    )
    is_right(read(tmp_path / "archive" / "brain"))


def test_masks_below_a_class_folder_are_no_pictures_and_can_be_named(tmp_path):
    for letter, label in LABELS.items():
        save(tmp_path / label / "images" / f"{letter}.png", gray(letter))
        save(tmp_path / label / "masks" / f"{letter}.png", (gray(letter) > 99).astype(np.uint8))
    how = {"class_names": ("no", "yes"), "group_kind": "image"}
    with pytest.warns(UserWarning, match=r"2 in yes/masks \(no/masks/a.png, no/masks/b.png, yes"):
        is_right(read_image_folder(tmp_path, **how))
    named = {"mask": lambda table: table["file"].str.replace("images", "masks")}
    with pytest.warns(UserWarning, match="left out"):
        data = read_image_folder(tmp_path, masks=".", columns=named, **how)
    np.testing.assert_array_equal(data.mask("lesion")[3], gray("d") > 99)


def test_a_class_may_be_called_mask(tmp_path):
    for letter, label in LABELS.items():
        save(
            tmp_path / "train" / {"no": "no", "yes": "mask"}[label] / f"{letter}.png", gray(letter)
        )
    assert read(tmp_path, class_names=("no", "mask")).labels.sum() == 2


def test_class_names_must_differ_by_more_than_case_and_be_several(classes):
    assert "differ by more than case" in complaint(classes, class_names=("No", "no"))
    message = complaint(classes, class_names="yes")
    assert "class_names: received 'yes'; allowed: several names. For one: ['yes']." in message
    with pytest.warns(UserWarning, match=r"2 in no \(no/a.png, no/b.png\)"):
        data = read_image_folder(classes, class_names=["yes"], group_kind="image")
    assert data.attributes["file"].tolist() == ["yes/c.png", "yes/d.png"]


def test_pictures_without_labels_are_read_without_a_table(listed):
    save(listed / "more" / "test" / "x.png", gray("x"))
    data = read(listed, class_names=None)
    np.testing.assert_array_equal(data.images[:4, ..., 0], [gray(letter) for letter in "abcd"])
    assert (set(data.attributes), data.splits) == ({"file"}, None)
    (listed / "empty").mkdir()
    assert "has no pictures; other files: none" in complaint(listed / "empty", class_names=None)


@pytest.mark.parametrize("unknown", ["nan", "None", "", " "])
def test_groups_of_a_function_are_looked_at_like_a_column(classes, unknown):
    how = {"columns": {"group": lambda table: [unknown, "P1", "P2", "P3"]}, "group_kind": "patient"}
    if unknown.strip():
        with pytest.warns(UserWarning, match=f"groups that may be missing values .1.: '{unknown}'"):
            read_image_folder(classes, class_names=("no", "yes"), **how)
    else:
        assert "nothing for no/a.png" in complaint(classes, **how)


def test_a_series_in_another_order_is_aligned(classes):
    group = lambda table: table["file"].str[-5].sort_values(ascending=False)  # noqa: E731
    data = read(classes, columns={"group": group}, group_kind="patient")
    assert data.groups.tolist() == list("abcd")


def test_unknown_patients_of_class_folders_have_a_way_out(classes):
    message = complaint(classes, columns={"group": "patient"}, group_kind="patient")
    assert "no column patient" in message
    assert "group_kind='near-duplicate' if nothing tells who" in message
    read(classes, group_kind="near-duplicate")


def test_class_folders_may_differ_in_case_from_part_to_part(tmp_path):
    for letter, part, label in zip(
        "abcd", ("train", "test") * 2, ("no", "No", "yes", "YES"), strict=True
    ):
        save(tmp_path / part / label / f"{letter}.png", gray(letter))
    assert read(tmp_path).labels.tolist() == [0, 1, 0, 1]


def test_files_that_are_no_pictures_are_noted(classes):
    (classes / "yes" / "c.npy").write_bytes(b"\x93NUMPY")
    with pytest.warns(
        UserWarning, match="left out, as no pictures in a folder of a class: 1 in yes"
    ):
        is_right(read_image_folder(classes, class_names=("no", "yes"), group_kind="image"))


def test_a_class_without_a_folder_is_named(classes):
    assert "named maybe; other files: none." in complaint(
        classes, class_names=("no", "maybe", "yes")
    )


def test_pictures_beside_the_folders_of_splits_are_named(classes):
    save(classes / "train" / "yes" / "x.png", gray("x"))
    message = complaint(classes)
    assert (
        "no value in column split (4): folder no; folder yes. Folders named like parts" in message
    )
    assert len(read(classes, columns={"split": None})) == 5
    (classes / "train" / "yes" / "x.png").rename(classes / "yes" / "x.png")
    (classes / "yes" / "test").mkdir()
    (classes / "yes" / "x.png").rename(classes / "yes" / "test" / "x.png")
    assert "columns={'split': None} ignores them" in complaint(classes)


def test_look_alikes_in_two_splits_can_be_divided_anew(tmp_path):
    for part in ("train", "test"):
        for letter, label in LABELS.items():
            brighter = gray(letter) + np.uint8(3 * (part == "test"))
            save(tmp_path / part / label / f"{letter}.png", brighter)
    message = complaint(tmp_path, group_kind="near-duplicate")
    assert "a near-duplicate in two splits (4)" in message
    assert "columns={'split': None}" in message
    data = read(tmp_path, group_kind="near-duplicate", columns={"split": None})
    parts = datasets.split_by_group(data, {"train": 0.5, "test": 0.5}, seed=0)
    assert not set(parts["train"].groups) & set(parts["test"].groups)


def test_the_yes_no_folder_as_it_comes(tmp_path):
    """Gray beside RGB, a tint as JPEG leaves it, a duplicate, a turned photograph, other sizes."""
    smooth = np.linspace(10, 230, 40 * 40).reshape(40, 40).astype(np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6
    save(tmp_path / "no" / "1 no.jpeg", np.rot90(smooth), exif=exif, quality=95)
    save(tmp_path / "no" / "2 no.JPG", np.repeat(smooth.T[..., None], 3, 2), quality=95)
    tinted = np.stack([smooth + 6, smooth, smooth - 5], axis=-1)
    save(tmp_path / "yes" / "Y1.jpg", tinted, quality=90)
    save(tmp_path / "yes" / "Y2.png", np.tile(smooth[::-1], (1, 2)))
    save(tmp_path / "yes" / "Y2 (copy).png", np.tile(smooth[::-1], (1, 2)))
    (tmp_path / "yes" / ".DS_Store").write_bytes(b"Bud1")
    with pytest.warns(UserWarning, match="equal pixels") as caught:
        data = read_image_folder(
            tmp_path, class_names=("no", "yes"), group_kind="near-duplicate", size=20, fit="crop"
        )
    said = str(caught[0].message)
    assert "pictures of little color, read as gray (1): yes/Y1.jpg" in said
    assert "equal pixels under two names (1): yes/Y2 (copy).png and yes/Y2.png" in said
    assert data.images.shape == (5, 20, 20, 1)
    assert data.labels.tolist() == [0, 0, 1, 1, 1]
    small = smooth.reshape(20, 2, 20, 2).mean(axis=(1, 3))
    for k in (0, 2):
        assert np.abs(data.images[k, ..., 0] - small).max() < 8
    assert np.abs(data.images[1, ..., 0] - small.T).max() < 8
    assert data.groups[0] == data.groups[2]
    assert data.groups[3] == data.groups[4]


# Color.


def test_gray_and_color_in_one_folder_can_be_read(classes):
    vivid = np.stack([gray("c"), gray("x"), gray("y")], axis=-1)
    save(classes / "yes" / "c.png", vivid)
    message = complaint(classes)
    assert "color image in a gray set (1): yes/c.png" in message
    assert "mode='rgb', for which gray pictures are repeated" in message
    with pytest.warns(UserWarning, match="gray pictures, repeated .3.: no/a.png"):
        data = read_image_folder(classes, class_names=("no", "yes"), group_kind="image", mode="rgb")
    np.testing.assert_array_equal(data.images[2], vivid)
    np.testing.assert_array_equal(data.images[0], np.repeat(gray("a")[..., None], 3, axis=2))


def test_a_colored_mark_on_a_gray_picture_is_color(classes):
    marked = np.repeat(gray("c")[..., None], 3, axis=2)
    marked[0, 0] = (255, 0, 0)
    save(classes / "yes" / "c.png", marked)
    assert "channels differ by 255" in complaint(classes)


@pytest.mark.parametrize("distance", [1, 20])
def test_a_tint_becomes_the_luminance(classes, distance):
    tinted = np.repeat(gray("c")[..., None], 3, axis=2)
    tinted[..., 0] += distance
    save(classes / "yes" / "c.png", tinted)
    with pytest.warns(UserWarning, match="little color"):
        data = read_image_folder(classes, class_names=("no", "yes"), group_kind="image")
    # ITU-R 601: 0.299 of red.
    assert np.abs(data.images[2, ..., 0] - gray("c") - 0.299 * distance).max() <= 1


def test_a_palette_is_only_a_way_to_store_a_picture(classes):
    Image.fromarray(gray("a")).convert("P").save(classes / "no" / "a.png")
    Image.fromarray(gray("b")).save(classes / "no" / "b.gif")
    (classes / "no" / "b.png").unlink()
    is_right(read(classes))


# Damage.


def test_a_png_whose_second_half_is_lost_is_refused(classes):
    path = classes / "yes" / "c.png"
    whole = save(path, gray("c", (256, 256))).read_bytes()
    half = len(whole) // 2
    path.write_bytes(whole[:half] + b"\0" * (len(whole) - half))
    message = complaint(classes)
    assert "not a readable image (1): yes/c.png" in message
    assert "or leave it out" in message
    path.unlink()
    is_right(read(classes), "abd")


# DICOM and more than 8 bits.


def test_dicom_files_are_pictures_in_their_unit(tmp_path):
    source = get_testdata_file("CT_small.dcm", download=False)
    for name in ("no/a.dcm", "yes/IM0001"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(Path(source).read_bytes())
    other = tmp_path / "yes/IM0001"
    expected = imaging.read_dicom(source).pixels
    dataset = pydicom.dcmread(source)
    dataset.RescaleIntercept = -1000
    dataset.PhotometricInterpretation = "MONOCHROME1"
    dataset.save_as(other)
    message = complaint(tmp_path)
    assert "values -896 to 1167" in message
    assert "Pass intensity_window=(low, high)" in message
    data = read(tmp_path, intensity_window=(-160, 240))
    np.testing.assert_array_equal(data.images[0, ..., 0], expected)
    # Stored inverted: dark becomes bright within the window, -160 becomes 240.
    shift = -1000 - pydicom.dcmread(source).RescaleIntercept
    np.testing.assert_allclose(data.images[1, ..., 0], 80 - (expected + shift))


def test_a_dicom_file_of_several_frames_names_a_way_that_works(tmp_path):
    dataset = pydicom.dcmread(get_testdata_file("CT_small.dcm", download=False))
    stored = dataset.pixel_array
    dataset.NumberOfFrames = 4
    dataset.PixelData = np.stack([stored + k for k in range(4)]).astype("<i2").tobytes()
    dataset.save_as(tmp_path / "a.dcm")
    (tmp_path / "labels.csv").write_text("file,label\na.dcm,no\n")
    message = complaint(tmp_path, class_names=["no"])
    assert "several pictures in one file (1): a.dcm (line 2), 4 of them" in message
    remedy = re.search(r"need: (.*)\.save", message)[1]
    name = tmp_path / "a.dcm"
    frame = eval(remedy, {"Image": Image, "imaging": imaging, "name": name, "k": 3})
    frame.save(tmp_path / "frame.tif")
    (tmp_path / "labels.csv").write_text("file,label\nframe.tif,no\n")
    name.unlink()
    data = read(tmp_path, class_names=["no"], intensity_window=(0, 500))
    np.testing.assert_array_equal(data.images[0, ..., 0], stored + 3 - 1024.0)


def test_eight_bits_beside_sixteen_have_a_way_out(classes):
    deep = gray("c").astype(np.uint16) * 16
    save(classes / "yes" / "c.png", deep)
    assert "Pass intensity_window" in complaint(classes)
    message = complaint(classes, intensity_window=(0, 4096))
    assert "8 bits per pixel, where intensity_window asks for more (3)" in message
    assert "read these as a set of their own" in message
    for letter in "abd":
        save(classes / "eight" / LABELS[letter] / f"{letter}.png", gray(letter))
        (classes / LABELS[letter] / f"{letter}.png").unlink()
    is_right(read(classes, images="eight"), "abd")
    data = read(
        classes,
        images="yes",
        class_names=["yes"],
        table=pd.DataFrame({"file": ["c"], "label": "yes"}),
        intensity_window=(0, 4096),
    )
    np.testing.assert_array_equal(data.images[0, ..., 0], deep)


def test_pixels_without_a_number_have_a_way_out(classes):
    holes = gray("c").astype(np.float32)
    holes[0, 0] = np.nan
    (classes / "yes" / "c.png").unlink()
    for letter in "abd":
        (classes / LABELS[letter] / f"{letter}.png").unlink()
        save(classes / LABELS[letter] / f"{letter}.tif", gray(letter).astype(np.float32))
    save(classes / "yes" / "c.tif", holes)
    message = complaint(classes, intensity_window=(0, 255))
    assert "NaN or infinite pixels (1): yes/c.tif" in message
    assert "save it with a number there, such as the lowest" in message
    save(classes / "yes" / "c.tif", np.nan_to_num(holes, nan=0.0))
    assert read(classes, intensity_window=(0, 255)).images[2, 0, 0, 0] == 0


def test_region_numbers_are_no_gray_values(classes):
    numbers = np.array([0, 312782546, 312782550, 312782554], np.int32)
    regions = np.repeat(numbers, 64).reshape(16, 16)
    save(classes / "yes" / "c.tif", regions)
    (classes / "yes" / "c.png").unlink()
    assert "values beyond 24 bits (1): yes/c.tif" in complaint(classes)
    (classes / "no" / "b.png").unlink()
    (classes / "m").mkdir()
    (classes / "yes" / "c.tif").rename(classes / "m" / "a.tif")
    data = read(
        classes, table=pd.DataFrame({"file": ["a"], "label": ["no"]}), class_names=["no"],
        images="no", masks="m", columns={"mask": lambda table: table["file"] + ".tif"},
        mask_labels={"one": 312782546, "others": (312782550, 312782554)},
    )  # fmt: skip
    np.testing.assert_array_equal(data.mask("one")[0], regions == 312782546)
    np.testing.assert_array_equal(data.mask("others")[0], regions > 312782546)


# Tables.


TABLE = "file,label,patient,age\na.png,no,P1,50\nb.png,no,P1,5.5\nc.png,yes,P2,\nd.png,yes,P3,70\n"
PATIENTS = {"columns": {"group": "patient"}, "group_kind": "patient"}


def is_whole(data):
    is_right(data)
    assert data.groups.tolist() == ["P1", "P1", "P2", "P3"]
    np.testing.assert_array_equal(data.attributes["age"], [50, 5.5, np.nan, 70])
    assert set(data.attributes) == {"file", "label", "age"}


def numbered(starts):
    lines = zip(starts, TABLE.splitlines(keepends=True), strict=True)
    return "".join(f"{start}{line}" for start, line in lines).encode()


TABLES = {
    "commas": TABLE.encode(),
    "semicolons": TABLE.replace(",", ";").encode(),
    "tabs": TABLE.replace(",", "\t").encode(),
    "byte order mark": b"\xef\xbb\xbf" + TABLE.encode(),
    "UTF-16, tabs": TABLE.replace(",", "\t").encode("utf-16"),
    "sep=": b"sep=;\r\n" + TABLE.replace(",", ";").replace("\n", "\r\n").encode(),
    "index": numbered((",", "0,", "1,", "2,", "3,")),
    "R": numbered(("", "1,", "2,", "3,", "4,")),
    "names without ending": TABLE.replace(".png", "").encode(),
    "other case of the ending": TABLE.replace(".png", ".PNG").encode(),
    "empty columns at the end": TABLE.replace("\n", ",,\n").encode(),
    "empty lines": (TABLE + ",,,\n\n").encode(),
}


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_read_as_spreadsheets_write_them(listed, name):
    (listed / "labels.csv").write_bytes(TABLES[name])
    is_whole(read(listed, **PATIENTS))


def test_windows_letters_are_read_with_a_note(listed):
    (listed / "labels.csv").write_bytes(TABLE.replace("P2", "Müller").encode("cp1252"))
    with pytest.warns(UserWarning, match=r"labels.csv was read as Windows text .cp1252"):
        data = read_image_folder(listed, class_names=("no", "yes"), **PATIENTS)
    assert data.groups.tolist() == ["P1", "P1", "Müller", "P3"]


@pytest.mark.parametrize("how", ["plain", "index of files", "index of rows", "numbers with gaps"])
def test_a_data_frame_may_be_the_table(listed, how):
    (listed / "labels.csv").write_text(TABLE)
    table = pd.read_csv(listed / "labels.csv")
    if how == "index of files":
        table = table.set_index("file")
    if how == "index of rows":
        table = table.sample(frac=1, random_state=0).sort_values("file")
    if how == "numbers with gaps":
        table["patient"] = [1, 1, 2, 3]
        table = pd.concat([table, pd.DataFrame({"file": ["e.png"]})])
        save(listed / "e.png", gray("e"))
        message = complaint(listed, table=table, **PATIENTS)
        assert "no value in column patient (1): row 4. Fill it in" in message
        (listed / "e.png").unlink()
        table = table.iloc[:4]
        assert read(listed, table=table, **PATIENTS).groups.tolist() == ["1", "1", "2", "3"]
        table["patient"] = "P" + table["patient"].astype(int).astype(str)
    is_whole(read(listed, table=table, **PATIENTS))


def test_data_frames_with_odd_names_are_read_or_refused_in_words(listed):
    table = pd.DataFrame({"file": [f"{letter}.png" for letter in LABELS], "label": LABELS.values()})
    is_right(read(listed, table=table.set_index("file", drop=False)))
    numbers = table.set_axis([0, 1], axis=1)
    assert "no column file, label; it has 0, 1. Rename" in complaint(listed, table=numbers)
    columns = {"image": 0, "label": 1}
    message = complaint(listed, table=numbers, columns=columns)
    assert "columns['image']: received 0; allowed: the name of a column" in message
    is_right(read(listed, table=numbers, columns={role: str(k) for role, k in columns.items()}))


def test_a_table_of_another_name_is_offered(listed):
    (listed / "metadata.csv").write_text(TABLE)
    assert "or a table: table='name.csv'" in complaint(listed, **PATIENTS)
    is_whole(read(listed, table="metadata.csv", **PATIENTS))
    assert "name it: table='name.csv'" in complaint(listed, table="labels.csv", **PATIENTS)


def test_a_name_that_two_files_have_needs_its_ending(listed):
    (listed / "labels.csv").write_text(TABLE.replace(".png", ""))
    save(listed / "a.tif", gray("a"))
    message = complaint(listed, **PATIENTS)
    assert (
        "name that several files have (1): a (line 2): a.png, a.tif. Write folder and ending"
        in message
    )


def test_names_without_folder_and_ending_are_found_below(listed):
    for letter in "abcd":
        part = listed / f"part_{'ab'.find(letter) < 0}"
        part.mkdir(exist_ok=True)
        (listed / f"{letter}.png").rename(part / f"{letter}.png")
    (listed / "labels.csv").write_text(TABLE.replace(".png", ""))
    is_whole(read(listed, **PATIENTS))


@pytest.mark.parametrize(
    "cells",
    [
        ("123456789012345678901234", "123456789012345678901235"), ("1234567890123456789", ""),
        ("007", "010"), ("12e3", "45e1"), ("1_000", "2_000"), ("+49", "+50"),
        ("1.10", "1.9"), ("0.12345678901234567891", "1"),
        ("1,234", "5"), ("11,12", "2,5"), ("nan", "1"), ("inf", "1"), ("5", "1.50"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("separator", [";", "\t"])
def test_codes_stay_text(listed, cells, separator):
    rows = [(f"{letter}.png", LABELS[letter], cells[k % 2]) for k, letter in enumerate("abcd")]
    lines = [separator.join(row) for row in [("file", "label", "code"), *rows]]
    (listed / "labels.csv").write_text("\n".join(lines))
    expected = [cell or "unknown" for cell in cells]
    assert read(listed).attributes["code"].tolist() == expected * 2


def test_numbers_become_numbers(listed):
    cells = dict(zip("abcd", ("-1.5", "0", "", "12345"), strict=True))
    rows = [f"{letter}.png,{LABELS[letter]},{cell}" for letter, cell in cells.items()]
    (listed / "labels.csv").write_text("\n".join(["file,label,value", *rows]))
    np.testing.assert_array_equal(read(listed).attributes["value"], [-1.5, 0, np.nan, 12345])
    table = (listed / "labels.csv").read_text()
    (listed / "labels.csv").write_text(table.replace("12345", "2.0").replace(",0", ",0.0"))
    np.testing.assert_array_equal(read(listed).attributes["value"], [-1.5, 0, np.nan, 2])


def test_unknown_patients_are_never_merged_in_silence(listed):
    (listed / "labels.csv").write_text(TABLE.replace("P2", "nan").replace("P3", "nan"))
    with pytest.warns(UserWarning, match=r"groups that may be missing values \(1\): 'nan'"):
        read_image_folder(listed, class_names=("no", "yes"), **PATIENTS)
    (listed / "labels.csv").write_text(TABLE.replace("P2", "").replace("P3", ""))
    assert "no value in column patient (2): line 4; line 5" in complaint(listed, **PATIENTS)
    table = pd.read_csv(listed / "labels.csv")
    assert "no value in column patient (2): row 2; row 3" in complaint(
        listed, table=table, **PATIENTS
    )
