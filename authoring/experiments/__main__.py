"""Compute the tables in data/results.

    python -m authoring.experiments [NAME ...] [--workers N | --scheduler ADDRESS] [--fresh]
    python -m authoring.experiments NAME ... --verify
    python -m authoring.experiments --list [--uses SET]

Without a NAME, all of them. Finished runs are kept in build/experiments, so that an interrupted
computation goes on where it stopped. --scheduler takes the workers of a Dask scheduler, on any
machines; docs/scaling.md says how. --verify is for code that has changed and should give what is
stored: it computes one arm with one seed again, and where that agrees with the stored rows it
writes the fingerprint of the present code into the tables.
"""

import argparse
import os
import sys
import time
import traceback

from distributed import KilledWorker

from authoring.experiments.cluster import ONE_THREAD, UnusableError, connected
from authoring.experiments.fingerprints import fingerprint
from authoring.experiments.runs import run
from authoring.experiments.samples import arms_of, compare, module_of, tables_of
from authoring.experiments.tables import experiments, index, stamp, stamped, store
from course_utils import ROOT


def main(arguments=None):
    """Compute or verify the tables that are named; return the exit code."""
    known = experiments()
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(known))
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--workers", type=int, default=1, help="processes, one thread each")
    where.add_argument("--scheduler", metavar="ADDRESS", help="such as tcp://host:8786")
    parser.add_argument("--fresh", action="store_true", help="forget finished runs first")
    parser.add_argument("--verify", action="store_true", help="compare one run with the table")
    parser.add_argument("--list", action="store_true", help="say what is stored")
    parser.add_argument("--uses", metavar="SET", help="list what was computed from this set")
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.names if name not in known]:
        parser.error(f"{unknown[0]!r}: choose among {', '.join(known)}")
    if options.uses and options.uses not in (sets := {s for e in index().values() for s in e.data}):
        parser.error(f"--uses {options.uses!r}: choose among {', '.join(sorted(sets))}")
    if options.list or options.uses:
        for name, entry in index().items():
            if not options.uses or options.uses in entry.data:
                print(described(name, entry))
        return 0
    os.environ.update(ONE_THREAD)
    names = options.names or list(known)
    if options.verify:
        agreeing = [verify(name) for name in names]
        return 0 if all(agreeing) else 1
    try:
        complete = [
            compute(name, options.workers, options.scheduler, options.fresh) for name in names
        ]
    except UnusableError as error:
        print(error, file=sys.stderr)
        return 1
    return 0 if all(complete) else 1


def described(name, entry):
    """Return one line about a stored table."""
    takes = f"{entry.seconds} s" if entry.seconds else "not measured"
    read_by = ", ".join([*(f"lesson {number}" for number in entry.lessons), *entry.also])
    data = ", ".join(entry.data) or "no embedded set"
    return f"{name:25} python -m {entry.made_by:45} {takes:14} {read_by} ({data})"


def compute(name, workers=1, scheduler=None, fresh=False):
    """Run one experiment and store its tables; return False where runs have failed."""
    folder, start = ROOT / "build" / "experiments" / name, time.perf_counter()
    if fresh:
        # Only the files: another computation may be about to write into the folder.
        for path in folder.glob("*.csv"):
            path.unlink(missing_ok=True)
    version = fingerprint(name)
    with connected(name, workers, scheduler) as client:
        module = module_of(name)
        kept = {"folder": folder, "version": version, "client": client}
        try:
            result = run(module.measure, arms_of(module), module.SEEDS, **kept)
        except ExceptionGroup as failed:
            return report(name, failed)
    for table, rows in tables_of(module, name, result).items():
        path = store(rows, table, f"python -m authoring.experiments {name}", fingerprint=version)
        print(f"{path.name}: {len(rows)} rows in {time.perf_counter() - start:.0f} s")
    return True


def report(name, failed):
    """Say which runs failed and why; return False."""
    traceback.print_exception(failed.exceptions[0])
    for error in failed.exceptions:
        why = f"{type(error).__name__}: {error}"
        if isinstance(error, KilledWorker):
            deaths = error.allowed_failures + 1
            why = f"its worker died {deaths} times; did it need more memory than a worker has?"
        print(f"{error.__notes__[-1]}: {why}", file=sys.stderr)
    print(f"{name}: {failed.message}; the others are kept.", file=sys.stderr)
    return False


def verify(name):
    """Compare a run with the stored rows; stamp the tables and return True where they agree."""
    version = fingerprint(name)
    found = compare(name)
    print(f"{name}: {found}", flush=True)
    if found.agrees:
        for table in experiments()[name]:
            stamp(table, version)
    else:
        print(f"Not stamped. Compute it: python -m authoring.experiments {name}", file=sys.stderr)
    return found.agrees


def stale():
    """Return the tables that other code made than the present one, with the commands to run."""
    found = []
    for name, tables in experiments().items():
        present = fingerprint(name)
        other = [table for table in tables if stamped(table) != present]
        found += [f"{table}: python -m authoring.experiments {name} --verify" for table in other]
    return found


if __name__ == "__main__":
    sys.exit(main())
