"""Shift an image and watch what pooling makes of it."""

import ipywidgets

from course_utils import plotting
from course_utils.widgets._controls import LABEL, redrawn, slider


def pooling_explorer(image, shift=1, size=4, kind="max"):
    """Shift a feature map and pool it by hand; draws with `plotting.plot_pooled_shift`.

    Parameters
    ----------
    image : ndarray, shape (h, w)
        Values from 0.
    shift : int, optional
        Where the slider starts, 0 to 16 pixels.
    size : int, optional
        Window and stride at the start, 1 to 16 pixels.
    kind : {'max', 'average'}, optional

    Returns
    -------
    widget : ipywidgets.interactive

    Notes
    -----
    Used in lesson 03.
    """

    def draw(shift, size, kind):
        return plotting.plot_pooled_shift(image, shift, size, kind)[0]

    return redrawn(
        draw,
        shift=slider("shift (pixels)", shift, 0, 16),
        size=slider("window", size, 1, 16),
        kind=ipywidgets.ToggleButtons(
            options=["max", "average"], value=kind, description="pooling", style=LABEL
        ),
    )
