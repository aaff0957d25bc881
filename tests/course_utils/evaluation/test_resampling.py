"""The bootstrap draws whole groups within class, for any score, and pairs two models."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, log_loss

from course_utils import evaluation as ev
from course_utils.evaluation.resampling import Resampler

FAST = {"n_resamples": 200}


def clustered(n_groups=60, images=5, seed=0):
    """Labels, probabilities and groups; the images of a group are nearly the same."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(n_groups) % 2, images)
    groups = np.repeat(np.arange(n_groups), images)
    scores = rng.normal(0.4 + 0.2 * labels[::images], 0.2)
    probabilities = np.repeat(scores, images) + rng.normal(0, 0.01, n_groups * images)
    return labels, np.clip(probabilities, 0, 1), groups


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 4), min_size=4, max_size=12), st.integers(0, 1000))
def test_every_draw_keeps_the_number_of_groups_of_each_class(sizes, seed):
    labels = np.repeat(np.arange(len(sizes)) % 2, sizes)
    groups = np.repeat(np.arange(len(sizes)), sizes)
    resampler = Resampler(labels, groups, group_kind="patient", seed=seed, n_resamples=100)
    counts = resampler.counts()
    for k in (0, 1):
        assert (counts[:, k::2].sum(axis=1) == len(sizes[k::2])).all()
    drawn = resampler.scores(lambda rows: len(rows))
    np.testing.assert_array_equal(drawn, counts @ sizes)


def test_images_taken_for_independent_give_too_narrow_an_interval():
    labels, probabilities, groups = clustered()
    by_group = ev.bootstrap(ev.roc_auc, labels, probabilities, groups, **FAST)
    by_image = ev.bootstrap(ev.roc_auc, labels, probabilities, **FAST)
    assert by_group.value == by_image.value
    ratio = (by_group.high - by_group.low) / (by_image.high - by_image.low)
    assert 1.7 < ratio < 3  # about the square root of 5 images
    assert (by_group.groups_per_class, by_group.groups) == ((30, 30), 60)


def test_names_of_groups_do_not_matter():
    labels, probabilities, groups = clustered()
    named = np.char.add("patient ", np.char.zfill(groups.astype(str), 2))
    estimates = [
        ev.bootstrap(ev.roc_auc, labels, probabilities, g, **FAST) for g in (groups, named)
    ]
    assert estimates[0] == estimates[1]


def test_any_function_of_labels_and_probabilities_has_an_interval():
    labels, probabilities, groups = clustered()
    probabilities = probabilities.clip(0.01, 0.99)
    estimate = ev.bootstrap(log_loss, labels, probabilities, groups, **FAST)
    assert estimate.name == "log loss"
    assert estimate.value == pytest.approx(log_loss(labels, probabilities))
    theirs = ev.bootstrap(brier_score_loss, labels, probabilities, groups, **FAST)
    ours = ev.bootstrap(
        ev.brier_score, labels, probabilities, groups, interval="percentile", **FAST
    )
    assert (theirs.low, theirs.high) == pytest.approx((ours.low, ours.high))


def test_interval_of_a_sensitivity_is_near_wilsons():
    labels = np.repeat([0, 1], 100)
    probabilities = np.r_[np.full(100, 0.2), np.full(80, 0.9), np.full(20, 0.1)]
    estimate = ev.bootstrap(ev.sensitivity, labels, probabilities, threshold=0.5)
    assert (estimate.low, estimate.high) == pytest.approx(ev.wilson_interval(80, 100), abs=0.015)
    assert estimate.interval == "logit-t"


def test_weights_are_drawn_with_their_rows():
    labels, probabilities, _ = clustered(images=1, n_groups=200)
    weights = ev.prevalence_weights(labels, 0.05)
    estimate = ev.bootstrap(ev.average_precision, labels, probabilities, weights=weights, **FAST)
    assert estimate.value == ev.average_precision(labels, probabilities, weights=weights)
    assert estimate.low < estimate.value < estimate.high < 0.5


def test_every_row_keeps_its_weight():
    labels, probabilities, groups = clustered(n_groups=10)

    def score(labels, drawn, weights):
        np.testing.assert_array_equal(drawn, weights)
        return drawn.mean()

    ev.bootstrap(score, labels, probabilities, groups, weights=probabilities, **FAST)


def test_seven_classes_are_drawn_within_class():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(7), 4)
    probabilities = rng.dirichlet(np.ones(7), 28)
    estimate = ev.bootstrap(ev.macro_auc, labels, probabilities, group_kind="lesion", **FAST)
    assert estimate.groups_per_class == (4,) * 7
    assert estimate.unit == "lesions"


