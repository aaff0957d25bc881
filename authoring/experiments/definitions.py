"""What a lesson defines: its setup and its cells tagged ``define``, executed outside the lesson.

A stored table is computed by the functions that its lesson shows. There is no second copy of them.
"""

import ast
import builtins
from functools import cache
from types import SimpleNamespace

from authoring.workshop.lesson_rules import global_names
from authoring.workshop.lessons import find_lessons, read_lesson

DEFINING = {"setup", "define"}
# What a constant may be made with.
CONTAINERS = {"dict", "frozenset", "list", "range", "set", "tuple"}


def defining_cells(number):
    """Return the setup and define cells of a lesson, such as ``"08"``, in order."""
    (path,) = find_lessons([number])
    cells = [cell for cell in read_lesson(path).cells if cell.cell_type == "code"]
    return [cell for cell in cells if DEFINING & set(cell.metadata.get("tags", []))]


@cache
def definitions(number):
    """Execute the setup and define cells of a lesson in one namespace and return it.

    ``definitions("08").build()`` calls what the lesson calls ``build``. The lesson's setup seeds
    random numbers, so call this where a module is imported, before anything else is seeded.
    """
    names = {"__name__": f"lesson_{number}"}
    for position, cell in enumerate(defining_cells(number)):
        exec(compile(cell.source, f"<lesson {number}, definition {position}>", "exec"), names)
    return SimpleNamespace(**names)


def problems(number):
    """Return sentences on what in a lesson's define cells is no definition, or is not defined.

    A define cell holds imports, functions, classes and constants, and uses only what the setup and
    the define cells define. A constant has a name in capitals and a value without calls, except
    such as ``range(5)``.
    """
    cells = defining_cells(number)
    known = set(dir(builtins)) | {"__name__"}
    known = known.union(*(global_names(cell)[0] for cell in cells))
    found = []
    for cell in cells:
        if "define" in cell.metadata.tags:
            others = [node for node in ast.parse(cell.source).body if not _is_definition(node)]
            found += [f"{ast.unparse(node).splitlines()[0]}: not a definition" for node in others]
            missing = sorted(global_names(cell)[1] - known)
            found += [f"{name}: not defined by setup or define cells" for name in missing]
    return found


def _is_definition(node):
    if isinstance(node, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)):
        return True
    if not isinstance(node, ast.Assign):
        return False
    targets = [part for target in node.targets for part in ast.walk(target)]
    names = [part.id for part in targets if isinstance(part, ast.Name)]
    calls = [part.func for part in ast.walk(node.value) if isinstance(part, ast.Call)]
    return all(name.isupper() for name in names) and all(
        getattr(function, "id", None) in CONTAINERS for function in calls
    )
