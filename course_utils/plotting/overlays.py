"""An image with the outlines of masks over it."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import patheffects

from course_utils.plotting.images import plot_image
from course_utils.plotting.style import BLUE, ORANGE

# A bright solid line and a dark dashed one on white: told apart by dashes where colors fail.
LINES = (
    {"color": ORANGE, "linestyle": "solid", "edge": "black"},
    {"color": BLUE, "linestyle": (0, (3, 2)), "edge": "white"},
)


def plot_overlay(
    image,
    truth=None,
    predicted=None,
    *,
    ax=None,
    names=("true", "predicted"),
    legend=True,
    **kwargs,
):
    """Draw an image with the outlines of the true mask, solid, and a predicted one, dashed.

    Parameters
    ----------
    image : ndarray, shape (h, w) or (h, w, 3)
        As for `plot_image`.
    truth, predicted : array-like, shape (h, w), boolean or 0 and 1, optional
        An empty mask has no outline.
    ax : matplotlib.axes.Axes, optional
        Where to draw. Default: the current Axes.
    names : (str, str), optional
        What the legend calls the two masks.
    legend : bool, optional
        Say which line is which.
    **kwargs
        Passed to `plot_image`: ``title``, ``value_range``, ``spacing_mm``.

    Returns
    -------
    ax : matplotlib.axes.Axes

    Raises
    ------
    ValueError
        A mask that does not fit the image or has other values than 0 and 1.

    Notes
    -----
    The outlines run along the edges of the pixels. Taught in lesson 10.

    Examples
    --------
    >>> ax = plot_overlay(np.eye(4), np.eye(4), title="identity")
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['true']
    """
    image = np.asarray(image)
    ax = plot_image(image, ax=ax, **kwargs)
    drawn = []
    for mask, name, line in zip((truth, predicted), names, LINES, strict=True):
        if mask is not None:
            drawn.append(_draw_outline(ax, _check_mask(mask, image.shape[:2], name), name, line))
    if legend and drawn:
        ax.legend(handles=drawn, loc="lower right", fontsize="small", facecolor="0.8")
    return ax


def _draw_outline(ax, mask, name, line):
    """Draw the edges between pixels inside and outside as one line, and return it."""
    padded = np.pad(mask, 1)
    # An edge between columns c - 1 and c stands at c - 0.5, from row r - 0.5 to r + 0.5.
    rows, columns = np.nonzero(padded[1:-1, 1:] != padded[1:-1, :-1])
    upright = [
        (c - 0.5, r + end) for r, c in zip(rows, columns, strict=True) for end in (-0.5, 0.5)
    ]
    return upright
