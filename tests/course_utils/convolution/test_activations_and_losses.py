import warnings
from functools import partial

import numpy as np
import pytest

from course_utils import convolution

LOSSES = ("binary_cross_entropy", "categorical_cross_entropy")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extreme_inputs_overflow_nowhere(dtype):
    inputs = np.array([[-1e4, 0, 1e4]], dtype)
    ones = np.ones_like(inputs)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(convolution.sigmoid(inputs), [[0, 0.5, 1]])
        np.testing.assert_array_equal(convolution.softmax(inputs), [[0, 0, 1]])
        np.testing.assert_array_equal(convolution.sigmoid_gradient(inputs, ones), [[0, 0.25, 0]])
        np.testing.assert_array_equal(convolution.softmax_gradient(inputs, ones), [[0, 0, 0]])
        loss = convolution.binary_cross_entropy([[1, 1, 1]], inputs, from_logits=True)
        assert loss == pytest.approx((1e4 + np.log(2)) / 3, rel=1e-6)
        loss = convolution.categorical_cross_entropy([[1, 0, 0]], inputs, from_logits=True)
        assert loss == pytest.approx(2e4)
        assert loss.dtype == dtype


def test_small_probabilities_keep_their_digits():
    assert convolution.sigmoid(np.float64(-40)) == pytest.approx(np.exp(-40), rel=1e-14)


def test_relu_passes_no_gradient_at_zero():
    gradient = convolution.relu_gradient([-1.0, 0.0, 2.0], [3.0, 3.0, 3.0])
    np.testing.assert_array_equal(gradient, [0, 0, 3])


@pytest.mark.parametrize("name", ["relu", "sigmoid"])
def test_nan_stays_where_it_is(name):
    inputs = np.array([1.0, np.nan])
    output = getattr(convolution, name)(inputs)
    gradient = getattr(convolution, f"{name}_gradient")(inputs, np.ones(2))
    np.testing.assert_array_equal(np.isnan(output), [False, True])
    np.testing.assert_array_equal(np.isnan(gradient), [False, True])


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("from_logits", [False, True])
def test_nan_makes_the_loss_nan(name, from_logits):
    targets, predictions = [[1, 0], [1, 0]], [[0.5, 0.5], [np.nan, 0.5]]
    assert np.isnan(getattr(convolution, name)(targets, predictions, from_logits=from_logits))
    gradient = getattr(convolution, f"{name}_gradient")
    gradient = gradient(targets, predictions, from_logits=from_logits)
    assert np.isnan(gradient[1, 0])
    assert np.isfinite(gradient[0]).all()


def test_losses_worked_out_by_hand():
    # −(log 0.8 + log 0.75) / 2
    binary = convolution.binary_cross_entropy([1, 0], [0.8, 0.25])
    assert binary == pytest.approx(-(np.log(0.8) + np.log(0.75)) / 2)
    gradient = convolution.binary_cross_entropy_gradient([1, 0], [0.8, 0.25])
    np.testing.assert_allclose(gradient, [-1 / 0.8 / 2, 1 / 0.75 / 2])
    targets, p = [[1, 0, 0], [0, 0, 1]], [[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]]
    categorical = convolution.categorical_cross_entropy(targets, p)
    assert categorical == pytest.approx(-(np.log(0.5) + np.log(0.8)) / 2)


def test_a_confident_error_has_a_finite_loss_whose_gradient_only_logits_keep():
    # clipped to 1e-7
    assert convolution.binary_cross_entropy([1.0], [0.0]) == pytest.approx(-np.log(1e-7))
    np.testing.assert_array_equal(convolution.binary_cross_entropy_gradient([1.0], [0.0]), [0])
    kept = convolution.binary_cross_entropy_gradient([1.0], [-50.0], from_logits=True)
    np.testing.assert_allclose(kept, [-1])


@pytest.mark.parametrize("name", LOSSES)
def test_logits_and_probabilities_give_the_same_loss_and_chain_of_gradients(name):
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(5, 3))
    targets = np.eye(3)[[0, 1, 2, 2, 0]]
    activation = "sigmoid" if name.startswith("binary") else "softmax"
    p = getattr(convolution, activation)(logits)
    loss, gradient = getattr(convolution, name), getattr(convolution, f"{name}_gradient")
    assert loss(targets, p) == pytest.approx(loss(targets, logits, from_logits=True), rel=1e-12)
    backward = getattr(convolution, f"{activation}_gradient")
    np.testing.assert_allclose(
        backward(logits, gradient(targets, p)),
        gradient(targets, logits, from_logits=True),
        rtol=0,
        atol=1e-14,
    )


@pytest.mark.parametrize("name", LOSSES)
def test_integer_labels_leave_float32_predictions_in_float32(name):
    targets, p = np.array([[1, 0]]), np.array([[0.5, 0.5]], np.float32)
    for from_logits in (False, True):
        assert getattr(convolution, name)(targets, p, from_logits=from_logits).dtype == np.float32
        gradient = getattr(convolution, f"{name}_gradient")(targets, p, from_logits=from_logits)
        assert gradient.dtype == np.float32


def test_pixels_are_averaged_like_images():
    rng = np.random.default_rng(1)
    p = convolution.softmax(rng.normal(size=(2, 4, 5, 3)))
    targets = np.eye(3)[rng.integers(0, 3, (2, 4, 5))]
    loss = convolution.categorical_cross_entropy(targets, p)
    assert loss == pytest.approx(-np.log(p[targets == 1]).mean())
    for from_logits in (False, True):
        gradient = partial(convolution.categorical_cross_entropy_gradient, from_logits=from_logits)
        rows = gradient(targets.reshape(40, 3), p.reshape(40, 3))
        np.testing.assert_allclose(gradient(targets, p).reshape(40, 3), rows)
