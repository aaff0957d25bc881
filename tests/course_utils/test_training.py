"""Batches hold the right images, changed ones keep their masks, `fit` refuses what would lie."""

import re
import subprocess
import sys
from functools import partial
from io import StringIO
from types import SimpleNamespace

import numpy as np
import pytest

from course_utils import ROOT, _tensorflow, training
from course_utils._tensorflow import keras, tf
from course_utils.datasets import ImageDataset
from course_utils.training import Augmenter
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
    result = subprocess.run(
        [sys.executable, "-c", FIT_IN_SILENCE], capture_output=True, text=True, cwd=ROOT
    )
    assert (result.stdout, result.stderr) == ("done\n", "")


def test_batches_are_in_order_and_from_zero_to_one():
    data = tiny()
    images, labels = zip(*training.to_tf(data, 4), strict=True)
    assert [len(part) for part in labels] == [4, 2]
    np.testing.assert_array_equal(np.concatenate(images), data.as_float())
    np.testing.assert_array_equal(np.concatenate(labels), data.labels[:, np.newaxis])


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
    assert weights.numpy().tolist() == [[[0]], [[1]], [[2]], [[3]], [[4]], [[5]]]


def test_predictions_come_in_order_and_in_the_form_of_the_model():
    data = tiny()
    flat = keras.Sequential([keras.Input((8, 10, 2)), keras.layers.Flatten()])
    flat.add(keras.layers.Dense(3, "softmax"))
    assert training.predict(flat, data).shape == (6, 3)
    mask = keras.Sequential([keras.Input((8, 10, 2)), keras.layers.Conv2D(1, 1)])
    mask.layers[0].set_weights([np.array([[[[0.75], [0.25]]]]), np.zeros(1)])
    expected = data.as_float() @ [0.75, 0.25]
    np.testing.assert_allclose(training.predict(mask, data), expected, atol=1e-6)


@pytest.mark.parametrize(("bias", "message"), [(-3, "-3 to -3; .*sigmoid"), (np.nan, "diverged")])
def test_logits_and_nan_are_no_probabilities(bias, message):
    model = keras.Sequential([keras.Input((8, 10, 2)), keras.layers.Flatten()])
    model.add(keras.layers.Dense(1))
    model.layers[-1].set_weights([np.zeros((160, 1)), np.array([bias])])
    with pytest.raises(ValueError, match=f"predictions: received .*{message}"):
        training.predict(model, tiny())


def logistic():
    """One weight per pixel, compiled."""
    training.set_seed(0)
    layers = [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(1, "sigmoid")]
    model = keras.Sequential(layers)
    model.compile(keras.optimizers.SGD(0.5), "binary_crossentropy", metrics=["accuracy"])
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


def test_a_notebook_shows_a_line_at_once_that_is_empty_in_the_end(monkeypatch):
    shown = []
    handle = SimpleNamespace(update=lambda text: shown.append(text.data))
    monkeypatch.setattr(training, "tqdm", training.tqdm_notebook)
    monkeypatch.setattr(_tensorflow, "display", lambda text, **_: handle)
    fitted()
    assert shown[0] == "0 of 3 epochs, 00:00"
    last = r"3 of 3 epochs, 00:\d\d, loss=0\.\d+, val_loss=\d+\.\d+"
    assert re.fullmatch(last, shown[-2])
    assert shown[-1] == ""
    monkeypatch.setenv("TQDM_DISABLE", "1")
    del shown[:]
    fitted()
    assert not shown


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([TRAIN, noise(40, 1)], "20 groups that are in train too, such as 1-0"),
        ([TRAIN, noise(40, 2, class_names=("b", "a"))], "validation: received classes .'b', 'a'"),
        ([TRAIN, noise(4, 2, splits=["test"] * 4)], "validation: received 4 images of the"),
        ([noise(4, 1, splits=["train"] * 3 + ["test"]), None], "train: received 1 images of"),
    ],
)
def test_what_would_make_a_score_lie_is_refused(parts, message):
    with pytest.raises(ValueError, match=message):
        training.fit(logistic(), *parts, epochs=1)


