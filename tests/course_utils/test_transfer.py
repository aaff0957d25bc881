"""Cutting heads, putting new ones on, fine-tuning, and where the weights come from."""

import hashlib
import http.server
import re
import threading
from functools import partial

import h5py
import numpy as np
import pytest

from authoring.workshop import pretrain
from course_utils import models, training, transfer
from tests.tiny_data import tiny

# Only after the modules of the course, which import TensorFlow quietly.
import keras  # isort: skip
from keras.src.applications import efficientnet, mobilenet_v2  # isort: skip
from keras.src.legacy.saving import legacy_h5_format  # isort: skip

MOBILENET_FILE = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_96_no_top.h5"


def images(shape=(28, 28, 1), n=3):
    return np.random.default_rng(0).random((n, *shape), dtype=np.float32)


@pytest.mark.parametrize("name", transfer.SHIPPED)
def test_shipped_weights_are_those_of_their_checksum_and_load(name):
    sums = (transfer.WEIGHTS / "SHA256SUMS").read_text().split("\n")
    path = transfer.weights_path(name)
    assert f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}" in sums
    stored = []
    with h5py.File(path) as file:
        file.visititems(lambda _, item: stored.append(item) if hasattr(item, "dtype") else None)
        stored = sorted(item[()].tobytes() for item in stored)
    # The file holds the layers in another order.
    assert sorted(weights.tobytes() for weights in transfer.trained(name).get_weights()) == stored


def test_shipped_weights_are_small_hold_no_optimizer_and_have_a_task():
    files = list(transfer.WEIGHTS.glob("*"))
    assert sum(file.stat().st_size for file in files) <= pretrain.MOST_BYTES
    assert set(pretrain.TASKS) == set(transfer.SHIPPED)
    for file in transfer.WEIGHTS.glob("*.h5"):
        with h5py.File(file) as stored:
            assert "optimizer" not in stored


def test_a_head_is_cut_and_a_new_one_put_on():
    whole = models.compact_cnn((32, 32, 1), filters=(4, 8))
    backbone = transfer.cut_head(whole)
    assert backbone.output_shape == (None, 8)
    model = transfer.add_head(backbone, outputs=3)
    probabilities = model.predict(images((32, 32, 1)), verbose=0)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    # The backbone is the same object, not a copy.
    np.testing.assert_array_equal(model.layers[1].get_weights()[0], whole.get_weights()[0])


def test_a_network_without_a_dense_head_is_refused():
    with pytest.raises(ValueError, match="allowed: a dense layer"):
        transfer.cut_head(keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(1, 3)]))
    with pytest.raises(ValueError, match=r"features \(n, d\)"):
        transfer.add_head(keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(1, 3)]))
    with pytest.raises(ValueError, match="outputs: received 0"):
        transfer.add_head(transfer.cut_head(models.compact_cnn()), outputs=0)
    for dropout in (1.0, -0.1, float("nan"), "half"):
        with pytest.raises(ValueError, match=f"dropout: received {dropout!r}; allowed: a number"):
            transfer.add_head(transfer.cut_head(models.compact_cnn()), dropout=dropout)


@pytest.mark.parametrize(
    ("name", "shape", "allowed"),
    [
        ("brain_mri", (96, 96, 2), 1),
        ("breast_ultrasound", (28, 28, 3), 1),
        ("breast_ultrasound", 28, 1),
        ("skin_lesions", (48, 48, 1), 3),
    ],
)
def test_channels_other_than_those_of_the_weights_are_refused(name, shape, allowed):
    expected = re.escape(f"input_shape: received {shape}; allowed: (height, width, {allowed})")
    with pytest.raises(ValueError, match=expected):
        transfer.trained(name, shape)


def test_weights_learned_at_one_size_serve_another():
    assert transfer.trained("breast_ultrasound", (64, 32, 1)).input_shape == (None, 64, 32, 1)


def test_what_suits_other_networks_only_is_refused():
    with pytest.raises(ValueError, match=r"'brain_mri'; allowed: breast.*fine-tune trained\("):
        transfer.pretrained("brain_mri")
    with pytest.raises(ValueError, match=r"size: received 96; allowed: None"):
        transfer.pretrained("breast_ultrasound", size=96)


