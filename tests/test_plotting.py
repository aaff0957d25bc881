"""Figures: deliberate gray scale, true proportions, and the same function in the widgets."""

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from course_utils import imaging, plotting, widgets


@pytest.fixture(autouse=True)
def _closed_figures():
    yield
    plt.close("all")


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
