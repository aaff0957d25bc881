"""Bad input gets an error that says what to do, never a plausible number."""

import numpy as np
import pytest

from course_utils import evaluation as ev

GOOD = ([0, 0, 1, 1], [0.1, 0.6, 0.4, 0.9])
SCORES = {
    "roc_auc": ev.roc_auc,
    "average_precision": ev.average_precision,
    "brier_score": ev.brier_score,
    "roc_curve": ev.roc_curve,
    "precision_recall_curve": ev.precision_recall_curve,
    "calibration_curve": ev.calibration_curve,
    "calibration_slope": ev.calibration_slope,
    "calibration_intercept": ev.calibration_intercept,
    "fit_temperature": ev.fit_temperature,
    "sensitivity_at_specificity": ev.sensitivity_at_specificity,
    "specificity_at_sensitivity": ev.specificity_at_sensitivity,
    "confusion_counts": lambda y, p, **w: ev.confusion_counts(y, p, 0.5, **w),
    "sensitivity": lambda y, p, **w: ev.sensitivity(y, p, 0.5, **w),
    "positive_predictive_value": lambda y, p, **w: ev.positive_predictive_value(y, p, 0.5, **w),
    "balanced_accuracy": lambda y, p, **w: ev.balanced_accuracy(y, p, 0.5, **w),
    "net_benefit": lambda y, p, **w: ev.net_benefit(y, p, 0.5, **w),
    "decision_curve": lambda y, p, **w: ev.decision_curve(y, p, **w),
    "choose_threshold": lambda y, p, **w: ev.choose_threshold(y, p, "youden", **w),
    "bootstrap": lambda y, p, weights=None: ev.bootstrap(ev.roc_auc, y, p, weights=weights),
    "compare": lambda y, p, weights=None: ev.compare(ev.roc_auc, y, p, p, weights=weights),
}
UNWEIGHTED = {"auc": ev.auc, "report": ev.report}
BAD = {
    "empty": ([], []),
    "one class": ([1, 1, 1], [0.1, 0.2, 0.3]),
    "one patient": ([1], [0.5]),
    "a third class": ([0, 1, 2], [0.1, 0.2, 0.3]),
    "labels as text": (["a", "b"], [0.1, 0.2]),
    "missing label": ([0, 1, np.nan], [0.1, 0.2, 0.3]),
    "NaN": ([0, 1], [0.1, np.nan]),
    "a logit": ([0, 1], [0.1, 1.5]),
    "negative": ([0, 1], [-0.1, 0.5]),
    "text": ([0, 1], ["low", "high"]),
    "lengths": ([0, 1, 1], [0.1, 0.5]),
    "a column": ([0, 1], [[0.1], [0.5]]),
}
BAD_WEIGHTS = {
    "negative": [1, 1, 1, -1],
    "all zero": [0, 0, 0, 0],
    "zero in a class": [1, 1, 0, 0],
    "NaN": [1, 1, 1, np.nan],
    "too few": [1, 1, 1],
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
@pytest.mark.parametrize("score", (SCORES | UNWEIGHTED).values(), ids=SCORES | UNWEIGHTED)
def test_bad_data_are_refused(score, bad):
    with pytest.raises(ValueError, match=r"Give|give|Leave|code|Look|Keras|Give one|Nothing|One"):
        score(*bad)


@pytest.mark.parametrize("weights", BAD_WEIGHTS.values(), ids=BAD_WEIGHTS)
@pytest.mark.parametrize("score", SCORES.values(), ids=SCORES)
def test_bad_weights_are_refused(score, weights):
    with pytest.raises(ValueError, match=r"weights: received .*; allowed: "):
        score(*GOOD, weights=weights)


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        (["A", "B", "B", "C"], "group B has more than one label"),
        (["A", "A", "B", "B"], "1 and 1 groups per class"),
        (["A", "B", "C"], "one group for each label"),
        ([1.0, 2.0, 3.0, np.nan], "received NaN"),
        (["A", "B", "C", None], "neither name nor number"),
    ],
)
def test_bad_groups_are_refused(groups, said):
    for score in (
        lambda: ev.bootstrap(ev.roc_auc, *GOOD, groups),
        lambda: ev.compare(ev.roc_auc, *GOOD, GOOD[1], groups),
        lambda: ev.report(*GOOD, groups),
    ):
        with pytest.raises(ValueError, match=said):
            score()


MULTICLASS = ([0, 1, 2], np.eye(3))


