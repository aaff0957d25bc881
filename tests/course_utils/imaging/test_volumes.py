import nibabel as nib
import numpy as np
import pytest
from nibabel.processing import resample_to_output

from course_utils import imaging
from course_utils.imaging import Volume


def rotation(degrees, axis):
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    matrix = np.eye(3)
    one, two = (other for other in range(3) if other != axis)
    matrix[[one, one, two, two], [one, two, one, two]] = cosine, -sine, sine, cosine
    return matrix


def affine(matrix, origin=(-11.0, 7.0, 3.0)):
    result = np.eye(4)
    result[:3, :3], result[:3, 3] = matrix, origin
    return result


AFFINES = {
    "anisotropic": affine(np.diag([0.8, 1.2, 3.0])),
    "LAS": affine(np.diag([-1.0, 1.0, 2.0])),
    "LPI": affine(np.diag([-1.0, -1.5, -2.0])),
    "axes swapped (SAR)": affine([[0, 0, 1.1], [0, 0.9, 0], [2.0, 0, 0]]),
    "axes swapped (PIL)": affine([[0, 0, -1.0], [-1.5, 0, 0], [0, -2.0, 0]]),
    "oblique": affine(rotation(20, 2) @ rotation(-15, 0) @ np.diag([1.0, 0.7, 2.5])),
}


def random_volume(matrix, shape=(9, 11, 7)):
    return Volume(np.random.default_rng(1).normal(size=shape).astype(np.float32), matrix)


@pytest.mark.parametrize("order", [0, 1, 3])
@pytest.mark.parametrize("spacing", [1.0, (2.0, 0.6, 1.3)])
@pytest.mark.parametrize("name", AFFINES)
def test_resampling_equals_nibabel_in_grid_and_values(name, spacing, order):
    volume = random_volume(AFFINES[name])
    ours = imaging.resample(volume, spacing, order=order)
    theirs = resample_to_output(nib.Nifti1Image(volume.data, volume.affine), spacing, order=order)
    assert ours.data.shape == theirs.shape
    np.testing.assert_allclose(ours.affine, theirs.affine, atol=1e-12)
    np.testing.assert_allclose(ours.data, theirs.get_fdata(), atol=1e-5)
    assert ours.orientation == "RAS"


def test_resampling_a_ramp_gives_the_ramp_at_the_new_positions():
    volume = Volume(np.arange(5.0)[:, None, None] * np.ones((5, 2, 2)), np.diag([2, 1, 1, 1.0]))
    result = imaging.resample(volume, (1.0, 1.0, 1.0))
    np.testing.assert_allclose(result.data[:, 0, 0], np.arange(9) / 2)


def test_antialiasing_removes_a_pattern_finer_than_the_new_voxels():
    stripes = np.tile([0.0, 1.0], 16)[:, None, None] * np.ones((32, 4, 4))
    volume = Volume(stripes, np.eye(4))
    plain = imaging.resample(volume, (4, 1, 1)).data[1:-1]
    smooth = imaging.resample(volume, (4, 1, 1), antialias=True).data[1:-1]
    assert np.all(plain == 0)
    np.testing.assert_allclose(smooth, 0.5, atol=0.02)


@pytest.mark.parametrize("spacing", [0, -1, (1, 2), (1, 1, np.nan)])
def test_impossible_spacing_is_refused(spacing):
    with pytest.raises(ValueError, match="one positive number in mm, or three"):
        imaging.resample(random_volume(np.eye(4)), spacing)


def test_impossible_orders_are_refused():
    volume = random_volume(np.eye(4))
    with pytest.raises(ValueError, match="allowed are 0, 1, 2, 3, 4, 5"):
        imaging.resample(volume, 1, order=6)
    with pytest.raises(ValueError, match="labels"):
        imaging.resample(volume, 1, order=0, antialias=True)


@pytest.mark.parametrize("name", AFFINES)
@pytest.mark.parametrize("orientation", ["RAS", "LPS", "SAR", "PIR"])
def test_reorienting_moves_no_voxel_in_the_patient(name, orientation):
    volume = random_volume(AFFINES[name])
    turned = imaging.reorient(volume, orientation)
    assert turned.orientation == orientation
    index = np.array(np.unravel_index(turned.data.argmax(), turned.data.shape))
    before = np.array(np.unravel_index(volume.data.argmax(), volume.data.shape))
    np.testing.assert_allclose(turned.affine @ [*index, 1], volume.affine @ [*before, 1], atol=1e-9)
    np.testing.assert_array_equal(imaging.reorient(turned, volume.orientation).data, volume.data)


@pytest.mark.parametrize("orientation", ["RA", "RLS", "ras", "RASS", 3])
def test_impossible_orientations_are_refused(orientation):
    with pytest.raises(ValueError, match="one letter of each pair"):
        imaging.reorient(random_volume(np.eye(4)), orientation)


@pytest.mark.parametrize("orientation", ["RAS", "LPS", "SAR", "PIR"])
def test_planes_are_shown_in_radiological_convention(orientation):
    data = np.zeros((5, 7, 9), np.float32)
    data[4, 3, 4] = 1  # far right
    data[2, 6, 4] = 2  # far front
    data[2, 3, 8] = 3  # far up
    volume = imaging.reorient(Volume(data, np.diag([1.0, 2.0, 3.0, 1.0])), orientation)

    axial, spacing = imaging.plane(volume, "axial", 4)
    assert (axial.shape, spacing) == ((7, 5), (2.0, 1.0))
    assert axial[3, 0] == 1  # right of the patient on the left
    assert axial[0, 2] == 2  # front up
    coronal, spacing = imaging.plane(volume, "coronal", 3)
    assert (coronal.shape, spacing) == ((9, 5), (3.0, 1.0))
    assert coronal[4, 0] == 1
    assert coronal[0, 2] == 3
    sagittal, spacing = imaging.plane(volume, "sagittal")
    assert (sagittal.shape, spacing) == ((9, 7), (3.0, 2.0))
    assert sagittal[4, 0] == 2  # front on the left
    assert sagittal[0, 3] == 3


def test_planes_outside_the_volume_are_refused():
    volume = random_volume(np.eye(4))
    with pytest.raises(ValueError, match="go from 0 to 6"):
        imaging.plane(volume, "axial", 7)
    with pytest.raises(ValueError, match="go from 0 to 6"):
        imaging.plane(volume, "axial", -1)
    with pytest.raises(ValueError, match="'axial', 'coronal', 'sagittal'"):
        imaging.plane(volume, "transverse", 0)


@pytest.mark.parametrize(
    ("data", "matrix", "words"),
    [
        (np.zeros((2, 2)), np.eye(4), "three axes"),
        (np.full((2, 2, 2), np.nan), np.eye(4), "8 of 8 values"),
        (np.zeros((2, 2, 2)), np.diag([1, 1, 0, 1]), "singular"),
        (np.zeros((2, 2, 2)), np.eye(3), "4 x 4"),
    ],
)
def test_impossible_volumes_are_refused(data, matrix, words):
    with pytest.raises(ValueError, match=words):
        Volume(data, matrix)
