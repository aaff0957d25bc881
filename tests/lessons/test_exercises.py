"""Every check: the untouched start, the lesson's own solution, right and wrong answers."""

from types import ModuleType

import nbformat
import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

from authoring.workshop import exercises as bank
from authoring.workshop.lessons import find_lessons, read_lesson
from course_utils.exercises import exercise
from course_utils.exercises.exercise import Exercise, Feedback, Several

LESSONS = {path.name[:2]: path for path in find_lessons()}
ENTRIES = [
    pytest.param(entry, bank.bank_of(module), id=entry.number)
    for module in map(bank.module_of, LESSONS.values())
    for entry in bank.entries(module).values()
]


def untouched(*arguments):
    """Return something."""
    ...


@pytest.mark.parametrize("lesson", LESSONS)
def test_exercise_is_complete(lesson):
    found = list(bank.missing(bank.module_of(LESSONS[lesson]), read_lesson(LESSONS[lesson])))
    assert not found, "\n".join(found)


@pytest.mark.parametrize("lesson", LESSONS)
def test_solution_of_the_lesson_is_correct(lesson):
    module = bank.module_of(LESSONS[lesson])
    solved = bank.solutions(read_lesson(LESSONS[lesson]), module)
    for entry in bank.entries(module).values():
        feedback = entry(solved[entry.number])
        assert feedback.state == "correct", feedback


@pytest.mark.parametrize(("entry", "answers"), ENTRIES)
def test_check_tells_right_from_wrong(entry, answers):
    assert entry(...).state == entry(untouched).state == "not attempted yet"
    rates = bank.rates(entry, answers)
    assert not rates.refused + rates.accepted, rates
    for answer, sentence in bank.wrong_answers(entry, answers | {"WRONG": {}}):
        message = bank.judge(entry, answer).message
        assert sentence in message, f"wanted: {sentence}\nsaid: {message}"


def lesson(*sources):
    """Return a notebook of the sources; what begins with ### is text."""
    notebook = nbformat.v4.new_notebook()
    for source in sources:
        kind = "markdown" if source.startswith("###") else "code"
        notebook.cells.append(getattr(nbformat.v4, f"new_{kind}_cell")(source))
    return notebook


CALLS = {"calls": [(2,), (3,)]}
DOUBLE = Exercise("1.1", lambda x: 2 * x, mistakes={"No.": Several([2, 3, 5, 6, 7])}, **CALLS)
CELLS = ("### Exercise 1.1: Double", "lesson_99.check_1_1(double)", "# Solution 1.1\n")


@pytest.mark.parametrize(
    ("name", "entry", "cells", "said"),
    [
        ("check_1_1", DOUBLE, CELLS, None),
        ("check_1_2", DOUBLE, CELLS, "Exercise 1.1 is called check_1_2: name and"),
        ("check_1_1", Exercise("1.1", 3), CELLS, "Exercise 1.1 has 0 wrong answers: add"),
        ("check_1_1", DOUBLE, CELLS[:2], "Exercise 1.1 has no solution: add a cell"),
        ("check_1_1", DOUBLE, CELLS[::2], "Exercise 1.1 is never checked: add a cell"),
        ("check_1_1", DOUBLE, CELLS[1:], "Exercise 1.1 has no task: add the heading"),
        ("nothing", None, CELLS, "Exercise 1.1 has no entry: add check_1_1 = "),
    ],
)
def test_forgotten_part_is_named(name, entry, cells, said):
    module = ModuleType("course_utils.exercises.lesson_99")
    setattr(module, name, entry)
    found = "\n".join(bank.missing(module, lesson(*cells)))
    assert found == "" if said is None else said in found


