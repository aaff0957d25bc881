"""The real data sets: their registry, data/datasets.toml, verified downloads, and readers.

Files are checked once, by their checksum; what they hold is then known, and no reader checks it.

``COURSE_DATA`` names the folder for downloaded files in place of the user's cache folder.
``COURSE_MIRROR`` replaces the publishers' servers by a folder of the same files, at http://,
https:// or file://, such as a filled ``COURSE_DATA`` folder. Another real set is an entry in the
registry; a new file format needs one reader in `READERS`, named by the entry.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import tomllib
import zipfile
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit
from urllib.request import url2pathname

import h5py
import numpy as np
import pandas as pd
import pooch
import requests
from scipy.io import loadmat
from tqdm import tqdm

from course_utils import ROOT
from course_utils._checks import DatasetError, MissingDataError, check_choice, check_integer, refuse
from course_utils.datasets import ImageDataset, _fields, group_near_duplicates, read_dataset
from course_utils.datasets.resizing import average

REGISTRY_FILE = ROOT / "data" / "datasets.toml"
ATTEMPTS = 3
TIMEOUT_SECONDS = 60
# The kinds of errors by which a download fails; each has its sentence in real_data.toml.
FAILURES = {
    "proxy": requests.exceptions.ProxyError,
    "answer of the server": requests.HTTPError,
    "certificate": requests.exceptions.SSLError,
    "broken off": requests.exceptions.ChunkedEncodingError,
    "network": (requests.ConnectionError, requests.Timeout),
    "address": requests.RequestException,
    "checksum": ValueError,
    "disk": OSError,
}
MEDMNIST_PARTS = {"train": "train", "validation": "val", "test": "test"}
# Raise it when read_cheng or its files change, so that what was stored before is not used.
CHENG_READER = 1
# From the README of the set: 512 x 512 pixels of 0.49 mm, slices of 6 mm with a gap of 1 mm.
CHENG_FIELD_OF_VIEW_MM = 512 * 0.49
CHENG_THICKNESS_MM = 6.0
CHENG_GAP_MM = 1.0
FOLD_TO_SPLIT = {1: "train", 2: "train", 3: "train", 4: "validation", 5: "test"}


class DownloadError(RuntimeError):
    """Report a download that failed: why, what is on disk now, and what to do."""


class _File(SimpleNamespace):
    size = bytes = megabytes = None


class RealSet(SimpleNamespace):
    """What the registry, data/datasets.toml, says of one real data set, and its name."""

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
        name: RealSet(name=name, **entry | {"files": [_File(**file) for file in entry["files"]]})
        for name, entry in entries.items()
    }


def find_set(name):
    """Return the RealSet of this name, or the first one of this subject."""
    sets = registry()
    for entry in sets.values():
        if name in (entry.name, entry.subject):
            return entry
    allowed = ", ".join([*sets, *dict.fromkeys(entry.subject for entry in sets.values())])
    return refuse("name", repr(name), allowed, "'python -m course_utils list' shows them.")


def cache_folder():
    """Return the folder for downloaded files: COURSE_DATA, or one in the user's cache."""
    chosen = os.environ.get("COURSE_DATA")
    return Path(chosen or pooch.os_cache("cnn-medical-imaging")).expanduser()


def download(name, size=None):
    """Fetch a real data set, unless it is there already; return the paths of its verified files.

    A file takes its place in `cache_folder` only once its checksum is right. After a failure the
    same call goes on where it stopped. `size` is in pixels, for the sets that have several.
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
    local, answers = urlsplit(url).scheme == "file", []
    hooks = {"response": lambda answer, **_: answers.append(_describe(answer))}
    online = pooch.HTTPDownloader(progressbar=True, timeout=TIMEOUT_SECONDS, hooks=hooks)
    try:
        path = Path(store.fetch(file.file, downloader=_copy if local else online))
        # Temporary files are private; a class may share one folder.
        path.chmod(0o644)
    except (OSError, ValueError) as error:  # requests' errors are OSErrors; ValueError: the hash
        by_hand = f"open {file.url} in a browser and save the file as {folder / file.file}"
        answer = [url, *answers][-1]
        reason = _explain(error, url, folder=folder, answer=answer, by_hand=by_hand)
        said = f"{file.file}: {reason} Whatever was in the folder before is unchanged."
        raise DownloadError(said) from error
    print(f"{file.file}: complete and verified")
    return path


def _copy(url, output_file, _):
    """Fetch file://, which pooch does not know."""
    source = url2pathname(urlsplit(url).path)
    if not os.access(source, os.R_OK):
        raise requests.exceptions.InvalidURL(f"there is no readable file {source}")
    shutil.copyfile(source, output_file)


