"""The readers of the real sets, on small files of the same format made here."""

import io
import zipfile

import h5py
import numpy as np
import pytest
from scipy.io import savemat

from course_utils.real_data import read_cheng, read_medmnist, registry


def medmnist_file(path, *, shape=(28, 28), labels=(0, 1), sizes=(6, 3, 3), copies=()):
    """Write a file in MedMNIST's format; copies are (from, to) positions over all parts."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (sum(sizes), *shape)).astype(np.uint8)
    numbers = np.resize(labels, sum(sizes)).astype(np.uint8)
    for source, target in copies:
        images[target] = images[source] // 2 + 20
    edges = np.cumsum(sizes)[:-1]
    arrays = {}
    for part, pixels, values in zip(
        ("train", "val", "test"), np.split(images, edges), np.split(numbers, edges), strict=True
    ):
        arrays |= {f"{part}_images": pixels, f"{part}_labels": values[:, None]}
    np.savez(path, **arrays)
    return path


def breast(path):
    return read_medmnist([path], registry()["breastmnist"])


def test_breastmnist_labels_are_turned_so_that_one_is_malignant(tmp_path):
    data = breast(medmnist_file(tmp_path / "b.npz"))
    assert data.class_names == ("normal or benign", "malignant")
    assert data.labels.tolist() == [1, 0] * 6
    assert (data.origin, data.group_kind, data.images.shape) == (
        "real", "near-duplicate", (12, 28, 28, 1),
    )  # fmt: skip
    assert [len(data.split(part)) for part in ("train", "validation", "test")] == [6, 3, 3]


def test_near_duplicates_move_to_the_part_that_must_not_leak(tmp_path):
    # Train 0 is a copy of test 10, train 1 of validation 7; labels alternate, so they agree.
    path = medmnist_file(tmp_path / "b.npz", copies=[(0, 10), (1, 7)])
    data = breast(path)
    assert data.groups[0] == data.groups[10]
    assert data.splits[[0, 1, 2]].tolist() == ["test", "validation", "train"]
    assert data.attributes["official_split"].tolist() == (
        ["train"] * 6 + ["validation"] * 3 + ["test"] * 3
    )


def test_near_duplicates_that_disagree_are_set_apart(tmp_path):
    data = breast(medmnist_file(tmp_path / "b.npz", copies=[(0, 11)]))
    assert np.flatnonzero(data.splits == "extra").tolist() == [0, 11]
    assert np.flatnonzero(data.attributes["label_conflict"]).tolist() == [0, 11]


def test_dermamnist_has_seven_classes_and_its_license(tmp_path):
    path = medmnist_file(tmp_path / "d.npz", shape=(64, 64, 3), labels=range(7), sizes=(7, 7, 7))
    data = read_medmnist([path], registry()["dermamnist"])
    assert data.images.shape == (21, 64, 64, 3)
    assert data.class_names[4] == "melanoma"
    assert data.labels.tolist() == list(range(7)) * 3
    assert data.license == "CC BY-NC 4.0"
    positive = np.isin(data.class_names, data.meta["positive"])
    assert positive.tolist() == [1, 1, 0, 0, 1, 0, 0]


def cheng_slice(label, patient, image, mask):
    """Return the bytes of one slice as MATLAB 7.3 stores it: columns first, text as numbers."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        record = file.create_group("cjdata")
        record["label"] = np.array([[float(label)]])
        record["PID"] = np.array([[ord(letter)] for letter in patient], np.uint16)
        record["image"] = image.T
        record["tumorMask"] = mask.T.astype(np.uint8)
        record["tumorBorder"] = np.array([[1.0, 2.0]])
    return buffer.getvalue()


def cheng_set(paths, size=128):
    return read_cheng(paths, registry()["cheng"], size)


@pytest.fixture
def cheng(tmp_path):
    """Write two archives in the format of the set, five slices of four patients, and folds."""
    image = np.zeros((64, 64), np.int16)
    image[:32] = 800
    mask = np.zeros((64, 64), bool)
    mask[0:16, 32:64] = True
    small = image[::2, ::2], mask[::2, ::2]
    slices = {
        1: cheng_slice(1, "100360", image, mask),
        2: cheng_slice(1, "100360", image, mask),
        10: cheng_slice(2, "MR0247C", image, mask),
        3: cheng_slice(3, "90001", *small),
        4: cheng_slice(2, "113", image, mask),
    }
    for name, numbers in (("a_1-2.zip", (2, 1, 10)), ("a_3-4.zip", (3, 4))):
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in numbers:
                archive.writestr(f"{number}.mat", slices[number])
    folds = np.array([1, 1, 4, 5, 0, 0, 0, 0, 0, 2.0])
    savemat(tmp_path / "cvind.mat", {"cvind": folds[:, None]})
    return tmp_path, folds


def test_a_cheng_archive_is_read(cheng):
    folder, _ = cheng
    data = cheng_set([folder / "a_3-4.zip", folder / "cvind.mat", folder / "a_1-2.zip"], size=16)
    assert data.attributes["file_number"].tolist() == [1, 2, 3, 4, 10]
    assert data.groups.tolist() == ["100360", "100360", "90001", "113", "MR0247C"]
    assert data.labels.tolist() == [0, 0, 2, 1, 1]
    assert data.class_names == ("meningioma", "glioma", "pituitary tumor")
    assert data.splits.tolist() == ["train", "train", "validation", "test", "train"]
    assert data.group_kind == "patient"
    assert data.slice_thickness_mm[0] == 6
    np.testing.assert_allclose(data.pixel_spacing_mm, 512 * 0.49 / 16)


def test_a_cheng_slice_keeps_its_orientation(cheng):
    data = cheng_set([cheng[0] / "a_1-2.zip", cheng[0] / "cvind.mat"], size=16)
    upper_half = np.repeat([255, 0], 8)
    np.testing.assert_array_equal(data.images[0, :, 0, 0], upper_half)
    expected = np.zeros((16, 16), bool)
    expected[0:4, 8:16] = True
    for mask in data.mask("tumor"):
        np.testing.assert_array_equal(mask, expected)


def test_folds_are_also_read_from_a_matlab_73_file(cheng):
    folder, folds = cheng
    with h5py.File(folder / "cvind.mat", "w") as file:
        file["cvind"] = folds[None]
    archives = [folder / "a_1-2.zip", folder / "a_3-4.zip"]
    assert cheng_set([*archives, folder / "cvind.mat"]).attributes["fold"].tolist() == [
        1, 1, 4, 5, 2,
    ]  # fmt: skip
