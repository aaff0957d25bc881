"""Figures of the course.

Functions that fill one Axes take ``ax``, by default the current one, and return it; others return
``figure, axes``. None of them shows, saves or changes a global setting, but for `use_style`,
which a lesson's setup cell calls once.
"""

from course_utils.plotting.figures import (
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    plot_confusion,
    plot_history,
    plot_image,
    plot_images,
    plot_overlay,
    plot_predictive_values,
    plot_roc,
    plot_slice,
    plot_threshold,
    plot_window,
    use_style,
)
from course_utils.plotting.layers import (
    plot_channel_sum,
    plot_convolution_step,
    plot_network,
    plot_numbers,
    plot_pooled_shift,
    plot_pooling,
    plot_pooling_gradient,
    plot_receptive_fields,
)
