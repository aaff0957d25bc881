"""Pictures with a table become a data set, or one error that lists all that does not fit."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from course_utils.own_data import read_image_folder

TABLE = """file,label,patient,split,age
a.png,benign,P1,train,50
b.png,benign,P1,train,
c.png,malignant,P2,test,61
d.png,malignant,P3,validation,70
"""
COLUMNS = {"group": "patient", "split": "split"}
OPTIONS = {
    "class_names": ("benign", "malignant"),
    "columns": COLUMNS,
    "group_kind": "patient",
}


def gray(shape=(30, 40), seed=0, dtype=np.uint8, high=256):
    return np.random.default_rng(seed).integers(0, high, shape).astype(dtype)


def save(path, pixels, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)


@pytest.fixture
def folder(tmp_path):
    """Return a folder that fits: four gray pictures, three patients, masks in masks/."""
    for seed, letter in enumerate("abcd"):
        save(tmp_path / f"{letter}.png", gray(seed=seed))
        save(tmp_path / "masks" / f"{letter}.png", (gray(seed=seed) > 200).astype(np.uint8) * 255)
    (tmp_path / "labels.csv").write_text(TABLE)
    return tmp_path


def read(folder, **changes):
    # The masks lie below the folder of the pictures, so they count as unlisted without masks=.
    return read_image_folder(folder, **({"masks": "masks"} | OPTIONS | changes))


def complaint(folder, **changes):
    """Return the error's message."""
    with pytest.raises(ValueError, match=r"\w") as caught:
        read(folder, **changes)
    return str(caught.value)


def change(folder, old, new):
    (folder / "labels.csv").write_text(TABLE.replace(old, new))


# What fits.


def test_pixels_labels_patients_splits_and_masks_come_through(folder):
    data = read(folder, mask_labels="cancer", pixel_spacing_mm=(0.2, 0.1))
    np.testing.assert_array_equal(data.images[2, ..., 0], gray(seed=2))
    assert data.images.dtype == np.uint8
    assert data.labels.tolist() == [0, 0, 1, 1]
    assert data.groups.tolist() == ["P1", "P1", "P2", "P3"]
    assert data.splits.tolist() == ["train", "train", "test", "validation"]
    np.testing.assert_array_equal(data.mask("cancer")[3], gray(seed=3) > 200)
    assert data.pixel_spacing_mm.tolist() == [[0.2, 0.1]] * 4
    assert data.attributes["file"].tolist() == ["a.png", "b.png", "c.png", "d.png"]
    np.testing.assert_array_equal(data.attributes["age"], [50, np.nan, 61, 70])
    assert (data.origin, data.group_kind) == ("real", "patient")


def test_values_of_the_label_column_may_be_named_and_merged(folder):
    change(folder, "benign,P1,train,50", "normal,P1,train,50")
    names = {"normal": "other", "benign": "other", "malignant": "cancer"}
    data = read(folder, class_names=names)
    assert data.class_names == ("other", "cancer")
    assert data.labels.tolist() == [0, 0, 1, 1]
    assert data.attributes["label"].tolist()[:2] == ["normal", "benign"]


def test_patient_numbers_keep_their_leading_zeros_and_na_is_text(folder):
    table = TABLE.replace("P1", "007").replace("P2", "NA").replace("P3", "7")
    (folder / "labels.csv").write_text(table)
    with pytest.warns(UserWarning, match="groups that may be one \\(1\\): '007' and '7'"):
        assert read(folder).groups.tolist() == ["007", "007", "NA", "7"]


@pytest.mark.parametrize(
    ("one", "other"), [("P1", "P01"), ("7", "7.0"), ("P-1", "p 1"), ("P2-07", "P02-7"), ("1", "１")]
)
def test_names_that_may_be_one_patient_are_noted(folder, one, other):
    (folder / "labels.csv").write_text(
        TABLE.replace("P1", "X").replace("P2", one).replace("P3", other), encoding="utf-8"
    )
    with pytest.warns(UserWarning, match=r"groups that may be one \(1\)"):
        read(folder)


@pytest.mark.parametrize(("one", "other"), [("10", "1"), ("P100", "P1"), ("1.10", "1.1")])
def test_zeros_within_a_number_tell_patients_apart(folder, one, other):
    table = TABLE.replace("P1", "X").replace("P2", one).replace("P3", other)
    (folder / "labels.csv").write_text(table)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read(folder)


