"""The learner's way: `python -m course_utils lab`, a real browser, run all, do an exercise.

Runs on a copy of the course, so that the author's own workspace is left alone. Needs Chromium from
the system; skips without it.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import time
import urllib.request

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
def lab(tmp_path_factory, learner_python):
    """Start JupyterLab on a copy of the course; return its address and the workspace."""
    course = tmp_path_factory.mktemp("Kurs für Ärzte (2)")
    for name in COPIED:
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, course / name)
    log = course / "lab.log"
    command = [learner_python, "-m", "course_utils", "lab", "--no-browser", "--port", "8970"]
    environment = {**os.environ, "PYTHONPATH": str(course), "TERM": "dumb"}
    # Learners have no path to the author's kernel, which has another name.
    environment.pop("JUPYTER_PATH", None)
    with log.open("w") as output:
        process = subprocess.Popen(
            command, cwd=course, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield wait_for_address(log, process), course / "workspace"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def wait_for_address(log, process):
    end = time.monotonic() + 180
    while time.monotonic() < end and process.poll() is None:
        if match := re.search(r"http://127\.0\.0\.1:\d+/lab\S*\?token=\w+", log.read_text()):
            return match[0]
        time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()}")


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    page.set_default_timeout(120_000)
    page.hosts = set()
    page.on("request", lambda request: page.hosts.add(request.url.split("/")[2].split(":")[0]))
    yield page
    page.close()


def open_lesson(page, address, name):
    # "reset" closes what an earlier test left open.
    page.goto(re.sub(r"/lab[^?]*", f"/lab/tree/workspace/{name}", address) + "&reset")
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell")
    kernel = page.locator(".jp-Toolbar-kernelName", has_text="Python 3")
    kernel.locator("visible=true").first.wait_for()


def menu(page, menu_name, item):
    page.locator(".lm-MenuBar-item", has_text=re.compile(f"^{menu_name}$")).click()
    page.locator(".lm-Menu-item", has_text=re.compile(f"^{item}")).first.click()


def run_all_and_save(page, path):
    """Run all cells, save, and return the saved notebook."""
    menu(page, "Run", "Run All Cells")
    end = time.monotonic() + 300
    while time.monotonic() < end:
        page.wait_for_timeout(1000)
        page.keyboard.press("Control+s")
        try:
            notebook = nbformat.read(path, as_version=4)
        except nbformat.reader.NotJSONError:
            continue  # the server is writing it just now
        code = [c for c in notebook.cells if c.cell_type == "code" and c.source.strip()]
        if all(cell.execution_count for cell in code):
            return notebook
    pytest.fail(f"{path.name} did not finish in 300 s")


def until(page, condition, what):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, what
        page.wait_for_timeout(200)


def kernels(address, number="", method="GET"):
    """Return the server's kernels, or end one of them."""
    url = f"{address.split('/lab')[0]}/api/kernels{number}?{address.split('?')[1]}"
    return urllib.request.urlopen(urllib.request.Request(url, method=method)).read()


def test_server_asks_for_the_token(lab, page):
    page.goto(lab[0].split("?")[0])
    assert "token" in page.content().lower()
    assert "login" in page.url


def test_lesson_00_opens_saved_and_runs_gives_feedback_and_ends_its_kernel(lab, page):
    address, workspace = lab
    name = "00_start_here.ipynb"
    assert f"/lab/tree/workspace/{name}" in address
    open_lesson(page, address, name)
    page.wait_for_timeout(2000)
    assert page.locator(".jp-mod-dirty").count() == 0
    assert page.get_by_text("Jupyter news").count() == 0
    assert name in page.locator(".jp-DirListing-content").inner_text()

    # To the end, since a cell that finishes while one types moves what is selected.
    run_all_and_save(page, workspace / name)
    cell = page.locator(".jp-CodeCell", has_text="def brightest(image)").first
    cell.scroll_into_view_if_needed()
    editor = cell.locator(".cm-content")
    editor.click()
    page.keyboard.press("Control+a")
    page.keyboard.type("def brightest(image):\nreturn image.mean()")
    editor.get_by_text("return image.mean()").wait_for()
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")
    page.wait_for_selector("text=That is the mean of the image")

    page.keyboard.press("Control+s")
    until(page, lambda: page.locator(".jp-mod-dirty").count() == 0, "the lesson is not saved")
    page.locator(".lm-DockPanel-tabBar .lm-TabBar-tabCloseIcon").first.click()
    until(page, lambda: not json.loads(kernels(address)), "the closed lesson's kernel goes on")


