"""The report: scores with interval and unit, printed, in HTML, as a table, with warnings."""

import numpy as np
import pandas as pd
import pytest

from course_utils import evaluation as ev

RNG = np.random.default_rng(0)
LABELS = np.repeat([0, 1], [160, 40])
PROBABILITIES = np.clip(RNG.normal(0.3 + 0.3 * LABELS, 0.2), 0.01, 0.99)


@pytest.fixture(scope="module")
def result():
    threshold = ev.choose_threshold(LABELS, PROBABILITIES, "youden", group_kind="lesion")
    return ev.report(
        LABELS, PROBABILITIES, threshold=threshold, prevalence=0.05, group_kind="lesion",
        n_resamples=200,
    )  # fmt: skip


def test_scores_are_those_of_the_functions(result):
    weights = ev.prevalence_weights(LABELS, 0.05)
    given = {"weights": weights}
    assert result["AUC"].value == pytest.approx(ev.roc_auc(LABELS, PROBABILITIES))
    for name, metric in (
        ("average precision", ev.average_precision),
        ("Brier score", ev.brier_score),
        ("calibration slope", ev.calibration_slope),
    ):
        assert result[name].value == pytest.approx(metric(LABELS, PROBABILITIES, **given))
    hits, clears = result["sensitivity"].value, result["specificity"].value
    values = ev.predictive_values(hits, clears, 0.05)
    assert result["positive predictive value"].value == pytest.approx(values[0])
    assert result["negative predictive value"].value == pytest.approx(values[1])


def test_report_names_unit_prevalence_and_threshold(result):
    text = repr(result)
    assert text.startswith("40 positive and 160 negative lesions; 95 % intervals over lesions")
    assert "prevalence 0.05" in text
    assert "chosen for the largest sum of sensitivity and specificity on validation data" in text


def test_report_warns_of_small_samples_once(result):
    assert repr(result).count("Warning: Only 40 lesions in the smallest class") == 2  # two methods
    many = ev.report(np.repeat(LABELS, 2), np.repeat(PROBABILITIES, 2), n_resamples=100)
    assert "Warning" not in repr(many)


def test_report_knows_a_threshold_chosen_on_the_data_it_scores(result):
    said = "chosen on the very data scored here"
    assert said in repr(result)
    elsewhere = ev.choose_threshold(LABELS, 1 - PROBABILITIES, "youden")
    for threshold in (elsewhere, 0.5):
        result = ev.report(LABELS, PROBABILITIES, threshold=threshold, n_resamples=100)
        assert said not in repr(result)


def test_html_says_the_same_and_escapes(result):
    html = result._repr_html_()
    assert html.count("<tr>") == 11
    for estimate in result.estimates:
        assert f"{estimate.low:.2f}".replace("-0.00", "0.00") in html
    assert "&lt;b&gt;" in ev.report(
        LABELS, PROBABILITIES, group_kind="<b>", n_resamples=100
    )._repr_html_()  # fmt: skip


def test_table_is_tidy(result):
    table = result.table
    assert isinstance(table, pd.DataFrame)
    assert table.index.name == "score"
    assert (table["low"] <= table["value"]).all()
    assert (table["value"] <= table["high"]).all()
    assert set(table["unit"]) == {"lesions"}
    assert set(table["n_resamples"]) == {200}


def test_counts_are_those_of_the_cases_not_weighted(result):
    counts = result.counts.table().to_numpy()
    assert counts.sum(axis=1).tolist() == [40, 160]
    assert ev.report(LABELS, PROBABILITIES, n_resamples=100).counts is None


def test_what_does_not_exist_is_left_out_with_the_reason():
    labels, probabilities = np.repeat([0, 1], 80), np.repeat([0.2, 0.8], 80)
    result = ev.report(labels, probabilities, threshold=0.5, n_resamples=100)
    assert "Left out: calibration slope: the probabilities separate" in repr(result)
    with pytest.raises(KeyError, match="'calibration slope' is not in this report"):
        result["calibration slope"]
    assert result["sensitivity"].value == 1


def test_whole_groups_are_drawn():
    groups = np.arange(200) // 2
    result = ev.report(LABELS, PROBABILITIES, groups, n_resamples=100)
    assert result.groups_per_class == (80, 20)
    assert {e.groups for e in result.estimates} == {100}
