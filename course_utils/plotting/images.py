"""The look of all figures; images, rows of them, masks, CT windows and slices of volumes."""

import os
from base64 import b64encode
from html import escape

import matplotlib.pyplot as plt
import numpy as np
from IPython import get_ipython
from IPython.core.pylabtools import print_figure
from matplotlib import patheffects
from skimage.measure import find_contours

from course_utils import imaging

#: Colors that stay apart for color-blind readers and in gray scale (after Okabe and Ito).
BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#E69F00", "#009E73", "#CC79A7"
# Solid and dashed, bright on black and dark on white: told apart where colors fail, and seen on
# bright and on dark tissue.
LINES = (
    {"color": ORANGE, "linestyle": "solid", "edge": "black"},
    {"color": BLUE, "linestyle": (0, (3, 2)), "edge": "white"},
)


def use_style():
    """Set the look of all figures that follow; call it once, in the setup cell.

    Figures of a notebook become HTML with an alt text, as a PNG output has no place for one. It
    is the cell's (``mystnb.image.alt`` in its metadata), else the words in the figure.
    """
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
    if hasattr(shell := get_ipython(), "kernel"):
        # Its first import chooses a format for figures, and would undo this one later.
        import matplotlib_inline.backend_inline  # noqa: F401

        shell.display_formatter.formatters["image/png"].pop(plt.Figure, None)
        shell.display_formatter.formatters["text/html"].for_type(plt.Figure, _as_html)


def _as_html(figure):
    scale = int(os.environ.get("COURSE_FIGURE_SCALE", 2))  # 2 is sharp; lessons are stored with 1
    if (png := print_figure(figure, dpi=scale * figure.dpi)) is None:
        return None
    # JupyterLab sends a cell's metadata with its code, and none with the move of a slider.
    cell = get_ipython().kernel.get_parent().get("metadata", {})
    alt = cell.get("mystnb", {}).get("image", {}).get("alt") or _in_words(figure)
    width = int.from_bytes(png[16:20], "big") // scale
    return (
        f'<figure style="margin: 0"><img alt="{escape(alt)}"\n'
        f'width="{width}" style="max-width: 100%; height: auto"\n'
        f'src="data:image/png;base64,{b64encode(png).decode()}"></figure>'
    )


def _in_words(figure):
    """Return the words in a figure, panel by panel; a color bar counts as one."""
    said = [figure.get_suptitle() or "Figure"]
    for number, ax in enumerate(figure.axes, 1):
        axes = " against ".join(filter(None, [ax.get_ylabel(), ax.get_xlabel()]))
        words = [ax.get_title(), axes, *ax.get_legend_handles_labels()[1]]
        said.append(f"Panel {number}: {', '.join(filter(None, words)) or 'no words'}")
    return ". ".join(said) + "."


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
    """
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
    """Draw several images side by side, each `width` inches wide; keywords go to `plot_image`."""
    images = list(images)
    columns = columns or len(images)
    rows = -(-len(images) // columns)
    ratio = max(np.shape(image)[0] / np.shape(image)[1] for image in images)
    size = (columns * width, rows * (width * min(ratio, 1.5) + 0.3))
    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False)
    for ax in axes.flat[len(images) :]:
        ax.set_axis_off()
    titles = [None] * len(images) if titles is None else titles
    for ax, (image, title) in zip(axes.flat, zip(images, titles, strict=True), strict=False):
        plot_image(image, ax=ax, title=title, **kwargs)
    return figure, axes


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

    The outlines run half-way between the centers of the pixels inside and outside.

    Image and other keywords go to `plot_image`. The masks (h, w) are boolean or 0 and 1; an empty
    one has no outline. The legend, if wanted, calls them by their names.

    >>> ax = plot_overlay(np.eye(4), np.eye(4), title="identity")
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['true']
    """
    ax = plot_image(image, ax=ax, **kwargs)
    for mask, name, line in zip((truth, predicted), names, LINES, strict=True):
        if mask is not None:
            _draw_outline(ax, mask, name, line)
    if legend and ax.lines:
        ax.legend(loc="lower right", fontsize="small", facecolor="0.8")
    return ax


def _draw_outline(ax, mask, name, line):
    # Padded, so that an outline closes where the mask touches the edge of the image.
    outlines = [outline - 1 for outline in find_contours(np.pad(mask, 1).astype(float), 0.5)]
    gap = np.full((1, 2), np.nan)  # the pen is lifted between one outline and the next
    points = np.concatenate([part for outline in outlines for part in (outline, gap)] or [gap])
    edge = patheffects.withStroke(linewidth=3, foreground=line["edge"])
    style = {"color": line["color"], "linestyle": line["linestyle"], "linewidth": 1.8}
    ax.plot(points[:, 1], points[:, 0], label=name, path_effects=[edge], **style)


def plot_window(hounsfield, center, width):
    """Draw a CT slice through a window, beside its histogram with the window marked.

    The histogram counts on a logarithmic scale, since air fills most of a slice.
    """
    gray = imaging.apply_window(hounsfield, center, width)
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.8), width_ratios=[1, 1.3])
    title = f"center {center:g} HU, width {width:g} HU"
    plot_image(gray, ax=axes[0], value_range=(0, 1), title=title)
    low, high = center - width / 2, center + width / 2
    axes[1].hist(np.ravel(hounsfield), bins=np.arange(-1100, 2001, 25), color="0.6", log=True)
    axes[1].set(xlabel="Hounsfield units", ylabel="pixels in the slice", xlim=(-1100, 2000))
    ramp = axes[1].twinx()
    ramp.plot([-1100, low, high, 2000], [0, 0, 1, 1], color=BLUE, linewidth=2)
    ramp.set_ylabel("gray value on the screen", color=BLUE)
    ramp.set_yticks([0, 0.5, 1], ["black", "gray", "white"], color=BLUE)
    ramp.spines["right"].set_visible(True)
    return figure, axes


def plot_slice(volume, plane, index, *, ax=None):
    """Draw one slice of a volume in radiological convention, true to scale.

    Volume, plane and index are those of `imaging.plane`. Black is 0 and white the largest value of
    the whole volume, so that slices can be compared.
    """
    image, spacing_mm = imaging.plane(volume, plane, index)
    value_range = (0, np.max(volume.dataobj))
    title = f"{plane}, slice {index}"
    ax = plot_image(image, ax=ax, title=title, value_range=value_range, spacing_mm=spacing_mm)
    left, right, top = {
        "axial": ("R", "L", "A"),
        "coronal": ("R", "L", "S"),
        "sagittal": ("A", "P", "S"),
    }[plane]
    style = {"transform": ax.transAxes, "color": "white", "fontsize": "small"}
    ax.text(0.02, 0.5, left, ha="left", va="center", **style)
    ax.text(0.98, 0.5, right, ha="right", va="center", **style)
    ax.text(0.5, 0.98, top, ha="center", va="top", **style)
    return ax
