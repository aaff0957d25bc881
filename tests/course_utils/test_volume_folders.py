"""Volumes with a table become slices, or one error that lists all that does not fit."""

import dataclasses
import re
import warnings

import nibabel
import numpy as np
import pydicom
import pytest

from course_utils import ROOT, datasets, imaging
from course_utils.own_data import read_volume_folder, write_masks

TABLE = """t1c,flair,mask,label,patient,split,age
1/t1c.nii.gz,1/flair.nii.gz,1/mask.nii.gz,glioma,P1,train,50
2/t1c.nii.gz,2/flair.nii.gz,2/mask.nii.gz,meningioma,P2,test,60
"""
AFFINE = np.array([[-2.0, 0, 0, 10], [0, 2, 0, -20], [0, 0, 5, 30], [0, 0, 0, 1]])
OPTIONS = {
    "images": {"T1c": "t1c", "FLAIR": "flair"},
    "class_names": ("meningioma", "glioma"),
    "columns": {"group": "patient", "split": "split", "mask": "mask"},
    "mask_labels": "tumor",
    "intensity_window": (0, 100),
}


def voxels(seed, shape=(6, 8, 3)):
    return np.random.default_rng(seed).uniform(1, 99, shape).astype(np.float32)


def write(path, data, affine=AFFINE):
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(data, affine), path)


@pytest.fixture
def folder(tmp_path):
    """Return a folder that fits: two patients, two channels, a mask each."""
    for k in (1, 2):
        write(tmp_path / f"{k}/t1c.nii.gz", voxels(k))
        write(tmp_path / f"{k}/flair.nii.gz", voxels(10 + k))
        mask = np.zeros((6, 8, 3), np.uint8)
        mask[1:3, 2:4, k] = 1
        write(tmp_path / f"{k}/mask.nii.gz", mask)
    (tmp_path / "volumes.csv").write_text(TABLE)
    return tmp_path


def read(folder, **changes):
    return read_volume_folder(folder, **(OPTIONS | changes))


def complaint(folder, **changes):
    with pytest.raises(ValueError, match=r"\w") as caught:
        read(folder, **changes)
    return str(caught.value)


def change(folder, old, new):
    (folder / "volumes.csv").write_text(TABLE.replace(old, new))


def test_slices_channels_masks_places_and_facts_come_through(folder):
    data = read(folder)
    assert data.images.shape == (6, 8, 6, 2)
    assert data.images.dtype == np.float32
    assert data.channel_names == ("T1c", "FLAIR")
    # The x axis points to the left already; rows run from front to back.
    np.testing.assert_array_equal(data.images[1, ..., 0], voxels(1)[:, :, 1].T[::-1])
    np.testing.assert_array_equal(data.images[5, ..., 1], voxels(12)[:, :, 2].T[::-1])
    assert data.slice_positions_mm.tolist() == [30, 35, 40] * 2
    assert data.slice_thickness_mm.tolist() == [5] * 6
    assert data.pixel_spacing_mm.tolist() == [[2, 2]] * 6
    assert data.labels.tolist() == [1, 1, 1, 0, 0, 0]
    assert data.groups.tolist() == ["P1"] * 3 + ["P2"] * 3
    assert data.attributes["tumor_in_slice"].tolist() == [False, True, False, False, False, True]
    assert data.mask("tumor").sum(axis=(1, 2)).tolist() == [0, 4, 0, 0, 0, 4]
    assert data.mask("tumor")[1, 4:6, 1:3].all()
    assert data.attributes["slice"].tolist() == [0, 1, 2] * 2
    assert data.attributes["age"].tolist() == [50] * 3 + [60] * 3


def test_voxels_stored_in_another_order_give_the_same_slices(folder):
    expected = read(folder)
    for name, data in (("t1c", voxels(1)), ("mask", np.zeros((6, 8, 3), np.uint8))):
        image = nibabel.load(folder / f"1/{name}.nii.gz")
        flipped = image.as_reoriented([[1, 1], [0, -1], [2, -1]])
        assert flipped.shape == (8, 6, 3) != data.shape
        nibabel.save(flipped, folder / f"1/{name}.nii.gz")
    found = read(folder)
    np.testing.assert_array_equal(found.images, expected.images)
    np.testing.assert_array_equal(found.masks, expected.masks)


