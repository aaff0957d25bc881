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


def enhanced(stored, *frames, shared=None, **elements):
    """An enhanced file: one dict of sequence to elements per frame, and one for all frames."""

    def groups(items):
        return [item(**{name: [item(**e)] for name, e in one.items()}) for one in items]

    elements["PerFrameFunctionalGroupsSequence"] = groups(frames)
    elements["SharedFunctionalGroupsSequence"] = groups([shared] if shared else [])
    return dicom(stored, **elements)


def region(delta_x, delta_y, **elements):
    """A region of an ultrasound image, in cm per pixel."""
    units = {"PhysicalUnitsXDirection": 3, "PhysicalUnitsYDirection": 3, "RegionSpatialFormat": 1}
    deltas = {"PhysicalDeltaX": delta_x, "PhysicalDeltaY": delta_y}
    return item(**units | {k: v for k, v in deltas.items() if v is not None} | elements)


def half_rescaled():
    return enhanced([[[1]], [[2]]], {"PixelValueTransformationSequence": RESCALE}, {})


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
        (half_rescaled, "no RescaleSlope and no RescaleIntercept"),
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


@pytest.mark.parametrize(
    "elements",
    [
        {"PixelSpacing": [0, 0.5]},
        {"SequenceOfUltrasoundRegions": [region(0.01, 0.02), region(0.03, 0.02)]},
        {"SequenceOfUltrasoundRegions": [region(None, 0.02)]},
    ],
)
def test_spacing_that_cannot_be_is_unknown_and_warned_of(elements):
    with pytest.warns(UserWarning, match="taken as unknown"):
        image = imaging.read_dicom(dicom([[1, 2]], **elements))
    assert image.pixel_spacing_mm is None


def test_ultrasound_has_the_spacing_of_its_images_and_not_of_its_curves():
    regions = [region(0.01, -0.02), region(0.01, 0.02), region(5, 5, RegionSpatialFormat=3)]
    image = imaging.read_dicom(dicom([[1, 2]], SequenceOfUltrasoundRegions=regions))
    assert image.pixel_spacing_mm == (0.2, 0.1)
    assert image.pixel_spacing_kind == "SequenceOfUltrasoundRegions"
    seconds = [region(0.01, 0.02, PhysicalUnitsXDirection=4)]
    image = imaging.read_dicom(dicom([[1, 2]], SequenceOfUltrasoundRegions=seconds))
    assert image.pixel_spacing_mm is None


def test_frames_of_an_enhanced_file_have_their_own_rescale_window_and_spacing():
    frames = [
        {
            "PixelValueTransformationSequence": {"RescaleSlope": a, "RescaleIntercept": b},
            "FrameVOILUTSequence": {"WindowCenter": c, "WindowWidth": 20},
            "PixelMeasuresSequence": {"PixelSpacing": [0.5, 0.25]},
        }
        for a, b, c in ((1, -1000, 50), (10, 5, 505))
    ]
    stored = [[[1040, 1050, 1060]], [[49, 50, 51]]]
    image = imaging.read_dicom(enhanced(stored, *frames, Modality="CT"))
    np.testing.assert_array_equal(image.pixels, [[[40, 50, 60]], [[495, 505, 515]]])
    assert (image.units, image.pixel_spacing_mm) == ("HU", (0.5, 0.25))
    gray = imaging.apply_window(image.pixels, *image.window)
    np.testing.assert_array_equal(gray[0], gray[1])
    # LINEAR with a width of 20 is black at 40 and white at 59.
    np.testing.assert_allclose(gray[0], [[0, 10 / 19, 1]], rtol=1e-6)


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
def test_a_window_for_all_frames_keeps_its_curve(function):
    window = {"WindowCenter": 50, "WindowWidth": 20, "VOILUTFunction": function}
    image = imaging.read_dicom(enhanced([[[1]], [[2]]], shared={"FrameVOILUTSequence": window}))
    assert image.window == imaging.Window(50, 20, function)


def test_frames_without_a_common_kind_of_window_have_none():
    window = {"FrameVOILUTSequence": {"WindowCenter": 50, "WindowWidth": 20}}
    other = {"FrameVOILUTSequence": window["FrameVOILUTSequence"] | {"VOILUTFunction": "SIGMOID"}}
    for second in ({}, other):
        assert imaging.read_dicom(enhanced([[[1]], [[2]]], window, second)).window is None


@pytest.mark.parametrize(
    ("function", "width", "kept"),
    [
        ("LINEAR", 0.002, False),
        ("LINEAR", 1, True),
        ("LINEAR_EXACT", 0.002, True),
        ("SIGMOID", 0.002, True),
        ("SIGMOID", 0, False),
        ("OTHER", 10, False),
    ],
)
def test_a_window_may_be_as_narrow_as_its_curve_allows(function, width, kept):
    header = {"WindowCenter": "0.001", "WindowWidth": str(width), "VOILUTFunction": function}
    window = imaging.read_dicom(dicom([[1]], **header)).window
    assert window == (imaging.Window(0.001, width, function) if kept else None)


