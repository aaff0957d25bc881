"""AUC by group: hand-worked values, scikit-learn's AUC, and input that must be refused."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from course_utils.evaluation import Estimate, auc, auc_difference, bootstrap, compare, roc_auc


@pytest.mark.parametrize("seed", range(5))
def test_auc_agrees_with_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    labels = np.r_[0, 1, rng.integers(0, 2, 60)]
    probabilities = rng.integers(0, 11, 62) / 10  # with ties
    assert auc(labels, probabilities).value == pytest.approx(roc_auc_score(labels, probabilities))


def test_interval_agrees_with_a_bootstrap_by_hand():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 40)
    probabilities = np.clip(rng.normal(0.4 + 0.2 * labels, 0.2), 0, 1)
    scores = []
    for _ in range(2000):
        drawn = np.r_[rng.integers(0, 40, 40), rng.integers(40, 80, 40)]
        scores.append(roc_auc_score(labels[drawn], probabilities[drawn]))
    estimate = auc(labels, probabilities)
    np.testing.assert_allclose(
        [estimate.low, estimate.high], np.percentile(scores, [2.5, 97.5]), atol=0.015
    )


def test_equal_classifiers_differ_by_nothing_with_certainty():
    labels, probabilities = [0, 0, 1, 1], [0.2, 0.6, 0.4, 0.9]
    estimate = auc_difference(labels, probabilities, probabilities)
    assert (estimate.value, estimate.low, estimate.high) == (0, 0, 0)


def test_pairing_makes_the_interval_of_a_difference_narrower():
    rng = np.random.default_rng(1)
    labels = np.repeat([0, 1], 60)
    first = np.clip(rng.normal(0.4 + 0.2 * labels, 0.2), 0, 1)
    second = np.clip(first + rng.normal(0, 0.02, 120), 0, 1)
    paired = auc_difference(labels, first, second)
    alone = auc(labels, first)
    assert paired.high - paired.low < (alone.high - alone.low) / 3


def test_estimate_names_the_unit_of_its_interval():
    estimate = Estimate("AUC", 0.931, 0.886, 0.967, 180, "patient")
    assert repr(estimate) == "AUC 0.93 (95 % interval 0.89 to 0.97, 180 patients)"


def test_plural_and_zero_are_written_as_people_do():
    shown = repr(Estimate("AUC difference", -0.001, -0.1, 0.1, 4, "study"))
    assert shown == "AUC difference 0.00 (95 % interval -0.10 to 0.10, 4 studies)"


@pytest.mark.parametrize(
    ("labels", "probabilities", "said"),
    [
        ([0, 0], [0.1, 0.2], "needs both classes"),
        ([0, 2], [0.1, 0.2], "needs both classes"),
        ([0, 1], [0.1, 1.2], "a probability is 1.2"),
        ([0, 1], [0.1, np.nan], "a probability is nan"),
        ([0, 1, 1], [0.1, 0.2], "one value per group"),
        ([], [], "needs both classes"),
        ([0, 1], [[0.1], [0.2]], "one value per group"),
        ([0, 1], ["low", "high"], "one number from 0 to 1"),
    ],
)
def test_what_gives_no_auc_is_refused(labels, probabilities, said):
    with pytest.raises(ValueError, match=said):
        auc(labels, probabilities)


def test_auc_draws_the_groups_that_the_general_bootstrap_draws():
    rng = np.random.default_rng(3)
    labels = rng.permutation(np.repeat([0, 1], 80))
    first, second = np.clip(rng.normal(0.4 + 0.2 * labels, 0.2, (2, 160)), 0, 1)
    for fast, general in (
        (auc(labels, first), bootstrap(roc_auc, labels, first, interval="percentile")),
        (auc_difference(labels, first, second), compare(roc_auc, labels, first, second)),
    ):
        assert fast.name == general.name
        assert (fast.low, fast.high) == pytest.approx((general.low, general.high))


def test_one_group_of_a_class_has_no_interval():
    with pytest.raises(ValueError, match="1 and 2 groups per class"):
        auc([0, 1, 1], [0.1, 0.3, 0.2])
