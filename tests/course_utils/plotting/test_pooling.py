"""Pooling, receptive fields, and the widget that draws with the same function."""

import numpy as np
import pytest

from course_utils import plotting, widgets


def printed(ax):
    return [text.get_text() for text in ax.texts]


def test_pooling_figure_prints_the_maximum_and_the_mean_of_each_window():
    image = np.array([[1, 2, 0, 4], [3, 6, 0, 0]])
    _, axes = plotting.plot_pooling(image, 2)
    assert [printed(ax) for ax in axes[1:]] == [["6", "4"], ["3", "1"]]
    window, result = axes[0].patches[1], axes[1].patches[1]
    assert window.get_edgecolor() == result.get_edgecolor() != axes[0].patches[0].get_edgecolor()


def test_overlapping_windows_begin_a_stride_apart():
    _, axes = plotting.plot_pooling(np.arange(25).reshape(5, 5), 3, stride=2)
    starts = sorted({round(patch.get_x() + 0.42) for patch in axes[0].patches})
    assert starts == [0, 2]
    assert printed(axes[1]) == ["12", "14", "22", "24"]


@pytest.mark.parametrize("shape", [(13, 4), (4, 4, 3)])
def test_numbers_too_many_to_read_are_refused(shape):
    with pytest.raises(ValueError, match="12 × 12"):
        plotting.plot_pooling(np.zeros(shape))


def test_shift_by_a_whole_window_moves_the_pooled_map_by_one_pixel():
    image = np.zeros((4, 8))
    image[1, 2] = 1
    _, axes = plotting.plot_pooled_shift(image, shift=2, size=2)
    before, after = (np.asarray(ax.images[0].get_array()) for ax in axes[1, :2])
    assert np.array_equal(np.roll(before, 1, axis=1), after)
    assert axes[1, 2].get_title() == "difference, change 141%"


def test_unknown_pooling_is_refused():
    with pytest.raises(ValueError, match="Choose one of: max, average"):
        plotting.plot_pooled_shift(np.eye(4), kind="median")


def test_gradient_goes_to_one_pixel_or_to_all():
    _, axes = plotting.plot_pooling_gradient([[1, 5], [5, 2]], [[8]])
    assert printed(axes[2]) == ["0", "8", "0", "0"]
    assert printed(axes[3]) == ["2", "2", "2", "2"]


def test_receptive_fields_are_squares_around_the_middle():
    ax = plotting.plot_receptive_fields(np.zeros((20, 20)), {"first": 4, "second": 10})
    assert [patch.get_bbox().extents.tolist() for patch in ax.patches] == [
        [7.5, 7.5, 11.5, 11.5],
        [4.5, 4.5, 14.5, 14.5],
    ]
    with pytest.raises(ValueError, match="4 at most"):
        plotting.plot_receptive_fields(np.eye(9), dict.fromkeys("abcde", 3))


def test_pooling_explorer_draws_what_the_static_figure_draws(monkeypatch):
    drawn = []
    monkeypatch.setattr(widgets._controls, "display", drawn.append)
    explorer = widgets.pooling_explorer(np.eye(32), shift=1, size=4)
    explorer.update()
    explorer.children[0].value = 8
    explorer.children[2].value = "average"
    titles = [[ax.get_title() for ax in figure.axes] for figure in drawn]
    assert titles[0][1:4:2] == ["shifted by 1", "max, 4 × 4"]
    assert titles[-1][1:4:2] == ["shifted by 8", "average, 4 × 4"]
