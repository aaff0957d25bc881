"""Write assignments for nbgrader: ``python -m authoring.publishing.nbgrader [LESSON …]``.

build/nbgrader becomes an nbgrader course: ``nbgrader_config.py`` and one assignment per lesson,
``source/NN/NN.ipynb``. In that folder, in the activated environment of the authors:

    nbgrader generate_assignment 04      # release/04: the lesson without solutions
    nbgrader autograde 04                # grades submitted/NAME/04/04.ipynb

Each exercise gives one point, if its check says "correct". The answer's cell holds the start that
readers know, and the lesson's solution, which nbgrader takes out. After the check, whose sentence
readers see, stands a locked cell that nbgrader grades. It stops with an error where the answer is
not right; its tag lets "Run All Cells" go on.
"""

import sys

import nbformat
from nbformat.v4 import new_code_cell

from authoring.publishing import command, handout
from authoring.publishing.tasks import tasks
from authoring.workshop.lessons import ROOT, read_lesson
from authoring.workshop.notebooks import CELL_TIMEOUT

OUT = ROOT / "build" / "nbgrader"
CONFIG = f"""c = get_config()
c.CourseDirectory.course_id = "cnn-medical-imaging"
# What stands in the place of a solution; the start of the exercise is above it.
c.ClearSolutions.code_stub = {{"python": "# Replace the ... above."}}
# Lessons train networks: seconds per cell, and a cell that trains is no dead kernel.
c.Execute.timeout = {CELL_TIMEOUT}
"""
ANSWER = """{start}


### BEGIN SOLUTION
{answer}
### END SOLUTION"""
# nbgrader takes any warning for a failure, and a right answer may warn.
GRADED = """# One point if the check above says "correct".
import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    graded = {check}({name})
assert graded.state == "correct", graded"""


def assignment(lesson):
    """Return a lesson, a path, as the source of an nbgrader assignment."""
    notebook = read_lesson(lesson)
    exercises = tasks(notebook)
    handout.student(notebook)
    for task in exercises:
        number = task.number.replace(".", "_")
        task.start.source = ANSWER.format(start=task.start.source, answer=task.answer())
        task.start.metadata["nbgrader"] = _metadata(f"exercise_{number}", solution=True)
        check = f"lesson_{lesson.name[:2]}.check_{number}"
        graded = new_code_cell(
            GRADED.format(check=check, name=task.name),
            id=f"graded-{number}",
            metadata={
                "nbgrader": _metadata(f"graded_{number}", grade=True, locked=True, points=1),
                "tags": ["raises-exception"],
            },
        )
        notebook.cells.insert(notebook.cells.index(task.check) + 1, graded)
    return notebook


def _metadata(grade_id, *, solution=False, grade=False, locked=False, **others):
    return {
        "grade_id": grade_id,
        "solution": solution,
        "grade": grade,
        "locked": locked,
        "task": False,
        "schema_version": 3,
        **others,
    }


def write(lessons, out=OUT):
    """Write nbgrader's configuration and an assignment per lesson; return the assignments."""
    paths = []
    for lesson in lessons:
        number = lesson.name[:2]
        paths.append(out / "source" / number / f"{number}.ipynb")
        paths[-1].parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(assignment(lesson), paths[-1])
    (out / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
    return paths


def main(arguments=None):
    """Run the command and return its exit code."""

    def written(lessons):
        return f"{len(write(lessons))} assignments in {OUT / 'source'}"

    return command(__doc__, written, arguments)


if __name__ == "__main__":
    sys.exit(main())
