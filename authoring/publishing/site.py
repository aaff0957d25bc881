"""Build the course's site: ``python -m authoring.publishing.site [--out FOLDER] [--links]``.

Sphinx renders the lessons as they are stored. Nothing is executed, and no page loads anything from
another host. The sources are prepared in build/docs, in the folders of the repository, so that
links between lessons, guides and data sheets are the same in both. ``--links`` asks every address
that the pages name, which needs a network, and builds no page; it fails where one is dead.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat

from authoring.publishing import api, handbook, measured, pages
from authoring.workshop.lessons import ROOT, find_lessons, read_lesson

BUILD = ROOT / "build"
COPIED = (
    *("docs", "classroom", "deploy/README.md", "deploy/kubernetes/README.md"),
    *("data/results", "data/DATASHEETS.md", "CONTRIBUTING.md", "CHANGELOG.md", "references.bib"),
)
# What the handbook's pages are made from.
OF_THE_HANDBOOK = (
    *("tests/lessons/answers/*.py", "course_utils/exercises/*", "notebooks/*.ipynb"),
    *("classroom/questions.toml", "authoring/publishing/[aht]*.py"),
)
NOTES = """# Notes for each lesson

Aims, what to say before each surprising result, where people get stuck, and questions for
discussion.

```{toctree}
:glob:

[0-9]*
```
"""


def build(out=BUILD / "site"):
    """Render the site into a folder, which is emptied, and return it; a warning is an error."""
    shutil.rmtree(out, ignore_errors=True)
    if code := _sphinx("html", prepare(BUILD / "docs"), out, "--keep-going"):
        raise SystemExit(code)
    return Path(out)


def check_links():
    """Ask every address in the pages; return Sphinx's exit code, which is not 0 for a dead link."""
    return _sphinx("linkcheck", prepare(BUILD / "docs"), BUILD / "links", "--keep-going")


def _sphinx(builder, source, out, *options):
    command = [sys.executable, "-m", "sphinx", "-b", builder, "-q", "-W", *options]
    command += ["-d", BUILD / "doctrees", source, out]
    environment = dict(os.environ, PYTHONPATH=str(ROOT), TF_CPP_MIN_LOG_LEVEL="3")
    return subprocess.run(command, env=environment).returncode


def prepare(folder):
    """Write the sources of the site into an empty folder and return it."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name)
        elif (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    shutil.move(folder / "docs" / "conf.py", folder)
    _classroom(folder / "classroom")
    glossary = folder / "docs" / "glossary.md"
    terms = pages.glossary(glossary.read_text(encoding="utf-8"))
    glossary.write_text(pages.with_lessons(glossary.read_text(encoding="utf-8")), "utf-8")
    for name in ("notebooks", "downloads", "downloads/without_outputs"):
        (folder / name).mkdir()
    for path in find_lessons():
        shutil.copy(path, folder / "downloads")
        notebook = read_lesson(path)
        nbformat.write(pages.lesson(notebook, path.name, terms), folder / "notebooks" / path.name)
        bare = pages.without_outputs(read_lesson(path))
        nbformat.write(bare, folder / "downloads" / "without_outputs" / path.name)
    api.write(folder / "api")
    (folder / "measured.md").write_text(measured.page(), encoding="utf-8")
    _index(folder)
    for path in folder.rglob("*.md"):
        path.write_text(pages.linked(path.read_text(encoding="utf-8"), path, folder), "utf-8")
    return folder


def _index(folder):
    """Put README's map, with its minutes, into the first page; leave out pages that are missing."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = re.search(r"^\| lesson \|.*?\n\n", readme, re.M | re.S)[0]
    page = (folder / "docs" / "index.md").read_text(encoding="utf-8")
    (folder / "docs" / "index.md").unlink()
    lines = page.replace("<!-- map -->\n", table).split("\n")
    listed = re.compile(r"(?:docs|classroom|deploy|data)/[\w/*]+|[A-Z]+")
    lines = [line for line in lines if not listed.fullmatch(line) or any(folder.glob(f"{line}.*"))]
    (folder / "index.md").write_text("\n".join(lines), encoding="utf-8")


def _classroom(folder):
    """List the pages that teachers read per lesson: the notes, and the handbook of wrong answers.

    The handbook takes a minute to write, so it is kept until what it is made from changes.
    """
    files = sorted(path for name in OF_THE_HANDBOOK for path in ROOT.glob(name) if path.is_file())
    made_from = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
    kept = BUILD / "handbook_of_the_site"
    if not (kept / made_from).exists():
        shutil.rmtree(kept, ignore_errors=True)
        handbook.write(kept)
        (kept / made_from).touch()
    shutil.copytree(kept, folder / "handbook", ignore=shutil.ignore_patterns(made_from))
    listed = "\n```{toctree}\n:hidden:\n:glob:\n\nlesson_*\n```\n"
    with (folder / "handbook" / "index.md").open("a", encoding="utf-8") as file:
        file.write(listed)
    (folder / "lessons" / "index.md").write_text(NOTES, encoding="utf-8")


def main(arguments=None):
    """Build the site and say where it is, or check its links; return an exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--out", type=Path, default=BUILD / "site")
    parser.add_argument("--links", action="store_true", help="only ask every address in the pages")
    options = parser.parse_args(arguments)
    if options.links:
        return check_links()
    print(f"The site: {build(options.out) / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
