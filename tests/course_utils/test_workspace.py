"""The learner's copies: nothing of theirs is ever lost."""

import json
import os
import re
import subprocess
import sys

import nbformat
import pytest

from course_utils import ROOT
from course_utils import __main__ as commands
from course_utils import app as workspace


@pytest.fixture
def target(tmp_path, monkeypatch, miniature_lesson):
    """An empty workspace beside a source folder with one executed lesson."""
    monkeypatch.setattr(workspace, "LESSONS", miniature_lesson.parent)
    monkeypatch.setattr(workspace, "WORKSPACE", tmp_path / "workspace")
    return tmp_path / "workspace"


def test_missing_lessons_are_copied_without_outputs_and_others_left_alone(target):
    copied = workspace.copy_missing()
    assert copied == [target / "00_miniature.ipynb"]
    cells = nbformat.read(copied[0], as_version=4).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    copied[0].write_text("my work")
    assert workspace.copy_missing() == []
    assert copied[0].read_text() == "my work"


def test_reset_gives_a_fresh_copy_and_keeps_each_old_one_with_its_date(target, capsys):
    copy = workspace.copy_missing()[0]
    for work in ("my work", "more of my work"):
        copy.write_text(work)
        assert commands.main(["reset", "0"]) == 0
        assert "my work" not in copy.read_text()
    backups = sorted((target / "backups").iterdir())
    assert [path.read_text() for path in backups] == ["my work", "more of my work"]
    assert re.match(r"00_miniature_\d{4}-\d\d-\d\d_\d{6}", backups[0].name)
    assert "Reload Notebook from Disk" in capsys.readouterr().out


def test_interrupted_reset_leaves_the_old_copy(target, monkeypatch):
    copy = workspace.copy_missing()[0]
    copy.write_text("my work")

    def interrupted(source, target):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        workspace.reset("0")
    assert copy.read_text() == "my work"
    assert {path.name for path in target.iterdir()} == {copy.name, "backups"}


def edited(path, **sources):
    """Write other sources into the cells of a notebook, by their ids; return its content."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = sources.get(cell["id"].replace("-", "_"), cell["source"])
    path.write_text(json.dumps(notebook))
    return notebook


def own(source, kind="code"):
    cell = {"id": source.split()[0], "cell_type": kind, "metadata": {}, "source": source}
    return cell | ({"outputs": [1], "execution_count": 3} if kind == "code" else {})


def test_update_brings_the_new_lesson_and_keeps_answers_and_own_cells(target, capsys):
    original = workspace.find_lesson("0")
    copy = workspace.copy_missing()[0]
    ids = [cell["id"] for cell in json.loads(copy.read_text())["cells"]]
    # The learner answers, changes a cell, and adds notes at the start and behind the fourth cell.
    mine = edited(copy, cell_16="answer = 4", cell_4="squares = 'mine'")
    mine["cells"][4:4] = [own("My note.", "markdown"), own("mine = 1")]
    mine["cells"].insert(0, own("First of all.", "markdown"))
    old = json.dumps(mine)
    copy.write_text(old)
    # Meanwhile the lesson changes.
    lesson = edited(original, cell_6="total = 55")
    lesson["metadata"]["course"]["source_hash"] = "newer"
    original.write_text(json.dumps(lesson))

    assert workspace.outdated() == ["00"]
    assert commands.main(["update", "00"]) == 0
    said = capsys.readouterr().out
    new = nbformat.read(copy, as_version=4)
    nbformat.validate(new)
    source = {cell.id: cell.source for cell in new.cells}
    assert source["cell-16"] == "answer = 4"
    assert source["cell-6"] == "total = 55"
    assert source["cell-4"] == "squares = np.arange(6) ** 2\nprint(squares)"
    assert [*source] == ["First", *ids[:4], "My", "mine", *ids[4:]]
    assert all(cell.outputs == [] for cell in new.cells if cell.cell_type == "code")
    assert [path.read_text() for path in (target / "backups").iterdir()] == [old]
    for words in ("answer = 4", "My note.", "mine = 1", "First of all."):
        assert f"carried: {words}" in said
    assert "not carried, see your version: squares = 'mine'" in said
    assert "Reload Notebook from Disk" in said
    assert workspace.outdated() == []
    # A second update finds the same answers and notes.
    assert commands.main(["update", "00"]) == 0
    assert nbformat.read(copy, as_version=4) == new


def test_update_of_an_untouched_copy_is_the_fresh_lesson(target, capsys):
    copy = workspace.copy_missing()[0]
    untouched = copy.read_text()
    assert commands.main(["update", "0"]) == 0
    assert copy.read_text() == untouched
    assert "carried" not in capsys.readouterr().out


def test_update_keeps_the_answers_of_a_copy_that_does_not_say_how_it_was(target):
    copy = workspace.copy_missing()[0]
    notebook = edited(copy, cell_16="answer = 4")
    del notebook["metadata"]["course"]["cells"]
    copy.write_text(json.dumps(notebook))
    assert workspace.update("0")[2] == ["answer = 4"]
    assert "answer = 4" in copy.read_text()


@pytest.mark.parametrize("broken", ["half a noteb", "[]", '{"cells": [{}]}'])
def test_update_of_what_is_no_notebook_stops_and_changes_nothing(target, capsys, broken):
    copy = workspace.copy_missing()[0]
    copy.write_text(broken)
    assert commands.main(["update", "0"]) == 2
    assert "reset 0' gives a fresh one" in capsys.readouterr().err
    assert copy.read_text() == broken


def test_a_copy_of_older_code_is_reported(target, capsys):
    copy = workspace.copy_missing()[0]
    assert workspace.outdated() == []
    notebook = json.loads(copy.read_text())
    notebook["metadata"]["course"]["source_hash"] = "older"
    copy.write_text(json.dumps(notebook))
    assert commands.main(["workspace"]) == 0
    said = capsys.readouterr().out
    assert "lesson 00 has changed" in said
    assert "python -m course_utils update 00" in said


def test_one_installation_serves_many_people(tmp_path):
    environment = os.environ | {"COURSE_WORKSPACE": str(tmp_path / "jane"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "course_utils", "workspace"]
    subprocess.run(command, env=environment, cwd=tmp_path, check=True)
    assert len(workspace.lessons(tmp_path / "jane")) == len(workspace.lessons(workspace.LESSONS))


@pytest.mark.parametrize(
    "arguments", [["reset", "77"], ["update", "77"], ["lab", "--lesson", "77"]]
)
def test_unknown_lesson_is_refused_with_the_known_ones(target, capsys, arguments):
    assert commands.main(arguments) == 2
    assert "There is no lesson '77'. Choose one of: 00." in capsys.readouterr().err
    assert not target.exists()


def test_port_outside_the_range_is_refused(capsys):
    with pytest.raises(SystemExit):
        commands.main(["lab", "--port", "70000"])
    assert "choose 1 to 65535" in capsys.readouterr().err
