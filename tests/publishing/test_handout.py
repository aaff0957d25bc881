"""Student copies hold no solution and work; teacher copies hold all of them, open."""

import re

import nbformat
import pytest

from authoring.publishing import handout
from authoring.workshop.lessons import ROOT, find_lessons, read_lesson
from authoring.workshop.notebooks import execute

LESSONS = find_lessons()


@pytest.fixture(scope="module")
def copies(tmp_path_factory):
    out = tmp_path_factory.mktemp("handout")
    handout.write(LESSONS, out)
    return {
        kind: {path.name: nbformat.read(out / kind / path.name, 4) for path in LESSONS}
        for kind in ("student", "teacher")
    }


def solutions(notebook):
    return [cell for cell in notebook.cells if handout.has_tag(cell, "solution")]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_a_student_copy_has_every_exercise_and_no_solution(lesson, copies):
    original, copy = read_lesson(lesson), copies["student"][lesson.name]
    assert not solutions(copy)
    text = "\n".join(cell.source for cell in copy.cells)
    for cell in solutions(original):
        body = cell.source.split("\n", 1)[1].strip()
        assert body not in text
        assert not {*re.findall(r"\b\w+_solution\b", body)} & {*re.findall(r"\w+", text)}
    for tag in ("exercise", "check"):
        kept = [cell.source for cell in copy.cells if handout.has_tag(cell, tag)]
        assert kept == [cell.source for cell in original.cells if handout.has_tag(cell, tag)]
        assert len(kept) == len(solutions(original)) > 0
    assert all("..." in c.source for c in copy.cells if handout.has_tag(c, "exercise"))
    assert not any(cell.get("outputs") for cell in copy.cells)
    assert text.count("<details>") == sum(c.source.count("<details>") for c in original.cells)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_a_teacher_copy_shows_the_solutions_and_the_outputs(lesson, copies):
    original, copy = read_lesson(lesson), copies["teacher"][lesson.name]
    shown = solutions(copy)
    assert [cell.source for cell in shown] == [cell.source for cell in solutions(original)]
    assert not any(cell.metadata.get("jupyter") for cell in shown)
    assert [c.outputs for c in copy.cells if c.cell_type == "code"] == [
        c.outputs for c in original.cells if c.cell_type == "code"
    ]


def test_links_of_the_copies_work_in_the_workspace(copies):
    links = set()
    for kind, notebooks in copies.items():
        for notebook in notebooks.values():
            text = "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
            for link in re.findall(r"\]\(([^)#\s]+)", text):
                if link in notebooks or "://" in link:
                    continue
                links.add(link)
                assert (ROOT / "notebooks" / link).is_file(), f"{kind}: {link}"
    # ../ means the same from workspace/ as from notebooks/.
    assert links
    assert all(link.startswith("../") for link in links)


@pytest.mark.slow
def test_a_student_copy_runs_and_takes_a_right_answer(tmp_path):
    handout.write(find_lessons(["00"]), tmp_path)
    path = next((tmp_path / "student").iterdir())
    notebook = read_lesson(path)
    cells = {cell.source: cell for cell in notebook.cells}
    cells["def brightest(image): ..."].source = "def brightest(image):\n    return image.max()"
    execute(notebook, path)
    said = [
        cell.outputs[-1]["data"]["text/plain"]
        for cell in notebook.cells
        if handout.has_tag(cell, "check")
    ]
    assert "0.1: correct" in said[0]
    assert "0.2: not attempted yet" in said[1]
