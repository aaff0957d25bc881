"""Runs repeat, survive an interruption, and notice other settings and other code."""

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

from authoring.experiments.runs import run

CALLS = []
INTERRUPTED = set()
ARMS = {"small": {"size": 2}, "large, scaled": {"size": 3, "scale": 10.0}}


def draw(seed, size=2, scale=1.0):
    """One row per draw, recorded in CALLS."""
    if (seed, size) in INTERRUPTED:
        raise KeyboardInterrupt
    CALLS.append((seed, size, scale))
    values = scale * np.random.default_rng(seed).normal(size=size)
    return pd.DataFrame({"group": [f"P{i}" for i in range(size)], "value": values})


@pytest.fixture(autouse=True)
def no_calls():
    CALLS.clear()


def test_rows_come_by_arm_and_seed_in_the_given_order():
    table = run(draw, ARMS, seeds=(1, 0))
    order = table[["arm", "seed"]].drop_duplicates().values.tolist()
    assert order == [["small", 1], ["small", 0], ["large, scaled", 1], ["large, scaled", 0]]
    expected = 10 * np.random.default_rng(1).normal(size=3)
    np.testing.assert_array_equal(table.query("arm != 'small' and seed == 1")["value"], expected)


def test_an_interrupted_computation_goes_on_where_it_stopped(tmp_path, monkeypatch):
    whole = run(draw, ARMS, seeds=range(3))
    monkeypatch.setattr(sys.modules[__name__], "INTERRUPTED", {(2, 2)})
    with pytest.raises(KeyboardInterrupt):
        run(draw, ARMS, seeds=range(3), folder=tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
    INTERRUPTED.clear()
    CALLS.clear()
    resumed = run(draw, ARMS, seeds=range(3), folder=tmp_path)
    assert [(seed, size) for seed, size, _ in CALLS] == [(2, 2), (0, 3), (1, 3), (2, 3)]
    pd.testing.assert_frame_equal(resumed, whole)


def test_finished_runs_are_read_and_other_settings_or_code_are_computed(tmp_path):
    run(draw, ARMS, seeds=(0,), folder=tmp_path, version="a")
    CALLS.clear()
    run(draw, ARMS, seeds=(0,), folder=tmp_path, version="a")
    assert not CALLS
    run(draw, {"small": {"size": 4}}, seeds=(0,), folder=tmp_path, version="a")
    assert CALLS == [(0, 4, 1.0)]
    run(draw, {"small": {"size": 4}}, seeds=(0,), folder=tmp_path, version="b")
    assert CALLS == [(0, 4, 1.0)] * 2


def test_a_misspelled_setting_is_refused_before_anything_runs():
    with pytest.raises(TypeError, match="sise"):
        run(draw, {"a": {}, "b": {"sise": 2}}, (0,))
    assert not CALLS


def test_runs_that_fail_do_not_lose_the_others(tmp_path):
    with pytest.raises(ExceptionGroup, match="1 of 3 runs failed") as failed:
        run(fails_on_one, {"a": {}}, seeds=(0, 1, 2), folder=tmp_path)
    (error,) = failed.value.exceptions
    assert (str(error), error.__notes__) == ("no luck", ["arm 'a', seed 1"])
    assert len(list(tmp_path.iterdir())) == 2


def fails_on_one(seed):
    if seed == 1:
        raise RuntimeError("no luck")
    return {"value": seed}


def test_two_computations_may_share_a_folder(tmp_path):
    with ThreadPoolExecutor(2) as both:
        first, second = both.map(lambda _: run(draw, ARMS, range(20), folder=tmp_path), range(2))
    pd.testing.assert_frame_equal(first, run(draw, ARMS, range(20)))
    pd.testing.assert_frame_equal(second, first)
    assert len(list(tmp_path.iterdir())) == 40