def test_frozen_layers_keep_their_weights_and_the_head_learns():
    data = tiny(splits=None)
    model = transfer.add_head(transfer.cut_head(models.compact_cnn((8, 10, 2), filters=(4,))))
    body, head = model.layers[1].get_weights()[0], model.layers[-1].get_weights()[0]
    transfer.fine_tune(model, data, head_epochs=1, epochs=0, rates=(0.1, 0.1), progress=False)
    np.testing.assert_array_equal(model.layers[1].get_weights()[0], body)
    assert not np.array_equal(model.layers[-1].get_weights()[0], head)
    transfer.fine_tune(model, data, head_epochs=0, epochs=1, rates=(0.1, 0.1), progress=False)
    assert not np.array_equal(model.layers[1].get_weights()[0], body)


def test_fine_tuning_returns_a_history_for_each_part():
    model = transfer.add_head(transfer.cut_head(models.compact_cnn((8, 10, 2), filters=(4,))))
    found = transfer.fine_tune(model, tiny(splits=None), head_epochs=1, epochs=2, progress=False)
    assert [len(history.table) for history in found] == [1, 2]
    with pytest.raises(ValueError, match="at least one epoch"):
        transfer.fine_tune(model, tiny(splits=None), head_epochs=0, epochs=0)
    with pytest.raises(ValueError, match="head_epochs: received -5; allowed: a whole number"):
        transfer.fine_tune(model, tiny(splits=None), head_epochs=-5, epochs=5)


def test_batch_normalization_keeps_its_statistics_while_it_is_fine_tuned():
    inputs = keras.Input((8, 10, 2))
    x = keras.layers.BatchNormalization()(inputs)
    backbone = keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(x))
    model = transfer.add_head(backbone)
    transfer.fine_tune(model, tiny(splits=None), head_epochs=1, epochs=1, progress=False)
    assert float(np.abs(backbone.layers[1].moving_mean).max()) == 0


def test_missing_and_damaged_weights_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(transfer, "WEIGHTS", tmp_path)
    with pytest.raises(ValueError, match=r"missing.*workshop\.pretrain breast_ultrasound"):
        transfer.trained("breast_ultrasound")
    transfer.weights_path("breast_ultrasound").write_bytes(b"no weights")
    with pytest.raises(ValueError, match="cannot be read"):
        transfer.trained("breast_ultrasound")
    models.compact_cnn().save_weights(transfer.weights_path("breast_ultrasound"))
    with pytest.raises(ValueError, match="cannot be read"):
        transfer.trained("breast_ultrasound")


def test_resizing_averages_areas_and_keeps_the_rest():
    pixels = np.zeros((2, 16, 16, 1), np.uint8)
    pixels[:, :, ::2] = 200
    data = tiny().select([0, 1])
    data = type(data)(
        name="stripes", images=pixels, labels=data.labels, class_names=data.class_names,
        groups=data.groups, group_kind="patient", origin="simulated", pixel_spacing_mm=(1, 2),
    )  # fmt: skip
    small = transfer.resize(data, 8)
    assert small.images.shape == (2, 8, 8, 1)
    assert (small.images == 100).all()
    np.testing.assert_allclose(np.broadcast_to(small.pixel_spacing_mm, (2, 2)), [[2, 4], [2, 4]])
    assert small.groups.tolist() == data.groups.tolist()
    with pytest.raises(ValueError, match="size: received 4"):
        transfer.resize(data, 4)


