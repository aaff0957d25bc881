"""Many runs of one function, over settings and seeds, that survive an interruption.

A run is a pure function of its seed and its settings that returns a table. Each finished run is
written at once; starting again computes only what is missing.
"""

import hashlib
import inspect
import json
import time
from io import StringIO

import pandas as pd
from tqdm.auto import tqdm

from course_utils._files import write_text


def run(function, arms, seeds, *, folder=None, version="", client=None):
    """Call ``function(seed=seed, **settings)`` for every arm and seed, and join the results.

    `function` returns a table or one row (dict) of numbers and short texts, and seeds everything
    itself: its result must depend on its arguments alone. `arms` holds the settings of each arm by
    its name. With `folder`, finished runs are kept there and are not computed again, unless
    settings or `version` (the function's `fingerprints.fingerprint`) have changed. With `client`, a
    `distributed.Client`, many run at once. The table has the columns arm and seed, then the
    function's own. Runs of one seed often share their start and data: they are not independent
    observations.

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
    jobs = [(arm, int(seed)) for arm in arms for seed in seeds]
    files = {job: folder / _file(*job, arms[job[0]], version) for job in jobs} if folder else {}
    done = {job: pd.read_csv(path) for job, path in files.items() if path.is_file()}
    missing = [job for job in jobs if job not in done]
    for job, result in _computed(function, arms, missing, client):
        table = pd.DataFrame([result]) if isinstance(result, dict) else result
        text = table.to_csv(index=False)
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            write_text(files[job], text)
        # Read back, so that a run looks the same whether it was computed now or before.
        done[job] = pd.read_csv(StringIO(text))
    for arm, seed in jobs:
        done[arm, seed].insert(0, "arm", arm)
        done[arm, seed].insert(1, "seed", seed)
    return pd.concat([done[job] for job in jobs], ignore_index=True)


def _file(arm, seed, settings, version):
    """Return the name of a run's file; other settings or another version give another name."""
    what = json.dumps([settings, version], sort_keys=True, default=repr)
    readable = "".join(c if c.isalnum() else "-" for c in arm)
    return f"{readable}_{seed}_{hashlib.sha256(what.encode()).hexdigest()[:12]}.csv"


def _computed(function, arms, jobs, client):
    """Yield each job with its result, as soon as it is there."""
    with tqdm(total=len(jobs), unit="run", leave=False, disable=None) as bar:
        if client is None:
            for arm, seed in jobs:
                start = time.perf_counter()
                yield (arm, seed), function(seed=seed, **arms[arm])
                bar.set_postfix_str(f"{arm}, {time.perf_counter() - start:.0f} s", refresh=False)
                bar.update()
            return
        from distributed import as_completed

        futures = {
            client.submit(function, seed=seed, **arms[arm], pure=False): (arm, seed)
            for arm, seed in jobs
        }
        for future in as_completed(futures):
            yield futures[future], future.result()
            bar.update()
