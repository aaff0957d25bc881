"""Every lesson keeps the rules of authoring/workshop/lesson_rules.py. Nothing is executed here."""

import pytest

from authoring.workshop.lesson_rules import complaints
from authoring.workshop.lessons import find_lessons


@pytest.mark.parametrize("path", find_lessons(), ids=lambda path: path.name[:2])
def test_lesson_keeps_the_rules(path):
    found = complaints(path)
    assert not found, f"{path.name} breaks {len(found)} rules:\n" + "\n".join(found)


def test_lesson_numbers_are_unique():
    numbers = [path.name[:2] for path in find_lessons()]
    assert len(set(numbers)) == len(numbers)
