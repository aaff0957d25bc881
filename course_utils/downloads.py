"""The registry of data sets, data/datasets.toml, and downloads that are verified before use.

Two environment variables matter. ``COURSE_DATA`` names the folder for downloaded files in
place of the user's cache folder. ``COURSE_MIRROR`` replaces the publishers' servers by a
folder of the same files, at http://, https:// or file://; a filled ``COURSE_DATA`` folder is
such a folder.

Another real set is an entry in the registry; a file format that no set had before needs one reader
in `course_utils.real_data`, named by the entry.
"""

from __future__ import annotations

import argparse
import errno
import os
import shutil
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pandas as pd
import pooch
import requests

from course_utils import ROOT
from course_utils._checks import DatasetError, MissingDataError, refuse

REGISTRY_FILE = ROOT / "data" / "datasets.toml"
ATTEMPTS = 3
TIMEOUT_SECONDS = 60


class DownloadError(RuntimeError):
    """Report a download that failed: why, what is on disk now, and what to do."""


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
    reader : str
        Name of the function in `course_utils.real_data.READERS` that reads the files.
    license, notice, source, citation : str
        What the data may be used for, in two forms; where they come from; whom to cite.
    class_names : list of str
        In the order of the labels that the reader returns.
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
    files : list of RemoteFile
        All of its files, at all sizes.
    """

    name: str
    title: str
    subject: str
    reader: str
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
    files: list[RemoteFile]

    @property
    def sizes(self):
        """Sizes in pixels that are separate files; empty if one set of files serves all."""
        return [file.size for file in self.files if file.size is not None]

    def files_at(self, size=None):
        """Return the files needed for one size."""
        if not self.sizes:
            return self.files
        size = self.default_size if size is None else size
        if size not in self.sizes:
            allowed = f"{', '.join(map(str, self.sizes))} px for {self.title}"
            refuse("size", repr(size), allowed, "Choose one of these.")
        return [file for file in self.files if file.size == size]

    def command(self, size=None):
        """Return the command that fetches the set."""
        option = "" if size in (None, self.default_size) or not self.sizes else f" --size {size}"
        return f"python -m course_utils download {self.name}{option}"


def registry():
    """Return the real sets of the registry as a dict of name to RealSet."""
    entries = tomllib.loads(REGISTRY_FILE.read_text(encoding="utf-8"))
    return {
        name: RealSet(name=name, **entry | {"files": [RemoteFile(**f) for f in entry["files"]]})
        for name, entry in entries.items()
    }


def find_set(name):
    """Return the RealSet of this name, or the first one of this subject."""
    sets = registry()
    for entry in [*sets.values()]:
        if name in (entry.name, entry.subject):
            return entry
    allowed = ", ".join([*sets, *dict.fromkeys(entry.subject for entry in sets.values())])
    return refuse("name", repr(name), allowed, "'python -m course_utils list' shows them.")


def cache_folder():
    """Return the folder for downloaded files: COURSE_DATA, or one in the user's cache."""
    chosen = os.environ.get("COURSE_DATA")
    return Path(chosen or pooch.os_cache("cnn-medical-imaging")).expanduser()


def download(name, size=None):
    """Fetch a real data set, unless it is there already, and verify every file.

    The license is printed first. A file takes its place in `cache_folder` only once its checksum is
    right; until then whatever was there stays. What is complete is not fetched again, so after a
    failure the same call goes on where it stopped.

    Parameters
    ----------
    name : str
        Which set, such as ``"breastmnist"``; the subject serves too.
    size : int, optional
        Pixels per side for the MedMNIST sets: 28 (default), 64, 128 or 224.

    Returns
    -------
    list of Path
        The verified files.

    Raises
    ------
    DownloadError
        The files could not be fetched; the message says why and what to do.
    """
    entry = find_set(name)
    files = entry.files_at(size)
    print(f"{entry.title}: license {entry.license}. {entry.notice}\nPlease cite: {entry.citation}")
    return [_fetch(file, cache_folder(), os.environ.get("COURSE_MIRROR")) for file in files]


