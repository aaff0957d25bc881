"""Make slides of the lessons: ``python -m authoring.publishing.slides [LESSON …]``.

A cell is shown if its metadata say so, in nbconvert's form:
``"slideshow": {"slide_type": "slide"}``. What is shown depends on what the cell is. A figure, a
table or printed text stands with its section's heading and the sentences that follow it in the
lesson. A text cell gives a slide for the lesson's title, for its objectives, for a question to
predict, for an exercise's task or for the recap, whichever it holds. The prose around a result is
in the notes.

build/slides gets one HTML file per lesson. It holds its figures, its style and 40 lines of script,
and so opens without a network, on any machine. nbconvert's slides load reveal.js from a server, and
no package that the course locks brings a copy. Keys: arrows, space, Home, End; N shows the notes.
The browser prints one slide to a page.
"""

import base64
import re
import struct
import sys
from dataclasses import dataclass
from html import escape
from pathlib import Path

from jinja2 import Environment
from markdown_it import MarkdownIt

from authoring.publishing import command
from authoring.publishing.tasks import HEADING, HINTS, tasks
from authoring.workshop.lessons import ROOT, figure, read_lesson

OUT = ROOT / "build" / "slides"
TEMPLATE = Path(__file__).with_name("slides.html")
MARKDOWN = MarkdownIt("commonmark").enable("table")
# An address may hold parentheses itself, as many DOIs do.
LINK = re.compile(r"\[([^\]]+)\]\((?:[^()\s]|\([^()]*\))+\)")
SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z*`])(?<!et al\.\s)")
# A figure stands beside its text where its height is more than this share of its width.
TALL = 0.56
# How much of the text after a figure is its message, in characters; and what it leaves out.
MESSAGE = 330
# A question for a prediction that says too little by itself, in characters.
SHORT = 170
NOTEBOOK_ONLY = re.compile(r"\b(next|this|the) cell\b|next (figure|section)|slider|^Now\b|:$", re.I)


@dataclass
class Slide:
    """One slide: `kind` for its style, `label` above the title, body and notes in HTML."""

    kind: str
    title: str
    body: str
    label: str = ""
    notes: str = ""


def shown(cell):
    """Tell whether a cell is shown on a slide."""
    return cell.metadata.get("slideshow", {}).get("slide_type") == "slide"


def plain(text):
    """Return Markdown without links and hints."""
    return LINK.sub(r"\1", HINTS.sub("", text)).strip()


def html(text):
    """Return Markdown as HTML, without links and hints."""
    return MARKDOWN.render(plain(text))


def paragraphs(text):
    """Return the paragraphs of a text up to its first heading."""
    before = re.split(r"^#{1,3} ", text, maxsplit=1, flags=re.MULTILINE)[0]
    return [part for part in re.split(r"\n\s*\n", plain(before)) if part.strip()]


def last_part(text):
    """Return the paragraphs of a text after its last heading."""
    after = re.split(r"^#{1,3} .*$", text, flags=re.MULTILINE)[-1]
    return [part for part in re.split(r"\n\s*\n", plain(after)) if part.strip()]


def message(before, after):
    """Return the sentences that say what a result shows: those after it, or else those before."""
    for text in (*paragraphs(after)[:1], *last_part(before)[-1:]):
        if "**Predict" in text or text.startswith(("|", "```", "-", "1.")):
            continue
        found = ""
        for sentence in SENTENCE.split(" ".join(text.split())):
            if NOTEBOOK_ONLY.search(sentence):
                continue
            if found and len(found) + len(sentence) > MESSAGE:
                break
            found = f"{found} {sentence}".strip()
        if found:
            return found
    return ""


def printed(text):
    """Return what a cell prints as HTML, large if it is short."""
    lines = text.splitlines()
    kind = ' class="short"' if len(lines) < 6 and max(map(len, lines)) < 62 else ""
    return f"<pre{kind}>{escape(text.rstrip())}</pre>"


