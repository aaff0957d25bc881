"""The layers equal TensorFlow's on random input, and hand-made results where a sum shows why."""

import warnings

import numpy as np
import pytest
from scipy import signal

from course_utils import numpy_layers as nl
from course_utils._tensorflow import keras, tf

IMAGE = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]])
KERNEL = np.array([[1, 2], [3, 4]])
DTYPES = [np.float32, np.float64]


def batch(image):
    return np.asarray(image)[np.newaxis, ..., np.newaxis]


def filters(kernel):
    return np.asarray(kernel)[..., np.newaxis, np.newaxis]


def assert_same(ours, theirs):
    """Same dtype and shape; values within rounding of the largest one."""
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
    tolerance = {"float32": 1e-5, "float64": 1e-13}[ours.dtype.name]
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance * max(1, np.abs(theirs).max()))


def gradients_of(function, inputs, gradient):
    """Return TensorFlow's output and gradients for one function of some arrays."""
    inputs = [tf.constant(array) for array in inputs]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        output = function(*inputs)
        loss = tf.reduce_sum(output * gradient)
    return output.numpy(), [result.numpy() for result in tape.gradient(loss, inputs)]


def random_layer(seed, dtype):
    """Return images, kernels, bias and the window's settings, small and of any shape."""
    rng = np.random.default_rng(seed)
    n, channels, outputs, stride, dilation = rng.integers(1, 4, 5)
    kernel = rng.integers(1, 5, 2)
    height, width = (kernel - 1) * dilation + 1 + rng.integers(0, 9, 2)
    shapes = ((n, height, width, channels), (*kernel, channels, outputs), (outputs,))
    padding = ("valid", "same")[seed % 2]
    window = {"stride": int(stride), "padding": padding, "dilation": int(dilation)}
    return [rng.normal(size=shape).astype(dtype) for shape in shapes], window


@pytest.mark.parametrize("dtype", DTYPES)
def test_convolution_equals_tensorflow(dtype):
    for seed in range(40):
        (images, kernels, bias), window = random_layer(seed, dtype)
        stride, dilation = window["stride"], window["dilation"]
        theirs = tf.nn.conv2d(
            images, kernels, stride, window["padding"].upper(), dilations=dilation
        )
        assert_same(nl.conv2d(images, kernels, bias, **window), theirs + bias)
        one = nl.correlate_image(images[0, ..., 0], kernels[..., 0, 0], **window)
        assert_same(one, nl.conv2d(images[:1, ..., :1], kernels[:, :, :1, :1], **window)[0, ..., 0])


@pytest.mark.parametrize("dtype", DTYPES)
def test_gradients_of_a_convolution_equal_tensorflow(dtype):
    def convolution(images, kernels, bias):
        return tf.nn.conv2d(images, kernels, 1, "VALID") + bias

    for seed in range(10):
        arrays, _ = random_layer(seed, dtype)
        shape = nl.conv2d(*arrays).shape
        gradient = np.random.default_rng(seed).normal(size=shape).astype(dtype)
        _, expected = gradients_of(convolution, arrays, gradient)
        for ours, theirs in zip(nl.conv2d_gradients(*arrays[:2], gradient), expected, strict=True):
            assert_same(ours, theirs)