# ü as one character, and as u with two dots.
COMPOSED, DECOMPOSED = "M\u00fcller", "Mu\u0308ller"


def test_one_name_in_two_spellings_is_one_patient(folder):
    table = TABLE.replace("P2", COMPOSED).replace("P3", DECOMPOSED)
    (folder / "labels.csv").write_text(table, encoding="utf-8")
    message = complaint(folder)
    assert f"a patient in two splits (1): {COMPOSED} in test and validation" in message


@pytest.mark.parametrize("on_disk", [COMPOSED, DECOMPOSED])
@pytest.mark.parametrize("in_table", [COMPOSED, DECOMPOSED])
def test_files_are_found_in_either_spelling(folder, on_disk, in_table):
    save(folder / on_disk / f"{on_disk}.png", gray(seed=9))
    save(folder / "masks" / on_disk / f"{on_disk}.png", (gray() > 200).astype(np.uint8))
    (folder / "a.png").unlink()
    table = TABLE.replace("a.png", f"{in_table}/{in_table}.png")
    (folder / "labels.csv").write_text(table, encoding="utf-8")
    np.testing.assert_array_equal(read(folder).images[0, ..., 0], gray(seed=9))


def test_a_table_from_a_spreadsheet_with_a_mark_and_windows_paths_is_read(folder):
    (folder / "labels.csv").write_bytes(
        b"\xef\xbb\xbf" + TABLE.replace("a.png", ".\\a.png").replace("\n", "\r\n").encode()
    )
    assert len(read(folder)) == 4


def test_jpeg_pictures_take_png_masks_of_the_same_name(folder):
    save(folder / "a.jpg", gray(), quality=95)
    (folder / "a.png").unlink()
    change(folder, "a.png", "a.jpg")
    np.testing.assert_array_equal(read(folder).mask("lesion")[0], gray() > 200)


@pytest.mark.parametrize("name", ["sub/a.tif", "sub\\a.tif"])
def test_masks_of_pictures_in_subfolders_are_found_by_either_slash(folder, name):
    save(folder / "sub" / "a.tif", gray())
    save(folder / "masks" / "sub" / "a.tif", (gray() > 200).astype(np.uint8))
    (folder / "a.png").unlink()
    change(folder, "a.png", name)
    np.testing.assert_array_equal(read(folder).mask("lesion")[0], gray() > 200)


@pytest.mark.parametrize("masks", [".", "masks", "images"])
def test_unlisted_pictures_are_named_wherever_the_masks_lie(folder, masks):
    for letter in "abcd":
        (folder / "images").mkdir(exist_ok=True)
        (folder / f"{letter}.png").rename(folder / "images" / f"{letter}.png")
        if masks == "images":
            (folder / f"masks/{letter}.png").rename(folder / f"images/{letter}_mask.png")
    prefix = {".": "masks/", "masks": "", "images": ""}[masks]
    suffix = "_mask" if masks == "images" else ""
    lines = TABLE.splitlines()
    rows = [f"{line},{prefix}{line[0]}{suffix}.png" for line in lines[1:]]
    (folder / "labels.csv").write_text("\n".join([f"{lines[0]},mask", *rows]))
    options = {"images": "images", "masks": masks, "columns": {**COLUMNS, "mask": "mask"}}
    assert len(read(folder, **options)) == 4
    save(folder / "images" / "more" / "z.png", gray(seed=9))
    message = complaint(folder, **options)
    assert "1 problem" in message
    assert "picture that the table does not list (1): more/z.png" in message


def test_masks_may_be_named_by_a_column(folder):
    (folder / "labels.csv").write_text(
        "file,label,mask\na.png,benign,b.png\nb.png,malignant,a.png\n"
    )
    (folder / "c.png").unlink()
    (folder / "d.png").unlink()
    data = read(folder, columns={"mask": "mask"}, group_kind="image")
    np.testing.assert_array_equal(data.mask("lesion")[0], gray(seed=1) > 200)


def test_color_is_read_in_the_order_red_green_blue(tmp_path):
    (tmp_path / "labels.csv").write_text("file,label\na.png,x\n")
    save(tmp_path / "a.png", np.full((5, 5, 3), (200, 100, 0), np.uint8))
    with pytest.warns(UserWarning, match="pixels are all equal: 1"):
        data = read_image_folder(
            tmp_path, columns={}, class_names=["x"], group_kind="image", mode="rgb"
        )
    assert data.images[0, 0, 0].tolist() == [200, 100, 0]
    assert data.channel_names == ("red", "green", "blue")


