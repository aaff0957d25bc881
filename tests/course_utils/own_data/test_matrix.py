"""Every combination of layout, file format, mask and table that people have: read, or refused."""

from itertools import product

import nibabel
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from course_utils.own_data import read_image_folder, read_volume_folder, write_masks

SIZE = (12, 10)
RNG = np.random.default_rng(14)
PICTURES = RNG.integers(20, 236, (8, *SIZE)).astype(np.uint8)
CLASSES = [name for name in ("benign", "malignant") for _ in range(4)]


def with_two_colors(pixels):
    return np.stack([pixels, pixels // 2, 255 - pixels], axis=-1)


# Format -> (file ending, how it is saved, what mode="gray" and mode="rgb" give).
# "exact": the very gray values, repeated for color; "near": within 3 of them; "color": the colors;
# other texts are words of the refusal.
FORMATS = {
    "gray PNG": (".png", lambda p: Image.fromarray(p), "exact", "exact"),
    "gray PNG, capitals": (".PNG", lambda p: Image.fromarray(p), "exact", "exact"),
    "gray TIFF": (".tif", lambda p: Image.fromarray(p), "exact", "exact"),
    "gray BMP": (".bmp", lambda p: Image.fromarray(p), "exact", "exact"),
    "gray JPEG": (".jpg", lambda p: Image.fromarray(p * np.uint8(0) + p[0, 0]), "near", "near"),
    "gray as RGB": (".png", lambda p: Image.fromarray(np.stack([p] * 3, -1)), "exact", "exact"),
    "gray as opaque RGBA": (
        ".png",
        lambda p: Image.fromarray(np.stack([p] * 3 + [p * 0 + 255], -1)),
        "exact",
        "exact",
    ),
    "slightly tinted": (
        ".png",
        lambda p: Image.fromarray(np.stack([p, p + 3, p], -1)),
        "near",
        "color",
    ),
    "true color": (".png", lambda p: Image.fromarray(with_two_colors(p)), "mode='rgb'", "color"),
    "transparent": (
        ".png",
        lambda p: Image.fromarray(np.stack([p] * 3 + [p], -1)),
        "transparent",
        "transparent",
    ),
    "16-bit PNG": (
        ".png",
        lambda p: Image.fromarray(p.astype(np.uint16) * 16),
        "intensity_window",
        "8 bits",
    ),
    "16-bit TIFF": (
        ".tif",
        lambda p: Image.fromarray(p.astype(np.uint16) * 16),
        "intensity_window",
        "8 bits",
    ),
    "float TIFF": (
        ".tif",
        lambda p: Image.fromarray(p.astype(np.float32) / 7),
        "intensity_window",
        "8 bits",
    ),
    "1-bit PNG": (".png", lambda p: Image.fromarray(p > 128), "mode 1", "mode 1"),
    "CMYK JPEG": (
        ".jpg",
        lambda p: Image.fromarray(with_two_colors(p)).convert("CMYK"),
        "CMYK",
        "CMYK",
    ),
    "palette": (".png", lambda p: Image.fromarray(p).quantize(256), "exact", "exact"),
    "WebP": (".webp", lambda p: Image.fromarray(with_two_colors(p)), "WEBP", "WEBP"),
    "cut in two": (".png", None, "not a readable image", "not a readable image"),
    "text named .png": (".png", None, "not a readable image", "not a readable image"),
    "empty file": (".jpg", None, "not a readable image", "not a readable image"),
}
LAYOUTS = (
    "class folders",
    "split above class",
    "class above split",
    "table",
    "semicolons",
    "DataFrame",
)


def write(path, kind, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    save = FORMATS[kind][1]
    if kind == "cut in two":
        noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8))
        noise.save(path)
        path.write_bytes(path.read_bytes()[:900])
    elif kind == "text named .png":
        path.write_text("no picture")
    elif kind == "empty file":
        path.write_bytes(b"")
    else:
        save(pixels).save(path)


def lay_out(folder, kind, layout):
    """Write eight pictures of one format in one layout; return the call that reads them."""
    ending = FORMATS[kind][0]
    splits = ("train", "val", "test", "train") * 2
    how = {"class_names": ("benign", "malignant"), "group_kind": "image"}
    names = []
    for number, (label, split) in enumerate(zip(CLASSES, splits, strict=True)):
        name = f"{number}{ending}"
        parts = {
            "class folders": (label, name),
            "split above class": (split, label, name),
            "class above split": (label, split, name),
        }.get(layout, (name,))
        names.append("/".join(parts))
        write(folder / names[-1], kind, PICTURES[number])
    table = pd.DataFrame({"file": names, "label": CLASSES, "split": splits})
    if layout == "table":
        table.to_csv(folder / "labels.csv", index=False)
    elif layout == "semicolons":
        table.to_csv(folder / "labels.csv", sep=";", encoding="cp1252")
    elif layout == "DataFrame":
        how["table"] = table
    if layout in ("table", "semicolons", "DataFrame"):
        how["columns"] = {"split": "split"}
    return how, names, None if layout == "class folders" else splits


@pytest.mark.parametrize(
    ("layout", "kind", "mode"), list(product(LAYOUTS, FORMATS, ("gray", "rgb")))
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_pictures(tmp_path, layout, kind, mode):
    how, names, splits = lay_out(tmp_path, kind, layout)
    expected = FORMATS[kind][2 if mode == "gray" else 3]
    if expected not in ("exact", "near", "color"):
        with pytest.raises(ValueError, match=expected) as error:
            read_image_folder(tmp_path, mode=mode, **how)
        # The file is named, and the sentence ends in something to do.
        assert any(name in str(error.value) for name in names)
        return
    data = read_image_folder(tmp_path, mode=mode, **how)
    order = [names.index(file) for file in data.attributes["file"]]
    assert [data.class_names[label] for label in data.labels] == [CLASSES[i] for i in order]
    if splits is not None:
        words = {"val": "validation"}
        assert data.splits.tolist() == [words.get(splits[i], splits[i]) for i in order]
    right = PICTURES[order][..., np.newaxis]
    if expected == "color":
        save = FORMATS[kind][1]
        right = np.stack([np.asarray(save(PICTURES[i])) for i in order])
    elif "JPEG" in kind:
        right = np.broadcast_to(right[:, :1, :1], right.shape)
    assert data.images.shape[-1] == (1 if mode == "gray" else 3)
    apart = np.abs(data.images.astype(int) - right)
    assert apart.max() <= (0 if expected in ("exact", "color") else 3)


LESION = np.zeros((8, *SIZE), bool)
for k in range(8):
    LESION[k, 2 + k % 3 : 8, 3:7] = True
EDEMA = np.zeros_like(LESION)
EDEMA[:, 8:11, 3:9] = True


def colored(lesion, edema):
    pixels = np.zeros((*lesion.shape, 3), np.uint8)
    pixels[lesion], pixels[edema] = (255, 0, 0), (0, 255, 0)
    return pixels


def indexed(values):
    image = Image.fromarray(values.astype(np.uint8), "P")
    image.putpalette([0, 0, 0, 200, 30, 30, 30, 200, 30] + [0] * 759)
    return image


BOTH = {"lesion": 1, "edema": 2}
# Mask -> (how one is made of lesion and edema, mask_labels, masks that come out or words).
MASKS = {
    "0 and 1": (lambda a, b: Image.fromarray(a.astype(np.uint8)), "lesion", 1),
    "0 and 255": (lambda a, b: Image.fromarray(a * np.uint8(255)), "lesion", 1),
    "1 bit": (lambda a, b: Image.fromarray(a), "lesion", 1),
    "16 bits": (lambda a, b: Image.fromarray(a * np.uint16(65535)), "lesion", 1),
    "palette": (lambda a, b: indexed(a), "lesion", 1),
    "red on black": (lambda a, b: Image.fromarray(colored(a, a & False)), "lesion", 1),
    "RGB white": (lambda a, b: Image.fromarray(np.stack([a * np.uint8(255)] * 3, -1)), "lesion", 1),
    "opaque RGBA": (
        lambda a, b: Image.fromarray(
            np.stack([a * np.uint8(255)] * 3 + [a * np.uint8(0) + np.uint8(255)], -1)
        ),
        "lesion",
        1,
    ),
    "two labels": (lambda a, b: Image.fromarray(a + 2 * b.astype(np.uint8)), BOTH, 2),
    "two labels in a palette": (lambda a, b: indexed(a + 2 * b), BOTH, 2),
    "labels joined": (
        lambda a, b: Image.fromarray(a + 2 * b.astype(np.uint8)),
        {"lesion": (1, 2)},
        "joined",
    ),
    "labels left out": (
        lambda a, b: Image.fromarray(a + 2 * b.astype(np.uint8)),
        {"lesion": 1, None: 2},
        1,
    ),
    "two labels, one name": (
        lambda a, b: Image.fromarray(a + 2 * b.astype(np.uint8)),
        "lesion",
        "several values",
    ),
    "a label without a name": (
        lambda a, b: Image.fromarray(a + 2 * b.astype(np.uint8)),
        {"lesion": 1},
        "does not name",
    ),
    "two colors, one name": (
        lambda a, b: Image.fromarray(colored(a, b)),
        "lesion",
        "mask of colors",
    ),
    "blurred": (
        lambda a, b: Image.fromarray(a * np.uint8(255)).resize((20, 24), 2).resize((10, 12), 2),
        "lesion",
        "many values",
    ),
    "another size": (
        lambda a, b: Image.fromarray(np.pad(a, 3).astype(np.uint8)),
        "lesion",
        "another size",
    ),
}


@pytest.mark.parametrize(
    ("kind", "size", "place"), list(product(MASKS, (None, (6, 5)), ("folder", "column", "tiff")))
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_masks(tmp_path, kind, size, place):
    make, mask_labels, expected = MASKS[kind]
    how, names, _ = lay_out(tmp_path, "gray PNG", "DataFrame")
    ending = ".tif" if place == "tiff" else ".png"
    (tmp_path / "masks").mkdir()
    for i, name in enumerate(names):
        new = f"{i}_mask{ending}" if place == "column" else name.replace(".png", ending)
        make(LESION[i], EDEMA[i]).save(tmp_path / "masks" / new)
    if place == "column":
        how["table"]["mask"] = [f"{i}_mask{ending}" for i in range(8)]
        how["columns"] = {"mask": "mask"}

    def read():
        return read_image_folder(tmp_path, masks="masks", mask_labels=mask_labels, size=size, **how)

    if isinstance(expected, str) and expected != "joined":
        with pytest.raises(ValueError, match=expected) as error:
            read()
        assert "masks/" in str(error.value)
        assert "mode=" not in str(error.value)
        return
    data = read()
    right = {"lesion": LESION | EDEMA if expected == "joined" else LESION, "edema": EDEMA}
    assert data.mask_names == (("lesion", "edema") if expected == 2 else ("lesion",))
    for name in data.mask_names:
        true = right[name]
        if size:
            blocks = true.reshape(8, 6, 2, 5, 2).mean(axis=(2, 4))
            true = blocks >= 0.5
        np.testing.assert_array_equal(data.mask(name), true)


@pytest.mark.parametrize(
    ("sep", "encoding", "index", "ending", "line"),
    list(
        product(",;\t", ("utf-8", "utf-8-sig", "cp1252", "utf-16"), (0, 1), (0, 1), ("\n", "\r\n"))
    ),
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_tables(tmp_path, sep, encoding, index, ending, line):
    patients = [f"Müller {i // 2}" for i in range(8)]
    codes = ["007", "12e3", "1" * 24, "1" * 23 + "2", "0x1F", "1.0", "5", "-3"]
    names = [f"{i}.png" for i in range(8)]
    for i, name in enumerate(names):
        Image.fromarray(PICTURES[i]).save(tmp_path / name)
    table = pd.DataFrame(
        {
            "file": names if ending else [str(i) for i in range(8)],
            "label": CLASSES,
            "patient": patients,
            "code": codes,
        }
    )
    table.to_csv(
        tmp_path / "labels.csv", sep=sep, encoding=encoding, index=bool(index), lineterminator=line
    )
    data = read_image_folder(
        tmp_path,
        class_names=("benign", "malignant"),
        group_kind="patient",
        columns={"group": "patient"},
    )
    np.testing.assert_array_equal(data.images[..., 0], PICTURES)
    assert data.groups.tolist() == patients
    assert data.attributes["code"].tolist() == codes


# A head of three regions in RAS: bright front, middle, dark rest; lesion on the left, in front.
SHAPE = (14, 16, 12)
HEAD = np.zeros(SHAPE)
HEAD[2:12, 2:14, 2:10] = 400
HEAD[2:12, 8:14, 2:10] = 700
TUMOR = np.zeros(SHAPE, bool)
TUMOR[3:6, 9:12, 3:9] = True
ORIENTATIONS = ("RAS", "LPS", "LAS", "PIR", "SRA")
KINDS = {
    "int16": (lambda v: v.astype(np.int16), None),
    "uint8": (lambda v: (v // 4).astype(np.uint8), None),
    "float32": (lambda v: v.astype(np.float32) / 3, None),
    "float64": (lambda v: v / 1000, None),
    "one voxel of -1": (
        lambda v: np.where(np.arange(v.size).reshape(v.shape) == 0, -1, v).astype(np.int16),
        None,
    ),
    "NaN": (lambda v: np.where(v > 500, np.nan, v).astype(np.float32), "NaN"),
    "all equal": (lambda v: np.ones_like(v, np.int16), "all equal"),
}
PLANES = {"axial": 2, "coronal": 1, "sagittal": 0}


def save_volume(values, orientation, zooms, path):
    """Store an array given in RAS with its axes in another order and direction."""
    image = nibabel.Nifti1Image(values, np.diag([*zooms, 1.0]))
    there = nibabel.orientations.axcodes2ornt(orientation)
    image.as_reoriented(
        nibabel.orientations.ornt_transform(nibabel.orientations.axcodes2ornt("RAS"), there)
    ).to_filename(path)


@pytest.mark.parametrize(
    ("kind", "orientation", "plane"), list(product(KINDS, ORIENTATIONS, PLANES))
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_volumes(tmp_path, kind, orientation, plane):
    change, words = KINDS[kind]
    zooms = [1.0, 1.0, 1.0]
    zooms[PLANES[plane]] = 5.0
    save_volume(change(HEAD), orientation, zooms, tmp_path / "scan.nii.gz")
    save_volume(TUMOR.astype(np.uint8), orientation, zooms, tmp_path / "tumor.nii.gz")
    table = pd.DataFrame({"t1": ["scan.nii.gz"], "tumor": ["tumor.nii.gz"], "patient": ["P1"]})

    def read():
        return read_volume_folder(
            tmp_path,
            images={"T1": "t1"},
            table=table,
            columns={"mask": "tumor"},
            mask_labels="tumor",
            intensity_window="percentile",
        )

    if words:
        with pytest.raises(ValueError, match=words) as error:
            read()
        assert "scan.nii.gz" in str(error.value)
        return
    data = read()
    axis = PLANES[plane]
    slices = np.moveaxis(TUMOR, axis, 0)
    assert len(data) == SHAPE[axis]
    assert data.mask("tumor").sum(axis=(1, 2)).tolist() == slices.sum(axis=(1, 2)).tolist()
    assert set(data.slice_thickness_mm) == {5.0}
    assert (data.pixel_spacing_mm == 1).all()
    assert (np.diff(data.slice_positions_mm) == 5).all()
    # Every plane shows up (or, from above, the front) at the top.
    middle = data.images[len(data) // 2, ..., 0]
    if plane != "coronal":
        front = middle[: middle.shape[0] // 2] if plane == "axial" else None
        if front is not None:
            assert front.mean() > middle[middle.shape[0] // 2 :].mean()
    assert data.as_float().max() == 1
    assert np.median(middle[middle > 0]) > 0.3
    paths = write_masks(data, data.mask("tumor"), tmp_path / "written")
    again = nibabel.load(paths[0])
    np.testing.assert_array_equal(again.dataobj, nibabel.load(tmp_path / "tumor.nii.gz").dataobj)
    np.testing.assert_allclose(again.affine, nibabel.load(tmp_path / "scan.nii.gz").affine)


LABELS = TUMOR + 2 * np.roll(TUMOR, 6, axis=0)
# What the mask file holds -> (array, its zooms, mask_labels, number of masks or words).
VOLUME_MASKS = {
    "labels": (LABELS.astype(np.uint8), 1, BOTH, 2),
    "labels in floats": (LABELS.astype(np.float64), 1, BOTH, 2),
    "labels above 2**24": (LABELS * (1 << 26), 1, {"lesion": 1 << 26, "edema": 2 << 26}, 2),
    "0 and 255": (TUMOR * np.uint8(255), 1, "lesion", 1),
    "empty": (np.zeros(SHAPE, np.uint8), 1, "lesion", 1),
    "twice as fine": (np.kron(TUMOR, np.ones((2, 2, 2))).astype(np.uint8), 0.5, "lesion", 1),
    "labels without names": (LABELS.astype(np.uint8), 1, "lesion", "several values"),
    "a label too many": (LABELS.astype(np.uint8), 1, {"lesion": 1}, "does not name"),
    "fractions": (TUMOR * 0.9999, 1, "lesion", "fractions"),
    "NaN": (np.where(TUMOR, np.nan, 0), 1, "lesion", "NaN"),
}


@pytest.mark.parametrize(
    ("kind", "orientation", "spacing_mm"), list(product(VOLUME_MASKS, ("RAS", "LPS"), (None, 2.0)))
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_masks_of_volumes(tmp_path, kind, orientation, spacing_mm):
    values, zoom, mask_labels, expected = VOLUME_MASKS[kind]
    save_volume(HEAD.astype(np.int16), "RAS", [1, 1, 1], tmp_path / "scan.nii.gz")
    values = nibabel.Nifti1Image(values, np.diag([zoom] * 3 + [1.0]), dtype=values.dtype)
    if zoom != 1:
        # The centers of eight fine voxels lie around the center of one.
        values.affine[:3, 3] = -0.25
        values = nibabel.Nifti1Image(values.dataobj, values.affine)
    there = nibabel.orientations.axcodes2ornt(orientation)
    here = nibabel.orientations.axcodes2ornt("RAS")
    turned = values.as_reoriented(nibabel.orientations.ornt_transform(here, there))
    turned.to_filename(tmp_path / "seg.nii.gz")
    table = pd.DataFrame({"t1": ["scan.nii.gz"], "seg": ["seg.nii.gz"], "patient": ["P1"]})

    def read():
        return read_volume_folder(
            tmp_path,
            images={"T1": "t1"},
            table=table,
            columns={"mask": "seg"},
            mask_labels=mask_labels,
            intensity_window=(0, 1000),
            spacing_mm=spacing_mm,
        )

    if isinstance(expected, str):
        with pytest.raises(ValueError, match=expected) as error:
            read()
        assert "seg.nii.gz" in str(error.value)
        return
    data = read()
    assert len(data.mask_names) == expected
    right = np.zeros(SHAPE, bool) if kind == "empty" else TUMOR
    side = spacing_mm or 1
    assert (data.pixel_spacing_mm == side).all()
    found = data.mask("lesion").sum() * side**2
    assert abs(found - right.sum()) <= 0.35 * right.sum()
    if spacing_mm is None:
        assert found == right.sum()
