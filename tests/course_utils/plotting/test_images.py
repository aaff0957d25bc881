"""Images: deliberate gray scale, true proportions, masks told apart and in the right place."""

import base64
import re
from io import BytesIO
from types import SimpleNamespace

import matplotlib.pyplot as plt
import nibabel
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from course_utils import plotting
from course_utils.plotting import figures


@pytest.fixture
def mask():
    """A rectangle of rows 2 to 4 and columns 3 to 7."""
    mask = np.zeros((10, 12), bool)
    mask[2:5, 3:8] = True
    return mask


def test_an_image_keeps_its_value_range_and_its_true_proportion(mask):
    for draw in (plotting.plot_image, plotting.plot_overlay):
        ax = draw(np.eye(10, 12), value_range=(-1, 2), spacing_mm=(6.0, 2.0))
        assert ax.images[0].get_clim() == (-1, 2)
        assert ax.get_aspect() == 3.0


def test_every_image_needs_its_title():
    with pytest.raises(ValueError, match="shorter"):
        plotting.plot_images([np.eye(2), np.eye(2)], ["one"])


def test_images_fill_rows_and_leave_the_rest_blank():
    _, axes = plotting.plot_images([np.eye(2)] * 3, columns=2)
    assert axes.shape == (2, 2)
    assert [bool(ax.images) for ax in axes.flat] == [True, True, True, False]


def test_window_figure_marks_the_window():
    _, axes = plotting.plot_window(np.array([[-100.0, 40.0], [60.0, 900.0]]), 40, 80)
    ramp = axes[1].figure.axes[-1].lines[0]
    assert list(ramp.get_xdata())[1:3] == [0, 80]
    assert axes[0].images[0].get_array().tolist() == [[0.0, 0.5], [0.75, 1.0]]


@pytest.mark.parametrize(
    ("plane", "index", "letters"),
    [("axial", 7, "RLA"), ("coronal", 5, "RLS"), ("sagittal", 3, "APS")],
)
def test_a_slice_has_right_or_front_on_the_left_and_names_its_sides(plane, index, letters):
    data = np.zeros((4, 6, 8), dtype=np.float32)
    data[3, 5, 7] = 100  # the patient's right, front, top
    volume = nibabel.Nifti1Image(data, np.diag([1.0, 1.0, 3.0, 1.0]))
    ax = plotting.plot_slice(volume, plane, index)
    assert np.argwhere(np.asarray(ax.images[0].get_array()) == 100).tolist() == [[0, 0]]
    assert ax.images[0].get_clim() == (0, 100)
    assert [text.get_text() for text in ax.texts] == list(letters)
    assert ax.get_title() == f"{plane}, slice {index}"


def test_a_figure_is_shown_with_the_alt_text_of_its_cell_or_its_own_words(monkeypatch):
    request = {"metadata": {"mystnb": {"image": {"alt": 'Two "crossing" lines.'}}}}
    shell = SimpleNamespace(kernel=SimpleNamespace(get_parent=lambda: request))
    monkeypatch.setattr(figures, "get_ipython", lambda: shell)
    figure, axes = plt.subplots(1, 2)
    axes[0].plot([1, 2], label="rising")
    axes[0].set(title="Lines", xlabel="week", ylabel="size in mm")
    elements = {}
    for scale in ("1", "2"):
        monkeypatch.setenv("COURSE_FIGURE_SCALE", scale)
        elements[scale] = figures._as_html(figure)
        assert 'alt="Two &quot;crossing&quot; lines."' in elements[scale]
    single, double = (
        (int(re.search(r'width="(\d+)"', html)[1]), re.search(r'base64,([^"]+)"', html)[1])
        for html in elements.values()
    )
    assert single[0] == pytest.approx(double[0], abs=1)
    pictures = [Image.open(BytesIO(base64.b64decode(png))) for _, png in (single, double)]
    assert pictures[0].width == single[0]
    assert pictures[1].width == pytest.approx(2 * double[0], abs=1)

    request.clear()
    said = "Figure. Panel 1: Lines, size in mm against week, rising. Panel 2: no words."
    assert f'alt="{said}"' in figures._as_html(figure)
    assert figures._as_html(plt.figure()) is None


def test_outlines_enclose_the_pixels_of_the_mask_and_close_at_the_edge(mask):
    columns, rows = plotting.plot_overlay(np.zeros((10, 12)), mask).lines[0].get_data()
    assert (np.nanmin(columns), np.nanmax(columns)) == (2.5, 7.5)
    assert (np.nanmin(rows), np.nanmax(rows)) == (1.5, 4.5)
    _, ax = plt.subplots()
    ax = plotting.plot_overlay(np.zeros((4, 4)), np.ones((4, 4)), ax=ax)
    columns, rows = ax.lines[0].get_data()
    assert (np.nanmin(columns), np.nanmax(rows)) == (-0.5, 3.5)
    assert (columns[0], rows[0]) == (columns[-2], rows[-2]), "the last point lifts the pen"


def test_separate_parts_are_not_joined(mask):
    mask[7:9, 1:3] = True
    columns = plotting.plot_overlay(np.zeros((10, 12)), mask).lines[0].get_xdata()
    assert np.isnan(columns).sum() == 2


def test_the_two_lines_differ_in_dashes_and_in_gray_and_are_named(mask):
    names = ("first reader", "second reader")
    ax = plotting.plot_overlay(np.zeros((10, 12)), mask, mask, names=names)
    truth, predicted = ax.lines
    assert truth.get_linestyle() == "-"
    assert predicted.is_dashed()
    gray = [np.dot(to_rgb(line.get_color()), (0.299, 0.587, 0.114)) for line in ax.lines]
    assert gray[0] - gray[1] > 0.2
    assert tuple(text.get_text() for text in ax.get_legend().get_texts()) == names


def test_an_empty_mask_draws_nothing_and_is_still_named(mask):
    _, axes = plt.subplots(1, 3)
    image = np.zeros((10, 12))
    empty = plotting.plot_overlay(image, mask, ~mask & mask, ax=axes[0])
    assert np.isnan(empty.lines[1].get_xdata()).all()
    assert len(empty.get_legend().get_texts()) == 2
    assert plotting.plot_overlay(image, mask, ax=axes[1], legend=False).get_legend() is None
    assert plotting.plot_overlay(image, ax=axes[2]).get_legend() is None


def test_history_shows_training_and_validation():
    curves = {"loss": [0.7, 0.5], "val_loss": [0.7, 0.6], "accuracy": [0.5, 0.8]}
    _, axes = plotting.plot_history(curves | {"val_accuracy": [0.5, 0.7]})
    assert list(axes[1].lines[1].get_ydata()) == [0.5, 0.7]
