"""Each widget draws what the static figure beside it draws: one figure for each move."""

import matplotlib.pyplot as plt
import nibabel
import numpy as np
import pytest

from course_utils import plotting, widgets

IMAGE = np.arange(42.0).reshape(6, 7)
KERNELS = {"small": np.array([[1, 0], [0, -1]]), "large": np.ones((5, 5))}


@pytest.fixture
def drawn(monkeypatch):
    """The figures that widgets have shown."""
    figures = []
    monkeypatch.setattr(widgets, "display", figures.append)
    yield figures
    plt.close("all")


def titles(figure):
    return [ax.get_title() for ax in figure.axes]


def test_stepper_draws_what_the_static_figure_draws(drawn):
    stop, kernel, *_ = widgets.convolution_stepper(IMAGE, KERNELS).children
    stop.value = 8
    expected, _ = plotting.plot_convolution_step(IMAGE, KERNELS["small"], 1, 2)
    assert titles(drawn[-1]) == titles(expected)
    kernel.value = "large"
    assert stop.max == 5
    assert titles(drawn[-1])[2] == "result, 2 × 3"


@pytest.mark.parametrize(("control", "value"), [(2, 2), (3, 2), (4, "same")])
def test_stepper_shows_one_figure_though_the_last_stop_moves(drawn, control, value):
    stepper = widgets.convolution_stepper(IMAGE, KERNELS)
    stepper.update()
    stepper.children[0].value = stepper.children[0].max
    before = len(drawn)
    stepper.children[control].value = value
    assert len(drawn) == before + 1
    assert stepper.children[0].value <= stepper.children[0].max


def test_stepper_says_what_does_not_fit(drawn, capsys):
    stepper = widgets.convolution_stepper(IMAGE, KERNELS)
    stepper.children[1].value = "large"
    before = len(drawn)
    stepper.children[3].value = 2
    assert len(drawn) == before
    assert "padding='same'" in capsys.readouterr().out + str(stepper.out.outputs)


def test_every_slider_of_the_pooling_explorer_changes_the_figure(drawn):
    explorer = widgets.pooling_explorer(np.eye(32), shift=1, size=4, kind="max")
    explorer.update()
    assert titles(drawn[-1])[1:4:2] == ["shifted by 1", "max of 4 × 4"]
    for control, value in zip(explorer.children, (8, 2, "average"), strict=False):
        control.value = value
    assert titles(drawn[-1])[1:4:2] == ["shifted by 8", "average of 2 × 2"]


def test_every_slider_of_the_window_explorer_changes_the_figure(drawn):
    explorer = widgets.window_explorer(np.array([[0.0, 80.0]]), center=40, width=80)
    explorer.update()
    assert titles(drawn[-1])[0] == "center 40 HU, width 80 HU"
    explorer.children[0].value, explorer.children[1].value = 50, 160
    assert titles(drawn[-1])[0] == "center 50 HU, width 160 HU"


def test_scales_are_fine_where_it_matters_and_lead_back_to_the_start(drawn):
    explorer = widgets.threshold_explorer([0, 0, 1], [0.01, 0.04, 0.2], threshold=0.03125)
    threshold, cost = explorer.children[:2]
    assert threshold.label == "0.03125 (start)"
    stops = np.array([value for _, value in threshold.options])
    assert np.diff(stops).max() == pytest.approx(0.01)
    assert np.diff(stops[stops < 0.01]).max() == pytest.approx(0.0001)
    assert np.diff(stops[stops > 0.99]).max() == pytest.approx(0.0001)
    assert {"0.001", "0.031", "0.032", "0.999"} <= {label for label, _ in threshold.options}
    assert [cost.options[0][0], cost.label, cost.options[-1][0]] == ["1", "10 (start)", "100"]
    widths = widgets.window_explorer(np.zeros((1, 2)), center=40, width=80).children[1]
    assert {"79", "80 (start)", "81", "4000"} <= {label for label, _ in widths.options}


def test_slice_viewer_changes_plane_and_stays_inside_the_volume(drawn):
    # The axes of the data grow to the front, to the head and to the right.
    volume = nibabel.Nifti1Image(np.zeros((8, 4, 6), np.float32), np.eye(4)[[2, 0, 1, 3]])
    plane, index = widgets.slice_viewer(volume).children[:2]
    assert index.max == 3
    index.value = 3
    plane.value = "sagittal"
    assert index.max == 5
    assert titles(drawn[-1]) == ["sagittal, slice 3"]


def test_overlay_viewer_starts_at_the_largest_slice_and_draws_the_static_figure(drawn):
    truth = np.zeros((3, 10, 12), bool)
    truth[2, 2:5, 3:8] = True
    viewer = widgets.overlay_viewer(np.ones((3, 10, 12)), truth, truth)
    viewer.update()
    static = plotting.plot_overlay(np.ones((10, 12)), truth[2], truth[2])
    shown = drawn[-1].axes[0]
    np.testing.assert_array_equal(shown.lines[0].get_data(), static.lines[0].get_data())
    viewer.children[0].value = 0
    assert [*titles(drawn[0]), *titles(drawn[-1])] == ["slice 3 of 3", "slice 1 of 3"]
