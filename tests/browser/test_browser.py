"""The learner's way: `python -m course_utils lab`, a real browser, run all, do an exercise.

Runs on a copy of the course, so that the author's own workspace is left alone. Needs Chromium from
the system; skips without it.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time

import nbformat
import pytest

from course_utils import ROOT

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
COPIED = ("course_utils", "notebooks", "data", "requirements.lock", "pyproject.toml")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Start JupyterLab on a copy of the course; return its address and the copy's folder."""
    course = tmp_path_factory.mktemp("course")
    for name in COPIED:
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, course / name)
    log = course / "lab.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "course_utils", "lab", "--no-browser", "--port", "8970"],
            cwd=course,
            env={**os.environ, "PYTHONPATH": str(course)},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield wait_for_address(log, process), course
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=20)


def wait_for_address(log, process, seconds=90):
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        if match := re.search(r"http://127\.0\.0\.1:\d+/lab\S*\?token=\w+", log.read_text()):
            return match[0]
        time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()}")


@pytest.fixture
def page(lab):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1300, "height": 900})
        page.hosts = set()
        page.on("request", lambda request: page.hosts.add(request.url.split("/")[2].split(":")[0]))
        yield page
        browser.close()


def open_lesson(page, address, name):
    # "reset" closes what an earlier test left open.
    page.goto(re.sub(r"/lab[^?]*", f"/lab/tree/{name}", address) + "&reset")
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=60_000)
    kernel = page.locator(".jp-Toolbar-kernelName", has_text="Python 3")
    kernel.locator("visible=true").first.wait_for(timeout=60_000)


def menu(page, menu_name, item):
    page.locator(".lm-MenuBar-item", has_text=re.compile(f"^{menu_name}$")).click()
    page.locator(".lm-Menu-item", has_text=re.compile(f"^{item}")).first.click()


def run_all_and_save(page, path, seconds=300):
    """Run all cells, save, and return the saved notebook."""
    # The lessons come executed; without their numbers it shows what has run here.
    menu(page, "Edit", "Clear Outputs of All Cells")
    menu(page, "Run", "Run All Cells")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        page.wait_for_timeout(1500)
        page.keyboard.press("Control+s")
        try:
            notebook = nbformat.read(path, as_version=4)
        except nbformat.reader.NotJSONError:
            continue  # the server is writing it just now
        code = [c for c in notebook.cells if c.cell_type == "code" and c.source.strip()]
        if all(cell.execution_count for cell in code):
            return notebook
    pytest.fail(f"{path.name} did not finish in {seconds} s")


@pytest.mark.parametrize(
    "name",
    [
        "00_start_here.ipynb",
        "01_images_as_arrays.ipynb",
        "02_convolution.ipynb",
        "03_pooling_and_other_layers.ipynb",
        # With progress bars, which the other tests switch off, and two widgets.
        "05_measuring_a_classifier.ipynb",
    ],
)
def test_lesson_runs_in_the_browser_without_errors_or_network(lab, page, name):
    address, course = lab
    open_lesson(page, address, name)
    notebook = run_all_and_save(page, course / "workspace" / name)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output.output_type == "error"]
    assert not [output for output in outputs if output.get("name") == "stderr"]
    assert page.hosts <= {"127.0.0.1"}


def test_server_opens_lesson_00_and_asks_for_the_token(lab, page):
    address, _ = lab
    assert "/lab/tree/00_start_here.ipynb" in address
    page.goto(address.split("?")[0])
    assert "token" in page.content().lower()
    assert "login" in page.url


def test_exercise_gives_feedback_to_what_is_typed(lab, page):
    address, course = lab
    name = "00_start_here.ipynb"
    open_lesson(page, address, name)
    # To the end, since a cell that finishes while one types moves what is selected.
    run_all_and_save(page, course / "workspace" / name)
    cell = page.locator(".jp-CodeCell", has_text="def brightest(image)").first
    cell.scroll_into_view_if_needed(timeout=60_000)
    editor = cell.locator(".cm-content")
    editor.click()
    page.keyboard.press("Control+a")
    page.keyboard.type("def brightest(image):\nreturn image.mean()")
    editor.get_by_text("return image.mean()").wait_for(timeout=30_000)
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")
    page.wait_for_selector("text=That is the mean of the image", timeout=90_000)


def test_nobody_is_asked_about_news(lab, page):
    address, _ = lab
    open_lesson(page, address, "00_start_here.ipynb")
    page.wait_for_timeout(3000)
    assert page.get_by_text("Jupyter news").count() == 0


def test_stepper_moves_its_window_when_the_slider_moves(lab, page):
    address, _ = lab
    open_lesson(page, address, "02_convolution.ipynb")
    menu(page, "Run", "Run All Cells")
    cell = page.locator(".jp-CodeCell", has_text="widgets.convolution_stepper").first
    cell.scroll_into_view_if_needed(timeout=60_000)
    figure = cell.locator(".jp-OutputArea img").first
    figure.wait_for(timeout=90_000)
    before = figure.get_attribute("src")
    cell.locator(".noUi-handle").first.press("ArrowRight")
    end = time.monotonic() + 30
    while figure.get_attribute("src") == before:
        assert time.monotonic() < end, "the figure did not change"
        page.wait_for_timeout(300)
