"""Runs on a cluster give the plain loop's table, and survive the death of a worker."""

import os
import random
import re
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import cloudpickle
import pytest
from dask.sizeof import sizeof
from distributed import KilledWorker, LocalCluster
from distributed.protocol import compression

from authoring.experiments import __main__ as command
from authoring.experiments import cluster
from authoring.experiments.runs import _sealed, run

ARMS = {"a": {}, "b": {"scale": 10.0}}
EXPERIMENT = "rare_cancer_leak"
IN_PROCESS = {
    "processes": False,
    "protocol": "tcp://",
    "host": "127.0.0.1",
    "dashboard_address": ":0",
}


def measure(seed, scale=1.0, diary=None, fatal=(), deaths=0):
    """Return a number; the runs of `fatal` seeds kill their own worker the first `deaths` times."""
    if diary:
        begun = Path(diary) / f"{scale}_{seed}_{time.time_ns()}"
        begun.touch()
        if seed in fatal and len(list(begun.parent.glob(f"{scale}_{seed}_*"))) <= deaths:
            os.kill(os.getpid(), signal.SIGKILL)
    return {"value": scale * (seed + 1) / 3}


@pytest.fixture
def here(monkeypatch):
    """Return the address of a scheduler with one worker, both in this process."""
    monkeypatch.setattr(cluster, "ONE_THREAD", {})
    with LocalCluster(n_workers=1, **IN_PROCESS) as local:
        yield local.scheduler_address


def dying(diary, deaths):
    """Return `ARMS` whose run with seed 1 of arm b dies, and what counts how often it began."""
    diary.mkdir()
    grim = {"diary": str(diary), "fatal": (1,), "deaths": deaths}
    return {"a": {}, "b": {"scale": 10.0, **grim}}, lambda: len(list(diary.glob("10.0_1_*")))


@pytest.mark.slow
def test_a_killed_worker_loses_and_doubles_nothing_and_a_deadly_run_is_given_up(tmp_path, capsys):
    with cluster.connected(EXPERIMENT, workers=2) as client:
        assert re.match(
            r"2 worker\(s\) of tcp://127.0.0.1:\d+; watch http", capsys.readouterr().out
        )
        arms, begun = dying(tmp_path / "once", deaths=1)
        there = run(measure, arms, range(4), folder=tmp_path / "all", client=client)
        assert begun() == 2
        assert not there.duplicated(["arm", "seed"]).any()
        assert there.to_csv() == run(measure, ARMS, range(4)).to_csv()

        arms, begun = dying(tmp_path / "always", deaths=99)
        with pytest.raises(ExceptionGroup, match="1 of 8 runs failed") as failed:
            run(measure, arms, range(4), folder=tmp_path / "seven", client=client)
    (error,) = failed.value.exceptions
    assert isinstance(error, KilledWorker)
    assert error.__notes__ == ["arm 'b', seed 1"]
    assert begun() == 3
    assert len(list((tmp_path / "seven").iterdir())) == 7


def test_an_address_that_does_not_answer_is_one_sentence(capsys):
    start = time.perf_counter()
    assert command.main([EXPERIMENT, "--scheduler", "tcp://127.0.0.1:9"]) == 1
    assert time.perf_counter() - start < 3 * cluster.ANSWER_WITHIN
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("No scheduler answered at 'tcp://127.0.0.1:9' within 5 s.")


def test_a_scheduler_is_used_where_its_workers_have_the_same_code(here, capsys):
    with cluster.connected(EXPERIMENT, scheduler=here) as client:
        there = run(measure, ARMS, range(3), client=client)
    assert there.to_csv() == run(measure, ARMS, range(3)).to_csv()
    assert "1 worker(s) of" in capsys.readouterr().out


def test_a_worker_with_other_packages_is_refused(here, monkeypatch):
    there, start = cluster.identity(EXPERIMENT), cluster.SameCode.__init__

    def from_elsewhere(plugin, experiment):
        start(plugin, experiment)
        plugin.expected = {**there, "keras": "0.1"}

    monkeypatch.setattr(cluster.SameCode, "__init__", from_elsewhere)
    with (
        pytest.raises(cluster.UnusableError, match=r"received \{'keras': '3.*'keras': '0.1'"),
        cluster.connected(EXPERIMENT, scheduler=here),
    ):
        pass


def test_a_scheduler_without_workers_is_refused():
    with (
        LocalCluster(n_workers=0, **IN_PROCESS) as local,
        pytest.raises(cluster.UnusableError, match=r"no workers\. Start some:"),
        cluster.connected(EXPERIMENT, scheduler=local.scheduler_address),
    ):
        pass


def test_a_scheduler_needs_no_checkout(tmp_path):
    sent = cloudpickle.dumps(_sealed(partial(measure, seed=3)))
    load = "import sys, cloudpickle; cloudpickle.loads(sys.stdin.buffer.read())"
    subprocess.run([sys.executable, "-c", load], input=sent, cwd=tmp_path, check=True)
    assert cloudpickle.loads(sent)() == measure(3)


def test_dask_does_not_draw_from_the_random_numbers_of_a_run():
    long, big = list(range(1000)), memoryview(bytes(100_000))
    cluster.separate_random_numbers()
    state = random.getstate()
    sizeof(long)
    compression.byte_sample(big, 1000, 2)
    assert random.getstate() == state