@pytest.mark.parametrize("mode", ["LA", "RGB", "RGBA"])
def test_gray_stored_as_opaque_or_threefold_is_still_gray(folder, mode):
    Image.open(folder / "a.png").convert(mode).save(folder / "a.png")
    np.testing.assert_array_equal(read(folder).images[0, ..., 0], gray())


def test_a_picture_is_turned_as_viewers_show_it(folder):
    exif = Image.Exif()
    exif[0x0112] = 6  # shown after a quarter turn clockwise
    save(folder / "a.png", gray((40, 30)), exif=exif)
    np.testing.assert_array_equal(read(folder).images[0, ..., 0], np.rot90(gray((40, 30)), k=-1))


# Groups.


def test_patients_are_never_invented(folder):
    assert "group_kind='near-duplicate'" in complaint(folder, columns={"split": "split"})
    with pytest.raises(TypeError, match="group_kind"):
        read_image_folder(folder, columns={}, class_names=("benign", "malignant"))


def test_unknown_patients_leave_images_or_near_duplicates(folder):
    assert (
        len(set(read(folder, columns={"split": "split"}, group_kind="image").groups.tolist())) == 4
    )
    brighter = np.clip(gray().astype(int) + 1, 0, 255).astype(np.uint8)
    save(folder / "b.png", brighter)
    data = read(folder, columns={"split": "split"}, group_kind="near-duplicate")
    assert data.groups.tolist() == [0, 0, 1, 2]
    save(folder / "c.png", brighter[:, :] // 2)
    message = complaint(folder, columns={"split": "split"}, group_kind="near-duplicate")
    assert "a near-duplicate in two splits (1): a.png in test and train" in message


def test_a_function_makes_groups_from_the_table(folder):
    data = read(
        folder,
        columns={**COLUMNS, "group": lambda table: table["split"].str[:2]},
        group_kind="near-duplicate",
    )
    assert data.groups.tolist() == ["tr", "tr", "te", "va"]
    assert "one value for each of the 4 rows" in complaint(
        folder, columns={"group": lambda table: [1]}
    )


# Sizes and bits.


def test_sizes_are_brought_to_one_with_the_mask_and_the_spacing(folder):
    save(folder / "a.png", gray((60, 80)))
    square = np.zeros((60, 80), np.uint8)
    square[20:40, 40:60] = 1
    save(folder / "masks" / "a.png", square)
    data = read(folder, size=(30, 40), pixel_spacing_mm=(1, 1))
    assert data.images.shape == (4, 30, 40, 1)
    np.testing.assert_array_equal(data.mask("lesion")[0], square[::2, ::2] == 1)
    assert data.pixel_spacing_mm.tolist() == [[2, 2], [1, 1], [1, 1], [1, 1]]


@pytest.mark.parametrize(
    ("fit", "spacing", "left"),
    # A disk-free ramp: pixel value = column. 30 x 40 to 15 x 15.
    [("crop", [2, 2], 5.5), ("stretch", [2, 40 / 15], 0.8)],
)
def test_crop_and_stretch_differ_as_they_say(folder, fit, spacing, left):
    ramp = np.tile(np.arange(40, dtype=np.uint8), (30, 1))
    save(folder / "a.png", ramp)
    data = read(folder, size=15, fit=fit, pixel_spacing_mm=(1, 1))
    np.testing.assert_allclose(data.pixel_spacing_mm[0], spacing)
    assert abs(data.images[0, 7, 0, 0] - left) <= 1


def test_a_mask_that_resizing_empties_is_named(folder):
    dots, half = np.zeros((2, 30, 40), np.uint8)
    dots[10:13, 10:13] = half[:, :20] = 1
    for letter in "abd":
        save(folder / "masks" / f"{letter}.png", half)
    save(folder / "masks" / "c.png", dots)
    message = complaint(folder, size=(3, 4))
    assert (
        "nothing is left after resizing (1): masks/c.png (line 4), 9 pixels before. Pass a"
        in message
    )
    # Cut out by the fit, not too small.
    dots = np.roll(dots, (-10, -10), axis=(0, 1))
    save(folder / "masks" / "c.png", dots)
    assert "c.png (line 4), 9 pixels" in complaint(folder, size=29, fit="crop")
    assert read(folder, size=(30, 40)).mask("lesion")[2].sum() == 9


def test_padding_is_zero_and_keeps_proportions(folder):
    data = read(folder, size=20, fit="pad", pixel_spacing_mm=(1, 1))
    assert data.images[:, [0, 1, 18, 19]].max() == 0
    assert (data.images[:, 3:17] > 0).any(axis=(1, 2, 3)).all()
    np.testing.assert_allclose(data.pixel_spacing_mm[0], [2, 2])


def test_padding_of_deep_pictures_is_the_low_end_of_the_window(folder):
    for seed, letter in enumerate("abcd"):
        deep = gray(seed=seed, dtype=np.uint16, high=4000) + np.uint16(1000)
        save(folder / f"{letter}.png", deep)
    data = read(folder, size=20, fit="pad", intensity_window=(500, 6000))
    assert set(data.images[:, [0, 1, 18, 19]].ravel()) == {500}
    assert data.images[:, 3:17].min() >= 1000


def test_sixteen_bits_become_float_with_their_values_and_window(folder):
    for seed, letter in enumerate("abcd"):
        save(folder / f"{letter}.png", gray(seed=seed, dtype=np.uint16, high=4000))
    data = read(folder, intensity_window=(0, 2000))
    assert data.images.dtype == np.float32
    np.testing.assert_array_equal(data.images[1, ..., 0], gray(seed=1, dtype=np.uint16, high=4000))
    expected = np.clip(gray(high=4000, dtype=np.uint16) / 2000, 0, 1)
    np.testing.assert_allclose(data.as_float([0])[0, ..., 0], expected, atol=1e-6)


def test_a_window_that_the_pixels_miss_is_warned_of(folder):
    for seed, letter in enumerate("abcd"):
        save(folder / f"{letter}.png", gray(seed=seed, dtype=np.uint16, high=4000))
    with pytest.warns(UserWarning, match="outside the intensity window"):
        data = read(folder, intensity_window=(50000, 60000))
    assert "outside the intensity window" in data.meta["notes"][0]


# What does not fit: the change, and the words that name it.


def deep(folder):
    save(folder / "a.png", gray(dtype=np.uint16, high=4000))


def deep_color_tiff(folder):
    import tifffile

    tifffile.imwrite(folder / "a.tif", gray((30, 40, 3), dtype=np.uint16), photometric="rgb")
    change(folder, "a.png", "a.tif")
    (folder / "a.png").unlink()
    (folder / "masks" / "a.png").rename(folder / "masks" / "a.tif")


def deep_color_png(folder):
    import struct
    import zlib

    # Pillow cannot write such a file, so its three chunks are written by hand.
    rows = [b"\0" + row.tobytes() for row in gray((30, 40, 3), dtype=">u2")]
    header = struct.pack(">IIBBBBB", 40, 30, 16, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b"")]
    coded = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    ]
    (folder / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(coded))


