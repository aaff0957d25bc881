"""The look that all figures share."""

import matplotlib.pyplot as plt

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
