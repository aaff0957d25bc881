"""The index of stored tables is complete and true; a table says how it was made."""

import ast
from functools import cache

import pandas as pd
import pytest

from authoring.experiments import __main__ as command
from authoring.experiments import samples, tables
from authoring.experiments.definitions import defining_cells
from authoring.workshop.lessons import find_lessons, read_lesson
from course_utils import ROOT, results

INDEX = tables.index()


@cache
def readers():
    """Return {table: numbers of the lessons whose code calls stored("table")}."""
    found = {}
    for path in find_lessons():
        code = [cell.source for cell in read_lesson(path).cells if cell.cell_type == "code"]
        for call in ast.walk(ast.parse("\n".join(code))):
            name = getattr(call, "func", None)
            if getattr(name, "attr", getattr(name, "id", None)) == "stored" and call.args:
                found.setdefault(ast.literal_eval(call.args[0]), set()).add(path.name[:2])
    return found


def test_every_table_is_in_the_index():
    assert set(INDEX) == {path.stem for path in results.RESULTS.glob("*.csv")}


@pytest.mark.parametrize("name", INDEX)
def test_a_table_was_made_by_a_module_that_exists_and_is_read_where_the_index_says(name):
    entry = INDEX[name]
    module = entry.made_by.replace(" ", ".").replace(".", "/")
    assert (ROOT / f"{module}.py").is_file()
    assert results.stored(name).attrs["made_by"].startswith(f"python -m {entry.made_by}")
    assert set(entry.lessons) == readers().get(name, set())
    assert entry.lessons or entry.also
    for other in entry.also:
        assert f"{name}.csv" in (ROOT / other).read_text(encoding="utf-8")


def constants(module):
    """Return the constants of a study, of the studies that it imports, and of its lessons."""
    tree = ast.parse((ROOT / module.replace(".", "/")).with_suffix(".py").read_text("utf-8"))
    nodes, found = list(ast.walk(tree)), set()
    for node in nodes:
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "definitions":
            cells = defining_cells(ast.literal_eval(node.args[0]))
            nodes += ast.walk(ast.parse("\n".join(cell.source for cell in cells)))
        elif isinstance(node, ast.ImportFrom) and node.module == "authoring.studies":
            found |= set().union(*(constants(f"{node.module}.{a.name}") for a in node.names))
    return found | {node.value for node in nodes if isinstance(node, ast.Constant)}


@pytest.mark.parametrize("name", [name for name, entry in INDEX.items() if not entry.experiment])
def test_a_study_names_the_sets_that_the_index_says(name):
    # One study makes the tables of several sets.
    assert set(INDEX[name].data) <= constants(INDEX[name].made_by)


def test_what_must_be_computed_after_a_set_has_changed_is_one_query(capsys):
    assert command.main(["--uses", "breast_ultrasound"]) == 0
    listed = {line.split()[0] for line in capsys.readouterr().out.splitlines()}
    assert {"overfitting", "rare_cancer", "realism"} <= listed
    assert not {"leakage", "skin_study"} & listed
    with pytest.raises(SystemExit):
        command.main(["--uses", "knee"])
    assert "choose among brain_mri, breast_ultrasound, skin_lesions" in capsys.readouterr().err


def test_a_stored_table_says_how_it_was_made(tmp_path, monkeypatch):
    for module in (tables, results):
        monkeypatch.setattr(module, "RESULTS", tmp_path)
    table = pd.DataFrame({"arm": ["a"], "value": [1 / 3]})
    path = tables.store(table, "demo", "make demo", fingerprint="0" * 12, folder=tmp_path)
    assert results.stored("demo")["value"].tolist() == [0.3333]
    assert results.stored("demo").attrs["made_by"].startswith("make demo; tensorflow 2.")
    before = path.read_text()
    tables.stamp("demo", "1" * 12)
    assert tables.stamped("demo") == "1" * 12
    assert path.read_text().replace("1" * 12, "0" * 12) == before


def test_the_command_names_what_can_be_computed(capsys):
    with pytest.raises(SystemExit):
        command.main(["nonsense"])
    assert "choose among leakage" in capsys.readouterr().err


def measure(seed, size=2):
    return pd.DataFrame(
        {"group": range(10 * size), "value": [seed + i / 10 for i in range(10 * size)]}
    )


@pytest.fixture
def demo(tmp_path, monkeypatch):
    """Return an experiment with two tables and the folder of its tables."""
    module = type(samples)("demo")
    module.ARMS, module.SEEDS, module.measure = {"a": {}, "b": {"size": 3}}, (0, 1), measure
    module.tables = lambda table: {"one": table, "two": table[:2]}
    module.score = lambda rows: rows["value"].mean()
    for place in (command, samples):
        monkeypatch.setattr(place, "module_of", lambda name: module)
        monkeypatch.setattr(place, "experiments", lambda: {"demo": ["one", "two"]})
    for place in (tables, results):
        monkeypatch.setattr(place, "RESULTS", tmp_path)
    monkeypatch.setattr(command, "store", lambda *a, **k: tables.store(*a, **k, folder=tmp_path))
    monkeypatch.setattr(command, "ROOT", tmp_path)
    monkeypatch.setattr(command, "ONE_THREAD", {})
    monkeypatch.setattr(command, "fingerprint", lambda name: "0" * 12)
    return module


def test_the_command_computes_verifies_and_stamps(demo, monkeypatch, capsys):
    assert command.main(["demo"]) == 0
    assert "one.csv: 100 rows" in capsys.readouterr().out
    assert not command.stale()
    monkeypatch.setattr(command, "fingerprint", lambda name: "1" * 12)
    assert command.stale() == [
        f"{table}: python -m authoring.experiments demo --verify" for table in ("one", "two")
    ]
    assert command.main(["demo", "--verify"]) == 0
    assert "every row alike" in capsys.readouterr().out
    assert not command.stale()


def test_a_run_that_differs_is_not_stamped(demo, monkeypatch, capsys):
    command.main(["demo"])
    demo.measure = lambda seed, size=2: measure(seed + 5, size)
    monkeypatch.setattr(command, "fingerprint", lambda name: "1" * 12)
    assert command.main(["demo", "--verify"]) == 1
    assert "Not stamped" in capsys.readouterr().err
    assert tables.stamped("one") == "0" * 12


# The others take minutes; `python -m authoring.experiments --verify` computes a sample of each, and
# no table carries a fingerprint of code with which that was not done.
@pytest.mark.slow
@pytest.mark.parametrize("name", ["leakage", "skin_final"])
def test_a_sample_can_be_computed_again(name):
    found = samples.compare(name)
    assert found.agrees, str(found)