def test_targets_and_weights_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="'cyst'; allowed: core, edema"):
        training.to_tf(tiny(), target="cyst")
    with pytest.raises(ValueError, match=r"sample_weight: received shape \(2,\)"):
        training.to_tf(tiny(), sample_weight=[1, 2])
    for wrong in (-1, np.nan, "b"):
        with pytest.raises(ValueError, match=r"sample_weight: received .*negative"):
            fitted(sample_weight=[1] * 19 + [wrong])
    with pytest.raises(ValueError, match=r"class_weight: received .*sample_weight"):
        fitted(class_weight={0: 1, 1: 5})


# ---- labels, weights and losses in their forms --------------------------------------------------


def fixed(layer, kernel, bias, loss, side=8, **options):
    """A network that is only a dense layer, or a 1×1 convolution, and learns nothing."""
    first = (
        [] if isinstance(layer, keras.layers.Conv2D) else [keras.layers.GlobalAveragePooling2D()]
    )
    model = keras.Sequential([keras.Input((side, side, 1)), *first, layer])
    layer.set_weights([np.reshape(kernel, layer.kernel.shape), np.array(bias)])
    model.compile(keras.optimizers.SGD(0.0), loss, **options)
    return model


def own_accuracy(truth, answer):
    """Compare as a learner does, without a thought of shapes."""
    if answer.shape[-1] > 1:
        return keras.ops.mean(keras.ops.argmax(answer, -1) == keras.ops.cast(truth, "int32"))
    return keras.ops.mean(keras.ops.cast(truth, "float32") == keras.ops.round(answer))


@pytest.mark.parametrize(
    ("classes", "kernel", "bias"),
    [(2, [90], [-15]), (2, [-90, 90], [15, -15]), (3, [-90, 0, 60], [15, 0, -30])],
)
def test_an_own_metric_compares_each_label_with_its_answer(classes, kernel, bias):
    truth = np.arange(12) % classes
    images = np.tile((100 * truth).astype(np.uint8).reshape(-1, 1, 1, 1), (1, 8, 8, 1))
    labels = np.r_[(truth[:3] + 1) % classes, truth[3:]]  # the network is right on 9 of 12
    fields = {"images": images, "labels": labels, "class_names": list("abc"[:classes])}
    several = len(bias) > 1
    layer = keras.layers.Dense(len(bias), "softmax" if several else "sigmoid")
    loss = "sparse_categorical_crossentropy" if several else "binary_crossentropy"
    model = fixed(layer, kernel, bias, loss, metrics=[own_accuracy, "accuracy"])
    curves = training.fit(model, noise(12, 3, **fields), noise(12, 4, **fields), epochs=1).history
    for name in ("own_accuracy", "accuracy", "val_own_accuracy", "val_accuracy"):
        assert curves[name] == [pytest.approx(0.75)]


def test_two_of_three_classes_need_one_output():
    data = noise(6, 1, labels=[0, 1] * 3, class_names=["a", "b", "c"])
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1, "sigmoid")])
    seen = []

    def right(truth, answer):
        seen.append((truth.shape, answer.shape))
        return keras.ops.mean((truth > 0) == (answer > 0.5))

    model.compile("adam", "binary_crossentropy", metrics=[right])
    training.fit(model, data, epochs=1)
    assert seen
    assert all(len(truth) == len(answer) == 2 for truth, answer in seen)


@pytest.mark.parametrize(
    ("outputs", "loss"),
    [
        (1, "categorical_crossentropy"),
        (1, "sparse_categorical_crossentropy"),
        (2, "categorical_crossentropy"),
        (2, "binary_crossentropy"),
        (2, keras.losses.MeanSquaredError()),
    ],
)
def test_a_loss_that_does_not_fit_the_outputs_is_refused(outputs, loss):
    layers = [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(outputs)]
    model = keras.Sequential(layers)
    model.compile("sgd", loss)
    with pytest.raises(ValueError, match=r"^loss: received .* allowed: '(binary|sparse)"):
        training.fit(model, TRAIN, epochs=1)


def test_of_several_early_stoppings_the_one_counts_that_sets_the_weights():
    stopping = keras.callbacks.EarlyStopping
    callbacks = [stopping("loss", patience=50), stopping(patience=1, restore_best_weights=True)]
    model, history = fitted(epochs=6, callbacks=callbacks)
    assert history.restored
    assert history.monitor == "val_loss"
    assert model.evaluate(training.to_tf(VALIDATION), verbose=0)[0] == pytest.approx(
        min(history.history["val_loss"]), abs=1e-5
    )
    assert fitted(callbacks=stopping("loss"))[1].monitor == "loss"