def result(cell):
    """Return what a code cell shows: its figures, tables and printed text."""
    parts = []
    for output in cell.outputs:
        data = output.get("data", {})
        if match := figure(output):
            width, height = struct.unpack(">II", base64.b64decode(match["png"][:32])[16:24])
            kind = ' class="tall"' if height > TALL * width else ""
            source = f"data:image/png;base64,{match['png']}"
            parts.append(f'<figure{kind}><img src="{source}" alt="{match["alt"]}"></figure>')
        elif "text/html" in data:
            table = re.search(r"<table.*</table>", data["text/html"], re.DOTALL)
            # The borders and alignments of pandas are those of a notebook.
            html_table = re.sub(r' (?:border|style)="[^"]*"', "", table[0]) if table else ""
            parts.append(html_table or data["text/html"])
        elif output.get("text"):
            parts.append(printed(output["text"]))
        elif "text/plain" in data and "image/png" not in data:
            parts.append(printed(data["text/plain"]))
    # A figure says more than the numbers beside it, and needs the room.
    return "\n".join([part for part in parts if part.startswith("<figure")] or parts)


def text_slides(cell, section, exercises):
    """Yield the slides of a text cell; `exercises` are the lesson's tasks by number."""
    source = cell.source
    if title := re.match(r"# (.+)", source):
        opening = re.split(r"\n\s*\n", source)[1]
        yield Slide("cover", title[1], html(opening))
    for name in ("Objectives", "Recap"):
        part = re.search(rf"^## {name}\n(.*?)(?=^## |\Z)", source, re.DOTALL | re.MULTILINE)
        if part:
            # The list ends where a paragraph begins.
            items = re.split(r"\n\n(?!\s|- )", part[1].strip())[0]
            yield Slide("text", name, html(items))
    if exercise := HEADING.search(source):
        text = exercises[exercise["number"]].text
        yield Slide("task", exercise["title"], html(text), f"Exercise {exercise['number']}")
        return
    parts = re.split(r"\n\s*\n(?!- )", plain(source))
    asked = [number for number, part in enumerate(parts) if "**Predict" in part]
    if asked:
        # A short question needs the paragraph before it.
        first, before = asked[0], parts[max(asked[0] - 1, 0)]
        if len(parts[first]) < SHORT and len(before) < 3 * SHORT and before[0] not in "#|`":
            asked = [*({first - 1, *asked} - {-1})]
        text = "\n\n".join(parts[number] for number in sorted(asked))
        yield Slide("predict", section, MARKDOWN.render(text), "Predict")


def slides(lesson):
    """Return the slides of a lesson, a path."""
    notebook = read_lesson(lesson)
    exercises = {task.number: task for task in tasks(notebook)}
    cells, found, section = notebook.cells, [], ""
    for number, cell in enumerate(cells):
        around = [
            next((c.source for c in near if c.cell_type == "markdown"), "")
            for near in (cells[max(number - 2, 0) : number][::-1], cells[number + 1 : number + 3])
        ]
        if cell.cell_type == "markdown":
            headings = re.findall(r"^##+ (?!Exercise )(.+)$", cell.source, re.MULTILINE)
            section = headings[-1] if headings else section
        if not shown(cell):
            continue
        if cell.cell_type == "markdown":
            found += text_slides(cell, section, exercises)
            continue
        text = message(*around)
        body = f"<p>{MARKDOWN.renderInline(text)}</p>" if text else ""
        notes = html("\n\n".join([*last_part(around[0]), *paragraphs(around[1])]))
        found.append(Slide("result", section, result(cell) + body, notes=notes))
    return found


def write(lessons, out=OUT):
    """Write the slides of each lesson; return the files."""
    out.mkdir(parents=True, exist_ok=True)
    page = Environment(autoescape=True).from_string(TEMPLATE.read_text(encoding="utf-8"))
    paths = []
    for lesson in lessons:
        title = read_lesson(lesson).cells[0].source.split("\n", 1)[0].removeprefix("# ")
        paths.append(out / f"{lesson.stem}.html")
        text = page.render(title=title, slides=slides(lesson))
        paths[-1].write_text(text, encoding="utf-8")
    return paths


def main(arguments=None):
    """Run the command and return its exit code."""

    def written(lessons):
        return f"{len(write(lessons))} lessons in {OUT}"

    return command(__doc__, written, arguments)


if __name__ == "__main__":
    sys.exit(main())
