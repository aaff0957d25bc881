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


def test_a_copy_of_older_code_is_reported(target, capsys):
    copy = workspace.copy_missing()[0]
    assert workspace.outdated() == []
    notebook = json.loads(copy.read_text())
    notebook["metadata"]["course"]["source_hash"] = "older"
    copy.write_text(json.dumps(notebook))
    assert commands.main(["workspace"]) == 0
    assert "lesson 00 has changed" in capsys.readouterr().out


def test_one_installation_serves_many_people(tmp_path):
    environment = os.environ | {"COURSE_WORKSPACE": str(tmp_path / "jane"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "course_utils", "workspace"]
    subprocess.run(command, env=environment, cwd=tmp_path, check=True)
    assert len(workspace.lessons(tmp_path / "jane")) == len(workspace.lessons(workspace.LESSONS))


@pytest.mark.parametrize("arguments", [["reset", "77"], ["lab", "--lesson", "77"]])
def test_unknown_lesson_is_refused_with_the_known_ones(target, capsys, arguments):
    assert commands.main(arguments) == 2
    assert "There is no lesson '77'. Choose one of: 00." in capsys.readouterr().err
    assert not target.exists()


def test_port_outside_the_range_is_refused(capsys):
    with pytest.raises(SystemExit):
        commands.main(["lab", "--port", "70000"])
    assert "choose 1 to 65535" in capsys.readouterr().err
