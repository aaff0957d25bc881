"""Masks over images: two lines told apart, in the right place, the same in the widget."""

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_rgb

matplotlib.use("Agg")

from course_utils import plotting, widgets


@pytest.fixture
def mask():
    """A rectangle of rows 2 to 4 and columns 3 to 7."""
    mask = np.zeros((10, 12), bool)
    mask[2:5, 3:8] = True
    return mask


def test_outlines_enclose_the_pixels_of_the_mask(mask):
    ax = plotting.plot_overlay(np.zeros((10, 12)), mask)
    columns, rows = ax.lines[0].get_data()
    assert (np.nanmin(columns), np.nanmax(columns)) == (2.5, 7.5)
    assert (np.nanmin(rows), np.nanmax(rows)) == (1.5, 4.5)


def test_an_outline_closes_at_the_edge_of_the_image():
    columns, rows = plotting.plot_overlay(np.zeros((4, 4)), np.ones((4, 4))).lines[0].get_data()
    assert (np.nanmin(columns), np.nanmax(rows)) == (-0.5, 3.5)
    assert (columns[0], rows[0]) == (columns[-2], rows[-2]), "the last point lifts the pen"


def test_separate_parts_are_not_joined(mask):
    mask[7:9, 1:3] = True
    columns = plotting.plot_overlay(np.zeros((10, 12)), mask).lines[0].get_xdata()
    assert np.isnan(columns).sum() == 2


def test_the_two_lines_differ_in_dashes_and_in_gray(mask):
    ax = plotting.plot_overlay(np.zeros((10, 12)), mask, mask)
    truth, predicted = ax.lines
    assert truth.get_linestyle() == "-"
    assert predicted.is_dashed()
    gray = [np.dot(to_rgb(line.get_color()), (0.299, 0.587, 0.114)) for line in ax.lines]
    assert gray[0] - gray[1] > 0.2


def test_the_legend_names_what_is_drawn(mask):
    image = np.zeros((10, 12))
    ax = plotting.plot_overlay(image, mask, mask, names=("first reader", "second reader"))
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts == ["first reader", "second reader"]
    _, axes = matplotlib.pyplot.subplots(1, 2)
    assert plotting.plot_overlay(image, None, mask, ax=axes[0], legend=False).get_legend() is None
    assert plotting.plot_overlay(image, ax=axes[1]).get_legend() is None
    assert not axes[1].lines


def test_an_empty_mask_draws_nothing_and_is_still_named(mask):
    ax = plotting.plot_overlay(np.zeros((10, 12)), mask, np.zeros((10, 12)))
    assert np.isnan(ax.lines[1].get_xdata()).all()
    assert len(ax.get_legend().get_texts()) == 2


def test_the_image_is_drawn_as_by_plot_image(mask):
    ax = plotting.plot_overlay(np.eye(10, 12), mask, value_range=(0, 2), spacing_mm=(2, 1))
    assert ax.images[0].get_clim() == (0, 2)
    assert ax.get_aspect() == 2


@pytest.mark.parametrize("wrong", [np.zeros((4, 4)), np.full((10, 12), 0.3), np.full((10, 12), 2)])
def test_what_is_no_mask_of_this_image_is_refused(wrong):
    with pytest.raises(ValueError, match="The predicted mask has shape"):
        plotting.plot_overlay(np.zeros((10, 12)), None, wrong)


def test_the_viewer_starts_at_the_largest_slice_and_draws_the_static_figure(mask, monkeypatch):
    drawn = []
    monkeypatch.setattr(widgets._controls, "display", drawn.append)
    truth = np.stack([np.zeros_like(mask), np.zeros_like(mask), mask])
    viewer = widgets.overlay_viewer(np.ones((3, 10, 12)), truth, truth, spacing_mm=(2, 1))
    viewer.update()
    viewer.children[0].value = 0
    axes = [figure.axes[0] for figure in drawn]
    assert [ax.get_title() for ax in (axes[0], axes[-1])] == ["slice 3 of 3", "slice 1 of 3"]
    static = plotting.plot_overlay(np.ones((10, 12)), mask, mask)
    np.testing.assert_array_equal(axes[0].lines[0].get_data(), static.lines[0].get_data())
    assert axes[0].images[0].get_clim() == (0, 1)


def test_the_viewer_refuses_stacks_that_do_not_fit(mask):
    with pytest.raises(ValueError, match="one channel"):
        widgets.overlay_viewer(np.ones((10, 12)))
    with pytest.raises(ValueError, match="one mask per slice"):
        widgets.overlay_viewer(np.ones((3, 10, 12)), mask)
