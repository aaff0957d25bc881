"""Pooling: one number for each window of each channel, and the gradients.

Taught in lesson 03.
"""

from __future__ import annotations

import numpy as np

from course_utils.convolution._checks import IMAGES, as_numbers, check_shape, pair, same_dtype
from course_utils.convolution._windows import Windows


def max_pool(images, size=2, *, stride=None, padding="valid"):
    """Take the maximum of every window, channel by channel.

    Taught in lesson 03.

    Parameters
    ----------
    images : array_like (n, height, width, channels)
        Real numbers; integers become float64. A NaN is the maximum of each window that covers it.
    size : int or pair of int
        Of the window: for both axes, or (vertical, horizontal). ``images.shape[1:3]`` makes it
        Keras's GlobalMaxPooling2D.
    stride : int or pair of int, optional
        As `size` where it is left out, so that windows touch without overlapping.
    padding : {"valid", "same"}
        With ``"same"`` windows may stand out over the edge; what lies outside is ignored.

    Returns
    -------
    ndarray (n, rows, columns, channels)
        float32 if the images are, else float64.

    Raises
    ------
    ValueError
        Wrong axes or dtype, a window larger than the image, wrong stride or padding.

    Examples
    --------
    >>> import numpy as np
    >>> images = np.arange(16.0).reshape(1, 4, 4, 1)
    >>> max_pool(images)[0, :, :, 0]
    array([[ 5.,  7.],
           [13., 15.]])
    """
    images, windows = _images_and_windows(images, size, stride, padding)
    return _maximum(windows.pad(images, -np.inf), windows)


def max_pool_gradient(images, output_gradient, size=2, *, stride=None, padding="valid"):
    """Pass a gradient backward through `max_pool`.

    The gradient of each window goes to its largest pixel, the only one with an influence. Of
    equal pixels the first gets it, counted along the rows from the top, as in TensorFlow; a NaN
    counts as largest.

    Taught in lesson 03.

    Parameters
    ----------
    images, size, stride, padding
        As for `max_pool`.
    output_gradient : array_like (n, rows, columns, channels)
        Gradient of the loss with respect to the output, of the output's shape.

    Returns
    -------
    ndarray (n, height, width, channels)
        Gradient with respect to the images; float32 if both inputs are, else float64.

    Raises
    ------
    ValueError
        As for `max_pool`, or a gradient of another shape than the output.

    Examples
    --------
    >>> import numpy as np
    >>> images = np.array([[1.0, 5.0], [5.0, 2.0]]).reshape(1, 2, 2, 1)
    >>> max_pool_gradient(images, np.ones((1, 1, 1, 1)))[0, :, :, 0]
    array([[0., 1.],
           [0., 0.]])
    """
    images, windows = _images_and_windows(images, size, stride, padding)
    images, gradient = same_dtype(images, _output_gradient(output_gradient, images, windows))
    padded = windows.pad(images, -np.inf)
    maximum = _maximum(padded, windows)
    result = np.zeros_like(padded)
    waiting = np.ones(maximum.shape, dtype=bool)
    for _, where in windows.elements():
        pixels = padded[where]
        largest = waiting & ((pixels == maximum) | np.isnan(pixels))
        result[where] += np.where(largest, gradient, 0)
        waiting &= ~largest
    return windows.crop(result)


def average_pool(images, size=2, *, stride=None, padding="valid"):
    """Take the mean of every window, channel by channel.

    Taught in lesson 03. Parameters and errors are those of `max_pool`.

    Returns
    -------
    ndarray (n, rows, columns, channels)
        float32 if the images are, else float64. With ``"same"`` padding each mean is over the
        pixels inside the image only, as in TensorFlow.

    Examples
    --------
    >>> import numpy as np
    >>> images = np.arange(9.0).reshape(1, 3, 3, 1)
    >>> average_pool(images, padding="same")[0, :, :, 0]
    array([[2. , 3.5],
           [6.5, 8. ]])
    """
    images, windows = _images_and_windows(images, size, stride, padding)
    return _total(windows.pad(images), windows) / _pixel_counts(images, windows)


