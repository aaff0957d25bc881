"""Every score agrees with scikit-learn, scipy or statsmodels where they have it."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import logit
from scipy.stats import binomtest
from sklearn import metrics
from sklearn.calibration import calibration_curve

from course_utils import evaluation as ev


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
        (ev.brier_score, metrics.brier_score_loss),
    ],
)
def test_scores_of_probabilities_agree_with_and_without_weights(data, ours, theirs):
    labels, probabilities, weights = data
    assert ours(labels, probabilities) == pytest.approx(theirs(labels, probabilities))
    assert ours(labels, probabilities, weights=weights) == pytest.approx(
        theirs(labels, probabilities, sample_weight=weights)
    )


def test_scores_of_calls_agree(data):
    labels, probabilities, weights = data
    called = (probabilities >= 0.45).astype(int)
    given = {"sample_weight": weights}
    theirs = {
        ev.sensitivity: metrics.recall_score(labels, called, **given),
        ev.specificity: metrics.recall_score(labels, called, pos_label=0, **given),
        ev.positive_predictive_value: metrics.precision_score(labels, called, **given),
        ev.negative_predictive_value: metrics.precision_score(labels, called, pos_label=0, **given),
        ev.balanced_accuracy: metrics.balanced_accuracy_score(labels, called, **given),
    }
    for ours, expected in theirs.items():
        assert ours(labels, probabilities, 0.45, weights=weights) == pytest.approx(expected)
    counts = ev.confusion_counts(labels, probabilities, 0.45).table().to_numpy()
    np.testing.assert_array_equal(counts[::-1, ::-1], metrics.confusion_matrix(labels, called))
    ratios = metrics.class_likelihood_ratios(labels, called)
    sensitivity, specificity = (
        f(labels, probabilities, 0.45) for f in (ev.sensitivity, ev.specificity)
    )
    assert ev.likelihood_ratios(sensitivity, specificity) == pytest.approx(ratios)


def test_curves_agree(data):
    labels, probabilities, weights = data
    ours = ev.roc_curve(labels, probabilities, weights=weights)
    alarms, hits, thresholds = metrics.roc_curve(
        labels, probabilities, sample_weight=weights, drop_intermediate=False
    )
    theirs = np.stack([thresholds, hits, 1 - alarms], axis=1)
    np.testing.assert_allclose(ours.to_numpy(), theirs)
    ours = ev.precision_recall_curve(labels, probabilities)
    precision, recall, thresholds = metrics.precision_recall_curve(labels, probabilities)
    np.testing.assert_allclose(ours["threshold"], thresholds)
    np.testing.assert_allclose(ours["recall"], recall[:-1])
    np.testing.assert_allclose(ours["precision"], precision[:-1])


def test_operating_points_lie_on_the_roc_curve(data):
    labels, probabilities, _ = data
    alarms, hits, _ = metrics.roc_curve(labels, probabilities, drop_intermediate=False)
    for target in (0, 0.5, 0.9, 1):
        expected = hits[1 - alarms >= target - 1e-9].max()
        assert ev.sensitivity_at_specificity(labels, probabilities, target) == expected
        expected = (1 - alarms)[hits >= target - 1e-9].max()
        assert ev.specificity_at_sensitivity(labels, probabilities, target) == expected


@pytest.mark.parametrize("strategy", ["quantile", "uniform"])
def test_calibration_curve_agrees(data, strategy):
    labels, probabilities, _ = data
    ours = ev.calibration_curve(labels, probabilities, 5, strategy=strategy)
    observed, mean = calibration_curve(labels, probabilities, n_bins=5, strategy=strategy)
    np.testing.assert_allclose(ours["observed"], observed)
    np.testing.assert_allclose(ours["mean_probability"], mean)
    assert ours["n"].sum() == 80
    assert np.average(ours["observed"], weights=ours["n"]) == pytest.approx(labels.mean())


def test_calibration_slope_and_intercept_agree_with_logistic_regression(data):
    labels, probabilities, _ = data
    odds = logit(probabilities)
    slope = sm.Logit(labels, sm.add_constant(odds)).fit(disp=0).params[1]
    intercept = sm.Logit(labels, np.ones(80), offset=odds).fit(disp=0).params[0]
    assert ev.calibration_slope(labels, probabilities) == pytest.approx(slope, rel=1e-5)
    assert ev.calibration_intercept(labels, probabilities) == pytest.approx(intercept, rel=1e-5)


def test_whole_weights_act_like_repeated_rows(data):
    labels, probabilities, _ = data
    times = np.random.default_rng(9).integers(1, 4, 80)
    for score in (
        ev.roc_auc, ev.average_precision, ev.brier_score, ev.calibration_slope,
        ev.calibration_intercept, ev.sensitivity_at_specificity,
    ):  # fmt: skip
        repeated = score(np.repeat(labels, times), np.repeat(probabilities, times))
        assert score(labels, probabilities, weights=times) == pytest.approx(repeated, rel=1e-6)


@pytest.mark.parametrize("weighted", [False, True])
def test_scores_of_seven_classes_agree(weighted):
    rng = np.random.default_rng(0)
    labels = np.r_[np.arange(7), rng.integers(0, 7, 150)]
    probabilities = rng.dirichlet(np.ones(7), 157)
    probabilities[np.arange(157), labels] += 0.2
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    weights = rng.exponential(size=157) if weighted else None
    called, given = probabilities.argmax(axis=1), {"sample_weight": weights}
    np.testing.assert_allclose(
        ev.class_recalls(labels, probabilities, weights=weights),
        metrics.recall_score(labels, called, average=None, **given),
    )
    assert ev.class_recall(labels, probabilities, 3, weights=weights) == pytest.approx(
        metrics.recall_score(labels == 3, called == 3, **given)
    )
    assert ev.mean_recall(labels, probabilities, weights=weights) == pytest.approx(
        metrics.balanced_accuracy_score(labels, called, **given)
    )
    assert ev.macro_auc(labels, probabilities, weights=weights) == pytest.approx(
        metrics.roc_auc_score(labels, probabilities, multi_class="ovr", **given)
    )


@pytest.mark.parametrize(("successes", "n"), [(0, 5), (9, 10), (70, 75)])
def test_wilson_interval_agrees_with_scipy(successes, n):
    theirs = binomtest(successes, n).proportion_ci(method="wilson")
    assert ev.wilson_interval(successes, n) == pytest.approx((theirs.low, theirs.high), abs=1e-9)
