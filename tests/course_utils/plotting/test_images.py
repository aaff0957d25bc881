"""Figures: deliberate gray scale, true proportions, and the same function in the widgets."""

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")

from course_utils import imaging, plotting, widgets


@pytest.fixture
def volume():
    data = np.zeros((4, 6, 8), dtype=np.float32)
    data[3, 5, 7] = 100  # the patient's right, front, top
    return imaging.Volume(data=data, affine=np.diag([1.0, 1.0, 3.0, 1.0]))


def test_image_keeps_the_given_value_range():
    ax = plotting.plot_image(np.eye(3), value_range=(-1, 2))
    assert ax.images[0].get_clim() == (-1, 2)


def test_pixels_are_drawn_in_their_true_proportion():
    ax = plotting.plot_image(np.eye(3), spacing_mm=(6.0, 2.0))
    assert ax.get_aspect() == 3.0


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (5,), (4, 4, 7)])
def test_what_is_not_an_image_is_refused(shape):
    with pytest.raises(ValueError, match="one slice, one frame or one channel"):
        plotting.plot_image(np.zeros(shape))


def test_titles_must_match_the_images():
    with pytest.raises(ValueError, match="2 images and 1 titles"):
        plotting.plot_images([np.eye(2), np.eye(2)], ["one"])


def test_window_figure_marks_the_window():
    _, axes = plotting.plot_window(np.array([[-100.0, 40.0], [60.0, 900.0]]), 40, 80)
    ramp = axes[1].figure.axes[-1].lines[0]
    assert list(ramp.get_xdata())[1:3] == [0, 80]
    assert axes[0].images[0].get_array().tolist() == [[0.0, 0.5], [0.75, 1.0]]


def test_axial_slice_has_the_patients_right_on_the_left(volume):
    ax = plotting.plot_slice(volume, "axial", 7)
    row, column = np.argwhere(np.asarray(ax.images[0].get_array()) == 100)[0]
    assert (row, column) == (0, 0)
    assert {text.get_text() for text in ax.texts} == {"R", "L", "A"}


def test_slices_are_counted_in_any_orientation(volume):
    turned = imaging.reorient(volume, "SAR")
    assert [plotting.slice_count(turned, p) for p in ("axial", "coronal", "sagittal")] == [8, 6, 4]


def test_unknown_plane_is_refused(volume):
    with pytest.raises(ValueError, match="Choose one of: axial, coronal, sagittal"):
        plotting.slice_count(volume, "oblique")


def test_window_explorer_draws_what_the_static_figure_draws(monkeypatch):
    drawn = []
    monkeypatch.setattr(widgets._controls, "display", drawn.append)
    explorer = widgets.window_explorer(np.array([[0.0, 80.0]]), center=40, width=80)
    explorer.update()
    explorer.children[1].value = 160
    titles = [figure.axes[0].get_title() for figure in drawn]
    assert titles[0] == "center 40 HU, width 80 HU"
    assert titles[-1] == "center 40 HU, width 160 HU"


def test_slice_viewer_changes_plane_and_stays_inside_the_volume(volume, monkeypatch):
    drawn = []
    monkeypatch.setattr(widgets._controls, "display", drawn.append)
    viewer = widgets.slice_viewer(volume)
    plane, index = viewer.children[:2]
    index.value = 7
    plane.value = "sagittal"
    assert index.max == 3
    assert drawn[-1].axes[0].get_title() == "sagittal, slice 2"


def test_history_shows_training_and_validation():
    curves = {"loss": [0.7, 0.5], "val_loss": [0.7, 0.6], "accuracy": [0.5, 0.8]}
    _, axes = plotting.plot_history(curves | {"val_accuracy": [0.5, 0.7]})
    assert list(axes[1].lines[1].get_ydata()) == [0.5, 0.7]
    with pytest.raises(ValueError, match="lacks val_accuracy"):
        plotting.plot_history(curves)
