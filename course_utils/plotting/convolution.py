"""How a window slides over an image: the steps of a convolution, padding, its matrix."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle

from course_utils import numpy_layers
from course_utils.plotting.style import BLUE, ORANGE


def plot_numbers(values, *, ax=None, title=None, value_range=None, cmap="gray", fontsize=9):
    """Draw a small image with the number in every pixel; NaN stays blank.

    Parameters
    ----------
    values : ndarray, shape (h, w)
        Any numbers; whole ones are printed without decimals, others with one.
    ax : matplotlib.axes.Axes, optional
        Where to draw. Default: the current Axes.
    title : str, optional
    value_range : (float, float), optional
        The values drawn as the ends of the color map. Default: smallest and largest value.
    cmap : str, optional
        Name of a color map.
    fontsize : float, optional

    Returns
    -------
    ax : matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If `values` is not two-dimensional or has more than 400 pixels.

    Examples
    --------
    >>> ax = plot_numbers(np.eye(2))
    >>> [text.get_text() for text in ax.texts]
    ['1', '0', '0', '1']
    """
    values = np.asarray(values, dtype=float)
    if values.ndim != 2 or values.size > 400:
        raise ValueError(
            f"plot_numbers got shape {values.shape}. It prints every number of a small "
            "two-dimensional array, 400 at most; cut out a part first."
        )
    ax = ax or plt.gca()
    known = values[np.isfinite(values)]
    low, high = value_range or (known.min(), known.max()) if known.size else (0, 1)
    drawn = ax.imshow(values, vmin=low, vmax=high, cmap=cmap)
    whole = np.array_equal(known, np.round(known))
    for (row, column), value in np.ndenumerate(values):
        if not np.isfinite(value):
            _outline(ax, (row, column), (1, 1), "0.85", 0.6)
        else:
            red, green, blue, _ = drawn.cmap(drawn.norm(value))
            dark = 0.3 * red + 0.59 * green + 0.11 * blue < 0.5
            text = _text(value, 0 if whole else 1)
            ax.text(
                *(column, row, text),
                **{"ha": "center", "va": "center", "fontsize": fontsize},
                color="white" if dark else "black",
            )
    ax.set(title=title, xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    _outline(ax, (0, 0), values.shape, "0.6", 0.8)
    return ax


def _text(value, decimals):
    """Print a number with a real minus sign, and 0 without one."""
    return f"{round(float(value), decimals) + 0.0:.{decimals}f}".replace("-", "−")


def _outline(ax, start, size, color, width=2.5, **kwargs):
    """Draw a frame around `size` (rows, columns) pixels from `start` (row, column)."""
    corner = (start[1] - 0.5, start[0] - 0.5)
    ax.add_patch(
        Rectangle(corner, size[1], size[0], fill=False, edgecolor=color, linewidth=width, **kwargs)
    )


def plot_padded(image, borders, *, ax=None, title=None, **kwargs):
    """Draw an image that already has a border, the border hatched.

    Parameters
    ----------
    image : ndarray, shape (h, w)
        With its border.
    borders : ((int, int), (int, int))
        Border rows above and below, border columns left and right.
    ax : matplotlib.axes.Axes, optional
    title : str, optional
    **kwargs
        Passed to `plot_numbers`.

    Returns
    -------
    ax : matplotlib.axes.Axes
    """
    (top, bottom), (left, right) = borders
    rows, columns = np.shape(image)
    ax = plot_numbers(image, ax=ax, title=title, **kwargs)
    for row, column in np.ndindex(rows, columns):
        inside = top <= row < rows - bottom and left <= column < columns - right
        if not inside:
            _outline(ax, (row, column), (1, 1), "0.6", 0.4, hatch="////")
    _outline(ax, (top, left), (rows - top - bottom, columns - left - right), BLUE, 2)
    return ax


def plot_convolution_step(
    image, kernel, row=0, column=0, *, stride=1, padding="valid", dilation=1, axes=None
):
    """Draw one step of the sliding window: the window, its products, and the result so far.

    Parameters
    ----------
    image, kernel : ndarray, two-dimensional
        Small enough to print every number.
    row, column : int, optional
        Which pixel of the result is being computed. It counts in the result, not in the image.
    stride, dilation : int, optional
    padding : {"valid", "same"}, optional
    axes : sequence of three Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    figure, axes : matplotlib.figure.Figure, sequence of three Axes

    Raises
    ------
    ValueError
        If the result has no such pixel.

    Notes
    -----
    Taught in lesson 02. The arithmetic is that of `numpy_layers.correlate_image`.
    """
    image, kernel = np.asarray(image, float), np.asarray(kernel, float)
    result = numpy_layers.correlate_image(
        image, kernel, stride=stride, padding=padding, dilation=dilation
    )
    if not (0 <= row < result.shape[0] and 0 <= column < result.shape[1]):
        raise ValueError(
            f"row {row}, column {column} lie outside the result, which has {result.shape[0]} rows "
            f"and {result.shape[1]} columns; count from 0."
        )
    borders = [
        numpy_layers.padding_amounts(size, k, stride, padding, dilation)
        for size, k in zip(image.shape, kernel.shape, strict=True)
    ]
    padded = np.pad(image, borders)
    taps = [
        np.arange(k) * dilation + stop * stride
        for k, stop in zip(kernel.shape, (row, column), strict=True)
    ]
    if axes is None:
        ratios = [padded.shape[1], kernel.shape[1] * 2, result.shape[1]]
        _, axes = plt.subplots(1, 3, figsize=(10.5, 3.7), width_ratios=ratios)
    plot_padded(padded, borders, ax=axes[0], title="image and window")
    for y in taps[0]:
        for x in taps[1]:
            _outline(axes[0], (y, x), (1, 1), ORANGE, 2.5)
    _draw_products(axes[1], padded[np.ix_(*taps)], kernel, result[row, column])
    _draw_result(axes[2], result, row, column)
    return axes[0].figure, axes


def plot_channel_sum(window, kernel, bias, channel_names):
    """Draw one output of a filter over several channels: a product sum each, then their sum.

    Parameters
    ----------
    window, kernel : ndarray, shape (h, w, channels)
        The pixels under the window, and the weights.
    bias : float
    channel_names : sequence of str

    Returns
    -------
    figure, axes : matplotlib.figure.Figure, ndarray of Axes, one per channel

    Notes
    -----
    Taught in lesson 02.
    """
    sums = (window * kernel).sum(axis=(0, 1))
    figure, axes = plt.subplots(1, len(channel_names), figsize=(3.4 * len(channel_names), 3.8))
    for channel, (ax, name) in enumerate(zip(axes, channel_names, strict=True)):
        _draw_products(ax, window[..., channel], kernel[..., channel], sums[channel])
        ax.set_title(f"{name}: value × weight\nsum {_text(sums[channel], 1)}")
    terms = " + ".join(_text(value, 1) for value in sums).replace("+ −", "− ")
    total = _text(sums.sum() + bias, 1)
    figure.suptitle(f"{terms} + bias {_text(bias, 1)} = {total}", fontweight="bold")
    return figure, axes


def _draw_products(ax, window, kernel, total):
    """Print value × weight in every place of the window, colored by the product."""
    products = window * kernel
    reach = max(np.abs(products).max(), 1e-9)
    ax.imshow(products, cmap="PuOr_r", vmin=-1.6 * reach, vmax=1.6 * reach)
    for (row, column), value in np.ndenumerate(window):
        terms = (value, kernel[row, column], products[row, column])
        texts = [f"{number + 0.0:.2g}".replace("-", "−") for number in terms]
        ax.text(
            *(column, row, f"{texts[0]} × {texts[1]}\n= {texts[2]}"),
            **{"ha": "center", "va": "center", "fontsize": 8.5},
        )
    ax.set(
        xticks=[],
        yticks=[],
        title=f"value × weight\nsum {_text(total, 0 if total == round(total) else 1)}",
    )
    ax.spines[:].set_visible(False)
    _outline(ax, (0, 0), kernel.shape, ORANGE)


def _draw_result(ax, result, row, column):
    """Draw the results in reading order up to this one; those to come stay blank."""
    so_far = result.copy().ravel()
    so_far[row * result.shape[1] + column + 1 :] = np.nan
    title = f"result, {result.shape[0]} × {result.shape[1]}"
    reach = max(np.abs(result).max(), 1e-9)
    plot_numbers(
        so_far.reshape(result.shape),
        **{"ax": ax, "title": title, "value_range": (-reach, reach), "cmap": "PuOr_r"},
    )
    _outline(ax, (row, column), (1, 1), ORANGE)
