"""Cells tagged define: definitions only, complete, and executed as the lesson shows them."""

import random

import nbformat
import numpy as np
import pytest

from authoring.experiments import definitions as module
from authoring.workshop.lessons import find_lessons

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


def test_a_lesson_that_seeds_leaves_the_numbers_of_whoever_calls_as_they_were(monkeypatch):
    from course_utils._tensorflow import keras

    def drawn():
        legacy = np.random.random()  # noqa: NPY002
        return [random.random(), legacy, float(keras.random.uniform(()))]

    seeding = cells()
    seeding[0].source = "import keras\nkeras.utils.set_random_seed(0)"
    monkeypatch.setattr(module, "defining_cells", lambda number: seeding)
    keras.utils.set_random_seed(5)
    first, expected = drawn(), drawn()
    keras.utils.set_random_seed(5)
    assert drawn() == first
    module.definitions.__wrapped__("99")
    assert drawn() == expected
