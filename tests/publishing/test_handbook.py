"""The handbook has a question for each exercise, and its code does what the bank's answers do."""

import functools
import re
import tomllib
from types import SimpleNamespace

import numpy as np
import pytest

from authoring.publishing import handbook
from authoring.publishing.tasks import tasks
from authoring.workshop import exercises
from authoring.workshop.lessons import ROOT, find_lessons

LESSONS = find_lessons()
QUESTIONS = tomllib.loads(handbook.QUESTIONS.read_text(encoding="utf-8"))


def test_each_exercise_has_a_question_to_ask_and_no_other_has():
    assert list(QUESTIONS) == [task.number for lesson in LESSONS for task in tasks(lesson)]
    assert all(text.endswith(("?", ".")) and "?" in text for text in QUESTIONS.values())


def test_a_task_holds_its_code_and_no_hint():
    task = next(task for task in tasks(find_lessons(["02"])[0]) if task.number == "2.5")
    assert task.title == "A wall around every patient"
    assert "def edges_with_a_wall(hounsfield)" in task.text
    assert "<details>" not in task.text
    assert task.name == "edges_of_ct"


def test_the_pages_show_every_sentence_of_the_check(tmp_path):
    paths = handbook.write(tmp_path, find_lessons(["00"]))
    assert [path.name for path in paths] == ["index.md", "lesson_00.md"]
    index, page = (path.read_text(encoding="utf-8") for path in paths)
    assert "[00 · Start here](lesson_00.md) | 2 |" in index
    module = exercises.module_of(LESSONS[0])
    for entry in exercises.entries(module).values():
        assert f"## Exercise {entry.number}: " in page
        assert QUESTIONS[entry.number] in page
        for sentence in [*entry.mistakes, *entry.choices.values()]:
            assert handbook.plain(sentence) in page
    assert "return image.mean()" in page


def test_what_a_check_says_is_no_markup():
    said = "`f(a_b)` gave <2 × 3 numbers>, a*b\nin the line: x_y = 2"
    assert handbook.plain(said) == "`f(a_b)` gave \\<2 × 3 numbers\\>, a\\*b in the line `x_y = 2`."


def without_names(said, *names):
    for name in names:
        said = re.sub(rf"`({re.escape(name)}|your function)\b", "`f", said)
    # The line that raised is another one, since the code was typed anew.
    return re.sub(r"\nin the line.*", "", said)


@pytest.mark.parametrize("number", ["00", "01", "02", "03"])
def test_the_code_that_is_shown_gets_what_the_bank_s_answer_gets(number):
    """Run each wrong answer as the handbook prints it, and hand it to the check."""
    module = exercises.module_of(find_lessons([number])[0])
    bank = exercises.bank_of(module)
    file = str(ROOT / "tests" / "lessons" / "answers" / f"lesson_{number}.py")
    names = vars(__import__(f"tests.lessons.answers.lesson_{number}", fromlist=["WRONG"]))
    others = {"np": np, "partial": functools.partial, "Conv2D": SimpleNamespace}
    entries = {entry.number: entry for entry in exercises.entries(module).values()}
    for task in tasks(find_lessons([number])[0]):
        entry = entries[task.number]
        pairs, helpers = handbook.codes(task, entry, bank, file)
        for answer, code in pairs:
            space = {**vars(module), **names, **others}
            exec("\n\n".join([*helpers, code]), space)
            original = exercises.judge(entry, answer)
            typed = exercises.judge(entry, space[task.name])
            name = getattr(answer, "__name__", "?")
            assert typed.state == original.state != "correct"
            assert without_names(typed.message, task.name) == without_names(
                original.message, name
            ), code
