"""The bridge runs a notebook's cells in another Python and shows what they give."""

import re
import sys

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from course_utils import ROOT

CONNECT = f"""# host: as the first cell in docs/ways_in.md does, without the set-up
import os, runpy
bridge = runpy.run_path({str(ROOT / "deploy" / "colab" / "bridge.py")!r})
bridge["connect"](python={sys.executable!r}, folder={str(ROOT / "data")!r})
print(os.getpid())"""


def run(*cells, **options):
    """Return the outputs of cells that follow the connection."""
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(code) for code in (CONNECT, *cells)]
    NotebookClient(notebook, timeout=120, kernel_name="python3", **options).execute()
    return [cell.outputs for cell in notebook.cells]


def texts(outputs):
    return [output.get("text") or output["data"]["text/plain"] for output in outputs]


@pytest.mark.slow
def test_cells_run_elsewhere_and_everything_they_show_comes_back():
    first, *rest = run(
        "import os, sys\nprint(os.getcwd())\nprint('late', file=sys.stderr)\nos.getpid()",
        "# host\nos.getpid()",
        "from IPython.display import HTML, display\n"
        "handle = display('begun', display_id=True)\n"
        "handle.update('done')\nHTML('<b>bold</b>')",
        "import ipywidgets\nipywidgets.IntSlider()",
        "",
        "%%timeit -n1 -r1\npass",
    )
    plain, host, shown, control, empty, magic = rest
    assert first[0].text.startswith("From here on")
    here = first[0].text.split()[-1]
    assert texts(plain)[:2] == [f"{ROOT / 'data'}\n", "late\n"]
    assert texts(plain)[2] != here
    assert texts(host) == [here]
    assert texts(shown) == ["'done'", "<IPython.core.display.HTML object>"]
    assert shown[1]["data"]["text/html"] == "<b>bold</b>"
    assert "A control stands here" in texts(control)[0]
    assert empty == []
    assert "per loop" in texts(magic)[0]


@pytest.mark.slow
def test_errors_stop_the_cell_and_a_dead_kernel_is_named():
    outputs = run(
        "def third():\n    return 1 / 0\nthird()",
        "1 + 1",
        "import os\nos._exit(1)",
        CONNECT,
        "2 + 2",
        allow_errors=True,
    )
    (failed,), two, (dead,), _, four = outputs[1:]
    assert failed.evalue == "ZeroDivisionError: division by zero"
    assert "third" in "\n".join(failed.traceback)
    assert texts(two) == ["2"]
    assert "The course's kernel has ended" in dead.evalue
    assert texts(four) == ["4"]
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        run("1 / 0")


def test_the_cell_in_the_documentation_calls_the_bridge():
    text = (ROOT / "docs" / "ways_in.md").read_text(encoding="utf-8")
    cell = re.search(r"```python\n(# host.*?)```", text, re.DOTALL)[1]
    compile(cell, "cell", "exec")
    assert '"deploy" / "colab" / "bridge.py"))["connect"]()' in cell
