"""The shipped networks, new heads, fine-tuning, and the script that makes the weights."""

import hashlib
import shutil

import h5py
import numpy as np
import pytest

from authoring.workshop import pretrain
from course_utils import models, training, transfer
from course_utils.datasets import DatasetError
from tests.tiny_data import tiny

# Only after the modules of the course, which import TensorFlow quietly.
import keras  # isort: skip

SUMS = (transfer.WEIGHTS / "SHA256SUMS").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", transfer.NAMES)
def test_shipped_files_are_those_of_their_checksums_and_of_the_lessons(name):
    for file in (f"{name}.json", f"{name}.weights.h5"):
        digest = hashlib.sha256((transfer.WEIGHTS / file).read_bytes()).hexdigest()
        assert f"{digest}  {file}\n" in SUMS
    assert (transfer.WEIGHTS / f"{name}.json").read_text() == pretrain.fresh(name).to_json() + "\n"
    assert sum(file.stat().st_size for file in pretrain.stored_files()) <= pretrain.MOST_BYTES


@pytest.mark.parametrize("name", transfer.NAMES)
def test_a_loaded_network_has_all_stored_weights_and_no_optimizer(name):
    stored = []
    with h5py.File(transfer.WEIGHTS / f"{name}.weights.h5") as file:
        assert "optimizer" not in file
        file.visititems(lambda _, item: stored.append(item) if hasattr(item, "dtype") else None)
        stored = sorted(item[()].tobytes() for item in stored)
    # The file holds the layers in another order.
    assert sorted(weights.tobytes() for weights in transfer.load(name).get_weights()) == stored


@pytest.mark.parametrize(
    ("function", "name"),
    [(transfer.load, "knee"), (transfer.backbone, "knee"), (transfer.backbone, "brain_mri")],
)
def test_networks_that_do_not_exist_or_have_no_head_are_refused(function, name):
    with pytest.raises(ValueError, match=f"name: received '{name}'; allowed: breast_ultrasound"):
        function(name)


def test_missing_and_damaged_files_are_refused(tmp_path, monkeypatch):
    kept = transfer.WEIGHTS / "breast_ultrasound.json"
    monkeypatch.setattr(transfer, "WEIGHTS", tmp_path)
    weights = tmp_path / "breast_ultrasound.weights.h5"
    breaks = (
        lambda: None,
        lambda: (tmp_path / kept.name).write_text("no network"),
        lambda: shutil.copy(kept, tmp_path),
        lambda: weights.write_bytes(b"no weights"),
        lambda: models.compact_cnn().save_weights(weights),
    )
    for break_it in breaks:
        break_it()
        with pytest.raises(DatasetError, match=r"(?s)cannot be read .*pretrain breast_ultrasound"):
            transfer.load("breast_ultrasound")


def small_backbone():
    images = keras.Input((8, 10, 2))
    x = keras.layers.BatchNormalization()(keras.layers.Conv2D(4, 3)(images))
    return keras.Model(images, keras.layers.GlobalAveragePooling2D()(x))


def test_a_new_head_gives_one_probability_per_class_from_the_same_backbone():
    backbone = transfer.backbone("breast_ultrasound")
    model = transfer.add_head(backbone, outputs=3)
    images = np.random.default_rng(0).random((3, 28, 28, 1), dtype=np.float32)
    np.testing.assert_allclose(model.predict(images, verbose=0).sum(axis=1), 1, rtol=1e-5)
    assert model.layers[1] is backbone
    assert transfer.add_head(backbone, outputs=1).output_shape == (None, 1)


def test_the_head_learns_alone_first_and_batch_normalization_keeps_its_statistics(monkeypatch):
    backbone = small_backbone()
    model = transfer.add_head(backbone, outputs=1)
    states, fit = [(backbone.get_weights(), model.layers[-1].get_weights())], training.fit

    def watched(*parts, **options):
        history = fit(*parts, **options)
        states.append((backbone.get_weights(), model.layers[-1].get_weights()))
        return history

    monkeypatch.setattr(training, "fit", watched)
    options = {"head_epochs": 1, "epochs": 2, "rates": (0.1, 0.1), "loss": "binary_crossentropy"}
    histories = transfer.fine_tune(model, tiny(splits=None), **options)
    assert [len(history.table) for history in histories] == [1, 2]
    (body, head), (body_after_1, head_after_1), (body_after_2, _) = states
    assert all(map(np.array_equal, body, body_after_1))
    assert not np.array_equal(head[0], head_after_1[0])
    assert not np.array_equal(body[0], body_after_2[0])
    assert float(np.abs(backbone.layers[2].moving_mean).max()) == 0


# ---- the script that makes the weights ----------------------------------------------------------


def test_pretraining_is_refused_for_unknown_names(capsys):
    assert pretrain.main(["knee"]) == 2
    assert "choose among breast_ultrasound" in capsys.readouterr().err


@pytest.fixture
def short(tmp_path, monkeypatch):
    """Shorten the training of the breast network; yield the folder where its files go."""
    monkeypatch.setattr(transfer, "WEIGHTS", tmp_path)
    task = pretrain.TASKS["breast_ultrasound"]
    few = pretrain.Task(task.network, lambda: task.data().select(range(64)), epochs=1)
    monkeypatch.setitem(pretrain.TASKS, "breast_ultrasound", few)
    return tmp_path


def test_pretraining_writes_the_network_and_its_checksums(short):
    assert pretrain.main(["breast_ultrasound"]) == 0
    lines = (short / "SHA256SUMS").read_text().splitlines()
    names = ["breast_ultrasound.json", "breast_ultrasound.weights.h5"]
    assert [line.split()[1] for line in lines] == names
    assert transfer.load("breast_ultrasound").count_params() == 92_929


def test_files_that_are_too_large_or_interrupted_leave_the_old_ones(short, monkeypatch, capsys):
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


@pytest.mark.parametrize(("contrast", "left"), [(0.3, 0.99), (0.1, 0.95), (0.03, 0.69), (0, 0)])
def test_the_breast_network_leaves_some_of_a_low_contrast(contrast, left):
    # Half of the pixels above the mean and half below, so that the contrast is the deviation.
    image = 0.5 + contrast * np.tile([[1, -1]], (28, 14)).astype(np.float32)
    found = pretrain.standardized_cnn().layers[1](image[None, ..., None]).numpy()
    assert found.mean() == pytest.approx(0, abs=1e-5)
    assert found.std() == pytest.approx(left, abs=0.006)
