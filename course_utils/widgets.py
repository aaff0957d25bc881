"""Figures that you can move: sliders around the functions of `course_utils.plotting`.

Each widget draws with the same function as the static figure beside it in the lesson, so that
nothing is lost where no kernel runs. All return an `ipywidgets.interactive`.
"""

from functools import partial
from pathlib import Path

import ipywidgets
import matplotlib.pyplot as plt
import nibabel
import numpy as np
from IPython.display import Javascript, display

from course_utils import numpy_layers, plotting

_SQUARE = (4.5, 4.5)
_WIDE = ipywidgets.Layout(width="min(560px, 100%)")
_LOOK = {"layout": _WIDE, "style": {"description_width": "110px"}}


def threshold_explorer(labels, probabilities, *, threshold=0.5, costs=(10, 1), prevalence=None):
    """Move the threshold in a figure of `plotting.plot_threshold`, which takes the same arguments.

    Labels 0 or 1 and probabilities of class 1 are those of validation groups, where one may choose.
    The sliders start at the threshold, 0–1, and at the cost of a miss, 1–100.
    """

    def draw(threshold, miss_cost):
        given = {"costs": (miss_cost, costs[1]), "prevalence": prevalence}
        return plotting.plot_threshold(labels, probabilities, threshold, **given)

    return _redrawn(
        draw,
        threshold=_scale("threshold", threshold, 0.001, 0.999),
        miss_cost=_scale("cost of a miss", costs[0], 1, 100),
    )


def prevalence_explorer(sensitivity, specificity, *, prevalence):
    """Change the prevalence and see the predictive values; draws `plotting.plot_predictive_values`.

    The sliders start at the values given: 0.01 to 0.99, and for the prevalence 0.001 to 0.999.
    """
    return _redrawn(
        plotting.plot_predictive_values,
        figsize=(6, 3.6),
        prevalence=_scale("prevalence", prevalence, 0.001, 0.999),
        sensitivity=_scale("sensitivity", sensitivity, 0.01, 0.99),
        specificity=_scale("specificity", specificity, 0.01, 0.99),
    )


def convolution_stepper(image, kernels):
    """Step a window over an image with `plotting.plot_convolution_step`.

    "Position" counts the pixels of the result in reading order. A combination that leaves no room
    for a window says so.

    The image (h, w) is small enough to print every number, such as 6 × 7; kernels come by name.
    """
    position = _slider("position", 0, 0, 0)
    position.continuous_update = True

    def draw(kernel, stride, dilation, padding, position_number):
        weights = kernels[kernel]
        options = {"stride": stride, "padding": padding, "dilation": dilation}
        rows, columns = (
            numpy_layers.output_size(n, k, **options)
            for n, k in zip(image.shape, weights.shape, strict=True)
        )
        position.max = rows * columns - 1
        row, column = divmod(min(position_number, position.max), columns)
        return plotting.plot_convolution_step(image, weights, row, column, **options)

    return _redrawn(
        draw,
        position_number=position,
        kernel=_choice("kernel", list(kernels)),
        stride=_slider("stride", 1, 1, 3),
        dilation=_slider("dilation", 1, 1, 2),
        padding=_choice("padding", ["valid", "same"]),
    )


def pooling_explorer(image, shift, size, kind):
    """Shift a feature map (h, w) and pool it by hand with `plotting.plot_pooled_shift`.

    The sliders start at a shift of 0 to 16 pixels and a window of 1 to 16; kind is 'max' or
    'average'.
    """
    return _redrawn(
        partial(plotting.plot_pooled_shift, image),
        shift=_slider("shift (pixels)", shift, 0, 16),
        size=_slider("window", size, 1, 16),
        kind=_choice("pooling", ["max", "average"], kind),
    )


def window_explorer(hounsfield, center, width):
    """Move the window of a CT slice in Hounsfield units with `plotting.plot_window`."""
    return _redrawn(
        partial(plotting.plot_window, hounsfield),
        center=_slider("center (HU)", center, -1000, 1500, 5),
        width=_scale("width (HU)", width, 10, 4000),
    )


def slice_viewer(volume):
    """Scroll through a nibabel image in its three planes with `plotting.plot_slice`."""
    shape = nibabel.as_closest_canonical(volume).shape
    counts = dict(zip(("axial", "coronal", "sagittal"), shape[::-1], strict=True))
    plane = _choice("plane", list(counts))
    index = _slider("slice", counts["axial"] // 2, 0, counts["axial"] - 1)

    def start_in_the_middle(change):
        # The maximum first, or the slider would cut the new value at the old plane's end.
        index.max = counts[change.new] - 1
        index.value = counts[change.new] // 2

    plane.observe(start_in_the_middle, "value")

    def draw(plane, index):
        return plotting.plot_slice(volume, plane, min(index, counts[plane] - 1))

    return _redrawn(draw, _SQUARE, plane=plane, index=index)


def overlay_viewer(images, truth, predicted):
    """Scroll through one patient's slices with their masks with `plotting.plot_overlay`.

    All are arrays (slices, h, w), the masks boolean or 0 and 1. Gray values share one scale, from 0
    to the largest. It starts in the slice with most of the true mask.
    """
    start = int(np.sum(truth, axis=(1, 2)).argmax())

    def draw(index):
        look = {"title": f"slice {index + 1} of {len(images)}", "value_range": (0, images.max())}
        return plotting.plot_overlay(images[index], truth[index], predicted[index], **look)

    return _redrawn(draw, _SQUARE, index=_slider("slice", start, 0, len(images) - 1))


def _slider(description, value, low, high, step=1):
    limits = {"min": low, "max": high, "step": step, "continuous_update": False}
    return ipywidgets.IntSlider(value, description=description, **limits, **_LOOK)


def _scale(description, start, low, high):
    """Return a slider that stops at the start and at every number of two digits."""
    values = np.outer(10.0 ** np.arange(-4, 4), np.arange(10, 100) / 10).round(5).ravel()
    if high < 1:  # as fine towards 1 as towards 0
        values = np.union1d(values[values <= 0.5], 1 - values[values < 0.5])
    values = [v for v in values if low <= v <= high and not np.isclose(v, start)]
    stops = [*((f"{v:.4g}", float(v)) for v in values), (f"{start:.4g} (start)", float(start))]
    stops.sort(key=lambda stop: stop[1])
    return ipywidgets.SelectionSlider(
        options=stops, value=float(start), description=description, continuous_update=False, **_LOOK
    )


def _choice(description, options, value=None):
    """Return a list of which one is chosen, the first by default."""
    value = value or options[0]
    return ipywidgets.Dropdown(options=options, value=value, description=description, **_LOOK)


def _redrawn(draw, figsize=None, **controls):
    """Return the controls above a figure, or Axes of a size, that `draw` makes at each move."""
    drawing = False

    def redraw(**values):
        nonlocal drawing
        if drawing:  # `draw` has changed a control, which asks for a second figure
            return
        drawing = True
        try:
            figure = plt.figure(figsize=figsize) if figsize else None
            drawn = draw(**values)
        except ValueError as error:
            print(error)  # a combination that cannot be drawn, said in place of the figure
            return
        finally:
            drawing = False
        figure = figure or drawn[0]
        with plt.rc_context({"savefig.bbox": None}):
            display(figure)
        plt.close(figure)

    widget = ipywidgets.interactive(redraw, **controls)
    names = ipywidgets.Output()
    names.append_display_data(Javascript(Path(__file__).with_suffix(".js").read_text("utf-8")))
    widget.children += (names,)
    return widget
