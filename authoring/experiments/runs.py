"""Many runs of one function, over settings and seeds, that survive an interruption.

A run is a pure function of its seed and its settings that returns a table. Each finished run is
written at once; starting again computes only what is missing. Taught in lesson 06; lesson 12 runs
the same on a cluster.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import json
import platform
import textwrap
import time
from importlib.metadata import version
from io import StringIO
from pathlib import Path

import pandas as pd
from tqdm.auto import tqdm

from course_utils._checks import DatasetError, check_names, check_seed, refuse
from course_utils._files import write_text
from course_utils.results import RESULTS

EXPERIMENTS = Path(__file__).parent
ADDED = ("arm", "seed")


def run(function, arms, seeds, *, folder=None, client=None):
    """Call ``function(seed=seed, **settings)`` for every arm and seed, and join the results.

    Parameters
    ----------
    function : callable
        Returns a table (pandas.DataFrame) or one row (dict) of numbers and short texts. Its
        result must depend on its arguments alone: it seeds everything itself.
    arms : dict of str to dict
        Name of each arm, and its settings: the keyword arguments of the function.
    seeds : iterable of int
        Each arm is run with each of them.
    folder : str or Path, optional
        Finished runs are kept there, one file each, and are not computed again, unless the
        settings have changed, or the text of the function's module or of a module of
        `authoring.experiments` that it imports, directly or through others. Changes elsewhere
        are not noticed: remove the folder then. Default: keep nothing.
    client : distributed.Client, optional
        Run on its workers, many at once. Default: here, one after the other.

    Returns
    -------
    table : pandas.DataFrame
        Columns arm and seed, then the function's own; arms in the given order, then seeds.

    Raises
    ------
    DatasetError
        No arm, no seed, a seed twice, settings that the function does not take, or a result that
        is no table.

    Notes
    -----
    Runs of one seed are alike in their start, and often share their data: never take
    arms × seeds or folds × seeds for independent observations.

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
    jobs = _jobs(function, arms, seeds)
    folder = None if folder is None else Path(folder)
    files = {job: _file(folder, function, *job, arms[job[0]]) for job in jobs} if folder else {}
    done = {job: _read(path) for job, path in files.items() if path.is_file()}
    missing = [job for job in jobs if job not in done]
    for job, table in _computed(function, arms, missing, client):
        text = _text(table, job)
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            write_text(files[job], text)
        # Read back, so that a run looks the same whether it was computed now or before.
        done[job] = _read(StringIO(text))
    return pd.concat([_labelled(done[job], job) for job in jobs], ignore_index=True)


def store(table, name, made_by, *, folder=RESULTS):
    """Write a table of results together with how it was made.

    Parameters
    ----------
    table : pandas.DataFrame
        Numbers are rounded to four decimals.
    name : str
        The file is NAME.csv.
    made_by : str
        The command that computes it.
    folder : str or Path, optional
        Default: data/results.

    Returns
    -------
    path : Path
    """
    packages = ", ".join(f"{p} {version(p)}" for p in ("tensorflow", "keras", "numpy"))
    head = f"# {made_by}; {packages}; Python {platform.python_version()}, {platform.machine()}\n"
    path = Path(folder) / f"{name}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, head + table.to_csv(index=False, float_format="%.4f", lineterminator="\n"))
    return path


def _jobs(function, arms, seeds):
    check_names("arms", tuple(arms))
    seeds = list(seeds)
    for seed in seeds:
        check_seed(seed)
    if not seeds or len(set(seeds)) != len(seeds):
        refuse("seeds", repr(seeds), "one or more different seeds", "Give each seed once.")
    signature = inspect.signature(function)
    for arm, settings in arms.items():
        try:
            signature.bind(seed=0, **settings)
        except TypeError as error:
            raise DatasetError(
                f"arms: received {arm!r} with {settings!r}; allowed: arguments of "
                f"{function.__name__}{signature}. {error}."
            ) from None
    return [(arm, int(seed)) for arm in arms for seed in seeds]


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


def _file(folder, function, arm, seed, settings):
    """Return where a run is kept; other settings or another text of its modules: another file."""
    module = inspect.getmodule(function)
    try:
        source = inspect.getsource(module or function)
    except (OSError, TypeError):
        source = inspect.getsource(function)
    parts = [function.__qualname__, settings, source, *_imported_texts(source)]
    what = json.dumps(parts, sort_keys=True, default=repr)
    key = hashlib.sha256(what.encode()).hexdigest()[:12]
    readable = "".join(c if c.isalnum() else "-" for c in arm)
    return folder / f"{readable}_{seed}_{key}.csv"


def _imported_texts(source):
    """Return the texts of the experiments that a module imports, directly or through others."""
    texts, waiting = {}, [source]
    while waiting:
        for name in _imported_experiments(waiting.pop()) - set(texts):
            texts[name] = (EXPERIMENTS / f"{name}.py").read_text(encoding="utf-8")
            waiting.append(texts[name])
    return [texts[name] for name in sorted(texts)]


def _imported_experiments(source):
    """Return the names of the modules of this package that a text imports, but for this one."""
    try:
        tree = ast.parse(textwrap.dedent(source))
    except SyntaxError:  # the line of a lambda, cut out of a notebook
        return set()
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    found = {name.split(".")[2] for name in names if name.startswith(f"{__package__}.")}
    # What is written here keeps results and changes none.
    return {n for n in found if (EXPERIMENTS / f"{n}.py").is_file()} - {Path(__file__).stem}


def _text(result, job):
    table = pd.DataFrame([result]) if isinstance(result, dict) else result
    if not isinstance(table, pd.DataFrame) or not len(table) or {*ADDED} & {*table.columns}:
        refuse(
            f"result of {job}",
            f"{result!r:.60}",
            "a dict or a DataFrame with rows, without columns arm and seed",
            "Return what was measured; arm and seed are added.",
        )
    return table.to_csv(index=False)


def _read(source):
    return pd.read_csv(source)


def _labelled(table, job):
    for position, (name, value) in enumerate(zip(ADDED, job, strict=True)):
        table.insert(position, name, value)
    return table