def test_images_that_the_network_was_not_built_for_are_refused():
    model = logistic()
    for shape in ((6, 8, 1), (8, 8, 3)):
        images = np.zeros((4, *shape), np.uint8)
        other = noise(4, 1, images=images)
        for use in (partial(training.predict, model), partial(training.fit, model, epochs=1)):
            with pytest.raises(ValueError, match=r"allowed: \(8, 8, 1\), as the network was built"):
                use(other)


@pytest.mark.parametrize("outputs", [1, 2])
def test_weights_of_images_are_those_of_their_classes_in_keras(outputs):
    loss = "binary_crossentropy" if outputs == 1 else "sparse_categorical_crossentropy"
    layer = keras.layers.Dense(outputs, "sigmoid" if outputs == 1 else "softmax")
    model = fixed(layer, np.ones(outputs), np.arange(outputs) - 1.0, loss)
    weights = np.array([1, 5.0])[TRAIN.labels]
    ours = training.fit(model, TRAIN, epochs=1, sample_weight=weights).history["loss"]
    theirs = model.fit(
        training.to_tf(TRAIN), class_weight={0: 1, 1: 5}, shuffle=False, verbose=0
    ).history["loss"]
    assert ours == pytest.approx(theirs)


def of_images(truth, answer):
    return keras.ops.mean((truth - answer) ** 2, axis=(1, 2, 3))


@pytest.mark.parametrize("batch_size", [8, 4, 1])
@pytest.mark.parametrize(
    ("loss", "full", "empty"),
    [
        # The answer is 1 / 4 everywhere: log odds -log(3).
        ("binary_crossentropy", np.log(4), np.log(4 / 3)),
        (keras.losses.MeanSquaredError(), 9 / 16, 1 / 16),
        (of_images, 9 / 16, 1 / 16),
    ],
)
def test_a_weight_counts_for_all_pixels_of_its_mask(loss, full, empty, batch_size):
    masks = np.zeros((8, 8, 8), np.uint8)
    masks[0] = 1
    data = noise(8, 3, masks=masks, mask_names=("core",))
    model = fixed(keras.layers.Conv2D(1, 1, activation="sigmoid"), [0], [-np.log(3)], loss)
    options = {"target": "core", "sample_weight": [5, 1, 0, 0, 0, 0, 0, 2]}
    history = training.fit(model, data, epochs=1, batch_size=batch_size, **options).history
    assert history["loss"] == [pytest.approx((5 * full + 3 * empty) / 8, rel=1e-5)]


def test_a_loss_of_a_whole_batch_takes_no_weights():
    data = noise(8, 3, masks=np.ones((8, 8, 8), np.uint8), mask_names=("core",))
    options = {"target": "core", "sample_weight": range(8)}
    for loss in (keras.losses.Dice(), lambda truth, answer: 1 - keras.ops.mean(truth * answer)):
        model = fixed(keras.layers.Conv2D(1, 1, activation="sigmoid"), [0], [0], loss)
        with pytest.raises(ValueError, match="sample_weight: received a loss of one number per"):
            training.fit(model, data, epochs=1, **options)
        training.fit(model, data, epochs=1, target="core")


@pytest.mark.parametrize(
    ("changes", "target", "message"),
    [
        ({"labels": [0, 1, 2, 2], "class_names": [*"abc"]}, "labels", r".* .*3\) for 3 classes"),
        ({"masks": np.ones((4, 8, 8), np.uint8), "mask_names": ["core"]}, "core", ".*for a mask"),
    ],
)
def test_an_output_that_does_not_fit_the_target_is_refused(changes, target, message):
    with pytest.raises(ValueError, match=f"model: received output {message}"):
        training.fit(logistic(), noise(4, 1, **changes), epochs=1, target=target)


# ---- what early stopping watches ----------------------------------------------------------------


def brier(truth, answer):
    return keras.ops.mean((keras.ops.cast(truth, "float32") - answer) ** 2, axis=-1)


