"""Scores of several runs are averaged; their intervals come from groups, their spread from runs."""

import numpy as np
import pytest

from course_utils import evaluation as ev

FAST = {"n_resamples": 200}
rng = np.random.default_rng(0)
LABELS = np.repeat([0, 1], 40)
RUNS = np.clip(0.4 + 0.2 * LABELS + rng.normal(0, 0.25, (3, 80)), 0, 1)


def test_one_run_gives_what_bootstrap_gives():
    one = ev.bootstrap_runs(ev.roc_auc, LABELS, RUNS[:1], **FAST)
    assert one == ev.bootstrap(ev.roc_auc, LABELS, RUNS[0], **FAST)


def test_the_value_is_the_mean_of_the_runs_scores():
    scores = [ev.roc_auc(LABELS, run) for run in RUNS]
    assert ev.bootstrap_runs(ev.roc_auc, LABELS, RUNS, **FAST).value == pytest.approx(
        np.mean(scores)
    )
    assert ev.spread_of_runs(ev.roc_auc, LABELS, RUNS) == pytest.approx(np.std(scores, ddof=1))


def test_the_mean_of_scores_is_not_the_score_of_the_mean():
    together = ev.roc_auc(LABELS, RUNS.mean(axis=0))
    assert ev.bootstrap_runs(ev.roc_auc, LABELS, RUNS, **FAST).value < together - 0.02


def test_a_model_against_itself_differs_by_exactly_nothing():
    same = ev.compare_runs(ev.roc_auc, LABELS, RUNS, RUNS, **FAST)
    assert (same.value, same.low, same.high) == (0, 0, 0)


def test_one_run_against_one_gives_what_compare_gives():
    pair = ev.compare_runs(ev.brier_score, LABELS, RUNS[:1], RUNS[1:2], **FAST)
    assert pair == ev.compare(ev.brier_score, LABELS, RUNS[0], RUNS[1], **FAST)


def test_repeating_the_runs_does_not_narrow_the_interval():
    few = ev.bootstrap_runs(ev.roc_auc, LABELS, RUNS, **FAST)
    many = ev.bootstrap_runs(ev.roc_auc, LABELS, np.tile(RUNS, (5, 1)), **FAST)
    assert (many.low, many.high) == pytest.approx((few.low, few.high))


def test_weights_reach_every_run():
    weights = ev.prevalence_weights(LABELS, 0.05)
    value = ev.bootstrap_runs(ev.average_precision, LABELS, RUNS, weights=weights, **FAST).value
    scores = [ev.average_precision(LABELS, run, weights=weights) for run in RUNS]
    assert value == pytest.approx(np.mean(scores))


@pytest.mark.parametrize(
    ("runs", "message"),
    [
        ([], "runs: received none"),
        ([RUNS[0], RUNS[1][:-1]], "one row per label"),
        ([RUNS[0], np.full(80, np.nan)], "nan"),
        ([RUNS[0] + 1], "values from 0 to 1"),
    ],
)
def test_bad_runs_are_refused(runs, message):
    with pytest.raises(ValueError, match=message):
        ev.bootstrap_runs(ev.roc_auc, LABELS, runs, **FAST)


def test_a_single_run_has_no_spread():
    with pytest.raises(ValueError, match="two or more"):
        ev.spread_of_runs(ev.roc_auc, LABELS, RUNS[:1])
