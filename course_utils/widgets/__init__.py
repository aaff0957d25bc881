"""Figures that you can move: sliders around the functions of `course_utils.plotting`.

Each widget draws with the same function as the static figure beside it in the lesson, so that
nothing is lost where no kernel runs. All return an `ipywidgets.interactive`.
"""

from course_utils.widgets.evaluation import prevalence_explorer, threshold_explorer
from course_utils.widgets.figures import (
    convolution_stepper,
    overlay_viewer,
    pooling_explorer,
    slice_viewer,
    window_explorer,
)

__all__ = [
    "convolution_stepper",
    "overlay_viewer",
    "pooling_explorer",
    "prevalence_explorer",
    "slice_viewer",
    "threshold_explorer",
    "window_explorer",
]
