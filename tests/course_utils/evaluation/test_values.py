"""Intervals of a mean or median of one value per patient."""

import numpy as np
import pytest
from scipy import stats

from course_utils import evaluation as ev


@pytest.fixture
def scores():
    return np.random.default_rng(0).beta(12, 3, 60)


# The draws' medians jump from one value to the next.
@pytest.mark.parametrize(("statistic", "tolerance"), [("mean", 0.002), ("median", 0.01)])
def test_interval_agrees_with_scipys_bootstrap(scores, statistic, tolerance):
    ours = ev.bootstrap_values(scores, statistic, n_resamples=20_000)
    theirs = stats.bootstrap(
        (scores,), getattr(np, statistic), n_resamples=20_000, method="percentile", rng=1
    ).confidence_interval
    assert ours.value == getattr(np, statistic)(scores)
    assert (ours.low, ours.high) == pytest.approx(tuple(theirs), abs=tolerance)
    assert (ours.groups, ours.groups_per_class) == (60, None)


def test_classes_keep_their_share():
    values, strata = np.r_[np.zeros(30), np.ones(10)], ["meningioma"] * 30 + ["glioma"] * 10
    free = ev.bootstrap_values(values, "mean")
    kept = ev.bootstrap_values(values, "mean", strata=strata)
    assert free.low < 0.25 < free.high
    assert (kept.low, kept.high) == (0.25, 0.25)
    assert "does not mean certainty" in kept.warning


def test_paired_differences_cancel_what_patients_share():
    rng = np.random.default_rng(1)
    patient = rng.normal(0.7, 0.15, 80)
    one, two = patient + 0.02 + rng.normal(0, 0.01, 80), patient
    paired = ev.bootstrap_values(one - two, "mean")
    assert paired.low > 0.01
    assert paired.high - paired.low < 0.01 < ev.bootstrap_values(one, "mean").high - one.mean()


def test_seed_level_and_name_are_used(scores):
    wide, narrow = (ev.bootstrap_values(scores, level=level) for level in (0.95, 0.5))
    assert wide.low < narrow.low < narrow.high < wide.high
    assert ev.bootstrap_values(scores) == ev.bootstrap_values(scores)
    named = ev.bootstrap_values(scores, name="median Dice", group_kind="lesion")
    assert repr(named).startswith("median Dice 0.8")
    assert "60 lesions" in repr(named)


def coverage(statistic, n, studies=300):
    """Return how often the interval covers the truth, for scores with a few failures."""
    rng = np.random.default_rng(0)

    def draw(size):
        failed = rng.random(size) < 0.08
        return np.where(failed, rng.uniform(0, 0.3, size), rng.beta(12, 3, size))

    truth = getattr(np, statistic)(draw(10**6))
    estimates = [ev.bootstrap_values(draw(n), statistic, n_resamples=200) for _ in range(studies)]
    return np.mean([e.low <= truth <= e.high for e in estimates])


def test_intervals_cover_the_truth_but_for_means_of_few_values():
    assert coverage("mean", 40) > 0.9
    assert coverage("median", 20) > 0.9
    assert coverage("mean", 10) < 0.85


def test_a_mean_of_few_values_comes_with_a_warning():
    assert "Only 8 patients" in ev.bootstrap_values(np.arange(8.0), "mean").warning
    assert ev.bootstrap_values(np.arange(8.0)).warning is None
    assert ev.bootstrap_values(np.arange(40.0), "mean").warning is None


@pytest.mark.parametrize(
    ("n", "level", "warned"), [(5, 0.95, True), (6, 0.95, False), (5, 0.9, False)]
)
def test_a_median_of_too_few_values_has_no_such_interval(n, level, warned):
    # All n values lie on one side of the median with probability 2 / 2**n.
    assert (1 - 2 / 2**n < level) == warned
    warning = ev.bootstrap_values(np.arange(float(n)), level=level).warning
    assert (f"no interval of a median can reach {100 * level:g} %" in (warning or "")) == warned


def test_a_median_of_classes_with_few_values_comes_with_a_warning():
    values, strata = np.arange(15.0), [0] * 5 + [1] * 10
    assert "Only 5 patients in a class" in ev.bootstrap_values(values, strata=strata).warning
    assert ev.bootstrap_values(values, strata=[0] * 6 + [1] * 9).warning is None


@pytest.mark.parametrize(
    ("values", "options", "said"),
    [
        ([0.5, np.nan], {}, "1 NaN or infinite among 2"),
        ([], {}, "numbers of shape"),
        ([[0.5, 0.6]], {}, "numbers of shape"),
        (["a", "b"], {}, "numbers of shape"),
        ([0.5], {}, "at least two in each"),
        ([0.5, 0.6], {"strata": [0, 1]}, "at least two in each"),
        ([0.5, 0.6], {"strata": [0]}, "strata: .* of shape"),
        ([0.5, 0.6, 0.7], {"strata": ["a", "a", np.nan]}, "none may be missing"),
        ([0.5, 0.6, 0.7], {"strata": np.array(["a", "a", None], object)}, "none may be missing"),
        ([0.5, 0.6, 0.7], {"strata": ["a", "a", 1]}, "names, or whole numbers"),
        ([0.5, 0.6, 0.7], {"strata": [0, 0, np.nan]}, "names, or whole numbers"),
        ([0.5, 0.6], {"statistic": "max"}, "mean, median|median, mean"),
        ([0.5, 0.6], {"n_resamples": 10}, "from 100"),
        ([0.5, 0.6], {"level": 95}, "below 1"),
        ([0.5, 0.6], {"seed": -1}, "seed"),
    ],
)
def test_wrong_input_is_refused(values, options, said):
    with pytest.raises(ValueError, match=said):
        ev.bootstrap_values(values, **options)
