import numpy as np
import pytest

from course_utils.imaging import ImageFileError, read_dicom_series
from tests.course_utils.imaging.dicom_samples import dicom


def write_series(folder, count=4, **elements):
    """Write axial slices of 2 x 3 pixels, 5 mm apart; pixel value = 10 x slice + position."""
    folder.mkdir(exist_ok=True)
    for k in range(count):
        stored = 10 * k + np.arange(6).reshape(2, 3)
        fields = {
            "Modality": "MR",
            "SeriesInstanceUID": "1.2.3",
            "ImagePositionPatient": [-20, 30, 100 + 5 * k],
            "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
            "PixelSpacing": [2, 0.5],
        }
        dataset = dicom(stored, **(fields | elements))
        # Names in the reverse order of the slices: only the position counts.
        dataset.save_as(folder / f"{9 - k}", enforce_file_format=False)
    return folder


def edit(folder, name="9", **elements):
    import pydicom

    dataset = pydicom.dcmread(folder / name, force=True)
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    dataset.save_as(folder / name, enforce_file_format=False)


def test_slices_are_stacked_by_position_with_their_place_in_the_patient(tmp_path):
    volume = read_dicom_series(write_series(tmp_path / "s"))
    assert volume.data.shape == (3, 2, 4)
    # Column 2, row 1, slice 3.
    assert volume.data[2, 1, 3] == 35
    # DICOM: x = -20 + 2 * 0.5, y = 30 + 1 * 2, z = 115; NIfTI turns x and y round.
    np.testing.assert_allclose(volume.affine @ [2, 1, 3, 1], [19, -32, 115, 1])
    assert volume.orientation == "LPS"


def test_padding_becomes_the_lowest_measured_value(tmp_path):
    folder = write_series(tmp_path / "s", PixelPaddingValue=0)
    assert read_dicom_series(folder).data.min() == 1


SPOILED = {
    "another series": ({"SeriesInstanceUID": "1.2.4"}, "slices of 2 series"),
    "another patient": ({"PatientID": "other"}, "slices of 2 patients"),
    "another scale": ({"PhotometricInterpretation": "MONOCHROME1"}, "2 photometric interp"),
    "another spacing": ({"PixelSpacing": [1, 1]}, "2 pixel spacings"),
    "another direction": ({"ImageOrientationPatient": [0, 1, 0, 1, 0, 0]}, "2 directions"),
    "same place": ({"ImagePositionPatient": [-20, 30, 105]}, "two slices at 105 mm"),
    "gap": ({"ImagePositionPatient": [-20, 30, 80]}, "A slice is missing"),
    "no position": ({"ImagePositionPatient": None}, "its place in the stack is unknown"),
    "no spacing": ({"PixelSpacing": None}, "no PixelSpacing"),
    "no right angle": ({"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]}, "orientation in the head"),
}


@pytest.mark.parametrize("name", SPOILED)
def test_slices_that_form_no_stack_are_refused(tmp_path, name):
    elements, words = SPOILED[name]
    folder = write_series(tmp_path / "s")
    edit(folder, **elements)
    with pytest.raises(ImageFileError, match=words):
        read_dicom_series(folder)


def test_a_slice_moved_sideways_is_named_and_a_tilted_stack_passes(tmp_path):
    folder = write_series(tmp_path / "s")
    for k in range(4):  # each slice 3 mm further: a tilted gantry
        edit(folder, f"{9 - k}", ImagePositionPatient=[-20, 30 + 3 * k, 100 + 5 * k])
    np.testing.assert_allclose(read_dicom_series(folder).affine[:3, 2], [0, -3, 5])
    edit(folder, "7", ImagePositionPatient=[-20, 36.05, 110])  # within the tolerance
    read_dicom_series(folder)
    edit(folder, "7", ImagePositionPatient=[-20, 66, 110])
    with pytest.raises(ImageFileError, match=r"s: 7 lies 30 mm beside the line"):
        read_dicom_series(folder)


def test_a_missing_folder_one_slice_and_all_padding_are_refused(tmp_path):
    with pytest.raises(ImageFileError, match="no such folder"):
        read_dicom_series(tmp_path / "none")
    with pytest.raises(ImageFileError, match="at least two slices"):
        read_dicom_series(write_series(tmp_path / "one", 1))
    padding = {"PixelPaddingValue": 0, "PixelPaddingRangeLimit": 99}
    with pytest.raises(ImageFileError, match="there is no image"):
        read_dicom_series(write_series(tmp_path / "padding", **padding))
