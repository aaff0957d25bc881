"""What the registry knows of each real set, and the commands `download` and `list`."""

from __future__ import annotations

import argparse
import os
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from course_utils import ROOT
from course_utils._checks import DatasetError, refuse
from course_utils.downloads import _fetching
from course_utils.downloads._fetching import DownloadError

REGISTRY_FILE = ROOT / "data" / "datasets.toml"


class MissingDataError(DatasetError):
    """A real set is not on this computer; the message says how to get it."""


@dataclass(frozen=True)
class RemoteFile:
    """One file of a set: its name, address, checksum, and size as far as known."""

    file: str
    url: str
    md5: str
    size: int | None = None
    bytes: int | None = None
    megabytes: float | None = None


@dataclass(frozen=True)
class RealSet:
    """What the registry knows of one real data set.

    Attributes
    ----------
    name, title, subject : str
        Name for downloading, name for people, and name in `course_utils.datasets.load`.
    license, notice, source, citation : str
        What the data may be used for, in two forms; where they come from; whom to cite.
    class_names : list of str
        In the order of the labels that the readers return.
    positive : list of str
        The classes that count as disease in the two-class task.
    labels : dict
        Label in the file to position in ``class_names``.
    channel_names : list of str
        One per channel.
    splits : dict
        Official part to number of images.
    default_size : int
        Pixels per side when none is asked for.
    files : tuple of RemoteFile
        All of its files, at all sizes.
    """

    name: str
    title: str
    subject: str
    license: str
    notice: str
    source: str
    citation: str
    class_names: list[str]
    positive: list[str]
    labels: dict[str, int]
    channel_names: list[str]
    splits: dict[str, int]
    default_size: int
    files: tuple[RemoteFile, ...]

    @property
    def sizes(self):
        """Sizes in pixels that are separate files; empty if one set of files serves all."""
        return [file.size for file in self.files if file.size is not None]

    def files_at(self, size=None):
        """Return the files needed for one size."""
        if not self.sizes:
            return list(self.files)
        size = self.default_size if size is None else size
        if size not in self.sizes:
            allowed = ", ".join(str(known) for known in self.sizes)
            refuse("size", repr(size), f"{allowed} px for {self.title}", "Choose one of these.")
        return [file for file in self.files if file.size == size]

    def command(self, size=None):
        """Return the command that fetches the set."""
        option = "" if size in (None, self.default_size) or not self.sizes else f" --size {size}"
        return f"python -m course_utils download {self.name}{option}"


def registry():
    """Return the registry, data/datasets.toml, as a dict of name to RealSet."""
    with open(REGISTRY_FILE, "rb") as file:
        entries = tomllib.load(file)
    return {
        name: RealSet(
            name=name, **entry | {"files": tuple(RemoteFile(**f) for f in entry["files"])}
        )
        for name, entry in entries.items()
    }


def find_set(name):
    """Return the RealSet of this name or subject."""
    sets = registry()
    for entry in sets.values():
        if name in (entry.name, entry.subject):
            return entry
    return refuse("name", repr(name), ", ".join(sets), "'python -m course_utils list' shows them.")


def cache_folder():
    """Return the folder for downloaded files: COURSE_DATA, or one in the user's cache."""
    chosen = os.environ.get("COURSE_DATA")
    return Path(chosen).expanduser() if chosen else _fetching.default_folder()


def download(name, size=None):
    """Fetch a real data set, unless it is there already, and verify every file.

    The license is printed first. A file takes its place in `cache_folder` only once it is
    complete and its checksum is right; until then whatever was there stays. What is complete
    is not fetched again, so after a failure the same call goes on where it stopped. Several
    downloads of one set at once do not disturb each other.

    Parameters
    ----------
    name : {"breastmnist", "dermamnist", "cheng"}
        Which set; the name used by `course_utils.datasets.load` works too.
    size : int, optional
        Pixels per side for the MedMNIST sets: 28 (default), 64, 128 or 224.

    Returns
    -------
    list of Path
        The verified files.

    Raises
    ------
    DatasetError
        An unknown name or size.
    DownloadError
        The files could not be fetched; the message says why and what to do.

    Examples
    --------
    ``download("breastmnist")`` fetches 0.6 MB.

    >>> [file.file for file in registry()["breastmnist"].files_at(64)]
    ['breastmnist_64.npz']
    """
    entry = find_set(name)
    files = entry.files_at(size)
    print(f"{entry.title}: license {entry.license}. {entry.notice}\nPlease cite: {entry.citation}")
    folder = cache_folder()
    mirror = os.environ.get("COURSE_MIRROR")
    return [_fetching.fetch(file, folder, mirror) for file in files]


def find(name, size=None):
    """Return the files of a downloaded set, verified again.

    Raises
    ------
    MissingDataError
        A file is missing; the message holds the command that fetches it.
    DatasetError
        A file is there but its checksum is wrong.
    """
    entry = find_set(name)
    paths = []
    for file in entry.files_at(size):
        path = cache_folder() / file.file
        if not path.is_file():
            raise MissingDataError(
                f"{entry.title} is not on this computer: no file {path}. "
                f"Get it with: {entry.command(size)}"
            )
        if not _fetching.is_verified(path, file):
            raise DatasetError(
                f"{path} is damaged: its checksum is not the one in the registry. "
                f"Get it again with: {entry.command(size)}"
            )
        paths.append(path)
    return paths


def available():
    """Return a table of the real sets: what they are, and whether they are on this computer.

    Returns
    -------
    pandas.DataFrame
        One row per set and size. ``on_disk`` looks at names only; `find` verifies.
    """
    rows = []
    for entry in registry().values():
        for size in entry.sizes or [None]:
            files = entry.files_at(size)
            present = all((cache_folder() / file.file).is_file() for file in files)
            rows.append(
                {
                    "name": entry.name,
                    "title": entry.title,
                    "subject": entry.subject,
                    "pixels": "any" if size is None else str(size),
                    "megabytes": _megabytes(files),
                    "license": entry.license,
                    "on_disk": present,
                }
            )
    return pd.DataFrame(rows)


def _megabytes(files):
    sizes = [file.megabytes or (file.bytes or 0) / 1e6 for file in files]
    return f"{sum(sizes):.1f}" if all(sizes) else "unknown"


def main_download(argv=None):
    """Run ``python -m course_utils download NAME [--size N]``; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m course_utils download", description="Fetch a real data set."
    )
    parser.add_argument("name", nargs="+", help=f"one or more of: {', '.join(registry())}")
    parser.add_argument("--size", type=int, help="pixels per side for the MedMNIST sets")
    options = parser.parse_args(argv)
    try:
        for name in options.name:
            paths = download(name, options.size)
            print(f"Ready in {paths[0].parent}")
    except (ValueError, DownloadError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def main_list(argv=None):
    """Run ``python -m course_utils list``; return the exit code."""
    argparse.ArgumentParser(
        prog="python -m course_utils list", description="Show the real data sets."
    ).parse_args(argv)
    print(available().to_string(index=False))
    print(f"\nFolder: {cache_folder()} (set COURSE_DATA to use another)")
    print("Fetch one with: python -m course_utils download NAME")
    return 0
