"""Resampling touches whole training groups only, and what a network then sees is known."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from course_utils import evaluation, imbalance

# Ten healthy patients with two images each, three ill ones with three.
LABELS = np.repeat([0, 1], [20, 9])
GROUPS = np.r_[np.repeat(np.arange(10), 2), np.repeat(np.arange(10, 13), 3)]
BOTH = (imbalance.oversample, imbalance.undersample)


def shares(positions):
    """Return how often each group was drawn, per class, and check that groups are whole."""
    times = np.bincount(GROUPS[positions], minlength=13) / np.bincount(GROUPS)
    assert (times == times.round()).all()
    return times[:10].sum(), times[10:].sum()


def test_oversampling_repeats_whole_rare_groups_and_keeps_all_images():
    positions = imbalance.oversample(LABELS, GROUPS)
    assert shares(positions) == (10, 10)
    assert set(positions) == set(range(29))


def test_undersampling_leaves_out_whole_common_groups_and_repeats_none():
    positions = imbalance.undersample(LABELS, GROUPS)
    assert shares(positions) == (3, 3)
    assert len(set(positions)) == len(positions)


@pytest.mark.parametrize("prevalence", [0.05, 0.2, 0.231, 0.7, 0.95])
def test_any_prevalence_of_groups_can_be_had(prevalence):
    for resample in BOTH:
        negative, positive = shares(resample(LABELS, GROUPS, prevalence=prevalence))
        assert positive == pytest.approx(prevalence * (negative + positive), abs=1.01)
        grown = negative >= 10 and positive >= 3
        assert grown == (resample is imbalance.oversample) or (negative, positive) == (10, 3)


def test_resampling_repeats_with_its_seed():
    first, same, other = (imbalance.oversample(LABELS, GROUPS, seed=s) for s in (0, 0, 1))
    assert first.tolist() == same.tolist() != other.tolist()


def test_weighted_training_is_undone_by_the_prevalence_that_it_saw():
    rng = np.random.default_rng(0)
    labels = (rng.random(20_000) < 0.05).astype(int)
    features = rng.normal(labels, 1)[:, None]
    weights = {0: 1, 1: 19}
    model = LogisticRegression(class_weight=weights, C=1e6).fit(features, labels)
    inflated = model.predict_proba(features)[:, 1]
    trained = imbalance.effective_prevalence(labels, weights)
    corrected = evaluation.shift_prevalence(inflated, trained, labels.mean())
    assert trained == pytest.approx(0.5, abs=0.02)
    assert corrected.mean() == pytest.approx(labels.mean(), abs=0.002)


@pytest.mark.parametrize("resample", BOTH)
@pytest.mark.parametrize(
    ("labels", "options", "said"),
    [
        ([], {}, "labels: received"),
        ([1, 1], {}, "0 and 1, both"),
        ([0.0, np.nan], {}, "0 and 1, both"),
        ([0, 1, 2], {}, "0 and 1, both"),
        ([0, 1], {"groups": ["A", "A"]}, "a group with two labels"),
        ([0, 1], {"groups": ["A"]}, "one per image"),
        ([0, 1], {"splits": ["train", "test"]}, "Resample training only"),
        ([0, 1], {"prevalence": 1.0}, "above 0 and below 1"),
        ([0, 1], {"seed": -1}, "seed: received -1"),
    ],
)
def test_bad_input_is_refused(resample, labels, options, said):
    with pytest.raises(ValueError, match=said):
        resample(labels, **options)
