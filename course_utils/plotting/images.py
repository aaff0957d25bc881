"""Single images and rows of images."""

import matplotlib.pyplot as plt
import numpy as np


def plot_image(
    image,
    *,
    ax=None,
    title=None,
    value_range=None,
    spacing_mm=None,
    unit=None,
    axes=False,
    **kwargs,
):
    """Draw one image with a deliberate gray scale and the right proportions.

    Parameters
    ----------
    image : ndarray, shape (h, w) or (h, w, 3)
        Gray values in any unit, or color as uint8 or as float in 0–1.
    ax : matplotlib.axes.Axes, optional
        Where to draw. Default: the current Axes.
    title : str, optional
    value_range : (float, float), optional
        The values drawn black and white. Default: smallest and largest value of the image.
        Give it whenever two images are to be compared.
    spacing_mm : (float, float), optional
        Height and width of a pixel. Unequal values stretch the image to its true shape.
    unit : str, optional
        Adds a color bar with this label.
    axes : bool, optional
        Keep the row and column numbers at the axes.
    **kwargs
        Passed to `matplotlib.axes.Axes.imshow`.

    Returns
    -------
    ax : matplotlib.axes.Axes

    Examples
    --------
    >>> ax = plot_image(np.eye(3), title="identity")
    >>> ax.get_title()
    'identity'
    """
    image = np.asarray(image)
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] not in (3, 4)):
        raise ValueError(
            f"plot_image got an array of shape {image.shape}. It draws (h, w) or (h, w, 3); "
            "choose one slice, one frame or one channel first."
        )
    ax = ax or plt.gca()
    low, high = value_range or (None, None)
    row_mm, column_mm = spacing_mm or (1, 1)
    drawn = ax.imshow(image, vmin=low, vmax=high, aspect=row_mm / column_mm, **kwargs)
    ax.set_title(title)
    if axes:
        ax.set(xlabel="column", ylabel="row")
    else:
        ax.set_axis_off()
    if unit:
        ax.figure.colorbar(drawn, ax=ax, label=unit, shrink=0.8)
    return ax


def plot_images(images, titles=None, *, columns=None, width=2.6, **kwargs):
    """Draw several images side by side; keywords go to `plot_image`.

    Returns
    -------
    figure, axes : matplotlib.figure.Figure, ndarray of Axes (rows, columns)
    """
    images = list(images)
    titles = list(titles) if titles is not None else [None] * len(images)
    if not images or len(titles) != len(images):
        raise ValueError(
            f"plot_images got {len(images)} images and {len(titles)} titles. Give at least one "
            "image, and one title for each."
        )
    columns = columns or len(images)
    rows = -(-len(images) // columns)
    ratio = max(np.shape(image)[0] / np.shape(image)[1] for image in images)
    size = (columns * width, rows * (width * min(ratio, 1.5) + 0.3))
    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False)
    for ax in axes.flat[len(images) :]:
        ax.set_axis_off()
    for ax, image, title in zip(axes.flat, images, titles, strict=False):
        plot_image(image, ax=ax, title=title, **kwargs)
    return figure, axes
