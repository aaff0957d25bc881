"""Try a lesson's claims with other seeds, other numbers of threads, and shuffled labels.

    python -m authoring.workshop.claims LESSON [--seeds 20] [--threads 1 2 4] [--shuffled]
    python -m authoring.workshop.claims LESSON --store

A claim (course_utils.results) must hold whatever the seed, and fail where nothing can be learned.
Each run is a process of its own that executes only the cells that the claims need. Seeds are added
to the lesson's own, in `training.set_seed`, in `Augmenter` and in `training.fit`. With --shuffled
the training images get each other's labels or masks, and every claim about a training should fail.

With --store, ten seeds are run with two threads, three of them also with one and with four, and
three with shuffled labels; docs/claims/lesson_NN.csv gets a row for each claim of each run.

A line per run says which claims held. The exit code is 1 if one did not, or, with --shuffled, if
one did, or if a run stopped with an error.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import replace

import pandas as pd

from authoring.workshop import lesson_rules
from authoring.workshop.lessons import ROOT, LessonError, find_lessons, read_lesson

# The network that is trained stands before `.fit(`, or comes first in `fit(…)` and `fine_tune(…)`.
TRAINED = re.compile(r"(\w+)\)?\.fit\(|(?<!\.)\b(?:training\.|transfer\.)?(?:fit|fine_tune)\((\w+)")
SEED = re.compile(r"(set_seed\(|Augmenter\([^()]*seed=)(\d+)")


def needed_cells(notebook):
    """Return the sources of the setup, the claims and the cells that the claims need, in order."""
    kept, names = [], set()
    for _, cell in reversed(list(lesson_rules.code_cells(notebook))):
        tags = lesson_rules.tags(cell)
        bound, used = lesson_rules.global_names(cell)
        # A training changes a network that another cell has bound.
        trains = {name for found in TRAINED.findall(cell.source) for name in found} & names
        if {"setup", "claim"} & set(tags) or bound & names or trains:
            kept.append(cell.source)
            names = names - bound | used
    return kept[::-1]


def with_seed(source, seed):
    """Return a cell's source with the seed added to those that it states."""
    return SEED.sub(lambda match: f"{match[1]}{int(match[2]) + seed}", source)


def shuffled(data, seed=0):
    """Return images that have each other's labels, by group, and each other's masks."""
    import numpy as np

    rng = np.random.default_rng(seed)
    groups, first, inverse = np.unique(data.groups, return_index=True, return_inverse=True)
    changed = {"labels": data.labels[first][rng.permutation(len(groups))][inverse]}
    if data.masks is not None:
        changed["masks"] = data.masks[rng.permutation(len(data))]
    return replace(data, **changed)


def run_lesson(path, seed, shuffle):
    """Execute the needed cells in this process; print each claim as ✓ or ✗ with what it got."""
    import matplotlib

    matplotlib.use("agg")
    from course_utils import datasets, results, training

    made = []
    if shuffle:
        datasets.load = changed_load(datasets.load, seed)

    class Recorded(results.Claim):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            made.append(self)

    results.Claim = Recorded
    training.fit = changed_training(training.fit, seed, shuffle)
    names = {"__name__": "__main__"}
    for source in needed_cells(read_lesson(path)):
        exec(compile(with_seed(source, seed), str(path), "exec"), names)
    print(json.dumps([[claim.text, bool(claim.holds), claim.got] for claim in made]))
    return [bool(claim.holds) for claim in made]


def changed_load(load, seed):
    """Return a function that loads a set whose training images have each other's labels.

    For lessons that write pictures to folders; elsewhere `changed_training` does it.
    """

    def load_shuffled(*arguments, **options):
        data = load(*arguments, **options)
        train, labels = data.splits == "train", data.labels.copy()
        labels[train] = shuffled(data.select(train), seed).labels
        return replace(data, labels=labels)

    return load_shuffled


def changed_training(train_with, seed, shuffle):
    """Return a training function with another seed and, if wanted, shuffled training images."""

    def train(model, data, *arguments, **options):
        options["seed"] = options.get("seed", 0) + seed
        return train_with(model, shuffled(data, seed) if shuffle else data, *arguments, **options)

    return train


def start(path, seed, threads, shuffle):
    """Run one lesson in a process of its own; return its exit code, its claims, and a line on them.

    A claim is its text, whether it holds, and what it got.
    """
    number = str(threads)
    env = os.environ | {"TF_NUM_INTRAOP_THREADS": number, "OMP_NUM_THREADS": number}
    env["PYTHONPATH"] = str(ROOT)
    command = [sys.executable, "-m", "authoring.workshop.claims", str(path.resolve())]
    command += ["--one", str(seed), *["--shuffled"] * shuffle]
    # Lessons write files where they run.
    with tempfile.TemporaryDirectory() as folder:
        result = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    last = (result.stdout.strip() or result.stderr.strip()).split("\n")[-1]
    try:
        made = json.loads(last)
    except ValueError:
        return result.returncode, [], last
    line = "  ".join(f"{'✓' if holds else '✗'} {got}" for _, holds, got in made)
    return result.returncode, made, line


def run_all(path, runs):
    """Run a lesson for each (seed, threads, shuffled); yield (bad, rows of a table)."""
    for seed, threads, shuffle in runs:
        begun = time.perf_counter()
        code, made, said = start(path, seed, threads, shuffle)
        took = time.perf_counter() - begun
        labels = ", shuffled labels" if shuffle else ""
        print(f"seed {seed}, threads {threads}{labels}, {took:.0f} s: {said}", flush=True)
        key = {"seed": seed, "threads": threads, "labels": "shuffled" if shuffle else "true"}
        rows = [key | {"claim": text, "holds": holds, "got": got} for text, holds, got in made]
        yield code != 0, rows


def main(arguments=None):
    """Try the claims; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("lesson")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--shuffled", action="store_true")
    parser.add_argument("--store", action="store_true")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    try:
        (path,) = find_lessons([options.lesson])
    except LessonError as error:
        print(error, file=sys.stderr)
        return 2
    if options.one is not None:
        held = run_lesson(path, options.one, options.shuffled)
        return int(not held or (any(held) if options.shuffled else not all(held)))
    runs = [
        (seed, options.threads[seed % len(options.threads)], options.shuffled)
        for seed in range(1, options.seeds + 1)
    ]
    if options.store:
        runs = [(seed, 2, shuffle) for shuffle in (False, True) for seed in (1, 2, 3)]
        runs += [(seed, threads, False) for threads in (1, 4) for seed in (1, 2, 3)]
        runs += [(seed, 2, False) for seed in range(4, 11)]
    table = ROOT / "docs" / "claims" / f"lesson_{path.name[:2]}.csv"
    table.parent.mkdir(exist_ok=True)
    bad, rows = 0, []
    for is_bad, some in run_all(path, runs):
        bad, rows = bad + is_bad, rows + some
        if options.store:
            # After each run, so that nothing is lost by an interruption.
            pd.DataFrame(rows).to_csv(table, index=False, lineterminator="\n")
    print(f"{path.name}: {len(runs) - bad} of {len(runs)} as they should be")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
