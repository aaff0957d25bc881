import gzip
import io

import nibabel as nib
import numpy as np
import pytest

from course_utils import imaging
from course_utils.imaging import ImageFileError


def nifti(data=None, matrix=None):
    data = np.arange(24, dtype=np.int16).reshape(2, 3, 4) if data is None else data
    return nib.Nifti1Image(data, np.diag([-1.0, 1.0, 2.0, 1.0]) if matrix is None else matrix)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_nifti_is_read_from_path_and_file_object(tmp_path, suffix):
    path = tmp_path / f"volume{suffix}"
    nib.save(nifti(), path)
    volume = imaging.read_nifti(path)
    assert repr(volume) == "Volume(2 x 3 x 4 voxels, 1 x 1 x 2 mm, LAS, 0 to 23)"
    with path.open("rb") as file:
        np.testing.assert_array_equal(imaging.read_nifti(file).data, volume.data)


def test_nifti_scaling_is_applied(tmp_path):
    image = nifti()
    image.header.set_slope_inter(2, 10)
    nib.save(image, tmp_path / "scaled.nii")
    read = imaging.read_nifti(tmp_path / "scaled.nii")
    expected = nib.load(tmp_path / "scaled.nii").get_fdata()
    np.testing.assert_allclose(read.data, expected)
    assert read.data.dtype == np.float32


def test_one_volume_in_four_dimensions_is_squeezed_and_more_are_refused():
    assert imaging.read_nifti(nifti(np.ones((2, 3, 4, 1), np.int16))).data.shape == (2, 3, 4)
    with pytest.raises(ImageFileError, match="not one 3-D volume"):
        imaging.read_nifti(nifti(np.ones((2, 3, 4, 2), np.int16)))


def test_a_nifti_that_does_not_state_its_orientation_is_refused_unless_allowed():
    image = nifti()
    image.set_sform(None, code=0)
    image.set_qform(None, code=0)
    with pytest.raises(ImageFileError, match="does not say which side is left"):
        imaging.read_nifti(image)
    volume = imaging.read_nifti(image, missing_orientation="spacing")
    assert volume.spacing_mm == (1, 1, 2)


def test_contradicting_orientations_are_refused_and_differing_sizes_warned_of():
    image = nifti()
    image.set_qform(np.diag([1.0, 1.0, 2.0, 1.0]), code=1)
    with pytest.raises(ImageFileError, match="LAS, the qform RAS"):
        imaging.read_nifti(image)
    image.set_qform(np.diag([-1.0, 1.0, 2.5, 1.0]), code=1)
    with pytest.warns(UserWarning, match="the sform is used"):
        assert imaging.read_nifti(image).spacing_mm == (1, 1, 2)


def test_microns_become_millimeters():
    image = nifti(matrix=np.diag([500.0, 500.0, 500.0, 1.0]))
    image.header.set_xyzt_units("micron")
    assert imaging.read_nifti(image).spacing_mm == (0.5, 0.5, 0.5)


def test_damaged_nifti_files_get_the_one_error(tmp_path):
    whole = nifti().to_bytes()
    cases = {
        "cut.nii": whole[:-10],
        "header.nii": whole[:200],
        "cut.nii.gz": gzip.compress(whole)[:-20],
        "text.nii": b"not an image",
        "empty.nii": b"",
        "image.png": b"\x89PNG\r\n\x1a\n",
    }
    for name, content in cases.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ImageFileError, match=name):
            imaging.read_nifti(tmp_path / name)
        with pytest.raises(ImageFileError):
            imaging.read_nifti(io.BytesIO(content))
    with pytest.raises(ImageFileError, match="Check the path"):
        imaging.read_nifti(tmp_path / "none.nii")


def test_voxels_that_are_not_numbers_are_refused():
    with pytest.raises(ImageFileError, match="complex"):
        imaging.read_nifti(nifti(np.ones((2, 2, 2), np.complex64)))
    data = np.ones((2, 2, 2), np.float32)
    data[0, 0, 0] = np.nan
    with pytest.raises(ImageFileError, match="1 of 8 values that are NaN"):
        imaging.read_nifti(nifti(data))
