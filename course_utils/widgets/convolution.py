"""Move the window of a convolution by hand."""

import ipywidgets
import numpy as np

from course_utils import numpy_layers, plotting
from course_utils.widgets._controls import LABEL, WIDE, redrawn, slider


def convolution_stepper(image, kernels):
    """Step a window over an image; choose kernel, stride, padding and dilation.

    Draws with `plotting.plot_convolution_step`.

    Parameters
    ----------
    image : ndarray, shape (h, w)
        Small enough to print every number, such as 6 × 7.
    kernels : dict of str to ndarray
        The kernels to choose from, by name; none larger than the image.

    Returns
    -------
    widget : ipywidgets.interactive

    Notes
    -----
    Used in lesson 02. "Stop" counts the pixels of the result in reading order. A combination that
    leaves no room for a window says so.
    """
    stop = slider("stop", 0, 0, 0)
    stop.continuous_update = True

    def draw(kernel, stride, dilation, padding, stop_number):
        weights = np.asarray(kernels[kernel])
        shape = [
            numpy_layers.output_size(n, k, stride, padding, dilation)
            for n, k in zip(np.shape(image), weights.shape, strict=True)
        ]
        stop.max = shape[0] * shape[1] - 1
        row, column = divmod(min(stop_number, stop.max), shape[1])
        return plotting.plot_convolution_step(
            image, weights, row, column, stride=stride, padding=padding, dilation=dilation
        )[0]

    return redrawn(
        draw,
        stop_number=stop,
        kernel=ipywidgets.Dropdown(
            options=list(kernels), description="kernel", layout=WIDE, style=LABEL
        ),
        stride=slider("stride", 1, 1, 3),
        dilation=slider("dilation", 1, 1, 2),
        padding=ipywidgets.ToggleButtons(
            options=["valid", "same"], description="padding", style=LABEL
        ),
    )
