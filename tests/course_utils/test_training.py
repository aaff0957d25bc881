"""Batches hold the right images; `fit` refuses what would make a score lie; all is quiet."""

import os
import subprocess
import sys
from io import StringIO

import numpy as np
import pytest

from course_utils import ROOT, training
from course_utils._tensorflow import keras
from course_utils.datasets import ImageDataset
from tests.tiny_data import tiny

FIT_IN_SILENCE = """
from course_utils import training
import keras
from tests.tiny_data import tiny
model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1, "sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(training.to_tf(tiny(), shuffle=True), verbose=0)
print("done")
"""


def test_importing_tensorflow_and_fitting_write_nothing():
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", FIT_IN_SILENCE]
    result = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert (result.stdout, result.stderr) == ("done\n", "")


def test_batches_are_in_order_and_from_zero_to_one():
    data = tiny()
    batches = list(training.to_tf(data, 4))
    assert [len(labels) for _, labels in batches] == [4, 2]
    images = np.concatenate([images for images, _ in batches])
    np.testing.assert_array_equal(images, data.as_float())
    np.testing.assert_array_equal(np.concatenate([y for _, y in batches]), data.labels)


def test_shuffling_is_seeded_and_new_in_every_epoch():
    data = tiny(labels=range(6), class_names=list("abcdef"))

    def epochs(seed):
        stream = training.to_tf(data, 6, shuffle=True, seed=seed)
        return [next(iter(stream))[1].numpy().tolist() for _ in range(4)]

    assert epochs(1) == epochs(1)
    assert epochs(1) != epochs(2)
    assert len({tuple(epoch) for epoch in epochs(1)}) > 1
    assert all(sorted(epoch) == list(range(6)) for epoch in epochs(1))


def test_masks_and_weights_come_along():
    data = tiny()
    batches = training.to_tf(data, 6, target="edema", sample_weight=range(6))
    images, mask, weights = next(iter(batches))
    assert images.shape == (6, 8, 10, 2)
    np.testing.assert_array_equal(mask[..., 0], data.mask("edema"))
    assert weights.numpy().tolist() == [0, 1, 2, 3, 4, 5]


def test_predictions_come_in_order_and_in_the_form_of_the_model():
    data = tiny()
    flat = keras.Sequential([keras.Input((8, 10, 2)), keras.layers.Flatten()])
    flat.add(keras.layers.Dense(3, "softmax"))
    assert training.predict(flat, data).shape == (6, 3)
    mask = keras.Sequential([keras.Input((8, 10, 2)), keras.layers.Conv2D(1, 1)])
    values = training.predict(mask, data)
    expected = data.as_float() @ mask.layers[0].kernel.numpy()[0, 0]
    np.testing.assert_allclose(values, expected[..., 0], atol=1e-5)


def logistic(learning_rate=0.5):
    """One weight per pixel, compiled."""
    training.set_seed(0)
    model = keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(1, "sigmoid")]
    )
    optimizer = keras.optimizers.SGD(learning_rate)
    model.compile(optimizer, "binary_crossentropy", metrics=["accuracy"])
    return model


def noise(n, seed, **changes):
    """Images without any information about their labels: only overfitting can be learned."""
    rng = np.random.default_rng(seed)
    fields = {
        "name": "noise",
        "images": rng.integers(0, 256, (n, 8, 8, 1)).astype(np.uint8),
        "labels": np.arange(n) % 2,
        "class_names": ("a", "b"),
        "groups": [f"{seed}-{i}" for i in range(n)],
        "group_kind": "patient",
        "origin": "simulated",
    }
    return ImageDataset(**fields | changes)


TRAIN, VALIDATION = noise(20, 1), noise(40, 2)


def fitted(model=None, **options):
    """Fit noise and return the model and its history."""
    model = model or logistic()
    return model, training.fit(model, TRAIN, VALIDATION, **{"epochs": 3, **options})


@pytest.mark.parametrize("patience", [3, 50])
def test_early_stopping_gives_the_weights_of_the_best_epoch(patience):
    stopping = keras.callbacks.EarlyStopping(patience=patience, restore_best_weights=True)
    model, history = fitted(epochs=25, callbacks=[stopping])
    losses = history.history["val_loss"]
    assert history.best_epoch == np.argmin(losses) + 1 < 25
    assert len(losses) == min(25, history.best_epoch + patience)
    again = model.evaluate(training.to_tf(VALIDATION, 128), verbose=0)[0]
    assert again == pytest.approx(min(losses), abs=1e-5)
    assert "val_loss was best" in repr(history)
    assert "weights of the best epoch" in repr(history)


def test_an_accuracy_is_best_where_it_is_highest():
    stopping = keras.callbacks.EarlyStopping("val_accuracy", mode="max", patience=5)
    history = fitted(epochs=5, callbacks=[stopping])[1]
    accuracy = history.history["val_accuracy"]
    assert accuracy[history.best_epoch - 1] == max(accuracy)
    assert "weights of the last epoch" in repr(history)


def test_a_training_repeats_and_its_history_is_a_table():
    first, second = (fitted(batch_size=4)[1] for _ in range(2))
    assert first.history == second.history
    assert first.table.index.tolist() == [1, 2, 3]
    assert set(first.table) == {"loss", "accuracy", "val_loss", "val_accuracy"}


def test_augmentation_changes_training_images_only():
    seen = []

    def blank(images):
        seen.append(images.shape)
        return images * 0

    model = logistic()
    before = model.get_weights()[0].copy()
    fitted(model, augment=blank)
    # Blank images move no weight of a pixel; validation images, were they blank, would all give
    # one probability.
    np.testing.assert_array_equal(model.get_weights()[0], before)
    assert np.ptp(training.predict(model, VALIDATION)) > 0.01
    assert len(seen) == 1  # traced once, for training


def test_a_bar_shows_what_is_watched_in_a_terminal_and_nothing_elsewhere(monkeypatch, capfd):
    fitted()
    assert capfd.readouterr() == ("", "")
    screen = StringIO()
    screen.isatty = lambda: True
    monkeypatch.setattr("sys.stderr", screen)
    fitted()
    assert "val_loss=" in screen.getvalue()


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([TRAIN, noise(40, 1)], "20 groups that are in train too, such as 1-0"),
        ([TRAIN, noise(4, 2, splits=["test"] * 4)], "validation: received 4 images of the"),
        ([noise(4, 1, splits=["train"] * 3 + ["test"]), None], "train: received 1 images of"),
    ],
)
def test_what_would_make_a_score_lie_is_refused(parts, message):
    with pytest.raises(ValueError, match=message):
        training.fit(logistic(), *parts, epochs=1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": "cyst"}, "'cyst'; allowed: core, edema"),
        ({"sample_weight": [1, 2]}, r"sample_weight: received shape \(2,\)"),
    ],
)
def test_targets_and_weights_that_do_not_fit_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        training.to_tf(tiny(), **options)


def test_a_loss_that_is_no_number_ends_the_training():
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(1e20), "mse")
    with pytest.raises(ValueError, match="Lower the learning rate"):
        fitted(model, epochs=20)