def average_pool_gradient(images, output_gradient, size=2, *, stride=None, padding="valid"):
    """Pass a gradient backward through `average_pool`.

    Each pixel of a window of m pixels gets 1/m of the window's gradient; windows that overlap
    add up. Of the images only the shape matters.

    Taught in lesson 03. Parameters, result and errors are those of `max_pool_gradient`.

    Examples
    --------
    >>> import numpy as np
    >>> average_pool_gradient(np.ones((1, 2, 2, 1)), [[[[8.0]]]])[0, :, :, 0]
    array([[2., 2.],
           [2., 2.]])
    """
    images, windows = _images_and_windows(images, size, stride, padding)
    images, gradient = same_dtype(images, _output_gradient(output_gradient, images, windows))
    share = gradient / _pixel_counts(images, windows)
    result = np.zeros_like(windows.pad(images))
    for _, where in windows.elements():
        result[where] += share
    return windows.crop(result)


def global_average_pool(images):
    """Take the mean of each channel over the whole image.

    Taught in lesson 03. Source: Lin et al. 2013 (https://arxiv.org/abs/1312.4400).

    Parameters
    ----------
    images : array_like (n, height, width, channels)
        Real numbers; integers become float64.

    Returns
    -------
    ndarray (n, channels)
        float32 if the images are, else float64.

    Raises
    ------
    ValueError
        Wrong axes or dtype.

    Examples
    --------
    >>> import numpy as np
    >>> global_average_pool(np.arange(8).reshape(1, 2, 2, 2))
    array([[3., 4.]])
    """
    return as_numbers(images, "images", IMAGES).mean(axis=(1, 2))


def global_average_pool_gradient(images, output_gradient):
    """Pass a gradient backward through `global_average_pool`: an equal share for every pixel.

    Taught in lesson 03.

    Parameters
    ----------
    images : array_like (n, height, width, channels)
        As for `global_average_pool`; only the shape matters.
    output_gradient : array_like (n, channels)
        Gradient of the loss with respect to the output.

    Returns
    -------
    ndarray (n, height, width, channels)
        Gradient with respect to the images; float32 if both inputs are, else float64.

    Raises
    ------
    ValueError
        Wrong axes or dtype, or a gradient of another shape than the output.

    Examples
    --------
    >>> import numpy as np
    >>> global_average_pool_gradient(np.ones((1, 2, 2, 1)), [[8.0]])[0, :, :, 0]
    array([[2., 2.],
           [2., 2.]])
    """
    images = as_numbers(images, "images", IMAGES)
    gradient = as_numbers(output_gradient, "output_gradient", ("n", "channels"))
    n, height, width, channels = images.shape
    check_shape(gradient, "output_gradient", (n, channels), "Give one number per channel.")
    images, gradient = same_dtype(images, gradient)
    share = gradient / (height * width)
    return np.broadcast_to(share[:, np.newaxis, np.newaxis], images.shape).copy()


def _images_and_windows(images, size, stride, padding):
    images = as_numbers(images, "images", IMAGES)
    size = pair(size, "size")
    return images, Windows.over(images, size, size if stride is None else stride, padding)


def _output_gradient(output_gradient, images, windows):
    gradient = as_numbers(output_gradient, "output_gradient", IMAGES)
    expected = (len(images), *windows.output, images.shape[-1])
    meaning = "Use the same size, stride and padding as forward."
    check_shape(gradient, "output_gradient", expected, meaning)
    return gradient


def _maximum(padded, windows):
    parts = (padded[where] for _, where in windows.elements())
    result = next(parts).copy()
    for part in parts:
        np.maximum(result, part, out=result)
    return result


def _total(padded, windows):
    return sum(padded[where] for _, where in windows.elements())


def _pixel_counts(images, windows):
    """Return how many pixels of the image each window covers, (1, rows, columns, 1)."""
    inside = np.ones((1, *images.shape[1:3], 1), images.dtype)
    return _total(windows.pad(inside), windows)
