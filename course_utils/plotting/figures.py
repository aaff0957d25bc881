"""The look of all figures; images, masks and slices; what a classifier's scores look like.

scikit-learn's displays draw what they can; its other ones need no help from here.
"""

import os
from base64 import b64encode
from html import escape

import matplotlib.pyplot as plt
import numpy as np
from IPython import get_ipython
from IPython.core.pylabtools import print_figure
from matplotlib import patheffects
from skimage.measure import find_contours
from sklearn.metrics import ConfusionMatrixDisplay, RocCurveDisplay, confusion_matrix, roc_curve

from course_utils import imaging
from course_utils.evaluation._checks import check_binary
from course_utils.evaluation.decisions import check_threshold

#: Colors that stay apart for color-blind readers and in gray scale (after Okabe and Ito).
BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#E69F00", "#009E73", "#CC79A7"
# Solid and dashed, bright on black and dark on white: told apart where colors fail, and seen on
# bright and on dark tissue.
LINES = (
    {"color": ORANGE, "linestyle": "solid", "edge": "black"},
    {"color": BLUE, "linestyle": (0, (3, 2)), "edge": "white"},
)
POINT = {"marker": "o", "color": ORANGE, "markersize": 9, "markeredgecolor": "black", "zorder": 3}


def use_style():
    """Set the look of all figures that follow; call it once, in the setup cell.

    Figures of a notebook become HTML with an alt text, as a PNG output has no place for one. It
    is the cell's (``mystnb.image.alt`` in its metadata), else the words in the figure.
    """
    plt.rcParams.update(
        {
            "figure.dpi": 80,
            "figure.constrained_layout.use": True,
            "savefig.bbox": "tight",
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
    # What is kept is packed well; what a slider replaces at once, fast. Its widget does not cut
    # margins off, either, which would draw the figure twice.
    look = {"pil_kwargs": {"compress_level": 6 if scale == 1 else 1}}
    look |= {"dpi": scale * figure.dpi, "bbox_inches": plt.rcParams["savefig.bbox"]}
    if (png := print_figure(figure, **look)) is None:
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

    The image holds gray values (h, w) in any unit, or color (h, w, 3) as uint8 or as float in 0–1.
    The values of `value_range` are drawn black and white, by default its smallest and largest; give
    them whenever two images are to be compared. Pixels whose height and width, `spacing_mm`, are
    unequal stretch the image to its true shape. A unit adds a color bar; axes keep the row and
    column numbers. Other keywords go to `matplotlib.axes.Axes.imshow`.
    """
    ax = ax or plt.gca()
    low, high = value_range or (None, None)
    row_mm, column_mm = spacing_mm or (1, 1)
    drawn = ax.imshow(image, vmin=low, vmax=high, aspect=row_mm / column_mm, **kwargs)
    ax.set_title(title)
    if axes:
        ax.set(xlabel="column", ylabel="row")
    else:
        ax.set(xticks=[], yticks=[])  # hidden ticks would still be computed at each draw
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

    Image and other keywords go to `plot_image`. The masks (h, w) are boolean or 0 and 1; an empty
    one has no outline, which runs half-way between the centers of the pixels inside and outside.
    The legend, if wanted, calls them by their names.

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
    bins = {"bins": np.arange(-1100, 2001, 25), "histtype": "stepfilled"}
    axes[1].hist(np.ravel(hounsfield), **bins, color="0.6", log=True)
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


def plot_roc(labels, probabilities, *, threshold=None, ax=None, label=None, **kwargs):
    """Draw a ROC curve with scikit-learn's display, and a dot at a threshold, a float or Threshold.

    Labels (n,) are 0 or 1, probabilities (n,) those of class 1, 0–1. The label is the curve's entry
    in a legend; other keywords go to `matplotlib.axes.Axes.plot`.

    >>> ax = plot_roc([0, 0, 1, 1], [0.1, 0.6, 0.4, 0.9], threshold=0.5)
    >>> ax.get_ylabel()
    'sensitivity'
    """
    labels, probabilities, _ = check_binary(labels, probabilities)
    ax, style = ax or plt.gca(), {"color": BLUE} | kwargs
    curve = roc_curve(labels, probabilities, drop_intermediate=False)
    ax.plot([0, 1], [0, 1], ":", color="0.6")
    RocCurveDisplay(fpr=curve[0], tpr=curve[1]).plot(ax=ax, name=label, curve_kwargs=style)
    if ax.get_legend() is not None:
        ax.get_legend().remove()
    if threshold is not None:
        y, x = _rates(labels, probabilities, threshold)
        ax.plot(x, y, **POINT)
        # Towards the side where there is room.
        place = {"xytext": (-9, 9), "ha": "right"} if x > 0.6 else {"xytext": (9, -13)}
        text = f"threshold {float(threshold):.3g}"
        ax.annotate(text, (x, y), textcoords="offset points", **place)
    limits = (-0.05, 1.05)
    ax.set(xlabel="1 − specificity", ylabel="sensitivity", xlim=limits, ylim=limits)
    return ax


def _rates(labels, probabilities, threshold):
    """Return the sensitivity and the share of false positives at a threshold."""
    called, ill = probabilities >= check_threshold(threshold), labels == 1
    return called[ill].mean(), called[~ill].mean()


def plot_confusion(labels, probabilities, threshold, *, ax=None):
    """Draw the confusion matrix: counts printed, shares of each true class as shades.

    Arguments as for `plot_roc`.

    >>> _, ax = plt.subplots()
    >>> ax = plot_confusion([0, 0, 1, 1], [0.1, 0.6, 0.7, 0.9], 0.5, ax=ax)
    >>> [text.get_text().split() for text in ax.texts]
    [['2', '100', '%'], ['0', '0', '%'], ['1', '50', '%'], ['1', '50', '%']]
    """
    labels, probabilities, _ = check_binary(labels, probabilities)
    called = probabilities >= check_threshold(threshold)
    counts = confusion_matrix(labels, called, labels=[1, 0])
    shares = counts / counts.sum(axis=1, keepdims=True)
    display = ConfusionMatrixDisplay(shares, display_labels=["positive", "negative"])
    display.plot(ax=ax or plt.gca(), cmap="Blues", colorbar=False, im_kw={"vmin": 0, "vmax": 1})
    for text, count, share in zip(display.text_.flat, counts.flat, shares.flat, strict=True):
        text.set_text(f"{count}\n{100 * share:.0f} %")
    display.ax_.set(xlabel="called", ylabel="truth", title=f"threshold {float(threshold):.3g}")
    display.ax_.spines[:].set_visible(False)
    return display.ax_


def plot_predictive_values(sensitivity, specificity, *, prevalence, ax=None):
    """Draw both predictive values against the prevalence, by Bayes' rule, and mark one prevalence.

    All lie above 0 and below 1. Altman and Bland 1994, https://doi.org/10.1136/bmj.309.6947.102.

    >>> ax = plot_predictive_values(0.9, 0.9, prevalence=0.05)
    >>> ax.get_title()
    'prevalence 5 %: PPV 0.32, NPV 0.99'
    """

    def values(share):
        right = sensitivity * share, specificity * (1 - share)
        wrong = (1 - specificity) * (1 - share), (1 - sensitivity) * share
        return [r / (r + w) for r, w in zip(right, wrong, strict=True)]

    grid, here = np.linspace(0.005, 0.995, 199), values(prevalence)
    positive, negative = values(grid)
    ax = ax or plt.gca()
    ax.plot(grid, positive, color=BLUE, label="positive predictive value (PPV)")
    ax.plot(grid, negative, "--", color=ORANGE, label="negative predictive value (NPV)")
    ax.axvline(prevalence, linestyle=":", color="0.5")
    ax.plot([prevalence] * 2, here, "o", color="black", zorder=3)
    ax.set_title(f"prevalence {100 * prevalence:.3g} %: PPV {here[0]:.2f}, NPV {here[1]:.2f}")
    ax.set(xlabel="prevalence", ylabel="predictive value", xlim=(0, 1), ylim=(0, 1.03))
    ax.legend(frameon=False, loc="lower center")
    return ax


def plot_threshold(labels, probabilities, threshold, *, costs, prevalence=None):
    """Draw what a threshold does: confusion matrix, point on the ROC curve, and cost.

    Labels, probabilities and threshold are those of `plot_roc`, costs those of a miss and a false
    positive, above 0. The prevalence where the threshold is used is the data's own by default.

    >>> figure, axes = plot_threshold([0, 0, 1, 1], [0.1, 0.6, 0.4, 0.9], 0.5, costs=(10, 1))
    >>> axes[2].get_title()
    'cost 2.75 per case'
    """
    labels, probabilities, _ = check_binary(labels, probabilities)
    share = labels.mean() if prevalence is None else prevalence

    def cost(sensitivity, false_positives):
        return share * (1 - sensitivity) * costs[0] + (1 - share) * false_positives * costs[1]

    figure, axes = plt.subplots(1, 3, figsize=(10.8, 3.4))
    plot_confusion(labels, probabilities, threshold, ax=axes[0])
    plot_roc(labels, probabilities, threshold=threshold, ax=axes[1])
    false_positives, sensitivity, values = roc_curve(labels, probabilities, drop_intermediate=False)
    # From one probability up to the next the calls, and so the cost, stay the same.
    x, y = np.r_[np.minimum(values, 1), 0], np.r_[cost(sensitivity, false_positives), cost(1, 1)]
    axes[2].step(x, y, where="post", color=BLUE)
    here = cost(*_rates(labels, probabilities, threshold))
    axes[2].plot(float(threshold), here, **POINT)
    axes[2].set(xlabel="threshold", ylabel="mean cost", xlim=(0, 1.02), ylim=(0, None))
    axes[2].set_title(f"cost {here:.2f} per case")
    return figure, axes


def plot_history(history):
    """Draw the learning curves of a training: loss and accuracy, training and validation.

    It takes what `training.fit` or ``model.fit`` returns, with ``metrics=["accuracy"]`` and
    validation data, or a dict of lists.
    """
    curves = getattr(history, "history", history)
    epochs = range(1, len(curves["loss"]) + 1)
    figure, axes = plt.subplots(1, 2, figsize=(8.5, 2.8))
    for ax, name in zip(axes, ("loss", "accuracy"), strict=True):
        ax.plot(epochs, curves[name], "-", color="0.4", label="training")
        ax.plot(epochs, curves[f"val_{name}"], "o-", color=BLUE, markersize=3, label="validation")
        ax.set(xlabel="epoch", ylabel=name)
    axes[1].set_ylim(0, 1)
    axes[0].legend(frameon=False)
    return figure, axes