def test_positions_of_tilted_slices_follow_their_normal(folder):
    tilted = AFFINE.copy()
    tilted[1, 2] = 3  # a gantry tilt: each slice is 3 mm further to the front
    for k in (1, 2):
        for name in ("t1c", "flair", "mask"):
            image = nibabel.load(folder / f"{k}/{name}.nii.gz")
            write(folder / f"{k}/{name}.nii.gz", np.asarray(image.dataobj), tilted)
    np.testing.assert_allclose(read(folder).slice_thickness_mm, 5)


def test_percentiles_bring_each_volume_to_the_same_range(folder):
    write(folder / "2/t1c.nii.gz", voxels(2) * 40)
    data = read(folder, intensity_window="percentile")
    assert data.intensity_window == (0, 1)
    assert (data.images.min(), data.images.max()) == (0, 1)
    medians = [np.median(data.images[data.groups == p, ..., 0]) for p in ("P1", "P2")]
    assert abs(medians[0] - medians[1]) < 0.15


def test_a_mask_may_lose_slices_to_resizing_but_not_all_of_them(folder):
    mask = np.zeros((6, 8, 3), np.uint8)
    mask[1:5, 2:6, 1] = mask[3, 4, 2] = 1
    for k in (1, 2):
        write(folder / f"{k}/mask.nii.gz", mask)
    data = read(folder, size=(4, 3))
    assert data.mask("tumor")[:3].any(axis=(1, 2)).tolist() == [False, True, False]
    mask[..., 1] = 0
    write(folder / "1/mask.nii.gz", mask)
    message = complaint(folder, size=(4, 3))
    assert "left after resizing (1): 1/t1c.nii.gz (line 2), 1 pixels before" in message


def test_padding_is_the_low_end_of_the_window(folder):
    data = read(folder, size=(12, 6), fit="pad", intensity_window=(-50, 100))
    # 8 x 6 px in the middle of 12 x 6.
    assert set(data.images[:, [0, 1, 10, 11]].ravel()) == {-50}
    assert data.images[:, 2:10].min() > 0
    assert not data.masks[:, [0, 1, 10, 11]].any()


def replace(name, data, affine=AFFINE):
    return lambda folder: write(folder / name, data, affine)


def content(name, data):
    return lambda folder: (folder / name).write_bytes(data)


def table(old, new):
    return lambda folder: change(folder, old, new)


def truncate(folder):
    path = folder / "1/t1c.nii.gz"
    path.write_bytes(path.read_bytes()[:300])