def test_rates_count_what_is_refused_accepted_and_named():
    entry = Exercise("1.1", float, mistakes={"Five": 5}, **CALLS)
    bank_of_entry = {"RIGHT": {"1.1": [int, len]}, "WRONG": {"1.1": [str, lambda x: x + 1, float]}}
    rates = bank.rates(entry, bank_of_entry)
    assert [rates.right, rates.wrong] == [5, 4]
    assert [answer for _, answer, _ in rates.refused] == [len]
    assert [answer for _, answer, _ in rates.accepted] == [float]
    # `str` is told its type; "f(2) gave 3, expected 2" is no name.
    assert [feedback.message[-19:] for _, _, feedback in rates.unnamed] == ["gave 3, expected 2."]
    assert "2 named (0.50)" in str(rates)


def test_bank_that_is_too_small_or_answers_nothing_is_refused(monkeypatch):
    module = ModuleType("course_utils.exercises.lesson_99")
    module.check_1_1 = DOUBLE
    answers = {"RIGHT": {"1.1": [1] * 4, "1.9": []}, "WRONG": {"1.1": [1] * 8}}
    monkeypatch.setattr(bank, "bank_of", lambda module: answers)
    first, second = bank.missing(module, lesson(*CELLS))
    assert first.startswith(
        "Exercise 1.1 has 4 answers in RIGHT of tests/lessons/answers/lesson_99"
    )
    assert second.startswith("The bank of lesson_99 has answers to 1.9, which is no exercise")


def raises(x):
    return [][x]


def interrupted(x):
    raise KeyboardInterrupt


def double(x):
    x += x + (x > 2)
    return x


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (double, "`double(3)` gave 7, expected 6."),
        (lambda x: [1, 2], "gave an array of shape (2,), expected a number"),
        (lambda x: "four", "of type `str`; it should be made of numbers"),
        (lambda x: np.nan, "NaN or infinite values"),
        (lambda x: 4, "returns the same for every call: use its arguments"),
        (lambda x: print(end=""), "forget `return`"),
        (lambda: 4, "Keep the name and the arguments"),
        (raises, "Your code raised IndexError: list index out of range\nin the line: return [][x]"),
        (interrupted, "Stopped while your code was running\nin the line: raise KeyboardInterrupt"),
        (4, "give the function itself"),
    ],
)
def test_what_no_mistake_names_is_described(answer, said):
    assert said in DOUBLE(answer).message


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (5, "is 5, and that is not the expected value"),
        ([4], "is an array of shape (1,), expected a number"),
        ("4", "of type `str`; it should be made of numbers"),
    ],
)
def test_wrong_value_is_described_and_the_right_one_kept(answer, said):
    assert said in Exercise("1.1", 4)(answer).message


def test_changed_input_is_refused_where_asked():
    entry = Exercise("1.1", lambda x: x + 1, calls=[(np.ones(2),)], keeps_inputs=True)
    assert "changes its input" in entry(double).message


def test_only_a_body_that_does_nothing_is_untouched():
    def forgot(x):
        result = x + 1  # noqa: F841

    assert DOUBLE(untouched).state == "not attempted yet"
    assert DOUBLE(forgot).state == "not yet"


def test_an_older_answer_is_not_judged_where_the_new_one_failed(monkeypatch):
    shell = InteractiveShell()
    monkeypatch.setattr(exercise, "get_ipython", lambda: shell)
    shell.events.register("post_run_cell", exercise._remember)
    shell.user_ns["check"] = DOUBLE

    def says(cell):
        shell.run_cell(cell, store_history=True)
        return str(shell.run_cell("check(twice)", store_history=True).result)

    good = "def twice(x):\n    return 2 * x\n"
    assert says(good).startswith("✓")
    assert "`twice` stopped with SyntaxError: expected ':'. Correct" in says("def twice(x)")
    assert says(f"\n{good}").startswith("✓")
    assert "`twice` stopped with NameError: name 'two' is" in says("twice = two")
    # Here the answer is there before the cell fails.
    assert says(f"{good}twice(two)").startswith("✓")


def test_feedback_is_rich_and_plain_and_escaped():
    feedback = Feedback("1.1", "not yet", "a < b")
    assert repr(feedback) == "✗ Exercise 1.1: not yet. a < b"
    assert "a &lt; b" in feedback._repr_html_()
    assert "var(--jp-error-color1" in feedback._repr_html_()
