"""The arithmetic of a convolutional network in NumPy, forward and backward.

Images are (n, height, width, channels) and kernels (height, width, channels_in, filters), as in
Keras. A gradient function takes what its layer took and `output_gradient`, the gradient of the loss
with respect to the layer's output and of its shape; it returns the gradient with respect to what
went in. float32 stays float32, integers become float64, so that sums of uint8 pixels cannot
overflow. Every result that depends on a NaN is NaN.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.special import expit

from course_utils._checks import check_choice, check_integer, refuse

# As Keras does, probabilities are kept this far from 0 and 1, whose logarithm is infinite.
EPSILON = 1e-7


def output_size(size, kernel, stride=1, padding="valid", dilation=1):
    """Return how many positions a window takes along one axis of `size` pixels.

    A kernel of k values with dilation d, the pixels from one value to the next, spans s = (k − 1) d
    + 1 pixels. With ``"valid"`` padding the window stays inside the image and takes ⌊(size − s) /
    stride⌋ + 1 positions; with ``"same"`` the image is padded with zeros so that there are ⌈size /
    stride⌉. Source: Dumoulin and Visin 2016 (https://arxiv.org/abs/1603.07285).

    >>> output_size(7, 3, stride=2, padding="same")
    4
    """
    check_choice("padding", padding, ("valid", "same"))
    for name, value in (("kernel", kernel), ("stride", stride), ("dilation", dilation)):
        check_integer(name, value, 1)
    if padding == "same":
        return math.ceil(size / stride)
    span = (kernel - 1) * dilation + 1
    if span > size:
        received = f"{kernel} values with dilation {dilation}, which span {span} pixels"
        allowed = f"kernels that span up to {size} pixels, the size of the image"
        refuse("kernel", received, allowed, "Make it smaller, or use padding='same'.")
    return (size - span) // stride + 1


def padding_amounts(size, kernel, stride=1, padding="valid", dilation=1):
    """Return the zeros that ``"same"`` padding adds before and after one axis, as TensorFlow does.

    Half of those that the last window takes go before the image; an odd one goes after it.
    Parameters are those of `output_size`.

    >>> padding_amounts(6, 3, stride=2, padding="same")
    (0, 1)
    """
    positions = output_size(size, kernel, stride, padding, dilation)
    if padding == "valid":
        return 0, 0
    span = (kernel - 1) * dilation + 1
    total = max((positions - 1) * stride + span - size, 0)
    return total // 2, total - total // 2


def receptive_field(windows):
    """Return how many pixels of the image a unit sees after each layer, along one axis.

    Windows are the (kernel, stride) of each convolution and pooling, in order. A layer of kernel k
    adds (k − 1) · step, where the step between neighboring units is the product of the strides
    before.

    >>> receptive_field([(3, 1), (2, 2), (3, 1), (2, 2)])
    [3, 4, 8, 10]
    """
    sizes, size, step = [], 1, 1
    for kernel, stride in windows:
        size += (kernel - 1) * step
        step *= stride
        sizes.append(size)
    return sizes


def count_operations(weights_shape, output=(1, 1)):
    """Return how many multiply-adds a layer takes for one image; biases are not counted.

    Every weight, of the shape (height, width, channels_in, filters) or (inputs, outputs), is used
    once at every position of the output, (height, width) of a convolution.
    """
    return math.prod(weights_shape) * math.prod(output)


def conv2d(images, kernels, bias=None, *, stride=1, padding="valid", dilation=1):
    """Compute what Keras's Conv2D computes before its activation, a cross-correlation.

    output[n, y, x, f] = bias[f] + Σᵢⱼ꜀ images[n, y·s + i·d, x·s + j·d, c] · kernels[i, j, c, f],
    with stride s and dilation d, over images that ``"same"`` pads with the zeros of
    `padding_amounts`. Bias is (filters,). Source: LeCun et al. 1998
    (https://doi.org/10.1109/5.726791).

    >>> images = np.ones((1, 3, 3, 2))
    >>> conv2d(images, np.ones((2, 2, 2, 1)), bias=[0.5])[0, :, :, 0]
    array([[8.5, 8.5],
           [8.5, 8.5]])
    """
    images, kernels = _images(images), _kernels(kernels, np.shape(images)[-1])
    patches = _patches(images, kernels.shape[:2], stride, padding, dilation)
    places = np.ndindex(kernels.shape[:2])
    output = sum(patches[..., i, j, :] @ kernels[i, j] for i, j in places)
    return output if bias is None else output + _floats(bias)


def correlate_image(image, kernel, *, stride=1, padding="valid", dilation=1):
    """Slide one kernel over one gray image and take the sum of products at every position.

    This is `conv2d` for an image (height, width) of one channel and one filter (height, width).

    >>> correlate_image([[0, 0, 9, 9], [0, 0, 9, 9]], [[-1, 1]])
    array([[0., 9., 0.],
           [0., 9., 0.]])
    """
    batch = np.asarray(image)[np.newaxis, ..., np.newaxis]
    filters = np.asarray(kernel)[..., np.newaxis, np.newaxis]
    return conv2d(batch, filters, stride=stride, padding=padding, dilation=dilation)[0, ..., 0]


def conv2d_gradients(images, kernels, output_gradient):
    """Pass a gradient backward through `conv2d` with stride 1 and no padding.

    Returned are, each of its shape, the gradients for images, kernels and bias. With g the gradient
    at the output, and sums over all images n and positions y, x:

    - images: every pixel collects kernels[i, j, c, f] · g[n, y, x, f] from each window that covers
      it;
    - kernels[i, j, c, f]: Σ images[n, y + i, x + j, c] · g[n, y, x, f], because one weight is used
      at every position;
    - bias[f]: Σ g[n, y, x, f].

    Source: Goodfellow et al. 2016, chapter 9
    (https://www.deeplearningbook.org/contents/convnets.html).

    >>> images, kernels = np.ones((1, 4, 4, 1)), np.ones((3, 3, 1, 1))
    >>> conv2d_gradients(images, kernels, np.ones((1, 2, 2, 1)))[2]
    array([4.])
    """
    images, kernels = _images(images), _kernels(kernels, np.shape(images)[-1])
    gradient, patches = _floats(output_gradient), _patches(images, kernels.shape[:2])
    rows, columns = patches.shape[1:3]
    for_images = np.zeros(images.shape, np.result_type(images, kernels, gradient))
    for_kernels = np.empty(kernels.shape, for_images.dtype)
    everywhere = (0, 1, 2), (0, 1, 2)
    for i, j in np.ndindex(kernels.shape[:2]):
        for_images[:, i : i + rows, j : j + columns] += gradient @ kernels[i, j].T
        for_kernels[i, j] = np.tensordot(patches[..., i, j, :], gradient, everywhere)
    return for_images, for_kernels, gradient.sum(axis=(0, 1, 2))


def max_pool(images, size=2, *, stride=None, padding="valid"):
    """Take the maximum of every window of `size` × `size` pixels, channel by channel.

    Without a stride, windows just touch. With padding ``"same"`` they may stand out over the edge;
    what lies outside is ignored.

    >>> max_pool(np.arange(16.0).reshape(1, 4, 4, 1))[0, :, :, 0]
    array([[ 5.,  7.],
           [13., 15.]])
    """
    patches = _patches(_images(images), (size, size), stride or size, padding, fill=-np.inf)
    return patches.max(axis=(3, 4))


def average_pool(images, size=2, *, stride=None):
    """Take the mean of every window, channel by channel; as `max_pool`, without padding."""
    return _patches(_images(images), (size, size), stride or size).mean(axis=(3, 4))


def max_pool_gradient(images, output_gradient, size=2):
    """Pass a gradient backward through `max_pool` with windows that touch.

    The gradient of each window goes to its largest pixel, the only one with an influence. Of
    equal pixels the first gets it, counted along the rows from the top, as in TensorFlow.

    >>> images = np.array([[1.0, 5.0], [5.0, 2.0]]).reshape(1, 2, 2, 1)
    >>> max_pool_gradient(images, np.ones((1, 1, 1, 1)))[0, :, :, 0]
    array([[0., 1.],
           [0., 0.]])
    """
    images, gradient = _images(images), _floats(output_gradient)
    patches = _patches(images, (size, size), size)
    n, rows, columns, _, _, channels = patches.shape
    largest = patches.reshape(n, rows, columns, size * size, channels).argmax(axis=3)
    result = np.zeros(images.shape, gradient.dtype)
    for place, (i, j) in enumerate(np.ndindex(size, size)):
        inside = result[:, i : rows * size : size, j : columns * size : size]
        inside[...] = np.where(largest == place, gradient, 0)
    return result


def average_pool_gradient(images, output_gradient, size=2):
    """Pass a gradient backward through `average_pool`: an equal share to each pixel of a window."""
    gradient = _floats(output_gradient)
    shares = gradient.repeat(size, axis=1).repeat(size, axis=2) / size**2
    result = np.zeros(np.shape(images), gradient.dtype)
    result[:, : shares.shape[1], : shares.shape[2]] = shares
    return result


def dense(inputs, weights, bias):
    """Compute what Keras's Dense computes before its activation: inputs @ weights + bias.

    Inputs are (n, inputs), weights (inputs, outputs) and bias (outputs,).
    """
    return _floats(inputs) @ _floats(weights) + _floats(bias)


def dense_gradients(inputs, weights, output_gradient):
    """Pass a gradient backward through `dense`.

    With g the gradient at the output, the tuple holds g @ weightsᵀ for the inputs, inputsᵀ @ g for
    the weights, and the sum of g over the images for the bias.
    """
    inputs, weights, gradient = _floats(inputs), _floats(weights), _floats(output_gradient)
    return gradient @ weights.T, inputs.T @ gradient, gradient.sum(axis=0)


def relu(inputs):
    """Return max(x, 0)."""
    return np.maximum(_floats(inputs), 0)


def relu_gradient(inputs, output_gradient):
    """Pass a gradient backward through `relu`: it passes where the input is above 0.

    At 0 itself, where the derivative is not defined, it is taken as 0, as in TensorFlow.
    """
    inputs, gradient = _floats(inputs), _floats(output_gradient)
    return np.where(np.isnan(inputs), inputs, np.where(inputs > 0, gradient, 0))


def sigmoid(inputs):
    """Return 1 / (1 + exp(−x)), between 0 and 1, without overflow for large negative x."""
    return expit(_floats(inputs))


def binary_cross_entropy(targets, predictions, *, from_logits=False):
    """Return the mean of −t log p − (1 − t) log(1 − p), for targets t and predictions p, 0–1.

    Logits, the numbers before the sigmoid, are the more exact way: a probability of 1 − 10⁻⁹ is 1
    in float32. The gradient with respect to m logits x is (σ(x) − t) / m.
    """
    p = _floats(predictions)
    t = _floats(targets).astype(p.dtype)
    if t.shape != p.shape:
        refuse("targets", f"shape {t.shape}", f"shape {p.shape}", "Give one each.")
    if from_logits:
        return (np.logaddexp(0, p) - p * t).mean()
    if np.any((p < 0) | (p > 1)):
        received = f"values from {np.nanmin(p):g} to {np.nanmax(p):g}"
        refuse("predictions", received, "0 to 1", "For logits, set from_logits=True.")
    p = np.clip(p, EPSILON, 1 - EPSILON)
    return -(t * np.log(p) + (1 - t) * np.log(1 - p)).mean()


def _patches(images, kernel, stride=1, padding="valid", dilation=1, fill=0):
    """Return a view (n, rows, columns, *kernel, channels) of what each window covers."""
    axes = list(zip(images.shape[1:3], kernel, strict=True))
    borders = [padding_amounts(size, k, stride, padding, dilation) for size, k in axes]
    padded = np.pad(images, ((0, 0), *borders, (0, 0)), constant_values=fill)
    spans = [(k - 1) * dilation + 1 for k in kernel]
    view = sliding_window_view(padded, spans, axis=(1, 2))
    return np.moveaxis(view[:, ::stride, ::stride, :, ::dilation, ::dilation], 3, -1)


# The door: what a reader gets wrong most. Other shapes that do not match are refused by NumPy.


def _floats(values):
    values = np.asarray(values)
    return values if values.dtype in (np.float32, np.float64) else values.astype(np.float64)


def _images(images):
    images = _floats(images)
    if images.ndim != 4:
        allowed = "4 axes, (n, height, width, channels)"
        remedy = "Add a missing axis with array[np.newaxis] or array[..., np.newaxis]."
        refuse("images", f"shape {images.shape}", allowed, remedy)
    return images


def _kernels(kernels, channels):
    kernels = _floats(kernels)
    if kernels.ndim != 4 or kernels.shape[2] != channels:
        allowed = f"(height, width, {channels}, filters) for images of {channels} channels"
        remedy = "The third axis must be the channels of the images."
        refuse("kernels", f"shape {kernels.shape}", allowed, remedy)
    return kernels
