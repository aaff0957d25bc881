"""Move the window of a CT slice; leaf through a volume."""

import ipywidgets
import matplotlib.pyplot as plt

from course_utils import plotting
from course_utils.widgets._controls import LABEL, redrawn, slider


def window_explorer(hounsfield, center=40, width=80):
    """Move the window of a CT slice by hand; draws with `plotting.plot_window`.

    Parameters
    ----------
    hounsfield : ndarray, shape (h, w)
        Hounsfield units.
    center, width : int, optional
        Where the sliders start, in Hounsfield units.

    Returns
    -------
    widget : ipywidgets.interactive
    """

    def draw(center, width):
        return plotting.plot_window(hounsfield, center, width)[0]

    return redrawn(
        draw,
        center=slider("center (HU)", center, -1000, 1500, 5),
        width=slider("width (HU)", width, 10, 4000, 10),
    )


def slice_viewer(volume):
    """Leaf through a volume in its three planes; draws with `plotting.plot_slice`.

    Parameters
    ----------
    volume : imaging.Volume

    Returns
    -------
    widget : ipywidgets.VBox
    """
    counts = {p: plotting.slice_count(volume, p) for p in ("axial", "coronal", "sagittal")}
    plane = ipywidgets.ToggleButtons(options=list(counts), description="plane", style=LABEL)
    index = slider("slice", counts["axial"] // 2, 0, counts["axial"] - 1)

    def start_in_the_middle(change):
        # The maximum first, or the slider would cut the new value at the old plane's end.
        index.max = counts[change.new] - 1
        index.value = counts[change.new] // 2

    plane.observe(start_in_the_middle, "value")

    def draw(plane, index):
        figure, ax = plt.subplots(figsize=(4.5, 4.5))
        plotting.plot_slice(volume, plane, min(index, counts[plane] - 1), ax=ax)
        return figure

    return redrawn(draw, plane=plane, index=index)
