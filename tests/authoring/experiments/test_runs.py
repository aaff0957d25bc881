"""Runs repeat, survive an interruption, and notice when what they compute has changed."""

import importlib
import inspect
import sys

import numpy as np
import pandas as pd
import pytest

from authoring import experiments
from authoring.experiments import __main__ as command
from authoring.experiments import runs, skin_final, skin_study
from course_utils import results

CALLS = []
INTERRUPTED = set()


def draw(seed, size=2, scale=1.0):
    """One row per draw, recorded in CALLS."""
    if (seed, size) in INTERRUPTED:
        raise KeyboardInterrupt
    CALLS.append((seed, size, scale))
    values = scale * np.random.default_rng(seed).normal(size=size)
    return pd.DataFrame({"group": [f"P{i}" for i in range(size)], "value": values})


ARMS = {"small": {"size": 2}, "large, scaled": {"size": 3, "scale": 10.0}}


@pytest.fixture(autouse=True)
def no_calls():
    CALLS.clear()


def test_rows_come_by_arm_and_seed_in_the_given_order():
    table = experiments.run(draw, ARMS, seeds=(1, 0))
    assert table[["arm", "seed"]].drop_duplicates().values.tolist() == [
        ["small", 1],
        ["small", 0],
        ["large, scaled", 1],
        ["large, scaled", 0],
    ]
    expected = 10 * np.random.default_rng(1).normal(size=3)
    np.testing.assert_array_equal(table.query("arm != 'small' and seed == 1")["value"], expected)


def test_an_interrupted_computation_goes_on_where_it_stopped(tmp_path, monkeypatch):
    whole = experiments.run(draw, ARMS, seeds=range(3))
    monkeypatch.setattr(sys.modules[__name__], "INTERRUPTED", {(2, 2)})
    with pytest.raises(KeyboardInterrupt):
        experiments.run(draw, ARMS, seeds=range(3), folder=tmp_path)
    assert len(list(tmp_path.iterdir())) == 2

    INTERRUPTED.clear()
    CALLS.clear()
    resumed = experiments.run(draw, ARMS, seeds=range(3), folder=tmp_path)
    assert [(seed, size) for seed, size, _ in CALLS] == [(2, 2), (0, 3), (1, 3), (2, 3)]
    pd.testing.assert_frame_equal(resumed, whole)


def test_finished_runs_are_read_and_other_settings_are_computed(tmp_path):
    experiments.run(draw, ARMS, seeds=(0,), folder=tmp_path)
    CALLS.clear()
    experiments.run(draw, ARMS, seeds=(0,), folder=tmp_path)
    assert not CALLS
    experiments.run(draw, {"small": {"size": 4}}, seeds=(0,), folder=tmp_path)
    assert CALLS == [(0, 4, 1.0)]