# Lesson 05 has progress bars, which the other tests switch off, and two widgets.
@pytest.mark.parametrize("number", ["00", "01", "02", "03", "05"])
def test_lesson_runs_in_the_browser_without_errors_or_network(lab, page, number):
    address, workspace = lab
    (name,) = (path.name for path in workspace.glob(f"{number}_*.ipynb"))
    if name.startswith("00"):
        notebook = nbformat.read(workspace / name, as_version=4)  # as the test before left it
    else:
        open_lesson(page, address, name)
        notebook = run_all_and_save(page, workspace / name)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert len(outputs) > 5
    assert not {"error", "stderr"} & {o.get("name", o.output_type) for o in outputs}
    assert page.hosts <= {"127.0.0.1"}


def test_printed_text_breaks_between_words(lab, page):
    open_lesson(page, lab[0], "01_images_as_arrays.ipynb")
    printed = page.locator(".jp-OutputArea-output pre").first
    printed.wait_for()
    assert printed.evaluate("text => getComputedStyle(text).wordBreak") == "normal"


def test_stepper_moves_its_window_and_is_there_after_the_kernel_has_ended(lab, page):
    address, _ = lab
    open_lesson(page, address, "02_convolution.ipynb")
    menu(page, "Run", "Run All Cells")
    cell = page.locator(".jp-CodeCell", has_text="widgets.convolution_stepper").first
    cell.scroll_into_view_if_needed()
    figure = cell.locator(".jp-OutputArea img")
    figure.first.wait_for()
    before = figure.first.get_attribute("src")
    cell.locator(".noUi-handle").first.press("ArrowRight")
    until(page, lambda: figure.first.get_attribute("src") != before, "the figure did not change")
    handles = [cell.locator(".noUi-handle").nth(place) for place in (0, 1)]
    names = [(h.get_attribute("aria-label"), h.get_attribute("aria-valuetext")) for h in handles]
    assert names == [("position", "1"), ("stride", "1")]
    page.keyboard.press("Control+s")
    until(page, lambda: page.locator(".jp-mod-dirty").count() == 0, "the lesson is not saved")
    for kernel in json.loads(kernels(address)):
        kernels(address, f"/{kernel['id']}", "DELETE")
    page.reload()
    cell.scroll_into_view_if_needed()
    figure.first.wait_for()
    assert cell.get_by_text("Error displaying widget").count() == 0


def figures_for_a_screen_reader(page):
    """Return the names of the images that the browser's accessibility tree has in the outputs."""
    nodes = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    names = [n.get("name", {}).get("value") for n in nodes if n["role"]["value"] == "image"]
    return list(filter(None, names))  # JupyterLab's icons have no name


def test_figures_reach_a_screen_reader_as_stored_as_drawn_and_as_moved(lab, page):
    address, workspace = lab
    notebook = nbformat.read(ROOT / "notebooks" / "01_images_as_arrays.ipynb", as_version=4)
    last = next(i for i, cell in enumerate(notebook.cells) if "mystnb" in cell.metadata)
    alt = notebook.cells[last].metadata.mystnb.image.alt
    own = "plt.plot([1, 2])\nplt.xlabel('my own axis')\nplt.show()"
    slider = "widgets.pooling_explorer(np.eye(8), 0, 2, 'max')"
    notebook.cells = [*notebook.cells[: last + 1], *map(nbformat.v4.new_code_cell, (own, slider))]
    nbformat.write(notebook, workspace / "figures.ipynb")

    # JupyterLab does not trust what nobody has run here, and cleans its HTML.
    open_lesson(page, address, "figures.ipynb")
    figure = page.get_by_role("img", name=alt)
    figure.wait_for()
    assert figures_for_a_screen_reader(page) == [alt]
    size = "image => [image.naturalWidth, image.width]"
    width = figure.evaluate(size)[1]
    assert figure.evaluate(size) == [width, width]

    menu(page, "Run", "Run All Cells")
    page.get_by_role("img", name="shifted by 0").wait_for()
    assert figures_for_a_screen_reader(page)[:2] == [
        alt,
        "Figure. Panel 1: my own axis.",
    ]
    assert figure.evaluate(size) == pytest.approx([2 * width, width], abs=2)
    page.locator(".noUi-handle").first.press("ArrowRight")
    page.get_by_role("img", name="shifted by 1").wait_for()
