"""The rules every lesson keeps, each a small function that yields complaints.

``complaints(path)`` runs them all. A rule receives the notebook and its path; what lies outside
the lesson (references.bib, pyproject.toml) is looked up in the folder above the lesson's own.
A complaint says which cell (counted over all cells, from 1), what is wrong, and what to do.
"""

import ast
import re
import symtable
import tomllib
import unicodedata
from html import unescape
from itertools import pairwise
from urllib.parse import unquote, urlsplit

from authoring.workshop import minutes
from authoring.workshop.lessons import alt_text, figure, read_lesson, source_hash

# Cells with these tags need no prose right before them and may be long.
MACHINERY = {"setup", "exercise", "check", "solution", "claim"}
TAGS = MACHINERY | {"define", "widget", "core", "deeper", "hide-input"}
TAGS |= {"nbval-ignore-output", "raises-exception"}
# Documentation and data that a lesson may link to beside the entries of references.bib.
HOSTS = {
    "docs.python.org",
    "numpy.org",
    "scipy.org",
    "docs.scipy.org",
    "matplotlib.org",
    "pandas.pydata.org",
    "seaborn.pydata.org",
    "scikit-learn.org",
    "scikit-image.org",
    "keras.io",
    "www.tensorflow.org",
    "pydicom.github.io",
    "nipy.org",
    "nilearn.github.io",
    "ipywidgets.readthedocs.io",
    "jupyterlab.readthedocs.io",
    "dicom.nema.org",
    "www.dicomstandard.org",
    "radiopaedia.org",
    "dicom.innolitics.com",
    "docs.dask.org",
    "eur-lex.europa.eu",
    "www.ecfr.gov",
    "www.fda.gov",
    "www.gov.uk",
    "nifti.nimh.nih.gov",
    "medmnist.com",
    "creativecommons.org",
}
LENGTH_LINE = "**Time** 60 minutes, 5 more for going deeper · **Runs in** 20 s · **Memory** 0.5 GB"
LENGTH = re.compile(minutes.TIME + r" · \*\*Runs in\*\* \d+ s · \*\*Memory\*\* \d+(\.\d+)? GB")
HEADING = re.compile(r"(#{1,6}) +(.+?) *$")
ITEM = re.compile(r"([-*]|\d+\.) +\S")
EXERCISE = re.compile(r"Exercise (\d+)\.(\d+): \S")
URL = re.compile(r"https?://(?:[^\s()<>\"'\]]|\([^\s()]*\))+")
ABSOLUTE = re.compile(
    r"(?<![\w.:/])/(?:home|Users|root|work|tmp|var|opt|mnt)\b[^\s'\"]*|\b[A-Z]:\\\w+"
)
ALT_START = re.compile(r"(an? |the )?(image|picture|figure|plot|photo) (of|shows|showing)\b", re.I)
MAXIMUM_BYTES = 1_000_000
MAXIMUM_LINES = 20
MINIMUM_ALT = 30
SEED_CALLS = {"default_rng", "set_seed", "set_random_seed"}
RANDOM_NAMES = SEED_CALLS | {"random", "rng", "shuffle", "permutation", "keras"}


# ---- reading a lesson ---------------------------------------------------------------------------


def tags(cell):
    return cell.metadata.get("tags", [])


def code_cells(notebook, *wanted):
    """Yield (index, cell) of the code cells that carry one of the tags; of all without tags."""
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and (not wanted or set(wanted) & set(tags(cell))):
            yield index, cell


def at(index, cell, problem):
    first_line = cell.source.strip().split("\n")[0][:40]
    return f"cell {index + 1} ({first_line!r}): {problem}"


def prose_lines(notebook):
    """Yield (index, cell, line) over the Markdown cells, without fenced code."""
    for index, cell in enumerate(notebook.cells):
        fenced = False
        for line in cell.source.split("\n") if cell.cell_type == "markdown" else []:
            if line.lstrip().startswith("```"):
                fenced = not fenced
            elif not fenced:
                yield index, cell, line


def headings(notebook):
    """Return a list of (index, cell, level, text)."""
    matches = ((index, cell, HEADING.match(line)) for index, cell, line in prose_lines(notebook))
    return [(index, cell, len(m[1]), m[2]) for index, cell, m in matches if m]


def section(notebook, title):
    """Return the lines under a second-level heading; None without such a heading."""
    lines = None
    for _, _, line in prose_lines(notebook):
        heading = HEADING.match(line)
        if heading and len(heading[1]) <= 2:
            if lines is not None:
                break
            lines = [] if heading[2] == title else None
        elif lines is not None:
            lines.append(line)
    return lines


