"""What the command lines of the studies have in common."""

import argparse
import sys
from pathlib import Path

import pandas as pd

from course_utils import ROOT


def parser(description, *, real=False, seeds=None):
    """Return a parser with ``--out``, and ``--real-data`` and ``--seeds`` where they are needed."""
    made = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--out", type=Path, help="CSV file to write")
    if real:
        made.add_argument("--real-data", required=True, type=Path, help="folder of real images")
    if seeds:
        made.add_argument("--seeds", type=int, default=seeds, choices=range(1, 101), metavar="N")
    return made


def write(path, rows, made_by):
    """Write rows to a CSV file, if there is a path, below a line that says how they were made."""
    if path is None or not len(rows):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pd.DataFrame(rows).round(4).to_csv(index=False, lineterminator="\n")
    path.write_text(f"# python -m authoring.studies.{made_by}\n{table}", encoding="utf-8")
    print(f"wrote {path}")


def run(main):
    """Run a command; bad input gets one sentence and exit code 2."""
    try:
        main()
    except ValueError as error:
        sys.exit(f"{error}")


def simulated_path(name):
    """Return the file of an embedded set."""
    return ROOT / "data" / f"{name}.npz"
