import numpy as np
import pytest

from course_utils import convolution

IMAGES = np.array([[1, 2, 9], [4, 3, 0], [5, 6, 7]])[np.newaxis, ..., np.newaxis]


@pytest.mark.parametrize(
    ("options", "largest", "means"),
    [
        ({}, [[4]], [[2.5]]),
        ({"stride": 1}, [[4, 9], [6, 7]], [[2.5, 3.5], [4.5, 4]]),
        # the last column and row stand out over the edge: 9 and 0, 5 and 6, 7 alone
        ({"padding": "same"}, [[4, 9], [6, 7]], [[2.5, 4.5], [5.5, 7]]),
        ({"size": (1, 3)}, [[9], [4], [7]], [[4], [7 / 3], [6]]),
    ],
)
def test_pooling_worked_out_by_hand(options, largest, means):
    np.testing.assert_array_equal(convolution.max_pool(IMAGES, **options)[0, :, :, 0], largest)
    np.testing.assert_allclose(convolution.average_pool(IMAGES, **options)[0, :, :, 0], means)


def test_padding_is_never_the_maximum():
    assert convolution.max_pool(-IMAGES, padding="same").max() < 0.5
    np.testing.assert_array_equal(
        convolution.max_pool(-IMAGES - 1, padding="same")[0, :, :, 0], [[-2, -1], [-6, -8]]
    )


def test_the_gradient_of_a_maximum_goes_to_the_first_largest_pixel():
    gradient = convolution.max_pool_gradient(np.ones((1, 2, 4, 1)), [[[[3.0], [5.0]]]])
    np.testing.assert_array_equal(gradient[0, :, :, 0], [[3, 0, 5, 0], [0, 0, 0, 0]])


def test_overlapping_windows_add_up_their_gradients():
    ones = np.ones((1, 2, 2, 1))
    largest = convolution.max_pool_gradient(IMAGES, ones, stride=1)
    np.testing.assert_array_equal(largest[0, :, :, 0], [[0, 0, 1], [1, 0, 0], [0, 1, 1]])
    mean = convolution.average_pool_gradient(IMAGES, 4 * ones, stride=1)
    np.testing.assert_array_equal(mean[0, :, :, 0], [[1, 2, 1], [2, 4, 2], [1, 2, 1]])


def test_average_pooling_at_the_edge_shares_among_real_pixels_only():
    gradient = convolution.average_pool_gradient(IMAGES, np.full((1, 2, 2, 1), 4.0), padding="same")
    np.testing.assert_array_equal(gradient[0, :, :, 0], [[1, 1, 2], [1, 1, 2], [2, 2, 4]])


def test_nan_is_the_maximum_and_gets_the_gradient():
    images = IMAGES.astype(float)
    images[0, 1, 1, 0] = np.nan
    pooled = convolution.max_pool(images, padding="same")[0, :, :, 0]
    np.testing.assert_array_equal(np.isnan(pooled), [[True, False], [False, False]])
    gradient = convolution.max_pool_gradient(images, np.ones((1, 2, 2, 1)), padding="same")
    assert gradient[0, 1, 1, 0] == 1
    assert np.isnan(convolution.average_pool(images)).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8])
def test_dtypes(dtype):
    images = np.full((1, 2, 2, 3), 200, dtype)
    expected = np.float32 if dtype == np.float32 else np.float64
    for pool in (convolution.max_pool, convolution.average_pool, convolution.global_average_pool):
        output = pool(images)
        assert output.dtype == expected
        assert (output == 200).all()


def test_global_average_and_its_gradient():
    np.testing.assert_allclose(convolution.global_average_pool(IMAGES), [[37 / 9]])
    gradient = convolution.global_average_pool_gradient(IMAGES, [[18]])
    np.testing.assert_array_equal(gradient[0, :, :, 0], np.full((3, 3), 2))
    gradient[0, 0, 0, 0] = 5  # an array of its own, not a view of one number
    assert gradient[0, 1, 1, 0] == 2
