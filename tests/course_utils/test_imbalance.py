"""Remedies for rare classes touch training groups only, and what they distort can be undone."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import ROOT, evaluation, imbalance

# Ten healthy patients with two images each, three ill ones with three.
LABELS = np.repeat([0, 1], [20, 9])
GROUPS = np.r_[np.repeat(np.arange(10), 2), np.repeat(np.arange(10, 13), 3)]


def shares(positions):
    """Return how often each group was drawn, per class, and check that groups are whole."""
    times = np.bincount(GROUPS[positions], minlength=13) / np.bincount(GROUPS)
    assert (times == times.round()).all()
    return times[:10].sum(), times[10:].sum()


def test_import_does_not_load_tensorflow():
    code = "import course_utils.imbalance, sys; print('tensorflow' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.stdout.strip() == "False", run.stderr


def test_balanced_weights_give_classes_equal_mass():
    weights = imbalance.class_weights(LABELS)
    assert 20 * weights[0] == pytest.approx(9 * weights[1]) == pytest.approx(14.5)
    seven = np.repeat(np.arange(7), np.arange(1, 8))
    masses = [imbalance.class_weights(seven)[k] * (k + 1) for k in range(7)]
    np.testing.assert_allclose(masses, 4)


@pytest.mark.parametrize("prevalence", [0.05, 0.3, 0.9])
def test_weights_reach_a_wanted_prevalence_and_keep_the_scale(prevalence):
    weights = imbalance.class_weights(LABELS, prevalence)
    assert imbalance.effective_prevalence(LABELS, weights) == pytest.approx(prevalence)
    assert np.mean([weights[k] for k in LABELS]) == pytest.approx(1)


def test_oversampling_repeats_whole_rare_groups_and_keeps_all_images():
    positions = imbalance.oversample(LABELS, GROUPS)
    assert shares(positions) == (10, 10)
    assert set(positions) == set(range(29))


def test_undersampling_leaves_out_whole_common_groups_and_repeats_none():
    positions = imbalance.undersample(LABELS, GROUPS)
    assert shares(positions) == (3, 3)
    assert len(set(positions)) == len(positions)


@settings(max_examples=30, deadline=None)
@given(st.floats(0.05, 0.95), st.integers(0, 100))
def test_any_prevalence_of_groups_can_be_had(prevalence, seed):
    for resample in (imbalance.oversample, imbalance.undersample):
        negative, positive = shares(resample(LABELS, GROUPS, prevalence=prevalence, seed=seed))
        assert positive == pytest.approx(prevalence * (negative + positive), abs=1.01)
        assert (negative >= 10 and positive >= 3) == (resample is imbalance.oversample) or (
            (negative, positive) == (10, 3)
        )


def test_seven_classes_are_made_equal():
    labels = np.repeat(np.arange(7), np.arange(2, 9))
    over, under = imbalance.oversample(labels), imbalance.undersample(labels)
    assert np.bincount(labels[over]).tolist() == [8] * 7
    assert np.bincount(labels[under]).tolist() == [2] * 7


def test_resampling_repeats_with_its_seed():
    first, same, other = (imbalance.oversample(LABELS, GROUPS, seed=s) for s in (0, 0, 1))
    assert first.tolist() == same.tolist() != other.tolist()


def test_only_training_images_are_resampled():
    splits = np.full(29, "train")
    imbalance.oversample(LABELS, GROUPS, splits=splits)
    splits[3] = "test"
    for resample in (imbalance.oversample, imbalance.undersample):
        with pytest.raises(ValueError, match="Resample training only"):
            resample(LABELS, GROUPS, splits=splits)


def test_correction_is_bayes_rule_and_equals_a_moved_threshold():
    rng = np.random.default_rng(0)
    inflated = rng.uniform(0.001, 0.999, 500)
    corrected = imbalance.correct_probabilities(inflated, trained=0.5, prevalence=0.05)
    # The likelihood ratio at 0.5 odds is p / (1 − p); Bayes' rule with prior odds 5 : 95.
    odds = inflated / (1 - inflated) * 5 / 95
    np.testing.assert_allclose(corrected, odds / (1 + odds))
    moved = imbalance.moved_threshold(0.1, trained=0.5, prevalence=0.05)
    np.testing.assert_array_equal(corrected >= 0.1, inflated >= moved)


def test_weighted_training_is_undone_by_the_correction():
    """A logistic regression with class weights is calibrated again after the correction."""
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    labels = (rng.random(20_000) < 0.05).astype(int)
    features = rng.normal(labels, 1)[:, None]
    weights = imbalance.class_weights(labels)
    model = LogisticRegression(class_weight=weights, C=1e6).fit(features, labels)
    inflated = model.predict_proba(features)[:, 1]
    trained = imbalance.effective_prevalence(labels, weights)
    corrected = imbalance.correct_probabilities(inflated, trained, labels.mean())
    assert evaluation.calibration_intercept(labels, inflated) < -2
    assert evaluation.calibration_intercept(labels, corrected) == pytest.approx(0, abs=0.1)
    assert evaluation.calibration_slope(labels, corrected) == pytest.approx(1, abs=0.1)


def test_cost_threshold_minimizes_the_expected_cost():
    threshold = imbalance.cost_threshold(miss=9, false_alarm=1)
    # At this probability of disease, acting and not acting cost the same.
    assert threshold * 9 == pytest.approx((1 - threshold) * 1)


@pytest.mark.slow
@pytest.mark.parametrize(("gamma", "alpha"), [(0, None), (2, None), (2, 0.25), (1, 0.8)])
def test_focal_loss_is_that_of_the_paper(gamma, alpha):
    labels, probabilities = np.array([[1.0], [0.0]]), np.array([[0.3], [0.4]])
    own = np.array([0.3, 0.6])  # probability of the true class
    class_weight = np.array([1, 1]) if alpha is None else np.array([alpha, 1 - alpha])
    expected = np.mean(-class_weight * (1 - own) ** gamma * np.log(own))
    loss = imbalance.focal_loss(gamma, alpha)
    assert float(loss(labels, probabilities)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: imbalance.class_weights([]), "n at least 1"),
        (lambda: imbalance.class_weights([1, 1]), "at least two classes"),
        (lambda: imbalance.class_weights([0.0, np.nan]), "integers"),
        (lambda: imbalance.class_weights([0, 1], 5), "above 0 and below 1"),
        (lambda: imbalance.class_weights([0, 1, 2], 0.5), "0 and 1 for a prevalence"),
        (lambda: imbalance.effective_prevalence([0, 1], {0: 1}), "for 0 and for 1"),
        (lambda: imbalance.effective_prevalence([0, 1], {0: 1, 1: -1}), "above 0"),
        (lambda: imbalance.oversample([1, 1], ["A", "B"]), "at least two classes"),
        (lambda: imbalance.oversample([0, 1], ["A", "A"]), "more than one label"),
        (lambda: imbalance.undersample([0, 1], ["A"]), "one group for each label"),
        (lambda: imbalance.undersample([0, 1], seed=-1), "an integer from 0"),
        (lambda: imbalance.oversample([0, 1], prevalence=1.0), "above 0 and below 1"),
        (lambda: imbalance.focal_loss(-1), "a number from 0"),
        (lambda: imbalance.focal_loss(alpha=2), "above 0 and below 1"),
        (lambda: imbalance.correct_probabilities([np.nan], 0.5, 0.1), "look for the cause of NaN"),
        (lambda: imbalance.correct_probabilities([1.5], 0.5, 0.1), "probabilities: received 1.5"),
        (lambda: imbalance.moved_threshold(0, 0.5, 0.1), "above 0 and below 1"),
        (lambda: imbalance.cost_threshold(0, 1), "a number above 0"),
    ],
)
def test_bad_input_is_refused(call, said):
    with pytest.raises(ValueError, match=said):
        call()
