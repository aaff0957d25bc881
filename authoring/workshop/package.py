"""Measure course_utils: its size, its public names and who uses them, its unused options.

    python -m authoring.workshop.package [--root DIR] [--names]

Without an option, one line per figure; --names lists every public name with the lessons that use
it; --root measures another checkout. Everything is read from the text; nothing is imported.
"""

import argparse
import ast
import json
import re
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from course_utils import ROOT

PACKAGE = "course_utils"
# Modules whose work is to answer a learner: the command line and the checks of exercises.
DOORS = ("course_utils.app", "course_utils.exercises", "course_utils.__main__")
CHECKS = ("check", "_check", "refuse", "_refuse", "require", "_require")


@dataclass
class Module:
    """One parsed module."""

    name: str
    path: Path
    tree: ast.Module = field(repr=False)

    @cached_property
    def imported(self):
        """What names of this module stand for: name → dotted path."""
        package = self.name if self.path.name == "__init__.py" else self.name.rpartition(".")[0]
        return imports(self.tree, package)

    @cached_property
    def definitions(self):
        """Top-level functions, classes and constants: name → node."""
        found = {}
        for node in self.tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                found[node.name] = node
            elif isinstance(node, ast.Assign):
                found |= {t.id: node for t in node.targets if isinstance(t, ast.Name)}
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                found[node.target.id] = node
        return found


def imports(tree, package=""):
    """Return what the imports of a text bind: name → dotted path."""
    bound = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                bound[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, *filter(None, [node.module])])
            for alias in node.names:
                bound[alias.asname or alias.name] = f"{base}.{alias.name}"
    return bound


def dotted(node):
    """Return ``a.b.c`` for such an expression, else None."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else None


def lesson_tree(path):
    """Return the code cells of a notebook as one parsed text."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return ast.parse(
        "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code") + "\n"
    )


