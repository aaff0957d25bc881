"""A hint names only functions that its lesson uses."""

import ast
import builtins
import re

import pytest

from authoring.workshop.lessons import find_lessons, read_lesson

HINT = re.compile(r"<summary>Hint[^<]*</summary>(.*?)</details>", re.DOTALL)
# `module.name` or `name(…)`; a name that stands alone may be a variable of the reader's.
FUNCTION = re.compile(r"`([A-Za-z_]\w*(?:\.\w+)+|[A-Za-z_]\w*(?=\())")


def functions_in_hints(text):
    return {name for hint in HINT.findall(text) for name in FUNCTION.findall(hint)}


def names_in_code(notebook):
    """Return the names and attributes of all code cells, of machinery and solutions too."""
    trees = [ast.parse(cell.source) for cell in notebook.cells if cell.cell_type == "code"]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    return {getattr(node, key, None) for node in nodes for key in ("id", "attr", "name", "arg")}


@pytest.mark.parametrize("path", find_lessons(), ids=lambda path: path.name[:2])
def test_functions_named_in_hints_occur_in_the_code(path):
    notebook = read_lesson(path)
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    known = names_in_code(notebook) | set(vars(builtins))
    # The names of files look alike.
    named = {name for name in functions_in_hints(text) if not name.endswith((".png", ".keras"))}
    unknown = [name for name in named if name.split(".")[-1] not in known]
    assert not unknown, f"{path.name}: hints name {unknown}, which no cell uses"


def test_a_function_in_a_hint_is_found_in_each_form():
    text = "<summary>Hint</summary>\nTry `np.pad`, `len(x)` or `x`.</details> Not `np.sum`."
    assert functions_in_hints(text) == {"np.pad", "len"}
