"""NIfTI files whose header means what it says; slices in radiological convention."""

import gzip

import nibabel as nib
import numpy as np
import pytest

from course_utils import imaging
from course_utils.imaging import ImageFileError

LAS = np.diag([-1.0, 1.0, 2.0, 1.0])


def nifti(data=None, affine=LAS):
    return nib.Nifti1Image(
        np.arange(24, dtype=np.int16).reshape(2, 3, 4) if data is None else data, affine
    )


@pytest.fixture
def read(tmp_path):
    def read(image, name="volume.nii.gz"):
        nib.save(image, tmp_path / name)
        return imaging.read_nifti(tmp_path / name)

    return read


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_a_volume_is_read_with_its_scaling_and_place(read, name):
    image = nifti()
    image.header.set_slope_inter(2, 10)
    volume = read(image, name)
    np.testing.assert_array_equal(volume.get_fdata(), 2 * image.get_fdata() + 10)
    assert volume.get_data_dtype() == np.float32
    assert nib.aff2axcodes(volume.affine) == ("L", "A", "S")
    assert volume.header.get_zooms() == (1, 1, 2)


def test_one_volume_in_four_dimensions_is_squeezed_and_microns_become_mm(read):
    image = nifti(np.ones((2, 3, 4, 1), np.int16), np.diag([500.0, 500.0, 500.0, 1.0]))
    image.header.set_xyzt_units("micron")
    volume = read(image)
    assert volume.shape == (2, 3, 4)
    assert volume.header.get_zooms() == (0.5, 0.5, 0.5)


@pytest.mark.parametrize("dtype", [np.int32, np.uint32, np.int64, np.float64])
def test_labels_that_float32_cannot_hold_stay_as_they_are(read, dtype):
    labels = np.array([312782546, 312782550, 0], dtype).reshape(3, 1, 1)
    volume = read(nib.Nifti1Image(labels, LAS, dtype=dtype))
    np.testing.assert_array_equal(np.asarray(volume.dataobj), labels)
    assert nib.as_closest_canonical(volume).dataobj[0] == labels[-1]


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.float64])
def test_other_numbers_become_float32(read, dtype):
    assert read(nifti(np.ones((2, 3, 4), dtype))).get_data_dtype() == np.float32
    assert read(nifti(np.full((2, 3, 4), 2**24 + 0.5))).get_data_dtype() == np.float32


def test_the_remedy_for_nan_works(read, tmp_path):
    with pytest.raises(ImageFileError, match=r"1 of 2 voxels NaN .*Set them .* with nibabel"):
        read(nifti(np.array([[[np.nan, 3]]], np.float32)), "map.nii")
    image = nib.load(tmp_path / "map.nii")
    data = image.get_fdata()
    data[~np.isfinite(data)] = 0
    np.testing.assert_array_equal(read(nifti(data)).get_fdata(), [[[0, 3]]])


def unstated(image):
    image.set_sform(None, code=0)
    image.set_qform(None, code=0)
    return image


def contradicting(image):
    image.set_qform(np.diag([1.0, 1.0, 2.0, 1.0]), code=1)
    return image


def singular():
    image = nifti()
    image.set_qform(None, code=0)
    image.set_sform(np.diag([1.0, 1.0, 0.0, 1.0]), code=1)
    return image


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (lambda: nifti(np.ones((2, 3, 4, 2), np.int16)), "allowed: one 3-D volume"),
        (lambda: nifti(np.ones((2, 2, 2), np.complex64)), "complex"),
        (lambda: nifti(np.full((2, 2, 2), np.nan, np.float32)), "8 of 8 voxels NaN"),
        (lambda: unstated(nifti()), "which side is left"),
        (lambda: contradicting(nifti()), "LAS by the sform and RAS by the qform"),
        (singular, "one has length 0"),
    ],
)
def test_what_is_not_one_volume_of_numbers_in_a_known_place_is_refused(read, image, words):
    with pytest.raises(ImageFileError, match=f"volume.nii.gz: received .*{words}"):
        read(image())


def test_sizes_that_differ_are_warned_of(read):
    image = nifti()
    image.set_qform(np.diag([-1.0, 1.0, 2.5, 1.0]), code=1)
    with pytest.warns(UserWarning, match="by the sform, which is used"):
        assert read(image).header.get_zooms() == (1, 1, 2)


WHOLE = nifti().to_bytes()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cut.nii", WHOLE[:-10]),
        ("header.nii", WHOLE[:200]),
        ("cut.nii.gz", gzip.compress(WHOLE)[:-20]),
        ("text.nii", b"not an image"),
        ("empty.nii", b""),
        ("image.png", b"\x89PNG\r\n\x1a\n"),
    ],
)
def test_damaged_files_get_the_one_error(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ImageFileError, match=name):
        imaging.read_nifti(tmp_path / name)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ImageFileError, match="Check the path"):
        imaging.read_nifti(tmp_path / "none.nii")


@pytest.mark.parametrize("orientation", ["RAS", "LPS", "SAR", "PIR"])
def test_planes_are_shown_in_radiological_convention(orientation):
    data = np.zeros((5, 7, 9), np.float32)
    data[4, 3, 4] = 1  # far right
    data[2, 6, 4] = 2  # far front
    data[2, 3, 8] = 3  # far up
    volume = nib.Nifti1Image(data, np.diag([1.0, 2.0, 3.0, 1.0]))
    turn = nib.orientations.ornt_transform(
        nib.orientations.axcodes2ornt("RAS"), nib.orientations.axcodes2ornt(orientation)
    )
    volume = volume.as_reoriented(turn)

    axial, spacing = imaging.plane(volume, "axial", 4)
    assert (axial.shape, spacing) == ((7, 5), (2.0, 1.0))
    assert axial[3, 0] == 1  # right of the patient on the left
    assert axial[0, 2] == 2  # front up
    coronal, spacing = imaging.plane(volume, "coronal", 3)
    assert (coronal.shape, spacing) == ((9, 5), (3.0, 1.0))
    assert coronal[4, 0] == 1
    assert coronal[0, 2] == 3
    sagittal, spacing = imaging.plane(volume, "sagittal", 2)
    assert (sagittal.shape, spacing) == ((9, 7), (3.0, 2.0))
    assert sagittal[4, 0] == 2  # front on the left
    assert sagittal[0, 3] == 3


def test_an_unknown_plane_is_refused():
    with pytest.raises(ValueError, match="sagittal, coronal, axial"):
        imaging.plane(nifti(), "transverse", 0)
