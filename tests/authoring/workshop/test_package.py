import textwrap

import pytest

from authoring.workshop.package import Course

FILES = {
    "course_utils/__init__.py": "from course_utils.scores import auc as area",
    "course_utils/scores.py": """
        def auc(labels, weights=None, *, ties=True):
            '''Return it.'''
            if len(labels) == 0:
                raise ValueError("labels")
            return _sum(labels)

        def _sum(values):
            return helper(values)

        def helper(values):
            return sum(values)

        def forgotten():
            return 0
    """,
    "course_utils/exercises/__init__.py": "",
    "course_utils/exercises/lesson_01.py": """
        from course_utils import scores

        def check(answer):
            return scores.LIMIT
    """,
    "notebooks/01_a.ipynb": '{"cells": [{"cell_type": "code", "source": ["import course_utils\\n",'
    ' "course_utils.area([1], ties=False)"]}]}',
    "notebooks/02_b.ipynb": '{"cells": [{"cell_type": "markdown", "source": ["auc()"]}]}',
}


@pytest.fixture
def course(tmp_path):
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    return Course(tmp_path)


def test_a_use_is_found_through_a_re_export_and_another_name(course):
    assert {d: u for d, u in course.in_lessons.items() if u} == {
        ("course_utils.scores", "auc"): {"01"}
    }


def test_what_a_used_function_needs_is_needed_and_the_rest_is_named(course):
    assert course.of_one_lesson()
    assert course.unused() == ["course_utils.scores.forgotten"]


def test_a_helper_of_one_lesson_is_named(course):
    assert course.of_one_lesson() == ["course_utils.scores.auc"]


def test_an_option_that_nobody_passes_is_named(course):
    assert course.options_nobody_passes() == ["course_utils.scores.auc(weights)"]


def test_lines_of_checks_are_counted_apart_from_code_and_docstrings(course):
    lines, code, checks = course.size()
    assert (lines, code, checks) == (21, 14, 2)
