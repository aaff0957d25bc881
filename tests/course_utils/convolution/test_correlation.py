import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from course_utils import convolution

IMAGE = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]])
KERNEL = np.array([[1, 2], [3, 4]])


def as_layer(image):
    return np.asarray(image)[np.newaxis, ..., np.newaxis]


def as_kernels(kernel):
    return np.asarray(kernel)[..., np.newaxis, np.newaxis]


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
        ({"stride": (1, 2)}, [[37], [67]]),
    ],
)
def test_correlation_worked_out_by_hand(options, expected):
    np.testing.assert_array_equal(convolution.correlate_image(IMAGE, KERNEL, **options), expected)
    layer = convolution.correlate2d(as_layer(IMAGE), as_kernels(KERNEL), **options)
    np.testing.assert_array_equal(layer[0, :, :, 0], expected)


def test_convolution_turns_the_kernel_by_180_degrees():
    # 1·4 + 2·3 + 4·2 + 5·1 = 23
    expected = [[23, 33], [53, 63]]
    np.testing.assert_array_equal(convolution.convolve_image(IMAGE, KERNEL), expected)
    layer = convolution.convolve2d(as_layer(IMAGE), as_kernels(KERNEL), [1])
    np.testing.assert_array_equal(layer[0, :, :, 0], np.add(expected, 1))


def test_channels_are_summed_and_filters_kept_apart():
    images = np.array([[[[1, 10]]]])
    kernels = np.array([[[[1, 2, 0], [3, 4, 1]]]])
    output = convolution.correlate2d(images, kernels, bias=[0, 0, 0.5])
    np.testing.assert_array_equal(output, [[[[31, 42, 10.5]]]])


def test_gradients_worked_out_by_hand():
    gradient = np.array([[1, 0], [0, 10]])
    ours = convolution.correlate2d_gradients(
        as_layer(IMAGE), as_kernels(KERNEL), as_layer(gradient)
    )
    np.testing.assert_array_equal(
        ours.images[0, :, :, 0], [[1, 2, 0], [3, 4 + 10, 20], [0, 30, 40]]
    )
    # each weight: the pixel under it at the first position, plus 10 times that at the last
    np.testing.assert_array_equal(ours.kernels[:, :, 0, 0], [[51, 62], [84, 95]])
    np.testing.assert_array_equal(ours.bias, [11])


sizes = st.integers(1, 4)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.tuples(sizes, sizes), st.tuples(sizes, sizes), st.tuples(sizes, sizes), st.data())
def test_stride_and_dilation_together_are_zeros_in_the_kernel_and_kept_rows(k, s, d, data):
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    image, kernel = rng.normal(size=(17, 15)), rng.normal(size=k)
    spread = np.zeros([(size - 1) * step + 1 for size, step in zip(k, d, strict=True)])
    spread[:: d[0], :: d[1]] = kernel
    expected = signal.correlate2d(image, spread, mode="valid")[:: s[0], :: s[1]]
    ours = convolution.correlate_image(image, kernel, stride=s, dilation=d)
    np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_gradients_with_stride_and_dilation_equal_finite_differences(padding):
    rng = np.random.default_rng(0)
    images, kernels = rng.normal(size=(2, 9, 8, 2)), rng.normal(size=(3, 2, 2, 3))
    options = {"stride": (2, 3), "dilation": (2, 3), "padding": padding}
    g = rng.normal(size=convolution.correlate2d(images, kernels, **options).shape)
    ours = convolution.correlate2d_gradients(images, kernels, g, **options)
    # The output is linear in each input, so a difference over a whole step is exact.
    for inputs, gradient in ((images, ours.images), (kernels, ours.kernels)):
        before = (convolution.correlate2d(images, kernels, **options) * g).sum()
        for place in rng.choice(inputs.size, 20, replace=False):
            inputs.flat[place] += 1
            after = (convolution.correlate2d(images, kernels, **options) * g).sum()
            inputs.flat[place] -= 1
            assert gradient.flat[place] == pytest.approx(after - before, abs=1e-11)


@pytest.mark.parametrize("size", [1, 2, 7])
def test_images_of_many_strips_equal_scipy(size):
    rng = np.random.default_rng(0)
    image, kernel = rng.normal(size=(700, 600)), rng.normal(size=(size, size))
    expected = signal.correlate2d(image, kernel, mode="valid")
    np.testing.assert_allclose(
        convolution.correlate_image(image, kernel), expected, rtol=0, atol=1e-12
    )
    layer = convolution.correlate2d(as_layer(image), as_kernels(kernel))[0, :, :, 0]
    np.testing.assert_allclose(layer, expected, rtol=0, atol=1e-12)


def test_bytes_do_not_overflow():
    image = np.full((3, 3), 255, np.uint8)
    kernel = np.full((3, 3), -1, np.int8)
    np.testing.assert_array_equal(convolution.correlate_image(image, kernel), [[-9 * 255]])
    layer = convolution.correlate2d(as_layer(image), as_kernels(kernel))
    assert layer.dtype == np.float64
    assert layer.item() == -9 * 255


@pytest.mark.parametrize(
    ("images", "kernels", "expected"),
    [
        (np.float32, np.float32, np.float32),
        (np.float32, np.float64, np.float64),
        (np.uint8, np.float32, np.float64),
        (bool, int, np.float64),
        (">f4", "<f4", np.float32),
    ],
)
def test_the_result_has_the_widest_dtype(images, kernels, expected):
    image, kernel = np.ones((3, 3), images), np.ones((2, 2), kernels)
    assert convolution.correlate_image(image, kernel).dtype == expected
    gradient = np.ones((1, 2, 2, 1), np.float32)
    ours = convolution.correlate2d_gradients(as_layer(image), as_kernels(kernel), gradient)
    assert {array.dtype for array in ours} == {np.dtype(expected)}


@pytest.mark.parametrize("function", [convolution.correlate2d, convolution.convolve2d])
def test_nan_reaches_exactly_the_windows_that_cover_it(function):
    images = np.zeros((2, 5, 5, 2))
    images[1, 0, 4, 1] = np.nan
    output = function(images, np.zeros((2, 2, 2, 3)))
    expected = np.zeros((2, 4, 4, 3), bool)
    expected[1, 0, 3] = True
    np.testing.assert_array_equal(np.isnan(output), expected)
    image = np.isnan(convolution.correlate_image(images[1, :, :, 1], np.zeros((2, 2))))
    np.testing.assert_array_equal(image, expected[1, :, :, 0])


def test_inputs_are_left_as_they_were_and_may_be_read_only_views():
    images = np.arange(36.0).reshape(1, 6, 6, 1)[:, ::-1, ::2]
    kernels = np.ones((2, 2, 1, 1))
    images.flags.writeable = kernels.flags.writeable = False
    before = images.copy()
    output = convolution.correlate2d(images, kernels)
    convolution.correlate2d_gradients(images, kernels, output)
    np.testing.assert_array_equal(images, before)
    assert output.flags.writeable
