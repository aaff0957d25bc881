import io

import numpy as np
import pydicom
import pytest

from course_utils import imaging
from course_utils.imaging import ImageFileError, Window
from tests.course_utils.imaging.dicom_samples import (
    CT_FILE,
    DICOM_FOLDER,
    dicom,
    item,
    read_quietly,
)

RESCALE = {"RescaleSlope": 1, "RescaleIntercept": -1024}


def test_monochrome1_keeps_its_numbers_and_turns_only_the_display():
    dataset = dicom([[0, 50, 100]], Modality="DX", PhotometricInterpretation="MONOCHROME1")
    image = imaging.read_dicom(dataset)
    np.testing.assert_array_equal(image.pixels, [[0, 50, 100]])
    assert image.display_inverted
    np.testing.assert_array_equal(image.display(), [[1, 0.5, 0]])
    assert "display inverted" in repr(image)


@pytest.mark.parametrize("present", [{}, {"RescaleSlope": 1}, {"RescaleIntercept": -1024}])
def test_a_ct_without_rescale_is_refused_unless_stored_numbers_are_asked_for(present):
    dataset = dicom([[5, 6]], Modality="CT", **present)
    with pytest.raises(ImageFileError, match="missing_rescale='identity'"):
        imaging.read_dicom(dataset)
    image = imaging.read_dicom(dataset, missing_rescale="identity")
    assert image.units == "US"
    np.testing.assert_array_equal(image.pixels, [[5, 6]])


def test_an_mr_without_rescale_keeps_its_numbers_in_unspecified_units():
    image = imaging.read_dicom(dicom([[5, 6]], Modality="MR"))
    assert image.units == "US"
    np.testing.assert_array_equal(image.pixels, [[5, 6]])


@pytest.mark.parametrize("padding", [-2000, 63536])
def test_padding_is_marked_and_not_taken_for_air(padding):
    dataset = dicom([[-2000, 24, 1024]], Modality="CT", **RESCALE)
    dataset.add_new("PixelPaddingValue", "SS" if padding < 0 else "US", padding)
    image = imaging.read_dicom(dataset)
    np.testing.assert_array_equal(image.valid, [[False, True, True]])
    np.testing.assert_array_equal(image.filled(-1000), [[-1000, -1000, 0]])
    assert image.display(Window("wide", 0, 4000))[0, 0] == 0
    assert "-1000 to 0 HU" in repr(image)
    assert "1 padding pixels" in repr(image)


def test_a_padding_range_marks_everything_between_its_ends():
    dataset = dicom([[-2000, -1900, -1800, 0]], Modality="MR")
    dataset.add_new("PixelPaddingValue", "SS", -2000)
    dataset.add_new("PixelPaddingRangeLimit", "SS", -1900)
    np.testing.assert_array_equal(imaging.read_dicom(dataset).valid, [[False, False, True, True]])


def enhanced_ct():
    stored = [[[1, 2]], [[1, 2]]]
    rescale = [item(RescaleSlope=1, RescaleIntercept=b, RescaleType="HU") for b in (-1000, -500)]
    frames = [item(PixelValueTransformationSequence=[one]) for one in rescale]
    shared = item(
        PixelMeasuresSequence=[item(PixelSpacing=[0.5, 0.25], SliceThickness=3)],
        FrameVOILUTSequence=[item(WindowCenter=40, WindowWidth=80)],
    )
    return dicom(
        stored,
        Modality="CT",
        SharedFunctionalGroupsSequence=[shared],
        PerFrameFunctionalGroupsSequence=frames,
    )


def test_enhanced_ct_is_rescaled_frame_by_frame():
    image = imaging.read_dicom(enhanced_ct())
    np.testing.assert_array_equal(image.pixels, [[[-999, -998]], [[-499, -498]]])
    assert (image.units, image.frames) == ("HU", 2)
    assert (image.pixel_spacing_mm, image.slice_thickness_mm) == ((0.5, 0.25), 3)
    assert image.windows == (Window("file 1", 40, 80),)


def test_frames_and_functional_groups_must_match():
    dataset = enhanced_ct()
    del dataset.PerFrameFunctionalGroupsSequence[1]
    with pytest.raises(ImageFileError, match="2 frames, but functional groups for 1"):
        imaging.read_dicom(dataset)


def test_a_shared_rescale_serves_all_frames():
    shared = item(PixelValueTransformationSequence=[item(**RESCALE, RescaleType="HU")])
    dataset = dicom([[[0]], [[24]]], Modality="CT", SharedFunctionalGroupsSequence=[shared])
    np.testing.assert_array_equal(imaging.read_dicom(dataset).pixels, [[[-1024]], [[-1000]]])


