"""nbgrader itself takes the assignments, and gives points for right answers only."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from authoring.publishing import nbgrader, tasks
from authoring.workshop.lessons import find_lessons, read_lesson
from authoring.workshop.notebooks import kernel_environment

pytest.importorskip("nbgrader")
from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.preprocessors import CheckCellMetadata, ClearSolutions, LockCells

LESSONS = find_lessons()


def graded(notebook):
    return [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_nbgrader_accepts_the_metadata_and_takes_the_solutions_out(lesson):
    notebook = nbgrader.assignment(lesson)
    MetadataValidator().validate_nb(notebook)
    for change in (LockCells(), ClearSolutions(), CheckCellMetadata()):
        notebook, _ = change.preprocess(notebook, {})
    original = read_lesson(lesson)
    text = "\n".join(cell.source for cell in notebook.cells)
    for start, task in zip(
        tasks.cells_with(notebook, "exercise"), tasks.tasks(original), strict=True
    ):
        assert start.source.startswith(task.start.source)
        assert task.answer() not in text
        assert task.number.replace(".", "_") in start.metadata.nbgrader.grade_id
    assert len(graded(notebook)) == len(tasks.cells_with(original, "exercise"))
    for cell in graded(notebook):
        assert cell.metadata.nbgrader.points == 1
        assert cell.metadata.editable is False
    assert "_solution" not in text


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_the_graded_cell_uses_no_name_of_the_lesson(lesson):
    assert not re.search(r"\bgraded\b", "\n".join(c.source for c in read_lesson(lesson).cells))


def run(folder, *command):
    result = subprocess.run(
        [sys.executable, "-m", "nbgrader", *command],
        cwd=folder,
        env=kernel_environment(),
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert result.returncode == 0, result.stderr
    return result.stderr


def submit(folder, learner, answers):
    """Write the released lesson with some starts replaced by answers, as a learner hands it in."""
    notebook = read_lesson(folder / "release" / "00" / "00.ipynb")
    for cell in tasks.cells_with(notebook, "exercise"):
        for start, answer in answers.items():
            cell.source = cell.source.replace(start, answer)
    path = folder / "submitted" / learner / "00" / "00.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)


@pytest.mark.slow
def test_right_answers_get_points_and_wrong_or_missing_ones_none(tmp_path, monkeypatch):
    # As in an activated environment: nbgrader calls its data base's tool by name.
    monkeypatch.setenv(
        "PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    )
    nbgrader.write(find_lessons(["00"]), tmp_path)
    run(tmp_path, "generate_assignment", "00")
    brightest, letter = "def brightest(image): ...", "conclusion = ..."
    right = "def brightest(image):\n    return max(map(max, image))"
    warns = "import warnings\nwarnings.warn('slow')"
    submit(tmp_path, "ada", {brightest: right, letter: f'{warns}\nconclusion = "b"'})
    submit(tmp_path, "bob", {brightest: right.replace("max", "min")})
    run(tmp_path, "autograde", "00")

    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as gradebook:
        points = {
            learner: [
                gradebook.find_grade(f"graded_0_{n}", "00", "00", learner).auto_score
                for n in (1, 2)
            ]
            for learner in ("ada", "bob")
        }
    assert points == {"ada": [1, 1], "bob": [0, 0]}