def stopped(metric, **options):
    """Every epoch makes the validation worse, which is labeled oppositely."""
    labels = np.arange(16) % 2
    images = np.tile((200 * labels).astype(np.uint8).reshape(-1, 1, 1, 1), (1, 8, 8, 1))
    parts = [noise(16, i, images=images, labels=abs(labels - i)) for i in (0, 1)]
    model = fixed(keras.layers.Dense(1, "sigmoid"), [0], [0], "binary_crossentropy")
    model.compile(keras.optimizers.SGD(0.5), "binary_crossentropy", metrics=[metric])
    stopping = keras.callbacks.EarlyStopping(**options)
    return training.fit(model, *parts, epochs=4, callbacks=[stopping])


@pytest.mark.parametrize("restore", [True, False])
@pytest.mark.parametrize(
    ("metric", "options"),
    [
        (keras.metrics.MeanSquaredError(name="own"), {}),  # Keras knows that low is good
        (brier, {"mode": "min"}),
    ],
)
def test_the_best_epoch_is_the_lowest_where_low_is_good(metric, options, restore):
    name = f"val_{getattr(metric, 'name', 'brier')}"
    history = stopped(metric, monitor=name, restore_best_weights=restore, patience=2, **options)
    assert history.history[name] == sorted(history.history[name])
    assert (history.best_epoch, history.restored) == (1, restore)


def divided_by_0(truth, answer):
    return keras.ops.mean(answer) / 0 * 0


@pytest.mark.parametrize(
    ("metric", "monitor", "message"),
    [
        (brier, {"monitor": "val_brier"}, "Pass `mode='max'`"),
        ("mse", {"monitor": "val_auc", "mode": "max"}, "'val_auc'; allowed: .*val_loss"),
        (divided_by_0, {"monitor": "val_divided_by_0", "mode": "max"}, "NaN for .* in epoch 1"),
    ],
)
def test_a_watched_curve_without_direction_or_number_is_refused(metric, monitor, message):
    with pytest.raises(ValueError, match=message):
        stopped(metric, **monitor)


def test_a_loss_that_is_no_number_ends_the_training():
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(1e20), "mse")
    with pytest.raises(ValueError, match="Lower the learning rate"):
        fitted(model, epochs=20)


# ---- random changes -----------------------------------------------------------------------------

GEOMETRY = {"flip": True, "shift": 0.1, "rotation": 20, "zoom": 0.2}
INTENSITY = {"brightness": 0.1, "contrast": 0.3, "noise": 0.05}
IMAGES = np.random.default_rng(0).random((6, 24, 20, 2), dtype=np.float32)
MASKS = (IMAGES[..., :1] > 0.5).astype(np.float32)


def disks(n):
    """Draw a disk off the center: the same in image and mask."""
    rows, columns = np.mgrid[:48, :48]
    disk = (rows - 20) ** 2 + (columns - 30) ** 2 <= 36
    return np.repeat(disk[np.newaxis, ..., np.newaxis], n, axis=0).astype(np.float32)


def centers(batch):
    """Return each image's center of gravity as (row, column), from the middle of the image."""
    batch = np.asarray(batch)[..., 0]
    grids = np.indices(batch.shape[1:]) - 23.5
    return np.stack([(batch * grid).sum((1, 2)) / batch.sum((1, 2)) for grid in grids], axis=1)


def test_without_options_nothing_changes():
    for same, before in zip(Augmenter()(IMAGES, MASKS), (IMAGES, MASKS), strict=True):
        np.testing.assert_array_equal(same, before)


def test_a_flip_exchanges_left_and_right_exactly():
    flipped = np.asarray(Augmenter(flip=True, seed=1)(IMAGES))
    kept = (flipped == IMAGES).all((1, 2, 3))
    turned = (flipped == IMAGES[:, :, ::-1]).all((1, 2, 3))
    assert (kept != turned).all()
    assert 0 < kept.sum() < len(IMAGES)


def test_image_and_mask_move_together_and_the_mask_stays_binary():
    moved, masks = Augmenter(**GEOMETRY, seed=2)(disks(40), disks(40))
    assert set(np.unique(masks)) == {0.0, 1.0}
    assert np.abs(centers(moved) - centers(masks)).max() < 0.5, "half a pixel"
    assert centers(masks).std(axis=0).min() > 1, "the disks should have moved"