def _describe(answer):
    size = answer.headers.get("Content-Length", "an unknown number of")
    kind = answer.headers.get("Content-Type", "unknown type").split(";")[0]
    said = f"{answer.status_code} ({answer.reason}) with {size} bytes of {kind}"
    return f"{urlsplit(answer.url).netloc} answered {said}"


def _explain(error, url, **facts):
    """Return in two or three sentences why a download failed, and what to do."""
    kind = next(name for name, kinds in FAILURES.items() if isinstance(error, kinds))
    if "answered 407" in facts["answer"]:
        kind = "proxy"
    texts = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    reason = getattr(error.args[0] if error.args else error, "reason", error)
    error = error if kind != "disk" else error.strerror or error
    facts |= {"mirror": texts["mirror"], "server": urlsplit(url).netloc or url}
    return texts[kind].format(error=error, reason=reason, url=url, **facts)


def find(name, size=None):
    """Return the files of a downloaded set, verified again; refuse missing or damaged ones."""
    entry = find_set(name)
    paths = [cache_folder() / file.file for file in entry.files_at(size)]
    for path, file in zip(paths, entry.files_at(size), strict=True):
        remedy = f"Get it with: {entry.command(size)}"
        if not path.is_file():
            raise MissingDataError(f"{entry.title} is not here: no file {path}. {remedy}")
        if pooch.file_hash(str(path), alg="md5") != file.md5:
            raise DatasetError(f"{path} is damaged: its checksum is another one. {remedy}")
    return paths


def available():
    """Return a table of the real sets at each size; ``on_disk`` looks at names only."""
    rows = []
    for entry in registry().values():
        for size in entry.sizes or [None]:
            files = entry.files_at(size)
            megabytes = [file.megabytes or (file.bytes or 0) / 1e6 for file in files]
            row = {name: getattr(entry, name) for name in ("name", "title", "subject")}
            row["pixels"] = "any" if size is None else str(size)
            row["megabytes"] = f"{sum(megabytes):.1f}" if all(megabytes) else "unknown"
            row["license"] = entry.license
            row["on_disk"] = all((cache_folder() / file.file).is_file() for file in files)
            rows.append(row)
    return pd.DataFrame(rows)


def load_real(name, size=None):
    """Return a downloaded real set by its name or subject; `datasets.load` calls this."""
    entry = find_set(name)
    check_choice(f"reader of {entry.name}", entry.reader, READERS)
    paths = find(entry.name, size)
    return READERS[entry.reader](paths, entry, entry.default_size if size is None else size)


def read_medmnist(paths, entry, size=None):
    """Read a file of MedMNIST, such as breastmnist.npz, in a list; the file has one size.

    Groups are near-duplicates, which find few of the lesions photographed twice, so intervals over
    these groups are somewhat too narrow. A group with test images lies in test as a whole, one with
    validation images in validation, one with contradicting labels in extra;
    ``attributes["official_split"]`` holds the publishers' split.
    """
    (path,) = paths
    arrays = _fields.read_arrays(path)
    # A study may have taken the test images out.
    held = {name: short for name, short in MEDMNIST_PARTS.items() if f"{short}_images" in arrays}
    names, parts = np.array(list(held)), [arrays[f"{short}_images"] for short in held.values()]
    stored = np.concatenate([arrays[f"{short}_labels"] for short in held.values()])
    images = np.concatenate(parts).reshape(len(stored), *parts[0].shape[1:3], -1)
    labels = np.array([entry.labels[str(label)] for label in stored.ravel()])
    part = np.repeat(np.arange(len(parts)), [len(pixels) for pixels in parts])
    groups = group_near_duplicates(images)
    conflict = pd.Series(labels).groupby(groups).transform("nunique").to_numpy() > 1
    # A divided group goes as a whole to the part that must not leak: test, then validation.
    last = pd.Series(part).groupby(groups).transform("max")
    return ImageDataset(
        images=images,
        labels=labels,
        groups=groups,
        group_kind="near-duplicate",
        splits=np.where(conflict, "extra", names[last]),
        attributes={"official_split": names[part], "label_conflict": conflict},
        meta={"notice": entry.notice, "positive": entry.positive},
        **_described(entry),
    )