MOVED = AFFINE + np.outer([100, 0, 0, 0], [0, 0, 0, 1])  # by 100 mm to the right
MASK = np.zeros((6, 8, 3), np.uint8)
COMPLAINTS = {
    "mask elsewhere": (
        replace("1/mask.nii.gz", MASK + 1, MOVED), "mask that lies outside its scan", "register",
    ),
    "channel elsewhere": (
        replace("2/flair.nii.gz", voxels(12), MOVED), "channel that lies outside its scan (1)",
        "2/flair.nii.gz",
    ),
    "mask values": (
        replace("1/mask.nii.gz", MASK + np.arange(3, dtype=np.uint8)), "several values beside 0",
        "values 0, 1, 2",
    ),
    "missing": (table("1/mask", "9/mask"), "listed, but not in", "9/mask.nii.gz (line 2)"),
    "listed twice": (table("2/t1c", "1/t1c"), "file listed twice (1)", "1/t1c.nii.gz (line 3)"),
    "the mask as a channel": (table("1/flair", "1/mask"), "file listed twice", "1/mask.nii.gz"),
    "two patients, one scan": (
        lambda f: [write(f / f"2/{n}.nii.gz", voxels(s)) for n, s in (("t1c", 1), ("flair", 11))],
        "equal pixels under two names", "another label and another patient and another split",
    ),
    "other sizes": (
        lambda f: [
            write(f / f"2/{n}.nii.gz", d)
            for n, d in (
                ("t1c", voxels(2, (7, 8, 3))), ("flair", voxels(3, (7, 8, 3))),
                ("mask", np.zeros((7, 8, 3), np.uint8)),
            )
        ],
        "images of different sizes (2)", "8 x 7 px: 1, such as 2/t1c.nii.gz",
    ),
    "two splits": (table("P2", "P1"), "a patient in two splits (1): P1 in test and train", ""),
    "label": (table("glioma", "GBM"), "'GBM' in line 2", "meningioma, glioma"),
    "outside": (table("1/t1c", "../1/t1c"), "path outside the folder (1)", ""),
    "column name taken": (table("age", "slice"), "column: received slice", ""),
    "no NIfTI": (content("1/t1c.nii.gz", b"text"), "cannot be used (1): 1/t1c.nii.gz", ""),
    "truncated": (truncate, "cannot be used (1): 1/t1c.nii.gz (line 2)", "undamaged"),
    "NaN": (replace("1/t1c.nii.gz", voxels(1) * np.nan), "cannot be used", "NaN or infinite"),
    "four dimensions": (
        replace("1/t1c.nii.gz", voxels(1, (6, 8, 3, 2))), "cannot be used", "name.nii.gz[0]",
    ),
    "constant": (replace("1/t1c.nii.gz", voxels(1) * 0), "voxels are all equal", ""),
    "outside the window": (replace("1/t1c.nii.gz", voxels(1) + 900), "outside the intensity", ""),
    "a picture": (
        lambda f: (content("1/x.png", b"x")(f), change(f, "1/t1c.nii.gz", "1/x.png")),
        "cannot be used", "undamaged",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", COMPLAINTS)
def test_what_does_not_fit_is_named(folder, name):
    spoil, *words = COMPLAINTS[name]
    spoil(folder)
    message = complaint(folder)
    for part in words:
        assert part in message


def test_several_scans_of_one_patient_are_noted(folder):
    change(folder, "P2,test", "P1,train")
    with pytest.warns(UserWarning, match=r"several scans of one patient \(1\): P1 has 2"):
        read(folder)


def test_masks_that_mark_everything_are_warned_of(folder):
    write(folder / "1/mask.nii.gz", MASK + 1)
    with pytest.warns(UserWarning, match="every pixel \\(1\\)"):
        read(folder)


def test_all_problems_come_in_one_error(folder):
    write(folder / "1/mask.nii.gz", MASK + np.arange(3, dtype=np.uint8))
    content("2/t1c.nii.gz", b"text")(folder)
    change(folder, "glioma", "GBM")
    message = complaint(folder)
    for part in (
        "3 problems",
        "label outside",
        "several values beside 0",
        "cannot be used",
    ):
        assert part in message


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"intensity_window": "zscore"}, "(low, high) or 'percentile'"),
        ({"intensity_window": None}, "low < high"),
        ({"columns": {"group": "person"}}, "no column person"),
        ({"plane": "oblique"}, "plane: received 'oblique'"),
        ({"spacing_mm": 0}, "spacing_mm: received 0"),
        ({"spacing_mm": (1, 1)}, "one number of mm"),
        ({"images": {"T2": "t2"}}, "no column t2"),
        ({"images": {}}, "images"),
        ({"images": "t1c"}, "channel name to column"),
        ({"columns": "patient"}, "columns: received 'patient'; allowed: a dict"),
    ],
)
def test_wrong_arguments_get_a_sentence(folder, changes, words):
    assert words in complaint(folder, **changes)


# The plane of acquisition, proportions in mm, and grids.


def one(folder, data, sides, **changes):
    """Read one scan with voxels of these sides in mm, of a patient without a label."""
    folder = folder / "one"
    write(folder / "scan.nii.gz", np.asarray(data, np.float32), np.diag([*sides, 1]))
    (folder / "volumes.csv").write_text("scan,patient\nscan.nii.gz,P1\n")
    options = {"images": {"T1": "scan"}, "intensity_window": (0, 100)}
    return read_volume_folder(folder, **(options | changes))


def test_slices_are_cut_in_the_plane_of_acquisition(tmp_path):
    data = voxels(0, (3, 6, 8))
    sagittal = one(tmp_path, data, (6, 1, 1))
    assert sagittal.images.shape == (3, 8, 6, 1)
    assert sagittal.pixel_spacing_mm[0].tolist() == [1, 1]
    assert sagittal.slice_positions_mm.tolist() == [0, 6, 12]
    assert sagittal.slice_thickness_mm.tolist() == [6] * 3
    volume = nibabel.Nifti1Image(data, np.diag([6, 1, 1, 1]))
    for name, sides in (("sagittal", (6, 1, 1)), ("coronal", (1, 6, 1)), ("axial", (1, 1, 1.05))):
        found = one(tmp_path, data, sides)
        assert found.meta["scans"]["scan.nii.gz"]["plane"] == name
        for k, image in enumerate(found.images):
            np.testing.assert_array_equal(image[..., 0], imaging.plane(volume, name, k).pixels)


