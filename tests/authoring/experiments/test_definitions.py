"""Cells tagged define: definitions only, complete, and executed as the lesson shows them."""

import ast

import nbformat
import pytest

from authoring.experiments import definitions as module
from authoring.workshop.lessons import find_lessons
from course_utils import ROOT

LESSONS = [path.name[:2] for path in find_lessons()]


def defining(number):
    return [cell for cell in module.defining_cells(number) if "define" in cell.metadata.tags]


@pytest.mark.parametrize("number", LESSONS)
def test_define_cells_hold_definitions_that_are_complete(number):
    assert not module.problems(number)


@pytest.mark.parametrize("number", [number for number in LESSONS if defining(number)])
def test_define_cells_run_without_the_rest_of_the_lesson(number):
    assert module.definitions(number).__name__ == f"lesson_{number}"


def cells(*sources):
    """Return a setup cell and define cells."""
    made = [nbformat.v4.new_code_cell(source) for source in ("import math", *sources)]
    for cell, tag in zip(made, ["setup", *["define"] * len(sources)], strict=True):
        cell.metadata["tags"] = [tag]
    return made


def test_functions_classes_imports_and_constants_are_definitions(monkeypatch):
    good = (
        "import json\nSIDE = 24\nSEEDS, ARMS = range(5), {'a': dict(l2=0.1)}",
        "def area(r):\n    '''Say.'''\n    return math.pi * r**2 * SIDE\n\n\nclass A:\n    pass",
    )
    monkeypatch.setattr(module, "defining_cells", lambda number: cells(*good))
    assert not module.problems("99")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("print('trained')", "not a definition"),
        ("model = None", "not a definition"),
        ("DATA = load('brain_mri')", "not a definition"),
        ("for i in range(3):\n    pass", "not a definition"),
        ("def f():\n    return from_another_cell", "from_another_cell: not defined"),
    ],
)
def test_what_computes_or_is_incomplete_is_named(monkeypatch, source, said):
    monkeypatch.setattr(module, "defining_cells", lambda number: cells(source))
    assert any(said in problem for problem in module.problems("99"))


CALLERS = [path for path in (ROOT / "authoring").rglob("*.py") if path.stem != "definitions"]


@pytest.mark.parametrize("path", CALLERS, ids=lambda path: path.stem)
def test_lessons_that_seed_are_executed_before_anything_else_is_seeded(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    later = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.Lambda)]
    calls = [node for part in later for node in ast.walk(part) if isinstance(node, ast.Call)]
    assert not [call.lineno for call in calls if getattr(call.func, "id", "") == "definitions"]
