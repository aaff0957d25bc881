"""The learner's copies of the lessons, in ``workspace/``.

Learners never edit ``notebooks/``: that folder is the source, and an update of the course would
collide with their work. Every write goes to a temporary file first, so that an interruption
leaves either the old notebook or the new one.
"""

import json
import os
from datetime import datetime
from pathlib import Path

from course_utils import ROOT

LESSONS = ROOT / "notebooks"
WORKSPACE = ROOT / "workspace"


def lessons(folder=LESSONS):
    """Return the lessons as a dictionary of number ('00') to path, in order."""
    return {path.name[:2]: path for path in sorted(Path(folder).glob("[0-9][0-9]_*.ipynb"))}


def find_lesson(number, folder=LESSONS):
    """Return the path of one lesson.

    Parameters
    ----------
    number : str or int
        The lesson's number: ``'05'``, ``'5'`` or ``5``.
    folder : path-like, optional
        Where to look. Default: the repository's ``notebooks/``.

    Raises
    ------
    ValueError
        If there is no such lesson. The message lists those that exist.

    Examples
    --------
    >>> find_lesson(1).name
    '01_images_as_arrays.ipynb'
    """
    known = lessons(folder)
    key = str(number).strip().zfill(2)
    if key not in known:
        allowed = ", ".join(known) or f"none (no lessons in {Path(folder).name}/)"
        raise ValueError(f"There is no lesson {number!r}. Choose one of: {allowed}.")
    return known[key]


def stripped(text):
    """Return a notebook's text without outputs and execution counts."""
    notebook = json.loads(text)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = []
            cell["execution_count"] = None
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def copy_missing(source=LESSONS, target=WORKSPACE):
    """Copy the lessons that the learner does not have yet, outputs stripped.

    Parameters
    ----------
    source, target : path-like, optional
        The folders of the lessons and of the learner's copies.

    Returns
    -------
    copied : list of pathlib.Path
        The new files. A file that exists is never touched.
    """
    copied = []
    for path in lessons(source).values():
        copy = Path(target) / path.name
        if not copy.exists():
            write_atomically(copy, stripped(path.read_text(encoding="utf-8")))
            copied.append(copy)
    return copied


def outdated(source=LESSONS, target=WORKSPACE):
    """Return the numbers of the lessons whose code has changed since the learner's copy."""

    def code_hash(path):
        try:
            return json.loads(path.read_text(encoding="utf-8"))["metadata"]["course"]["source_hash"]
        except (OSError, ValueError, KeyError, TypeError):
            return None

    copies = lessons(target)
    return [
        number
        for number, path in lessons(source).items()
        if number in copies and code_hash(copies[number]) != code_hash(path)
    ]


def reset(number, source=LESSONS, target=WORKSPACE, now=None):
    """Replace a learner's lesson by a fresh copy and keep the old one as a dated backup.

    Parameters
    ----------
    number : str or int
        The lesson's number, such as ``'05'``.
    source, target : path-like, optional
        The folders of the lessons and of the learner's copies.
    now : datetime.datetime, optional
        The time that the backup's name carries.

    Returns
    -------
    fresh, backup : pathlib.Path, pathlib.Path or None
        The fresh copy, and the backup in ``target/backups`` if there was an old one.

    Raises
    ------
    ValueError
        If there is no such lesson. Nothing is changed then.
    """
    original = find_lesson(number, source)
    fresh = Path(target) / original.name
    backup = None
    text = stripped(original.read_text(encoding="utf-8"))
    if fresh.exists():
        backup = _free_name(
            Path(target) / "backups" / f"{original.stem}_{now or datetime.now():%Y-%m-%d_%H%M%S}"
        )
        backup.parent.mkdir(parents=True, exist_ok=True)
        backup.write_bytes(fresh.read_bytes())
    write_atomically(fresh, text)
    return fresh, backup


def _free_name(stem):
    """Return stem.ipynb, or stem_2.ipynb and so on where that is taken."""
    candidate, count = stem.with_name(stem.name + ".ipynb"), 1
    while candidate.exists():
        count += 1
        candidate = stem.with_name(f"{stem.name}_{count}.ipynb")
    return candidate


def write_atomically(path, text):
    """Write a text file so that an interruption leaves the old file or the new one."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(text, encoding="utf-8", newline="\n")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