def test_a_shift_a_zoom_and_a_rotation_keep_within_their_limits():
    before = centers(disks(200))
    moved = centers(Augmenter(shift=0.1)(disks(200))) - before
    assert 0.9 * 4.8 < np.abs(moved).max() < 4.8 + 1e-3
    assert np.abs(moved.mean(axis=0)).max() < 1
    areas = np.asarray(Augmenter(zoom=0.2)(disks(200))).sum((1, 2, 3)) / disks(1).sum()
    assert 0.8**2 * 0.95 < areas.min() < 0.75
    assert 1.35 < areas.max() < 1.2**2 * 1.05
    after = centers(Augmenter(rotation=15)(disks(200)))
    angles = [np.degrees(np.arctan2(*points.T)) for points in (before, after)]
    assert 13 < np.abs(angles[1] - angles[0]).max() < 15.5
    np.testing.assert_allclose(np.hypot(*after.T), np.hypot(*before.T), atol=0.1)


def test_intensity_changes_leave_masks_alone_and_stay_within_0_and_1():
    changed, same = Augmenter(**INTENSITY)(IMAGES, MASKS)
    np.testing.assert_array_equal(same, MASKS)
    assert 0 <= np.min(changed) <= np.max(changed) <= 1
    assert np.abs(changed - IMAGES).mean() > 0.02


@pytest.mark.parametrize(
    ("option", "invariant"),
    [
        ("brightness", lambda x: x.std((1, 2, 3))),
        ("contrast", lambda x: x.mean((1, 2))),
        ("gain", lambda x: x.std((1, 2, 3)) / x.mean((1, 2, 3))),
    ],
)
def test_each_intensity_change_keeps_what_it_should(option, invariant):
    images = 0.4 + 0.2 * IMAGES  # far from 0 and 1, so that nothing is clipped
    changed = np.asarray(Augmenter(**{option: 0.2})(images))
    assert np.abs(changed - images).max() > 0.01
    np.testing.assert_allclose(invariant(changed), invariant(images), atol=1e-5)


def test_channels_change_alike_but_for_their_noise():
    gray = np.full((8, 64, 64, 3), 0.5, np.float32)
    gray[:, :32] = 0.4
    same = np.asarray(Augmenter(**GEOMETRY, brightness=0.1, contrast=0.3)(gray))
    np.testing.assert_array_equal(same[..., 0], same[..., 2])
    noise = np.asarray(Augmenter(noise=0.05)(gray)) - gray
    assert np.std(noise) == pytest.approx(0.05, rel=0.03)
    assert abs(np.corrcoef(noise[..., 0].ravel(), noise[..., 1].ravel())[0, 1]) < 0.05


def test_a_stream_repeats_with_its_seed_and_differs_between_epochs():
    def two_epochs(seed):
        augment = Augmenter(**GEOMETRY, **INTENSITY, seed=seed)
        stream = tf.data.Dataset.from_tensor_slices((IMAGES, MASKS)).batch(4)
        stream = stream.map(augment).prefetch(2)
        assert stream.element_spec[0].shape[1:] == IMAGES.shape[1:]
        return [np.concatenate([batch for batch, _ in stream]) for _ in range(2)]

    first, second = two_epochs(5)
    np.testing.assert_array_equal([first, second], two_epochs(5))
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, two_epochs(4)[0])


@pytest.mark.parametrize(
    "options",
    [{"shift": 0.6}, {"rotation": -1}, {"zoom": "a"}, {"noise": True}, {"tilt": 1}, {"seed": -1}],
)
def test_amounts_outside_their_limits_are_refused(options):
    with pytest.raises(ValueError, match=f"{next(iter(options))}: received .* allowed"):
        Augmenter(**options)


@pytest.mark.parametrize(
    "images", [(255 * IMAGES).astype(np.uint8), IMAGES[0], 255 * IMAGES, -IMAGES, IMAGES * np.nan]
)
def test_images_that_the_clip_would_spoil_are_refused(images):
    with pytest.raises(ValueError, match="images: received shape"):
        Augmenter(contrast=0.2)(images)


@pytest.mark.parametrize(
    ("masks", "message"),
    [
        (MASKS * 255, "allowed: .*0 and 1"),
        (MASKS / 2, "allowed: .*0 and 1"),
        (np.zeros_like(IMAGES), "shape .*one mask per image"),
        (MASKS[:, :12], "shape .*one mask per image"),
        (MASKS[:5], "shape .*one mask per image"),
    ],
)
def test_masks_that_do_not_fit_are_refused(masks, message):
    with pytest.raises(ValueError, match=f"masks: received .*{message}"):
        Augmenter(flip=True)(IMAGES, masks)
