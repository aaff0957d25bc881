"""What a person does in JupyterLab, for the browser tests: open, run, save, move, read."""

import json
import re
import time
import urllib.request

import nbformat
import pytest

SLIDER = ".noUi-handle"


def open_lesson(page, address, name):
    # "reset" closes what an earlier test left open.
    page.goto(re.sub(r"/lab[^?]*", f"/lab/tree/workspace/{name}", address) + "&reset")
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell")
    kernel = page.locator(".jp-Toolbar-kernelName", has_text="Python 3")
    kernel.locator("visible=true").first.wait_for()


def menu(page, *names):
    """Choose an item of a menu, or of a menu's menu."""
    page.locator(".lm-MenuBar-item", has_text=re.compile(f"^{names[0]}$")).click()
    for name in names[1:]:
        opened = page.locator(".lm-Menu").last
        opened.locator(".lm-Menu-item", has_text=re.compile(f"^{name}")).first.click()


def until(page, condition, what, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, what
        page.wait_for_timeout(200)


def kernels(address, number="", method="GET"):
    """Return the server's kernels, or end one of them."""
    url = f"{address.split('/lab')[0]}/api/kernels{number}?{address.split('?')[1]}"
    return urllib.request.urlopen(urllib.request.Request(url, method=method)).read()


def end_kernels(address):
    for kernel in json.loads(kernels(address)):
        kernels(address, f"/{kernel['id']}", "DELETE")


def save(page):
    page.keyboard.press("Control+s")
    until(page, lambda: page.locator(".jp-mod-dirty").count() == 0, "the lesson is not saved")


def finished(page, path, seconds=300):
    """Wait for the end of a run; return the saved notebook."""
    end = time.monotonic() + seconds
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
    pytest.fail(f"{path.name} did not finish in {seconds} s")


def run_all_and_save(page, path):
    """Run all cells, save, and return the saved notebook."""
    menu(page, "Run", "Run All Cells")
    return finished(page, path)


def restart_and_run_all(page, path, seconds):
    """Restart the kernel, run all cells, save, and return the saved notebook."""
    menu(page, "Kernel", "Restart Kernel and Run All Cells")
    page.locator(".jp-Dialog button", has_text="Restart").last.click()
    waiting = page.locator(".jp-InputPrompt", has_text="[*]")
    waiting.first.wait_for()
    until(page, lambda: waiting.count() == 0, f"{path.name} did not finish", seconds)
    save(page)
    notebook = nbformat.read(path, as_version=4)
    counts = [c.execution_count for c in notebook.cells if c.get("execution_count")]
    assert counts == list(range(1, len(counts) + 1)), "the kernel was not restarted"
    return notebook


def write_answer(page, cell, text):
    """Replace the source of a cell as a reader who pastes does."""
    editor = cell.locator(".cm-content")
    editor.click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)
    assert editor.inner_text().split() == text.split()


def wrong_outputs(notebook):
    """Return the text of all errors and warnings that a run has left."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    bad = [o for o in outputs if {o.output_type, o.get("name")} & {"error", "stderr"}]
    return [o.get("text") or f"{o.ename}: {o.evalue}" for o in bad]


# Resolves when the cell shows another picture; says how many ms after the key, and how many.
_NEXT_PICTURE = """cell => {
  const shown = () => [...cell.querySelectorAll('.jp-OutputArea-output img')];
  const before = shown().map(image => image.src).join();
  let start = performance.now();
  addEventListener('keydown', () => { start = performance.now(); }, {capture: true, once: true});
  window.nextPicture = new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error('the figure did not change')), 60000);
    const look = async () => {
      const images = shown();
      if (images.length && images.map(image => image.src).join() !== before) {
        observer.disconnect();
        await Promise.all(images.map(image => image.decode()));
        requestAnimationFrame(() => resolve(performance.now() - start));
      }
    };
    const observer = new MutationObserver(look);
    const watched = {subtree: true, childList: true, attributes: true};
    observer.observe(cell, watched);
  });
}"""


def milliseconds_to_next_picture(page, cell, act):
    """Do something to a widget; return the time from its key press to the new figure, in ms."""
    cell.evaluate(_NEXT_PICTURE)
    act()
    took = page.evaluate("window.nextPicture")
    assert cell.locator(".jp-OutputArea-output img").count() == 1
    return took


def drag(page, handle):
    """Drag a slider's handle a little beyond the middle of its way."""
    handle.scroll_into_view_if_needed()
    box, way = handle.bounding_box(), handle.locator("xpath=../../..").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    goal = 0.6 if x < way["x"] + way["width"] / 2 else 0.4
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(way["x"] + goal * way["width"], y, steps=5)
    page.mouse.up()


# The contrast of an element's text with what is behind it, by WCAG 2.
CONTRAST = """element => {
  const numbers = color => color.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b]
    .map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const opaque = e => (numbers(getComputedStyle(e).backgroundColor)[3] ?? 1) === 1;
  let behind = element;
  while (behind.parentElement && !opaque(behind)) behind = behind.parentElement;
  const pair = [light(numbers(getComputedStyle(element).color)),
                light(numbers(getComputedStyle(behind).backgroundColor))];
  return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
}"""
