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


def test_probabilities_of_classes_are_divided_by_their_sum_in_the_order_of_their_numbers():
    expected = np.random.default_rng(0).dirichlet(np.ones(11), 4)
    key = {"arm": "a", "part": "test", "group": ["L2", "L1", "L1", "L2"], "seed": [1, 1, 0, 0]}
    table = pd.DataFrame(key | {"label": [2, 0, 0, 2]})
    for k in reversed(range(11)):
        table[f"p_{k}"] = 1000 * expected[:, k]
    labels, runs, groups = results.probabilities(table, "a", "test")
    assert (labels.tolist(), groups.tolist()) == ([0, 2], ["L1", "L2"])
    np.testing.assert_allclose(runs, expected[[2, 3, 1, 0]].reshape(2, 2, 11))


def test_a_claim_shows_what_this_run_got_only_where_it_fails():
    holds = [repr(Claim("The AUC is above 0.8.", True, got)) for got in ("0.91", "0.87")]
    assert holds[0] == holds[1]
    shown = repr(Claim("The AUC is above 0.8.", False, "0.52"))
    assert "The text says: The AUC is above 0.8. This run got: 0.52." in shown
    assert "that is fine" in shown
