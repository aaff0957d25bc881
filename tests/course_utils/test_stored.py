"""Stored tables by arm and part, and claims."""

import numpy as np
import pandas as pd
import pytest

from course_utils import results
from course_utils.results import Claim


def test_a_missing_table_is_named_with_those_that_exist():
    with pytest.raises(ValueError, match=r"'none'; allowed: .*leakage"):
        results.stored("none")


def test_probabilities_of_an_arm_are_one_row_per_seed():
    rows = [
        ("a", seed, "validation", group, label, seed / 10 + label / 2)
        for seed in (1, 0)
        for group, label in (("P2", 1), ("P1", 0))
    ]
    columns = ["arm", "seed", "part", "group", "label", "probability"]
    table = pd.DataFrame(rows, columns=columns)
    labels, runs, groups = results.probabilities(table, "a", "validation")
    assert groups.tolist() == ["P1", "P2"]
    assert labels.tolist() == [0, 1]
    np.testing.assert_allclose(runs, [[0, 0.5], [0.1, 0.6]])
    with pytest.raises(ValueError, match="part: received 'test'; allowed: validation"):
        results.probabilities(table, "a", "test")
    with pytest.raises(ValueError, match="different groups"):
        results.probabilities(table[:-1], "a", "validation")


def test_probabilities_of_several_classes_are_divided_by_their_sum():
    table = pd.DataFrame(
        {
            "arm": "a", "seed": [1, 1, 0, 0], "part": "test", "group": ["L2", "L1", "L1", "L2"],
            "label": [2, 0, 0, 2], "p_0": [100, 500, 333, 0], "p_1": [100, 250, 333, 0],
            "p_2": [200, 250, 333, 999],
        }
    )  # fmt: skip
    labels, runs, groups = results.probabilities(table, "a", "test")
    assert (labels.tolist(), groups.tolist(), runs.shape) == ([0, 2], ["L1", "L2"], (2, 2, 3))
    np.testing.assert_allclose(runs[0], [[1 / 3, 1 / 3, 1 / 3], [0, 0, 1]])
    np.testing.assert_allclose(runs[1], [[0.5, 0.25, 0.25], [0.25, 0.25, 0.5]])


def test_more_than_ten_classes_come_in_the_order_of_their_numbers():
    expected = np.random.default_rng(0).dirichlet(np.ones(11), 2)
    table = pd.DataFrame({"arm": "a", "seed": 0, "part": "test", "group": ["A", "B"], "label": 0})
    for k in reversed(range(11)):
        table[f"p_{k}"] = expected[:, k]
    np.testing.assert_allclose(results.probabilities(table, "a", "test")[1][0], expected)


def test_a_claim_that_holds_shows_nothing_that_differs_from_run_to_run():
    assert repr(Claim("The AUC is above 0.8.", True, "0.91")) == repr(
        Claim("The AUC is above 0.8.", True, "0.87")
    )


def test_a_claim_that_fails_says_what_the_text_says_and_what_this_run_got():
    shown = repr(Claim("The AUC is above 0.8.", False, "0.52"))
    assert "The text says: The AUC is above 0.8. This run got: 0.52." in shown
    assert "that is fine" in shown
