"""Volumes with a table become slices, or one error that lists all that does not fit."""

import nibabel
import numpy as np
import pytest

from course_utils.own_data import read_volume_folder

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
        replace("1/mask.nii.gz", MASK + 1, MOVED), "mask that lies outside its scan (1)", "register",
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
    "no NIfTI": (content("1/t1c.nii.gz", b"text"), "volume that cannot be used (1): 1/t1c.nii.gz", ""),
    "truncated": (truncate, "volume that cannot be used (1): 1/t1c.nii.gz (line 2)", "undamaged"),
    "NaN": (replace("1/t1c.nii.gz", voxels(1) * np.nan), "volume that cannot be used", "NaN or infinite"),
    "four dimensions": (
        replace("1/t1c.nii.gz", voxels(1, (6, 8, 3, 2))), "volume that cannot be used", "name.nii.gz[0]",
    ),
    "constant": (replace("1/t1c.nii.gz", voxels(1) * 0), "voxels are all equal", ""),
    "outside the window": (replace("1/t1c.nii.gz", voxels(1) + 900), "outside the intensity", ""),
    "a picture": (
        lambda f: (content("1/x.png", b"x")(f), change(f, "1/t1c.nii.gz", "1/x.png")),
        "volume that cannot be used", "undamaged",
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
    for part in ("3 problems", "label outside", "several values beside 0", "volume that cannot be used"):
        assert part in message


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"intensity_window": "zscore"}, "(low, high) or 'percentile'"),
        ({"intensity_window": None}, "low < high"),
        ({"columns": {"group": None}}, "column that holds the patient"),
        ({"columns": {"group": "person"}}, "no column person"),
        ({"plane": "oblique"}, "plane: received 'oblique'"),
        ({"spacing_mm": 0}, "spacing_mm: received 0"),
        ({"spacing_mm": (1, 1)}, "one number of mm"),
        ({"images": {"T2": "t2"}}, "no column t2"),
        ({"images": {}}, "images"),
        ({"images": "t1c"}, "channel name to column"),
    ],
)
def test_wrong_arguments_get_a_sentence(folder, changes, words):
    assert words in complaint(folder, **changes)