@pytest.mark.parametrize("levels", [0, 3], ids=["distinct", "equal pixels"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_pooling_equals_tensorflow(dtype, levels):
    for seed in range(20):
        rng = np.random.default_rng(seed)
        size, stride = (int(value) for value in rng.integers(1, 4, 2))
        shape = (2, *rng.integers(size, 12, 2), 3)
        images = (rng.integers(0, levels, shape) if levels else rng.normal(size=shape)).astype(
            dtype
        )
        constant = tf.constant(images)  # of an array, TensorFlow would make float32
        for padding in ("valid", "same"):
            ours = nl.max_pool(images, size, stride=stride, padding=padding)
            assert_same(ours, tf.nn.max_pool2d(constant, size, stride, padding.upper()))
        ours = nl.average_pool(images, size, stride=stride)
        assert_same(ours, tf.nn.avg_pool2d(constant, size, stride, "VALID"))
        gradient = rng.normal(size=nl.max_pool(images, size).shape).astype(dtype)
        for name, pool in (("max_pool", tf.nn.max_pool2d), ("average_pool", tf.nn.avg_pool2d)):
            _, (theirs,) = gradients_of(
                lambda x, pool=pool, size=size: pool(x, size, size, "VALID"), [images], gradient
            )
            assert_same(getattr(nl, f"{name}_gradient")(images, gradient, size), theirs)


@pytest.mark.parametrize("dtype", DTYPES)
def test_dense_layers_and_activations_equal_tensorflow(dtype):
    rng = np.random.default_rng(1)
    arrays = [rng.normal(size=shape).astype(dtype) for shape in ((5, 7), (7, 3), (3,))]
    gradient = rng.normal(size=(5, 3)).astype(dtype)
    expected, gradients = gradients_of(lambda x, w, b: x @ w + b, arrays, gradient)
    assert_same(nl.dense(*arrays), expected)
    for ours, theirs in zip(nl.dense_gradients(*arrays[:2], gradient), gradients, strict=True):
        assert_same(ours, theirs)
    for inputs in (gradient, 200 * gradient):
        assert_same(nl.sigmoid(inputs), tf.sigmoid(inputs))
        expected, (theirs,) = gradients_of(tf.nn.relu, [inputs], gradient)
        assert_same(nl.relu(inputs), expected)
        assert_same(nl.relu_gradient(inputs, gradient), theirs)


@pytest.mark.parametrize("scale", [1, 5, 40])
@pytest.mark.parametrize("from_logits", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
def test_binary_cross_entropy_equals_keras(dtype, from_logits, scale):
    rng = np.random.default_rng(scale)
    predictions = (scale * rng.normal(size=(6, 4))).astype(dtype)
    predictions = predictions if from_logits else nl.sigmoid(predictions)
    targets = rng.integers(0, 2, (6, 4))
    theirs = keras.losses.binary_crossentropy(
        targets.astype(dtype), predictions, from_logits=from_logits
    )
    ours = nl.binary_cross_entropy(targets, predictions, from_logits=from_logits)
    assert_same(ours, tf.reduce_mean(theirs))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        # 1·1 + 2·2 + 4·3 + 5·4 = 37 in the upper left corner
        ({}, [[37, 47], [67, 77]]),
        # one row and one column of zeros, below and to the right
        ({"padding": "same"}, [[37, 47, 21], [67, 77, 33], [23, 26, 9]]),
        ({"stride": 2, "padding": "same"}, [[37, 21], [23, 9]]),
        # 1·1 + 3·2 + 7·3 + 9·4
        ({"dilation": 2}, [[64]]),
    ],
)
def test_correlation_worked_out_by_hand(options, expected):
    np.testing.assert_array_equal(nl.correlate_image(IMAGE, KERNEL, **options), expected)


@pytest.mark.parametrize("size", [1, 2, 7])
def test_images_of_many_strips_equal_scipy(size):
    rng = np.random.default_rng(0)
    image, kernel = rng.normal(size=(300, 200)), rng.normal(size=(size, size))
    expected = signal.correlate2d(image, kernel, mode="valid")
    np.testing.assert_allclose(nl.correlate_image(image, kernel), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("images", "kernels", "expected"),
    [
        (np.float32, np.float32, np.float32),
        (np.float32, np.float64, np.float64),
        (np.uint8, np.float32, np.float64),
        (bool, int, np.float64),
    ],
)
def test_integers_become_float64_and_bytes_do_not_overflow(images, kernels, expected):
    assert nl.correlate_image(np.ones((3, 3), images), np.ones((2, 2), kernels)).dtype == expected
    image = np.full((3, 3), 255, np.uint8)
    assert nl.correlate_image(image, np.full((3, 3), -1, np.int8)).item() == -9 * 255


def test_nan_reaches_exactly_the_windows_that_cover_it():
    images = np.zeros((2, 5, 5, 2))
    images[1, 0, 4, 1] = np.nan
    expected = np.zeros((2, 4, 4, 3), bool)
    expected[1, 0, 3] = True
    output = nl.conv2d(images, np.zeros((2, 2, 2, 3)))
    np.testing.assert_array_equal(np.isnan(output), expected)
    assert np.isnan(nl.max_pool(images, 5)[1, 0, 0]).tolist() == [False, True]
    for function in (nl.relu, nl.sigmoid, lambda x: nl.relu_gradient(x, np.ones(2))):
        np.testing.assert_array_equal(np.isnan(function([1.0, np.nan])), [False, True])


def test_inputs_are_left_as_they_were_and_may_be_read_only_views():
    images = np.arange(36.0).reshape(1, 6, 6, 1)[:, ::-1, ::2]
    images.flags.writeable = False
    before = images.copy()
    output = nl.conv2d(images, np.ones((2, 2, 1, 1)))
    nl.conv2d_gradients(images, np.ones((2, 2, 1, 1)), output)
    np.testing.assert_array_equal(images, before)
    assert output.flags.writeable


@pytest.mark.parametrize("dtype", DTYPES)
def test_extreme_logits_overflow_nowhere(dtype):
    logits = np.array([[-1e4, 0, 1e4]], dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(nl.sigmoid(logits), [[0, 0.5, 1]])
        loss = nl.binary_cross_entropy([[1, 1, 1]], logits, from_logits=True)
    assert loss == pytest.approx((1e4 + np.log(2)) / 3, rel=1e-6)


def test_a_confident_error_has_a_finite_loss():
    assert nl.binary_cross_entropy([1.0], [0.0]) == pytest.approx(-np.log(1e-7))
    assert np.isnan(nl.binary_cross_entropy([1.0, 0.0], [np.nan, 0.5]))


@pytest.mark.parametrize(
    ("arguments", "size", "borders"),
    [
        ((5, 3), 3, (0, 0)),
        ((7, 3, 2), 3, (0, 0)),
        ((9, 3, 1, "valid", 3), 3, (0, 0)),
        ((5, 2, 1, "same"), 5, (0, 1)),
        ((6, 3, 2, "same"), 3, (0, 1)),
        ((7, 3, 2, "same"), 4, (1, 1)),
        ((9, 1, 4, "same"), 3, (0, 0)),
        ((8, 3, 1, "same", 2), 8, (2, 2)),
    ],
)
def test_sizes_and_borders_counted_by_hand(arguments, size, borders):
    assert nl.output_size(*arguments) == size
    assert nl.padding_amounts(*arguments) == borders


def test_the_receptive_field_holds_the_pixels_that_get_a_gradient():
    layers = [(3, 2), (2, 1), (3, 2)]
    poisoned = []
    for column in range(40):
        row = np.zeros((1, 1, 40, 1))
        row[0, 0, column] = np.nan
        for kernel, stride in layers:
            row = nl.conv2d(row, np.ones((1, kernel, 1, 1)), stride=stride)
        poisoned += [column] if np.isnan(row[0, 0, 2, 0]) else []
    assert poisoned[-1] - poisoned[0] + 1 == nl.receptive_field(layers)[-1] == 9


def test_operations_are_weights_times_positions():
    assert nl.count_operations((3, 3, 2, 4), output=(5, 6)) == 72 * 30
    assert nl.count_operations((10, 3)) == 30


IMAGES, KERNELS = np.ones((2, 6, 5, 3)), np.ones((3, 3, 3, 4))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nl.conv2d(IMAGES[0], KERNELS), r"images: received shape \(6, 5, 3\); .*newaxis"),
        (lambda: nl.conv2d(IMAGES, KERNELS[:, :, :1]), r"\(height, width, 3, filters\)"),
        (lambda: nl.conv2d(IMAGES, np.ones((3, 3))), r"kernels: received shape \(3, 3\)"),
        (lambda: nl.conv2d(IMAGES, np.ones((3, 6, 3, 4))), "span 6 pixels; .*up to 5 pixels"),
        (lambda: nl.conv2d(IMAGES, KERNELS, dilation=3), "3 values with dilation 3, which span 7"),
        (lambda: nl.conv2d(IMAGES, KERNELS, stride=0), "stride: received 0"),
        (lambda: nl.conv2d(IMAGES, KERNELS, padding="full"), "padding: received 'full'"),
        (lambda: nl.correlate_image(IMAGE, np.ones((4, 1))), "up to 3 pixels"),
        (lambda: nl.max_pool(IMAGES, 7), "span 7 pixels"),
        (lambda: nl.binary_cross_entropy([1, 0], [[0.5], [0.5]]), r"targets: .*\(2, 1\)"),
        (lambda: nl.binary_cross_entropy([1, 0], [3.0, -2.0]), "-2 to 3; .*from_logits=True"),
    ],
)
def test_wrong_input_is_refused_in_a_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()
