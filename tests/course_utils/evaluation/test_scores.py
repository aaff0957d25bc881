"""Scores agree with scikit-learn and statsmodels; what no library has is worked out by hand."""

import dataclasses
from functools import partial

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import expit, logit
from sklearn import metrics

from course_utils import evaluation as ev

LABELS = [0, 0, 0, 0, 1, 1, 1, 1]
PROBABILITIES = [0.1, 0.2, 0.3, 0.7, 0.25, 0.6, 0.8, 0.9]


@pytest.fixture(params=range(4), ids=lambda seed: f"seed {seed}")
def data(request):
    """Labels, probabilities with ties, and weights, some of them zero."""
    rng = np.random.default_rng(request.param)
    labels = np.r_[0, 0, 1, 1, rng.integers(0, 2, 76)]
    steps = 10 if request.param % 2 else 1000
    probabilities = np.clip(rng.normal(0.4 + 0.2 * labels, 0.2), 0.01, 0.99)
    probabilities = np.clip(np.round(probabilities * steps) / steps, 0.05, 0.95)
    weights = rng.exponential(size=80) * (rng.random(80) > 0.1)
    return labels, probabilities, weights


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (ev.roc_auc, metrics.roc_auc_score),
        (ev.average_precision, metrics.average_precision_score),
    ],
)
def test_scores_agree_with_scikit_learn_with_and_without_weights(data, ours, theirs):
    labels, probabilities, weights = data
    assert ours(labels, probabilities) == pytest.approx(theirs(labels, probabilities))
    assert ours(labels, probabilities, sample_weight=weights) == pytest.approx(
        theirs(labels, probabilities, sample_weight=weights)
    )


def test_operating_points_lie_on_the_roc_curve(data):
    labels, probabilities, weights = data
    false_positives, hits, _ = metrics.roc_curve(
        labels, probabilities, sample_weight=weights, drop_intermediate=False
    )
    for target in (0, 0.5, 0.9, 1):
        expected = hits[1 - false_positives >= target - 1e-9].max()
        ours = ev.sensitivity_at_specificity(
            labels, probabilities, specificity=target, sample_weight=weights
        )
        assert ours == pytest.approx(expected)


def test_calibration_agrees_with_logistic_regression(data):
    labels, probabilities, _ = data
    odds = logit(probabilities)
    slope = sm.Logit(labels, sm.add_constant(odds)).fit(disp=0).params[1]
    intercept = sm.Logit(labels, np.ones(80), offset=odds).fit(disp=0).params[0]
    assert ev.calibration_slope(labels, probabilities) == pytest.approx(slope, rel=1e-5)
    assert ev.calibration_intercept(labels, probabilities) == pytest.approx(intercept, rel=1e-5)


@pytest.mark.parametrize(
    "score",
    [
        ev.roc_auc,
        ev.average_precision,
        ev.calibration_slope,
        ev.calibration_intercept,
        partial(ev.sensitivity_at_specificity, specificity=0.8),
    ],
)
def test_whole_weights_act_like_repeated_rows(data, score):
    labels, probabilities, _ = data
    times = np.random.default_rng(9).integers(1, 4, 80)
    repeated = score(np.repeat(labels, times), np.repeat(probabilities, times))
    assert score(labels, probabilities, sample_weight=times) == pytest.approx(repeated, rel=1e-6)


@pytest.mark.parametrize(
    # As computed by R's auctestr 1.0.0, in the examples of its manual.
    ("positives", "negatives", "expected"),
    [(20, 200, 0.06498283), (110, 110, 0.03282048), (20, 20, 0.07789072)],
)
def test_hanley_and_mcneil(positives, negatives, expected):
    error = ev.auc_standard_error(0.75, positives, negatives)
    assert error == pytest.approx(expected, rel=1e-6)


def test_temperature_corrects_the_slope_and_prior_shift_the_intercept():
    rng = np.random.default_rng(0)
    truth = rng.uniform(0.02, 0.6, 4000)
    labels = (rng.random(4000) < truth).astype(int)
    # Three times too extreme around one half: the slope is a third.
    extreme = expit(3 * logit(truth))
    temperature = ev.fit_temperature(labels, extreme)
    assert temperature.value == pytest.approx(3, rel=0.1)
    assert repr(temperature).endswith("fitted on 4000 cases")
    assert ev.calibration_slope(labels, extreme) == pytest.approx(1 / 3, abs=0.05)
    assert ev.calibration_slope(labels, temperature.apply(extreme)) == pytest.approx(1, abs=0.15)
    # As if trained on half and half: shifted by a constant, the slope is right.
    share = labels.mean()
    shifted = ev.shift_prevalence(truth, share, 0.5)
    assert ev.calibration_slope(labels, shifted) == pytest.approx(1, abs=0.15)
    assert ev.calibration_intercept(labels, shifted) == pytest.approx(logit(share), abs=0.1)
    np.testing.assert_allclose(ev.shift_prevalence(shifted, 0.5, share), truth)
    # The wrong remedy does not help.
    cooled = ev.fit_temperature(labels, shifted).apply(shifted)
    assert ev.calibration_intercept(labels, cooled) < -0.5


