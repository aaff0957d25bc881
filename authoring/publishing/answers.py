"""Show the answers of the banks as the code that a reader would have typed.

A bank holds Python objects: functions that other functions have made, lambdas, values. `Writer`
finds their source and fills in what is known only where they were made, so that the code shows
what the answer does.
"""

import ast
import copy
import functools
import subprocess
import sys
import tempfile
import types
from pathlib import Path

import numpy as np

from authoring.publishing.fill_in import Fill, Simplify

MOST_ELEMENTS = 40
LONGEST_VALUE = 160
BANKS = ("course_utils.exercises", "tests.lessons")


@functools.cache
def _tree(file):
    return ast.parse(Path(file).read_text(encoding="utf-8"))


def _text(file, node):
    return ast.get_source_segment(Path(file).read_text(encoding="utf-8"), node, padded=True)


def _node_of(function):
    """Return the syntax tree of a function's own definition."""
    code = function.__code__
    arguments = code.co_varnames[: code.co_argcount]
    places = [p for p in code.co_positions() if None not in p and p[2:] != (0, 0)]
    found = []
    for node in ast.walk(_tree(code.co_filename)):
        if not isinstance(node, (ast.FunctionDef, ast.Lambda)):
            continue
        name = getattr(node, "name", "<lambda>")
        names = tuple(a.arg for a in node.args.posonlyargs + node.args.args)
        first, last = (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)
        inside = all(first <= (p[0], p[2]) and (p[1], p[3]) <= last for p in places)
        if name == code.co_name and names == arguments and inside:
            found.append((last[0] - first[0], last[1] - first[1], len(found), node))
    return min(found)[-1]


def _loaded(node):
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def _stored(node):
    names = [part for part in ast.walk(node) if isinstance(part, ast.Name)]
    return {name.id for name in names if not isinstance(name.ctx, ast.Load)}


class Writer:
    """Writes the answers to one task; `helpers` collects the functions that they call."""

    def __init__(self, task):
        self.name = task.name
        start = ast.parse(task.start.source).body[-1]
        self.arguments = start.args if isinstance(start, ast.FunctionDef) else None
        self.helpers = {}

    def code(self, answer, node=None, file=None):
        """Return an answer as code; `node` in `file` is where the bank writes it, if known."""
        if isinstance(answer, functools.partial) and self.arguments:
            given = [ast.Name(argument.arg, ast.Load()) for argument in self.arguments.args]
            call = ast.Call(self._tree_of(answer.func), given, self._keywords(answer))
            return self._as_function(ast.Lambda(self.arguments, call))
        if isinstance(answer, types.FunctionType):
            return self._as_function(self._filled(answer))
        tree = self._tree_of(answer)
        shown = ast.unparse(ast.fix_missing_locations(tree)) if tree else f"...  # {answer!r:.70}"
        if node is not None and (tree is None or len(shown) > LONGEST_VALUE):
            self._collect(node, file)
            shown = ast.unparse(node)
        return f"{self.name} = {shown}"

    def _keywords(self, partial):
        return [ast.keyword(k, self._tree_of(v)) for k, v in partial.keywords.items()]

    def _as_function(self, node):
        if isinstance(node, ast.Lambda):
            node = self._with_known_arguments(node)
            body = [ast.Return(node.body)]
            node = ast.FunctionDef(self.name, node.args, body, [], type_params=[])
        else:
            node = Fill({node.name: ast.Name(self.name, ast.Load())}).visit(node)
            node.name = self.name
            self._spell_out(node)
        return ast.unparse(ast.fix_missing_locations(node))

    def _spell_out(self, node):
        """Name the arguments that a function takes as ``*arguments`` and passes on."""
        if not (node.args.vararg and self.arguments):
            return
        name, own = node.args.vararg.arg, [argument.arg for argument in node.args.args]
        known = [argument.arg for argument in self.arguments.args]
        calls = [part for part in ast.walk(node) if isinstance(part, ast.Call)]
        passed = [c for c in calls if c.args and ast.unparse(c.args[-1]) == f"*{name}"]
        uses = [part for part in ast.walk(node) if getattr(part, "id", "") == name]
        if own == known[: len(own)] and len(uses) == len(passed):
            for call in passed:
                rest = [ast.Name(argument, ast.Load()) for argument in known[len(own) :]]
                call.args[-1:] = rest
            node.args = self.arguments
            Simplify().visit(node)

    def _with_known_arguments(self, node):
        """Give a lambda the names of the arguments that the task gives them."""
        old = [argument.arg for argument in node.args.args]
        new = [a.arg for a in self.arguments.args] if self.arguments else old
        if node.args.vararg and not old and node.args.vararg.arg not in _loaded(node.body):
            return ast.Lambda(self.arguments or node.args, node.body)
        if len(old) != len(new):
            return node
        if not {*new}.isdisjoint(_loaded(node.body) - {*old}):
            return node
        names = {o: ast.Name(n, ast.Load()) for o, n in zip(old, new, strict=True)}
        for argument, name in zip(node.args.args, new, strict=True):
            argument.arg = name
        node.body = Fill(names).visit(node.body)
        return node

    def _filled(self, function):
        """Return a function's syntax tree with the values that it took along when it was made."""
        node = copy.deepcopy(_node_of(function))
        cells = function.__closure__ or ()
        values = dict(
            zip(function.__code__.co_freevars, [c.cell_contents for c in cells], strict=True)
        )
        values |= self._defaults(node, function)
        known, local = {}, []
        for name, value in values.items():
            if name in _stored(node):
                continue
            tree = self._tree_of(value)
            if isinstance(tree, ast.FunctionDef):
                tree.name = name
                local.append(tree)
            elif tree is not None:
                known[name] = tree
        if isinstance(node, ast.Lambda) and local:
            node = ast.FunctionDef("f", node.args, [ast.Return(node.body)], [], type_params=[])
        node = Simplify().visit(Fill(known).visit(node))
        if local:
            at = bool(ast.get_docstring(node))
            node.body[at:at] = local
        self._collect(node, function.__code__.co_filename)
        return node

    def _defaults(self, node, function):
        """Take out the arguments such as ``n=n``, and return what they stand for."""
        count = len(node.args.defaults)
        last = node.args.args[len(node.args.args) - count :]
        pairs = zip(last, node.args.defaults, function.__defaults__ or (), strict=True)
        bound = {a.arg: value for a, tree, value in pairs if isinstance(tree, ast.Name)}
        if len(bound) == count and bound:
            node.args.args, node.args.defaults = node.args.args[:-count], []
            return bound
        return {}

    def _tree_of(self, value):
        """Return the syntax tree of a value, or None where nobody could type it."""
        if isinstance(value, types.FunctionType):
            module = value.__module__
            if value.__globals__.get(value.__name__) is value:
                if not module.startswith(BANKS):
                    # scipy.ndimage._measurements.label is typed as ndimage.label.
                    package = [part for part in module.split(".") if part[0] != "_"][-1]
                    return ast.parse(f"{package}.{value.__name__}", mode="eval").body
                self._collect(ast.Name(value.__name__, ast.Load()), value.__code__.co_filename)
                return ast.Name(value.__name__, ast.Load())
            return self._filled(value)
        if isinstance(value, functools.partial):
            arguments = [ast.Name("partial", ast.Load()), self._tree_of(value.func)]
            arguments += map(self._tree_of, value.args)
            return ast.Call(arguments[0], arguments[1:], self._keywords(value))
        if isinstance(value, types.SimpleNamespace):
            keywords = [ast.keyword(name, _literal(part)) for name, part in vars(value).items()]
            return ast.Call(ast.Name("Conv2D", ast.Load()), [], keywords)
        return _literal(value, self._tree_of)

    def _collect(self, node, file):
        """Remember the definitions in the same file that a syntax tree uses, and theirs."""
        for part in _tree(file).body:
            targets = getattr(part, "targets", [])
            names = {getattr(part, "name", None), *(t.id for t in targets if hasattr(t, "id"))}
            for target in targets:
                names |= {t.id for t in getattr(target, "elts", []) if hasattr(t, "id")}
            key = (file, part.lineno)
            defines = isinstance(part, (ast.FunctionDef, ast.Assign))
            if defines and names & _loaded(node) and key not in self.helpers:
                self.helpers[key] = _text(file, part)
                self._collect(part, file)


