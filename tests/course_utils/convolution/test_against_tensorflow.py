"""Every layer, activation and loss equals TensorFlow's, forward and backward, on random input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import convolution
from tests.course_utils.convolution import tensorflow_reference as reference
from tests.course_utils.convolution.tensorflow_reference import Configuration, keras, tf

repeatable = settings(deadline=None, derandomize=True, max_examples=200)


def pairs(low, high):
    return st.tuples(st.integers(low, high), st.integers(low, high))


configurations = st.builds(
    Configuration,
    n=st.integers(1, 3),
    channels=st.integers(1, 4),
    filters=st.integers(1, 4),
    kernel=pairs(1, 5),
    stride=pairs(1, 3),
    dilation=pairs(1, 3),
    room=pairs(0, 12),
    padding=st.sampled_from(["valid", "same"]),
    dtype=st.sampled_from([np.float32, np.float64]),
    seed=st.integers(0, 2**31 - 1),
)


def assert_same(ours, theirs):
    """Same dtype and shape; values within rounding of the largest one."""
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    assert ours.dtype == theirs.dtype
    assert ours.shape == theirs.shape
    tolerance = {"float32": 1e-5, "float64": 1e-13}[ours.dtype.name]
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance * max(1, np.abs(theirs).max()))


@repeatable
@given(configurations)
def test_convolution(c):
    images, kernels = c.images(), c.normal(*c.kernel, c.channels, c.filters)
    bias = c.normal(c.filters)
    options = {"stride": c.stride, "padding": c.padding, "dilation": c.dilation}
    output = convolution.correlate2d(images, kernels, bias, **options)
    assert_same(output, reference.convolution(images, kernels, bias, **options))
    one = convolution.correlate2d(images[:1, ..., :1], kernels[:, :, :1, :1], **options)
    image = convolution.correlate_image(images[0, ..., 0], kernels[..., 0, 0], **options)
    assert_same(image, one[0, ..., 0])
    g = c.normal(*output.shape)
    theirs = reference.convolution_gradients(images, kernels, bias, g, **options)
    ours = convolution.correlate2d_gradients(images, kernels, g, **options)
    for our, their in zip(ours, theirs, strict=True):
        assert_same(our, their)


@pytest.mark.parametrize("name", ["max_pool", "average_pool"])
@pytest.mark.parametrize("levels", [None, 3], ids=["distinct", "equal pixels"])
@repeatable
@given(c=configurations)
def test_pooling(name, levels, c):
    images = c.images(dilation=(1, 1), levels=levels)
    options = {"stride": c.stride, "padding": c.padding}
    output = getattr(convolution, name)(images, c.kernel, **options)
    assert_same(output, reference.pool(name, images, c.kernel, **options))
    g = c.normal(*output.shape)
    ours = getattr(convolution, f"{name}_gradient")(images, g, c.kernel, **options)
    assert_same(ours, reference.pool_gradient(name, images, g, c.kernel, **options))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("relu", tf.nn.relu),
        ("sigmoid", tf.nn.sigmoid),
        ("softmax", tf.nn.softmax),
        ("flatten", lambda x: tf.reshape(x, (len(x), -1))),
        ("global_average_pool", lambda x: tf.reduce_mean(x, axis=(1, 2))),
    ],
)
def test_layers_without_weights(name, theirs, dtype):
    rng = np.random.default_rng(0)
    for scale in (1, 10, 200):
        inputs = scale * rng.normal(size=(3, 4, 5, 2)).astype(dtype)
        output = getattr(convolution, name)(inputs)
        g = rng.normal(size=output.shape).astype(dtype)
        expected, (gradient,) = reference.gradient_of(theirs, [inputs], g)
        assert_same(output, expected)
        assert_same(getattr(convolution, f"{name}_gradient")(inputs, g), gradient)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dense(dtype):
    rng = np.random.default_rng(1)
    arrays = [rng.normal(size=shape).astype(dtype) for shape in ((5, 7), (7, 3), (3,))]
    g = rng.normal(size=(5, 3)).astype(dtype)
    expected, gradients = reference.gradient_of(lambda x, w, b: x @ w + b, arrays, g)
    assert_same(convolution.dense(*arrays), expected)
    for ours, theirs in zip(convolution.dense_gradients(*arrays[:2], g), gradients, strict=True):
        assert_same(ours, theirs)


LOSSES = {
    "binary_cross_entropy": (keras.losses.binary_crossentropy, convolution.sigmoid),
    "categorical_cross_entropy": (keras.losses.categorical_crossentropy, convolution.softmax),
}


def one_hot_or_binary(name, rng, shape):
    if name.startswith("binary"):
        return rng.integers(0, 2, shape)
    return np.eye(shape[-1])[rng.integers(0, shape[-1], shape[:-1])]


@pytest.mark.parametrize("scale", [1, 5, 40])
@pytest.mark.parametrize("from_logits", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", LOSSES)
def test_losses_are_the_means_of_those_of_keras(name, dtype, from_logits, scale):
    rng = np.random.default_rng(scale)
    loss, activation = LOSSES[name]
    predictions = (scale * rng.normal(size=(6, 4))).astype(dtype)
    predictions = predictions if from_logits else activation(predictions)
    targets = one_hot_or_binary(name, rng, predictions.shape)

    def mean_loss(p):
        return tf.reduce_mean(loss(targets.astype(dtype), p, from_logits=from_logits))

    expected, (gradient,) = reference.gradient_of(mean_loss, [predictions])
    assert_same(getattr(convolution, name)(targets, predictions, from_logits=from_logits), expected)
    ours = getattr(convolution, f"{name}_gradient")(targets, predictions, from_logits=from_logits)
    assert_same(ours, gradient)


def forward_and_backward(images, targets, kernels, bias, weights, dense_bias, padding):
    """Return the loss and the gradients of the weights of the model below, layer by layer."""
    window = {"stride": 2, "padding": padding}
    filtered = convolution.correlate2d(images, kernels, bias, **window)
    active = convolution.relu(filtered)
    pooled = convolution.max_pool(active, padding=padding)
    flat = convolution.flatten(pooled)
    logits = convolution.dense(flat, weights, dense_bias)
    loss = convolution.categorical_cross_entropy(targets, logits, from_logits=True)

    gradient = convolution.categorical_cross_entropy_gradient(targets, logits, from_logits=True)
    last = convolution.dense_gradients(flat, weights, gradient)
    gradient = convolution.flatten_gradient(pooled, last.inputs)
    gradient = convolution.max_pool_gradient(active, gradient, padding=padding)
    gradient = convolution.relu_gradient(filtered, gradient)
    first = convolution.correlate2d_gradients(images, kernels, gradient, **window)
    return loss, [first.kernels, first.bias, last.weights, last.bias]


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_a_chain_of_layers_equals_a_keras_model_forward_and_backward(padding):
    model = keras.Sequential(
        [
            keras.Input((9, 8, 2)),
            keras.layers.Conv2D(3, 3, strides=2, padding=padding, activation="relu"),
            keras.layers.MaxPooling2D(2, padding=padding),
            keras.layers.Flatten(),
            keras.layers.Dense(4),
        ]
    )
    rng = np.random.default_rng(2)
    model.set_weights([rng.normal(size=weights.shape) for weights in model.get_weights()])
    images = rng.normal(size=(5, 9, 8, 2)).astype(np.float32)
    targets = np.eye(4, dtype=np.float32)[[0, 1, 2, 3, 0]]
    with tf.GradientTape() as tape:
        logits = model(images)
        expected = keras.losses.CategoricalCrossentropy(from_logits=True)(targets, logits)
    gradients = tape.gradient(expected, model.trainable_variables)

    weights = model.get_weights()
    loss, ours = forward_and_backward(images, targets, *weights, padding)
    assert_same(loss, expected.numpy())
    for our, their in zip(ours, gradients, strict=True):
        assert_same(our, their.numpy())
    counted = [convolution.count_parameters(array.shape) for array in weights[::2]]
    assert sum(counted) == model.count_params()
