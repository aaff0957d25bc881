"""Slides open without a network, are turned by keys, fit, and print one to a page."""

import re

import pytest

from authoring.publishing import slides
from authoring.workshop.lessons import find_lessons, read_lesson
from authoring.workshop.notebooks import normalize

LESSONS = find_lessons()
# Of each slide: its title, the size of its text, and by how much its content is too high or wide.
MEASURED = """() => [...document.querySelectorAll('.slide')].map((slide) => {
  const body = slide.querySelector('.body'), inside = body.getBoundingClientRect();
  const over = [...body.querySelectorAll('*')].map((part) => part.getBoundingClientRect());
  return [slide.querySelector('h2').textContent, parseFloat(getComputedStyle(body).fontSize),
    body.scrollHeight - body.clientHeight, slide.scrollWidth - slide.clientWidth,
    Math.max(...over.map((box) => box.right)) - inside.right];
})"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    return slides.write(LESSONS, tmp_path_factory.mktemp("slides"))


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_has_its_slides_and_shows_no_solution(lesson):
    notebook, found = read_lesson(lesson), slides.slides(lesson)
    assert 12 <= len(found) <= 25
    kinds = [slide.kind for slide in found]
    assert kinds[0] == "cover"
    assert found[1].title == "Objectives"
    assert found[-1].title == "Recap"
    assert {"predict", "task", "result"} <= {*kinds}
    shown = filter(slides.shown, notebook.cells)
    tags = {tag for cell in shown for tag in cell.metadata.get("tags", [])}
    assert not tags & {"solution", "setup", "check", "exercise", "claim"}
    text = "".join(slide.body for slide in found)
    assert "_solution" not in text
    assert "<details" not in text
    # A question to predict never stands on the slide that answers it.
    assert not any("<strong>Predict" in slide.body for slide in found if slide.kind == "result")
    images = re.findall(r'<img src="data:image/png;base64,[^"]+" alt="([^"]*)">', text)
    assert len(images) == text.count("<img")
    assert all(len(alt) > 20 for alt in images)


@pytest.mark.parametrize("number", range(len(LESSONS)), ids=[path.stem for path in LESSONS])
def test_every_slide_fits_and_nothing_is_requested(number, pages, browser):
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    requests, errors = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(pages[number].as_uri())
    for title, size, too_high, too_wide, outside in page.evaluate(MEASURED):
        assert size >= 17, title
        assert max(too_high, too_wide, outside) <= 1, title
    assert [url for url in requests if not url.startswith("data:")] == [pages[number].as_uri()]
    assert not errors
    page.close()


def test_keys_turn_the_slides_and_open_the_notes(pages, browser):
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.goto(pages[0].as_uri())

    def now():
        visible = page.locator(".slide:visible h2").all_text_contents()
        return visible, page.url.rsplit("#")[-1]

    first = now()
    assert first == (["00 · Start here"], "1")
    page.keyboard.press("ArrowRight")
    assert now() == (["Objectives"], "2")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert now() == first
    page.keyboard.press("ArrowLeft")
    assert now() == first
    page.keyboard.press("End")
    assert now()[0] == ["Recap"]
    page.keyboard.press("Home")
    for _ in range(2):
        page.keyboard.press("PageDown")
    assert not page.locator(".notes:visible").count()
    page.keyboard.press("n")
    assert "CT (computed" in page.locator(".notes:visible").inner_text()
    page.close()


def test_printing_puts_one_slide_on_a_page(pages, browser):
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.goto(pages[0].as_uri())
    count = page.locator(".slide").count()
    pdf = page.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == count
    page.close()


def test_without_script_all_slides_can_be_read(pages, browser):
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(pages[0].as_uri())
    assert page.locator(".slide:visible").count() == page.locator(".slide").count()
    page.close()


def test_normalizing_a_lesson_keeps_what_is_shown():
    notebook = read_lesson(LESSONS[0])
    before = [slides.shown(cell) for cell in notebook.cells]
    assert [slides.shown(cell) for cell in normalize(notebook).cells] == before
    assert any(before)


def test_a_message_leaves_out_what_only_a_notebook_has():
    after = "It falls by half. The next cell shows why. Read on ([Lin 2013](https://a.b/c(1)d))."
    assert slides.message("", slides.plain(after)) == "It falls by half. Read on (Lin 2013)."
    assert slides.message("Before it.", "**Predict** the rest.") == "Before it."