@pytest.mark.parametrize("temperature", [0.05, 0.5, 5, 12])
def test_very_cold_and_very_hot_temperatures_are_found(temperature):
    # Three of four right: the log-odds should be log 3.
    labels = np.tile([0, 0, 0, 1, 0, 1, 1, 1], 10)
    probabilities = expit(temperature * np.log(3) * np.tile(np.repeat([-1, 1], 4), 10))
    assert ev.fit_temperature(labels, probabilities).value == pytest.approx(temperature, rel=1e-3)


@pytest.mark.parametrize(
    ("rule", "arguments", "value"),
    [
        # Sensitivity 3/4 at 0.6, 1 at 0.25; specificity 3/4 from 0.6 to 0.7, 1 above 0.7.
        ("sensitivity", {"target": 0.75}, 0.6),
        ("sensitivity", {"target": 0.8}, 0.25),
        ("specificity", {"target": 0.75}, 0.6),
        ("specificity", {"target": 0.9}, 0.8),
        ("cost", {"costs": (1, 1)}, 0.8),  # 2 misses = 1 miss + 1 false positive: the higher one
        ("cost", {"costs": (10, 1)}, 0.25),
        ("cost", {"costs": (1, 10)}, 0.8),
    ],
)
def test_thresholds_follow_their_rule_and_say_so(rule, arguments, value):
    threshold = ev.choose_threshold(
        LABELS, PROBABILITIES, rule, chosen_on="validation lesions", **arguments
    )
    assert threshold.value == value
    called = np.asarray(PROBABILITIES) >= float(threshold)
    assert threshold.sensitivity == metrics.recall_score(LABELS, called)
    assert threshold.specificity == metrics.recall_score(LABELS, called, pos_label=0)
    text = repr(threshold)
    assert "on validation lesions: 4 negative and 4 positive cases" in text.replace("\n", " ")
    assert max(map(len, text.splitlines())) <= 88
    with pytest.raises(dataclasses.FrozenInstanceError):
        threshold.value = 0.5


def test_a_specificity_beyond_all_cases_calls_nothing_positive():
    threshold = ev.choose_threshold([0, 1], [1.0, 0.5], "specificity", target=1.0)
    assert 1 < float(threshold) < 1.001


RNG = np.random.default_rng(0)
MANY = np.repeat([0, 1], [160, 40])
SCORES = np.clip(RNG.normal(0.3 + 0.3 * MANY, 0.2), 0.01, 0.99)


@pytest.fixture(scope="module")
def report():
    threshold = ev.choose_threshold(MANY, SCORES, "cost", costs=(4, 1))
    return ev.report(
        MANY, SCORES, threshold=threshold, prevalence=0.05, group_kind="lesion", n_resamples=200
    )


def test_report_has_the_scores_of_scikit_learn_at_the_stated_prevalence(report):
    found = {estimate.name: estimate for estimate in report.estimates}
    given = {"sample_weight": ev.prevalence_weights(MANY, 0.05)}
    threshold = float(ev.choose_threshold(MANY, SCORES, "cost", costs=(4, 1)))
    called = (threshold <= SCORES).astype(int)
    expected = {
        "AUC": metrics.roc_auc_score(MANY, SCORES),
        "average precision": metrics.average_precision_score(MANY, SCORES, **given),
        "Brier score": metrics.brier_score_loss(MANY, SCORES, **given),
        "sensitivity": metrics.recall_score(MANY, called),
        "specificity": metrics.recall_score(MANY, called, pos_label=0),
        "positive predictive value": metrics.precision_score(MANY, called, **given),
        "negative predictive value": metrics.precision_score(MANY, called, pos_label=0, **given),
    }
    assert {name: found[name].value for name in expected} == pytest.approx(expected)
    # Bayes' rule at 5 %.
    hits, clears = found["sensitivity"].value, found["specificity"].value
    bayes = 0.05 * hits / (0.05 * hits + 0.95 * (1 - clears))
    assert found["positive predictive value"].value == pytest.approx(bayes)
    assert all(e.low <= e.value <= e.high for e in report.estimates)


def test_report_names_unit_prevalence_threshold_and_warnings_once(report):
    text = repr(report)
    assert text.startswith("40 positive and 160 negative lesions; 95 % intervals over lesions")
    assert "prevalence 0.05" in text
    assert "chosen for the smallest cost, 4 per miss" in text
    assert text.count("Caution: Only 40 lesions in the smallest class") == 1
    assert "chosen on the very data scored here" in " ".join(text.split())
    elsewhere = ev.choose_threshold(MANY, 1 - SCORES, "cost", costs=(4, 1))
    twice = np.tile(MANY, 2), np.tile(SCORES, 2)
    for threshold, line in ((elsewhere, repr(elsewhere)), (0.5, "Threshold 0.5")):
        other = ev.report(*twice, threshold=threshold, n_resamples=100)
        assert other.heading[1] == line
        assert "Caution: Only" not in repr(other)
        assert "chosen on the very data" not in repr(other)


def test_report_leaves_out_what_does_not_exist_with_the_reason():
    labels, probabilities = np.repeat([0, 1], 80), np.repeat([0.2, 0.8], 80)
    text = repr(ev.report(labels, probabilities, threshold=0.9, n_resamples=100))
    assert "Left out: calibration slope: received probabilities that separate" in text
    assert "Left out: positive predictive value: received no case called positive" in text
