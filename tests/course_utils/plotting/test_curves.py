"""Figures of scores show the numbers of scikit-learn, and the widgets draw the same."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.metrics import roc_curve

from course_utils import evaluation, plotting, widgets

LABELS = [0, 0, 0, 0, 1, 1]
PROBABILITIES = [0.1, 0.2, 0.3, 0.7, 0.4, 0.9]


@pytest.fixture
def drawn(monkeypatch):
    """Figures that a widget shows."""
    figures = []
    monkeypatch.setattr(widgets, "display", figures.append)
    return figures


def move(widget, description, value):
    next(c for c in widget.children if getattr(c, "description", "") == description).value = value


def test_roc_curve_is_scikit_learns_and_marks_the_threshold():
    ax = plt.subplots()[1]
    assert plotting.plot_roc(LABELS, PROBABILITIES, threshold=0.5, ax=ax, linestyle="--") is ax
    _, curve, dot = ax.lines
    expected = roc_curve(LABELS, PROBABILITIES, drop_intermediate=False)[:2]
    np.testing.assert_allclose(curve.get_data(), expected)
    assert curve.get_linestyle() == "--"
    np.testing.assert_allclose(dot.get_xydata(), [[1 / 4, 1 / 2]])
    assert ax.get_xlabel() == "1 − specificity"
    plotting.plot_roc(LABELS, PROBABILITIES, label="one of several", ax=ax)
    assert ax.get_legend() is None  # the lesson draws it when all curves are there
    with pytest.raises(ValueError, match="needs both classes"):
        plotting.plot_roc([1, 1], [0.2, 0.3])
    with pytest.raises(ValueError, match="a probability, 0 to 1"):
        plotting.plot_confusion(LABELS, PROBABILITIES, 3)


def test_confusion_matrix_prints_counts_and_shades_shares():
    ax = plotting.plot_confusion(LABELS, PROBABILITIES, 0.35, ax=plt.subplots()[1])
    cells = [text.get_text().split("\n") for text in ax.texts]
    assert cells == [["2", "100 %"], ["0", "0 %"], ["1", "25 %"], ["3", "75 %"]]
    np.testing.assert_allclose(ax.images[0].get_array(), [[1, 0], [0.25, 0.75]])
    assert ax.get_xlabel() == "called"


def test_threshold_figure_and_its_widget_agree(drawn):
    widget = widgets.threshold_explorer(LABELS, PROBABILITIES, costs=(10, 1))
    move(widget, "threshold", 0.45)
    _, axes = plotting.plot_threshold(LABELS, PROBABILITIES, 0.45, costs=(10, 1))
    for theirs, ours in zip(drawn[-1].axes, axes, strict=True):
        assert theirs.get_title() == ours.get_title()
    # One of two positives is missed and one of four negatives called, in six cases.
    assert axes[2].get_title() == f"cost {(10 + 1) / 6:.2f} per case"
    move(widget, "cost of a miss", 100)
    assert drawn[-1].axes[2].get_title() == f"cost {(100 + 1) / 6:.2f} per case"


def test_costs_hold_at_the_stated_prevalence():
    given = {"costs": (10, 1), "prevalence": 0.1}
    _, axes = plotting.plot_threshold(LABELS, PROBABILITIES, 0.45, **given)
    assert axes[2].get_title() == f"cost {0.1 * 0.5 * 10 + 0.9 * 0.25:.2f} per case"


def test_cost_curve_is_lowest_at_the_threshold_chosen_by_cost():
    _, axes = plotting.plot_threshold(LABELS, PROBABILITIES, 0.5, costs=(10, 1))
    x, y = axes[2].lines[0].get_data()
    chosen = evaluation.choose_threshold(LABELS, PROBABILITIES, "cost", costs=(10, 1))
    assert x[y.argmin()] == chosen.value


def test_prevalence_widget_shows_bayes_rule_for_all_three_sliders(drawn):
    widget = widgets.prevalence_explorer(0.9, 0.9, prevalence=0.5)
    widget.update()
    assert drawn[-1].axes[0].get_title() == "prevalence 50 %: PPV 0.90, NPV 0.90"
    move(widget, "prevalence", 0.05)
    assert drawn[-1].axes[0].get_title() == "prevalence 5 %: PPV 0.32, NPV 0.99"
    move(widget, "sensitivity", 0.5)  # 25 of 1000 found, 95 called wrongly; 855 right, 25 missed
    expected = f"prevalence 5 %: PPV {25 / 120:.2f}, NPV {855 / 880:.2f}"
    assert drawn[-1].axes[0].get_title() == expected
    move(widget, "specificity", 0.8)
    expected = f"prevalence 5 %: PPV {25 / 215:.2f}, NPV {760 / 785:.2f}"
    assert drawn[-1].axes[0].get_title() == expected
