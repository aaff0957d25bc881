"""The bootstrap draws whole groups within class, for any score, any number of runs, and pairs."""

import numpy as np
import pytest
from scipy import special, stats
from sklearn import metrics

from course_utils import evaluation as ev
from course_utils.evaluation.intervals import Estimate, draw_groups, interval_of_draws

FAST = {"n_resamples": 200}
RNG = np.random.default_rng(0)
LABELS = np.repeat([0, 1], 40)
RUNS = np.clip(0.4 + 0.2 * LABELS + RNG.normal(0, 0.25, (3, 80)), 0, 1)


def clustered(n_groups=60, images=5):
    """Labels, probabilities and groups; the images of a group are nearly the same."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(n_groups) % 2, images)
    scores = rng.normal(0.4 + 0.2 * labels[::images], 0.2)
    probabilities = np.repeat(scores, images) + rng.normal(0, 0.01, n_groups * images)
    return labels, np.clip(probabilities, 0, 1), np.repeat(np.arange(n_groups), images)


def accuracy(labels, probabilities, threshold=0.5):
    return np.mean((probabilities >= threshold) == labels)


def width(estimate):
    return estimate.high - estimate.low


def test_interval_agrees_with_a_bootstrap_by_hand():
    draws = []
    rng = np.random.default_rng(1)
    for _ in range(2000):
        drawn = np.r_[rng.integers(0, 40, 40), rng.integers(40, 80, 40)]
        draws.append(ev.roc_auc(LABELS[drawn], RUNS[0][drawn]))
    percentile = ev.bootstrap(ev.roc_auc, LABELS, RUNS[0], interval="percentile")
    ends = np.percentile(draws, [2.5, 97.5])
    assert (percentile.low, percentile.high) == pytest.approx(tuple(ends), abs=0.015)
    value = ev.roc_auc(LABELS, RUNS[0])
    reach = stats.t.ppf(0.975, 39) * np.std(draws, ddof=1) / (value * (1 - value))
    ends = special.expit(special.logit(value) + np.array([-reach, reach]))
    estimate = ev.bootstrap(ev.roc_auc, LABELS, RUNS[0])
    assert (estimate.low, estimate.high) == pytest.approx(tuple(ends), abs=0.015)
    assert estimate.method == "logit-t"


def test_the_spread_of_a_small_class_is_enlarged():
    # Two draws of ± 0.1: standard deviation 0.1, times the root of 5 / 4, times t with 4 degrees.
    reach = 2.776445 * 0.1 * np.sqrt(5 / 4) / (0.6 * 0.4)
    expected = special.expit(special.logit(0.6) + np.array([-reach, reach]))
    ends = interval_of_draws(0.6, np.array([0.5, 0.7]), 5, "logit-t")
    assert ends == pytest.approx(tuple(expected), abs=1e-6)


def test_every_draw_keeps_the_number_of_groups_of_each_class():
    classes = np.array([0, 1, 2, 1, 0, 0, 2, 1])
    counts = draw_groups(classes, 100)
    for k in range(3):
        assert (counts[:, classes == k].sum(axis=1) == (classes == k).sum()).all()
    assert len(np.unique(counts, axis=0)) > 50


def test_images_taken_for_independent_give_too_narrow_an_interval():
    labels, probabilities, groups = clustered()
    by_group = ev.bootstrap(ev.roc_auc, labels, probabilities, groups=groups, **FAST)
    by_image = ev.bootstrap(ev.roc_auc, labels, probabilities, **FAST)
    assert by_group.value == by_image.value
    assert 1.7 < width(by_group) / width(by_image) < 3  # about the square root of 5 images
    assert (by_group.groups_per_class, by_group.n_groups) == ((30, 30), 60)
    named = np.char.add("patient ", np.char.zfill(groups.astype(str), 2))
    assert ev.bootstrap(ev.roc_auc, labels, probabilities, groups=named, **FAST) == by_group


@pytest.mark.parametrize(
    ("score", "ours"),
    [
        (metrics.roc_auc_score, ev.roc_auc),
        (metrics.average_precision_score, ev.average_precision),
    ],
)
def test_scores_of_scikit_learn_get_the_same_interval_with_weights(score, ours):
    given = {"sample_weight": ev.prevalence_weights(LABELS, 0.05), "n_resamples": 100}
    theirs, mine = (ev.bootstrap(s, LABELS, RUNS[0], **given) for s in (score, ours))
    assert (theirs.low, theirs.high) == pytest.approx((mine.low, mine.high))
    assert theirs.method == mine.method == "logit-t"


def test_a_new_score_gets_the_interval_that_fits_its_range():
    assert ev.bootstrap(accuracy, LABELS, RUNS[0], **FAST).method == "logit-t"
    assert ev.bootstrap(metrics.log_loss, LABELS, RUNS[0], **FAST).name == "log loss"
    costs = ev.bootstrap(lambda y, p: 100 * accuracy(y, p), LABELS, RUNS[0], **FAST)
    assert costs.method == "percentile"
    # A slope below 1 looks like a fraction, and is none.
    slope = ev.bootstrap(ev.calibration_slope, LABELS, RUNS[0].clip(0.01, 0.99), n_resamples=100)
    assert 0 < slope.value < 1
    assert slope.method == "percentile"
    perfect = ev.bootstrap(accuracy, np.repeat([0, 1], 80), np.repeat([0.1, 0.9], 80), **FAST)
    assert (perfect.low, perfect.high, perfect.method) == (1, 1, "percentile")
    assert "does not mean certainty" in perfect.warning


def test_interval_of_a_share_is_near_wilsons():
    found = np.repeat([1, 0], [80, 20])
    labels, called = np.repeat([1, 0], 100), np.r_[found, np.zeros(100)]
    ours = ev.bootstrap(metrics.recall_score, labels, called, n_resamples=500)
    wilson = ev.proportion(found, name="sensitivity")
    assert (ours.low, ours.high) == pytest.approx((wilson.low, wilson.high), abs=0.015)
    theirs = stats.binomtest(80, 100).proportion_ci(method="wilson")
    assert (wilson.low, wilson.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def test_every_row_keeps_its_weight_and_its_label():
    labels, probabilities, groups = clustered(n_groups=10)

    def score(drawn_labels, drawn, sample_weight, offset):
        np.testing.assert_array_equal(drawn, sample_weight)
        assert set(np.round(drawn, 12)) <= set(np.round(probabilities, 12))
        assert drawn_labels.sum() * 2 == len(labels)
        return drawn.mean() + offset

    given = {"sample_weight": probabilities, "groups": groups, "offset": 1, **FAST}
    assert ev.bootstrap(score, labels, probabilities, **given).value > 1


def test_several_runs_are_scored_one_by_one_and_averaged():
    scores = [ev.roc_auc(LABELS, run) for run in RUNS]
    several = ev.bootstrap(ev.roc_auc, LABELS, RUNS, **FAST)
    assert several.value == pytest.approx(np.mean(scores))
    assert several.spread_over_runs == pytest.approx(np.std(scores, ddof=1))
    assert several.value < ev.roc_auc(LABELS, RUNS.mean(axis=0)) - 0.02
    one = ev.bootstrap(ev.roc_auc, LABELS, RUNS[:1], **FAST)
    assert one == ev.bootstrap(ev.roc_auc, LABELS, RUNS[0], **FAST)
    assert one.spread_over_runs is None
    repeated = ev.bootstrap(ev.roc_auc, LABELS, np.tile(RUNS, (5, 1)), **FAST)
    assert (repeated.low, repeated.high) == pytest.approx((several.low, several.high))


def test_seven_classes_and_runs_of_them_are_drawn_within_class():
    labels = np.repeat(np.arange(7), 4)
    runs = np.random.default_rng(0).dirichlet(np.ones(7), (3, 28))

    def score(labels, run):
        return metrics.balanced_accuracy_score(labels, run.argmax(axis=1))

    estimate = ev.bootstrap(score, labels, runs, group_kind="lesion", **FAST)
    assert estimate.groups_per_class == (4,) * 7
    scores = [score(labels, run) for run in runs]
    assert estimate.value == pytest.approx(np.mean(scores))


def test_a_comparison_is_the_difference_on_the_same_draws():
    labels, first, groups = clustered()
    second = np.clip(first + np.random.default_rng(1).normal(0, 0.02, len(first)), 0, 1)
    given = {"groups": groups, **FAST}
    both = ev.bootstrap(ev.roc_auc, labels, first, against=second, **given)
    back = ev.bootstrap(ev.roc_auc, labels, second, against=first, **given)
    assert (both.low, both.high) == pytest.approx((-back.high, -back.low))
    assert width(both) < width(ev.bootstrap(ev.roc_auc, labels, first, **given)) / 3
    assert (both.name, both.method) == ("AUC difference", "percentile")
    same = ev.bootstrap(ev.roc_auc, LABELS, RUNS, against=RUNS, **FAST)
    assert (same.value, same.low, same.high) == (0, 0, 0)
    runs = ev.bootstrap(ev.roc_auc, LABELS, RUNS, against=RUNS[:1], **FAST)
    scores = [ev.roc_auc(LABELS, run) for run in RUNS]
    assert runs.value == pytest.approx(np.mean(scores) - scores[0])


def test_an_estimate_prints_method_unit_and_what_is_known_against_it():
    estimate = Estimate("AUC difference", -0.001, -0.1, 0.1, 4, "study", method="percentile")
    said = "AUC difference 0.00 (95 % interval -0.10 to 0.10, percentile, 4 studies)"
    assert repr(estimate) == said
    labels = np.repeat([0, 1], [60, 6])
    few = ev.bootstrap(ev.roc_auc, labels, np.arange(66) / 66 - 0.5 * labels + 0.4 * labels, **FAST)
    lines = repr(few).splitlines()
    assert lines[1].startswith(
        "  Only 6 patients in the smallest class: in simulation with 6, 95 %"
    )
    assert max(map(len, lines)) <= 88
    assert "0.41 to 0.98 of the studies" in " ".join(line.strip() for line in lines)


@pytest.mark.parametrize(("n", "logit_t", "percentile"), [(19, 1, 1), (20, 0, 1), (75, 0, 0)])
def test_a_result_warns_where_coverage_was_measured_to_be_low(n, logit_t, percentile):
    labels = np.repeat([0, 1], n)
    scores = np.linspace(0, 1, 2 * n) ** 2 / 2 + 0.3 * (1 - labels)
    for interval, warned in (("logit-t", logit_t), ("percentile", percentile)):
        given = {"interval": interval, **FAST}
        estimate = ev.bootstrap(ev.average_precision, labels, scores, **given)
        assert ("Only" in (estimate.warning or "")) == bool(warned)


def test_draws_without_a_score_are_left_out_and_said_or_refused():
    labels, probabilities = np.repeat([0, 1], 40), np.full(80, 0.1)

    def score(labels, called):
        return np.mean(labels[called == 1]) if called.any() else np.nan

    options = {"n_resamples": 1000}
    # No case at 0.9 is drawn in (36 / 40)^40 = 1.5 % of the draws.
    called = np.where(np.arange(80) < 4, 1, 0)
    estimate = ev.bootstrap(score, labels, called, **options)
    assert "draws without a defined value were left out" in estimate.warning
    for cases in (1, 0):  # (39 / 40)^40 = 36 %, and all of them
        called = np.where(np.arange(80) < cases, 1, 0)
        with pytest.raises(ValueError, match=r"(3[0-9]|100)% undefined bootstrap draws"):
            ev.bootstrap(score, labels, called, **options)
    weights = np.ones(80)
    weights[4:40] = 0  # none of the other four is drawn in 1.5 % of the draws
    estimate = ev.bootstrap(
        ev.roc_auc, labels, probabilities + labels / 2, sample_weight=weights, n_resamples=1000
    )
    assert "draws without a defined value were left out" in estimate.warning


@pytest.mark.parametrize(("statistic", "tolerance"), [("mean", 0.005), ("median", 0.01)])
def test_interval_of_values_agrees_with_scipys_bootstrap(statistic, tolerance):
    values = np.random.default_rng(0).beta(12, 3, 60)
    ours = ev.bootstrap_values(values, statistic, name="Dice", group_kind="lesion")
    theirs = stats.bootstrap(
        (values,), getattr(np, statistic), n_resamples=5000, method="percentile", rng=1
    ).confidence_interval
    assert ours.value == getattr(np, statistic)(values)
    assert (ours.low, ours.high) == pytest.approx(tuple(theirs), abs=tolerance)
    assert repr(ours).startswith("Dice 0.")
    assert repr(ours).endswith("percentile, 60 lesions)")


def test_a_mean_or_median_of_few_values_comes_with_a_warning():
    for statistic, enough in (("mean", 40), ("median", 6)):
        values = np.arange(float(enough))
        assert ev.bootstrap_values(values, statistic).warning is None
        assert "too narrow" in ev.bootstrap_values(values[1:], statistic).warning
    assert "does not mean certainty" in ev.bootstrap_values(np.ones(50)).warning