def test_another_plane_keeps_proportions_in_mm(tmp_path):
    data = np.full((3, 18, 18), 50.0)
    data[1] = 90
    axial = one(tmp_path, data, (6, 1, 1), plane="axial")
    # 18 mm by 18 mm, of which the middle third of the columns is bright.
    assert axial.images.shape == (18, 18, 18, 1)
    assert axial.pixel_spacing_mm[0].tolist() == [1, 1]
    assert (axial.images[0, :, [8, 9], 0] > 85).all()
    assert (axial.images[0, :, [0, 1, 16, 17], 0] < 55).all()
    padded = one(tmp_path, data, (6, 1, 1), plane="axial", size=(9, 18), fit="pad")
    assert padded.pixel_spacing_mm[0].tolist() == [2, 2]
    assert not padded.images[:, :, [0, 4, 13]][..., [0, 1], 0].all()


def test_slices_get_a_common_spacing_on_request(tmp_path):
    one_mm = one(tmp_path, voxels(1, (10, 12, 4)), (1.5, 1.5, 5), spacing_mm=1)
    assert one_mm.images.shape == (4, 18, 15, 1)
    assert one_mm.pixel_spacing_mm[0].tolist() == [1, 1]
    assert one_mm.images.mean() == pytest.approx(voxels(1, (10, 12, 4)).mean(), abs=1)
    # 20 x 10 px: a row is added above and below, 5 columns are cut away, nothing is scaled.
    sized = one(tmp_path, voxels(1, (10, 12, 4)), (1.5, 1.5, 5), spacing_mm=1, size=(20, 10))
    assert sized.pixel_spacing_mm[0].tolist() == [1, 1]
    assert not sized.images[:, [0, 19]].any()
    np.testing.assert_allclose(sized.images[:, 1:19], one_mm.images[:, :, 2:12], atol=1e-3)


def test_pixels_of_several_sizes_are_noted_and_the_advice_makes_them_equal(folder):
    for name in ("t1c", "flair", "mask"):
        image = nibabel.load(folder / f"2/{name}.nii.gz")
        write(
            folder / f"2/{name}.nii.gz", np.asarray(image.dataobj), AFFINE @ np.diag([2, 2, 1, 1])
        )
    with pytest.warns(UserWarning, match="pixels of 2 to 4 mm. spacing_mm=4 makes them equal"):
        read(folder, size=(8, 6), columns={})
    data = read(folder, size=(8, 6), columns={}, spacing_mm=4)
    assert data.pixel_spacing_mm.tolist() == [[4, 4]] * 6


def test_without_a_patient_column_the_file_can_be_the_patient(folder):
    change(folder, "patient", "person")
    assert "has no column patient" in complaint(folder, columns={})
    data = read(folder, columns={"group": "t1c"}, class_names=None)
    assert sorted(set(data.groups)) == ["1/t1c.nii.gz", "2/t1c.nii.gz"]


def test_a_mask_keeps_its_volume_at_another_spacing(tmp_path):
    y, x = np.ogrid[:60, :60]
    disks = np.stack([np.hypot(y - 30.3, x - 28.6) < r for r in (9, 12.5, 16, 20)], axis=-1)
    write(tmp_path / "scan.nii.gz", voxels(0, disks.shape))
    write(tmp_path / "mask.nii.gz", disks.astype(np.uint8))
    (tmp_path / "volumes.csv").write_text("scan,mask,patient\nscan.nii.gz,mask.nii.gz,P1\n")
    options = {"images": {"T1": "scan"}, "intensity_window": (0, 100), "columns": {"mask": "mask"}}
    for side in (1.3, 2.4, 3.4):
        data = read_volume_folder(tmp_path, spacing_mm=side, **options)
        areas = data.masks.sum(axis=(1, 2)) * side**2
        np.testing.assert_allclose(areas, 4 * disks.sum(axis=(0, 1)), rtol=0.03)


def test_scans_of_several_planes_are_noted(folder):
    for name, seed in (("t1c", 2), ("flair", 12), ("mask", None)):
        data = MASK.transpose(2, 0, 1) if seed is None else voxels(seed).transpose(2, 0, 1)
        write(folder / f"2/{name}.nii.gz", data, np.diag([5, 2, 2, 1]))
    with pytest.warns(UserWarning, match="several planes: axial, sagittal. plane='axial'"):
        read(folder, size=(8, 6), fit="pad")