def white_is_zero(folder):
    import tifffile

    tifffile.imwrite(folder / "a.png", gray(dtype=np.uint16), photometric="miniswhite")


def signed(folder):
    import tifffile

    tifffile.imwrite(folder / "a.png", gray(high=128).astype(np.int8) - 64)


def pixels(array, mode=None, **options):
    def apply(folder):
        image = Image.fromarray(array)
        (image if mode is None else image.convert(mode)).save(folder / "a.png", **options)
        save(folder / "masks" / "a.png", np.zeros(array.shape[:2], np.uint8))

    return apply


def mask(array, mode=None):
    def apply(folder):
        image = Image.fromarray(array)
        (image if mode is None else image.convert(mode)).save(folder / "masks" / "a.png")

    return apply


def content(name, data):
    return lambda folder: (folder / name).write_bytes(data)


def cut(folder):
    whole = (folder / "a.png").read_bytes()
    (folder / "a.png").write_bytes(whole[: len(whole) // 2])


def pages(folder):
    frames = [Image.fromarray(gray(seed=k)) for k in range(2)]
    frames[0].save(folder / "a.png", format="TIFF", save_all=True, append_images=frames[1:])


def transparent_color(folder):
    info = PngImagePlugin.PngInfo()
    Image.fromarray(gray()).save(folder / "a.png", transparency=int(gray()[0, 0]), pnginfo=info)


def twin(name):
    return lambda folder: save(folder / name, gray())


def table(old, new):
    return lambda folder: change(folder, old, new)


COLOR = gray((30, 40, 3))
TRANSPARENT = np.dstack([COLOR[..., :1].repeat(3, -1), np.full((30, 40), 200, np.uint8)])
COMPLAINTS = {
    "missing file": (table("a.png", "x.png"), "listed, but not in", "x.png (line 2)"),
    "unlisted file": (
        lambda f: save(f / "more" / "e.PNG", gray(seed=9)),
        "that the table does not list (1): more",
        "move it away",
    ),
    "listed twice": (table("b.png", "./a.png"), "file listed twice (1): ./a.png (line 3)", ""),
    "equal pixels, labels": (twin("d.png"), "equal pixels under two names", "another label"),
    "equal pixels, splits": (twin("d.png"), "and another split", "a.png and d.png"),
    "mixed sizes": (
        pixels(gray((31, 40))), "images of different sizes", "31 x 40 px: 1, such as a.png; 30",
    ),
    "16 bits": (deep, "more than 8 bits per pixel (1): a.png (line 2), values 1 to 3998", ""),
    "16-bit color TIFF": (deep_color_tiff, "16-bit color image (1): a.tif", "8 bits per channel"),
    "16-bit color PNG": (deep_color_png, "16-bit color image (1): a.png", "8 bits per channel"),
    "inverted TIFF": (white_is_zero, "TIFF in which 0 is white", ""),
    "signed bytes": (signed, "signed 8-bit TIFF (1): a.png", "wrap around"),
    "float": (
        pixels(np.full((30, 40), np.nan, np.float32), format="TIFF"), "NaN or infinite", "",
    ),
    "RGBA": (pixels(TRANSPARENT), "transparent pixels (1): a.png", "background"),
    "one transparent gray level": (transparent_color, "transparent pixels (1): a.png", ""),
    "color in gray": (pixels(COLOR), "color image in a gray set (1): a.png", "mode='rgb'"),
    "one bit": (pixels(gray(), "1"), "color mode not read (1): a.png (line 2), mode 1", ""),
    "CMYK": (pixels(COLOR, "CMYK", format="JPEG"), "mode CMYK", "Save it as"),
    "no image": (content("a.png", b"text"), "not a readable image (1): a.png", "again"),
    "empty file": (content("a.png", b""), "not a readable image (1): a.png", ""),
    "truncated": (cut, "not a readable image (1): a.png", "Get it again"),
    "other format": (pixels(gray(), format="WEBP"), "format not read (1)", "WEBP"),
    "pages": (pages, "several pictures in one file (1): a.png (line 2), 2 of them", ""),
    "two splits": (
        table("b.png,benign,P1,train", "b.png,benign,P1,test"),
        "a patient in two splits (1): P1 in test and train",
        "the test is no test",
    ),
    "unknown split": (table("validation", "kept"), "'kept' in line 5", "train, validation, test"),
    "label outside": (
        table("c.png,malignant", "c.png,Malignant"), "'Malignant' in line 4", "benign, malignant",
    ),
    "no label": (table("c.png,malignant", "c.png,"), "no value in column label (1): line 4", ""),
    "no patient": (table("P2", " "), "no value in column patient (1): line 4", "Fill"),
    "path outside": (table("a.png", "../a.png"), "path outside the folder (1): ../a.png", ""),
    "absolute path": (table("a.png", "/etc/a.png"), "path outside the folder (1)", "Copy"),
    "drive": (table("a.png", "C:\\x\\a.png"), "path outside the folder (1)", "Copy"),
    "mask size": (mask(gray((5, 5)) // 255), "mask 5 x 5, image 30 x 40 px", "own pixels"),
    "missing mask": (
        lambda f: (f / "masks" / "a.png").unlink(), "listed, but not in masks (1): a.png", "",
    ),
    "no table": (lambda f: (f / "labels.csv").unlink(), "There is no file", "or a table"),
    "empty table": (content("labels.csv", b""), "not a readable CSV", "no line"),
    "only a header": (content("labels.csv", b"file,label\n"), "only a header", ""),
    "missing columns": (
        content("labels.csv", b"name,label\nx,y"), "no column file, patient, split",
        "it has name, label",
    ),
    "column twice": (content("labels.csv", b"file,file\nx,y"), "different, non-empty names", ""),
    "a comma too many": (table("P2,test", "P2,,test"), "line 4: not 5 cells", "double quotes"),
    "zero character": (table("c.png", "c\0.png"), "not a readable CSV", ""),
    "open quote": (table("c.png", '"c.png'), "not a readable CSV", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", COMPLAINTS)
def test_what_does_not_fit_is_named(folder, name):
    spoil, *words = COMPLAINTS[name]
    spoil(folder)
    message = complaint(folder)
    for part in words:
        assert part in message
    assert str(folder) in message


def test_a_lesion_with_two_labels_is_named(folder):
    change(folder, "b.png,benign", "b.png,malignant")
    message = complaint(folder, group_kind="lesion")
    assert "a lesion with two labels (1): P1 in benign and malignant" in message


def test_eight_bits_where_a_window_asks_for_more_are_named(folder):
    assert "8 bits per pixel, where" in complaint(folder, intensity_window=(0, 4000))


def test_other_proportions_need_a_word(folder):
    message = complaint(folder, size=20)
    assert "proportions that do not fit 20 x 20 px (4)" in message
    assert "fit='crop'" in message


def test_all_problems_of_all_kinds_come_in_one_error(folder):
    rows = [f"x{k}.png,benign,P{k},train,1" for k in range(50)]
    rows += ["a.png,odd,P1,train,1", "b.png,benign,P1,test,2"]
    (folder / "labels.csv").write_text("\n".join([TABLE.splitlines()[0], *rows]))
    save(folder / "b.png", COLOR)
    message = complaint(folder)
    for part in (
        "listed, but not in", "(50): x0.png (line 2); x1.png (line 3); x2.png (line 4); …",
        "label outside the list (1)", "color image in a gray set (1)", "P1 in test and train",
        "does not list (2): c.png; d.png", "problems, so no data set was made",
    ):  # fmt: skip
        assert part in message
    assert len(message.splitlines()) <= 12


def test_equal_pixels_of_one_patient_are_warned_of_and_noted(folder):
    save(folder / "b.png", gray())
    with pytest.warns(UserWarning, match="equal pixels under two names") as caught:
        data = read(folder)
    assert Path(caught[0].filename) == Path(__file__)
    assert "a.png and b.png" in data.meta["notes"][0]


def test_absent_classes_and_empty_masks_are_warned_of(folder):
    for letter in "abcd":
        save(folder / "masks" / f"{letter}.png", np.zeros((30, 40), np.uint8))
    with pytest.warns(UserWarning, match=r"(?s)no image of class cyst.*no mask marks"):
        read(folder, class_names=("benign", "cyst", "malignant"))


def test_patients_that_may_be_missing_values_are_noted(folder):
    change(folder, "P1", "nan")
    with pytest.warns(UserWarning, match=r"groups that may be missing values \(1\): 'nan'"):
        read(folder)


def test_a_folder_that_fits_gives_no_warning(folder):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read(folder)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"mode": "L"}, "gray, rgb"),
        ({"size": 0}, "height, width"),
        ({"size": True}, "height, width"),
        ({"images": ".."}, "a folder inside"),
        ({"masks": "nowhere"}, "a folder inside"),
        ({"size": 20, "fit": "zoom"}, "crop, pad, stretch"),
        ({"group_kind": "person"}, "patient, lesion"),
        ({"intensity_window": (5, 1)}, "low < high"),
        ({"pixel_spacing_mm": (0, 1)}, "finite mm above 0"),
        ({"masks": None, "columns": {"group": "patient", "mask": "age"}}, "masks='.'"),
        ({"columns": {"patient": "group"}}, "image, label, group"),
        ({"columns": "text"}, "columns: received 'text'; allowed: a dict"),
        ({"class_names": ()}, "class_names"),
        ({"columns": {"group": "nobody"}}, "no column nobody"),
    ],
)  # fmt: skip
def test_wrong_arguments_get_a_sentence(folder, changes, words):
    assert words in complaint(folder, **changes)


def test_a_missing_folder_gets_a_sentence(tmp_path):
    assert f"There is no folder {Path.cwd() / 'nowhere'}." in complaint("nowhere")
