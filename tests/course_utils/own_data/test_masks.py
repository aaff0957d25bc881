"""Masks as programs write them are read rightly, or the remedy of the message works."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from course_utils.own_data import read_image_folder

SHAPE = np.zeros((32, 32), np.uint8)
SHAPE[4:12, 6:20] = 1
TWO = SHAPE.copy()
TWO[20:24, 2:30] = 2


def save(path, image, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    image.save(path, **options)


def gray(letter="a"):
    return np.random.default_rng(ord(letter)).integers(0, 255, (32, 32)).astype(np.uint8)


@pytest.fixture
def folder(tmp_path):
    """Return a folder with two pictures; the mask of b is 0 and 255, that of a is missing."""
    (tmp_path / "labels.csv").write_text("file,label\na.png,x\nb.png,x\n")
    for letter in "ab":
        save(tmp_path / "i" / f"{letter}.png", gray(letter))
    save(tmp_path / "m" / "b.png", np.zeros_like(SHAPE))
    return tmp_path


def read(folder, **changes):
    options = {"class_names": ["x"], "group_kind": "image", "images": "i", "masks": "m"} | changes
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return read_image_folder(folder, **options)


def complaint(folder, **changes):
    with pytest.raises(ValueError, match=r"\w") as caught:
        read(folder, **changes)
    return str(caught.value)


def palette(pixels, colors):
    image = Image.fromarray(pixels)
    image.putpalette([*colors, *[0] * (768 - len(colors))])
    return image


def red(pixels, alpha=None):
    planes = [pixels * np.uint8(255), pixels * np.uint8(0), pixels * np.uint8(0)]
    return np.stack(planes if alpha is None else [*planes, alpha], axis=-1)


ONE = {
    "0 and 1": SHAPE,
    "0 and 255": SHAPE * np.uint8(255),
    "0 and 7": SHAPE * np.uint8(7),
    "palette of labels": palette(SHAPE, [0, 0, 0, 128, 0, 0]),
    "16 bits": SHAPE.astype(np.uint16) * np.uint16(65535),
    "one bit": Image.fromarray(SHAPE.astype(bool)),
    "gray in three channels": np.repeat(SHAPE[..., None] * np.uint8(255), 3, axis=2),
    "red on black": red(SHAPE),
    "opaque": np.dstack([SHAPE * np.uint8(255)] * 3 + [np.full_like(SHAPE, 255)]),
    "white before black": Image.fromarray(SHAPE * np.uint8(255)).convert("RGB").quantize(2),
    "black before white": palette(SHAPE, [0, 0, 0, 255, 255, 255]),
    "gray and alpha": np.dstack([SHAPE * np.uint8(255), np.full_like(SHAPE, 255)]),
}


@pytest.mark.parametrize("name", ONE)
def test_masks_of_one_label_are_read_as_programs_write_them(folder, name):
    save(folder / "m" / "a.png", ONE[name])
    data = read(folder)
    np.testing.assert_array_equal(data.mask("lesion")[0], SHAPE == 1)
    assert not data.mask("lesion")[1].any()


SOFT = SHAPE * np.uint8(255)
SOFT[3, 6:20] = 90
REFUSED = {
    "colors, 0 not black": (palette(SHAPE, [0, 0, 200, 200, 0, 0]), "0 is not black"),
    "black on nothing": (red(0 * SHAPE, SHAPE * np.uint8(255)), "without transparency"),
    "soft alpha": (red(np.ones_like(SHAPE), SOFT), "Save it on black, without transparency"),
    "gray and soft alpha": (np.dstack([SOFT, SOFT]), "without transparency"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_masks_in_which_nothing_is_not_black_are_refused(folder, name):
    pixels, words = REFUSED[name]
    save(folder / "m" / "a.png", pixels)
    assert words in complaint(folder)


@pytest.mark.parametrize("mask_labels", [{"core": 1, "edema": 2}, "lesion"])
@pytest.mark.parametrize("apart", [False, True])
def test_masks_of_colors_become_numbers_by_the_advice(folder, mask_labels, apart):
    colors = np.array([[0, 0, 0], [255, 0, 0], [0, 0, 255]], np.uint8)
    files = {"a": TWO * (TWO < 2), "b": TWO * (TWO > 1)} if apart else {"a": TWO, "b": TWO}
    for letter, numbers in files.items():
        save(folder / "m" / f"{letter}.png", colors[numbers])
    message = complaint(folder, mask_labels=mask_labels)
    assert "(255, 0, 0)" in message
    assert "e+" not in message
    start, image = re.search(r"numbers: (p = .*?); (Image.*) is 1 in red", message).groups()
    for letter in files:
        names = {"np": np, "Image": Image, "name": folder / "m" / f"{letter}.png"}
        exec(start, names)
        eval(image, names).save(names["name"])
    data = read(folder, mask_labels={"core": 1, "edema": 2})
    np.testing.assert_array_equal(data.mask("core")[0], TWO == 1)
    np.testing.assert_array_equal(data.mask("edema")[1], TWO == 2)


@pytest.mark.parametrize("suffix", ["tif", "bmp", "gif"])
def test_masks_may_have_another_ending_than_their_pictures(folder, suffix):
    save(folder / "m" / f"a.{suffix}", SHAPE)
    np.testing.assert_array_equal(read(folder).mask("lesion")[0], SHAPE == 1)


SEVERAL = {
    "gray": (TWO, {"core": 1, "edema": 2}),
    "palette": (palette(TWO, [0, 0, 0, 128, 0, 0, 0, 128, 0]), {"core": 1, "edema": 2}),
    "16 bits": (TWO.astype(np.uint16) * np.uint16(1000), {"core": 1000, "edema": 2000}),
}


@pytest.mark.parametrize("name", SEVERAL)
def test_several_labels_become_several_masks(folder, name):
    pixels, labels = SEVERAL[name]
    save(folder / "m" / "a.png", pixels)
    message = complaint(folder)
    assert "mask with several values beside 0 (1): m/a.png (line 2)" in message
    assert "for example mask_labels={'core': (1, 3), 'edema': 2}" in message
    data = read(folder, mask_labels=labels)
    assert data.mask_names == ("core", "edema")
    np.testing.assert_array_equal(data.mask("core")[0], TWO == 1)
    np.testing.assert_array_equal(data.mask("edema")[0], TWO == 2)
    both = {"whole": tuple(labels.values()), "core": labels["core"]}
    np.testing.assert_array_equal(read(folder, mask_labels=both).mask("whole")[0], TWO > 0)


def test_values_without_a_name_are_named_and_may_be_left_out(folder):
    save(folder / "m" / "a.png", TWO)
    message = complaint(folder, mask_labels={"core": 1})
    assert "mask values that mask_labels does not name (1): m/a.png (line 2), values 2." in message
    assert "leave them out: mask_labels={…, None: (…)}" in message
    data = read(folder, mask_labels={"core": 1, None: 2})
    np.testing.assert_array_equal(data.mask("core")[0], TWO == 1)


def test_a_mask_that_may_be_inverted_is_noted(folder):
    small = SHAPE * (np.arange(32) < 12)
    for letter in "ab":
        save(folder / "m" / f"{letter}.png", (1 - small).astype(np.uint8))
    with pytest.warns(UserWarning, match=r"nearly every pixel \(2\): are they inverted"):
        read_image_folder(folder, class_names=["x"], group_kind="image", images="i", masks="m")
    data = read(folder, mask_labels={"lesion": 0, None: 1})
    np.testing.assert_array_equal(data.mask("lesion")[0], small == 1)


@pytest.mark.parametrize(
    ("values", "what"),
    [
        ((0, 1, 254, 255), "mask of many values"), ((0, 9, 39, 48, 255), "mask of many values"),
        ((0, 1, 255), "several values"), ((0, 1, 2, 255), "several values"),
        ((0, 127, 255), "several values"), ((0, 85, 170, 255), "several values"),
        ((0, 1, 2, 3, 4), "several values"), ((0, 50), None),
    ],
)  # fmt: skip
def test_blurred_edges_are_told_from_labels(folder, values, what):
    pixels = np.resize(np.array(values, np.uint16), (32, 32))
    save(folder / "m" / "a.png", pixels)
    if what is None:
        assert read(folder).mask("lesion")[0].any()
    else:
        message = complaint(folder)
        assert what in message
        assert ("cut it in the middle" in message) == (what == "mask of many values")


def test_a_pixel_belongs_to_a_mask_where_half_of_it_does(folder):
    half, less = np.zeros((2, 32, 32), np.uint8)
    half[4:, 1::2] = 1
    less[0::2, 0::2] = 1
    save(folder / "m" / "a.png", half)
    save(folder / "m" / "b.png", np.vstack([less[:16], half[16:]]))
    data = read(folder, size=16)
    assert data.mask("lesion")[0].sum(axis=1).tolist() == [0] * 2 + [16] * 14
    assert data.mask("lesion")[1].sum(axis=1).tolist() == [0] * 8 + [16] * 8


def test_fractions_are_for_the_reader_to_cut(folder):
    save(folder / "m" / "a.tif", SHAPE * np.float32(0.7))
    message = complaint(folder)
    assert "mask of fractions (1): m/a.tif (line 2), such as 0.7. Cut it where you" in message
    save(folder / "m" / "a.tif", (SHAPE * np.float32(0.7) > 0.5).astype(np.uint8))
    np.testing.assert_array_equal(read(folder).mask("lesion")[0], SHAPE == 1)


def test_a_mask_stands_for_one_picture(folder):
    columns = {"mask": "mask"}
    (folder / "labels.csv").write_text("file,label,mask\na.png,x,b.png\nb.png,x,\n")
    message = complaint(folder, columns=columns)
    assert "no value in column mask (1): line 3. Fill it in (with a black mask where" in message
    (folder / "labels.csv").write_text("file,label,mask\na.png,x,b.png\nb.png,x,b.png\n")
    message = complaint(folder, columns=columns)
    assert "file listed twice (1): b.png (line 3) and line 2. Keep one, or copy the" in message
    save(folder / "m" / "c.png", SHAPE)
    (folder / "labels.csv").write_text("file,label,mask\na.png,x,b.png\nb.png,x,c.png\n")
    assert read(folder, columns=columns).mask("lesion").any(axis=(1, 2)).tolist() == [False, True]


def test_an_inverted_mask_can_be_named(folder):
    for letter in "ab":
        save(folder / "m" / f"{letter}.png", (1 - SHAPE) * np.uint8(255))
    data = read(folder, mask_labels={"lesion": 0, None: 255})
    np.testing.assert_array_equal(data.mask("lesion")[1], SHAPE == 1)


def test_one_value_per_file_that_differs_between_files_is_named(folder):
    save(folder / "m" / "a.png", SHAPE)
    save(folder / "m" / "b.png", SHAPE * np.uint8(2))
    message = complaint(folder)
    assert "masks whose values differ (2): 1 in m/a.png; 2 in m/b.png. Say what" in message
    data = read(folder, mask_labels={"lesion": (1, 2)})
    np.testing.assert_array_equal(data.mask("lesion")[1], SHAPE == 1)
    save(folder / "m" / "b.png", SHAPE * np.uint8(255))
    assert read(folder).mask("lesion").sum() == 2 * SHAPE.sum()


@pytest.mark.parametrize("kind", ["gray", "red", "16 bits", "RGBA"])
def test_the_remedy_for_blurred_masks_works(folder, kind):
    x, y = np.mgrid[:32, :32]
    distance = (x - 15) ** 2 + (y - 15) ** 2
    disk = np.uint8(255) * (distance < 90)
    name = folder / "m" / ("a.jpg" if kind in ("gray", "red") else "a.tif")
    if kind == "16 bits":
        save(name, np.uint16(np.clip((135 - distance) / 90, 0, 1) * 40000))
    elif kind == "RGBA":
        soft = np.uint8(np.clip((135 - distance) / 90, 0, 1) * 255)
        save(name, np.dstack([soft] * 3 + [np.full_like(soft, 255)]))
    else:
        save(name, np.dstack([disk, 0 * disk, 0 * disk]) if kind == "red" else disk, quality=75)
    message = complaint(folder)
    what = "colors" if kind == "red" else "many values"
    assert f"mask of {what} (1): m/{name.name} (line 2)" in message
    assert "mode=" not in message
    remedy = re.search(r"columns\['mask'\]: (.*)\.$", message)[1]
    eval(remedy, {"np": np, "Image": Image, "name": name}).save(folder / "m" / "a.png")
    data = read(folder)
    assert (data.mask("lesion")[0] != (disk > 0)).mean() < 0.01
    named = {"mask": lambda table: table["file"].str.replace(".jpg", ".png")}
    name.unlink()
    assert read(folder, columns=named).mask("lesion")[0].sum() == data.mask("lesion")[0].sum()


def followed(message, added, column_has_ending=True):
    """Return the columns that a message tells to pass, with what these names have added."""
    function = re.search(r"'mask': (lambda table: .*?)\}, or", message)[1].replace("_mask", added)
    if not column_has_ending:
        function = f"lambda table: table['file'] + '{added}.png'"
    return {"mask": eval(function)}


@pytest.mark.parametrize("layout", ["beside", "apart", "classes", "without ending"])
@pytest.mark.parametrize("added", ["_mask", "-seg", "_segmentation"])
def test_masks_named_after_their_pictures_get_a_remedy_that_works(tmp_path, layout, added):
    base = tmp_path / "x" if layout == "classes" else tmp_path
    for letter in "ab":
        save(base / f"{letter}.png", gray(letter))
        save((tmp_path / "m" if layout == "apart" else base) / f"{letter}{added}.png", SHAPE)
    options = {"images": ".", "masks": None}
    if layout != "classes":
        ending = "" if layout == "without ending" else ".png"
        table = f"file,label\na{ending},x\nb{ending},x\n"
        (tmp_path / "labels.csv").write_text(table)
    if layout == "apart":
        options["masks"] = "m"
    else:
        message = complaint(tmp_path, **options)
        assert "mask beside its picture (2)" in message
        assert "masks='.'" in message
        options["masks"] = "."
    data = read(
        tmp_path,
        **options,
        columns=followed(complaint(tmp_path, **options), added, layout != "without ending"),
    )
    np.testing.assert_array_equal(data.mask("lesion"), np.stack([SHAPE, SHAPE]) == 1)
    np.testing.assert_array_equal(data.images[1, ..., 0], gray("b"))


def test_a_mask_of_another_size_can_be_brought_to_the_pictures(folder):
    save(folder / "m" / "a.png", SHAPE.repeat(2, axis=0).repeat(2, axis=1))
    message = complaint(folder)
    assert "mask of another size than its image (1): m/a.png (line 2), mask 64 x 64" in message
    assert "resize it with Image.Resampling.NEAREST" in message
    mask = Image.open(folder / "m" / "a.png").resize((32, 32), Image.Resampling.NEAREST)
    save(folder / "m" / "a.png", mask)
    np.testing.assert_array_equal(read(folder).mask("lesion")[0], SHAPE == 1)


def test_a_missing_mask_may_be_black(folder):
    message = complaint(folder)
    assert "listed, but not in m (1): a.png (line 2). Add the mask, black where" in message
    save(folder / "m" / "a.png", 0 * SHAPE)
    save(folder / "m" / "b.png", SHAPE)
    assert read(folder).mask("lesion").sum(axis=(1, 2)).tolist() == [0, SHAPE.sum()]


def test_labels_that_occur_nowhere_are_noted(folder):
    save(folder / "m" / "a.png", SHAPE)
    with pytest.warns(UserWarning, match="no mask marks a single pixel of edema"):
        read_image_folder(
            folder, class_names=["x"], group_kind="image", images="i", masks="m",
            mask_labels={"core": 1, "edema": 2},
        )  # fmt: skip


def test_each_label_is_resized_by_itself(folder):
    for letter in "ab":
        save(folder / "m" / f"{letter}.png", TWO)
    data = read(folder, mask_labels={"core": 1, "edema": 2}, size=16)
    np.testing.assert_array_equal(data.mask("core")[0], TWO[::2, ::2] == 1)
    np.testing.assert_array_equal(data.mask("edema")[0], TWO[::2, ::2] == 2)
    dot = TWO.copy()
    dot[4:12, 6:20] = 0
    dot[5, 5] = 1
    save(folder / "m" / "a.png", dot)
    message = complaint(folder, mask_labels={"core": 1, "edema": 2}, size=16)
    assert "mask of which nothing is left after resizing (1): m/a.png" in message


@pytest.mark.parametrize("labels", [{"core": 1.5}, {"core": "red"}, {}, {None: 1}, ""])
def test_wrong_mask_labels_get_a_sentence(folder, labels):
    save(folder / "m" / "a.png", SHAPE)
    assert "mask_labels" in complaint(folder, mask_labels=labels)


def test_classes_beside_masks_in_folders_of_the_same_names(tmp_path):
    for letter, label in zip("ab", ("no", "yes"), strict=True):
        save(tmp_path / label / f"{letter}.png", gray(letter))
        save(tmp_path / "masks" / label / f"{letter}.png", SHAPE)
    data = read(tmp_path, class_names=("no", "yes"), images=".", masks="masks")
    assert data.mask("lesion").sum() == 2 * SHAPE.sum()
    assert data.attributes["file"].tolist() == ["no/a.png", "yes/b.png"]


def test_a_mask_column_may_lie_in_a_data_frame(folder):
    save(folder / "m" / "z.png", SHAPE)
    table = pd.DataFrame({"file": ["a", "b"], "label": "x", "outline": ["z", "b"]})
    data = read(folder, table=table, columns={"mask": "outline"})
    np.testing.assert_array_equal(data.mask("lesion")[0], SHAPE == 1)