def items(notebook, title):
    return [line for line in section(notebook, title) or [] if ITEM.match(line)]


def said(output):
    """Return what an output says, in all its textual forms."""
    texts = [value for key, value in output.get("data", {}).items() if key.startswith("text/")]
    return "\n".join([output.get("text", ""), output.get("evalue", ""), *texts])


def hidden(cell):
    return cell.metadata.get("jupyter", {}).get("source_hidden", False)


def name_of(node):
    return getattr(node, "attr", getattr(node, "id", ""))


def parsed(cell):
    try:
        return ast.parse(cell.source)
    except SyntaxError:
        return ast.parse("")  # `plain_python` complains


def global_names(cell):
    """Return the names a cell binds and the names it needs from other cells."""
    if not parsed(cell).body:
        return set(), set()
    top = symtable.symtable(cell.source, "cell", "exec")
    bound = {s.get_name() for s in top.get_symbols() if s.is_assigned() or s.is_imported()}
    used = {s.get_name() for s in top.get_symbols() if s.is_referenced()}
    tables = list(top.get_children())
    while tables:
        table = tables.pop()
        tables += table.get_children()
        used |= {s.get_name() for s in table.get_symbols() if s.is_global()}
    return bound, used - bound


def exercises(notebook):
    """Return a list of ("N.M", [(index, cell), …]), each up to the next heading of its level."""
    found, cells = [], list(enumerate(notebook.cells))
    starts = [index for index, _, level, _ in headings(notebook) if level <= 3] + [len(cells)]
    for index, _, level, text in headings(notebook):
        if level == 3 and (match := EXERCISE.match(text)):
            end = min(start for start in starts if start > index)
            found.append((f"{int(match[1])}.{int(match[2])}", cells[index:end]))
    return found


def references(path):
    """Return the DOIs, arXiv numbers and addresses of references.bib, in lower case."""
    file = path.resolve().parent.parent / "references.bib"
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    return {m[1].lower() for m in re.finditer(r"\b(?:doi|eprint|url)\s*=\s*\{([^}]+)\}", text)}


def citation(url):
    """Return the DOI or the arXiv number a link stands for; None for other links."""
    parts = urlsplit(unquote(url).lower().rstrip(".,;:"))
    if parts.hostname in ("doi.org", "dx.doi.org"):
        return parts.path.strip("/").removeprefix("10.48550/arxiv.")
    if parts.hostname in ("arxiv.org", "www.arxiv.org"):
        return re.sub(r"v\d+$", "", parts.path.split("/", 2)[-1].removesuffix(".pdf"))
    return None


# ---- the frame of a lesson ----------------------------------------------------------------------


def title(notebook, path):
    number = path.name[:2]
    found = [(index, text) for index, _, level, text in headings(notebook) if level == 1]
    if len(found) != 1 or found[0][0] != 0 or not re.match(rf"{number} · \S", found[0][1]):
        yield f"the first cell must begin with the only first-level heading, '# {number} · …'"


def objectives(notebook, path):
    cells = [index for index, _, _, text in headings(notebook) if text == "Objectives"]
    if not cells or cells[0] > 2 or len(items(notebook, "Objectives")) < 2:
        yield "no list under '## Objectives' in the first three cells: add two or more items"


def length_line(notebook, path):
    lines = [line for _, _, line in prose_lines(notebook) if line.startswith("**Time**")]
    if len(lines) != 1 or not LENGTH.fullmatch(lines[0].strip()):
        yield f"a lesson has one line like '{LENGTH_LINE}'; found {lines}"


def builds_on(notebook, path):
    lines = [line for _, _, line in prose_lines(notebook) if line.startswith("**Builds on** ")]
    if len(lines) != 1:
        yield "a lesson has one line that begins '**Builds on** ' and names earlier lessons"
    for number in re.findall(r"\b\d\d\b", "".join(lines)):
        if number >= path.name[:2]:
            yield f"'Builds on' names {number}, which is not an earlier lesson"


def headings_in_order(notebook, path):
    for (_, _, before, _), (index, cell, level, _) in pairwise(headings(notebook)):
        if level > before + 1:
            yield at(index, cell, f"heading level {level} follows {before}: do not skip a level")


def optional_sections(notebook, path):
    texts_by_cell, current = {index: text for index, _, _, text in headings(notebook)}, ""
    for index, cell in enumerate(notebook.cells):
        current = texts_by_cell.get(index, current)
        optional = "deeper" in tags(cell) or "deeper" in current.lower()
        if optional and "(going deeper)" not in current:
            yield at(index, cell, f"optional, so write '(going deeper)' in the heading {current!r}")