def test_channels_and_masks_on_another_grid_are_resampled_with_a_note(folder):
    whole, mask = voxels(1, (12, 16, 6)), np.zeros((12, 16, 6), np.uint8)
    mask[4:8, 6:10, 2:4] = 1
    fine = AFFINE @ np.diag([0.5, 0.5, 0.5, 1])
    write(folder / "1/flair.nii.gz", whole, fine)
    write(folder / "1/mask.nii.gz", mask, fine)
    with pytest.warns(UserWarning, match=r"another grid than the first channel \(2\): 1/flair"):
        data = read(folder)
    expected = whole[::2, ::2, 2].T[::-1]
    np.testing.assert_allclose(data.images[1, ..., 1], expected, atol=1e-3)
    np.testing.assert_array_equal(data.mask("tumor")[1], mask[::2, ::2, 2].T[::-1])
    assert data.mask("tumor")[:3].any(axis=(1, 2)).tolist() == [False, True, False]


def test_a_mask_of_a_part_of_the_scan_marks_the_same_place(folder):
    # The smallest box around the tumor, as some programs save it.
    small = AFFINE.copy()
    small[:3, 3] += AFFINE[:3, :3] @ [1, 2, 1]
    write(folder / "1/mask.nii.gz", np.ones((2, 2, 1), np.uint8), small)
    with pytest.warns(UserWarning, match="another grid"):
        data = read(folder)
    assert data.mask("tumor").sum(axis=(1, 2)).tolist() == [0, 4, 0, 0, 0, 4]
    assert data.mask("tumor")[1, 4:6, 1:3].all()


def test_labels_become_several_masks(folder):
    labels = MASK.copy()
    labels[1, 2:5, 1] = 1, 2, 3
    for k in (1, 2):
        write(folder / f"{k}/mask.nii.gz", labels)
    message = complaint(folder)
    assert "1/mask.nii.gz (line 2), values " in message
    assert "mask_labels" in message
    assert read(folder, mask_labels={"tumor": (1, 2, 3)}).mask("tumor")[1].sum() == 3
    data = read(folder, mask_labels={"core": (1, 3), "edema": 2}, class_names=None)
    assert data.mask_names == ("core", "edema")
    assert [data.mask(name)[1].sum() for name in data.mask_names] == [2, 1]
    assert data.attributes["edema_in_slice"].tolist() == [False, True, False] * 2
    assert data.class_names == ("patient",)
    assert not data.labels.any()


def test_one_name_stands_for_one_value_in_all_masks(folder):
    write(folder / "2/mask.nii.gz", 2 * (np.arange(144).reshape(6, 8, 3) % 2).astype(np.uint8))
    assert "masks whose values differ" in complaint(folder)
    assert read(folder, mask_labels={"tumor": (1, 2)}).mask("tumor")[3:].sum() == 72


def test_masks_with_fractions_are_read_after_the_advice(folder):
    write(folder / "1/mask.nii.gz", (MASK + 1) * np.float32(0.9999))
    message = complaint(folder)
    assert "mask of fractions (1): 1/mask.nii.gz (line 2), such as 0.9999" in message
    assert "save values > 0.5" in message
    data = nibabel.load(folder / "1/mask.nii.gz").get_fdata()
    write(folder / "1/mask.nii.gz", (data > 0.5).astype(np.uint8))
    with pytest.warns(UserWarning, match="every pixel"):
        read(folder)


def test_one_volume_of_a_file_with_four_dimensions_is_chosen_in_the_table(folder):
    both = np.stack([voxels(1), voxels(11)], axis=-1)
    write(folder / "1/t1c.nii.gz", both)
    expected = read_after(folder, "1/t1c.nii.gz,1/flair.nii.gz", "1/t1c.nii.gz[0],1/t1c.nii.gz[1]")
    np.testing.assert_array_equal(expected.images[1, ..., 0], voxels(1)[:, :, 1].T[::-1])
    np.testing.assert_array_equal(expected.images[1, ..., 1], voxels(11)[:, :, 1].T[::-1])
    change(folder, "1/t1c.nii.gz,1/flair.nii.gz", "1/t1c.nii.gz[0],1/t1c.nii.gz[2]")
    assert "shape (6, 8, 3, 2) and index 2" in complaint(folder)
    change(folder, "1/t1c.nii.gz,1/flair.nii.gz", "1/t1c.nii.gz[0],1/t1c.nii.gz[0]")
    assert "file listed twice" in complaint(folder)


