"""Plant faults in a copy of a lesson and see each one caught, by the rules or by nbval."""

import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass

import nbformat
import pytest
from nbformat.v4 import new_output

from authoring.workshop.lesson_rules import code_cells, complaints, tags
from authoring.workshop.lessons import figure
from authoring.workshop.notebooks import (
    find_lessons,
    kernel_environment,
    nbval_command,
    read_lesson,
    source_hash,
)

pytestmark = pytest.mark.slow
TIMEOUT = 60  # seconds per cell; a dead kernel is noticed sooner


# ---- the cells that suit a fault ----------------------------------------------------------------


def prints_a_number(cell):
    names = {output.get("name") for output in cell.outputs}
    return names == {"stdout"} and re.search(r"\d", cell.outputs[0].text)


def shows_a_figure(cell):
    return any(map(figure, cell.outputs))


def is_silent(cell):
    return not cell.outputs and "widget" not in tags(cell)


def tagged(tag):
    return lambda cell: tag in tags(cell)


def any_cell(cell):
    return True


# ---- the faults ---------------------------------------------------------------------------------


def change_result(notebook, cell):
    text = cell.outputs[0].text
    cell.outputs[0].text = re.sub(r"\d", lambda m: str((int(m[0]) + 1) % 10), text, count=1)


def add_code(code):
    def plant(notebook, cell):
        cell.source += f"\n{code}"

    return plant


def store_stderr(notebook, cell):
    add_code("print('oh', file=__import__('sys').stderr)")(notebook, cell)
    cell.outputs.append(new_output("stream", name="stderr", text="oh\n"))


def remove_outputs(notebook, cell):
    cell.outputs = []


def remove_picture(notebook, cell):
    for output in cell.outputs:
        output.get("data", {}).pop("text/html", None)


def remove_counts(notebook, cell):
    for _, other in code_cells(notebook):
        other.execution_count = None


def remove_alt_text(notebook, cell):
    del cell.metadata["mystnb"]


def change_alt_text(notebook, cell):
    cell.metadata["mystnb"]["image"]["alt"] += " Another word."


def print_in_solution(notebook, cell):
    add_code("print('done')")(notebook, cell)
    cell.outputs = [new_output("stream", text="done\n")]


def give_answer(notebook, cell):
    cell.source = re.sub(r"(?<!\.)\.\.\.(?!\.)", "42", cell.source)


def use_answer(notebook, cell):
    solution = next(code_cells(notebook, "solution"))[1].source
    cell.source += "\nprint(" + re.search(r"\w+_solution", solution)[0] + ")"


def cite(notebook, cell):
    notebook.cells[-1].source += "\n- [Nobody 1999](https://doi.org/10.1000/planted)"


@dataclass(frozen=True)
class Fault:
    name: str
    suits: Callable
    plant: Callable
    rule: str | None = None  # part of what the rules say; None where they see nothing
    nbval: str | None = None  # the same for nbval
    executed: bool = False  # planted in the copy that nbval executes
    executed_again: bool = True  # the author ran the lesson afterwards, so its hash is fresh


DYING = "__import__('os')._exit(1)"
RAISING = "raise ValueError('planted error')"
FAULTS = [
    Fault("changed result", prints_a_number, change_result, None, "mismatch 'stdout'", True),
    Fault("missing output", prints_a_number, remove_outputs, None, "Unexpected output", True),
    Fault(
        "stale output",
        prints_a_number,
        add_code("print('newer code')"),
        *("the outputs are older than the code", "mismatch 'stdout'", True, False),
    ),
    Fault(
        "text on stderr in a run",
        *(is_silent, add_code("print('oh', file=__import__('sys').stderr)")),
        *(None, "Unexpected output fields from running code: {'stderr'}", True),
    ),
    # nbval sees the magic's message, and never the error that it hides.
    Fault(
        "unknown magic before an error",
        *(is_silent, add_code(f"%planted_magic\n{RAISING}")),
        *("'%planted_magic' is a magic", "Unexpected output fields from running code", True),
    ),
    Fault(
        "missing figure, its text kept",
        *(shows_a_figure, remove_picture, "a figure's text without its picture"),
        *("Unexpected output fields from running code: {'text/html'}", True),
    ),
    Fault("raised error", any_cell, add_code(RAISING), None, "ValueError: planted error", True),
    Fault("dead kernel", any_cell, add_code(DYING), None, "The kernel died", True),
    # From here on the rules see the fault without executing anything.
    Fault("missing figure", shows_a_figure, remove_outputs, "alt text without a figure"),
    Fault("figure without alt text", shows_a_figure, remove_alt_text, "alt text '' is shorter"),
    Fault("alt text changed", shows_a_figure, change_alt_text, "the figure has an older alt text"),
    Fault("stored stderr", is_silent, store_stderr, "text on stderr in its outputs"),
    Fault("execution counts removed", any_cell, remove_counts, "execution count None, not 1"),
    Fault("shell line", is_silent, add_code("!ls"), "'!ls' is a magic or shell line"),
    Fault(
        "absolute path",
        is_silent,
        add_code("path = '/home/me/ct.dcm'"),
        "absolute path '/home/me/ct.dcm'",
    ),
    Fault("unknown citation", any_cell, cite, "10.1000/planted is not in references.bib"),
    Fault("solution that prints", tagged("solution"), print_in_solution, "a solution prints"),
    Fault("answered exercise", tagged("exercise"), give_answer, "the learner's answer is given"),
    Fault("answer used later", prints_a_number, use_answer, "depends on the answer"),
    Fault("late import", is_silent, add_code("import this"), "import in the setup cell only"),
]