@pytest.mark.parametrize(
    ("labels", "probabilities"),
    [
        ([0, 1, 1], np.eye(3)),
        ([0, 1, 3], np.eye(3)),
        ([0, 1, -1], np.eye(3)),
        ([0, 1], np.eye(3)),
        ([], np.zeros((0, 3))),
        ([0, 1, 2], 2 * np.eye(3)),
        ([0, 1, 2], 0.5 * np.eye(3)),
        ([0, 1, 2], np.full((3, 3), np.nan)),
        ([0, 1], np.eye(2)),
    ],
)
def test_bad_classes_are_refused(labels, probabilities):
    for score in (ev.macro_auc, ev.class_recalls, ev.mean_recall, ev.fit_temperature):
        with pytest.raises(ValueError, match=r"allowed|needed|a probability is"):
            score(labels, probabilities)
    with pytest.raises(ValueError, match="a class from 0 to 2"):
        ev.class_recall(*MULTICLASS, 3)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: ev.sensitivity(*GOOD, 2.0), "a probability, 0 to 1"),
        (lambda: ev.sensitivity(*GOOD, np.nan), "a number"),
        (lambda: ev.net_benefit(*GOOD, 1.0), "above 0 and below 1"),
        (lambda: ev.decision_curve(*GOOD, []), "a row of fractions"),
        (lambda: ev.predictive_values(0.9, 0.9, 5), "such as 0.05 for 5 %"),
        (lambda: ev.predictive_values(90, 0.9, 0.05), "such as 0.9 for 90 %"),
        (lambda: ev.predictive_values(0, 1, 0.05), "both calls occur"),
        (lambda: ev.likelihood_ratios(1, 0), "both calls occur"),
        (lambda: ev.prevalence_weights([0, 1], 0), "above 0 and below 1"),
        (lambda: ev.prevalence_weights([1, 1], 0.5), "needs both classes"),
        (lambda: ev.positive_predictive_value(*GOOD, 1.0), "Lower the threshold"),
        (lambda: ev.negative_predictive_value(*GOOD, 0.0), "Raise the threshold"),
        (lambda: ev.sensitivity_at_specificity(*GOOD, 90), "0 to 1"),
        (lambda: ev.calibration_curve(*GOOD, 1), "a whole number from 2"),
        (lambda: ev.calibration_curve(*GOOD, strategy="even"), "quantile, uniform"),
        (lambda: ev.calibration_slope([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9]), "separate the classes"),
        (lambda: ev.calibration_slope([0, 0, 1, 1], [0.5] * 4), "all the same"),
        (lambda: ev.fit_temperature([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9]), "more validation"),
        (lambda: ev.fit_temperature([1, 1, 0, 0], [0.1, 0.2, 0.8, 0.9]), "swapped labels"),
        (lambda: ev.Temperature(0, 10), "a number above 0"),
        (lambda: ev.shift_prevalence([0.5], 0, 0.1), "above 0 and below 1"),
        (lambda: ev.shift_prevalence([np.nan], 0.5, 0.1), "a probability is nan"),
        (lambda: ev.shift_prevalence(np.eye(3), [0.5, 0.5, 0.5], [0.2, 0.3, 0.5]), "sum to 1"),
        (lambda: ev.proportion([]), "n at least 1"),
        (lambda: ev.proportion([0, 2]), "Apply a threshold"),
        (lambda: ev.proportion([0, 1, 1], ["A", "A", "B"]), "each group once"),
        (lambda: ev.proportion([0, 1, 1], ["A", "B"]), "received 2 groups"),
        (lambda: ev.wilson_interval(6, 5), "0 ≤ successes ≤ n"),
        (lambda: ev.sample_size_proportion(0.9, 0), "above 0"),
        (lambda: ev.sample_size_proportion(90, 0.1), "0 to 1"),
        (lambda: ev.sample_size_proportion(0.5, 1e-6), "Ask for less"),
        (lambda: ev.sample_size_auc(1.0, 0.1), "above 0 and below 1"),
        (lambda: ev.auc_standard_error(0.9, 0, 10), "at least 1 each"),
        (lambda: ev.bootstrap("auc", *GOOD), "without parentheses"),
        (lambda: ev.bootstrap(ev.roc_auc, *GOOD, n_resamples=10), "a whole number from 100"),
        (lambda: ev.bootstrap(ev.roc_auc, *GOOD, level=95), "0.95 gives"),
        (lambda: ev.bootstrap(ev.roc_auc, *GOOD, seed=-1), "an integer from 0"),
        (lambda: ev.bootstrap(ev.roc_auc, *GOOD, group_kind=""), "'patient'"),
        (lambda: ev.bootstrap(ev.roc_auc, *GOOD, interval="bca"), "percentile, logit-t"),
        (lambda: ev.report(*GOOD, prevalence=5), "above 0 and below 1"),
        (lambda: ev.report(*GOOD, threshold=-1), "a probability, 0 to 1"),
    ],
)
def test_numbers_out_of_range_are_refused(call, said):
    with pytest.raises(ValueError, match=said):
        call()
