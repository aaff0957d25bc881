"""Stored tables, and claims: what the prose says about a training, checked in each run."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from course_utils import ROOT
from course_utils._checks import refuse

RESULTS = ROOT / "data" / "results"


@dataclass(frozen=True)
class Claim:
    """A sentence of the prose, with its margin, and whether this run bears it out.

    What this run got is shown only where the claim does not hold, so that the stored output of a
    lesson stays the same from run to run.

    >>> Claim("The AUC is above 0.8.", holds=True, got="0.91")
    ✓ In this run, too: The AUC is above 0.8.
    """

    text: str
    holds: bool
    got: str

    def __repr__(self):
        if self.holds:
            return f"✓ In this run, too: {self.text}"
        return (
            f"✗ The text says: {self.text} This run got: {self.got}. If you have changed a "
            "setting, that is fine, and interesting. If not, restart the kernel and run all cells."
        )


def stored(name):
    """Read a stored table, data/results/NAME.csv; ``table.attrs["made_by"]`` says how it was made.

    >>> stored("bootstrap_coverage").columns[0]
    'positives'
    """
    path = RESULTS / f"{name}.csv"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in RESULTS.glob("*.csv")))
        refuse("name", repr(name), known, "`make experiments` computes the tables.")
    table = pd.read_csv(path, comment="#")
    first = path.read_text(encoding="utf-8").split("\n", 1)[0]
    table.attrs["made_by"] = first.removeprefix("# ").split("; fingerprint")[0]
    return table


def probabilities(table, arm, part):
    """Return labels, runs and groups of one arm on one part ("validation", "test", …).

    The table has one row per group and run, with columns arm, seed, part, group, label, and
    probability, or, for several classes, p_0, p_1, …. Labels and groups are (groups,), runs
    (runs, groups) or (runs, groups, classes), one for each seed, in rising order. Several classes
    are divided by their sum, so that a table may hold them rounded, or in thousandths.
    """
    for column, value in (("arm", arm), ("part", part)):
        if value not in set(table[column]):
            allowed = ", ".join(map(str, table[column].unique()))
            refuse(column, repr(value), allowed, "Choose one that the table has.")
    rows = table[(table["arm"] == arm) & (table["part"] == part)]
    classes = [column for column in table if re.fullmatch(r"p_\d+", column)]
    classes.sort(key=lambda column: int(column.removeprefix("p_")))
    wide = rows.pivot(index="group", columns="seed", values=classes or ["probability"])
    if wide.isna().any(axis=None):
        received = f"runs of arm {arm!r} with different groups in part {part!r}"
        refuse("table", received, "the same groups in every run", "Compute the missing runs.")
    labels = rows.drop_duplicates("group").set_index("group")["label"].loc[wide.index]
    if not classes:
        return labels.to_numpy(), wide["probability"].to_numpy().T, wide.index.to_numpy()
    runs = np.stack([wide[column].to_numpy(float).T for column in classes], axis=-1)
    return labels.to_numpy(), runs / runs.sum(axis=-1, keepdims=True), wide.index.to_numpy()
