"""Build the course's site: ``python -m authoring.publishing.site [--out build/site]``.

Sphinx renders the lessons as they are stored. Nothing is executed, and no page loads anything from
another host. The sources are prepared in build/docs, in the folders of the repository, so that links
between lessons, guides and data sheets are the same in both.
"""

import argparse
import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat

from authoring.publishing import measured
from authoring.workshop.lessons import ROOT, find_lessons, read_lesson
from authoring.workshop.package import PACKAGE

COPIED = ("docs", "classroom", "data/results", "data/DATASHEETS.md", "CONTRIBUTING.md", "CHANGELOG.md")
# Cells that are read on demand, and the words of the button that shows them.
FOLDED = {"setup": "the imports", "solution": "the solution", "claim": "a test of the text"}
IN_JUPYTERLAB = (
    "In JupyterLab this cell shows a figure that you change with sliders. Here stands the still "
    "figure beside it."
)
# Where no term is linked: code, links, formulas, HTML, headings, and the terms of other links.
PROTECTED = re.compile(
    r"^```.*?^```|`[^`]+`|!?\[[^\]]*\]\([^)]*\)|\$\$.*?\$\$|\$[^$\n]+\$|<[^>]+>|^#.*?$|^\|.*?$",
    re.M | re.S,
)
MODULES = (
    *("datasets", "imaging", "own_data", "real_data", "evaluation", "imbalance", "models"),
    *("training", "transfer", "explanation", "results", "report", "plotting", "widgets"),
    *("numpy_layers", "exercises.exercise"),
)


def build(out=ROOT / "build" / "site"):
    """Render the site into a folder and return it; a warning of Sphinx is an error."""
    source = prepare(ROOT / "build" / "docs")
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-W", "--keep-going", "-q"]
    command += ["-c", source / "docs", "-d", ROOT / "build" / "doctrees", source, out]
    environment = dict(os.environ, PYTHONPATH=str(ROOT), TF_CPP_MIN_LOG_LEVEL="3")
    subprocess.run(command, check=True, env=environment)
    return Path(out)


def prepare(folder):
    """Write the sources of the site into an empty folder and return it."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name)
        elif (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    shutil.copy(ROOT / "references.bib", folder)
    _index(folder)
    terms = glossary((folder / "docs" / "glossary.md").read_text(encoding="utf-8"))
    (folder / "notebooks").mkdir()
    (folder / "downloads").mkdir()
    for path in find_lessons():
        shutil.copy(path, folder / "downloads")
        nbformat.write(_page(read_lesson(path), path.name, terms), folder / "notebooks" / path.name)
    _api(folder / "api")
    (folder / "measured.md").write_text(measured.page(), encoding="utf-8")
    bibliography = "# References\n\n```{bibliography}\n:all:\n```\n"
    (folder / "references.md").write_text(bibliography, encoding="utf-8")
    for path in folder.rglob("*.md"):
        path.write_text(_for_the_site(path.read_text(encoding="utf-8"), path, folder), "utf-8")
    return folder


def _index(folder):
    """Put the README's map, with its minutes, into the first page."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = re.search(r"^\| lesson \|.*?\n\n", readme, re.M | re.S)[0]
    page = (folder / "docs" / "index.md").read_text(encoding="utf-8")
    (folder / "docs" / "index.md").unlink()
    (folder / "index.md").write_text(page.replace("<!-- map -->\n", table), encoding="utf-8")


def _for_the_site(text, path, folder):
    """Point links at pages: the README is the first page, other files are only named."""

    def link(match):
        words, target = match[1], match[2]
        if re.match(r"[a-z]+:|#", target):
            return match[0]
        file = (path.parent / target.split("#")[0]).resolve()
        if file == (folder / "README.md").resolve():
            return f"[{words}]({os.path.relpath(folder / 'index.md', path.parent)})"
        return match[0] if file.is_file() else words

    return re.sub(r"(?<!!)\[([^\]]*)\]\(([^)\s]+)\)", link, text)