def test_a_modality_lookup_table_replaces_the_rescale():
    table = item(LUTDescriptor=[3, 0, 16], ModalityLUTType="OD")
    table.add_new("LUTData", "US", [10, 20, 40])
    image = imaging.read_dicom(dicom([[0, 1, 2, 9]], ModalityLUTSequence=[table]))
    np.testing.assert_array_equal(image.pixels, [[10, 20, 40, 40]])
    assert image.units == "OD"


def test_spacing_at_the_detector_is_told_from_spacing_in_the_patient():
    at_detector = imaging.read_dicom(dicom([[1, 2]], ImagerPixelSpacing=[0.2, 0.1]))
    assert at_detector.pixel_spacing_mm == (0.2, 0.1)
    assert at_detector.pixel_spacing_kind == "ImagerPixelSpacing"
    assert imaging.read_dicom(CT_FILE).pixel_spacing_kind == "PixelSpacing"
    assert imaging.read_dicom(dicom([[1, 2]])).pixel_spacing_mm is None


def test_spacing_that_cannot_be_is_unknown_and_warned_of():
    with pytest.warns(UserWarning, match="taken as unknown"):
        image = imaging.read_dicom(dicom([[1, 2]], PixelSpacing=[0, 0.5]))
    assert image.pixel_spacing_mm is None


def test_a_dataset_without_transfer_syntax_uses_the_encoding_it_was_parsed_with():
    buffer = io.BytesIO()
    dataset = dicom([[1, 2]], SOPClassUID="1.2.840.10008.5.1.4.1.1.4")
    dataset.save_as(buffer, implicit_vr=False, little_endian=True)
    stripped = pydicom.dcmread(io.BytesIO(buffer.getvalue()), force=True)
    del stripped.file_meta.TransferSyntaxUID
    np.testing.assert_array_equal(imaging.read_dicom(stripped).pixels, [[1, 2]])
    assert "TransferSyntaxUID" not in stripped.file_meta

    del dataset.file_meta
    with pytest.raises(ImageFileError, match="Transfer Syntax UID"):
        imaging.read_dicom(dataset)


def test_path_file_object_and_dataset_give_the_same_image():
    with CT_FILE.open("rb") as file:
        from_file = imaging.read_dicom(file)
    from_dataset = imaging.read_dicom(pydicom.dcmread(CT_FILE))
    np.testing.assert_array_equal(from_file.pixels, imaging.read_dicom(str(CT_FILE)).pixels)
    np.testing.assert_array_equal(from_file.pixels, from_dataset.pixels)


def test_what_is_no_source_is_refused(tmp_path):
    with pytest.raises(ImageFileError, match="Check the path"):
        imaging.read_dicom(tmp_path / "none.dcm")
    with pytest.raises(ImageFileError, match="Check the path"):
        imaging.read_dicom(tmp_path)
    with pytest.raises(ImageFileError, match="give a path"):
        imaging.read_dicom(42)
    with pytest.raises(ValueError, match="'error', 'identity'"):
        imaging.read_dicom(CT_FILE, missing_rescale="guess")


def test_every_truncation_of_a_file_gives_the_one_error_or_the_whole_image():
    content = CT_FILE.read_bytes()
    whole = imaging.read_dicom(CT_FILE).pixels
    for length in range(0, len(content), 997):
        try:
            image = read_quietly(io.BytesIO(content[:length]))
        except ImageFileError:
            continue
        np.testing.assert_array_equal(image.pixels, whole)


def test_a_dose_without_scale_is_refused():
    with pytest.raises(ImageFileError, match="DoseGridScaling is 0"):
        imaging.read_dicom(dicom(np.ones((2, 2)), Modality="RTDOSE", DoseGridScaling="0"))


def test_a_damaged_header_is_not_taken_for_a_wrong_path():
    # Half an element: its tag is there and its length is cut.
    with pytest.raises(ImageFileError) as error:
        imaging.read_dicom(io.BytesIO(CT_FILE.read_bytes()[:140]))
    assert "Check the path" not in str(error.value)
    assert "0x" not in str(error.value)


def test_color_is_displayed_as_fractions_and_has_no_padding_to_fill():
    path = DICOM_FOLDER / "examples_rgb_color.dcm"
    image = imaging.read_dicom(path)
    np.testing.assert_allclose(image.display(), image.pixels / 255, atol=1e-7)
    with pytest.raises(ValueError, match="color image"):
        image.filled(0)


def test_display_uses_the_files_own_window_and_function():
    image = imaging.read_dicom(
        dicom([[0, 40], [79, 200]], Modality="MR", WindowCenter="40", WindowWidth="80")
    )
    np.testing.assert_allclose(image.display(), [[0, 0.5 + 0.5 / 79], [1, 1]], atol=1e-6)
