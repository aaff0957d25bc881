"""The rules that keep course_utils small: layers, names, options, and what docstrings promise."""

import ast
import re
import subprocess
import sys

import pytest

from authoring.workshop.package import PACKAGE, Course, imports

COURSE = Course()

# Each module imports only from layers before its own; private modules lie below all of them.
LAYERS = (
    {"datasets", "imaging", "numpy_layers"},
    {"imbalance", "evaluation", "own_data", "real_data"},
    {"models", "training", "transfer", "explanation"},
    {"results", "plotting"},
    {"widgets", "exercises", "app", "__main__"},
)
LAYER = {module: number for number, layer in enumerate(LAYERS, 1) for module in layer}

# Helpers of one lesson, each with the reason why it is not in the lesson's cells.
ONE_LESSON = {}


def layer(subject):
    return 0 if subject.startswith("_") and subject != "__main__" else LAYER[subject]


def subjects(module):
    """Return the parts of the package that a module imports."""
    for path in module.imported.values():
        parts = path.split(".")
        if parts[0] == PACKAGE and len(parts) > 1 and parts[1] != "ROOT":
            yield parts[1]


@pytest.mark.parametrize("name", [name for name in COURSE.modules if name != PACKAGE])
def test_a_module_imports_only_from_layers_before_its_own(name):
    mine = name.split(".")[1]
    for other in set(subjects(COURSE.modules[name])) - {mine}:
        assert layer(other) < layer(mine) or layer(mine) == len(LAYERS), f"{name} imports {other}"


def test_the_package_imports_neither_the_simulation_nor_the_authors_code():
    for module in COURSE.modules.values():
        tops = {path.split(".")[0] for path in module.imported.values()}
        assert not tops & {"simulation", "authoring", "tests"}, module.name


def test_the_simulation_imports_the_first_layer_alone():
    for path in sorted((COURSE.root / "simulation").rglob("*.py")):
        for name in imports(ast.parse(path.read_text(encoding="utf-8"))).values():
            parts = name.split(".")
            assert parts[0] != "authoring", path
            if parts[0] == PACKAGE and parts[1] != "ROOT":
                assert layer(parts[1]) <= 1, f"{path} imports {name}"


def test_lessons_reach_the_simulation_by_one_function_and_the_authors_code_not_at_all():
    for number, tree in COURSE.lessons.items():
        bound = imports(tree)
        used = {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and bound.get(node.value.id) == "simulation"
        }
        assert used <= {"draw"}, number
        for path in bound.values():
            assert path.split(".")[0] != "authoring", (number, path)
            assert not re.search(rf"{PACKAGE}.*\._", path), f"lesson {number} imports {path}"


def test_every_public_name_serves_a_lesson_an_exercise_or_a_command():
    assert COURSE.unused() == []


def test_a_helper_of_one_lesson_has_a_reason():
    assert {name.removeprefix(f"{PACKAGE}.") for name in COURSE.of_one_lesson()} == set(ONE_LESSON)
    assert all(len(reason.split()) > 3 for reason in ONE_LESSON.values())


def test_no_optional_parameter_is_passed_by_nobody():
    assert COURSE.options_nobody_passes() == []


def test_what_docstrings_say_about_lessons_is_true():
    for module, name in COURSE.public:
        node = COURSE.modules[module].definitions[name]
        if not isinstance(node, ast.FunctionDef | ast.ClassDef):
            continue
        for number in re.findall(r"[Ll]esson (\d\d)", ast.get_docstring(node) or ""):
            assert number in COURSE.in_lessons[module, name], f"{module}.{name}: lesson {number}"


def test_the_contract_on_size():
    lines = COURSE.size()[0]
    assert lines <= 7500, lines
    assert len(COURSE.modules) <= 45, len(COURSE.modules)


def run(code):
    return subprocess.run(
        [sys.executable, "-c", code], cwd=COURSE.root, capture_output=True, text=True, check=True
    )


def test_import_loads_neither_tensorflow_nor_matplotlib():
    heavy = run(
        "import course_utils, sys; print([m for m in ('tensorflow', 'matplotlib', 'keras', 'numpy')"
        " if m in sys.modules])"
    )
    assert heavy.stdout.strip() == "[]"


def test_tensorflow_starts_without_a_word():
    process = run("from course_utils import training")
    assert process.stdout + process.stderr == ""
