"""A threshold is chosen on validation data by a stated rule, remembers them, and stays."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import evaluation as ev

LABELS = [0, 0, 0, 0, 1, 1, 1, 1]
PROBABILITIES = [0.1, 0.2, 0.3, 0.7, 0.25, 0.6, 0.8, 0.9]


@pytest.mark.parametrize(
    ("rule", "arguments", "value"),
    [
        # Sensitivity 3/4 at 0.6, 1 at 0.25; specificity 3/4 from 0.6 to 0.7, 1 above 0.7.
        ("sensitivity", {"target": 0.75}, 0.6),
        ("sensitivity", {"target": 0.8}, 0.25),
        ("specificity", {"target": 0.75}, 0.6),
        ("specificity", {"target": 0.9}, 0.8),
        ("youden", {}, 0.8),  # 2/4 + 1 = 3/4 + 3/4: the higher one
        ("cost", {"costs": (10, 1)}, 0.25),
        ("cost", {"costs": (1, 10)}, 0.8),
        ("cost", {"costs": (10, 1), "prevalence": 0.01}, 0.8),
    ],
)
def test_rules(rule, arguments, value):
    assert ev.choose_threshold(LABELS, PROBABILITIES, rule, **arguments).value == value


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 10)), min_size=2, max_size=30),
    st.sampled_from([0, 0.3, 0.5, 0.9, 1]),
)
def test_targets_are_always_reached(cases, target):
    labels = np.r_[0, 1, [int(label) for label, _ in cases]]
    probabilities = np.r_[0.5, 0.5, [step / 10 for _, step in cases]]
    for rule, score in (("sensitivity", ev.sensitivity), ("specificity", ev.specificity)):
        threshold = ev.choose_threshold(labels, probabilities, rule, target=target)
        assert score(labels, probabilities, threshold) >= target - 1e-9
        assert score(labels, probabilities, threshold) == pytest.approx(getattr(threshold, rule))


def test_threshold_remembers_where_it_comes_from_and_cannot_be_changed():
    threshold = ev.choose_threshold(
        LABELS, PROBABILITIES, "youden", groups=list("AABBCCDD"), group_kind="lesion",
        chosen_on="validation lesions",
    )  # fmt: skip
    assert threshold.groups_per_class == (2, 2)
    assert threshold.prevalence == 0.5
    assert "on validation lesions: 2 negative and 2 positive lesions" in repr(threshold)
    with pytest.raises(dataclasses.FrozenInstanceError):
        threshold.value = 0.5


def test_threshold_calls_cases_at_it_positive():
    threshold = ev.choose_threshold(LABELS, PROBABILITIES, "specificity", target=0.9)
    assert threshold.apply([0.79, 0.8, 0.81]).tolist() == [0, 1, 1]
    assert ev.confusion_counts(LABELS, PROBABILITIES, threshold).false_positives == 0


def test_a_specificity_beyond_all_cases_calls_nothing_positive():
    threshold = ev.choose_threshold([0, 1], [1.0, 0.5], "specificity", target=1.0)
    assert threshold.apply([1.0]).tolist() == [0]
    assert ev.specificity([0, 1], [1.0, 0.5], threshold) == 1


@pytest.mark.parametrize(
    ("rule", "arguments", "said"),
    [
        ("best", {}, "sensitivity, specificity, youden, cost"),
        ("sensitivity", {}, "Say which sensitivity you want"),
        ("sensitivity", {"target": 90}, "0 to 1"),
        ("youden", {"target": 0.9}, "no target"),
        ("cost", {}, "cost of a miss"),
        ("cost", {"costs": (0, 1)}, "both above 0"),
        ("cost", {"costs": (1, 1), "prevalence": 1}, "above 0 and below 1"),
        ("youden", {"costs": (1, 1)}, "none for the rule"),
    ],
)
def test_wrong_use_is_refused(rule, arguments, said):
    with pytest.raises(ValueError, match=said):
        ev.choose_threshold(LABELS, PROBABILITIES, rule, **arguments)
