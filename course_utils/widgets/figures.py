"""Move a convolution, a pooling, a CT window; scroll through volumes and through masks."""

import ipywidgets
import matplotlib.pyplot as plt
import nibabel
import numpy as np

from course_utils import numpy_layers, plotting
from course_utils.widgets._controls import LABEL, WIDE, choice, redrawn, slider


def convolution_stepper(image, kernels):
    """Step a window over an image with `plotting.plot_convolution_step`.

    "Stop" counts the pixels of the result in reading order. A combination that leaves no room for a
    window says so.

    Parameters
    ----------
    image : ndarray, shape (h, w)
        Small enough to print every number, such as 6 × 7.
    kernels : dict of str to ndarray
        The kernels to choose from, by name.
    """
    names = list(kernels)
    choose = ipywidgets.Dropdown(options=names, description="kernel", layout=WIDE, style=LABEL)
    stop = slider("stop", 0, 0, 0)
    stop.continuous_update = True

    def draw(kernel, stride, dilation, padding, stop_number):
        weights = kernels[kernel]
        options = {"stride": stride, "padding": padding, "dilation": dilation}
        rows, columns = (
            numpy_layers.output_size(n, k, **options)
            for n, k in zip(image.shape, weights.shape, strict=True)
        )
        stop.max = rows * columns - 1
        row, column = divmod(min(stop_number, stop.max), columns)
        return plotting.plot_convolution_step(image, weights, row, column, **options)[0]

    return redrawn(
        draw,
        stop_number=stop,
        kernel=choose,
        stride=slider("stride", 1, 1, 3),
        dilation=slider("dilation", 1, 1, 2),
        padding=choice("padding", ["valid", "same"]),
    )


def pooling_explorer(image, shift, size, kind):
    """Shift a feature map (h, w) and pool it by hand with `plotting.plot_pooled_shift`.

    The sliders start at a shift of 0 to 16 pixels and a window of 1 to 16; kind is 'max' or
    'average'.
    """

    def draw(shift, size, kind):
        return plotting.plot_pooled_shift(image, shift, size, kind)[0]

    return redrawn(
        draw,
        shift=slider("shift (pixels)", shift, 0, 16),
        size=slider("window", size, 1, 16),
        kind=choice("pooling", ["max", "average"], kind),
    )


def window_explorer(hounsfield, center, width):
    """Move the window of a CT slice in Hounsfield units with `plotting.plot_window`."""

    def draw(center, width):
        return plotting.plot_window(hounsfield, center, width)[0]

    return redrawn(
        draw,
        center=slider("center (HU)", center, -1000, 1500, 5),
        width=slider("width (HU)", width, 10, 4000, 10),
    )


def slice_viewer(volume):
    """Scroll through a nibabel image in its three planes with `plotting.plot_slice`."""
    shape = nibabel.as_closest_canonical(volume).shape
    counts = dict(zip(("axial", "coronal", "sagittal"), shape[::-1], strict=True))
    plane = choice("plane", list(counts))
    index = slider("slice", counts["axial"] // 2, 0, counts["axial"] - 1)

    def start_in_the_middle(change):
        # The maximum first, or the slider would cut the new value at the old plane's end.
        index.max = counts[change.new] - 1
        index.value = counts[change.new] // 2

    plane.observe(start_in_the_middle, "value")

    def draw(plane, index):
        figure, ax = plt.subplots(figsize=(4.5, 4.5))
        plotting.plot_slice(volume, plane, min(index, counts[plane] - 1), ax=ax)
        return figure

    return redrawn(draw, plane=plane, index=index)


def overlay_viewer(images, truth, predicted):
    """Scroll through one patient's slices with their masks with `plotting.plot_overlay`.

    Parameters
    ----------
    images : ndarray, shape (slices, h, w)
        One channel. Gray values share one scale, from 0 to the largest.
    truth, predicted : ndarray, shape (slices, h, w), boolean or 0 and 1
        It starts in the slice with most of the true mask.
    """
    start = int(np.sum(truth, axis=(1, 2)).argmax())

    def draw(index):
        figure, ax = plt.subplots(figsize=(4.5, 4.5))
        title = f"slice {index + 1} of {len(images)}"
        masks = truth[index], predicted[index]
        value_range = (0, images.max())
        plotting.plot_overlay(images[index], *masks, ax=ax, title=title, value_range=value_range)
        return figure

    return redrawn(draw, index=slider("slice", start, 0, len(images) - 1))
