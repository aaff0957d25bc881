"""Make copies of the lessons for a class: ``python -m authoring.publishing.handout [LESSON …]``.

Each lesson becomes two notebooks below build/handout: ``student/`` has no outputs and no solutions,
and keeps answers, checks and hints; ``teacher/`` has the outputs, and the solutions open. The names
are those of the lessons, so that links between lessons work in each folder. Links to the course's
``data/`` and ``docs/`` work where students keep their copies, in workspace/.

The copies are for a class, not for an examination: students who have the course find its solutions
in notebooks/, and the right answers in course_utils/exercises/.
"""

import sys

import nbformat
from nbformat.v4 import new_markdown_cell

from authoring.publishing import command
from authoring.workshop.lessons import ROOT, read_lesson

OUT = ROOT / "build" / "handout"
NOTES = {
    "student": "*Student copy. It holds no solutions; your teacher has them.*",
    "teacher": "*Teacher copy. The solutions are open, and the outputs are those of the course.*",
}


def has_tag(cell, tag):
    """Tell whether a cell has a tag."""
    return tag in cell.metadata.get("tags", [])


def student(notebook):
    """Turn a lesson, in place, into the copy for students; return it."""
    notebook.cells = [cell for cell in notebook.cells if not has_tag(cell, "solution")]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return _with_note(notebook, "student")


def teacher(notebook):
    """Turn a lesson, in place, into the copy for teachers; return it."""
    for cell in notebook.cells:
        if has_tag(cell, "solution"):
            cell.metadata.pop("jupyter", None)
    return _with_note(notebook, "teacher")


def _with_note(notebook, kind):
    note = new_markdown_cell(NOTES[kind], id=f"{kind}-copy")
    notebook.cells.insert(1, note)
    return notebook


def write(lessons, out=OUT):
    """Write both copies of each lesson below `out`; return their paths."""
    paths = []
    for kind, change in (("student", student), ("teacher", teacher)):
        folder = out / kind
        folder.mkdir(parents=True, exist_ok=True)
        for lesson in lessons:
            paths.append(folder / lesson.name)
            nbformat.write(change(read_lesson(lesson)), paths[-1])
    return paths


def main(arguments=None):
    """Run the command and return its exit code."""

    def written(lessons):
        return f"{len(write(lessons)) // 2} lessons in {OUT / 'student'} and {OUT / 'teacher'}"

    return command(__doc__, written, arguments)


if __name__ == "__main__":
    sys.exit(main())
