"""A fingerprint of the code and the data that a stored table was computed from.

`fingerprint` starts at an experiment's `measure`, its arms, seeds and `tables`, and follows the
names that these use: in the module, in other experiments, in the lesson's cells tagged ``define``,
in `course_utils` and in `simulation`. Every definition that it meets belongs to the fingerprint;
comments, docstrings and formatting do not. So a table becomes stale when a function that it may
have called has changed, and stays fresh when something else in the same module has. The embedded
sets that an experiment names belong to it, too. Versions of libraries do not: the table's first
line states them.
"""

import ast
import hashlib
import re
from functools import cache

from authoring.experiments.definitions import defining_cells
from course_utils import ROOT

ROOTS = ("measure", "arms", "ARMS", "SEEDS", "tables")
OURS = ("course_utils", "simulation", "authoring.experiments", "lesson_")
# These draw, ask, download, store and refuse; they compute no number of a table.
LEFT_OUT = (
    "course_utils.plotting",
    "course_utils.widgets",
    "course_utils.exercises",
    "course_utils.app",
    "course_utils.real_data",
    "course_utils.results",
    "course_utils._checks",
    "course_utils._files",
    "course_utils._tensorflow",
    "authoring.experiments.runs",
    "authoring.experiments.tables",
)
SHOWN_ONLY = {"__repr__", "_repr_html_", "on_train_batch_end"}
DEFINITIONS = (ast.FunctionDef, ast.ClassDef)


def fingerprint(name):
    """Return twelve hexadecimal digits for what an experiment's tables are computed from."""
    found = reached(name)
    parts = [(*key, canonical(node)) for key, node in sorted(found.items())]
    text = repr([*parts, *_data(found)])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def reached(name):
    """Return what an experiment's fingerprint covers: {(module, name): syntax tree}."""
    found, seen = {}, set()
    waiting = [(f"authoring.experiments.{name}", root) for root in ROOTS]
    while waiting:
        module, wanted = key = waiting.pop()
        if key in seen or module.startswith(LEFT_OUT):
            continue
        seen.add(key)
        meaning = _names(module).get(wanted)
        if isinstance(meaning, tuple):
            waiting.append(meaning)
        elif meaning is not None:
            found[key] = meaning
            waiting += _used(module, meaning)
    return found


def embedded_sets(found):
    """Return the names of the embedded sets and weights in what `reached` returned."""
    return {line.split()[1].split(".")[0] for line in _data(found)}


def canonical(node):
    """Return a syntax tree as text: no docstrings, and alike in all versions of Python."""
    if isinstance(node, list):
        return "[" + ",".join(canonical(part) for part in node) + "]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = dict(ast.iter_fields(node))
    if isinstance(node, DEFINITIONS):
        first = isinstance(node.body[0], ast.Expr) and isinstance(node.body[0].value, ast.Constant)
        body = node.body[1:] if first else node.body
        fields["body"] = [part for part in body if getattr(part, "name", None) not in SHOWN_ONLY]
    kept = [f"{k}={canonical(v)}" for k, v in fields.items() if v is not None and v != []]
    return f"{type(node).__name__}({','.join(kept)})"


def _used(module, node):
    """Yield (module, name) of what a definition uses of ours."""
    parts = list(_computing(node))
    names = _names(module) | _imports(module, parts)
    for part in parts:
        if isinstance(part, ast.Name) and part.id in names:
            meaning = names[part.id]
            yield meaning if isinstance(meaning, tuple) else (module, part.id)
        elif isinstance(part, ast.Attribute) and (owner := _module(part.value, names)):
            yield owner, part.attr
        elif isinstance(part, ast.Constant) and _is_module(part.value):
            # A module that is imported by its name is used as a whole.
            yield from ((part.value, name) for name in _names(part.value))


def _computing(node):
    """Yield a node and all below it, without the methods that only show an object."""
    yield node
    for child in ast.iter_child_nodes(node):
        if getattr(child, "name", None) not in SHOWN_ONLY:
            yield from _computing(child)


def _module(node, names):
    """Return the name of the module of ours that an expression stands for, or None."""
    if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "definitions":
        return f"lesson_{ast.literal_eval(node.args[0])}"
    if isinstance(node, ast.Name) and isinstance(names.get(node.id), tuple):
        path = ".".join(filter(None, names[node.id]))
    elif isinstance(node, ast.Name) and isinstance(names.get(node.id), ast.Assign):
        return _module(names[node.id].value, names)
    elif isinstance(node, ast.Attribute) and (owner := _module(node.value, names)):
        path = f"{owner}.{node.attr}"
    else:
        return None
    return path if _is_module(path) else None


@cache
def _names(module):
    """Return what the names of a module are: definitions, or (module, name) of an import."""
    body = _tree(module).body
    names = _imports(module, body)
    for node in body:
        if isinstance(node, DEFINITIONS):
            names[node.name] = node
        for target in getattr(node, "targets", [getattr(node, "target", None)]):
            stored = (part for part in ast.walk(target or ast.Pass()) if isinstance(part, ast.Name))
            names |= {part.id: node for part in stored}
    return names


def _imports(module, nodes):
    """Return {name: (module, name or None)} of what is imported from our modules."""
    names = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                path = alias.name if alias.asname else alias.name.split(".")[0]
                names[alias.asname or path] = (path, None)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = (
                    module if _path(module).name == "__init__.py" else module.rpartition(".")[0]
                )
                base = f"{package}.{base}".rstrip(".")
            names |= {alias.asname or alias.name: (base, alias.name) for alias in node.names}
    return {name: target for name, target in names.items() if target[0].startswith(OURS)}


@cache
def _tree(module):
    if module.startswith("lesson_"):
        return ast.parse(
            "\n".join(cell.source for cell in defining_cells(module.removeprefix("lesson_")))
        )
    return ast.parse(_path(module).read_text(encoding="utf-8") if _is_module(module) else "")


@cache
def _is_module(name):
    ours = isinstance(name, str) and name.replace(".", "").isidentifier() and name.startswith(OURS)
    return ours and (re.fullmatch(r"lesson_\d\d", name) or _path(name).is_file())


def _path(module):
    folder = ROOT.joinpath(*module.split("."))
    return folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")


def _data(found):
    """Return the hash lines of the data files and weights that experiments and lessons name."""
    texts = {
        part.value
        for (module, _), node in found.items()
        if module.startswith(("authoring", "lesson_"))
        for part in ast.walk(node)
        if isinstance(part, ast.Constant)
    }
    folders = [ROOT / "data"]
    if any(module.startswith("course_utils.transfer") for module, _ in found):
        folders.append(ROOT / "data" / "weights")
    lines = [line for f in folders for line in (f / "SHA256SUMS").read_text().splitlines()]
    return sorted(line for line in lines if line.split()[1].split(".")[0] in texts)
