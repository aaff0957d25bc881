"""Bad input gets an error that says what to do, never a plausible number."""

from functools import partial

import numpy as np
import pytest

from course_utils import evaluation as ev
from tests.tiny_data import tiny

GOOD = ([0, 0, 1, 1], [0.1, 0.6, 0.4, 0.9])
SCORES = {
    "roc_auc": ev.roc_auc,
    "average_precision": ev.average_precision,
    "sensitivity_at_specificity": partial(ev.sensitivity_at_specificity, specificity=0.9),
    "calibration_slope": ev.calibration_slope,
    "calibration_intercept": ev.calibration_intercept,
    "bootstrap": lambda y, p, **w: ev.bootstrap(ev.roc_auc, y, p, **w),
    "comparison": lambda y, p, **w: ev.bootstrap(ev.roc_auc, y, p, against=p, **w),
}
UNWEIGHTED = {
    "fit_temperature": ev.fit_temperature,
    "choose_threshold": lambda y, p: ev.choose_threshold(y, p, "cost", costs=(1, 1)),
    "report": ev.report,
}
BAD = {
    "empty": ([], []),
    "one class": ([1, 1, 1], [0.1, 0.2, 0.3]),
    "a third class": ([0, 1, 2], [0.1, 0.2, 0.3]),
    "labels 1 and 2": ([1, 2, 2], [0.1, 0.2, 0.3]),
    "labels as text": (["a", "b"], [0.1, 0.2]),
    "missing label": ([0, 1, np.nan], [0.1, 0.2, 0.3]),
    "NaN": ([0, 1], [0.1, np.nan]),
    "a logit": ([0, 1], [0.1, 1.5]),
    "negative": ([0, 1], [-0.1, 0.5]),
    "text": ([0, 1], ["low", "high"]),
    "lengths": ([0, 1, 1], [0.1, 0.5]),
    "a column": ([0, 1, 1], [[0.1], [0.5], [0.4]]),
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
    with pytest.raises(ValueError, match=r"received .*; allowed: .*\. [A-Z]"):
        score(*bad)


@pytest.mark.parametrize("weights", BAD_WEIGHTS.values(), ids=BAD_WEIGHTS)
@pytest.mark.parametrize("score", SCORES.values(), ids=SCORES)
def test_bad_weights_are_refused(score, weights):
    with pytest.raises(ValueError, match=r"sample_weight: received .*; allowed: "):
        score(*GOOD, sample_weight=weights)


def test_the_advice_for_two_softmax_columns_takes_the_right_one():
    softmax = np.stack([1 - np.array(GOOD[1]), GOOD[1]], axis=1)
    for score in (ev.roc_auc, ev.report, lambda y, p: ev.bootstrap(ev.roc_auc, y, p)):
        with pytest.raises(ValueError, match=r"predictions\[:, 1\]"):
            score(GOOD[0], softmax)


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        (["A", "B", "B", "C"], "group B with more than one label"),
        (["A", "A", "B", "B"], "1 and 1 groups per class"),
        (["A", "B", "C"], "one value per row"),
        ([1.0, 2.0, 3.0, np.nan], "a missing value in row 3"),
        (["A", "B", "C", None], "a missing value in row 3"),
    ],
)
def test_bad_groups_are_refused(groups, said):
    with pytest.raises(ValueError, match=said):
        ev.bootstrap(ev.roc_auc, *GOOD, groups=groups)


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        ([], "no run"),
        ([GOOD[1][:3]], "one row per label"),
        (np.full((2, 4), np.nan), "0 to 1"),
        (np.zeros((4, 4)), "one row per label"),  # rows or runs?
    ],
)
def test_bad_runs_are_refused(runs, said):
    with pytest.raises(ValueError, match=said):
        ev.bootstrap(ev.roc_auc, GOOD[0], runs)


