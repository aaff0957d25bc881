"""An image with the outlines of masks over it."""

import numpy as np
from matplotlib import patheffects
from skimage.measure import find_contours

from course_utils.plotting.images import plot_image
from course_utils.plotting.style import BLUE, ORANGE

# Solid and dashed, bright on black and dark on white: told apart where colors fail, and seen on
# bright and on dark tissue.
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
    The outlines run half-way between the centers of the pixels inside and outside. Taught in
    lesson 10.

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
    # Padded, so that an outline closes where the mask touches the edge of the image.
    outlines = [outline - 1 for outline in find_contours(np.pad(mask, 1).astype(float), 0.5)]
    gap = np.full((1, 2), np.nan)  # the pen is lifted between one outline and the next
    points = np.concatenate([part for outline in outlines for part in (outline, gap)] or [gap])
    edge = patheffects.withStroke(linewidth=3, foreground=line["edge"])
    style = {"color": line["color"], "linestyle": line["linestyle"], "linewidth": 1.8}
    (drawn,) = ax.plot(points[:, 1], points[:, 0], label=name, path_effects=[edge], **style)
    return drawn


def _check_mask(mask, shape, name):
    mask = np.asarray(mask)
    if mask.shape != shape or mask.dtype.kind not in "biuf" or not np.isin(mask, (0, 1)).all():
        raise ValueError(
            f"The {name} mask has shape {mask.shape}, dtype {mask.dtype}. Give booleans, or only 0 "
            f"and 1, of the image's shape {shape}; apply a threshold to probabilities."
        )
    return mask.astype(bool)