def read_after(folder, old, new):
    change(folder, old, new)
    with pytest.warns(UserWarning, match=r"were not read \(1\): flair.nii.gz"):
        return read(folder)


def test_a_header_without_orientation_is_read_after_the_advice(folder):
    for name, data in (("t1c", voxels(1)), ("flair", voxels(11)), ("mask", MASK)):
        image = nibabel.Nifti1Image(data, None)
        image.header.set_zooms((2, 2, 5))
        nibabel.save(image, folder / f"1/{name}.nii.gz")
    message = complaint(folder)
    assert "image.set_sform(image.affine, 1) of nibabel and save it under another" in message
    for name in ("t1c", "flair", "mask"):
        image = nibabel.load(folder / f"1/{name}.nii.gz")
        image.set_sform(image.affine, 1)
        nibabel.save(image, folder / f"1/{name}_known.nii.gz")
        (folder / f"1/{name}.nii.gz").unlink()
    (folder / "volumes.csv").write_text(re.sub(r"1/(\w+)", r"1/\1_known", TABLE))
    data = read(folder)
    np.testing.assert_array_equal(data.images[1, ..., 0], voxels(1)[:, :, 1].T[::-1])


def test_nan_is_read_after_the_advice(folder):
    spoiled = voxels(1)
    spoiled[0] = np.nan
    write(folder / "1/t1c.nii.gz", spoiled)
    assert "24 of 144 voxels NaN or infinite" in complaint(folder)
    assert "damaged" not in complaint(folder)
    write(folder / "1/t1c.nii.gz", np.nan_to_num(spoiled))
    assert not read(folder).images[:3, :, 0, 0].any()


def dicom(path, modality):
    file = pydicom.Dataset()
    file.file_meta = pydicom.dataset.FileMetaDataset()
    file.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    file.SOPClassUID, file.SOPInstanceUID = "1.2", pydicom.uid.generate_uid()
    file.Modality = modality
    path.parent.mkdir(parents=True, exist_ok=True)
    file.save_as(path, enforce_file_format=True)


def test_dicom_is_refused_with_the_converter(folder):
    dicom(folder / "1/series/1", "MR")
    dicom(folder / "1/seg.dcm", "SEG")
    for old, new, what in (
        ("1/t1c.nii.gz", "1/series", "listed, but not in"),
        ("1/mask.nii.gz", "1/seg.dcm", "DICOM instead of a NIfTI file"),
    ):
        change(folder, old, new)
        message = complaint(folder)
        assert what in message
        assert new in message
        assert "dcm2niix -z y -f %s_%d -o OUT FOLDER" in message
        assert "segimage2itkimage" in message


# Gray values by percentile.


def gray(tmp_path, head, air, spoil=()):
    """Return the gray values inside and outside a bright box of one volume."""
    data, inside = np.full((20, 20, 8), air, np.float32), np.zeros((20, 20, 8), bool)
    inside[4:16, 4:16] = True
    data[inside] = head
    for place, value in spoil:
        data[place] = value
    read = one(tmp_path, data, (1, 1, 5), intensity_window="percentile").as_float()
    turned = np.moveaxis(inside, 2, 0)
    return read[..., 0][turned], read[..., 0][~turned]


HEAD = np.random.default_rng(5).normal(300, 40, 12 * 12 * 8)


@pytest.mark.parametrize(
    "spoil",
    [[((0, 0, 0), -1)], [((0, 0, 0), -9999)], [(np.s_[0, :, 0], np.linspace(-9, 9, 20))]],
)
def test_odd_voxels_in_the_air_change_no_gray_value_of_the_head(tmp_path, spoil):
    clean, air = gray(tmp_path, HEAD, 0)
    assert np.ptp(np.percentile(clean, (5, 95))) > 0.5
    assert not air.any()
    np.testing.assert_allclose(gray(tmp_path, HEAD, 0, spoil)[0], clean, atol=0.02)


def test_air_is_black_in_z_scores(tmp_path):
    clean, _ = gray(tmp_path, HEAD, 0)
    inside, air = gray(tmp_path, (HEAD - 300) / 40, 0)
    assert not air.any()
    np.testing.assert_allclose(inside, clean, atol=0.02)


