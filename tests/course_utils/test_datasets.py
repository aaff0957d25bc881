"""The container checks itself, cannot be changed, and survives its file; damaged files do not."""

import contextlib
import json
import pickle
import time
import zipfile

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from course_utils import datasets
from course_utils.datasets import DatasetError, ImageDataset, load, read_dataset
from simulation.cohort import encode_jpeg
from tests.tiny_data import tiny

ARRAYS = ("images", "labels", "groups", "splits", "masks", "sites", "pixel_spacing_mm")
SLOW_OK = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

MISTAKES = {
    "gray images without channels": ({"images": np.zeros((6, 8, 10), np.uint8)}, "channel axis"),
    "no image": ({"images": np.zeros((0, 8, 10, 2), np.uint8)}, r"shape \(0, 8, 10, 2\)"),
    "float64": ({"images": np.zeros((6, 8, 10, 2))}, "float64.*float32 with an intensity_window"),
    "uint8 with window": ({"intensity_window": (0, 1)}, "None with uint8"),
    "labels too short": ({"labels": [0, 1]}, r"labels: received shape \(2,\); allowed: \(6,\)"),
    "label out of range": ({"labels": [0, 0, 1, 1, 2, 0]}, "value 2; allowed: 0 to 1"),
    "negative label": ({"labels": [0, 0, 1, 1, -1, 0]}, "value -1"),
    "labels as floats": ({"labels": np.zeros(6)}, "float64; allowed: integers"),
    "class named twice": ({"class_names": ("a", "a")}, "different, non-empty"),
    "no class": ({"class_names": ()}, "different, non-empty"),
    "patient without number": ({"groups": ["A", "A", np.nan, "C", "C", "D"]}, "groups: .* missing"),
    "missing group": ({"groups": ["A", "A", "B", "C", "", "D"]}, "groups: .* missing"),
    "groups as floats": ({"groups": np.zeros(6)}, "groups: received dtype float64"),
    "group kind": ({"group_kind": "person"}, "'person'; allowed: patient, lesion"),
    "origin": ({"origin": "synthetic"}, "'synthetic'; allowed: simulated, real"),
    "channel names": ({"channel_names": ("T1c",)}, "1 names .*allowed: 2 names"),
    "unknown split": ({"splits": ["val"] * 6}, "'val'; allowed: train, validation, test, extra"),
    "divided group": (
        {"splits": ["train", "test", "train", "test", "test", "train"]},
        "group A in more than one split",
    ),
    "masks do not fit": ({"masks": np.zeros((6, 8, 8), np.uint8)}, r"allowed: shape \(6, 8, 10\)"),
    "boolean masks": ({"masks": np.zeros((6, 8, 10), bool)}, "dtype bool"),
    "mask bit without name": ({"masks": np.full((6, 8, 10), 4, np.uint8)}, "value 4; .*0 to 3"),
    "mask names alone": ({"masks": None}, "without masks"),
    "site per group": ({"sites": ["n", "s", "n", "s"]}, "sites: received shape"),
    "zero spacing": ({"pixel_spacing_mm": 0}, "mm above 0"),
    "infinite position": ({"slice_positions_mm": [0, 5, 0, 0, np.inf, 0]}, "finite mm"),
    "three spacings": ({"pixel_spacing_mm": (1, 1, 5)}, r"shape \(6, 2\)"),
    "attribute rows": ({"attributes": {"x": [1, 2]}}, "2 rows; allowed: 6 rows"),
    "attribute objects": ({"attributes": {"x": [None, {}, 1, 2, 3, 4]}}, r"attributes\['x'\]"),
    "empty license": ({"license": ""}, "license"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_each_mistake_is_refused_with_what_was_received_and_what_is_allowed(name):
    changes, message = MISTAKES[name]
    with pytest.raises(DatasetError, match=message):
        tiny(**changes)


def test_nothing_in_a_data_set_can_be_changed():
    source = np.zeros((6, 8, 10, 2), np.uint8)
    data = tiny(images=source)
    source[:] = 9
    assert data.images.max() == 0
    for name in ARRAYS:
        with pytest.raises(ValueError, match="read-only"):
            getattr(data, name)[0] = getattr(data, name)[1]
    with pytest.raises(AttributeError):
        data.labels = np.ones(6, int)
    table = data.attributes
    table["size_mm"] = 0
    data.meta["seed"] = 8
    assert data.attributes["size_mm"][2] == 9.5
    assert data.meta["seed"] == 7


def test_types_are_those_of_the_contract():
    data = tiny()
    assert data.images.dtype == np.uint8
    assert data.labels.dtype == np.int64
    assert data.groups.dtype.kind == "U"
    assert data.pixel_spacing_mm.tolist() == [[1.5, 2]] * 6
    assert data.slice_thickness_mm.tolist() == [5] * 6
    assert isinstance(data.attributes, pd.DataFrame)
    assert tiny(groups=pd.Series([3, 3, 1, 2, 2, 9])).groups.dtype == np.int64


def test_as_float_divides_bytes_by_255():
    images = np.array([0, 51, 255], np.uint8).reshape(1, 1, 3, 1)
    data = ImageDataset(
        name="x", images=images, labels=[0], class_names=["a"], groups=[0],
        group_kind="image", origin="real",
    )  # fmt: skip
    result = data.as_float()
    assert result.dtype == np.float32
    np.testing.assert_allclose(result.ravel(), [0, 0.2, 1], rtol=1e-6)
    assert data.channel_names == ("intensity",)


def test_as_float_maps_the_window_of_float_images_and_clips():
    hounsfield = np.array([-1000, -160, 40, 240, 900], np.float32).reshape(1, 1, 5, 1)
    data = ImageDataset(
        name="ct", images=hounsfield, intensity_window=(-160, 240), labels=[0],
        class_names=["a"], groups=[0], group_kind="patient", origin="real",
    )  # fmt: skip
    np.testing.assert_allclose(data.as_float().ravel(), [0, 0, 0.5, 1, 1], atol=1e-6)


@pytest.mark.parametrize("window", [None, (5, 5), (3, 1), (0, np.nan), 7, ("a", "b"), (1, 2, 3)])
def test_float_images_need_a_window_with_low_below_high(window):
    with pytest.raises(DatasetError, match="low < high"):
        tiny(images=np.zeros((6, 8, 10, 2), np.float32), intensity_window=window)


def test_missing_pixels_are_refused_and_the_image_named():
    images = np.zeros((6, 8, 10, 2), np.float32)
    images[4, 0, 0, 0] = np.nan
    with pytest.raises(DatasetError, match="image 4"):
        tiny(images=images, intensity_window=(0, 1))


def test_mask_reads_its_own_bit():
    masks = np.zeros((6, 8, 10), np.uint8)
    masks[0, 0, :4] = [0, 1, 2, 3]
    data = tiny(masks=masks)
    assert data.mask("core")[0, 0, :4].tolist() == [False, True, False, True]
    assert data.mask("edema")[0, 0, :4].tolist() == [False, False, True, True]
    with pytest.raises(ValueError, match="'cyst'; allowed: core, edema"):
        data.mask("cyst")
    with pytest.raises(ValueError, match="has no masks"):
        tiny(masks=None, mask_names=()).mask("core")


def test_select_keeps_everything_together():
    data = tiny()
    part = data.select([5, 2, -4])
    assert part.groups.tolist() == ["D", "B", "B"]
    assert part.attributes["plane"].tolist() == ["a", "b", "b"]
    np.testing.assert_array_equal(part.images, data.images[[5, 2, 2]])
    np.testing.assert_array_equal(part.masks, data.masks[[5, 2, 2]])
    assert len(data.select(data.labels == 1)) == 3


@pytest.mark.parametrize("which", [[], [6], [-7], 3, [0.5], [True, False], np.zeros(6, bool)])
def test_a_selection_that_does_not_fit_is_refused(which):
    with pytest.raises(ValueError, match="selection: received"):
        tiny().select(which)


def test_split_returns_the_official_part():
    assert tiny().split("validation").groups.tolist() == ["C", "C"]
    with pytest.raises(ValueError, match="'extra'; allowed: train, validation, test"):
        tiny().split("extra")
    with pytest.raises(ValueError, match=r"no official split.*split_by_group"):
        tiny(splits=None).split("train")


@pytest.mark.parametrize("origin", ["simulated", "real"])
def test_both_representations_name_the_origin(origin):
    data = tiny(origin=origin, name="a<b")
    assert f"{origin.upper()} images" in repr(data)
    html = data._repr_html_()
    assert f"images are <strong>{origin}</strong>" in html
    assert f'alt="{origin.capitalize()} a&lt;b image 0: class healthy, channel T1c"' in html
    assert html.count("<img") == 4  # groups A, D of healthy and B, C of tumor
    assert html == data._repr_html_()


def test_a_data_set_survives_its_file(tmp_path):
    data = tiny()
    data.save(tmp_path / "tiny.npz")
    same_data(read_dataset(tmp_path / "tiny.npz"), data)
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.npz"]


def test_a_data_set_survives_another_process():
    copy = pickle.loads(pickle.dumps(tiny()))
    same_data(copy, tiny())
    assert not copy.images.flags.writeable


def same_data(one, other):
    """Compare all fields of two data sets."""
    for name in ("name", "class_names", "channel_names", "mask_names", "group_kind", "origin",
                 "source", "license", "citation", "meta", "intensity_window"):  # fmt: skip
        assert getattr(one, name) == getattr(other, name)
    for name in (*ARRAYS, "slice_positions_mm", "slice_thickness_mm"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    pd.testing.assert_frame_equal(one.attributes, other.attributes)


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "tiny.npz"
    tiny().save(path)
    before = path.read_bytes()

    def disk_full(file, **arrays):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", disk_full)
    with pytest.raises(OSError, match="No space"):
        tiny(name="new").save(path)
    assert path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


NAMES = st.text(min_size=1).filter(lambda name: name.strip() and "\0" not in name)


@st.composite
def data_sets(draw):
    """Draw small valid sets of every kind."""
    n = draw(st.integers(1, 8))
    shape = (n, draw(st.integers(1, 5)), draw(st.integers(1, 5)), draw(st.integers(1, 4)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    float_images = draw(st.booleans())
    images = rng.integers(0, 256, shape).astype(np.float32 if float_images else np.uint8)
    groups = rng.integers(0, 4, n)
    classes = draw(st.lists(NAMES, min_size=1, unique=True))
    return tiny(
        images=images,
        intensity_window=(-3.5, 300) if float_images else None,
        labels=rng.integers(0, len(classes), n),
        class_names=classes,
        groups=groups if draw(st.booleans()) else np.array(list("äbcd"))[groups],
        group_kind=draw(st.sampled_from(["patient", "lesion", "near-duplicate", "image"])),
        channel_names=[f"channel {k}" for k in range(shape[-1])],
        splits=draw(st.sampled_from([None, np.array(["train", "test"])[groups % 2]])),
        masks=rng.integers(0, 4, shape[:3]).astype(np.uint8),
        sites=draw(st.sampled_from([None, groups])),
        slice_positions_mm=rng.normal(size=n),
        attributes={"x": rng.normal(size=n), "flag": groups > 1, "word": groups.astype(str)},
    )


@SLOW_OK
@given(data_sets())
def test_any_data_set_survives_its_file(tmp_path, data):
    data.save(tmp_path / "any.npz")
    same_data(read_dataset(tmp_path / "any.npz"), data)


# Damaged files.


@pytest.fixture
def stored(tmp_path):
    """Return the path of a stored set and its arrays."""
    path = tmp_path / "stored.npz"
    tiny().save(path)
    with np.load(path) as archive:
        return path, dict(archive)


@SLOW_OK
@given(keep=st.floats(0, 0.999))
def test_a_truncated_file_is_refused(tmp_path, keep):
    tiny().save(tmp_path / "whole.npz")
    whole = (tmp_path / "whole.npz").read_bytes()
    path = tmp_path / "cut.npz"
    path.write_bytes(whole[: int(keep * len(whole))])
    with pytest.raises(DatasetError, match=r"cut\.npz: not a complete \.npz file"):
        read_dataset(path)


@SLOW_OK
@given(position=st.floats(0, 0.999), flip=st.integers(1, 255))
def test_a_changed_byte_never_changes_the_data(tmp_path, position, flip):
    tiny().save(tmp_path / "whole.npz")
    content = bytearray((tmp_path / "whole.npz").read_bytes())
    content[int(position * len(content))] ^= flip
    path = tmp_path / "changed.npz"
    path.write_bytes(content)
    with contextlib.suppress(DatasetError):
        same_data(read_dataset(path), tiny())


class Bomb:
    """Unpickling this would end the test run with an error."""

    def __reduce__(self):
        return pytest.fail, ("a pickle was loaded",)


@pytest.mark.parametrize("kind", ["bare pickle", "object array", "renamed array"])
def test_a_pickle_in_disguise_is_refused(stored, kind):
    path, arrays = stored
    if kind == "bare pickle":
        path.write_bytes(pickle.dumps(Bomb()))
    elif kind == "object array":
        arrays["labels"] = np.array([Bomb()] * 6, dtype=object)
        np.savez(path, **arrays)
    else:
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("sites2.npy", pickle.dumps(Bomb()))
    with pytest.raises(DatasetError, match=r"stored\.npz: .*never loaded"):
        read_dataset(path)


@SLOW_OK
@given(data=st.data())
def test_a_pickle_in_the_place_of_any_array_is_never_loaded(tmp_path, jpeg_arrays, data):
    name = data.draw(st.sampled_from(sorted(jpeg_arrays)))
    n = data.draw(st.integers(0, 3))
    shape = () if n == 0 else (n,)
    hidden = np.empty(shape, dtype=object)
    hidden[...] = Bomb()
    np.savez(tmp_path / "hidden.npz", **jpeg_arrays | {name: hidden})
    with pytest.raises(DatasetError, match=r"hidden\.npz: .*never loaded"):
        read_dataset(tmp_path / "hidden.npz")


FILE_MISTAKES = {
    "newer": ({"schema_version": np.int64(2)}, "newer than this copy"),
    "no version": ({"schema_version": None}, "schema_version: received nothing"),
    "version as text": ({"schema_version": np.array("1")}, "schema_version"),
    "no labels": ({"labels": None}, "no labels"),
    "no pixels": ({"images": None}, r"no images \(or jpeg_bytes"),
    "misspelled key": ({"mask": np.zeros(3)}, "keys: received mask;"),
    "wrong shape": ({"images": np.zeros((5, 8, 10, 2), np.uint8)}, "received shape"),
    "label out of range": ({"labels": np.full(6, 2)}, "labels: received value 2"),
    "masks do not fit": ({"masks": np.zeros((6, 9, 10), np.uint8)}, "masks: received shape"),
    "mask bits": ({"masks": np.full((6, 8, 10), 255, np.uint8)}, "masks|mask_names"),
    "divided groups": ({"groups": np.zeros(6, int)}, "group 0 in more than one split"),
    "meta no JSON": ({"meta": np.array("{")}, "not JSON"),
    "meta a list": ({"meta": np.array("[]")}, "JSON object"),
    "name as number": ({"name": np.array(3)}, "name: received"),
    "class names as bytes": ({"class_names": np.array([b"a", b"b"])}, "class_names"),
    "attribute table": ({"attributes/x": np.zeros((6, 2))}, "attributes/x"),
    "attribute length": ({"attributes/x": np.zeros(5)}, "attributes"),
    "other origin": ({"meta": np.array(json.dumps({"origin": "fake"}))}, "origin"),
}


@pytest.mark.parametrize("name", FILE_MISTAKES)
def test_a_file_that_breaks_a_rule_is_refused_and_named(stored, name):
    path, arrays = stored
    changes, message = FILE_MISTAKES[name]
    arrays = {key: value for key, value in (arrays | changes).items() if value is not None}
    np.savez(path, **arrays)
    with pytest.raises(DatasetError, match=rf"stored\.npz: .*({message})"):
        read_dataset(path)


JPEG_MISTAKES = {
    "offsets beyond": {"jpeg_offsets": np.array([0, 10**6])},
    "offsets fall": {"jpeg_offsets": lambda offsets: offsets[[0, 2, 1, 3, 4, 5, 6]]},
    "no image in it": {"jpeg_bytes": lambda data: np.zeros_like(data)},
    "cut short": {
        "jpeg_bytes": lambda data: np.where(np.arange(len(data)) < 900, data, 0).astype(np.uint8)
    },
    "another content": {"jpeg_bytes": lambda data: np.roll(data, 1)},
    "offsets as floats": {"jpeg_offsets": lambda offsets: offsets.astype(float)},
}


PIXELS = np.linspace(0, 255, 6 * 8 * 10 * 3).reshape(6, 8, 10, 3).astype(np.uint8)


@pytest.fixture(scope="module")
def jpeg_arrays(tmp_path_factory):
    """Return the arrays of a set stored as JPEG."""
    path = tmp_path_factory.mktemp("jpeg") / "skin.npz"
    tiny(images=PIXELS, channel_names=None).save(path)
    with np.load(path) as archive:
        arrays = dict(archive)
    return arrays | encode_jpeg(arrays.pop("images"), quality=95)


def test_jpeg_images_are_read_and_look_the_same(tmp_path, jpeg_arrays):
    np.savez(tmp_path / "skin.npz", **jpeg_arrays)
    loaded = read_dataset(tmp_path / "skin.npz")
    assert np.abs(loaded.images.astype(int) - PIXELS).mean() < 4


@pytest.mark.parametrize("name", JPEG_MISTAKES)
def test_damaged_jpeg_images_are_refused(tmp_path, jpeg_arrays, name):
    arrays = dict(jpeg_arrays)
    for key, change in JPEG_MISTAKES[name].items():
        arrays[key] = change(arrays[key]) if callable(change) else change
    np.savez(tmp_path / "skin.npz", **arrays)
    with pytest.raises(DatasetError, match=r"skin\.npz: .*(jpeg_offsets|JPEG)"):
        read_dataset(tmp_path / "skin.npz")


# load.


def test_load_reads_the_embedded_set(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets, "DATA_FOLDER", tmp_path)
    tiny(name="brain_mri").save(tmp_path / "brain_mri.npz")
    assert load("brain_mri").name == "brain_mri"
    with pytest.raises(DatasetError, match=r"skin_lesions.npz: there is no such file"):
        load("skin_lesions")


def test_load_refuses_a_damaged_file_and_names_it(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets, "DATA_FOLDER", tmp_path)
    path = tmp_path / "breast_ultrasound.npz"
    tiny().save(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DatasetError, match=r"breast_ultrasound\.npz: not a complete \.npz file"):
        load("breast_ultrasound")


def test_load_names_what_it_knows():
    with pytest.raises(ValueError, match="'brains'; allowed: brain_mri, breast_ultrasound"):
        load("brains")
    with pytest.raises(ValueError, match="'live'; allowed: embedded, real, auto"):
        load("brain_mri", "live")


@pytest.mark.parametrize("name", datasets.EMBEDDED)
def test_an_embedded_set_loads_quickly_and_keeps_its_promises(name):
    if not (datasets.DATA_FOLDER / f"{name}.npz").exists():
        pytest.skip(f"{name} is not embedded yet")
    times = []
    for _ in range(3):
        start = time.perf_counter()
        data = load(name)
        times.append(time.perf_counter() - start)
    # Twice the aim, because test machines are busy.
    assert min(times) < (3 if name == "skin_lesions" else 1)
    assert (data.name, data.origin) == (name, "simulated")
    assert len(np.unique(data.split("test").groups)) >= 150
