"""Draw the picture of the README, docs/course.png: ``python -m authoring.publishing.picture``.

Everything on it comes from the course as it is stored: three figures of lessons, and what a check
says to a wrong answer. Needs the system's Chromium.
"""

import shutil
import tempfile
from html import escape
from pathlib import Path

from playwright.sync_api import sync_playwright

from authoring.workshop.lessons import ROOT, figure, find_lessons, read_lesson
from course_utils.exercises import lesson_02

WIDTH, HEIGHT = 1200, 545
# What a panel says, its lesson, and the id of the cell that draws it.
PANELS = (
    ("Simulated images, each drawn from a known cause", "00", "e6a41441"),
    ("Where does the network look? The true outline is known", "11", "12f6bcb5"),
    ("Which line matters? Five trainings, 95 % intervals", "04", "b1a8274d"),
)
ANSWER = """def slide_with_stride(image, kernel, stride):
    windows = sliding_window_view(image, kernel.shape)
    products = windows[::stride, ::stride] * kernel
    return products.sum(axis=(2, 3))"""
STYLE = """
body { margin: 0; padding: 16px 20px; background: white; color: #222; font: 15px sans-serif;
  display: grid; gap: 16px 30px; grid-template-columns: 620px 510px }
h2 { font-size: 16px; margin: 0 0 10px } img { max-width: 100% }
pre { background: #f3f3f3; padding: 12px; margin: 0 0 12px; font: 15px/1.5 monospace }
"""


def page():
    """Return the HTML of the picture."""
    drawn = []
    for title, lesson, cell_id in PANELS:
        notebook = read_lesson(find_lessons([lesson])[0])
        cell = next(cell for cell in notebook.cells if cell.id == cell_id)
        png = next(match["png"] for match in map(figure, cell.outputs) if match)
        drawn.append(f'<h2>{title}</h2><img src="data:image/png;base64,{png}">')
    answer = {}
    exec("from numpy.lib.stride_tricks import sliding_window_view\n" + ANSWER, answer)
    said = lesson_02.check_2_2(answer["slide_with_stride"])
    drawn.insert(1, f"<h2>Your code, and what its check says</h2><pre>{escape(ANSWER)}</pre>")
    drawn[1] += said._repr_html_()
    return f"<style>{STYLE}</style>" + "".join(f"<section>{part}</section>" for part in drawn)


def main():
    """Draw and store the picture."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "picture.html"
        file.write_text(page(), encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        view = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        view.goto(file.as_uri())
        view.screenshot(path=ROOT / "docs" / "course.png")
        browser.close()


if __name__ == "__main__":
    main()