# Masks back to files.


def written(paths):
    return [np.asarray(nibabel.load(path).dataobj) for path in paths]


@pytest.mark.parametrize("codes", ["LAS", "RAS", "PIR", "SPL"])
def test_a_mask_goes_back_to_the_grid_that_it_came_from(folder, tmp_path, codes):
    for path in sorted(folder.glob("*/*.nii.gz")):
        image = nibabel.load(path)
        orientations = (
            nibabel.io_orientation(image.affine),
            nibabel.orientations.axcodes2ornt(codes),
        )
        turned = image.as_reoriented(nibabel.orientations.ornt_transform(*orientations))
        nibabel.save(turned, path)
    read(folder).save(tmp_path / "kept.npz")
    data = datasets.read_dataset(tmp_path / "kept.npz")
    paths = write_masks(data, data.mask("tumor"), tmp_path / "out")
    assert paths == [tmp_path / f"out/{k}/t1c_mask.nii.gz" for k in (1, 2)]
    for k, path in enumerate(paths, 1):
        original = nibabel.load(folder / f"{k}/mask.nii.gz")
        np.testing.assert_array_equal(nibabel.load(path).affine, original.affine)
        np.testing.assert_array_equal(nibabel.load(path).dataobj, original.dataobj)
        assert nibabel.load(path).get_data_dtype() == np.uint8


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
def test_a_mask_from_any_plane_and_size_goes_back(folder, tmp_path, plane):
    whole = read(folder, plane=plane)
    same = write_masks(whole, whole.mask("tumor"), tmp_path / "same")
    small = read(folder, plane=plane, size=(23, 17), fit="pad")
    back = write_masks(small, small.mask("tumor"), tmp_path / "small")
    for k, masks in enumerate(zip(written(same), written(back), strict=True), 1):
        original = np.asarray(nibabel.load(folder / f"{k}/mask.nii.gz").dataobj)
        for mask in masks:
            np.testing.assert_array_equal(mask, original)


def test_dropped_slices_stay_empty(folder, tmp_path):
    data = read(folder)
    masks = np.ones((3, 8, 6), bool)
    masks[1, 0, 5] = False  # front and left, where the voxels of this scan end
    second, first = written(write_masks(data.select([4, 2, 0]), masks, tmp_path / "out"))
    assert first.sum(axis=(0, 1)).tolist() == [48, 0, 47]
    assert not first[5, 7, 2]
    assert second.sum(axis=(0, 1)).tolist() == [0, 48, 0]


def heads_folder(tmp_path):
    """Return a scan of a ball of 76 mm as head, with a ball of 24 mm as tumor in it."""
    x, y, z = np.ogrid[:44, :50, :12]
    ball = (x - 20) ** 2 + (y - 26) ** 2 + (2.5 * (z - 5)) ** 2
    tumor = (x - 26) ** 2 + (y - 30) ** 2 + (2.5 * (z - 6)) ** 2 < 6**2
    write(tmp_path / "scan.nii.gz", np.where(tumor, 90, np.where(ball < 19**2, 40.0, 0)))
    write(tmp_path / "mask.nii.gz", tumor.astype(np.uint8))
    (tmp_path / "volumes.csv").write_text("scan,mask,patient\nscan.nii.gz,mask.nii.gz,P1\n")
    options = {"images": {"T1c": "scan"}, "columns": {"mask": "mask"}, "mask_labels": "tumor"}
    data = read_volume_folder(tmp_path, intensity_window=(0, 100), **options)
    return data, tumor


@pytest.mark.parametrize(
    "change",
    [
        lambda data: datasets.crop_to_head(data, size=64),
        lambda data: datasets.resize(datasets.crop_to_head(data, size=96), 48),
        lambda data: datasets.crop_to_head(datasets.resize(data, 80), size=64),
    ],
)
def test_masks_go_back_after_cropping_and_resizing(tmp_path, change):
    data, tumor = heads_folder(tmp_path)
    changed = change(data)
    assert len(changed) == 12
    bright = changed.images[..., 0] > 130
    (found,) = written(write_masks(changed, bright, tmp_path / "out"))
    assert found.shape == tumor.shape
    assert 2 * (found & tumor).sum() / (found.sum() + tumor.sum()) > 0.9