def test_a_run_is_computed_again_when_an_experiment_that_it_imports_has_changed(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(runs, "EXPERIMENTS", tmp_path)
    first, second = tmp_path / "first.py", tmp_path / "second.py"
    first.write_text("from authoring.experiments.second import SIZE\n")
    second.write_text("SIZE = 2\n")
    (tmp_path / "unused.py").write_text("SIZE = 2\n")
    script = tmp_path / "script.py"
    script.write_text(
        "CALLS = []\n"
        "def measure(seed):\n    CALLS.append(seed)\n    return {'value': 1}\n"
        "def other():\n    from authoring.experiments import first\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    module = importlib.import_module("script")
    monkeypatch.setitem(sys.modules, "script", module)

    def compute():
        experiments.run(module.measure, {"a": {}}, [0], folder=tmp_path / "kept")
        return len(module.CALLS)

    assert compute() == 1
    (tmp_path / "unused.py").write_text("SIZE = 3\n")
    assert compute() == 1
    second.write_text("SIZE = 3\n")
    assert compute() == 2


def test_a_wrapper_depends_on_the_experiment_that_it_wraps():
    source = inspect.getsource(skin_final)
    assert runs._imported_texts(source) == [inspect.getsource(skin_study)]
    # The line of a lambda need not be a statement.
    assert runs._imported_texts("run(lambda seed: {'value': 1},") == []


def test_a_half_written_file_does_not_exist(tmp_path, monkeypatch):
    def no_space(*_):
        raise OSError("no space left")

    monkeypatch.setattr("os.replace", no_space)
    with pytest.raises(OSError, match="no space"):
        experiments.run(draw, ARMS, seeds=(0,), folder=tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_cluster_gives_the_same_table(tmp_path):
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=1, processes=False, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        there = experiments.run(draw, ARMS, seeds=range(3), folder=tmp_path, client=client)
    pd.testing.assert_frame_equal(there, experiments.run(draw, ARMS, seeds=range(3)))


@pytest.mark.parametrize(
    ("arms", "seeds", "message"),
    [
        ({}, (0,), "arms: received"),
        ({"a": {"sise": 2}}, (0,), "allowed: arguments of draw"),
        ({"a": {}}, (), "one or more different seeds"),
        ({"a": {}}, (1, 1), "one or more different seeds"),
        ({"a": {}}, (0.5,), "seed: received 0.5"),
    ],
)
def test_mistakes_are_refused_before_anything_runs(arms, seeds, message):
    with pytest.raises(ValueError, match=message):
        experiments.run(draw, arms, seeds)
    assert not CALLS


@pytest.mark.parametrize("result", [None, 3.0, pd.DataFrame(), {"seed": 1}])
def test_a_result_that_is_no_table_is_refused(result):
    with pytest.raises(ValueError, match=r"result of \('a', 0\)"):
        experiments.run(lambda seed: result, {"a": {}}, [0])


def test_a_stored_table_says_how_it_was_made(tmp_path, monkeypatch):
    monkeypatch.setattr("authoring.experiments.runs.RESULTS", tmp_path)
    table = pd.DataFrame({"arm": ["a"], "value": [1 / 3]})
    experiments.store(table, "demo", "make experiments", folder=tmp_path)
    again = results.stored("demo")
    assert again["value"].tolist() == [0.3333]
    assert again.attrs["made_by"].startswith("make experiments; tensorflow 2.")
    with pytest.raises(ValueError, match="'none'; allowed: demo"):
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


def test_the_command_names_what_can_be_computed(capsys):
    assert command.main(["nonsense"]) == 2
    assert "choose among" in capsys.readouterr().err


def test_the_command_computes_and_stores_a_table(tmp_path, monkeypatch, capsys):
    module = type(sys)("demo")
    module.ARMS, module.SEEDS, module.measure = ARMS, (0, 1), draw
    monkeypatch.setitem(sys.modules, "authoring.experiments.demo", module)
    monkeypatch.setattr(command, "EXPERIMENTS", ["demo"])
    monkeypatch.setattr(command, "ROOT", tmp_path)
    monkeypatch.setattr(command, "RESULTS", tmp_path)
    assert command.main(["demo"]) == 0
    assert "demo.csv: 10 rows" in capsys.readouterr().out
    assert len(pd.read_csv(tmp_path / "demo.csv", comment="#")) == 10


def test_an_experiment_may_store_its_result_as_several_tables(tmp_path, monkeypatch):
    module = type(sys)("demo")
    module.ARMS, module.SEEDS, module.measure = ARMS, (0,), draw
    module.tables = lambda table: dict(list(table.groupby("arm")))
    monkeypatch.setitem(sys.modules, "authoring.experiments.demo", module)
    monkeypatch.setattr(command, "EXPERIMENTS", ["demo"])
    monkeypatch.setattr(command, "ROOT", tmp_path)
    monkeypatch.setattr(command, "RESULTS", tmp_path)
    assert command.main(["demo"]) == 0
    assert sorted(file.stem for file in tmp_path.glob("*.csv")) == ["large, scaled", "small"]


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
