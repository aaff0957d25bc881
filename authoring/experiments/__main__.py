"""Compute the tables in data/results.

    python -m authoring.experiments [NAME ...] [--workers N] [--fresh]

Without a NAME, all of them. Finished runs are kept in build/experiments, so that an interrupted
computation goes on where it stopped.
"""

import argparse
import importlib
import shutil
import sys
import time

from authoring.experiments.runs import RESULTS, run, store
from course_utils import ROOT

# Modules, each with ARMS, SEEDS and `measure(seed, **settings)`. The result is stored under the
# module's name, or, if it has `tables(result)`, as the tables that this returns. A module may read
# the tables of those before it.
EXPERIMENTS = [
    "leakage",
    "overfitting_tuning",
    "overfitting",
    "overfitting_final",
    "rare_cancer_tuning",
    "rare_cancer",
    "breast_study",
    "skin_study",
    "skin_final",
    "skin_tones",
    "segmentation",
    "segmentation_final",
    "segmentation_thresholds",
]
# Two trainings that share two threads are slower than two with one thread each.
ONE_THREAD = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "OMP_NUM_THREADS": "1"}


def main(arguments=None):
    """Compute the tables that are named; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(EXPERIMENTS))
    parser.add_argument("--workers", type=int, default=1, help="processes, one thread each")
    parser.add_argument("--fresh", action="store_true", help="forget finished runs first")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name not in EXPERIMENTS]
    if unknown or options.workers < 1:
        wrong = unknown[0] if unknown else f"--workers {options.workers}"
        print(f"{wrong!r}: choose among {', '.join(EXPERIMENTS)}; workers from 1.", file=sys.stderr)
        return 2
    for name in options.names or EXPERIMENTS:
        compute(name, options.workers, options.fresh)
    return 0


def compute(name, workers=1, fresh=False):
    """Run one experiment and store its table."""
    folder = ROOT / "build" / "experiments" / name
    if fresh:
        shutil.rmtree(folder, ignore_errors=True)
    module = importlib.import_module(f"authoring.experiments.{name}")
    start = time.perf_counter()
    if workers > 1:
        from distributed import Client

        here = {"dashboard_address": None, "env": ONE_THREAD, "host": "127.0.0.1"}
        with Client(n_workers=workers, threads_per_worker=1, **here) as client:
            table = run(module.measure, module.ARMS, module.SEEDS, folder=folder, client=client)
    else:
        table = run(module.measure, module.ARMS, module.SEEDS, folder=folder)
    tables = module.tables(table) if hasattr(module, "tables") else {name: table}
    for file, rows in tables.items():
        path = store(rows, file, f"python -m authoring.experiments {name}", folder=RESULTS)
        print(f"{path.name}: {len(rows)} rows in {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    sys.exit(main())
