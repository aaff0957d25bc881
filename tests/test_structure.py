"""The package keeps its layers, imports quickly and alone, and the command line speaks plainly."""

import ast
import subprocess
import sys

import pytest

from course_utils import ROOT, __main__

# Each module imports only from layers before its own. A new module must be given a layer.
LAYERS = (
    {"_tensorflow", "_checks", "_files", "workspace", "imaging", "convolution"},
    {"_jpeg"},
    {"downloads", "simulation"},
    {"datasets"},
    {"evaluation"},
    {"imbalance"},
    {"augmentation", "models", "training", "explanation"},
    {"transfer"},
    {"experiments"},
    {"plotting"},
    {"widgets", "exercises", "claims", "doctor", "jupyter", "__main__"},
)
LAYER = {module: number for number, layer in enumerate(LAYERS) for module in layer}
PACKAGE = ROOT / "course_utils"


def subject(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_subjects(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("course_utils"):
            parts = node.module.split(".")
            yield from parts[1:2] or (alias.name for alias in node.names)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("course_utils."):
                    yield alias.name.split(".")[1]


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(PACKAGE.rglob("*.py")) if subject(path) != "__init__"],
    ids=lambda path: str(path.relative_to(PACKAGE)),
)
def test_imports_only_from_layers_before(path):
    mine = subject(path)
    assert mine in LAYER, f"give {mine} a layer in this test"
    for other in set(imported_subjects(path)) - {mine, "ROOT"}:
        allowed = LAYER[other] < LAYER[mine] or mine in LAYERS[-1]
        assert allowed, f"{mine} (layer {LAYER[mine] + 1}) imports {other}"


def run(code):
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_import_loads_neither_tensorflow_nor_matplotlib():
    heavy = run(
        "import course_utils, sys; print([m for m in ('tensorflow', 'matplotlib', 'keras', 'numpy')"
        " if m in sys.modules])"
    )
    assert heavy == "[]"


def test_tensorflow_starts_without_a_word():
    process = subprocess.run(
        [sys.executable, "-c", "from course_utils import _tensorflow as t; t.import_quietly()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert process.stdout + process.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["reset", "77"], "There is no lesson '77'"), (["lab", "--lesson", "x"], "no lesson 'x'")],
)
def test_wrong_use_of_the_command_line_gets_a_sentence(arguments, said, capsys):
    assert __main__.main(arguments) == 2
    assert said in capsys.readouterr().err


def test_port_outside_the_range_is_refused(capsys):
    with pytest.raises(SystemExit):
        __main__.main(["lab", "--port", "70000"])
    assert "choose 1 to 65535" in capsys.readouterr().err
