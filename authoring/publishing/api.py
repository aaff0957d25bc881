"""Write the site's pages about `course_utils`, one for each module that lessons import."""

import ast

from authoring.workshop.lessons import ROOT
from authoring.workshop.package import PACKAGE

MODULES = (
    *("datasets", "imaging", "own_data", "real_data", "numpy_layers", "models", "training"),
    *("transfer", "imbalance", "evaluation", "explanation", "results", "report", "plotting"),
    *("widgets", "exercises.exercise"),
)
INDEX = """# Helpers

What `course_utils` offers to lessons and to your own notebooks. A lesson shows an idea before it
imports the helper, so most of these functions are explained where they are used first. The tests
run the examples in these texts.

| module | what it is for |
|---|---|
{rows}

```{{toctree}}
:hidden:

{modules}
```
"""


def write(folder):
    """Write the pages and their index into a new folder."""
    folder.mkdir()
    rows = []
    for module in MODULES:
        path = ROOT / PACKAGE / f"{module.replace('.', '/')}.py"
        path = path if path.exists() else path.with_suffix("") / "__init__.py"
        tree = ast.parse(path.read_text(encoding="utf-8"))
        rows.append(f"| [{module}]({module}.md) | {ast.get_docstring(tree).splitlines()[0]} |")
        (folder / f"{module}.md").write_text(_page(module, tree), encoding="utf-8")
    text = INDEX.format(rows="\n".join(rows), modules="\n".join(MODULES))
    (folder / "index.md").write_text(text, encoding="utf-8")


def _page(module, tree):
    path = f"{PACKAGE}.{module}"
    text = f"# {module}\n\n```{{eval-rst}}\n.. automodule:: {path}\n   :members:\n\n"
    names = {target.id for node in tree.body for target in getattr(node, "targets", ())}
    if "__all__" not in names:  # Sphinx takes the names in __all__ by itself.
        text += "".join(_directive(path, name) for name in _offered(tree, path))
    return text + "```\n"


def _offered(tree, path):
    """Yield the public functions and classes that a package imports from its own modules."""
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module.startswith(path + "."):
            names = [alias.name for alias in node.names]
            yield from (name for name in names if name[0] != "_" and not name.isupper())


def _directive(path, name):
    kind = "autoclass" if name[0].isupper() else "autofunction"
    members = "   :members:\n" if name[0].isupper() else ""
    return f".. {kind}:: {path}.{name}\n{members}\n"