def _described(entry):
    """Return the fields of an ImageDataset that stand in the registry."""
    fields = ("name", "class_names", "channel_names", "source", "license", "citation")
    return {field: getattr(entry, field) for field in fields} | {"origin": "real"}


def read_cheng(paths, entry, size=128):
    """Read the brain tumor set of Cheng: .zip archives, and cvind.mat with the folds.

    Each slice is averaged down to size x size pixels. Its intensities, which have no unit, are
    divided by the 99.5th percentile of its pixels above zero and stored as 0–255. The splits
    are the authors' five patient folds: 1 to 3 train, 4 validation, 5 test; a patient found in
    two folds goes where most of the slices are.
    """
    check_integer("size", size, 16, 512)
    slices = {}
    for path in paths:
        if path.suffix == ".zip":
            slices |= _read_archive(path, size, entry)
    numbers = sorted(slices)
    images, masks, labels, patients = zip(*(slices[number] for number in numbers), strict=True)
    patients = np.array(patients)
    (folds,) = (_folds(path, numbers, patients) for path in paths if path.suffix == ".mat")
    return ImageDataset(
        images=np.stack(images)[..., np.newaxis],
        labels=np.array(labels),
        groups=patients,
        group_kind="patient",
        splits=[FOLD_TO_SPLIT[fold] for fold in folds],
        masks=np.stack(masks),
        mask_names=("tumor",),
        slice_thickness_mm=CHENG_THICKNESS_MM,
        pixel_spacing_mm=CHENG_FIELD_OF_VIEW_MM / size,
        attributes={"file_number": numbers, "fold": folds},
        meta={"slice_gap_mm": CHENG_GAP_MM, "notice": entry.notice, "positive": entry.positive},
        **_described(entry),
    )


def _read_archive(path, size, entry):
    """Return file number to (image, mask, label, patient) for one archive."""
    with zipfile.ZipFile(path) as archive:
        members = [name for name in archive.namelist() if name.endswith(".mat")]
        return {
            int(Path(member).stem): _read_slice(archive.read(member), size, entry)
            for member in tqdm(members, desc=path.name, leave=False)
        }


def _read_slice(data, size, entry):
    """Return the image (size, size) and mask as uint8, the label, and the patient."""
    with h5py.File(io.BytesIO(data), "r") as file:
        record = file["cjdata"]
        # MATLAB stores columns first, so arrays arrive transposed.
        image = np.asarray(record["image"], dtype=np.float32).T
        mask = np.asarray(record["tumorMask"]).T > 0
        label = str(int(np.asarray(record["label"]).item()))
        patient = "".join(chr(code) for code in np.asarray(record["PID"]).ravel())
    white = np.percentile(image[image > 0], 99.5) if (image > 0).any() else 1.0
    pixels = np.rint(np.clip(average(image, (size, size)) / white, 0, 1) * 255)
    mask = average(mask.astype(np.float32), (size, size)) >= 0.5
    return pixels.astype(np.uint8), mask.astype(np.uint8), entry.labels[label], patient


def _folds(path, numbers, patients):
    """Return the fold of each slice's patient."""
    if h5py.is_hdf5(path):
        with h5py.File(path, "r") as file:
            stored = np.asarray(file["cvind"]).ravel()
    else:
        stored = loadmat(path)["cvind"].ravel()
    folds = pd.Series(stored[np.array(numbers) - 1].astype(np.int64))
    return folds.groupby(patients).transform(lambda own: own.mode()[0]).to_numpy()


def _cheng_once(paths, entry, size):
    """Read Cheng's archives, and keep the result beside them because that takes a while."""
    stored = paths[0].with_name(f"{entry.name}_{size}px_reader{CHENG_READER}.npz")
    try:
        return read_dataset(stored)
    except DatasetError:
        data = read_cheng(paths, entry, size)
    # A read-only folder is no reason to fail; it only costs the time again.
    with contextlib.suppress(OSError):
        data.save(stored)
    return data


#: What an entry may name: functions of the verified files, the entry and the size.
READERS = {"medmnist": read_medmnist, "cheng": _cheng_once}
