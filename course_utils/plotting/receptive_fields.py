"""What one number deep in a network sees of the image."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle

from course_utils.plotting.images import plot_image
from course_utils.plotting.style import BLUE, GREEN, ORANGE, PURPLE

COLORS = (BLUE, ORANGE, GREEN, PURPLE)


def plot_receptive_fields(image, sizes, *, ax=None, title=None):
    """Draw receptive fields as squares around the middle of an image.

    Parameters
    ----------
    image : ndarray, shape (h, w)
        In the pixels that the network gets.
    sizes : dict of str to int
        Side of each square in pixels, at most four, by the name it gets in the legend.
    ax : matplotlib.axes.Axes, optional
        Where to draw. Default: the current Axes.
    title : str, optional

    Returns
    -------
    ax : matplotlib.axes.Axes

    Raises
    ------
    ValueError
        More squares than there are colors.

    Notes
    -----
    Taught in lesson 03; `course_utils.numpy_layers.receptive_field` computes the sizes.

    Examples
    --------
    >>> _, ax = plt.subplots()
    >>> ax = plot_receptive_fields(np.eye(20), {"pooling 1": 4, "pooling 2": 10}, ax=ax)
    >>> [patch.get_width() for patch in ax.patches]
    [4, 10]
    """
    if len(sizes) > len(COLORS):
        raise ValueError(f"got {len(sizes)} squares. Draw {len(COLORS)} at most in one image.")
    ax = plot_image(image, ax=ax or plt.gca(), title=title)
    height, width = np.shape(image)
    for color, (name, size) in zip(COLORS, sizes.items(), strict=False):
        corner = ((width - size) // 2 - 0.5, (height - size) // 2 - 0.5)
        label = f"{name}: {size} × {size}"
        ax.add_patch(
            Rectangle(corner, size, size, fill=False, edgecolor=color, linewidth=2, label=label)
        )
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 0), frameon=False, fontsize="small")
    return ax
