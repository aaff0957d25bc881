"""The learner's copies of the lessons, in ``workspace/`` or where COURSE_WORKSPACE says.

Learners never edit ``notebooks/``: that folder is the source, and an update of the course would
collide with their work. With COURSE_WORKSPACE, one installation serves many people.
"""

import hashlib
import json
import os
from datetime import datetime
from pathlib import Path

from course_utils import ROOT
from course_utils._files import write_text

LESSONS = ROOT / "notebooks"
WORKSPACE = Path(os.environ.get("COURSE_WORKSPACE") or ROOT / "workspace").expanduser().resolve()
HOW_TO_UPDATE = (
    "Save your work, then run `make update LESSON={0}` (or `python -m course_utils update {0}`) "
    "in a terminal: it brings the new lesson with your answers, and keeps the old file."
)


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
    """Return a lesson as a learner gets it: without outputs and execution counts."""
    from ipykernel.ipkernel import IPythonKernel

    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
    # By these, `update` knows later what the learner has changed or added.
    notebook["metadata"].setdefault("course", {})["cells"] = {
        cell["id"]: _hash(cell) for cell in notebook["cells"]
    }
    # What JupyterLab would write there itself, and call the untouched lesson unsaved.
    notebook["metadata"]["kernelspec"]["display_name"] = "Python 3 (ipykernel)"
    notebook["metadata"]["language_info"] = IPythonKernel.language_info
    return notebook


def _hash(cell):
    return hashlib.sha256("".join(cell["source"]).encode()).hexdigest()[:12]


def copy_missing():
    """Copy the lessons that the learner does not have yet; return the new files."""
    missing = [path for path in lessons(LESSONS).values() if not (WORKSPACE / path.name).exists()]
    return [_replace(path, _fresh_copy(path))[0] for path in missing]


def is_outdated(number):
    """Tell whether the code of a lesson has changed since the learner's copy, if there is one."""

    def code_hash(path):
        try:
            return json.loads(path.read_text(encoding="utf-8"))["metadata"]["course"]["source_hash"]
        except (OSError, ValueError, KeyError, TypeError):
            return None

    original = lessons(LESSONS).get(number)
    copy = original and WORKSPACE / original.name
    return bool(copy) and copy.exists() and code_hash(copy) != code_hash(original)


def outdated():
    """Return the numbers of the lessons whose code has changed since the learner's copy."""
    return list(filter(is_outdated, lessons(LESSONS)))


def reset(number):
    """Replace a learner's lesson by a fresh copy; return it, and the backup if there was a file."""
    original = find_lesson(number)
    return _replace(original, _fresh_copy(original))


def _replace(original, notebook):
    fresh, backup = WORKSPACE / original.name, None
    if fresh.exists():
        backups = WORKSPACE / "backups"
        backups.mkdir(exist_ok=True)
        backup = backups / f"{original.stem}_{datetime.now():%Y-%m-%d_%H%M%S_%f}.ipynb"
        backup.write_bytes(fresh.read_bytes())
    WORKSPACE.mkdir(parents=True, exist_ok=True)
    write_text(fresh, json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
    return fresh, backup


def update(number):
    """Replace a learner's lesson by the new one, with the answers and cells of the old one.

    Answers are the cells tagged `exercise` that the learner has changed. A cell that the learner
    has added stays behind the cell that it followed. Other cells come from the new lesson.

    Returns
    -------
    fresh, backup : Path
        As of `reset`.
    carried, left : list of str
        The first lines of the cells that were carried over, and of the changed ones that were not.
    """
    original = find_lesson(number)
    try:
        old = json.loads((WORKSPACE / original.name).read_text(encoding="utf-8"))
        cells = [(cell.get("id"), cell, "".join(cell["source"])) for cell in old["cells"]]
    except FileNotFoundError:
        old, cells = {}, []
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{original.name} in your workspace is not a notebook that can be read. "
            f"'python -m course_utils reset {number}' gives a fresh one and keeps this file."
        ) from error
    notebook = _fresh_copy(original)
    new = {cell["id"]: cell for cell in notebook["cells"]}
    # A copy that does not tell how its cells were is compared with the new lesson.
    hashes = notebook["metadata"]["course"]["cells"]
    delivered = old.get("metadata", {}).get("course", {}).get("cells", hashes)
    followed, last, carried, left = {}, None, [], []
    for name, cell, source in cells:
        last = name if name in new else last
        tags = new[name]["metadata"].get("tags", ()) if name in new else ()
        if _hash(cell) == delivered.get(name) or not source.strip():
            continue
        if name not in {**delivered, **new}:
            cell |= {"outputs": [], "execution_count": None} if cell["cell_type"] == "code" else {}
            followed.setdefault(last, []).append(cell)
        elif "exercise" in tags:
            new[name]["source"] = cell["source"]
        else:
            left.append(source.strip().split("\n")[0])
            continue
        carried.append(source.strip().split("\n")[0])
    notebook["cells"] = followed.get(None, [])
    for name, cell in new.items():
        notebook["cells"] += [cell, *followed.get(name, ())]
    return *_replace(original, notebook), carried, left
