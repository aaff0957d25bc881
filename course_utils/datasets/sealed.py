"""A test set that cannot be read by mistake, and the record of its openings."""

import hashlib
import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from course_utils._checks import DatasetError, check_names, refuse

FACTS = ("name", "origin", "group_kind", "class_names", "source", "license", "citation")


class SealedDataset:
    """Keep images closed until `open` is called, and count the openings in a file.

    Made by `ImageDataset.seal`. Before, ``len``, ``counts`` (groups per class), name, origin,
    source and license can be read. This guards against mistakes, not against a person who wants to
    look: the images can be read again from their own file, another name for them stays readable,
    and a record that was deleted, or one in another folder, starts from 0. Keep the record in
    version control.
    """

    __slots__ = ("_n_images", "_read", "_record", "counts", *FACTS)

    def __init__(self, dataset, record):
        path, mark = Path(record).resolve(), _fingerprint(dataset.images)
        for fact in FACTS:
            setattr(self, fact, getattr(dataset, fact))
        self.counts, self._n_images = groups_per_class(dataset), len(dataset)

        def read(reason):
            _openings(path, mark, check_names("reason", (reason,))[0])
            return dataset

        # Closures hold the images, so that no attribute does.
        self._read, self._record = read, lambda: _openings(path, mark)
        _start(path, {"sealed": self.name, "fingerprint": mark})
        self._record()

    def open(self, reason):
        """Record the time and the reason, then return the images as an `ImageDataset`."""
        return self._read(reason)

    @property
    def openings(self):
        """All openings, those of other processes as well: opening, time (UTC), reason."""
        return pd.DataFrame(self._record(), columns=["opening", "time", "reason"])

    def __len__(self):
        return self._n_images

    def __repr__(self):
        counts = ", ".join(f"{name} {n}" for name, n in self.counts.items())
        return (
            f"SealedDataset {self.name!r}: {self.origin.upper()} images\n  {len(self)} images, "
            f"groups ({self.group_kind}): {counts}\n  sealed; openings so far: {len(self.openings)}"
        )

    def __getattr__(self, name, error=AttributeError):
        raise error(
            f"sealed set: received a wish for {name}; allowed: len, counts, openings, open. "
            "Decide everything first; then sealed.open('why') returns the images and counts it."
        )

    def _refuse(self, *_, **__):
        self.__getattr__("its images", ValueError)

    __getitem__ = __iter__ = __array__ = __reduce_ex__ = _refuse


def groups_per_class(dataset):
    """Return how many groups have images of each class: a dict of class name to number."""
    labels = [label for label, _ in set(zip(dataset.labels, dataset.groups, strict=True))]
    return {name: labels.count(k) for k, name in enumerate(dataset.class_names)}


def _fingerprint(images):
    """Return a hash of the images that does not depend on their order."""
    each = sorted(hashlib.sha256(image.tobytes()).digest() for image in images)
    return hashlib.sha256(f"{images.shape} {images.dtype}".encode() + b"".join(each)).hexdigest()


def _start(path, first):
    """Begin a record, unless it exists; refuse a second record of the same images beside it."""
    if path.suffix != ".jsonl" or not path.parent.is_dir():
        allowed = "a name that ends in .jsonl, in a folder that exists"
        refuse("record", repr(path.name), allowed, "Make the folder, or add the ending.")
    for other in path.parent.glob("*.jsonl"):
        with open(other, "rb") as file:
            if other.resolve() != path and first["fingerprint"].encode() in file.readline(2000):
                received, remedy = f"images sealed in {other.name}", f"Seal with {other.name}."
                refuse("record", received, "one record for each test set", remedy)
    try:
        with open(path, "xb", buffering=0) as file:
            _lock(file)
            file.write(json.dumps(first).encode() + b"\n")
    except FileExistsError:
        if not path.stat().st_size:
            time.sleep(0.2)  # another process begins it just now


def _openings(path, mark, reason=None):
    """Return the openings in a record; with a reason, add one while no other process can."""
    try:
        with open(path, "rb+", buffering=0) as file:
            _lock(file)
            *lines, rest = file.read().split(b"\n")
            first, *openings = map(json.loads, lines)
            numbers = [entry["opening"] for entry in openings]
            told = [entry[key] for entry in openings for key in ("time", "reason")]
            if rest or numbers != [*range(1, len(numbers) + 1)] or not all(told):
                raise ValueError("lines are missing or changed")
            if first["fingerprint"] == mark and reason:
                now = datetime.now(UTC).isoformat(timespec="seconds")
                openings.append({"opening": len(numbers) + 1, "time": now, "reason": reason})
                file.write(json.dumps(openings[-1]).encode() + b"\n")
    except (FileNotFoundError, ValueError, KeyError, TypeError) as error:
        raise DatasetError(
            f"{path.name}: the record of openings is missing or damaged ({error}). Restore it, for "
            "example by version control; if that fails, move it away, seal again, and report that "
            "earlier openings are unknown."
        ) from None
    if first["fingerprint"] != mark:
        received = f"{path.name}, the record of another set ({first.get('sealed')})"
        refuse("record", received, "a new file, or these images' own", "Choose another name.")
    return openings


def _lock(file):
    """Wait until no other process has the file; closing it lets go."""
    if os.name == "nt":
        import msvcrt

        file.seek(2**30)  # beyond the end, so that others can read
        msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
        file.seek(0)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX)
