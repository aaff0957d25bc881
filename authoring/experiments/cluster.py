"""Workers for many runs, on this machine or on others, that have the code of this checkout.

What is sent is the name of a function, a seed and settings. Code and data are read by each worker
where it was started, so every worker proves that they are the same as here before it gets a run.
"""

import os
import platform
import random
import sys
from contextlib import contextmanager, suppress
from importlib.metadata import version
from importlib.util import find_spec, module_from_spec
from types import BuiltinMethodType, MethodType

import dask
from distributed import Client, WorkerPlugin

from authoring.experiments.fingerprints import fingerprint
from authoring.experiments.tables import PACKAGES
from course_utils._checks import refuse

# The last digits depend on the number of threads, and two trainings that share two threads are
# slower than two with one each. TensorFlow reads this when an experiment imports it.
ONE_THREAD = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "OMP_NUM_THREADS": "1"}
# A worker that pauses at 80 % of its memory never goes on where a library keeps the memory. It is
# killed at 95 % and started again, and a run whose worker has died three times is given up.
SETTINGS = {
    "distributed.worker.memory.pause": False,
    "distributed.scheduler.allowed-failures": 2,
    # `simulation.draw` opens processes of its own, which a daemonic worker may not.
    "distributed.worker.daemon": False,
}
ANSWER_WITHIN = 5  # seconds
# The functions of the module that draw from the one generator of the process.
GLOBAL = [f for f in vars(random).values() if getattr(f, "__self__", None) is random._inst]


class UnusableError(Exception):
    """Say in one sentence why a cluster cannot be used, and what to do."""


@contextmanager
def connected(experiment, workers=1, scheduler=None):
    """Give a client of a cluster that is ready for an experiment; None for a plain loop.

    With `scheduler`, such as ``tcp://host:8786``, its workers; otherwise so many of this machine.
    """
    if scheduler is None and workers == 1:
        yield None
        return
    with dask.config.set(SETTINGS), _client(workers, scheduler) as client:
        address, count = client.scheduler.address, len(client.nthreads())
        start = f"python -m dask worker {address} --nthreads 1"
        start = f"`DASK_DISTRIBUTED__WORKER__DAEMON=False {start}` in a checkout"
        if not count:
            raise UnusableError(f"The scheduler has no workers. Start some: {start}.")
        try:
            _admit(client, SameCode(experiment), start)
            page = client.dashboard_link.removesuffix("status")
            if not find_spec("bokeh"):
                page += "info (its curves need the package bokeh, which the lock leaves out)"
            print(f"{count} worker(s) of {address}; watch {page}", flush=True)
            yield client
        finally:
            # A worker that lacks the course never had it.
            with suppress(KeyError, ValueError):
                client.unregister_worker_plugin(SameCode.name)


def _client(workers, scheduler):
    """Return a client of the scheduler at an address, or of a cluster made here."""
    if scheduler is None:
        here = {"dashboard_address": "127.0.0.1:0", "host": "127.0.0.1"}
        return Client(n_workers=workers, threads_per_worker=1, **here)
    try:
        return Client(scheduler, timeout=ANSWER_WITHIN)
    except (OSError, ValueError) as error:
        raise UnusableError(
            f"No scheduler answered at {scheduler!r} within {ANSWER_WITHIN} s. "
            "Start one, `python -m dask scheduler`, and give the address that it prints."
        ) from error


def _admit(client, plugin, start):
    """Let in the workers that have the same code, now and later; refuse where one has not."""
    try:
        client.register_plugin(plugin)
    except ValueError as error:
        raise UnusableError(str(error)) from error
    except Exception as error:
        # A plugin that cannot be unpickled comes back as an Exception of another exception's repr.
        if "No module named" not in str(error):
            raise
        raise UnusableError(f"A worker lacks the course ({error}). Start it: {start}.") from error


class SameCode(WorkerPlugin):
    """Let a worker in where an experiment's code, data and packages are those of the sender."""

    name = "the course's code"

    def __init__(self, experiment):
        self.experiment, self.expected = experiment, identity(experiment)

    def setup(self, worker):
        """Refuse a worker that would compute something else; called also for those to come."""
        os.environ.update(ONE_THREAD)
        separate_random_numbers()
        found = identity(self.experiment)
        if found != self.expected:
            other = {name: value for name, value in found.items() if value != self.expected[name]}
            remedy = "Give it the same checkout and lock, and start it again."
            refuse(f"worker {worker.address}", other, {k: self.expected[k] for k in other}, remedy)


def identity(experiment):
    """Return what must agree for a run to give the same result: code, data and packages."""
    return {
        "fingerprint": fingerprint(experiment),
        "Python": platform.python_version(),
        **{package: version(package) for package in PACKAGES},
    }


def separate_random_numbers():
    """Give Dask a generator of its own, or its other threads would draw from that of a run.

    A worker measures its memory twice a second and samples for it with Python's `random`; Keras
    draws the seeds of its layers from there. Between the two, a run no longer repeats.
    """
    own = module_from_spec(random.__spec__)  # a second copy of the module, with its own generator
    random.__spec__.loader.exec_module(own)
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in ("dask", "distributed", "tornado"):
            for key, value in list(vars(module).items()):
                if value is random:
                    setattr(module, key, own)
                elif isinstance(value, MethodType | BuiltinMethodType) and value in GLOBAL:
                    setattr(module, key, getattr(own, value.__name__))
