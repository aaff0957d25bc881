import warnings

import numpy as np
import pydicom
import pytest
from pydicom import pixels as pydicom_pixels

from course_utils import imaging
from course_utils.imaging import ImageFileError
from tests.course_utils.imaging.dicom_samples import DICOM_FILES, DICOM_FOLDER, read_quietly


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


READABLE = [path for path in DICOM_FILES if decoded_by_pydicom(path) is not None]
GRAY = [
    path
    for path in READABLE
    if decoded_by_pydicom(path)[0].PhotometricInterpretation.startswith("MONOCHROME")
]
BROKEN = [path for path in DICOM_FILES if path not in READABLE]


def test_the_survey_of_bundled_files_is_not_empty():
    assert len(READABLE) >= 80
    assert len(BROKEN) >= 40


@pytest.mark.parametrize("path", READABLE, ids=relative)
def test_numbers_equal_pydicom_on_every_bundled_image(path):
    dataset, stored = decoded_by_pydicom(path)
    image = read_quietly(path)
    if dataset.PhotometricInterpretation.startswith("MONOCHROME"):
        expected = pydicom_pixels.apply_modality_lut(stored, dataset)
        expected = expected * float(dataset.get("DoseGridScaling", 1))
        assert image.pixels.dtype == np.float32
        np.testing.assert_array_equal(image.pixels, expected.astype(np.float32))
        assert image.valid.shape == image.pixels.shape
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


@pytest.mark.parametrize("path", GRAY, ids=relative)
def test_windowing_equals_pydicom_on_every_bundled_gray_image(path):
    dataset, stored = decoded_by_pydicom(path)
    values = pydicom_pixels.apply_modality_lut(stored, dataset)
    if "WindowCenter" not in dataset:
        dataset.WindowCenter, dataset.WindowWidth = 40, 400
    center, width = (np.ravel(dataset[key].value)[0] for key in ("WindowCenter", "WindowWidth"))
    for function in ("LINEAR", "LINEAR_EXACT", "SIGMOID"):
        dataset.VOILUTFunction = function
        # pydicom maps to the range of the stored values; learn that range from far outside.
        extremes = np.array([-1e12, 1e12])
        with np.errstate(over="ignore"):
            black, white = pydicom_pixels.apply_windowing(extremes, dataset)
        with np.errstate(over="ignore"):
            expected = (pydicom_pixels.apply_windowing(values, dataset) - black) / (white - black)
        gray = imaging.apply_window(values, center, width, function)
        np.testing.assert_allclose(gray, expected, atol=1e-6)


@pytest.mark.parametrize("path", BROKEN, ids=relative)
def test_every_other_bundled_file_gets_one_kind_of_error_that_names_it(path):
    with pytest.raises(ImageFileError) as caught:
        read_quietly(path)
    message = str(caught.value)
    assert message.startswith(path.name)
    assert any(word in message for word in ("get it again", "Get a complete", "Give", "give"))
    assert "\n" not in message


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("rtplan.dcm", "no pixel data in this DICOM file (RT Plan Storage)"),
        ("waveform_ecg.dcm", "12-lead ECG Waveform Storage"),
        ("MR_truncated.dcm", "8130 vs 8192 bytes"),
        ("JPGExtended.dcm", "JPEG Extended"),
        ("SC_rgb_jpeg_gdcm.dcm", "JPEG Lossless"),
        ("badVR.dcm", "'1A'"),
        ("README.txt", "not a DICOM file"),
        ("nested_priv_SQ.dcm", "the header lacks Rows"),
    ],
)
def test_messages_say_what_was_found(name, words):
    with pytest.raises(ImageFileError) as caught:
        read_quietly(DICOM_FOLDER / name)
    assert words in str(caught.value)
