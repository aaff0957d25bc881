"""Turn lessons and guides into pages of the site: folded cells, terms and links."""

import os
import re
import shutil

import nbformat

from authoring.publishing.api import MODULES
from authoring.workshop.lessons import ROOT, figure, find_lessons

# Cells that are read on demand, and what the button that shows them calls them.
FOLDED = {"setup": "the imports", "solution": "the solution", "claim": "a test of the text"}
WIDGET = """```{{note}}
In JupyterLab this cell shows a figure that you change with sliders. The figure {place} shows one
of its positions.
```"""
DOWNLOADS = (
    "Download: {{download}}`with outputs <../downloads/{name}>` · "
    "{{download}}`without outputs <../downloads/without_outputs/{name}>`"
)
# Where no term is linked: code, links, formulas, HTML, headings and tables.
PROTECTED = re.compile(
    r"^```.*?^```|`[^`]+`|!?\[[^\]]*\]\([^)]*\)|\$\$.*?\$\$|\$[^$\n]+\$|<[^>]+>|^#.*?$|^\|.*?$",
    re.M | re.S,
)
LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s]+)\)")
# Folders and files of the repository that the site shows on a page of another name.
ELSEWHERE = {
    "README.md": "index.md",
    "docs/claims": "measured.md",
    "data/results": "measured.md",
    "classroom/lessons": "classroom/lessons/index.md",
    "deploy": "deploy/README.md",
    **{f"course_utils/{name.replace('.', '/')}.py": f"api/{name}.md" for name in MODULES},
    **{f"course_utils/{name}": f"api/{name}.md" for name in MODULES},
}


def lesson(notebook, name, terms):
    """Return a lesson as a page: folded cells, terms of the glossary linked, copies to download."""
    missing, cells = dict(terms), []
    drawn = [place for place, cell in enumerate(notebook.cells) if _has_figure(cell)]
    for place, cell in enumerate(notebook.cells):
        tags = cell.metadata.get("tags", [])
        if cell.cell_type == "markdown":
            cell.source = link_terms(cell.source, missing)
        for tag in FOLDED.keys() & set(tags):
            cell.metadata.tags = [*tags, "hide-input"]
            shown = cell.metadata.setdefault("mystnb", {})
            shown |= {"code_prompt_show": f"Show {FOLDED[tag]}"}
            shown |= {"code_prompt_hide": f"Hide {FOLDED[tag]}"}
        cells.append(cell)
        if "widget" in tags:
            text = WIDGET.format(place="above" if drawn and drawn[0] < place else "below")
            cells.append(nbformat.v4.new_markdown_cell(text, id=f"{cell.id}-still"))
    head, _, rest = cells[0].source.partition("\n")
    cells[0].source = f"{head}\n\n{DOWNLOADS.format(name=name)}\n{rest}"
    notebook.cells = cells
    return notebook


def _has_figure(cell):
    return any(map(figure, cell.get("outputs", ())))


def without_outputs(notebook):
    """Return a lesson as a reader begins it."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def glossary(text):
    """Return the terms of the glossary page: {form: the first form of its entry}."""
    forms, entry, defined = {}, [], False
    for line in text.partition("```{glossary}\n")[2].partition("\n```")[0].split("\n"):
        if line[:1].strip():
            entry = [line] if defined else [*entry, line]
            defined = False
        elif line.strip():
            forms |= dict.fromkeys(entry, entry[0])
            defined = True
    return forms


def with_lessons(text):
    """Link the numbers of lessons at the ends of the glossary's entries."""
    names = {path.name[:2]: path.name for path in find_lessons()}

    def link(match):
        return re.sub(r"\d\d", lambda number: _link(number[0], names[number[0]]), match[0])

    return re.sub(r"Lessons?\s\d\d(?:\sand\s\d\d)*\.$", link, text, flags=re.M)


def _link(words, name):
    return f"[{words}](../notebooks/{name})"


def link_terms(text, missing):
    """Link each term where a text uses it first; linked ones leave the dictionary `missing`."""
    parts, at = [], 0
    for match in PROTECTED.finditer(text):
        parts += [_linked(text[at : match.start()], missing), match[0]]
        at = match.end()
    return "".join([*parts, _linked(text[at:], missing)])


def _linked(text, missing):
    if not missing or not text.strip():
        return text
    forms = sorted(missing, key=len, reverse=True)
    words = "|".join(re.escape(form).replace(r"\ ", r"\s") for form in forms)
    # What a hyphen or a dollar binds to a term makes another one of it.
    pattern = re.compile(rf"(?<![\w{{/–-])({words})(s?)(?![\w}}–-])", re.I)

    def link(match):
        found = re.sub(r"\s", " ", match[1])
        form = next(form for form in forms if form.lower() == found.lower())
        if form not in missing:
            return match[0]
        entry = missing[form]
        for other in [key for key, value in missing.items() if value == entry]:
            del missing[other]
        return f"{{term}}`{re.sub(chr(92) + 's', ' ', match[0])} <{entry}>`"

    return pattern.sub(link, text)


def linked(text, path, folder):
    """Point the links of a page at the site: other files of the repository become downloads."""

    def link(match):
        words, target = match[1], match[2]
        if re.match(r"[a-z]+:|#", target):
            return match[0]
        name, _, anchor = target.partition("#")
        name = os.path.relpath((path.parent / name).resolve(), folder.resolve()).rstrip("/")
        page = folder / ELSEWHERE.get(name, name)
        if page.is_file():
            anchor = f"#{anchor}" if anchor and page.name == (folder / name).name else ""
        elif (ROOT / name).is_file():
            page.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, page)
            anchor = ""
        else:
            return words
        return f"[{words}]({os.path.relpath(page, path.parent)}{anchor})"

    return LINK.sub(link, text)
