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
    {"models", "training"},
    {"transfer", "explanation"},
    {"results", "plotting"},
    {"widgets", "exercises", "report", "app", "__main__"},
)
LAYER = {module: number for number, layer in enumerate(LAYERS, 1) for module in layer}
# `load` asks the registry when it is called: a reader of real sets needs the container.
UPWARD = {("course_utils.datasets", "real_data")}

# The aim is 9,000 lines in 55 modules with all lessons. These only fall.
LINES, MODULES = 10_564, 55

# Names that no lesson, exercise, command or guide uses, each with the reason why it is here.
OTHERWISE_USED = {
    "datasets.groups.group_folds": "the stored tables' folds, dealt by the code of split_by_group",
    "transfer.add_head": "lesson 09 names it for a reader's network, and its stored table uses it",
    "transfer.backbone": "the same, for a network of the course",
}

SHOWN_AND_CHECKED = "lesson 03 derives it, its exercises and the tests compare with it"
EXPLAINED = "lesson 11 shows the method for one network; this is for a reader's own"
DRAWING = "drawing code, which would hide the idea in the lesson"
REPORTING = "a reader's own study takes it, with a page that a browser test opens"
WIDGET = "the code of a widget, which would hide the idea in the lesson"
EXPLAINED = "lesson 11 shows it in a cell, and a reader's own network needs the general one"
# Helpers of one lesson, each with the reason why it is not in the lesson's cells.
ONE_LESSON = {
    "datasets.resizing.crop_to_head": "a reader's own slices take it, and two studies do",
    "own_data.volumes.read_volume_folder": "the door for a reader's own scans",
    "own_data.volumes.write_masks": "the way back to a reader's viewer",
    "evaluation.segmentation.segmentation_scores": "the stored tables of masks come from it",
    "explanation.centered_blob": EXPLAINED,
    "explanation.edges": EXPLAINED,
    "explanation.grad_cam": EXPLAINED,
    "explanation.input_gradients": EXPLAINED,
    "explanation.integrated_gradients": EXPLAINED,
    "explanation.occlusion": EXPLAINED,
    "explanation.pixel_auc": EXPLAINED,
    "explanation.pointing_game": EXPLAINED,
    "explanation.randomized": EXPLAINED,
    "explanation.share_inside": EXPLAINED,
    "imbalance.effective_prevalence": "an exercise check compares with it",
    "imbalance.oversample": "a reader with a rare class of their own needs it",
    "imbalance.undersample": "a reader with a rare class of their own needs it",
    "numpy_layers.binary_cross_entropy": SHOWN_AND_CHECKED,
    "numpy_layers.conv2d_gradients": SHOWN_AND_CHECKED,
    "numpy_layers.dense_gradients": SHOWN_AND_CHECKED,
    "numpy_layers.relu_gradient": SHOWN_AND_CHECKED,
    "plotting.figures.plot_history": DRAWING,
    "plotting.layers.plot_channel_sum": DRAWING,
    "plotting.layers.plot_pooling": DRAWING,
    "plotting.layers.plot_pooling_gradient": DRAWING,
    "plotting.layers.plot_receptive_fields": DRAWING,
    "report.checklist": REPORTING,
    "report.known_answers": REPORTING,
    "report.write_report": REPORTING,
    "transfer.fine_tune": "a reader's own network needs it, and a study does",
    "widgets.convolution_stepper": WIDGET,
    "widgets.overlay_viewer": WIDGET,
    "widgets.pooling_explorer": WIDGET,
    "widgets.prevalence_explorer": WIDGET,
    "widgets.slice_viewer": WIDGET,
    "widgets.window_explorer": WIDGET,
}

OTHER_CLASS = "a reader explains another class than the predicted one"

# Options that code passes where reading the text does not show it, or that a reader passes.
PASSED_OTHERWISE = {
    "own_data.volumes.read_volume_folder(plane)": "a reader's own scans may need one plane",
    "own_data.volumes.read_volume_folder(spacing_mm)": "a reader's own scans may need one scale",
    "evaluation.scores.sensitivity_at_specificity(sample_weight)": "bootstrap passes it",
    "evaluation.segmentation.segmentation_scores(threshold)": "an experiment passes it by partial",
    "explanation.grad_cam(layer)": "a reader's network may need an earlier convolution",
    "explanation.input_gradients(class_index)": OTHER_CLASS,
    "explanation.integrated_gradients(class_index)": OTHER_CLASS,
    "explanation.integrated_gradients(steps)": "lesson 11 passes it from a table of options",
    "explanation.smooth_gradients(seed)": "a reader tries whether other draws change a map",
    "imbalance.oversample(prevalence)": "lesson 07 passes it to one of two functions",
    "numpy_layers.average_pool(stride)": "plotting calls one of two poolings with it",
    "numpy_layers.average_pool_gradient(size)": "plotting calls one of two poolings with it",
    "real_data.read_medmnist(size)": "load calls the reader that the registry names with it",
}


def short(names):
    return {name.removeprefix(f"{PACKAGE}.") for name in names}


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
        if (name, other) in UPWARD:
            continue
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
    assert short(COURSE.unused()) == set(OTHERWISE_USED)


def test_a_helper_of_one_lesson_has_a_reason():
    assert short(COURSE.of_one_lesson()) == set(ONE_LESSON)
    assert all(len(reason.split()) > 3 for reason in ONE_LESSON.values())


def test_no_optional_parameter_is_passed_by_nobody():
    assert short(COURSE.options_nobody_passes()) == set(PASSED_OTHERWISE)


def test_what_docstrings_say_about_lessons_is_true():
    for module, name in COURSE.public:
        node = COURSE.modules[module].definitions[name]
        if not isinstance(node, ast.FunctionDef | ast.ClassDef):
            continue
        for number in re.findall(r"[Ll]esson (\d\d)", ast.get_docstring(node) or ""):
            assert number in COURSE.in_lessons[module, name], f"{module}.{name}: lesson {number}"


def test_the_package_does_not_grow():
    lines, modules = COURSE.size()[0], len(COURSE.modules)
    assert (lines <= LINES, modules <= MODULES) == (True, True), (lines, modules)


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
