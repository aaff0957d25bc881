"""A miniature lesson that keeps every rule, for the tests of the notebook workshop."""

import os
import shutil
import sys
from pathlib import Path

import nbconvert
import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from authoring.workshop.notebooks import run_lesson

# The authors' environment has its own kernel, and borrows nbconvert from the learners', where
# its templates lie.
PLACES = [sys.prefix, Path(nbconvert.__file__).parents[4]]
os.environ["JUPYTER_PATH"] = os.pathsep.join(f"{place}/share/jupyter" for place in PLACES)

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]

HIDDEN = {"source_hidden": True}
ALT = "A dark square on a white ground; its gray values grow from left to right."
CELLS = [
    """# 00 · Miniature

**Time** 8 minutes · **Runs in** 2 s · **Memory** 0.2 GB

**Builds on** nothing.""",
    "## Objectives\n\n- Add up numbers.\n- See a square.",
    (
        "import matplotlib.pyplot as plt\nimport numpy as np\n\n"
        "from course_utils import plotting\n\n"
        "plotting.use_style()\n"
        "rng = np.random.default_rng(0)\n\n\n"
        "def check_0_1(answer):\n"
        '    return "Not attempted yet." if answer is ... else "Correct."',
        {"tags": ["setup"]},
    ),
    "## Numbers\n\nA small table of squares.",
    ("squares = np.arange(6) ** 2\nprint(squares)", {}),
    "Their sum.",
    ("total = squares.sum()\nprint(f'sum {total}')", {}),
    "The same as the value of the cell.",
    ("total + 1", {}),
    "And a draw.",
    ("print(rng.integers(0, 10, 3))", {}),
    "## A square",
    (
        'plt.imshow(squares.reshape(2, 3), cmap="gray")\nplt.show()',
        {"mystnb": {"image": {"alt": ALT}}},
    ),
    "A widget would show the same.",
    ("print('widget')", {"tags": ["widget", "nbval-ignore-output"]}),
    """### Exercise 0.1: add up

What is two and two?

<details><summary>Hint</summary>

Count your fingers.

</details>""",
    ("answer = ...", {"tags": ["exercise"]}),
    ("check_0_1(answer)", {"tags": ["check"]}),
    ("# Solution 0.1\nanswer_solution = 2 + 2", {"tags": ["solution"], "jupyter": HIDDEN}),
    """## Check yourself

Is the square gray?

<details><summary>Answer</summary>It is.</details>

Is it round?

<details><summary>Answer</summary>It is not.</details>""",
    "## Recap\n\n- The sum is 55.\n- The square is gray.",
    "## Further reading\n\n- [Nobody 2000](https://doi.org/10.1000/182) on squares.",
]


def write_miniature(folder):
    """Write the lesson and what the rules look up beside it; return the lesson's path."""
    path = folder / "notebooks" / "00_miniature.ipynb"
    path.parent.mkdir()
    (folder / "references.bib").write_text("@misc{nobody, doi = {10.1000/182}}\n")
    (folder / "pyproject.toml").write_text("[tool.course.ignored_outputs]\n00 = 1\n")
    cells = [
        new_markdown_cell(cell)
        if isinstance(cell, str)
        else new_code_cell(cell[0], metadata=cell[1])
        for cell in CELLS
    ]
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
    nbformat.write(new_notebook(cells=cells), path)
    run_lesson(path)
    return path


@pytest.fixture(scope="session")
def browser():
    """The system's Chromium: one for all tests, since Playwright runs once in a process."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="only the authors have it")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    with sync_api.sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)


@pytest.fixture(scope="session")
def executed_miniature(tmp_path_factory):
    return write_miniature(tmp_path_factory.mktemp("miniature"))


@pytest.fixture
def miniature_lesson(executed_miniature, tmp_path):
    """Return the path of a copy of the executed lesson that a test may spoil."""
    shutil.copytree(executed_miniature.parent.parent, tmp_path / "course")
    return tmp_path / "course" / "notebooks" / executed_miniature.name


@pytest.fixture(scope="session")
def learner_python():
    """The Python that executes lessons: in the author's environment, the learner's."""
    command = KernelSpecManager().get_kernel_spec("python3").argv[0]
    return sys.executable if command == "python" else command


def pytest_addoption(parser):
    parser.addoption(
        "--whole",
        action="store_true",
        help="browser: every lesson run twice and every page of the site, about an hour",
    )


def pytest_configure(config):
    config.addinivalue_line("markers", "whole: takes long, runs with --whole (`make browser`) only")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--whole"):
        return
    left_out = [item for item in items if item.get_closest_marker("whole")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("whole")]
