"""The learner's way: `python -m course_utils lab`, a real browser, run all, do an exercise."""

import json

import nbformat
import pytest

from course_utils import ROOT
from tests.browser.jupyterlab import (
    end_kernels,
    kernels,
    menu,
    open_lesson,
    run_all_and_save,
    save,
    until,
    wrong_outputs,
)

pytestmark = pytest.mark.slow


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

    save(page)
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
    assert sum(bool(cell.get("outputs")) for cell in notebook.cells) > 5
    assert wrong_outputs(notebook) == []
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
    save(page)
    end_kernels(address)
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
