"""Find, read and fingerprint the lessons."""

import hashlib
import json
import re
import subprocess
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
# How course_utils.plotting shows a figure in a notebook.
FIGURE = re.compile(
    r'(?P<start><figure style="margin: 0"><img alt=")(?P<alt>[^"]*)'
    r'(?P<size>"\nwidth="\d+" style="[^"]*"\nsrc="data:image/png;base64,)(?P<png>[^"]+)'
    r'(?P<end>"></figure>)'
)


class LessonError(Exception):
    """A lesson is not there, cannot be read, or does not run."""


def find_lessons(names=(), folder=NOTEBOOKS):
    """Return the paths of the named lessons, in order; of all lessons without a name.

    Names are numbers such as ``"01"``, looked up in the folder, or paths of notebooks; anything
    else raises a `LessonError`.
    """
    lessons = {path.name[:2]: path for path in sorted(folder.glob("[0-9][0-9]_*.ipynb"))}
    if not names:
        return list(lessons.values())
    found = []
    for name in names:
        path = lessons.get(str(name).zfill(2), Path(name))
        if path.suffix != ".ipynb" or not path.is_file():
            raise LessonError(
                f"There is no lesson {str(name)!r}. Known lessons: {', '.join(lessons) or 'none'}. "
                "Give a number such as 01 or the path of a notebook."
            )
        found.append(path)
    return found


def changed_lessons(base="HEAD", folder=NOTEBOOKS):
    """Return the lessons that are untracked, uncommitted, or changed since they left `base`."""
    changed = []
    for command in (
        ["diff", "--name-only", "--relative", "--diff-filter=d", "--merge-base", base, "--", "."],
        ["ls-files", "--others", "--exclude-standard", "--", "."],
    ):
        result = subprocess.run(["git", "-C", folder, *command], capture_output=True, text=True)
        if result.returncode:
            raise LessonError(f"Git cannot compare with {base!r}: {result.stderr.strip()}")
        changed += result.stdout.splitlines()
    return [path for path in find_lessons(folder=folder) if path.name in changed]


def read_lesson(path):
    """Read a notebook; cells without an id of their own get one from their place and source."""
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        content["nbformat_minor"] = max(5, content["nbformat_minor"])
        seen = {None}
        for number, cell in enumerate(content["cells"]):
            if cell.get("id") in seen:
                text = f"{number}:{''.join(cell['source'])}"
                cell["id"] = hashlib.sha256(text.encode()).hexdigest()[:8]
            seen.add(cell["id"])
        notebook = nbformat.reads(json.dumps(content), as_version=4)
        nbformat.validate(notebook)
    except (ValueError, KeyError, nbformat.ValidationError) as error:
        raise LessonError(f"{path} is not a valid notebook: {error}") from error
    return notebook


def figure(output):
    """Return the match of an output that is a figure: 'png' in base64, 'alt' in HTML; or None."""
    return FIGURE.fullmatch(output.get("data", {}).get("text/html", ""))


def alt_text(cell):
    """Return the author's alt text for the figure of a cell."""
    return cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "").strip()


def source_hash(notebook):
    """Return the SHA-256 of what decides the outputs: the code cells' ids, tags and sources."""
    parts = [
        [cell.id, sorted(cell.metadata.get("tags", [])), cell.source]
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