class Course:
    """The parsed code of a checkout.

    Parameters
    ----------
    root : Path
        The repository.
    """

    def __init__(self, root=ROOT):
        self.root = Path(root)
        self.modules = {}
        for path in sorted((self.root / PACKAGE).rglob("*.py")):
            name = ".".join(path.relative_to(self.root).with_suffix("").parts)
            name = name.removesuffix(".__init__")
            self.modules[name] = Module(name, path, ast.parse(path.read_text(encoding="utf-8")))
        self.lessons = {
            path.name[:2]: lesson_tree(path)
            for path in sorted((self.root / "notebooks").glob("[0-9][0-9]_*.ipynb"))
        }

        self.guides = [
            ast.parse("\n".join(re.findall(r"```python\n(.*?)```", path.read_text("utf-8"), re.S)))
            for path in sorted((self.root / "docs").glob("*.md"))
        ]

    def resolve(self, name):
        """Follow re-exports from a dotted path to ``(module, definition)``, or return None."""
        for _ in range(9):
            module, _, last = name.rpartition(".")
            if module not in self.modules:
                # An attribute of what was named, such as a method of a class.
                name = module
                if not name:
                    return None
                continue
            if last in self.modules[module].definitions:
                return module, last
            if last not in self.modules[module].imported:
                return None
            name = self.modules[module].imported[last]
        return None

    def used(self, tree, bound, module=None):
        """Return the definitions of the package that a text uses."""
        found = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute | ast.Name) and (path := dotted(node)):
                first, _, rest = path.partition(".")
                if module and not rest and first in self.modules[module].definitions:
                    found.add((module, first))
                elif bound.get(first, "").startswith(PACKAGE):
                    full = ".".join(filter(None, [bound[first], rest]))
                    if definition := self.resolve(full):
                        found.add(definition)
        return found

    @cached_property
    def public(self):
        """Public functions, classes and constants of public modules, as (module, name)."""
        return {
            (module.name, name)
            for module in self.modules.values()
            for name, node in module.definitions.items()
            if not name.startswith("_") and not _private(module.name)
        }

    @cached_property
    def in_lessons(self):
        """Lessons that use a definition: (module, name) → set of numbers."""
        users = defaultdict(set)
        for number, tree in self.lessons.items():
            for definition in self.used(tree, imports(tree)):
                users[definition].add(number)
        return {definition: users.get(definition, set()) for definition in {*self.public, *users}}

    @cached_property
    def reached(self):
        """Definitions that a lesson, an exercise, a command or a guide uses or needs for that."""
        waiting = {definition for definition, users in self.in_lessons.items() if users}
        for guide in self.guides:
            waiting |= self.used(guide, imports(guide))
        for module in self.modules.values():
            if module.name.startswith(DOORS):
                waiting |= {(module.name, name) for name in module.definitions}
                waiting |= self.used(module.tree, module.imported, module.name)
        reached = set()
        while waiting:
            definition = waiting.pop()
            if definition in reached:
                continue
            reached.add(definition)
            module = self.modules[definition[0]]
            node = module.definitions[definition[1]]
            waiting |= self.used(node, module.imported, module.name) - reached
        return reached

    def unused(self):
        """Return the public names that no lesson, exercise check, command or guide needs."""
        return sorted(".".join(d) for d in self.public - self.reached)

    def of_one_lesson(self):
        """Return the public functions and classes that exactly one lesson uses and nothing else."""
        inside = set()
        for module in self.modules.values():
            for name, node in module.definitions.items():
                inside |= self.used(node, module.imported, module.name) - {(module.name, name)}
        return sorted(
            ".".join(d)
            for d in self.public
            if len(self.in_lessons[d]) == 1
            and d not in inside
            and not d[0].startswith(DOORS)
            and isinstance(self.modules[d[0]].definitions[d[1]], ast.FunctionDef | ast.ClassDef)
        )

    # ---- options --------------------------------------------------------------------------------

    def functions(self):
        """Yield (dotted name, node, arguments to skip) of public functions and methods."""
        for module, name in sorted(self.public):
            node = self.modules[module].definitions[name]
            if isinstance(node, ast.FunctionDef):
                yield f"{module}.{name}", node, 0
            elif isinstance(node, ast.ClassDef):
                for method in node.body:
                    if isinstance(method, ast.FunctionDef) and (
                        method.name == "__init__" or not method.name.startswith("_")
                    ):
                        yield f"{module}.{name}.{method.name}", method, 1

    def calls(self):
        """Return the calls of code and guides, not tests: called name → [(count, keywords)]."""
        trees = [module.tree for module in self.modules.values()] + list(self.lessons.values())
        for folder in ("simulation", "authoring", "benchmarks", "tools"):
            for path in sorted((self.root / folder).rglob("*.py")):
                trees.append(ast.parse(path.read_text(encoding="utf-8")))
        trees += self.guides
        found = defaultdict(list)
        for tree in trees:
            bound = imports(tree)

            def last(node, bound=bound):
                first, _, rest = (dotted(node) or "").partition(".")
                full = ".".join(filter(None, [bound.get(first, first), rest]))
                definition = self.resolve(full) if full.startswith(PACKAGE) else None
                return definition[1] if definition else full.rpartition(".")[2]

            for node in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
                names = {k.arg for k in node.keywords}
                many = any(isinstance(a, ast.Starred) for a in node.args)
                count = 99 if many else len(node.args)
                found[last(node.func)].append((count, names))
                # partial(function, …) and client.submit(function, …) pass options on.
                if node.args and dotted(node.args[0]):
                    found[last(node.args[0])].append((count - 1, names))
        return found

    def options_nobody_passes(self):
        """Return ``module.function(option)`` for each optional parameter that no code passes."""
        calls, found = self.calls(), []
        for name, node, skip in self.functions():
            last = name.rpartition(".")[2]
            last = name.split(".")[-2] if last == "__init__" else last
            positional = [a.arg for a in node.args.posonlyargs + node.args.args][skip:]
            optional = positional[len(positional) - len(node.args.defaults) :]
            optional = [] if not node.args.defaults else optional
            keyword_only = [
                a.arg
                for a, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
                if default is not None
            ]
            for option in optional + keyword_only:
                place = positional.index(option) if option in positional else 99
                passed = any(
                    option in names or None in names or place < count
                    for count, names in calls[last]
                )
                # `ax` is matplotlib's custom, `arguments` what tests give to a command.
                if not passed and option not in ("ax", "arguments"):
                    found.append(f"{name}({option})")
        return found

    # ---- lines ----------------------------------------------------------------------------------

    def size(self):
        """Return lines, lines of code, and lines of code that only check.

        What exercises check is a learner's answer, not an argument, and does not count.
        """
        lines = code = checks = 0
        for module in self.modules.values():
            text = module.path.read_text(encoding="utf-8").splitlines()
            lines += len(text)
            coded = code_lines(module.tree, text)
            code += len(coded)
            if not module.name.startswith(f"{PACKAGE}.exercises"):
                checks += len(coded & checking_lines(module.tree))
        return lines, code, checks


