"""What layers do, drawn: sliding windows, pooling, where gradients go, and receptive fields."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle

from course_utils import numpy_layers
from course_utils.plotting.figures import BLUE, GREEN, ORANGE, PURPLE, plot_image

COLORS = (BLUE, ORANGE, GREEN, PURPLE)
POOLS = {"max": numpy_layers.max_pool, "average": numpy_layers.average_pool}


def plot_numbers(values, *, ax=None, title=None, value_range=None, cmap="gray"):
    """Draw a small image with the number in every pixel; NaN stays blank.

    Of the values (h, w) integers are printed without decimals, other numbers with one. The value
    range, by default from the smallest to the largest, spans the color map.

    >>> ax = plot_numbers(np.eye(2))
    >>> [text.get_text() for text in ax.texts]
    ['1', '0', '0', '1']
    """
    values = np.asarray(values, dtype=float)
    ax = ax or plt.gca()
    known = values[np.isfinite(values)]
    low, high = value_range or (known.min(), known.max())
    drawn = ax.imshow(values, vmin=low, vmax=high, cmap=cmap)
    decimals = 0 if np.array_equal(known, np.round(known)) else 1
    for (row, column), value in np.ndenumerate(values):
        if not np.isfinite(value):
            _outline(ax, (row, column), (1, 1), "0.85", 0.6)
            continue
        red, green, blue, _ = drawn.cmap(drawn.norm(value))
        color = "white" if 0.3 * red + 0.59 * green + 0.11 * blue < 0.5 else "black"
        ax.text(column, row, _text(value, decimals), color=color, **_centered(9))
    ax.set(title=title, xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    _outline(ax, (0, 0), values.shape, "0.6", 0.8)
    return ax


def plot_convolution_step(image, kernel, row, column, *, stride=1, padding="valid", dilation=1):
    """Draw one step of the sliding window: the window, its products, and the result so far.

    Image and kernel are small enough to print every number; row and column count in the result.
    """
    options = {"stride": stride, "padding": padding, "dilation": dilation}
    result = numpy_layers.correlate_image(image, kernel, **options)
    sides = zip(image.shape, kernel.shape, strict=True)
    borders = [numpy_layers.padding_amounts(size, k, **options) for size, k in sides]
    padded = np.pad(image, borders)
    rows = np.arange(kernel.shape[0]) * dilation + row * stride
    columns = np.arange(kernel.shape[1]) * dilation + column * stride
    ratios = [padded.shape[1], kernel.shape[1] * 2, result.shape[1]]
    figure, axes = plt.subplots(1, 3, figsize=(10.5, 3.7), width_ratios=ratios)
    _draw_padded(axes[0], padded, borders)
    for place in np.array(np.meshgrid(rows, columns, indexing="ij")).reshape(2, -1).T:
        _outline(axes[0], place, (1, 1), ORANGE)
    _draw_products(axes[1], padded[np.ix_(rows, columns)], kernel, result[row, column])
    _draw_result(axes[2], result, row, column)
    return figure, axes


def plot_channel_sum(image, filters, bias, channel_names):
    """Draw a layer: maps in, each filter's kernels, what each kernel gives, and their sums.

    The small image is (h, w, channels), the filters are (k, k, channels, filters). A column ends in
    a filter's feature map, the sum of the maps above it and the bias.
    """
    (channels, count), maps_in = filters.shape[2:], np.moveaxis(image, -1, 0)
    empty = {"frame_on": False, "xticks": [], "yticks": []}
    size = (11, 2.15 * channels + 2.15)
    figure, axes = plt.subplots(channels + 1, 1 + 2 * count, figsize=size, subplot_kw=empty)
    for number, color in zip(range(count), COLORS, strict=False):
        kernels, results = axes[:, 1 + 2 * number], axes[:, 2 + 2 * number]
        one_filter = np.moveaxis(filters[..., number], -1, 0)
        maps = list(map(numpy_layers.correlate_image, maps_in, one_filter))
        maps.append(sum(maps) + bias[number])
        titles = [f"kernel slid over {name}" for name in channel_names]
        titles.append(f"feature map {number + 1}: {_times(maps[0])}")
        for ax, values, title in zip(results, maps, titles, strict=True):
            plot_numbers(values, ax=ax, title=title, **_around_zero(maps))
        for ax, kernel, name in zip(kernels, one_filter, channel_names, strict=False):
            plot_numbers(kernel, ax=ax, title=f"kernel for {name}", **_around_zero(filters))
            _outline(ax, (0, 0), kernel.shape, color)
        _outline(results[-1], (0, 0), maps[0].shape, color)
        sentence = f"sum of the {channels}\n+ bias {_text(bias[number], 0)}  ="
        kernels[-1].text(0.5, 0.5, sentence, **_centered(12))
        name = f"filter {number + 1}: {_times(filters[..., 0])}"
        kernels[0].set_title(f"{name}\nkernel for {channel_names[0]}")
    for ax, channel, name in zip(axes[:, 0], maps_in, channel_names, strict=False):
        plot_numbers(channel, ax=ax, title=name, value_range=(image.min(), image.max()))
    axes[0, 0].set_title(f"maps in: {_times(image)}\n{channel_names[0]}")
    return figure, axes


def plot_pooling(image, size, stride=None):
    """Draw a small image with its windows, beside the maximum and the mean of each window.

    A window and its result have the same color. The default stride is the size of the window.
    """
    stride = stride or size
    pooled = {kind: _pooled(image, kind, size, stride) for kind in POOLS}
    ratios = [image.shape[1], *(part.shape[1] + 0.5 for part in pooled.values())]
    figure, axes = plt.subplots(1, 3, figsize=(9.5, 3.6), width_ratios=ratios)
    value_range = (image.min(), image.max())
    title = f"windows of {size} × {size}, stride {stride}"
    plot_numbers(image, ax=axes[0], title=title, value_range=value_range)
    for ax, (kind, part) in zip(axes[1:], pooled.items(), strict=True):
        name = {"max": "maximum", "average": "mean"}[kind]
        plot_numbers(part, ax=ax, title=f"{name} of each window", value_range=value_range)
    for row, column in np.ndindex(part.shape):
        color = COLORS[row % 2 * 2 + column % 2]  # another one than that of its neighbors
        _frame(axes[0], (row * stride, column * stride), size, color)
        for ax in axes[1:]:
            _frame(ax, (row, column), 1, color)
    return figure, axes


def plot_pooled_shift(image, shift, size, kind):
    """Draw an image and its shifted copy, before and after pooling, with their differences.

    The change in the titles is the norm of the difference over the norm of what was there before.
    The shift counts pixels of the image (h, w) to the right; those that leave come back on the
    left, so leave a margin. The size is window and stride of the pooling, 'max' or 'average'; 1
    pools nothing.
    """
    shifted = np.roll(image, shift, axis=1)
    rows = {
        "feature map": (image, shifted),
        f"{kind} of {size} × {size}": [_pooled(i, kind, size, size) for i in (image, shifted)],
    }
    limit = np.abs(image).max()
    figure, axes = plt.subplots(2, 3, figsize=(8, 6))
    for row, (name, (first, second)) in zip(axes, rows.items(), strict=True):
        change = np.linalg.norm(second - first) / np.linalg.norm(first)
        title = f"difference, change {change:.0%}"
        plot_image(first, ax=row[0], title=name, value_range=(0, limit))
        plot_image(second, ax=row[1], title=f"shifted by {shift}", value_range=(0, limit))
        look = {"value_range": (-limit, limit), "cmap": "PuOr_r", "unit": "shifted − original"}
        plot_image(second - first, ax=row[2], title=title, **look)
    return figure, axes


def plot_pooling_gradient(image, output_gradient):
    """Draw where the gradient of a pooling goes: to one pixel of a window, or to all.

    The image (h, w) was pooled; there is a gradient for each pooled number, so for each window.
    """
    size = len(image) // len(output_gradient)
    limit = np.abs(output_gradient).max()
    figure, axes = plt.subplots(1, 4, figsize=(11, 3.1), width_ratios=[2, 1.2, 2, 2])
    look = {"value_range": (-limit, limit), "cmap": "PuOr_r"}
    plot_numbers(image, ax=axes[0], title="what was pooled")
    plot_numbers(output_gradient, ax=axes[1], title="gradient for each\npooled number", **look)
    gradients = (numpy_layers.max_pool_gradient, numpy_layers.average_pool_gradient)
    for ax, kind, backward in zip(axes[2:], POOLS, gradients, strict=True):
        passed = backward(_batch(image), _batch(output_gradient), size)[0, :, :, 0]
        plot_numbers(passed, ax=ax, title=f"{kind} pooling\npasses on", **look)
    for row, column in np.ndindex(output_gradient.shape):
        for ax, side in zip(axes, (size, 1, size, size), strict=True):
            _frame(ax, (row * side, column * side), side, "black")
    return figure, axes


def plot_receptive_fields(image, sizes, *, ax=None, title=None):
    """Draw receptive fields as squares around the middle of an image (h, w) as a network gets it.

    Sizes are the sides of at most four squares, in pixels, by their names in the legend.
    """
    ax = plot_image(image, ax=ax, title=title)
    height, width = np.shape(image)
    for color, (name, size) in zip(COLORS, sizes.items(), strict=False):
        start = ((height - size) // 2, (width - size) // 2)
        _outline(ax, start, (size, size), color, 2, label=f"{name}: {size} × {size}")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 0), frameon=False, fontsize="small")
    return ax


def plot_network(model, *, ax=None):
    """Draw a network, Sequential and built, as a row of boxes, from its input to its output.

    Feature maps are a stack of squares as high as the maps, with a square more each time that the
    number of maps doubles. A row of numbers is a bar, and its height grows with the logarithm of
    their count. Above each box stand the layer, its window and its activation, below it the shape
    and the parameters. Layers with weights are blue, poolings orange.
    """
    layers = [layer for layer in model.layers if type(layer).__name__ != "InputLayer"]
    tensors = [model.inputs[0], *(layer.output for layer in layers)]
    shapes = [tuple(tensor.shape[1:]) for tensor in tensors]
    ax = ax or plt.subplots(figsize=(1.4 * len(shapes), 2.6))[1]
    largest = max(shape[0] for shape in shapes if len(shape) > 1)
    for place, (layer, shape) in enumerate(zip([None, *layers], shapes, strict=True)):
        name, count = (_layer_name(layer), layer.count_params()) if layer else ("input", 0)
        color = BLUE if count else ORANGE if "Pooling" in name else "0.7"
        sheets, size = 1, (0.07, np.log2(shape[0] + 1) / 20)
        if len(shape) > 1:
            sheets = 1 + int(np.ceil(np.log2(shape[2])))
            size = (0.8 * shape[1] / largest, 0.8 * shape[0] / largest)
        for sheet in range(sheets)[::-1]:
            shift = 0.035 * (sheet - (sheets - 1) / 2)
            corner = (1.4 * place + shift - size[0] / 2, shift - size[1] / 2)
            ax.add_patch(Rectangle(corner, *size, fc=color, ec="white", linewidth=0.7))
        ax.text(1.4 * place, 0.6, name, ha="center", va="bottom", fontsize=8)
        text = " × ".join(f"{number:,}" for number in shape)
        text += f"\n{count:,} parameters" if count else ""
        ax.text(1.4 * place, -0.6, text, ha="center", va="top", fontsize=8)
    ax.set(xlim=(-0.7, 1.4 * place + 0.7), ylim=(-0.95, 1.15), aspect="equal")
    ax.set_axis_off()
    return ax


def _layer_name(layer):
    """Return what stands above a layer: its kind, window and activation on lines of their own."""
    window = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", ())
    activation = getattr(getattr(layer, "activation", None), "__name__", "linear")
    lines = [type(layer).__name__, " × ".join(map(str, window)), activation.replace("linear", "")]
    return "\n".join(filter(None, lines))


def _text(value, decimals):
    """Print a number with a real minus sign, and 0 without one."""
    return f"{round(float(value), decimals) + 0.0:.{decimals}f}".replace("-", "−")


def _times(array):
    return " × ".join(map(str, array.shape))


def _around_zero(values):
    reach = max(np.abs(values).max(), 1e-9)
    return {"value_range": (-reach, reach), "cmap": "PuOr_r"}


def _centered(fontsize):
    return {"ha": "center", "va": "center", "fontsize": fontsize}


def _outline(ax, start, size, color, width=2.5, **kwargs):
    """Draw a frame around `size` (rows, columns) pixels from `start` (row, column)."""
    corner = (start[1] - 0.5, start[0] - 0.5)
    style = {"fill": False, "edgecolor": color, "linewidth": width}
    ax.add_patch(Rectangle(corner, size[1], size[0], **style, **kwargs))


def _frame(ax, start, size, color):
    """Frame `size` × `size` pixels from `start`, a little inside, so that neighbors stay apart."""
    corner = (start[1] - 0.42, start[0] - 0.42)
    style = {"fill": False, "edgecolor": color, "linewidth": 2.5}
    ax.add_patch(Rectangle(corner, size - 0.16, size - 0.16, **style))


def _batch(image):
    return image[np.newaxis, :, :, np.newaxis]


def _pooled(image, kind, size, stride):
    return POOLS[kind](_batch(image), size, stride=stride)[0, :, :, 0]


def _draw_padded(ax, padded, borders):
    """Draw an image that has its borders, which are hatched."""
    (top, bottom), (left, right) = borders
    rows, columns = padded.shape
    plot_numbers(padded, ax=ax, title="image and window")
    for row, column in np.ndindex(rows, columns):
        if not (top <= row < rows - bottom and left <= column < columns - right):
            _outline(ax, (row, column), (1, 1), "0.6", 0.4, hatch="////")
    _outline(ax, (top, left), (rows - top - bottom, columns - left - right), BLUE, 2)


def _draw_products(ax, window, kernel, total):
    """Print value × weight in every place of the window, colored by the product."""
    products = window * kernel
    reach = 1.6 * max(np.abs(products).max(), 1e-9)
    ax.imshow(products, cmap="PuOr_r", vmin=-reach, vmax=reach)
    for (row, column), product in np.ndenumerate(products):
        terms = (window[row, column], kernel[row, column], product)
        value, weight, text = (f"{number + 0.0:.2g}".replace("-", "−") for number in terms)
        ax.text(column, row, f"{value} × {weight}\n= {text}", **_centered(8.5))
    total = _text(total, 0 if total == round(total) else 1)
    ax.set(xticks=[], yticks=[], title=f"value × weight\nsum {total}")
    ax.spines[:].set_visible(False)
    _outline(ax, (0, 0), kernel.shape, ORANGE)


def _draw_result(ax, result, row, column):
    """Draw the results in reading order up to this one; those to come stay blank."""
    so_far = result.copy().ravel()
    so_far[row * result.shape[1] + column + 1 :] = np.nan
    title = f"result, {_times(result)}"
    plot_numbers(so_far.reshape(result.shape), ax=ax, title=title, **_around_zero(result))
    _outline(ax, (row, column), (1, 1), ORANGE)
