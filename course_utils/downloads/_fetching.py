"""Fetch one file: progress, retries, checksum, and a place in the folder only at the end."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import time
import uuid
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pooch
import requests
from tqdm import tqdm
from tqdm.utils import CallbackIOWrapper

ATTEMPTS = 3
PAUSE_SECONDS = 2
TIMEOUT_SECONDS = 60
CHUNK_BYTES = 1 << 16
SCHEMES = ("http", "https", "file")
UNTOUCHED = "Whatever was in the folder before is unchanged."


class DownloadError(RuntimeError):
    """A download failed; the message says why, what is on disk now, and what to do."""


class _CutShort(Exception):
    """Fewer bytes arrived than the registry states."""


class _WrongHash(Exception):
    """Everything arrived, and it is not the file of the registry."""


def default_folder():
    """Return the course's folder in the user's cache."""
    return Path(pooch.os_cache("cnn-medical-imaging"))


def is_verified(path, file):
    """Tell whether a file is there, complete, and has the right checksum."""
    if not path.is_file() or (file.bytes and path.stat().st_size != file.bytes):
        return False
    return pooch.file_hash(str(path), alg="md5") == file.md5


def address(file, mirror):
    """Return where to fetch a file: the publisher, or a mirror that holds it by name."""
    if not mirror:
        return file.url
    if urlsplit(mirror).scheme not in SCHEMES:
        raise DownloadError(
            f"COURSE_MIRROR: received {mirror!r}; allowed: an address that begins with http://, "
            "https:// or file:// and names a folder of data files. Mend or unset it."
        )
    return f"{mirror.rstrip('/')}/{file.file}"


def fetch(file, folder, mirror=None):
    """Return the path of a verified file, fetching it if it is not there."""
    target = folder / file.file
    url = address(file, mirror)
    try:
        if is_verified(target, file):
            print(f"{file.file}: already there and verified")
            return target
        _try_repeatedly(file, url, target)
        print(f"{file.file}: complete and verified")
    except OSError as error:
        raise DownloadError(_disk_problem(error, file, folder)) from error
    return target


def _try_repeatedly(file, url, target):
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _fetch_once(file, url, target)
        except (requests.RequestException, _CutShort, _WrongHash) as error:
            reason, advice, worth_repeating = _explain(error, url)
            if attempt == ATTEMPTS or not worth_repeating:
                times = f" (tried {attempt} times)" if attempt > 1 else ""
                message = f"{file.file}: {reason}{times}. {UNTOUCHED} {advice}"
                raise DownloadError(message) from error
            print(f"{file.file}: {reason}; trying again ({attempt + 1} of {ATTEMPTS})")
            time.sleep(PAUSE_SECONDS * attempt)


def _fetch_once(file, url, target):
    """Fetch under a name of its own, so that two downloads at once cannot mix."""
    partial = target.with_name(f".{file.file}.{uuid.uuid4().hex}.part")
    pooch.get_logger().setLevel("WARNING")
    try:
        pooch.retrieve(
            url,
            known_hash=f"md5:{file.md5}",
            fname=partial.name,
            path=target.parent,
            downloader=_Downloader(file),
        )
        # Temporary files are private; a class may share one folder.
        partial.chmod(0o644)
        os.replace(partial, target)
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


class _Downloader:
    """What pooch calls to fetch a file: http(s) by pooch itself, file:// by copying."""

    def __init__(self, file):
        self.file = file

    def __call__(self, url, output_file, _):
        """Write the file at url to output_file, and refuse it if bytes are missing."""
        # The bar goes away at the end; a line of text stays. pooch sets the total once it is
        # known, but takes a bar without any total for no bar.
        total = self.file.bytes or 1
        with tqdm(
            desc=self.file.file, total=total, unit="B", unit_scale=True, ncols=79, leave=False
        ) as bar:
            if urlsplit(url).scheme == "file":
                self.copy(url2pathname(urlsplit(url).path), output_file, bar)
            else:
                pooch.HTTPDownloader(
                    progressbar=bar, chunk_size=CHUNK_BYTES, timeout=TIMEOUT_SECONDS
                )(url, output_file, None)
        size = os.path.getsize(output_file)
        if self.file.bytes and size < self.file.bytes:
            raise _CutShort(f"{size:,} of {self.file.bytes:,} bytes")
        # pooch compares as well, in words that name the temporary file.
        md5 = pooch.file_hash(output_file, alg="md5")
        if md5 != self.file.md5:
            raise _WrongHash(f"its MD5 is {md5}, the registry has {self.file.md5}")

    def copy(self, source, output_file, bar):
        """Copy a local file in pieces."""
        if not os.path.isfile(source) or not os.access(source, os.R_OK):
            raise requests.exceptions.InvalidURL(f"there is no readable file {source}")
        bar.total = os.path.getsize(source)
        with open(source, "rb") as read, open(output_file, "wb") as write:
            shutil.copyfileobj(CallbackIOWrapper(bar.update, read, "read"), write, CHUNK_BYTES)


def _explain(error, url):
    """Return why fetching failed, what to do, and whether to try again at once."""
    server = urlsplit(url).netloc or url
    mirror = "set COURSE_MIRROR to another server or folder that has the file"
    if isinstance(error, _CutShort):
        return f"only {error} arrived from {server}", "Repeat the download.", True
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return f"the connection to {server} broke off", "Repeat the download.", True
    if isinstance(error, _WrongHash):
        reason = f"what arrived from {server} is not the right file ({error}); it was thrown away"
        advice = "Repeat the download. If this happens again, a login page of your network may "
        return reason, f"{advice}be in between; or {mirror}.", False
    if isinstance(error, requests.HTTPError):
        status = error.response.status_code
        reason = f"the server {server} answered {status} ({error.response.reason})"
        return reason, f"Try later, or {mirror}.", status >= 500 or status == 429
    if isinstance(error, requests.ConnectionError | requests.Timeout):
        advice = f"Check the network, or {mirror}. The course runs without real images too."
        return f"no connection to {server}", advice, True
    return f"cannot fetch {url} ({error})", "Check COURSE_MIRROR if you set it.", False


def _disk_problem(error, file, folder):
    """Say what the disk refused."""
    where = f"set COURSE_DATA to another folder. {UNTOUCHED}"
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        need = f" for {file.bytes / 1e6:.1f} MB" if file.bytes else ""
        return f"{file.file}: no space left{need} in {folder}. Free some space, or {where}"
    if isinstance(error, PermissionError) or error.errno in (errno.EACCES, errno.EROFS):
        return f"{file.file}: no permission to write in {folder}. Allow it, or {where}"
    return f"{file.file}: the disk refused ({error}) in {folder}. Mend that, or {where}"
