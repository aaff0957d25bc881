"""Leaf through the slices of a stack with the outlines of masks over them."""

import matplotlib.pyplot as plt
import numpy as np

from course_utils import plotting
from course_utils.widgets._controls import redrawn, slider


def overlay_viewer(images, truth=None, predicted=None, **kwargs):
    """Leaf through one patient's slices with their masks; draws with `plotting.plot_overlay`.

    Parameters
    ----------
    images : array-like, shape (slices, h, w) or (slices, h, w, 3)
        One channel, or color. Gray values share one scale, from 0 to the largest.
    truth, predicted : array-like, shape (slices, h, w), boolean or 0 and 1, optional
    **kwargs
        Passed to `plotting.plot_overlay`, such as ``spacing_mm`` and ``names``.

    Returns
    -------
    widget : ipywidgets.interactive
        It starts in the slice with most of the true mask, or in the middle.

    Raises
    ------
    ValueError
        No stack of slices, or masks that do not fit it.

    Notes
    -----
    Used in lesson 10.
    """
    images = np.asarray(images)
    if images.ndim not in (3, 4) or not len(images):
        raise ValueError(
            f"overlay_viewer got images of shape {images.shape}. Give (slices, h, w) of one "
            "channel, such as dataset.images[dataset.groups == patient][..., 0]."
        )
    masks = {"truth": truth, "predicted": predicted}
    masks = {name: np.asarray(mask) for name, mask in masks.items() if mask is not None}
    for name, mask in masks.items():
        if mask.shape != images.shape[:3]:
            raise ValueError(
                f"overlay_viewer got {name} of shape {mask.shape}. Give one mask per slice, "
                f"{images.shape[:3]}."
            )
    sizes = masks["truth"].sum(axis=(1, 2)) if "truth" in masks else np.zeros(1)
    start = int(sizes.argmax()) if sizes.any() else len(images) // 2
    given = {"value_range": (0, images.max() or 1)} | kwargs

    def draw(index):
        figure, ax = plt.subplots(figsize=(4.5, 4.5))
        shown = {name: mask[index] for name, mask in masks.items()}
        title = f"slice {index + 1} of {len(images)}"
        plotting.plot_overlay(images[index], ax=ax, title=title, **shown, **given)
        return figure

    return redrawn(draw, index=slider("slice", start, 0, len(images) - 1))