def folded_answers(notebook, path):
    lines = section(notebook, "Check yourself") or []
    if sum("<details>" in line for line in lines) < 2:
        yield "'## Check yourself' needs two or more questions with answers in <details>"
    for index, cell in enumerate(notebook.cells):
        counts = {cell.source.count(mark) for mark in ("<details>", "<summary>", "</details>")}
        if cell.cell_type == "markdown" and len(counts) > 1:
            yield at(index, cell, "each <details> needs one <summary> and its </details>")


def recap(notebook, path):
    wanted, found = len(items(notebook, "Objectives")), len(items(notebook, "Recap"))
    if found != wanted:
        yield f"'## Recap' has {found} items, '## Objectives' {wanted}: answer each objective"


def further_reading(notebook, path):
    if not any(map(citation, URL.findall("\n".join(section(notebook, "Further reading") or [])))):
        yield "'## Further reading' needs a link to a DOI or to arXiv"


# ---- code cells ---------------------------------------------------------------------------------


def plain_python(notebook, path):
    for index, cell in code_cells(notebook):
        try:
            nodes = ast.walk(ast.parse(cell.source))
        except SyntaxError as error:
            line = cell.source.split("\n")[(error.lineno or 1) - 1].strip()
            kind = (
                "a magic or shell line"
                if re.match(r"[%!?]|.*\?$|\w+ *= *[%!]", line)
                else "not Python"
            )
            yield at(index, cell, f"{line!r} is {kind}: write plain Python")
        else:
            if any(name_of(node) == "get_ipython" for node in nodes):
                yield at(index, cell, "get_ipython() hides a magic: write plain Python")
        # nbval executes without history, where IPython looks for the semicolon.
        if cell.source.rstrip().endswith(";"):
            yield at(index, cell, "nbval does not heed a final ';': end with plt.show() or `_ =`")


def one_setup_cell(notebook, path):
    cells, setup = list(code_cells(notebook)), list(code_cells(notebook, "setup"))
    if setup != cells[:1] or not cells:
        yield "the first code cell, and no other, is tagged setup"
        return
    names = set()
    for index, cell in cells:
        nodes = list(ast.walk(parsed(cell)))
        names |= set(map(name_of, nodes))
        if index != setup[0][0] and any(isinstance(n, ast.Import | ast.ImportFrom) for n in nodes):
            yield at(index, cell, "import in the setup cell only")
    calls = [node for node in ast.walk(parsed(setup[0][1])) if isinstance(node, ast.Call)]
    seeds = sum(name_of(call.func) in SEED_CALLS for call in calls)
    if seeds > 1 or (not seeds and names & RANDOM_NAMES):
        yield at(*setup[0], f"has {seeds} seed calls: make one, default_rng(…) or set_seed(…)")


def introduced_short_cells(notebook, path):
    for index, cell in code_cells(notebook):
        if MACHINERY & set(tags(cell)):
            continue
        if index == 0 or notebook.cells[index - 1].cell_type != "markdown":
            yield at(index, cell, "introduce it by a Markdown cell right before it")
        lines = sum(bool(line.strip()) for line in cell.source.split("\n"))
        if lines > MAXIMUM_LINES:
            yield at(index, cell, f"has {lines} lines: divide it, {MAXIMUM_LINES} at most")


def agreed_tags(notebook, path):
    for index, cell in enumerate(notebook.cells):
        for tag in set(tags(cell)) - TAGS:
            yield at(index, cell, f"tag {tag!r} is unknown: use one of {', '.join(sorted(TAGS))}")
        if "widget" in tags(cell) and "nbval-ignore-output" not in tags(cell):
            yield at(index, cell, "a widget is also tagged nbval-ignore-output")
        if "claim" in tags(cell) and not hidden(cell):
            yield at(index, cell, "collapse the claim: set jupyter.source_hidden")
        if cell.cell_type == "code" and re.search(
            r"# *(nbval|pytest_validate)_", cell.source, re.I
        ):
            yield at(index, cell, "a comment steers nbval: use a tag")


def ignored_outputs(notebook, path):
    settings = tomllib.loads((path.resolve().parent.parent / "pyproject.toml").read_text("utf-8"))
    table = settings.get("tool", {}).get("course", {}).get("ignored_outputs", {})
    agreed, found = table.get(path.name[:2]), len(list(code_cells(notebook, "nbval-ignore-output")))
    if found != agreed:
        yield (
            f"{found} cells are tagged nbval-ignore-output, {agreed} are agreed: change the tags, "
            "or [tool.course.ignored_outputs] in pyproject.toml with a reason"
        )


