"""CT windows and slices of volumes."""

import matplotlib.pyplot as plt
import numpy as np

from course_utils import imaging
from course_utils.plotting.images import plot_image
from course_utils.plotting.style import BLUE


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
