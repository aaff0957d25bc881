"""Find what a lesson says and shows about each of its exercises."""

import re
from dataclasses import dataclass

from authoring.workshop.lessons import read_lesson

HEADING = re.compile(r"^### Exercise (?P<number>\d+\.\d+): (?P<title>.+)$", re.MULTILINE)
HINTS = re.compile(r"<details>.*?</details>", re.DOTALL)
CHECK = re.compile(r"lesson_\d\d\.check_\d+_\d+\((\w+)\)")


@dataclass
class Task:
    """One exercise of a lesson: its title, its task without hints, its cells, the answer's name."""

    number: str
    title: str
    text: str
    name: str
    start: object
    check: object
    solution: object

    def answer(self):
        """Return the lesson's solution as a reader would write it, without its first comment."""
        source = self.solution.source.split("\n", 1)[1]
        return re.sub(rf"\b{self.name}_solution\b", self.name, source).strip("\n")


def cells_with(notebook, tag):
    """Return the cells that have a tag."""
    return [cell for cell in notebook.cells if tag in cell.metadata.get("tags", [])]


def tasks(lesson):
    """Return the exercises of a lesson, a path or a notebook, in order."""
    notebook = lesson if hasattr(lesson, "cells") else read_lesson(lesson)
    found = []
    # A rule of the lessons: each exercise is a start, a check and a solution, in this order.
    parts = (cells_with(notebook, tag) for tag in ("exercise", "check", "solution"))
    for start, check, solution in zip(*parts, strict=True):
        before = notebook.cells[: notebook.cells.index(start)]
        text = "\n\n".join(map(_shown, before))
        heading = list(HEADING.finditer(text))[-1]
        task = HINTS.sub("", text[heading.end() :]).strip()
        name = CHECK.findall(check.source)[-1]
        found.append(Task(heading["number"], heading["title"], task, name, start, check, solution))
    return found


def _shown(cell):
    return cell.source if cell.cell_type == "markdown" else f"```python\n{cell.source}\n```"