def _fetch(file, folder, mirror):
    """Return the path of a verified file, fetching it if it is not there."""
    url = file.url if not mirror else f"{mirror.rstrip('/')}/{file.file}"
    if urlsplit(url).scheme not in ("http", "https", "file"):
        raise DownloadError(
            f"COURSE_MIRROR: received {mirror!r}; allowed: an address that begins with http://, "
            "https:// or file:// and names a folder of data files. Correct or unset it."
        )
    store = pooch.create(
        path=folder,
        base_url="",
        registry={file.file: f"md5:{file.md5}"},
        urls={file.file: url},
        retry_if_failed=ATTEMPTS - 1,
    )
    local = urlsplit(url).scheme == "file"
    online = pooch.HTTPDownloader(progressbar=True, timeout=TIMEOUT_SECONDS)
    try:
        path = Path(store.fetch(file.file, downloader=_copy if local else online))
        # Temporary files are private; a class may share one folder.
        path.chmod(0o644)
    except (OSError, ValueError) as error:  # requests' errors are OSErrors; ValueError: the hash
        raise DownloadError(
            f"{file.file}: {_explain(error, url, folder)} Whatever was in the folder before is "
            "unchanged."
        ) from error
    print(f"{file.file}: complete and verified")
    return path


def _copy(url, output_file, _):
    """Fetch file://, which pooch does not know."""
    source = url2pathname(urlsplit(url).path)
    if not os.access(source, os.R_OK):
        raise requests.exceptions.InvalidURL(f"there is no readable file {source}")
    shutil.copyfile(source, output_file)


def _explain(error, url, folder):
    """Return in two sentences why a download failed, and what to do."""
    server = urlsplit(url).netloc or url
    mirror = "set COURSE_MIRROR to another server or folder that has the file."
    elsewhere = "or set COURSE_DATA to another folder."
    if isinstance(error, ValueError) and not isinstance(error, requests.RequestException):
        return (
            f"what arrived from {server} is not the right file, and was thrown away "
            f"({' '.join(str(error).split())}). "
            "Repeat the download. If this happens again, the server answers with something else, "
            f"or a login page of your network is in between; {mirror}"
        )
    if isinstance(error, requests.HTTPError):
        answer = f"{error.response.status_code} ({error.response.reason})"
        return f"the server {server} answered {answer}. Try later, or {mirror}"
    if isinstance(error, requests.exceptions.SSLError):
        return f"{server} shows no valid certificate ({error}). Ask who runs your network; {mirror}"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return f"the connection to {server} broke off. Repeat the download."
    if isinstance(error, requests.ConnectionError | requests.Timeout):
        return (
            f"no connection to {server}. Check the network, or {mirror} The course runs without "
            "real images too."
        )
    if isinstance(error, requests.RequestException):
        return f"cannot fetch {url} ({error}). Check COURSE_MIRROR if you set it."
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return f"no space left in {folder}. Free some space, {elsewhere}"
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return f"no permission to write in {folder}. Allow it, {elsewhere}"
    return f"the disk refused ({error}) in {folder}. Correct that, {elsewhere}"


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
    paths = [cache_folder() / file.file for file in entry.files_at(size)]
    for path, file in zip(paths, entry.files_at(size), strict=True):
        if not path.is_file():
            raise MissingDataError(
                f"{entry.title} is not on this computer: no file {path}. "
                f"Get it with: {entry.command(size)}"
            )
        if pooch.file_hash(str(path), alg="md5") != file.md5:
            raise DatasetError(
                f"{path} is damaged: its checksum is not the one in the registry. "
                f"Get it again with: {entry.command(size)}"
            )
    return paths


def available():
    """Return a table with one row per real set and size: what it is, and whether it is here.

    ``on_disk`` looks at names only; `find` verifies.
    """
    rows = []
    for entry in registry().values():
        for size in entry.sizes or [None]:
            files = entry.files_at(size)
            megabytes = [file.megabytes or (file.bytes or 0) / 1e6 for file in files]
            rows.append(
                {
                    "name": entry.name,
                    "title": entry.title,
                    "subject": entry.subject,
                    "pixels": "any" if size is None else str(size),
                    "megabytes": f"{sum(megabytes):.1f}" if all(megabytes) else "unknown",
                    "license": entry.license,
                    "on_disk": all((cache_folder() / file.file).is_file() for file in files),
                }
            )
    return pd.DataFrame(rows)


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
