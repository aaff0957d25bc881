"""Many runs of one function, over settings and seeds, that survive an interruption.

A run is a pure function of its seed and its settings that returns a table. Each finished run is
written at once; starting again computes only what is missing.
"""

import hashlib
import inspect
import json
import pickle
import time
from functools import partial
from io import StringIO
from itertools import islice

import cloudpickle
import pandas as pd
from tqdm.auto import tqdm

from course_utils._files import write_text


def run(function, arms, seeds, *, folder=None, version="", client=None):
    """Call ``function(seed=seed, **settings)`` for every arm and seed, and join the results.

    `function` returns a table or one row (dict) of numbers and short texts, and seeds everything
    itself: its result must depend on its arguments alone. `arms` holds the settings of each arm by
    its name. With `folder`, finished runs are kept there and are not computed again, unless
    settings or `version` (the function's `fingerprints.fingerprint`) have changed. With `client`, a
    `distributed.Client`, each thread of its workers has one run at a time. The table has the
    columns arm and seed, then the function's own. Runs of one seed often share their start and
    data: they are not independent observations.

    Raises
    ------
    ExceptionGroup
        At the end, with the exceptions of the runs that failed; their notes say which. All other
        runs were computed and kept.

    Examples
    --------
    >>> def toss(seed, coins):
    ...     import numpy as np
    ...     return {"heads": int(np.random.default_rng(seed).integers(0, 2, coins).sum())}
    >>> run(toss, {"few": {"coins": 2}, "many": {"coins": 100}}, seeds=(0, 1))
        arm  seed  heads
    0   few     0      2
    1   few     1      1
    2  many     0     56
    3  many     1     50
    """
    for settings in arms.values():
        # A misspelled setting of the last arm is found now, and not after hours.
        inspect.signature(function).bind(seed=0, **settings)
    jobs = {(arm, int(seed)): arms[arm] for arm in arms for seed in seeds}
    files = {job: folder / _file(*job, jobs[job], version) for job in jobs} if folder else {}
    done = {job: pd.read_csv(path) for job, path in files.items() if path.is_file()}
    failed = []
    missing = {
        job: partial(function, seed=job[1], **settings)
        for job, settings in jobs.items()
        if job not in done
    }
    for job, result in _computed(missing, client):
        try:
            result = result()
        except Exception as error:
            error.add_note(f"arm {job[0]!r}, seed {job[1]}")
            failed.append(error)
            continue
        table = pd.DataFrame([result]) if isinstance(result, dict) else result
        text = table.to_csv(index=False)
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            write_text(files[job], text)
        # Read back, so that a run looks the same whether it was computed now or before.
        done[job] = pd.read_csv(StringIO(text))
    if failed:
        raise ExceptionGroup(f"{len(failed)} of {len(jobs)} runs failed", failed)
    for arm, seed in jobs:
        done[arm, seed].insert(0, "arm", arm)
        done[arm, seed].insert(1, "seed", seed)
    return pd.concat([done[job] for job in jobs], ignore_index=True)


def _file(arm, seed, settings, version):
    """Return the name of a run's file; other settings or another version give another name."""
    what = json.dumps([settings, version], sort_keys=True, default=repr)
    readable = "".join(c if c.isalnum() else "-" for c in arm)
    return f"{readable}_{seed}_{hashlib.sha256(what.encode()).hexdigest()[:12]}.csv"


def _computed(jobs, client):
    """Yield each job with what returns its result, or raises what the run raised."""
    with tqdm(total=len(jobs), unit="run", leave=False, disable=None) as bar:
        for job, result in jobs.items() if client is None else _arriving(jobs, client):
            start = time.perf_counter()
            yield job, result
            del result
            seconds = f", {time.perf_counter() - start:.0f} s" if client is None else ""
            bar.set_postfix_str(f"{job[0]}{seconds}", refresh=False)
            bar.update()


def _arriving(jobs, client):
    """Yield each job with a future's `result`, as soon as it is there.

    A worker has one run per thread and none in waiting. The scheduler suspects all runs of a
    worker that dies, and gives up a run after three or four deaths: that should be the guilty one.
    A future that was read is forgotten, or the death of the worker that holds its result would
    mean to compute it again.
    """
    from distributed import as_completed

    waiting, sent, arrivals = iter(jobs.items()), {}, as_completed()

    def send():
        free = sum(client.nthreads().values()) - len(sent)
        for job, call in islice(waiting, max(free, 0 if sent else 1)):
            future = client.submit(_sealed(call), pure=False)
            sent[future] = job
            arrivals.add(future)

    send()
    for future in arrivals:
        yield sent.pop(future), future.result
        del future
        send()


def _sealed(call):
    """Return a function of no module that makes a call; the scheduler need not import the course.

    It unpickles what it hands on, and would import TensorFlow.
    """
    pickled = cloudpickle.dumps(call)

    def unsealed():
        return pickle.loads(pickled)()

    return unsealed
