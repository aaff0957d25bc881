"""Cross-correlation and convolution of images with kernels, and the gradients.

A convolutional layer is a cross-correlation: it does not flip its kernel. Taught in lesson 02.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from course_utils.convolution._checks import (
    IMAGES,
    KERNELS,
    as_numbers,
    check_shape,
    refuse,
    same_dtype,
)
from course_utils.convolution._windows import Windows

# Copies of patches are made in strips of about this size, which stay in the processor's cache.
STRIP_BYTES = 2**20


def correlate_image(image, kernel, *, stride=1, padding="valid", dilation=1):
    """Slide one kernel over one gray image and take the dot product at every position.

    output[y, x] = Σᵢⱼ image[y·s + i·d, x·s + j·d] · kernel[i, j], with stride s and dilation d,
    over the padded image.

    Taught in lesson 02.

    Parameters
    ----------
    image : array_like (height, width)
        Real numbers. Integers become float64, so that uint8 does not overflow.
    kernel : array_like (height, width)
        Real numbers, of any size up to that of the padded image.
    stride, dilation : int or pair of int
        For both axes, or (vertical, horizontal).
    padding : {"valid", "same"}
        ``"same"`` adds the zeros of `padding_amounts`.

    Returns
    -------
    ndarray (rows, columns)
        Of the size that `output_size` says; float32 if image and kernel are, else float64.

    Raises
    ------
    ValueError
        Wrong axes or dtype, a kernel that does not fit, wrong stride, dilation or padding.

    Notes
    -----
    Every column of the kernel is first correlated with every column of the image: for all rows
    of the output, one matrix product each. Then the results are added, shifted by one pixel from
    kernel column to kernel column. This passes over the image k times instead of k² times.

    Examples
    --------
    A difference of neighbors finds the edge:

    >>> import numpy as np
    >>> image = np.array([[0, 0, 9, 9], [0, 0, 9, 9]])
    >>> correlate_image(image, [[-1, 1]])
    array([[0., 9., 0.],
           [0., 9., 0.]])
    """
    image = as_numbers(image, "image", ("height", "width"))
    kernel = as_numbers(kernel, "kernel", ("height", "width"))
    image, kernel = same_dtype(image, kernel)
    images = image[np.newaxis, ..., np.newaxis]
    windows = Windows.over(images, kernel.shape, stride, padding, dilation)
    padded = windows.pad(images)[0, ..., 0]
    span = (kernel.shape[0] - 1) * windows.dilation[0] + 1
    # (rows of the output, height of the kernel, width of the image), a view
    rows = sliding_window_view(padded, span, axis=0)
    rows = rows[:: windows.stride[0], :, :: windows.dilation[0]].swapaxes(1, 2)
    kernel_columns = np.ascontiguousarray(kernel.T)
    output = np.zeros(windows.output, image.dtype)
    for strip in _strips(len(output), kernel.shape[1] * padded[0].nbytes):
        products = kernel_columns @ rows[strip]
        for j in range(kernel.shape[1]):
            output[strip] += products[:, j, windows.along(1, j)]
    return output


def convolve_image(image, kernel, *, stride=1, padding="valid", dilation=1):
    """Convolve one gray image: correlate it with the kernel turned by 180°.

    Taught in lesson 02. Parameters, result and errors are those of `correlate_image`; padding,
    too, is that of the correlation.

    Examples
    --------
    >>> convolve_image([[0, 0, 1, 0, 0]], [[1, 2, 3]])
    array([[1., 2., 3.]])
    >>> correlate_image([[0, 0, 1, 0, 0]], [[1, 2, 3]])
    array([[3., 2., 1.]])
    """
    kernel = as_numbers(kernel, "kernel", ("height", "width"))
    return correlate_image(
        image, kernel[::-1, ::-1], stride=stride, padding=padding, dilation=dilation
    )


def correlate2d(images, kernels, bias=None, *, stride=1, padding="valid", dilation=1):
    """Compute what Keras's Conv2D computes before its activation.

    output[n, y, x, f] = bias[f] + Σᵢⱼ꜀ images[n, y·s + i·d, x·s + j·d, c] · kernels[i, j, c, f],
    with stride s and dilation d, over the padded images.

    Taught in lesson 02. Source: LeCun et al. 1998 (https://doi.org/10.1109/5.726791); Dumoulin
    and Visin 2016 (https://arxiv.org/abs/1603.07285).

    Parameters
    ----------
    images : array_like (n, height, width, channels)
        Real numbers. Integers become float64, so that uint8 does not overflow.
    kernels : array_like (height, width, channels_in, filters)
        The weights in Keras's order; channels_in as in the images.
    bias : array_like (filters,), optional
        Added to every pixel of its filter's output.
    stride, dilation : int or pair of int
        For both axes, or (vertical, horizontal). See the notes on using both.
    padding : {"valid", "same"}
        ``"same"`` adds the zeros of `padding_amounts`.

    Returns
    -------
    ndarray (n, rows, columns, filters)
        float32 if all inputs are, else float64.

    Raises
    ------
    ValueError
        Wrong axes or dtype, channels that do not match, a kernel that does not fit, wrong
        stride, dilation or padding.

    Notes
    -----
    Keras's Conv2D refuses a stride and a dilation above 1 together, because TensorFlow's general
    convolution computes a dilated one as a plain one over d × d interleaved images, which works
    for stride 1 only. That is a limit of the method. The stride says where the window stands, the
    dilation which pixels it reads there: the result is that of stride 1 with zeros inserted into
    the kernel, of which every s-th row and column is kept.

    A NaN spreads to every position whose window covers it, also where the weight is 0.

    Examples
    --------
    Two channels, one filter that adds them up over 2 × 2 pixels:

    >>> import numpy as np
    >>> images = np.ones((1, 3, 3, 2))
    >>> correlate2d(images, np.ones((2, 2, 2, 1)), bias=[0.5])[0, :, :, 0]
    array([[8.5, 8.5],
           [8.5, 8.5]])
    >>> correlate2d(images, np.ones((2, 2, 2, 5)), stride=2, padding="same").shape
    (1, 2, 2, 5)
    """
    images, kernels = _images_and_kernels(images, kernels)
    if bias is not None:
        bias = as_numbers(bias, "bias", ("filters",))
        check_shape(bias, "bias", kernels.shape[-1:], "Give one number per filter.")
        images, kernels, bias = same_dtype(images, kernels, bias)
    windows = Windows.over(images, kernels.shape[:2], stride, padding, dilation)
    patches = windows.patches(windows.pad(images))
    output = np.empty((*patches.shape[:3], kernels.shape[-1]), images.dtype)
    for strip in _strips_of(patches):
        output[strip] = np.tensordot(patches[strip], kernels, axes=3)
    return output if bias is None else output + bias


def convolve2d(images, kernels, bias=None, *, stride=1, padding="valid", dilation=1):
    """Convolve in the mathematical sense: correlate with kernels turned by 180°.

    A network learns its kernels, so it does not matter which of the two it computes; formulas
    and signal processing do care. Taught in lesson 02. Parameters, result and errors are those of
    `correlate2d`; padding, too, is that of the correlation.

    Examples
    --------
    >>> import numpy as np
    >>> images, kernels = np.zeros((1, 1, 5, 1)), np.array([1.0, 2.0, 3.0]).reshape(1, 3, 1, 1)
    >>> images[0, 0, 2, 0] = 1
    >>> convolve2d(images, kernels).ravel()
    array([1., 2., 3.])
    """
    kernels = as_numbers(kernels, "kernels", KERNELS)
    return correlate2d(
        images, kernels[::-1, ::-1], bias, stride=stride, padding=padding, dilation=dilation
    )


class ConvolutionGradients(NamedTuple):
    """Gradients of the loss with respect to each input of `correlate2d`."""

    images: np.ndarray
    kernels: np.ndarray
    bias: np.ndarray


def correlate2d_gradients(
    images, kernels, output_gradient, *, stride=1, padding="valid", dilation=1
):
    """Pass a gradient backward through `correlate2d`.

    With g the gradient at the output, and sums over all images n and positions y, x:

    - bias[f]: Σ g[n, y, x, f];
    - kernels[i, j, c, f]: Σ images[n, y·s + i·d, x·s + j·d, c] · g[n, y, x, f], because one
      weight is used at every position;
    - images: every pixel collects kernels[i, j, c, f] · g[n, y, x, f] from each window that
      covers it.

    Taught in lesson 02. Source: Goodfellow et al. 2016, chapter 9
    (https://www.deeplearningbook.org/contents/convnets.html).

    Parameters
    ----------
    images, kernels, stride, padding, dilation
        As for `correlate2d`.
    output_gradient : array_like (n, rows, columns, filters)
        Gradient of the loss with respect to the output, of the output's shape.

    Returns
    -------
    ConvolutionGradients
        Named tuple of arrays `images`, `kernels` and `bias`, each of its input's shape; float32
        if all inputs are, else float64.

    Raises
    ------
    ValueError
        As for `correlate2d`, or a gradient of another shape than the output.

    Examples
    --------
    >>> import numpy as np
    >>> images, kernels = np.ones((1, 4, 4, 1)), np.ones((3, 3, 1, 1))
    >>> gradients = correlate2d_gradients(images, kernels, np.ones((1, 2, 2, 1)))
    >>> gradients.bias
    array([4.])
    >>> gradients.images[0, :, :, 0]
    array([[1., 2., 2., 1.],
           [2., 4., 4., 2.],
           [2., 4., 4., 2.],
           [1., 2., 2., 1.]])
    """
    images, kernels = _images_and_kernels(images, kernels)
    gradient = as_numbers(output_gradient, "output_gradient", IMAGES)
    images, kernels, gradient = same_dtype(images, kernels, gradient)
    windows = Windows.over(images, kernels.shape[:2], stride, padding, dilation)
    check_shape(
        gradient,
        "output_gradient",
        (len(images), *windows.output, kernels.shape[-1]),
        "Use the same stride, padding and dilation as forward.",
    )
    padded = windows.pad(images)
    return ConvolutionGradients(
        images=_images_gradient(padded.shape, kernels, gradient, windows),
        kernels=_kernels_gradient(padded, gradient, windows),
        bias=gradient.sum(axis=(0, 1, 2)),
    )


def _images_gradient(padded_shape, kernels, gradient, windows):
    result = np.zeros(padded_shape, gradient.dtype)
    for (i, j), where in windows.elements():
        result[where] += gradient @ kernels[i, j].T
    return windows.crop(result)


def _kernels_gradient(padded, gradient, windows):
    patches = windows.patches(padded)
    return sum(
        np.tensordot(patches[strip], gradient[strip], axes=((0, 1), (0, 1)))
        for strip in _strips_of(patches)
    )


def _images_and_kernels(images, kernels):
    images = as_numbers(images, "images", IMAGES)
    kernels = as_numbers(kernels, "kernels", KERNELS)
    if images.shape[-1] != kernels.shape[2]:
        refuse(
            "kernels",
            f"shape {kernels.shape}, for images of {kernels.shape[2]} channels",
            f"shape (height, width, {images.shape[-1]}, filters) for images {images.shape}",
            "The third axis of the kernels must be the number of channels of the images.",
        )
    return same_dtype(images, kernels)


def _strips(rows, row_bytes):
    """Yield slices over the rows of an output, each for about STRIP_BYTES."""
    step = max(1, STRIP_BYTES // row_bytes)
    for first in range(0, rows, step):
        yield slice(first, first + step)


def _strips_of(patches):
    """Yield (image, rows) so that one strip of patches is worth about STRIP_BYTES."""
    for image in range(len(patches)):
        for rows in _strips(patches.shape[1], patches[0, 0].nbytes):
            yield image, rows
