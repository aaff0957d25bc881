"""What no library has, checked by hand or against published numbers."""

import numpy as np
import pytest
from scipy.special import expit, logit

from course_utils import evaluation as ev

# 1000 people, 50 ill; 45 of them called positive, and 95 of the 950 others.
LABELS = np.repeat([1, 1, 0, 0], [45, 5, 95, 855])
PROBABILITIES = np.repeat([0.8, 0.2, 0.8, 0.2], [45, 5, 95, 855])


def test_predictive_values_are_those_counted_in_a_population():
    assert ev.predictive_values(0.9, 0.9, 0.05) == pytest.approx((45 / 140, 855 / 860))
    half = ev.prevalence_weights(LABELS, 0.5)
    for value, expected in (
        (ev.positive_predictive_value, 0.9),
        (ev.negative_predictive_value, 0.9),
    ):
        assert value(LABELS, PROBABILITIES, 0.5, prevalence=0.5) == pytest.approx(expected)
        assert value(LABELS, PROBABILITIES, 0.5, weights=half) == pytest.approx(expected)


def test_likelihood_ratios_turn_prior_odds_into_posterior_odds():
    positive, negative = ev.likelihood_ratios(0.9, 0.9)
    prior = 0.05 / 0.95
    assert prior * positive == pytest.approx(45 / 95)
    assert prior * negative == pytest.approx(5 / 855)
    assert ev.likelihood_ratios(0.5, 1) == (float("inf"), 0.5)


def test_net_benefit_counts_true_positives_less_weighted_false_positives():
    # Acting from 10 % on: each false alarm costs a ninth of a hit.
    expected = 45 / 1000 - 95 / 1000 / 9
    assert ev.net_benefit(LABELS, PROBABILITIES, 0.5) == pytest.approx(45 / 1000 - 95 / 1000)
    curve = ev.decision_curve(LABELS, np.where(PROBABILITIES > 0.5, 0.8, 0.05), [0.1])
    assert curve["model"][0] == pytest.approx(expected)
    assert curve["treat_all"][0] == pytest.approx(50 / 1000 - 950 / 1000 / 9)
    assert curve["treat_none"][0] == 0


def test_net_benefit_at_a_stated_prevalence_equals_that_of_weighted_data():
    weights = ev.prevalence_weights(LABELS, 0.3)
    weighted = ev.net_benefit(LABELS, PROBABILITIES, 0.3, weights=weights)
    stated = ev.net_benefit(LABELS, PROBABILITIES, 0.3, prevalence=0.3)
    assert stated == pytest.approx(weighted)
    assert stated == pytest.approx(0.3 * 0.9 - 0.7 * 0.1 * 3 / 7)


@pytest.mark.parametrize(
    # As computed by R's auctestr 1.0.0, in the examples of its manual.
    ("positives", "negatives", "expected"),
    [(20, 200, 0.06498283), (110, 110, 0.03282048), (20, 20, 0.07789072)],
)
def test_hanley_and_mcneil(positives, negatives, expected):
    error = ev.auc_standard_error(0.75, positives, negatives)
    assert error == pytest.approx(expected, rel=1e-6)


def test_sample_sizes_are_the_smallest_that_do():
    positives, negatives = ev.sample_size_auc(0.85, 0.1, prevalence=0.25)
    assert negatives == 3 * positives
    width = 2 * 1.959964 * ev.auc_standard_error(0.85, positives, negatives)
    fewer = 2 * 1.959964 * ev.auc_standard_error(0.85, positives - 1, negatives - 3)
    assert width <= 0.1 < fewer
    n = ev.sample_size_proportion(0.8, 0.2)
    widths = [np.diff(ev.wilson_interval(0.8 * k, k))[0] for k in (n, n - 1)]
    assert widths[0] <= 0.2 < widths[1]


def test_temperature_mends_the_slope_and_prior_shift_the_intercept():
    rng = np.random.default_rng(0)
    truth = rng.uniform(0.02, 0.6, 4000)
    labels = (rng.random(4000) < truth).astype(int)
    # Three times too extreme around one half: the slope is a third.
    extreme = expit(3 * logit(truth))
    temperature = ev.fit_temperature(labels, extreme)
    assert temperature.value == pytest.approx(3, rel=0.1)
    assert ev.calibration_slope(labels, extreme) == pytest.approx(1 / 3, abs=0.05)
    assert ev.calibration_slope(labels, temperature.apply(extreme)) == pytest.approx(1, abs=0.15)
    # As if trained on half and half: shifted by a constant, the slope is right.
    share = labels.mean()
    shifted = ev.shift_prevalence(truth, share, 0.5)
    assert ev.calibration_slope(labels, shifted) == pytest.approx(1, abs=0.15)
    assert ev.calibration_intercept(labels, shifted) == pytest.approx(logit(share), abs=0.1)
    back = ev.shift_prevalence(shifted, 0.5, share)
    np.testing.assert_allclose(back, truth)
    # The wrong remedy does not help.
    cooled = ev.fit_temperature(labels, shifted).apply(shifted)
    assert ev.calibration_intercept(labels, cooled) < -0.5


def test_temperature_of_three_classes_is_found():
    rng = np.random.default_rng(1)
    probabilities = rng.dirichlet([1, 1, 1], 300)
    labels = np.array([rng.choice(3, p=p**0.5 / (p**0.5).sum()) for p in probabilities])
    temperature = ev.fit_temperature(labels, probabilities)
    assert temperature.value == pytest.approx(2, rel=0.25)
    np.testing.assert_allclose(temperature.apply(probabilities).sum(axis=1), 1)


def test_prior_shift_of_many_classes_is_bayes_rule():
    shifted = ev.shift_prevalence([[0.2, 0.3, 0.5]], [0.2, 0.3, 0.5], [0.1, 0.1, 0.8])
    np.testing.assert_allclose(shifted, [[0.1, 0.1, 0.8]])