# ---- ImageNet, from a server on this computer ---------------------------------------------------


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def server(tmp_path, monkeypatch):
    """Serve a folder, as the host of Keras's weights; yield the folder."""
    folder = tmp_path / "host"
    folder.mkdir()
    service = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(Quiet, directory=str(folder))
    )
    threading.Thread(target=service.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{service.server_port}/"
    monkeypatch.setattr(mobilenet_v2, "BASE_WEIGHT_PATH", address)
    monkeypatch.setattr(efficientnet, "BASE_WEIGHTS_PATH", address)
    monkeypatch.setattr(keras.src.utils.file_utils.config, "keras_home", lambda: str(tmp_path))
    yield folder
    service.shutdown()
    service.server_close()


@pytest.mark.slow
def test_imagenet_weights_are_downloaded_and_used(server):
    told = keras.applications.MobileNetV2(
        include_top=False, pooling="avg", input_shape=(96, 96, 3), weights=None
    )
    with h5py.File(server / MOBILENET_FILE, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, told)
    backbone = transfer.pretrained("MobileNetV2", (28, 28, 1))
    gray = images()
    large = keras.layers.Resizing(96, 96)(np.repeat(gray, 3, axis=-1))
    expected = told(large * 2 - 1, training=False).numpy()
    np.testing.assert_allclose(backbone.predict(gray, verbose=0), expected, atol=1e-4)
    data = tiny(splits=None, images=tiny().images[..., :1], channel_names=("a",))
    model = transfer.add_head(transfer.pretrained("MobileNetV2", (8, 10, 1)))
    history = transfer.fine_tune(model, data, head_epochs=1, epochs=1, progress=False)
    assert np.isfinite(history[-1].table["loss"]).all()
    assert training.predict(model, data).shape == (6,)


def test_weights_that_are_not_on_the_server_give_a_sentence(server):
    with pytest.raises(ValueError, match=r"'MobileNetV2' could not be loaded .*404.*own weights"):
        transfer.pretrained("MobileNetV2", (28, 28, 1))


def test_a_file_with_another_hash_is_refused(server, monkeypatch):
    (server / "efficientnetb0_notop.h5").write_bytes(b"something else")
    with pytest.raises(ValueError, match="hash does not match"):
        transfer.pretrained("EfficientNetB0", (28, 28, 3))


def test_a_file_that_holds_no_weights_is_refused(server):
    (server / MOBILENET_FILE).write_bytes(b"something else")
    with pytest.raises(ValueError, match="could not be loaded"):
        transfer.pretrained("MobileNetV2", (28, 28, 1))


def test_without_a_network_there_is_a_sentence(server, monkeypatch):
    # Nothing listens on the reserved port 9.
    monkeypatch.setattr(mobilenet_v2, "BASE_WEIGHT_PATH", "http://127.0.0.1:9/")
    with pytest.raises(ValueError, match=r"URL fetch failure.*with internet access"):
        transfer.pretrained("MobileNetV2", (28, 28, 1))


@pytest.mark.parametrize(
    ("shape", "size", "message"),
    [
        (None, 96, "input_shape: received None"),
        ((28, 28, 2), 96, "height, width, 1 or 3"),
        ((28, 28, 1), 16, "size: received 16"),
    ],
)
def test_shapes_that_do_not_suit_photographs_are_refused(shape, size, message):
    with pytest.raises(ValueError, match=message):
        transfer.pretrained("MobileNetV2", shape, size=size)


# ---- the script that makes the weights ----------------------------------------------------------


def test_pretraining_is_refused_for_unknown_names(capsys):
    assert pretrain.main(["knee"]) == 2
    assert "choose among breast_ultrasound" in capsys.readouterr().err


@pytest.fixture
def short(tmp_path, monkeypatch):
    """Shorten the training of the breast network; yield the folder where its weights go."""
    monkeypatch.setattr(transfer, "WEIGHTS", tmp_path)
    task = pretrain.TASKS["breast_ultrasound"]
    few = pretrain.Task(lambda: task.data().select(range(64)), epochs=1, augment=task.augment)
    monkeypatch.setitem(pretrain.TASKS, "breast_ultrasound", few)
    return tmp_path


def test_pretraining_writes_weights_and_checksums(short):
    assert pretrain.main(["breast_ultrasound"]) == 0
    (line,) = (short / "SHA256SUMS").read_text().splitlines()
    assert line.endswith("  breast_ultrasound.weights.h5")
    assert transfer.trained("breast_ultrasound").count_params() == 92_929


def test_weights_that_are_too_large_or_interrupted_leave_the_old_ones(short, monkeypatch, capsys):
    old = {"breast_ultrasound.weights.h5": b"old weights", "SHA256SUMS": b"old sums"}
    for name, content in old.items():
        (short / name).write_bytes(content)
    monkeypatch.setattr(pretrain, "MOST_BYTES", 1000)
    assert pretrain.main(["breast_ultrasound"]) == 1
    assert "more than 1,000, so the old weights stay" in capsys.readouterr().err
    assert {file.name: file.read_bytes() for file in short.iterdir()} == old

    def interrupted(model, path):
        path.write_bytes(b"half of it")
        raise KeyboardInterrupt

    monkeypatch.setattr(keras.Model, "save_weights", interrupted)
    with pytest.raises(KeyboardInterrupt):
        pretrain.save(models.compact_cnn(), "breast_ultrasound")
    assert {file.name: file.read_bytes() for file in short.iterdir()} == old