# ---- exercises ----------------------------------------------------------------------------------


def enough_exercises(notebook, path):
    number = int(path.name[:2])
    names, wanted = [name for name, _ in exercises(notebook)], 3 if number else 1
    if len(names) < wanted:
        yield f"{len(names)} exercises, {wanted} are needed: '### Exercise {number}.1: …'"
    if names != [f"{number}.{count + 1}" for count in range(len(names))]:
        yield f"number the exercises {number}.1, {number}.2, … in order; found {names}"
    for tag in ("exercise", "check", "solution"):
        cells = len(list(code_cells(notebook, tag)))
        if cells != len(names):
            yield f"{cells} cells are tagged {tag} for {len(names)} exercise headings"


def complete_exercises(notebook, path):
    for name, cells in exercises(notebook):
        if not any("<details>" in c.source for _, c in cells if c.cell_type == "markdown"):
            yield at(*cells[0], "add a hint in <details>")
        code = [(i, c) for i, c in cells if c.cell_type == "code" and MACHINERY & set(tags(c))]
        order = [tag for _, c in code for tag in tags(c) if tag in MACHINERY]
        if order != ["exercise", "check", "solution"]:
            yield at(*cells[0], f"needs exercise, check, solution; found {order}")
            continue
        yield from (*_start(*code[0]), *_check(*code[1], name), *_solution(*code[2], name))


def _start(index, cell):
    if not any(getattr(node, "value", None) is ... for node in ast.walk(parsed(cell))):
        yield at(index, cell, "the learner's answer is given: put `...` in its place")


def _check(index, cell, name):
    function, last = f"check_{name.replace('.', '_')}", (parsed(cell).body or [None])[-1]
    if name_of(getattr(getattr(last, "value", None), "func", None)) != function:
        yield at(index, cell, f"end with a call of {function}(…)")
    if "not attempted" not in "".join(map(said, cell.outputs)).lower():
        yield at(index, cell, "does not show 'not attempted': restore the exercise, run again")


def _solution(index, cell, name):
    if not hidden(cell):
        yield at(index, cell, "collapse it: set jupyter.source_hidden")
    if not re.match(rf"# Solution {name}\b", cell.source):
        yield at(index, cell, f"begin with '# Solution {name}'")
    if cell.outputs:
        yield at(index, cell, "a solution prints nothing: remove what makes output")
    for bound in sorted(global_names(cell)[0]):
        if not bound.endswith("_solution"):
            yield at(index, cell, f"{bound} must be named {bound}_solution")


def answers_stay_apart(notebook, path):
    answers, newest = set(), set()
    for index, cell in code_cells(notebook):
        bound, used = global_names(cell)
        # A check uses the answer right above it, no older one.
        forbidden = answers - newest if "check" in tags(cell) else answers
        for name in sorted(used):
            if name in forbidden or name.endswith("_solution"):
                yield at(index, cell, f"depends on the answer {name}: define what it needs anew")
        if "exercise" in tags(cell):
            answers, newest = answers | bound, bound
        else:
            answers = answers - bound


# ---- outputs ------------------------------------------------------------------------------------


def executed_in_order(notebook, path):
    if notebook.metadata.get("course", {}).get("source_hash") != source_hash(notebook):
        yield "the outputs are older than the code: `make notebooks`"
    for wanted, (index, cell) in enumerate(code_cells(notebook), start=1):
        if not cell.source.strip():
            yield at(index, cell, "is empty: remove it")
        if cell.execution_count != wanted:
            count = cell.execution_count
            yield at(index, cell, f"execution count {count}, not {wanted}: `make notebooks`")
            return


def figures(notebook, path):
    for index, cell in code_cells(notebook):
        data = [output.get("data", {}) for output in cell.outputs]
        drawn, alt = list(filter(None, map(figure, cell.outputs))), alt_text(cell)
        count = len(drawn)
        if any(key.startswith("image/") for mime in data for key in mime):
            yield at(index, cell, "a picture beside plotting.use_style: it has no alt text")
        if any(unescape(shown["alt"]) != alt for shown in drawn):
            yield at(index, cell, "the figure has an older alt text: normalize the lesson")
        if count > 1:
            yield at(index, cell, f"has {count} figures: one per cell")
        # The text of a figure stays behind when its picture is lost.
        if any("<Figure size" in said(o) and not figure(o) for o in cell.outputs):
            yield at(index, cell, "a figure's text without its picture: `make notebooks`")
        elif alt and not count:
            yield at(index, cell, "alt text without a figure: `make notebooks`")
        if count and len(alt) < MINIMUM_ALT:
            text = f"alt text {alt!r} is shorter than {MINIMUM_ALT} characters"
            yield at(index, cell, f"{text}: say in mystnb.image.alt what the figure shows")
        elif count and ALT_START.match(alt):
            yield at(index, cell, f"alt text: say what is to be seen, without {alt[:20]!r}")


