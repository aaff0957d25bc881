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
    """What data/results/tables.toml says about a table.

    Attributes
    ----------
    made_by : str
        ``"authoring.experiments NAME"`` or ``"authoring.studies.NAME"``.
    lessons : list of str
        Numbers of the lessons whose code reads the table.
    seconds : int
        Of computation; 0 where nobody has measured.
    also : list of str
        Other files that quote the table.
    """

    made_by: str
    lessons: list
    seconds: int
    also: list = ()

    @property
    def experiment(self):
        """The name of the experiment that makes the table; None for a study."""
        made = self.made_by.startswith(EXPERIMENT)
        return self.made_by.removeprefix(EXPERIMENT) if made else None


def index():
    """Return what is known about each stored table.

    Returns
    -------
    dict of str to Entry
        In an order in which they can be computed.
    """
    text = (RESULTS / "tables.toml").read_text(encoding="utf-8")
    return {name: Entry(**fields) for name, fields in tomllib.loads(text).items()}


def experiments():
    """Return the tables of each experiment, in an order in which they can be computed.

    Returns
    -------
    dict of str to list of str
    """
    made = {}
    for name, entry in index().items():
        if entry.experiment:
            made.setdefault(entry.experiment, []).append(name)
    return made


def store(table, name, made_by, *, fingerprint=None, folder=RESULTS):
    """Write a table of results together with how it was made.

    Parameters
    ----------
    table : pandas.DataFrame
        Numbers are rounded to four decimals.
    name : str
        The file is NAME.csv.
    made_by : str
        The command that computes it.
    fingerprint : str, optional
        Of the code that computed it: see `fingerprints`.
    folder : Path, optional
        Default: data/results.

    Returns
    -------
    path : Path
    """
    packages = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
    head = f"# {made_by}; {packages}; Python {platform.python_version()}, {platform.machine()}"
    head += f"; fingerprint {fingerprint}\n" if fingerprint else "\n"
    path = folder / f"{name}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, head + table.to_csv(index=False, float_format="%.4f", lineterminator="\n"))
    return path


def stamped(name):
    """Return the fingerprint in a table's first line; None where there is none.

    Parameters
    ----------
    name : str
        A stored table.

    Returns
    -------
    str or None
    """
    first = (RESULTS / f"{name}.csv").read_text(encoding="utf-8").split("\n", 1)[0]
    found = re.search(r"; fingerprint ([0-9a-f]{12})$", first)
    return found and found[1]


def stamp(name, fingerprint):
    """Write a fingerprint into a table's first line; change nothing else.

    Parameters
    ----------
    name : str
        A stored table.
    fingerprint : str
    """
    path = RESULTS / f"{name}.csv"
    first, rest = path.read_text(encoding="utf-8").split("\n", 1)
    first = re.sub(r"; fingerprint [0-9a-f]{12}$", "", first)
    write_text(path, f"{first}; fingerprint {fingerprint}\n{rest}")