def test_the_files_first_window_is_kept():
    image = imaging.read_dicom(dicom([[1]], WindowCenter=["40", "400"], WindowWidth=["80", "1800"]))
    assert image.window == (*imaging.WINDOWS["brain"][:2], "LINEAR")
    assert imaging.read_dicom(dicom([[1]])).window is None


def test_padding_is_not_valid():
    header = {"PixelPaddingValue": -2000, "PixelPaddingRangeLimit": -1990}
    stored = [[-2001, -2000, -1995, -1990, -1989]]
    image = imaging.read_dicom(dicom(stored, Modality="CT", **header, **RESCALE))
    np.testing.assert_array_equal(image.valid, [[True, False, False, False, True]])
    assert imaging.read_dicom(dicom(stored)).valid.all()
    unsigned = dicom([[-5, 63]])
    unsigned.add_new("PixelPaddingValue", "US", 2**16 - 5)
    np.testing.assert_array_equal(imaging.read_dicom(unsigned).valid, [[False, True]])


def test_padding_that_lossy_compression_moved_is_not_valid():
    image = read_quietly(DICOM_FOLDER / "693_J2KI.dcm")
    y, x = np.mgrid[:512, :512] - 255.5
    circle = np.hypot(y, x) < 256
    # The header says -3024 HU, which 494 pixels still have.
    assert image.valid[circle].mean() > 0.999
    assert image.valid[~circle].mean() < 0.02
    mr = dicom([[0, 1]], PixelPaddingValue=0, LossyImageCompression="01")
    with pytest.warns(UserWarning, match="not all of it is marked"):
        np.testing.assert_array_equal(imaging.read_dicom(mr).valid, [[False, True]])


def as_float(values):
    values = np.atleast_2d(np.array(values, "<f4"))
    dataset = dicom(np.zeros_like(values), BitsAllocated=32, FloatPixelData=values.tobytes())
    del dataset.PixelData
    return dataset


def test_a_map_with_nan_is_refused_and_the_remedy_works():
    dataset = as_float([0.5, np.nan])
    with pytest.raises(ImageFileError, match=r"1 of 2 pixels NaN or infinite; .*pixel_array"):
        imaging.read_dicom(dataset)
    dataset.FloatPixelData = np.nan_to_num(dataset.pixel_array, nan=-1).tobytes()
    np.testing.assert_array_equal(imaging.read_dicom(dataset).pixels, [[0.5, -1]])


def test_whole_numbers_that_float32_cannot_hold_stay_as_they_are():
    labels = np.array([[312782546, 312782550]], "<i4")
    header = {"BitsAllocated": 32, "BitsStored": 32, "HighBit": 31, "PixelData": labels.tobytes()}
    image = imaging.read_dicom(dicom(labels, **header))
    np.testing.assert_array_equal(image.pixels, labels)


@pytest.mark.parametrize("name", ["SC_rgb_jpeg_gdcm.dcm", "JPEG-lossy.dcm"])
def test_jpeg_that_needs_another_program_names_it(name):
    # DCMTK 3.6.7 decompressed both by this command; read_dicom read the results.
    with pytest.raises(ImageFileError, match=r"DCMTK, 'dcmdjpeg in\.dcm out\.dcm'"):
        read_quietly(DICOM_FOLDER / name)


def test_a_folder_is_refused_and_the_program_for_a_series_named():
    with pytest.raises(ImageFileError, match="dcm2niix turns the folder of a series"):
        imaging.read_dicom(DICOM_FOLDER)


def test_path_file_object_and_dataset_give_the_same_image():
    with CT_FILE.open("rb") as file:
        from_file = imaging.read_dicom(file)
    from_dataset = imaging.read_dicom(pydicom.dcmread(CT_FILE))
    np.testing.assert_array_equal(from_file.pixels, imaging.read_dicom(str(CT_FILE)).pixels)
    np.testing.assert_array_equal(from_file.pixels, from_dataset.pixels)


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
@pytest.mark.parametrize("width", [1, 400])
def test_a_window_equals_pydicoms(function, width):
    dataset = pydicom.dcmread(CT_FILE)
    dataset.WindowCenter, dataset.WindowWidth, dataset.VOILUTFunction = 40, width, function
    image = imaging.read_dicom(dataset)
    black, white = pydicom_pixels.apply_windowing(np.array([-1e12, 1e12]), dataset)
    expected = (pydicom_pixels.apply_windowing(image.pixels, dataset) - black) / (white - black)
    gray = imaging.apply_window(image.pixels, *image.window)
    assert gray.dtype == np.float32
    np.testing.assert_allclose(gray, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: imaging.apply_window([1], 40, 0), "width: received 0"),
        (lambda: imaging.apply_window([1], 40, 0.5, "LINEAR"), "from 1 for LINEAR"),
        (lambda: imaging.apply_window([1], 40, 80, "CUBIC"), "LINEAR, LINEAR_EXACT, SIGMOID"),
    ],
)
def test_a_window_that_cannot_be_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
