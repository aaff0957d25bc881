"""`fit` watches validation, restores the best weights, and refuses what would make a score lie."""

import numpy as np
import pytest

from course_utils.datasets import ImageDataset
from tests.tiny_data import tiny


@pytest.fixture(scope="module")
def training():
    """Import the module late: it loads TensorFlow."""
    from course_utils import training

    return training


def logistic(training, learning_rate=0.5, seed=0):
    """One weight per pixel, compiled."""
    import keras

    training.set_seed(seed)
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


def test_early_stopping_stops_and_restores_the_best_weights(training):
    model, validation = logistic(training), noise(40, 2)
    history = training.fit(model, noise(20, 1), validation, epochs=60, patience=3, progress=False)
    losses = history.history["val_loss"]
    assert len(losses) == history.best_epoch + 3 < 60
    assert min(losses) == losses[history.best_epoch - 1]
    again = model.evaluate(training.to_tf(validation, 128), verbose=0)[0]
    assert again == pytest.approx(min(losses), abs=1e-5)


def test_the_best_weights_come_back_also_when_the_epochs_run_out(training):
    model, validation = logistic(training), noise(40, 2)
    history = training.fit(model, noise(20, 1), validation, epochs=25, patience=50, progress=False)
    assert history.best_epoch < 25  # otherwise this test shows nothing
    again = model.evaluate(training.to_tf(validation, 128), verbose=0)[0]
    assert again == pytest.approx(min(history.history["val_loss"]), abs=1e-5)


def test_without_patience_the_last_weights_stay(training):
    model, validation = logistic(training), noise(40, 2)
    history = training.fit(model, noise(20, 1), validation, epochs=6, progress=False)
    again = model.evaluate(training.to_tf(validation, 128), verbose=0)[0]
    assert again == pytest.approx(history.history["val_loss"][-1], abs=1e-5)
    assert "weights of the last epoch" in repr(history)


def test_an_accuracy_is_best_where_it_is_highest(training):
    history = training.fit(
        logistic(training), noise(20, 1), noise(40, 2), epochs=5, monitor="val_accuracy",
        patience=5, progress=False,
    )  # fmt: skip
    accuracy = history.history["val_accuracy"]
    assert accuracy[history.best_epoch - 1] == max(accuracy)


def test_a_training_repeats_and_its_history_is_a_table(training):
    first, second = (
        training.fit(
            logistic(training), noise(20, 1), noise(40, 2), epochs=3, batch_size=4, progress=False
        )
        for _ in range(2)
    )
    assert first.history == second.history
    assert first.table.index.tolist() == [1, 2, 3]
    assert set(first.table) == {"loss", "accuracy", "val_loss", "val_accuracy"}


def test_augmentation_changes_training_images_only(training):
    seen = []

    def blank(images):
        seen.append(images.shape)
        return images * 0

    model, train = logistic(training), noise(20, 1)
    before = model.get_weights()[0].copy()
    training.fit(model, train, noise(40, 2), epochs=2, augment=blank, progress=False)
    # Blank images move no weight of a pixel; validation images, were they blank, would all give
    # one probability.
    np.testing.assert_array_equal(model.get_weights()[0], before)
    assert np.ptp(training.predict(model, noise(40, 2))) > 0.01
    assert len(seen) == 1  # traced once, for training


def test_predictions_come_in_order_and_in_the_form_of_the_model(training):
    import keras

    data = tiny()
    flat = keras.Sequential([keras.Input((8, 10, 2)), keras.layers.Flatten()])
    flat.add(keras.layers.Dense(3, "softmax"))
    assert training.predict(flat, data).shape == (6, 3)
    mask = keras.Sequential([keras.Input((8, 10, 2)), keras.layers.Conv2D(1, 1)])
    values = training.predict(mask, data, batch_size=4)
    assert values.shape == (6, 8, 10)
    expected = data.as_float() @ mask.layers[0].kernel.numpy()[0, 0]
    np.testing.assert_allclose(values, expected[..., 0], atol=1e-5)


def test_a_bar_shows_what_is_watched_in_a_terminal(training, monkeypatch):
    from io import StringIO

    class Terminal(StringIO):
        def isatty(self):
            return True

    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    training.fit(logistic(training), noise(20, 1), noise(40, 2), epochs=2)
    assert "val_loss=" in screen.getvalue()


def test_nothing_is_written_where_nobody_looks(training, capfd):
    training.fit(logistic(training), noise(20, 1), noise(40, 2), epochs=2)
    assert capfd.readouterr() == ("", "")


SHARED = noise(40, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"validation": SHARED}, r"received 20 groups that are in train too, such as 1-0"),
        ({"validation": noise(4, 2, splits=["test"] * 4)}, "validation: received 4 images of the"),
        ({"train": noise(4, 1, splits=["train"] * 3 + ["test"])}, "train: received 1 images of"),
        ({"epochs": 0}, "epochs: received 0"),
        ({"patience": 0}, "patience: received 0"),
        ({"patience": 2, "validation": None}, "Early stopping needs one"),
        ({"monitor": "val_auc"}, "'val_auc'; allowed: accuracy, loss, val_accuracy, val_loss"),
    ],
)
def test_what_would_make_a_score_lie_is_refused(training, arguments, message):
    usual = {"train": noise(20, 1), "validation": noise(40, 2), "epochs": 1, "progress": False}
    with pytest.raises(ValueError, match=message):
        training.fit(logistic(training), **usual | arguments)


def test_a_model_that_is_not_compiled_is_refused(training):
    import keras

    with pytest.raises(ValueError, match="compiled Keras model"):
        training.fit(keras.Sequential(), noise(20, 1), epochs=1)


def test_a_loss_that_is_no_number_ends_the_training(training):
    import keras

    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(1e20), "mse")
    with pytest.raises(ValueError, match="Lower the learning rate"):
        training.fit(model, noise(20, 1), epochs=20, progress=False)