# ---- planting and catching ----------------------------------------------------------------------


def choose_cells(notebook):
    """Give each executed fault a cell of its own; the dead kernel the last, as it ends the run."""
    cells = [cell for _, cell in code_cells(notebook) if "nbval-ignore-output" not in tags(cell)]
    chosen = {"dead kernel": cells.pop()}
    for fault in FAULTS:
        if fault.executed and fault.name not in chosen:
            cell = next(filter(fault.suits, cells))
            cells.remove(cell)
            chosen[fault.name] = cell
    return chosen


def fastest_lesson():
    """Return the real lesson that runs fastest and has room for all faults; None without one."""
    found = []
    for path in find_lessons():
        seconds = re.search(r"\*\*Runs in\*\* (\d+) s", path.read_text(encoding="utf-8"))
        try:
            choose_cells(read_lesson(path))
        except StopIteration:
            continue
        found.append((int(seconds[1]) if seconds else 999, path))
    return min(found)[1] if found else None


def compare(lesson):
    """Start nbval on a lesson; return the process and where its report will be."""
    report = lesson.with_suffix(".xml")
    command = [*nbval_command([lesson], TIMEOUT), "--color=no", f"--junitxml={report}"]
    process = subprocess.Popen(command, env=kernel_environment(), stdout=subprocess.PIPE, text=True)
    return process, report


def failures(process, report):
    """Return what nbval said, by the number of the code cell."""
    printed = process.communicate(timeout=300)[0]
    assert report.exists(), printed
    found = {}
    for case in ET.parse(report).iter("testcase"):
        for failure in case.iter("failure"):
            plain = re.sub(r"(#x1B|\x1b)\[[0-9;]*m", "", failure.text)
            found[int(case.get("name").split()[-1])] = plain
    return found


def copy_course(lesson, folder):
    """Copy a lesson with its neighbors into a folder beside links to the rest of its course."""
    root = lesson.parent.parent
    shutil.copytree(lesson.parent, folder / "notebooks")
    for entry in root.iterdir():
        if not entry.name.startswith(".") and entry.name != "notebooks":
            (folder / entry.name).symlink_to(entry)
    return folder / "notebooks" / lesson.name


def save(notebook, path):
    nbformat.write(notebook, path)
    return path


@pytest.fixture(scope="module")
def lesson(executed_miniature, tmp_path_factory):
    original = fastest_lesson() or executed_miniature
    return copy_course(original, tmp_path_factory.mktemp("faults"))


@pytest.fixture(scope="module")
def rule_messages(lesson):
    """Return, by fault, what the rules say about a lesson with that fault alone."""
    unharmed, messages = complaints(lesson), {}
    for fault in FAULTS:
        notebook = read_lesson(lesson)
        if fault.executed:
            cell = choose_cells(notebook)[fault.name]
        else:
            cell = next(
                cell for _, cell in reversed(list(code_cells(notebook))) if fault.suits(cell)
            )
        fault.plant(notebook, cell)
        if fault.executed_again:
            notebook.metadata.course.source_hash = source_hash(notebook)
        planted = save(notebook, lesson.with_name(f"{lesson.stem}_planted.ipynb"))
        messages[fault.name] = [text for text in complaints(planted) if text not in unharmed]
        planted.unlink()
    return messages


@pytest.fixture(scope="module")
def nbval_messages(lesson):
    """Return, by fault, what nbval says about a lesson with all of them in cells of their own."""
    notebook = read_lesson(lesson)
    chosen = choose_cells(notebook)
    numbers = {cell.id: number for number, (_, cell) in enumerate(code_cells(notebook))}
    names = {numbers[cell.id]: name for name, cell in chosen.items()}
    for fault in FAULTS:
        if fault.executed:
            fault.plant(notebook, chosen[fault.name])
    planted = save(notebook, lesson.with_name(f"{lesson.stem}_planted.ipynb"))
    runs = compare(lesson), compare(planted)
    unharmed, harmed = (failures(*run) for run in runs)
    planted.unlink()
    assert not unharmed, "\n".join(unharmed.values())
    return {names.get(number, f"cell {number}"): text for number, text in harmed.items()}


def test_unharmed_lesson_passes_rules(lesson):
    assert complaints(lesson) == []


def test_nbval_passes_the_unharmed_lesson_and_every_cell_not_planted(nbval_messages):
    assert set(nbval_messages) == {fault.name for fault in FAULTS if fault.nbval}


@pytest.mark.parametrize("fault", [f for f in FAULTS if f.nbval], ids=lambda fault: fault.name)
def test_nbval_catches(fault, nbval_messages):
    assert fault.nbval in nbval_messages[fault.name]


@pytest.mark.parametrize("fault", [f for f in FAULTS if f.rule], ids=lambda fault: fault.name)
def test_rules_catch(fault, rule_messages):
    assert any(fault.rule in message for message in rule_messages[fault.name])
