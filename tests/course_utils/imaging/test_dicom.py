"""DICOM files give pydicom's numbers in real units, or one kind of error that names the file."""

import io
import warnings

import numpy as np
import pydicom
import pytest
from pydicom import pixels as pydicom_pixels

from course_utils import imaging
from course_utils.imaging import ImageFileError
from tests.course_utils.imaging.dicom_samples import (
    CT_FILE,
    DICOM_FILES,
    DICOM_FOLDER,
    dicom,
    item,
    read_quietly,
)

RESCALE = {"RescaleSlope": 1, "RescaleIntercept": -1024}


def relative(path):
    return str(path.relative_to(DICOM_FOLDER))


def decoded_by_pydicom(path):
    """Dataset and pixel array, or None where pydicom itself cannot decode the file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            dataset = pydicom.dcmread(path, force=True)
            return dataset, dataset.pixel_array
        except Exception:
            return None


DECODED = {path: decoded_by_pydicom(path) for path in DICOM_FILES}
READABLE = [path for path in DICOM_FILES if DECODED[path] is not None]
BROKEN = [path for path in DICOM_FILES if DECODED[path] is None]


def test_the_survey_of_bundled_files_is_not_empty():
    assert len(READABLE) >= 80
    assert len(BROKEN) >= 40


@pytest.mark.parametrize("path", READABLE, ids=relative)
def test_numbers_equal_pydicom_on_every_bundled_image(path):
    dataset, stored = DECODED[path]
    image = read_quietly(path)
    if dataset.PhotometricInterpretation.startswith("MONOCHROME"):
        expected = pydicom_pixels.apply_modality_lut(stored, dataset)
        expected = (expected * float(dataset.get("DoseGridScaling", 1))).astype(np.float32)
        assert image.pixels.dtype == np.float32
        np.testing.assert_array_equal(image.pixels, expected)
        return
    bits = dataset.BitsStored
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        stored = pydicom_pixels.apply_color_lut(stored, dataset)
        bits = 8 * stored.dtype.itemsize
    elif dataset.PhotometricInterpretation.startswith("YBR_FULL"):
        untouched = pydicom_pixels.pixel_array(dataset, raw=True)
        stored = pydicom_pixels.convert_color_space(untouched, "YBR_FULL", "RGB")
    assert (image.units, image.pixels.dtype) == ("color", np.uint8)
    np.testing.assert_array_equal(image.pixels, stored // 2 ** (bits - 8))


@pytest.mark.parametrize("path", BROKEN, ids=relative)
def test_every_other_bundled_file_gets_one_kind_of_error_that_names_it(path):
    with pytest.raises(ImageFileError) as caught:
        read_quietly(path)
    message = str(caught.value)
    assert message.startswith(f"{path.name}: received ")
    assert "; allowed: " in message
    assert "\n" not in message


def enhanced():
    groups = [item(PixelValueTransformationSequence=[item(**RESCALE)])]
    return dicom([[[1]], [[2]]], Modality="CT", SharedFunctionalGroupsSequence=groups)


def without_transfer_syntax():
    dataset = dicom([[1, 2]])
    del dataset.file_meta
    return dataset


@pytest.mark.parametrize(
    ("dataset", "words"),
    [
        (lambda: dicom([[5]], Modality="CT"), "no RescaleSlope and no RescaleIntercept"),
        (lambda: dicom([[5]], Modality="CT", RescaleSlope=1), "no RescaleIntercept"),
        (lambda: dicom([[5]], Modality="MR", RescaleIntercept=1), "no RescaleSlope"),
        (lambda: dicom([[5]], RescaleSlope=0, RescaleIntercept=1), "a scale of 0"),
        (lambda: dicom([[5]], Modality="RTDOSE", DoseGridScaling="0"), "a scale of 0"),
        (lambda: dicom([[5]], PhotometricInterpretation="PALETTE COLOR"), "damaged header"),
        (enhanced, "dcm2niix"),
        (without_transfer_syntax, "Transfer Syntax UID"),
        (lambda: dicom([[5]], PhotometricInterpretation="CMYK"), "MONOCHROME2, PALETTE COLOR"),
        (lambda: DICOM_FOLDER / "rtplan.dcm", r"no pixel data \(RT Plan Storage\)"),
        (lambda: DICOM_FOLDER / "nested_priv_SQ.dcm", "Missing required element"),
        (lambda: DICOM_FOLDER / "MR_truncated.dcm", "8130 vs 8192 bytes"),
        (lambda: CT_FILE.parent / "none.dcm", "Check the path"),
        (lambda: CT_FILE.parent, "Check the path"),
        (lambda: 42, "allowed: an undamaged DICOM file"),
        (lambda: io.BytesIO(CT_FILE.read_bytes()[:140]), "received"),
    ],
)
def test_what_does_not_say_what_its_numbers_mean_is_refused(dataset, words):
    with pytest.raises(ImageFileError, match=words):
        read_quietly(dataset())


def test_every_truncation_of_a_file_gives_the_one_error_or_the_whole_image():
    content = CT_FILE.read_bytes()
    whole = imaging.read_dicom(CT_FILE).pixels
    for length in range(0, len(content), 1997):
        try:
            image = read_quietly(io.BytesIO(content[:length]))
        except ImageFileError:
            continue
        np.testing.assert_array_equal(image.pixels, whole)


def test_an_mr_without_rescale_keeps_its_numbers_in_unspecified_units():
    header = {"Modality": "MR", "PhotometricInterpretation": "MONOCHROME1"}
    image = imaging.read_dicom(dicom([[5, 6]], **header))
    assert (image.units, image.photometric_interpretation) == ("US", "MONOCHROME1")
    np.testing.assert_array_equal(image.pixels, [[5, 6]])


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


def test_the_files_first_window_is_kept():
    image = imaging.read_dicom(dicom([[1]], WindowCenter=["40", "400"], WindowWidth=["80", "1800"]))
    assert image.window == imaging.WINDOWS["brain"]
    assert imaging.read_dicom(dicom([[1]])).window is None


def test_path_file_object_and_dataset_give_the_same_image():
    with CT_FILE.open("rb") as file:
        from_file = imaging.read_dicom(file)
    from_dataset = imaging.read_dicom(pydicom.dcmread(CT_FILE))
    np.testing.assert_array_equal(from_file.pixels, imaging.read_dicom(str(CT_FILE)).pixels)
    np.testing.assert_array_equal(from_file.pixels, from_dataset.pixels)


def test_a_window_equals_pydicoms():
    dataset = pydicom.dcmread(CT_FILE)
    dataset.WindowCenter, dataset.WindowWidth, dataset.VOILUTFunction = 40, 400, "LINEAR_EXACT"
    values = imaging.read_dicom(dataset).pixels
    black, white = pydicom_pixels.apply_windowing(np.array([-1e12, 1e12]), dataset)
    expected = (pydicom_pixels.apply_windowing(values, dataset) - black) / (white - black)
    gray = imaging.apply_window(values, 40, 400)
    assert gray.dtype == np.float32
    np.testing.assert_allclose(gray, expected, atol=1e-6)
