"""Pooling drawn: windows with their numbers, what a shift changes, where gradients go."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle

from course_utils import numpy_layers
from course_utils.plotting.convolution import plot_numbers
from course_utils.plotting.images import plot_image
from course_utils.plotting.style import BLUE, GREEN, ORANGE, PURPLE

COLORS = (BLUE, ORANGE, GREEN, PURPLE)
POOLS = {"max": numpy_layers.max_pool, "average": numpy_layers.average_pool}
GRADIENTS = {
    "max": numpy_layers.max_pool_gradient,
    "average": numpy_layers.average_pool_gradient,
}


def plot_pooling(image, size=2, stride=None):
    """Draw a small image with its windows, beside the maximum and the mean of each window.

    A window and its result have the same color.

    Parameters
    ----------
    image : ndarray, shape (h, w)
        At most 12 × 12 numbers, so that they can be read.
    size : int, optional
        Height and width of the window.
    stride : int, optional
        Default: the size of the window.

    Returns
    -------
    figure, axes : matplotlib.figure.Figure, ndarray of three Axes

    Raises
    ------
    ValueError
        An image that is not two-dimensional, or too large to print its numbers.

    Notes
    -----
    Taught in lesson 03.

    Examples
    --------
    >>> figure, axes = plot_pooling(np.array([[1.0, 2.0], [3.0, 6.0]]))
    >>> [ax.texts[0].get_text() for ax in axes]
    ['1', '6', '3']
    """
    image = _small(image)
    stride = stride or size
    pooled = [_pooled(image, kind, size, stride) for kind in POOLS]
    ratios = [image.shape[1], *(part.shape[1] + 0.5 for part in pooled)]
    figure, axes = plt.subplots(1, 3, figsize=(9.5, 3.6), width_ratios=ratios)
    low, high = image.min(), image.max()
    rows, columns = pooled[0].shape
    title = f"windows of {size} × {size}, stride {stride}"
    plot_numbers(image, ax=axes[0], title=title, value_range=(low, high))
    for ax, part, kind in zip(axes[1:], pooled, POOLS, strict=True):
        title = f"{kind}, {rows} × {columns}"
        plot_numbers(part, ax=ax, title=title, value_range=(low, high))
    for row, column in np.ndindex(rows, columns):
        color = COLORS[(row % 2) * 2 + column % 2]
        _frame(axes[0], (row * stride, column * stride), size, color)
        for ax in axes[1:]:
            _frame(ax, (row, column), 1, color)
    return figure, axes


def plot_pooled_shift(image, shift=1, size=4, kind="max"):
    """Draw an image and its shifted copy, before and after pooling, with their differences.

    Parameters
    ----------
    image : ndarray, shape (h, w)
        Pixels that leave on the right come back on the left, so leave a margin.
    shift : int, optional
        Pixels to the right.
    size : int, optional
        Window and stride of the pooling; 1 pools nothing.
    kind : {'max', 'average'}, optional

    Returns
    -------
    figure, axes : matplotlib.figure.Figure, ndarray of Axes (2, 3)

    Raises
    ------
    ValueError
        A kind of pooling that is not known.

    Notes
    -----
    Taught in lesson 03. The change in the titles is the norm of the difference over the norm of
    what was there before.
    """
    if kind not in POOLS:
        raise ValueError(f"Unknown pooling {kind!r}. Choose one of: {', '.join(POOLS)}.")
    image = np.asarray(image, dtype=np.float64)
    before = [image, _pooled(image, kind, size, size)]
    shifted = np.roll(image, shift, axis=1)
    after = [shifted, _pooled(shifted, kind, size, size)]
    figure, axes = plt.subplots(2, 3, figsize=(8, 6))
    names = ["feature map", f"{kind}, {size} × {size}"]
    for row, name, first, second in zip(axes, names, before, after, strict=True):
        difference = second - first
        change = np.linalg.norm(difference) / np.linalg.norm(first)
        limit = np.abs(image).max()
        plot_image(first, ax=row[0], title=name, value_range=(0, limit))
        plot_image(second, ax=row[1], title=f"shifted by {shift}", value_range=(0, limit))
        plot_image(
            difference, ax=row[2], title=f"difference, change {change:.0%}",
            value_range=(-limit, limit), cmap="PuOr",
        )  # fmt: skip
    return figure, axes


def plot_pooling_gradient(image, output_gradient, size=2):
    """Draw where the gradient of a pooling goes: to one pixel of a window, or to all.

    Parameters
    ----------
    image : ndarray, shape (h, w)
        The numbers that were pooled, at most 12 × 12.
    output_gradient : ndarray, shape (h // size, w // size)
        Gradient of the loss with respect to the pooled numbers.
    size : int, optional
        Window and stride.

    Returns
    -------
    figure, axes : matplotlib.figure.Figure, ndarray of four Axes

    Raises
    ------
    ValueError
        An image that is not two-dimensional or too large, or a gradient of another shape than
        the pooled image.

    Notes
    -----
    Taught in lesson 03. Of equal largest pixels the first gets the gradient, as in TensorFlow.
    """
    image, gradient = _small(image), np.asarray(output_gradient, dtype=np.float64)
    limit = np.abs(gradient).max()
    figure, axes = plt.subplots(1, 4, figsize=(11, 3.1), width_ratios=[2, 1.2, 2, 2])
    look = {"value_range": (-limit, limit), "cmap": "PuOr"}
    plot_numbers(image, ax=axes[0], title="what was pooled")
    plot_numbers(gradient, ax=axes[1], title="gradient arriving", **look)
    for ax, (kind, backward) in zip(axes[2:], GRADIENTS.items(), strict=True):
        passed = backward(_batch(image), _batch(gradient), size)[0, :, :, 0]
        plot_numbers(passed, ax=ax, title=f"passed on by {kind}", **look)
    for row, column in np.ndindex(gradient.shape):
        color = COLORS[(row % 2) * 2 + column % 2]
        _frame(axes[1], (row, column), 1, color)
        for ax in (axes[0], axes[2], axes[3]):
            _frame(ax, (row * size, column * size), size, color)
    return figure, axes


def _batch(image):
    return image[np.newaxis, :, :, np.newaxis]


def _pooled(image, kind, size, stride):
    return POOLS[kind](_batch(image), size, stride=stride)[0, :, :, 0]


def _small(image):
    image = np.asarray(image, dtype=np.float64)
    if image.ndim != 2 or max(image.shape) > 12:
        raise ValueError(
            f"the image has shape {image.shape}. Its numbers are printed, so cut out a part of at "
            "most 12 × 12 first."
        )
    return image


def _frame(ax, start, size, color):
    """Frame `size` × `size` pixels from `start`, a little inside, so that neighbors stay apart."""
    row, column = start
    corner = (column - 0.42, row - 0.42)
    edge = {"fill": False, "edgecolor": color, "linewidth": 2.5}
    ax.add_patch(Rectangle(corner, size - 0.16, size - 0.16, **edge))
