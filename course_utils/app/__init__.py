"""The learner's copies of the lessons, in ``workspace/`` or where COURSE_WORKSPACE says.

Learners never edit ``notebooks/``: that folder is the source, and an update of the course would
collide with their work. With COURSE_WORKSPACE, one installation serves many people.
"""

import json
import os
from datetime import datetime
from pathlib import Path

from course_utils import ROOT
from course_utils._files import write_text

LESSONS = ROOT / "notebooks"
WORKSPACE = Path(os.environ.get("COURSE_WORKSPACE") or ROOT / "workspace").expanduser().resolve()


def lessons(folder):
    """Return the lessons of a folder as a dictionary of number ('00') to path, in order."""
    return {path.name[:2]: path for path in sorted(folder.glob("[0-9][0-9]_*.ipynb"))}


def find_lesson(number, folder=None):
    """Return the path of one lesson by its number, '05' or '5'; by default in ``notebooks/``."""
    known = lessons(folder or LESSONS)
    if number.zfill(2) not in known:
        allowed = ", ".join(known) or "none, the folder holds no lessons"
        raise ValueError(f"There is no lesson {number!r}. Choose one of: {allowed}.")
    return known[number.zfill(2)]


def _fresh_copy(path):
    """Return the text of a lesson as a learner gets it: without outputs and execution counts."""
    from ipykernel.ipkernel import IPythonKernel

    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
    # What JupyterLab would write there itself, and call the untouched lesson unsaved.
    notebook["metadata"]["kernelspec"]["display_name"] = "Python 3 (ipykernel)"
    notebook["metadata"]["language_info"] = IPythonKernel.language_info
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def copy_missing():
    """Copy the lessons that the learner does not have yet; return the new files."""
    WORKSPACE.mkdir(parents=True, exist_ok=True)
    missing = [path for path in lessons(LESSONS).values() if not (WORKSPACE / path.name).exists()]
    for path in missing:
        write_text(WORKSPACE / path.name, _fresh_copy(path))
    return [WORKSPACE / path.name for path in missing]


def outdated():
    """Return the numbers of the lessons whose code has changed since the learner's copy."""

    def code_hash(path):
        try:
            return json.loads(path.read_text(encoding="utf-8"))["metadata"]["course"]["source_hash"]
        except (OSError, ValueError, KeyError, TypeError):
            return None

    originals = lessons(LESSONS)
    return [
        number
        for number, copy in lessons(WORKSPACE).items()
        if number in originals and code_hash(copy) != code_hash(originals[number])
    ]


def reset(number):
    """Replace a learner's lesson by a fresh copy; return it, and the backup if there was a file."""
    original = find_lesson(number)
    text = _fresh_copy(original)
    fresh, backup = WORKSPACE / original.name, None
    if fresh.exists():
        backups = WORKSPACE / "backups"
        backups.mkdir(exist_ok=True)
        backup = backups / f"{original.stem}_{datetime.now():%Y-%m-%d_%H%M%S_%f}.ipynb"
        backup.write_bytes(fresh.read_bytes())
    WORKSPACE.mkdir(parents=True, exist_ok=True)
    write_text(fresh, text)
    return fresh, backup
