"""Every lesson keeps the rules of authoring/workshop/lesson_rules.py. Nothing is executed here."""

import re

import pytest
from nbconvert import HTMLExporter

from authoring.workshop.lesson_rules import complaints
from authoring.workshop.lessons import find_lessons


@pytest.mark.parametrize("path", find_lessons(), ids=lambda path: path.name[:2])
def test_lesson_keeps_the_rules(path):
    found = complaints(path)
    assert not found, f"{path.name} breaks {len(found)} rules:\n" + "\n".join(found)


@pytest.mark.parametrize("path", find_lessons(), ids=lambda path: path.name[:2])
def test_every_picture_of_the_page_says_what_it_shows(path):
    page, _ = HTMLExporter(template_name="lab").from_filename(path)
    texts = re.findall(r'<img\b[^>]*\balt="([^"]*)"', page)
    assert len(texts) == page.count("<img") > 3
    assert not [text for text in texts if len(text) < 20 or "No description" in text]


def test_lesson_numbers_are_unique():
    numbers = [path.name[:2] for path in find_lessons()]
    assert len(set(numbers)) == len(numbers)