def bootstrap(**options):
    return ev.bootstrap(ev.roc_auc, *GOOD, **options)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: ev.prevalence_weights([0, 1], 0), "above 0 and below 1"),
        (lambda: ev.prevalence_weights([1, 1], 0.5), "needs both classes"),
        (lambda: ev.sensitivity_at_specificity(*GOOD, specificity=90), "0 to 1"),
        (lambda: ev.calibration_slope([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9]), "separate the classes"),
        (lambda: ev.calibration_slope([0, 0, 1, 1], [0.5] * 4), "all the same"),
        (lambda: ev.fit_temperature([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9]), "more validation"),
        (lambda: ev.fit_temperature([1, 1, 0, 0], [0.1, 0.2, 0.8, 0.9]), "swapped labels"),
        (lambda: ev.shift_prevalence([0.5], 0, 0.1), "above 0 and below 1"),
        (lambda: ev.shift_prevalence([np.nan], 0.5, 0.1), "cause of NaN"),
        (lambda: ev.proportion([]), "one per group"),
        (lambda: ev.proportion([0, 2]), "Apply a threshold"),
        (lambda: ev.auc_standard_error(1.0, 10, 10), "above 0 and below 1"),
        (lambda: ev.auc_standard_error(0.9, 0, 10), "at least 1 each"),
        (lambda: bootstrap(n_resamples=10), "an integer from 100"),
        (lambda: bootstrap(interval="bca"), "logit-t, percentile"),
        (lambda: ev.report(*GOOD, prevalence=5), "above 0 and below 1"),
        (lambda: ev.report(*GOOD, threshold=-1), "a probability, 0 to 1"),
        (lambda: ev.choose_threshold(*GOOD, "best"), "sensitivity, specificity, cost"),
        (lambda: ev.choose_threshold(*GOOD, "sensitivity"), "Say which sensitivity you want"),
        (lambda: ev.choose_threshold(*GOOD, "sensitivity", target=90), "0 to 1"),
        (lambda: ev.choose_threshold(*GOOD, "cost", target=0.9), "no target"),
        (lambda: ev.choose_threshold(*GOOD, "cost"), "cost of a miss"),
        (lambda: ev.choose_threshold(*GOOD, "cost", costs=(0, 1)), "both above 0"),
        (
            lambda: ev.choose_threshold(*GOOD, "sensitivity", target=0.9, costs=(1, 1)),
            "none for the rule",
        ),
        (lambda: ev.bootstrap_values([0.5, np.nan]), "Leave out groups without a score"),
        (lambda: ev.bootstrap_values([0.5]), "two finite numbers or more"),
        (lambda: ev.bootstrap_values([[0.5, 0.6]]), "two finite numbers or more"),
        (lambda: ev.bootstrap_values(["a", "b"]), "two finite numbers or more"),
        (lambda: ev.bootstrap_values([0.5, 0.6], "max"), "mean, median"),
    ],
)
def test_numbers_out_of_range_are_refused(call, said):
    with pytest.raises(ValueError, match=said):
        call()


def test_a_logit_t_interval_of_no_fraction_is_refused():
    with pytest.raises(ValueError, match="Use 'percentile'"):
        ev.bootstrap(lambda y, p: 2 + p.mean(), *GOOD, interval="logit-t")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (np.array([[0, 2], [0, 1]]), "booleans, or only 0 and 1"),
        (np.array([[0, 0.4], [0, 1]]), "booleans, or only 0 and 1"),
        (np.array([[0, np.nan], [0, 1]]), "booleans, or only 0 and 1"),
        (np.array([["a", "b"], ["a", "b"]]), "booleans, or only 0 and 1"),
        (np.zeros((0, 2)), "booleans, or only 0 and 1"),
        (np.ones((2, 2, 1)), "as truth"),
    ],
)
def test_what_is_no_mask_is_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        ev.outline_distances(np.ones((2, 2), bool), wrong, (1, 1))


@pytest.mark.parametrize("spacing", [(0, 1), (1, -1), (1, np.nan), (1,), 1, (1, 1, 1)])
def test_a_spacing_is_two_numbers_above_zero(spacing):
    with pytest.raises(ValueError, match=r"spacing_mm: received .* in mm"):
        ev.outline_distances(np.ones((3, 3)), np.ones((3, 3)), spacing)


@pytest.mark.parametrize(
    ("predicted", "said"),
    [
        (np.zeros((5, 8, 10), bool), "one mask for each image"),
        (np.zeros((6, 8, 10), int), "Integer masks become boolean"),
        (np.full((6, 8, 10), 1.5), "logits need a sigmoid"),
        (np.full((6, 8, 10), np.nan), "NaN"),
    ],
)
def test_predicted_masks_that_do_not_fit_are_refused(predicted, said):
    with pytest.raises(ValueError, match=said):
        ev.segmentation_scores(tiny(), predicted, "core")
    with pytest.raises(ValueError, match="threshold"):
        ev.segmentation_scores(tiny(), np.zeros((6, 8, 10)), "core", threshold=128)


def test_slices_of_one_patient_must_share_their_spacing():
    mixed = tiny(pixel_spacing_mm=[(1, 1), (2, 2), (1, 1), (1, 1), (1, 1), (1, 1)])
    with pytest.raises(ValueError, match="several in patient A"):
        ev.segmentation_scores(mixed, mixed.mask("core"), "core")