def test_comparison_is_the_difference_on_the_same_draws():
    labels, first, groups = clustered()
    second = np.clip(first + np.random.default_rng(1).normal(0, 0.05, len(first)), 0, 1)
    both = ev.compare(ev.brier_score, labels, first, second, groups, **FAST)
    back = ev.compare(ev.brier_score, labels, second, first, groups, **FAST)
    assert (both.low, both.high) == pytest.approx((-back.high, -back.low))
    alone = ev.bootstrap(ev.brier_score, labels, first, groups, **FAST)
    assert both.high - both.low < (alone.high - alone.low) / 3
    same = ev.compare(ev.brier_score, labels, first, first, groups, **FAST)
    assert (same.value, same.low, same.high) == (0, 0, 0)


def test_small_samples_carry_the_measured_coverage():
    labels, probabilities, groups = clustered()
    warning = ev.bootstrap(ev.roc_auc, labels, probabilities, groups, **FAST).warning
    assert warning.startswith("Only 30 patients in the smallest class: in simulation with 20, ")
    assert "0.92 to 0.97" in warning
    percentile = ev.auc(labels[::5], probabilities[::5]).warning
    assert "0.81 to 0.94" in percentile
    labels, probabilities, groups = clustered(n_groups=150)
    assert ev.bootstrap(ev.roc_auc, labels, probabilities, groups, **FAST).warning is None


def test_separated_classes_are_not_called_certain():
    estimate = ev.auc(np.repeat([0, 1], 80), np.repeat([0.1, 0.9], 80))
    assert (estimate.low, estimate.high) == (1, 1)
    assert "does not mean certainty" in estimate.warning


def test_scores_that_few_draws_lack_are_left_out_and_said():
    labels = np.repeat([0, 1], 40)
    probabilities = np.r_[np.full(36, 0.1), np.full(4, 0.9), np.full(40, 0.1)]
    given = {"threshold": 0.5, "n_resamples": 1000}
    with pytest.raises(ev.UndefinedScoreError, match=r"undefined in|no case"):
        ev.bootstrap(ev.positive_predictive_value, labels, np.full(80, 0.1), **given)
    # No case above 0.5 is drawn in (36/40)^40 = 1.5 % of the draws.
    estimate = ev.bootstrap(ev.positive_predictive_value, labels, probabilities, **given)
    assert "draws without a defined value were left out" in estimate.warning
    probabilities[:40] = np.r_[0.9, np.full(39, 0.1)]  # (39/40)^40 = 36 %
    with pytest.raises(ev.UndefinedScoreError, match=r"undefined in 3[0-9]%"):
        ev.bootstrap(ev.positive_predictive_value, labels, probabilities, **given)


@pytest.mark.parametrize("classes", [2, 3])
def test_draws_in_which_a_class_has_no_weight_are_left_out_and_said(classes):
    labels = np.repeat(np.arange(classes), 40)
    weights = np.ones(len(labels))
    weights[4:40] = 0  # none of the other four is drawn in (36/40)^40 = 1.5 % of the draws
    probabilities = np.random.default_rng(0).dirichlet(np.ones(3), len(labels))
    two, three = (ev.roc_auc, probabilities[:, 0]), (ev.mean_recall, probabilities)
    metric, scores = two if classes == 2 else three
    estimate = ev.bootstrap(metric, labels, scores, weights=weights, n_resamples=1000)
    assert "draws without a defined value were left out" in estimate.warning
    with pytest.raises(ev.UndefinedScoreError, match="only zeros in one class"):
        metric(labels, scores, weights=weights * (labels > 0))


def test_draws_a_rounding_error_above_one_do_not_stop_an_interval():
    low, high = ev.interval_of_draws(0.9, np.r_[np.linspace(0.8, 1, 99), 1 + 1e-15], 20)
    assert 0.8 < low < high <= 1 + 1e-9
    low, high = ev.interval_of_draws(
        0.9, np.r_[np.linspace(0.8, 1, 99), 1 + 1e-15], 20, kind="logit-t"
    )
    assert 0.6 < low < high < 1
    for value, draws in ((1.0, [0.9, 1.0]), (0.5, [0.4, 1.2]), (-0.1, [-0.2, 0.1])):
        with pytest.raises(ev.UndefinedScoreError, match="Use 'percentile' here"):
            ev.interval_of_draws(value, np.array(draws), 20, kind="logit-t")


def test_level_and_seed_are_honored():
    labels, probabilities, groups = clustered()
    given = (ev.roc_auc, labels, probabilities, groups)
    narrow, wide = (ev.bootstrap(*given, level=level, **FAST) for level in (0.8, 0.99))
    assert wide.low < narrow.low < narrow.high < wide.high
    assert "80 % interval" in repr(narrow)
    assert ev.bootstrap(*given, seed=1, **FAST) == ev.bootstrap(*given, seed=1, **FAST)
    assert ev.bootstrap(*given, seed=1, **FAST) != ev.bootstrap(*given, seed=2, **FAST)
