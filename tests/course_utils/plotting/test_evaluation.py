"""Figures of scores show the numbers that evaluation computes, and the widgets draw the same."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_utils import evaluation, plotting, widgets

LABELS = [0, 0, 0, 0, 1, 1]
PROBABILITIES = [0.1, 0.2, 0.3, 0.7, 0.4, 0.9]


@pytest.fixture
def ax():
    return plt.subplots()[1]


def dot(ax):
    return next(line for line in ax.lines if line.get_marker() == "o").get_xydata()[0]


def test_roc_curve_marks_the_threshold(ax):
    assert plotting.plot_roc(LABELS, PROBABILITIES, threshold=0.5, ax=ax) is ax
    np.testing.assert_allclose(dot(ax), [1 / 4, 1 / 2])
    curve = ax.lines[1].get_xydata()
    np.testing.assert_allclose(curve[[0, -1]], [[0, 0], [1, 1]])


def test_precision_recall_curve_shows_the_weighted_prevalence(ax):
    weights = evaluation.prevalence_weights(LABELS, 0.05)
    plotting.plot_precision_recall(LABELS, PROBABILITIES, weights=weights, threshold=0.5, ax=ax)
    np.testing.assert_allclose(ax.lines[0].get_ydata(), 0.05)
    expected = evaluation.positive_predictive_value(LABELS, PROBABILITIES, 0.5, prevalence=0.05)
    np.testing.assert_allclose(dot(ax), [0.5, expected])


def test_area_under_the_drawn_steps_is_the_average_precision(ax):
    plotting.plot_precision_recall(LABELS, PROBABILITIES, ax=ax)
    recall, precision = ax.lines[1].get_data()
    area = np.sum(np.diff(recall) * precision[1:])
    assert ax.lines[1].get_drawstyle() == "steps-pre"
    assert area == pytest.approx(evaluation.average_precision(LABELS, PROBABILITIES))


def test_calibration_has_intervals_only_without_weights(ax):
    plotting.plot_calibration(LABELS, PROBABILITIES, n_bins=2, ax=ax)
    np.testing.assert_allclose(ax.lines[1].get_ydata(), [0, 2 / 3])
    assert len(ax.collections) == 1
    other = plt.subplots()[1]
    plotting.plot_calibration(LABELS, PROBABILITIES, n_bins=2, weights=[1] * 6, ax=other)
    assert not other.collections


def test_decision_curve_draws_the_net_benefit(ax):
    plotting.plot_decision_curve(LABELS, PROBABILITIES, [0.2, 0.5], prevalence=0.1, ax=ax)
    expected = evaluation.net_benefit(LABELS, PROBABILITIES, 0.5, prevalence=0.1)
    assert ax.lines[2].get_ydata()[1] == pytest.approx(expected)


def test_threshold_figure_and_its_widget_agree(monkeypatch):
    drawn = []
    monkeypatch.setattr(widgets._controls, "display", drawn.append)
    widget = widgets.threshold_explorer(LABELS, PROBABILITIES, costs=(10, 1))
    widget.update()
    _, axes = plotting.plot_threshold(LABELS, PROBABILITIES, 0.25, costs=(10, 1))
    widget.children[0].value = 0.25
    for theirs, ours in zip(drawn[-1].axes, axes, strict=True):
        assert theirs.get_title() == ours.get_title()
    # Two of four negatives are called positive, at cost 1 in six cases.
    assert axes[2].get_title() == "cost 0.33 per case"
    widget.children[1].value = 100
    assert drawn[-1].axes[2].get_title() == "cost 0.33 per case"


def test_cost_curve_is_lowest_at_the_threshold_chosen_by_cost():
    _, axes = plotting.plot_threshold(LABELS, PROBABILITIES, 0.5, costs=(10, 1))
    x, y = axes[2].lines[0].get_data()
    chosen = evaluation.choose_threshold(LABELS, PROBABILITIES, "cost", costs=(10, 1))
    assert x[y.argmin()] == chosen.value


def test_prevalence_widget_shows_bayes_rule(monkeypatch):
    drawn = []
    monkeypatch.setattr(widgets._controls, "display", drawn.append)
    widget = widgets.prevalence_explorer(0.9, 0.9, prevalence=0.5)
    widget.update()
    assert drawn[-1].axes[0].get_title() == "prevalence 50 %: PPV 0.90, NPV 0.90"
    widget.children[0].value = 0.05
    assert drawn[-1].axes[0].get_title() == "prevalence 5 %: PPV 0.32, NPV 0.99"


def test_report_is_drawn_at_its_prevalence():
    report = evaluation.report(
        LABELS, PROBABILITIES, threshold=0.5, prevalence=0.05, n_resamples=100
    )
    _, axes = plotting.plot_report(report)
    np.testing.assert_allclose(dot(axes[0]), [1 / 4, 1 / 2])
    np.testing.assert_allclose(axes[1].lines[0].get_ydata(), 0.05)


def test_bad_data_are_refused_by_every_figure():
    for plot in (
        plotting.plot_roc, plotting.plot_precision_recall, plotting.plot_calibration,
        plotting.plot_decision_curve,
    ):  # fmt: skip
        with pytest.raises(ValueError, match="needs both classes"):
            plot([1, 1], [0.2, 0.3])
    with pytest.raises(ValueError, match="a probability, 0 to 1"):
        plotting.plot_confusion(LABELS, PROBABILITIES, 3)