def _page(notebook, name, terms):
    """Return a lesson as a page: folded cells, terms of the glossary linked, a copy to download."""
    missing = dict(terms)
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if cell.cell_type == "markdown":
            cell.source = link_terms(cell.source, missing)
        for tag in FOLDED.keys() & set(tags):
            cell.metadata.tags = [*tags, "hide-input"]
            shown = cell.metadata.setdefault("mystnb", {})
            shown |= {"code_prompt_show": f"Show {FOLDED[tag]}"}
            shown |= {"code_prompt_hide": f"Hide {FOLDED[tag]}"}
    cells = []
    for cell in notebook.cells:
        cells.append(cell)
        if "widget" in cell.metadata.get("tags", []):
            cells.append(nbformat.v4.new_markdown_cell(f"```{{note}}\n{IN_JUPYTERLAB}\n```"))
    head, _, rest = cells[0].source.partition("\n")
    cells[0].source = f"{head}\n\n{{download}}`This lesson as a notebook <../downloads/{name}>`\n{rest}"
    notebook.cells = cells
    return notebook


def glossary(text):
    """Return the terms of the glossary page: {form: the first form of its entry}."""
    forms, entry = {}, []
    for line in text.partition("```{glossary}\n")[2].partition("```")[0].split("\n"):
        if line[:1].strip():
            entry.append(line)
        elif line:
            forms |= dict.fromkeys(entry, entry[0]) if entry else {}
            entry = []
    return forms


def link_terms(text, missing):
    """Link each term where a text uses it first; linked ones leave the dictionary `missing`."""
    parts, at = [], 0
    for match in [*PROTECTED.finditer(text), None]:
        end = match.start() if match else len(text)
        parts.append(_linked(text[at:end], missing))
        if match:
            parts.append(match[0])
            at = match.end()
    return "".join(parts)


def _linked(text, missing):
    forms = sorted(missing, key=len, reverse=True)
    if not forms or not text.strip():
        return text
    pattern = re.compile(r"(?<![\w{/-])(" + "|".join(map(re.escape, forms)) + r")(s?)(?![\w}-])", re.I)

    def link(match):
        form = next(form for form in forms if form.lower() == match[1].lower())
        if form not in missing:
            return match[0]
        entry = missing[form]
        for other in [key for key, value in missing.items() if value == entry]:
            del missing[other]
        return f"{{term}}`{match[0]} <{entry}>`"

    return pattern.sub(link, text)


def _api(folder):
    """Write one page for each module that lessons import."""
    folder.mkdir()
    for module in MODULES:
        path = f"{PACKAGE}.{module}"
        text = f"# {module}\n\n```{{eval-rst}}\n.. automodule:: {path}\n   :members:\n"
        init = ROOT / PACKAGE / module / "__init__.py"
        if init.exists():
            # What a subpackage offers is what it imports from its own modules.
            offered = [
                alias.name
                for node in ast.parse(init.read_text(encoding="utf-8")).body
                if isinstance(node, ast.ImportFrom) and node.module.startswith(path)
                for alias in node.names
                if not alias.name.startswith("_") and alias.name[0] != alias.name[0].upper()
                or alias.name == "ImageDataset"
            ]
            text += "\n" + "".join(_directive(path, name) for name in offered)
        (folder / f"{module}.md").write_text(text + "```\n", encoding="utf-8")
    listed = "\n".join(MODULES)
    text = (
        "# Helpers\n\nWhat `course_utils` offers. A lesson shows an idea before it imports the "
        f"helper. Examples in these texts are run by the tests.\n\n```{{toctree}}\n{listed}\n```\n"
    )
    (folder / "index.md").write_text(text, encoding="utf-8")


def _directive(path, name):
    kind = "autoclass" if name[0].isupper() else "autofunction"
    members = "   :members:\n" if name[0].isupper() else ""
    return f".. {kind}:: {path}.{name}\n{members}\n"


def main(arguments=None):
    """Build the site and say where it is."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "site")
    out = build(parser.parse_args(arguments).out)
    print(f"the site: {out / 'index.html'}")


if __name__ == "__main__":
    main()