def test_writing_masks_refuses_what_it_cannot_put_back(folder, tmp_path):
    data, out = read(folder), tmp_path / "out"
    masks = data.mask("tumor")

    def message(*arguments):
        with pytest.raises(ValueError, match=r"\w") as caught:
            write_masks(*arguments, out)
        return str(caught.value)

    assert "shape (6, 8, 5)" in message(data, masks[:, :, :5])
    predictions = masks[..., np.newaxis] * np.float32(0.7)
    assert "give predictions[..., 0] >= 0.5" in message(data, predictions)
    assert "0.7" in message(data, predictions[..., 0])
    assert "occurs twice" in message(data.select([0, 0]), masks[[0, 0]])
    assert "does not tell the grid" in message(dataclasses.replace(data, meta=None), masks)
    assert not out.exists()
    write_masks(data, predictions[..., 0] >= 0.5, out)
    before = [path.read_bytes() for path in sorted(out.rglob("*.gz"))]
    (out / "1/t1c_mask.nii.gz").unlink()
    assert "t1c_mask.nii.gz, there already" in message(data, ~masks)
    assert [path.read_bytes() for path in out.rglob("*.gz")] == before[1:]


def test_writing_masks_leaves_nothing_when_it_fails(folder, tmp_path):
    data, out = read(folder), tmp_path / "out"
    out.mkdir()
    (out / "2").write_text("a file where the second patient's folder should be")
    with pytest.raises(OSError, match="2"):
        write_masks(data, data.mask("tumor"), out)
    assert [path.name for path in out.rglob("*") if path.is_file()] == ["2"]


def test_the_code_of_the_documentation_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for k, patient in enumerate(("P01", "P02")):
        (tmp_path / patient).mkdir()
        heads_folder(tmp_path / patient)
        for old, new in (("scan", "t1c"), ("scan", "flair"), ("mask", "tumor")):
            image = nibabel.load(tmp_path / f"{patient}/{old}.nii.gz")
            data = image.get_fdata() * (1 if new == "tumor" else 1 + k)
            write(tmp_path / f"scans/{patient}/{new}.nii.gz", data, AFFINE)
    text = (ROOT / "docs/your_own_data.md").read_text(encoding="utf-8")
    section = text.split("## Volumes")[1].split("## ")[0]
    table, *code = re.findall(r"```(?:text|python)\n(.*?)```", section, re.DOTALL)
    (tmp_path / "scans/volumes.csv").write_text(table)
    names = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec("\n".join(code), names)
    assert [str(path) for path in names["paths"]] == [
        f"predicted/P0{k}/t1c_mask.nii.gz" for k in (1, 2)
    ]
    assert nibabel.load(names["paths"][0]).shape == (44, 50, 12)
    assert names["unlabeled"].class_names == ("patient",)


def test_a_function_may_name_the_masks(folder):
    named = {"mask": lambda table: table["t1c"].str.replace("t1c", "mask")}
    data = read(folder, columns=OPTIONS["columns"] | named)
    np.testing.assert_array_equal(data.masks, read(folder).masks)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"images": {"T1": 0}}, "images: received {'T1': 0}; allowed: a dict"),
        ({"images": ["t1c"]}, "images: received ['t1c']"),
        ({"images": {"T1": ["t1c"]}}, "images: received {'T1': ['t1c']}"),
        ({"images": None}, "images: received None"),
        ({"spacing_mm": "1"}, "spacing_mm: received '1'; allowed: one number"),
        ({"spacing_mm": (1, 1)}, "spacing_mm: received (1, 1)"),
        ({"columns": "patient"}, "columns: received 'patient'; allowed: a dict"),
    ],
)
def test_arguments_of_other_types_get_a_sentence(folder, changes, words):
    assert words in complaint(folder, **changes)


@pytest.mark.parametrize("shape", [(6, 8), (6, 8, 3, 1, 3)])
def test_files_of_other_dimensions_are_read_after_the_advice(tmp_path, shape):
    path, new = tmp_path / "a.nii.gz", tmp_path / "b.nii.gz"
    data = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    write(path, data)
    with pytest.raises(ValueError, match="received shape") as caught:
        imaging.read_nifti(path)
    exec(
        re.search(r": (i = .*|nibabel\..*)\.$", str(caught.value))[1],
        {"nibabel": nibabel, "path": path, "new": new},
    )
    volume = imaging.read_nifti(new)
    expected = data[..., None] if data.ndim == 2 else data[..., 0, 0]
    np.testing.assert_array_equal(volume.dataobj, expected)
