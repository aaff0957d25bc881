"""Figures of the course.

Functions that fill one Axes take ``ax`` and return it; functions that need several return
``figure, axes``. None of them shows, saves or changes a global setting, but for `use_style`,
which a lesson's setup cell calls once.
"""

import matplotlib.pyplot as plt
import numpy as np

from course_utils import imaging

#: Colors that stay apart for color-blind readers and in gray scale (after Okabe and Ito).
BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#E69F00", "#009E73", "#CC79A7"


def use_style():
    """Set the size and fonts of all figures that follow. Call it once, in the setup cell."""
    plt.rcParams.update(
        {
            "figure.dpi": 80,
            "figure.constrained_layout.use": True,
            "image.cmap": "gray",
            "image.interpolation": "nearest",
            "axes.titlesize": "medium",
            "axes.spines.top": False,
            "axes.spines.right": False,
        }
    )


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


def plot_window(hounsfield, center, width):
    """Draw a CT slice through a window, beside its histogram with the window marked.

    Parameters
    ----------
    hounsfield : ndarray, shape (h, w)
        Hounsfield units.
    center, width : float
        The window, in Hounsfield units.

    Returns
    -------
    figure, axes : matplotlib.figure.Figure, ndarray of two Axes

    Notes
    -----
    Taught in lesson 01. The histogram counts on a logarithmic scale, since air fills most of a
    slice.
    """
    gray = imaging.apply_window(hounsfield, center, width)
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.8), width_ratios=[1, 1.3])
    plot_image(
        gray, ax=axes[0], value_range=(0, 1), title=f"center {center:g} HU, width {width:g} HU"
    )
    low, high = center - width / 2, center + width / 2
    axes[1].hist(np.ravel(hounsfield), bins=np.arange(-1100, 2001, 25), color="0.6", log=True)
    axes[1].set(xlabel="Hounsfield units", ylabel="pixels in the slice", xlim=(-1100, 2000))
    ramp = axes[1].twinx()
    ramp.plot([-1100, low, high, 2000], [0, 0, 1, 1], color=BLUE, linewidth=2)
    ramp.set_ylabel("gray value on the screen", color=BLUE)
    ramp.set_yticks([0, 0.5, 1], ["black", "gray", "white"], color=BLUE)
    ramp.spines["right"].set_visible(True)
    return figure, axes


def plot_slice(volume, plane="axial", index=None, *, ax=None, value_range=None):
    """Draw one slice of a volume in radiological convention, true to scale.

    Parameters
    ----------
    volume : imaging.Volume
    plane : {'axial', 'coronal', 'sagittal'}
    index : int, optional
        Number of the slice in that plane. Default: the middle one.
    ax : matplotlib.axes.Axes, optional
    value_range : (float, float), optional
        Default: 0 to the largest value of the whole volume, so that slices can be compared.

    Returns
    -------
    ax : matplotlib.axes.Axes
    """
    index = slice_count(volume, plane) // 2 if index is None else index
    image, spacing_mm = imaging.plane(volume, plane, index)
    value_range = value_range or (0, float(volume.data.max()))
    title = f"{plane}, slice {index}"
    ax = plot_image(image, ax=ax, title=title, value_range=value_range, spacing_mm=spacing_mm)
    left, right, top = ("A", "P", "S") if plane == "sagittal" else ("R", "L", "S")
    top = "A" if plane == "axial" else top
    letters = {left: (0.02, 0.5), right: (0.98, 0.5), top: (0.5, 0.98)}
    for letter, (x, y) in letters.items():
        ax.text(
            *(x, y, letter), transform=ax.transAxes, color="white", fontsize="small",
            ha={0.02: "left", 0.98: "right"}.get(x, "center"), va="top" if y > 0.9 else "center",
        )  # fmt: skip
    return ax


def slice_count(volume, plane):
    """Return how many slices a volume has in a plane, whatever the order of its axes."""
    letters = {"axial": "SI", "coronal": "AP", "sagittal": "LR"}
    if plane not in letters:
        raise ValueError(f"Unknown plane {plane!r}. Choose one of: {', '.join(letters)}.")
    axis = next(i for i, letter in enumerate(volume.orientation) if letter in letters[plane])
    return volume.data.shape[axis]


def plot_planes(volume, indices=None, **kwargs):
    """Draw the axial, coronal and sagittal slice of a volume side by side.

    Returns
    -------
    figure, axes : matplotlib.figure.Figure, ndarray of three Axes
    """
    figure, axes = plt.subplots(1, 3, figsize=(9, 3.4))
    for ax, plane in zip(axes, ("axial", "coronal", "sagittal"), strict=True):
        plot_slice(volume, plane, (indices or {}).get(plane), ax=ax, **kwargs)
    return figure, axes


def plot_history(history):
    """Draw the learning curves of a training: loss and accuracy, training and validation.

    Parameters
    ----------
    history : keras.callbacks.History or dict of str to list
        What ``model.fit`` returns, with ``validation_data``.

    Returns
    -------
    figure, axes : matplotlib.figure.Figure, ndarray of two Axes

    Raises
    ------
    ValueError
        If a curve is missing; the message names it.

    Notes
    -----
    Used from lesson 04 on.
    """
    curves = getattr(history, "history", history)
    missing = {"loss", "val_loss", "accuracy", "val_accuracy"} - set(curves)
    if missing:
        raise ValueError(
            f"the history lacks {', '.join(sorted(missing))}. Compile with metrics=['accuracy'] "
            "and give fit() validation_data."
        )
    epochs = range(1, len(curves["loss"]) + 1)
    figure, axes = plt.subplots(1, 2, figsize=(8.5, 2.8))
    for ax, name in zip(axes, ("loss", "accuracy"), strict=True):
        ax.plot(epochs, curves[name], "-", color="0.4", label="training")
        ax.plot(epochs, curves[f"val_{name}"], "o-", color=BLUE, markersize=3, label="validation")
        ax.set(xlabel="epoch", ylabel=name)
    axes[1].set_ylim(0, 1)
    axes[0].legend(frameon=False)
    return figure, axes
