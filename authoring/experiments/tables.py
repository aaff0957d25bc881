"""The stored tables: their index, their first line, and how one is written."""

import platform
import re
import tomllib
from dataclasses import dataclass
from importlib.metadata import version

from course_utils._files import write_text
from course_utils.results import RESULTS

EXPERIMENT = "authoring.experiments "
PACKAGES = ("tensorflow", "keras", "numpy")


@dataclass(frozen=True)
class Entry:
    """Hold what data/results/tables.toml says about a table; the file explains the fields."""

    made_by: str
    lessons: list
    data: list
    seconds: int
    also: list = ()

    @property
    def experiment(self):
        """The name of the experiment that makes the table; None for a study."""
        made = self.made_by.startswith(EXPERIMENT)
        return self.made_by.removeprefix(EXPERIMENT) if made else None


def index():
    """Return an `Entry` for each stored table, in an order in which they can be computed."""
    text = (RESULTS / "tables.toml").read_text(encoding="utf-8")
    return {name: Entry(**fields) for name, fields in tomllib.loads(text).items()}


def experiments():
    """Return the names of the tables of each experiment, in an order of computation."""
    made = {}
    for name, entry in index().items():
        if entry.experiment:
            made.setdefault(entry.experiment, []).append(name)
    return made


def store(table, name, made_by, *, fingerprint=None, folder=RESULTS):
    """Write a table, rounded to four decimals, as NAME.csv; return its path.

    The first line says how it was made: by which command, with which packages, and, where
    `fingerprints` knows it, from which code.
    """
    packages = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
    head = f"# {made_by}; {packages}; Python {platform.python_version()}, {platform.machine()}"
    head += f"; fingerprint {fingerprint}\n" if fingerprint else "\n"
    path = folder / f"{name}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, head + table.to_csv(index=False, float_format="%.4f", lineterminator="\n"))
    return path


def stamped(name):
    """Return the fingerprint in a stored table's first line; None where there is none."""
    first = (RESULTS / f"{name}.csv").read_text(encoding="utf-8").split("\n", 1)[0]
    found = re.search(r"; fingerprint ([0-9a-f]{12})$", first)
    return found and found[1]


def stamp(name, fingerprint):
    """Write a fingerprint into a stored table's first line; change nothing else."""
    path = RESULTS / f"{name}.csv"
    first, rest = path.read_text(encoding="utf-8").split("\n", 1)
    first = re.sub(r"; fingerprint [0-9a-f]{12}$", "", first)
    write_text(path, f"{first}; fingerprint {fingerprint}\n{rest}")
