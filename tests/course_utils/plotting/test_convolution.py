"""The pictures of a sliding window show the numbers that are computed."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_utils import plotting, widgets

IMAGE = np.arange(20.0).reshape(4, 5)
KERNEL = np.array([[1, 0], [0, -1]])


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_numbers_are_printed_with_real_minus_signs_and_no_negative_zero():
    _, axes = plt.subplots(3)
    assert texts(plotting.plot_numbers([[-2.0, -0.0]], ax=axes[0])) == ["−2", "0"]
    assert texts(plotting.plot_numbers([[-0.04, 1.26]], ax=axes[1])) == ["0.0", "1.3"]
    assert texts(plotting.plot_numbers([[np.nan, 3.0]], ax=axes[2])) == ["3"]


@pytest.mark.parametrize("shape", [(3,), (2, 2, 2), (21, 20)])
def test_what_cannot_be_printed_is_refused(shape):
    with pytest.raises(ValueError, match="400 at most"):
        plotting.plot_numbers(np.zeros(shape))


def test_step_shows_window_products_and_the_results_so_far():
    # The window at row 1, column 2 holds 7, 8, 12, 13: 7 · 1 + 13 · (−1) = −6.
    _, (image, products, result) = plotting.plot_convolution_step(IMAGE, KERNEL, 1, 2)
    assert len(texts(image)) == 20
    assert texts(products) == ["7 × 1\n= 7", "8 × 0\n= 0", "12 × 0\n= 0", "13 × −1\n= −13"]
    assert products.get_title().endswith("sum −6")
    assert texts(result) == ["−6"] * 7


def test_padding_stride_and_dilation_are_drawn():
    _, (image, _, result) = plotting.plot_convolution_step(
        IMAGE, np.ones((3, 3)), stride=2, padding="same"
    )
    assert result.get_title() == "result, 2 × 3"
    # TensorFlow pads 4 rows at stride 2 with one row below, and 5 columns with one on each side.
    assert len(texts(image)) == 5 * 7
    _, (_, products, _) = plotting.plot_convolution_step(IMAGE, KERNEL, dilation=2)
    assert texts(products)[-1] == "12 × −1\n= −12"


def test_a_pixel_outside_the_result_is_refused():
    with pytest.raises(ValueError, match="3 rows and 4 columns"):
        plotting.plot_convolution_step(IMAGE, KERNEL, 3, 0)


@pytest.fixture
def stepper(monkeypatch):
    drawn = []
    monkeypatch.setattr(widgets._controls, "display", drawn.append)
    stepper = widgets.convolution_stepper(IMAGE, {"small": KERNEL, "large": np.ones((3, 3))})
    stepper.update()
    return stepper, drawn


def test_stepper_draws_what_the_static_figure_draws(stepper):
    widget, drawn = stepper
    stop, kernel = widget.children[:2]
    stop.value = 6
    assert drawn[-1].axes[1].get_title().endswith("sum −6")
    kernel.value = "large"
    assert stop.max == 5
    assert drawn[-1].axes[2].get_title() == "result, 2 × 3"


def test_stepper_says_what_does_not_fit(stepper, capsys):
    widget, drawn = stepper
    widget.children[1].value = "large"
    count = len(drawn)
    widget.children[3].value = 2
    assert len(drawn) == count
    assert "padding='same'" in capsys.readouterr().out + str(widget.out.outputs)
