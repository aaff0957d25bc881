"""The pictures of sliding windows and poolings show the numbers that are computed."""

import matplotlib.pyplot as plt
import numpy as np

from course_utils import models, plotting

IMAGE = np.arange(20.0).reshape(4, 5)
KERNEL = np.array([[1, 0], [0, -1]])


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_numbers_are_printed_with_real_minus_signs_and_no_negative_zero():
    _, axes = plt.subplots(3)
    assert texts(plotting.plot_numbers([[-2.0, -0.0]], ax=axes[0])) == ["−2", "0"]
    assert texts(plotting.plot_numbers([[-0.04, 1.26]], ax=axes[1])) == ["0.0", "1.3"]
    assert texts(plotting.plot_numbers([[np.nan, 3.0]], ax=axes[2])) == ["3"]


def test_step_shows_window_products_and_the_results_so_far():
    # The window at row 1, column 2 holds 7, 8, 12, 13: 7 · 1 + 13 · (−1) = −6.
    _, (image, products, result) = plotting.plot_convolution_step(IMAGE, KERNEL, 1, 2)
    assert len(texts(image)) == 20
    assert texts(products) == ["7 × 1\n= 7", "8 × 0\n= 0", "12 × 0\n= 0", "13 × −1\n= −13"]
    assert products.get_title().endswith("sum −6")
    assert texts(result) == ["−6"] * 7


def test_padding_stride_and_dilation_are_drawn():
    _, (image, _, result) = plotting.plot_convolution_step(
        IMAGE, np.ones((3, 3)), 0, 0, stride=2, padding="same"
    )
    assert result.get_title() == "result, 2 × 3"
    # TensorFlow pads 4 rows at stride 2 with one row below, and 5 columns with one on each side.
    assert len(texts(image)) == 5 * 7
    _, (_, products, _) = plotting.plot_convolution_step(IMAGE, KERNEL, 0, 0, dilation=2)
    assert texts(products)[-1] == "12 × −1\n= −12"


def test_channels_and_bias_are_added_in_the_title():
    window = np.stack([np.ones((2, 2)), np.full((2, 2), 2.0)], axis=-1)
    figure, axes = plotting.plot_channel_sum(window, window * [1, -1], 0.5, ["red", "green"])
    assert figure.get_suptitle() == "4.0 − 16.0 + bias 0.5 = −11.5"
    assert axes[1].get_title() == "green: value × weight\nsum −16.0"


def test_pooling_figure_prints_the_maximum_and_the_mean_of_each_window():
    _, axes = plotting.plot_pooling(np.array([[1, 2, 0, 4], [3, 6, 0, 0]]), 2)
    assert [texts(ax) for ax in axes[1:]] == [["6", "4"], ["3", "1"]]
    window, result = axes[0].patches[1], axes[1].patches[1]
    assert window.get_edgecolor() == result.get_edgecolor() != axes[0].patches[0].get_edgecolor()


def test_overlapping_windows_begin_a_stride_apart():
    _, axes = plotting.plot_pooling(np.arange(25).reshape(5, 5), 3, stride=2)
    starts = sorted({round(patch.get_x() + 0.42) for patch in axes[0].patches})
    assert starts == [0, 2]
    assert texts(axes[1]) == ["12", "14", "22", "24"]


def test_shift_by_a_whole_window_moves_the_pooled_map_by_one_pixel():
    image = np.zeros((4, 8))
    image[1, 2] = 1
    _, axes = plotting.plot_pooled_shift(image, shift=2, size=2, kind="max")
    before, after = (np.asarray(ax.images[0].get_array()) for ax in axes[1, :2])
    assert np.array_equal(np.roll(before, 1, axis=1), after)
    assert axes[1, 2].get_title() == "difference, change 141%"


def test_gradient_goes_to_one_pixel_or_to_all():
    _, axes = plotting.plot_pooling_gradient(np.array([[1, 5], [5, 2]]), np.array([[8]]))
    assert texts(axes[2]) == ["0", "8", "0", "0"]
    assert texts(axes[3]) == ["2", "2", "2", "2"]


def test_receptive_fields_are_squares_around_the_middle():
    ax = plotting.plot_receptive_fields(np.zeros((20, 20)), {"first": 4, "second": 10})
    assert [patch.get_bbox().extents.tolist() for patch in ax.patches] == [
        [7.5, 7.5, 11.5, 11.5],
        [4.5, 4.5, 14.5, 14.5],
    ]


def test_network_is_drawn_with_the_shapes_and_parameters_that_keras_reports():
    ax = plotting.plot_network(models.first_cnn())
    above, below = texts(ax)[::2], texts(ax)[1::2]
    assert above[:3] == ["input", "Conv2D\n3 × 3\nrelu", "MaxPooling2D\n2 × 2"]
    assert below[0] == "224 × 224 × 3"
    assert below[1] == "222 × 222 × 32\n896 parameters"
    assert below[5:7] == ["186,624", "128\n23,888,000 parameters"]
    # 32 maps are 6 squares: 1, 2, 4, 8, 16, 32. The first pooling halves their side.
    sides = [patch.get_height() for patch in ax.patches]
    assert len(set(sides[3:9])) == 1
    assert sides[9] * 2 == sides[3]
