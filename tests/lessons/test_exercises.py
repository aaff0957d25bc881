"""Every check: the untouched start, the lesson's own solution, and wrong answers people write."""

import importlib
import re

import nbformat
import numpy as np
import pytest

from course_utils.app import workspace
from course_utils.exercises.feedback import Feedback, check, compare, is_untouched
from tests.lessons.wrong_answers import WRONG_ANSWERS
from tests.lessons.wrong_answers.common import TINY


def solutions():
    """Return {'1.1': the answer that the lesson's solution cell defines}."""
    found = {}
    for path in workspace.lessons(workspace.LESSONS).values():
        names = {"tiny": TINY}
        for cell in nbformat.read(path, as_version=4).cells:
            tags = cell.metadata.get("tags", [])
            if "setup" in tags:
                exec(cell.source, names)
            if "solution" in tags:
                exec(cell.source, names)
                answer = next(name for name in reversed(names) if name.endswith("_solution"))
                found[re.match(r"# Solution (\d+\.\d+)", cell.source)[1]] = names[answer]
    return found


SOLUTIONS = solutions()


def find_check(exercise):
    lesson, number = exercise.split(".")
    module = importlib.import_module(f"course_utils.exercises.lesson_{int(lesson):02d}")
    return getattr(module, f"check_{lesson}_{number}")


@pytest.mark.parametrize("exercise", SOLUTIONS)
def test_untouched_answer_is_not_attempted(exercise):
    def untouched(*arguments): ...

    assert find_check(exercise)(...).state == "not attempted yet"
    if callable(SOLUTIONS[exercise]):
        assert find_check(exercise)(untouched).state == "not attempted yet"


@pytest.mark.parametrize("exercise", SOLUTIONS)
def test_solution_of_the_lesson_is_correct(exercise):
    feedback = find_check(exercise)(SOLUTIONS[exercise])
    assert feedback.state == "correct", feedback


def in_place(probabilities, trained, wanted):
    probabilities *= wanted / trained
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return probabilities


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("9.3", in_place),
        ("10.6", lambda: {"loss": "Dice", "augment": True}),
        ("10.6", lambda: dict(augment=True, loss="Dice")),  # noqa: C408
        ("10.7", "c"),
    ],
)
def test_right_answers_written_in_another_way_are_correct(exercise, answer):
    feedback = find_check(exercise)(answer)
    assert feedback.state == "correct", feedback


@pytest.mark.parametrize("exercise", SOLUTIONS)
def test_at_least_three_wrong_answers_are_tried(exercise):
    assert len(WRONG_ANSWERS[exercise]) >= 3


@pytest.mark.parametrize(
    ("exercise", "answer", "said"),
    [(exercise, *case) for exercise, cases in WRONG_ANSWERS.items() for case in cases],
)
def test_wrong_answer_is_named(exercise, answer, said):
    feedback = find_check(exercise)(answer)
    assert feedback.state == "not yet"
    assert said in feedback.message


def test_exception_becomes_feedback():
    @check("9.9")
    def call(answer):
        answer()

    def broken():
        return [][3]

    assert "IndexError" in call(broken).message


def test_interrupt_is_not_swallowed():
    @check("9.9")
    def call(answer):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        call(1)


def test_function_with_only_a_docstring_is_untouched_and_return_none_is_not():
    def untouched(image):
        """Return something."""
        ...

    def forgot(image):
        result = image + 1  # noqa: F841

    assert is_untouched(untouched)
    assert not is_untouched(forgot)


def test_feedback_is_rich_and_plain_and_escaped():
    feedback = Feedback("1.1", "not yet", "a < b")
    assert repr(feedback) == "✗ Exercise 1.1: not yet. a < b"
    assert "a &lt; b" in feedback._repr_html_()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (None, "forget `return`"),
        ("three", "made of numbers"),
        ([1.0, np.nan], "NaN"),
        ([[1.0, 2.0]], "shape (1, 2)"),
        ([1.0, 5.0], "differs most at [1]"),
    ],
)
def test_compare_says_what_is_different(answer, said):
    assert said in compare(answer, [1.0, 2.0])