def _literal(value, of_part=None):
    """Return the syntax tree of a value that can be typed, or None; `of_part` its parts."""
    of_part = of_part or _literal
    if isinstance(value, np.ndarray) and value.size <= MOST_ELEMENTS:
        array = ast.parse("np.array", mode="eval").body
        return ast.Call(array, [_literal(value.tolist())], [])
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return ast.parse(f"np.{value}".replace("np.-", "-np."), mode="eval").body
    if isinstance(value, float) and len(repr(value)) > 8:
        inverse = round(1 / value, 4)
        if inverse and 1 / inverse == value:
            return ast.parse(f"1 / {inverse:g}", mode="eval").body
    if value is ... or value is None or isinstance(value, (bool, int, float, str)):
        return ast.parse("..." if value is ... else repr(value), mode="eval").body
    if isinstance(value, (list, tuple, set, dict)):
        trees = [*map(of_part, value.values() if isinstance(value, dict) else value)]
        if None in trees or len(trees) > MOST_ELEMENTS:
            return None
        if isinstance(value, dict):
            return ast.Dict([*map(_literal, value)], trees)
        if isinstance(value, set):
            return ast.Set(sorted(trees, key=ast.unparse))
        return (ast.List if isinstance(value, list) else ast.Tuple)(trees, ast.Load())
    name = getattr(value, "__name__", "")
    if name and getattr(np, name, None) is value:
        return ast.parse(f"np.{name}", mode="eval").body
    if name and getattr(value, "__module__", None) == "builtins":
        return ast.Name(name, ast.Load())
    return None


def written(file, table, number):
    """Return how a bank writes its answers to an exercise: syntax trees in order, None if unknown.

    They stand in the dictionary or list of a number in a table such as WRONG.
    """
    for part in _tree(file).body:
        if isinstance(part, ast.Assign) and getattr(part.targets[0], "id", "") == table:
            for key, value in zip(part.value.keys, part.value.values, strict=True):
                if getattr(key, "value", None) == number:
                    nodes = getattr(value, "elts", None) or getattr(value, "values", [])
                    starred = any(isinstance(node, ast.Starred) for node in nodes)
                    return [] if starred else nodes
    return []


def formatted(codes):
    """Return pieces of code as ruff formats them."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, f"{number}.py") for number in range(len(codes))]
        for file, code in zip(files, codes, strict=True):
            file.write_text(code, encoding="utf-8")
        command = [sys.executable, "-m", "ruff", "format", "--isolated", "--quiet", folder]
        subprocess.run(command, check=True)
        return [file.read_text(encoding="utf-8").rstrip("\n") for file in files]
