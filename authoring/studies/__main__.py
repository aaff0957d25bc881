"""List the studies: ``python -m authoring.studies``."""

import ast
from pathlib import Path


def studies():
    """Return the first line of each module that can be run, by name."""
    found = {}
    for path in sorted(Path(__file__).parent.glob("[a-z]*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if any(isinstance(part, ast.FunctionDef) and part.name == "main" for part in tree.body):
            found[path.stem] = ast.get_docstring(tree).split("\n")[0]
    return found


if __name__ == "__main__":
    for name, question in studies().items():
        print(f"{name:24} {question}")