def pictures_in_text(notebook, path):
    for index, cell in enumerate(notebook.cells):
        text = cell.source if cell.cell_type == "markdown" else "".join(map(said, cell.outputs))
        if re.search(r"<img\b(?![^>]*\balt=)|!\[\s*\]\(", text):
            yield at(index, cell, "a picture has no alt text: add it")


def clean_outputs(notebook, path):
    for index, cell in code_cells(notebook):
        raises = "raises-exception" in tags(cell)
        if raises != any(output.output_type == "error" for output in cell.outputs):
            wanted = "no error, though tagged raises-exception," if raises else "an error"
            yield at(index, cell, f"{wanted} in its outputs: mend the cell")
        if any(output.get("name") == "stderr" for output in cell.outputs):
            yield at(index, cell, "text on stderr in its outputs: remove the cause")
        text = "\n".join(map(said, cell.outputs))
        if warning := re.search(r"\w*Warning\b", text):
            yield at(index, cell, f"{warning[0]} in its outputs: remove the cause")
        if re.search(r" at 0x[0-9a-f]{6,}", text):
            yield at(index, cell, "a memory address in its outputs: it changes with every run")
        if "widget" in tags(cell) and cell.outputs:
            yield at(index, cell, "a widget is stored without output: `make notebooks`")


# ---- text ---------------------------------------------------------------------------------------


def small_plain_file(notebook, path):
    size = path.stat().st_size
    if size >= MAXIMUM_BYTES:
        yield f"has {size} bytes, {MAXIMUM_BYTES} are too many: fewer or smaller figures"
    if any(cell.cell_type == "raw" for cell in notebook.cells):
        yield "raw cells are not shown to learners: remove them"


def no_absolute_paths(notebook, path):
    for index, cell in enumerate(notebook.cells):
        for text in (cell.source, *map(said, cell.get("outputs", []))):
            if match := ABSOLUTE.search(text):
                yield at(index, cell, f"absolute path {match[0]!r}: use a relative one")


def visible_characters(notebook, path):
    for index, cell in enumerate(notebook.cells):
        for sign in sorted(set(cell.source) - {"\n", " "}):
            if unicodedata.category(sign)[0] in "CZ":
                name = unicodedata.name(sign, "a control character")
                yield at(index, cell, f"U+{ord(sign):04X} ({name}) is invisible: replace it")


def known_citations(notebook, path):
    if not (known := references(path)):
        yield "there is no references.bib beside the folder of the lessons"
    for index, cell in enumerate(notebook.cells):
        for url in URL.findall(cell.source):
            url = unquote(url).rstrip(".,;:")
            cited = citation(url)
            if cited and cited not in known:
                yield at(index, cell, f"{url} is not in references.bib: add it there first")
            elif not cited and url.lower() not in known and urlsplit(url).hostname not in HOSTS:
                yield at(index, cell, f"{url}: cite from references.bib, or add the host to HOSTS")
        unlinked = re.sub(r"\[[^\]]*\]\(\S+\)", "", cell.source)
        if cell.cell_type == "markdown" and re.search(r"\[@\w|et al\.?,? \(?\d{4}", unlinked):
            yield at(index, cell, "cite with a link: [Author et al. 2015](https://doi.org/…)")


def links_lead_somewhere(notebook, path):
    for index, cell, line in prose_lines(notebook):
        for target in re.findall(r"\]\((?!https?:|#|mailto:|attachment:)([^)#\s]+)", line):
            if not (path.parent / unquote(target)).exists():
                yield at(index, cell, f"the link to {target!r} leads nowhere")


RULES = [
    *(title, objectives, length_line, minutes.complaints, builds_on, headings_in_order),
    *(optional_sections, folded_answers, recap, further_reading),
    *(plain_python, one_setup_cell, introduced_short_cells, agreed_tags, ignored_outputs),
    *(enough_exercises, complete_exercises, answers_stay_apart),
    *(executed_in_order, figures, pictures_in_text, clean_outputs),
    *(small_plain_file, no_absolute_paths, visible_characters, known_citations),
    links_lead_somewhere,
]


def complaints(path):
    """Return what every rule says about the lesson at `path`; an empty list if it keeps all."""
    notebook = read_lesson(path)
    return [complaint for rule in RULES for complaint in rule(notebook, path)]
