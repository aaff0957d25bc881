"""Compute a sample of a stored table again, and compare it with what is stored."""

from dataclasses import dataclass
from importlib import import_module

import numpy as np

from authoring.experiments.runs import run
from authoring.experiments.tables import experiments
from course_utils.results import stored

# How far a score may be from the stored one where a table has no groups to draw an interval from.
TOLERANCE = 0.05
DRAWS = 200


@dataclass(frozen=True)
class Comparison:
    """The score of a run that was computed again, beside the interval of the stored one."""

    arm: str
    seed: int
    now: float
    then: float
    low: float
    high: float
    identical: bool

    @property
    def agrees(self):
        """Whether the new score lies in the interval of the stored one."""
        return self.low <= self.now <= self.high

    def __str__(self):
        same = "every row alike" if self.identical else "rows differ"
        return (
            f"arm {self.arm!r}, seed {self.seed}: {self.now:.4f}, stored {self.then:.4f} "
            f"({self.low:.4f} to {self.high:.4f}); {same}"
        )


def module_of(name):
    """Return the module of an experiment."""
    return import_module(f"authoring.experiments.{name}")


def arms_of(module):
    """Return the arms of an experiment, also where they are read from another table."""
    return module.arms() if hasattr(module, "arms") else module.ARMS


def tables_of(module, name, result):
    """Return the tables that an experiment makes of its joined runs."""
    return module.tables(result) if hasattr(module, "tables") else {name: result}


def compare(name):
    """Run one arm of an experiment with one seed and compare it with the stored rows."""
    module = module_of(name)
    arms = arms_of(module)
    arm, seed = getattr(module, "SAMPLE", list(arms)[-1]), next(iter(module.SEEDS))
    table = experiments()[name][0]
    now = tables_of(module, name, run(module.measure, {arm: arms[arm]}, [seed]))[table]
    then = stored(table).query("arm == @arm and seed == @seed").reset_index(drop=True)
    then = then.dropna(axis="columns", how="all")
    now = now[then.columns].reset_index(drop=True)
    score, (low, high) = module.score(then), interval(module.score, then)
    identical = len(now) == len(then) and now.round(4).equals(then.astype(now.dtypes))
    return Comparison(arm, seed, module.score(now), score, low, high, identical)


def interval(score, rows):
    """Return the ends of a 95 % interval of one run's score: groups drawn again, percentiles.

    Where the rows have no column ``group``, the ends are `TOLERANCE` away.
    """
    if "group" not in rows:
        return score(rows) - TOLERANCE, score(rows) + TOLERANCE
    rng = np.random.default_rng(0)
    draws = [score(rows.iloc[rng.integers(0, len(rows), len(rows))]) for _ in range(DRAWS)]
    return tuple(np.percentile(draws, [2.5, 97.5]))