def code_lines(tree, text):
    """Return the numbers of the lines that hold code: no blank, comment or docstring."""
    docs = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node, clean=False
        ):
            docs |= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return {
        number
        for number, line in enumerate(text, 1)
        if number not in docs and line.strip() and not line.lstrip().startswith("#")
    }


def checking_lines(tree):
    """Return the lines of guards that only raise, of check functions, and of calls to them."""
    found = set()
    for node in ast.walk(tree):
        guard = isinstance(node, ast.If) and not node.orelse and all(map(_refuses, node.body))
        function = isinstance(node, ast.FunctionDef) and node.name.startswith(CHECKS)
        if guard or function or _refuses(node):
            found |= set(range(node.lineno, node.end_lineno + 1))
    return found


def _refuses(node):
    if isinstance(node, ast.Expr | ast.Return) and isinstance(node.value, ast.Call):
        called = (dotted(node.value.func) or "").rpartition(".")[2]
        return called.startswith(CHECKS)
    return isinstance(node, ast.Raise)


def _private(module):
    return any(part.startswith("_") for part in module.split("."))


def python_lines(root):
    """Return the lines of all tracked Python files by top-level folder."""
    lines = defaultdict(int)
    for path in sorted(Path(root).rglob("*.py")):
        parts = path.relative_to(root).parts
        if not any(part.startswith(".") or part in ("build", "workspace") for part in parts):
            lines[parts[0]] += len(path.read_text(encoding="utf-8").splitlines())
    return dict(lines)


def main(arguments=None):
    """Print the figures; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--root", type=Path, default=ROOT)
    parser.add_argument("--names", action="store_true", help="each public name and its lessons")
    options = parser.parse_args(arguments)
    course = Course(options.root)
    if options.names:
        for definition in sorted(course.public):
            users = " ".join(sorted(course.in_lessons[definition])) or "–"
            print(f"{'.'.join(definition):64} {users}")
        return 0
    lines, code, checks = course.size()
    callables = [
        d
        for d in course.public
        if isinstance(course.modules[d[0]].definitions[d[1]], ast.FunctionDef | ast.ClassDef)
    ]
    users = [len(course.in_lessons[d]) for d in callables]
    idle = course.options_nobody_passes()
    python = python_lines(options.root)
    print(f"course_utils: {lines:,} lines in {len(course.modules)} modules, {code:,} of code")
    print(f"  checks: {checks:,} lines, {checks / code:.0%} of the code")
    print(
        f"  public functions and classes: {len(callables)}; used by a lesson "
        f"{sum(n > 0 for n in users)}, by two or more {sum(n > 1 for n in users)}"
    )
    print(
        f"  public names that no lesson, exercise, command or guide needs: {len(course.unused())}"
    )
    print(f"  optional parameters that nobody passes: {len(idle)}")
    print(f"Python in all: {sum(python.values()):,} lines")
    for folder, count in python.items():
        print(f"  {folder:14} {count:6,}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
