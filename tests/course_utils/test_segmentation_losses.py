"""Losses of masks: values by hand, finite gradients where masks are empty."""

import numpy as np
import pytest


@pytest.fixture(scope="module")
def losses():
    """Import the module late: it loads TensorFlow."""
    from course_utils import segmentation_losses

    return segmentation_losses


def masks(*images):
    """Return a batch of 2 × 2 images, (b, 2, 2, 1)."""
    return np.array(images, dtype=np.float32).reshape(-1, 2, 2, 1)


def test_soft_dice_pools_the_batch(losses):
    truth = masks([1, 1, 0, 0], [0, 0, 0, 0])
    predicted = masks([1, 0.5, 0, 0], [0, 0, 0.5, 0])
    # Overlap 1.5; squares 2 of the truth, 1 + 0.25 + 0.25 of the prediction; 1 above and below.
    assert float(losses.soft_dice_loss(truth, predicted)) == pytest.approx(1 - 4 / 4.5)


def test_a_perfect_prediction_costs_nothing_and_a_wrong_one_nearly_1(losses):
    truth = np.zeros((1, 32, 32, 1), np.float32)
    truth[:, 8:24, 8:24] = 1
    assert float(losses.soft_dice_loss(truth, truth)) == pytest.approx(0, abs=1e-6)
    assert float(losses.soft_dice_loss(truth, 1 - truth)) == pytest.approx(1 - 1 / 1025)


def test_the_sum_is_the_sum(losses):
    truth, predicted = masks([1, 0, 0, 0]), masks([0.8, 0.1, 0.1, 0.1])
    cross_entropy = -(np.log(0.8) + 3 * np.log(0.9)) / 4
    dice = 1 - (2 * 0.8 + 1) / (1 + 0.64 + 0.03 + 1)
    assert float(losses.cross_entropy_and_dice(truth, predicted)) == pytest.approx(
        cross_entropy + dice, abs=1e-5
    )


@pytest.mark.parametrize("name", ["soft_dice_loss", "cross_entropy_and_dice"])
@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_empty_masks_give_finite_gradients_that_lower_the_probability(losses, name, value):
    import tensorflow as tf

    truth, predicted = tf.zeros((2, 4, 4, 1)), tf.fill((2, 4, 4, 1), value)
    with tf.GradientTape() as tape:
        tape.watch(predicted)
        loss = getattr(losses, name)(truth, predicted)
    gradient = tape.gradient(loss, predicted).numpy()
    assert np.isfinite(loss)
    assert np.isfinite(gradient).all()
    assert (gradient >= 0).all()
    assert value != 0.5 or (gradient > 0).all()


@pytest.mark.filterwarnings("ignore:__array__")  # Keras 3.15 under NumPy 2
def test_keras_trains_with_it_and_reads_it_back(losses, tmp_path):
    import keras

    keras.utils.set_random_seed(0)
    inside = keras.layers.Conv2D(1, 1, activation="sigmoid")
    model = keras.Sequential([keras.Input((2, 2, 1)), inside])
    model.compile("sgd", losses.cross_entropy_and_dice)
    truth = masks([1, 1, 0, 0], [0, 0, 0, 0])
    history = model.fit(truth, truth, epochs=20, verbose=0).history["loss"]
    assert history[-1] < history[0]
    model.save(tmp_path / "model.keras")
    assert keras.saving.load_model(tmp_path / "model.keras").loss is losses.cross_entropy_and_dice


def test_shapes_that_would_be_stretched_to_fit_are_refused(losses):
    truth = masks([1, 1, 0, 0], [0, 0, 0, 0])
    for wrong in (truth[..., 0], truth[:1], np.repeat(truth, 2, axis=-1)):
        with pytest.raises(ValueError, match=r"one shape, \(b, height, width, 1\)"):
            losses.soft_dice_loss(truth, wrong)
