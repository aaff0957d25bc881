"""The learner's copies: nothing of theirs is ever lost."""

import json
from datetime import datetime

import nbformat
import pytest

from course_utils import workspace

NOW = datetime(2026, 11, 22, 14, 30, 12)


@pytest.fixture
def folders(tmp_path, miniature_lesson):
    """A source folder with one executed lesson, and an empty workspace."""
    return miniature_lesson.parent, tmp_path / "workspace"


def test_missing_lessons_are_copied_without_outputs(folders):
    source, target = folders
    copied = workspace.copy_missing(source, target)
    cells = nbformat.read(copied[0], as_version=4).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    assert [path.name for path in copied] == ["00_miniature.ipynb"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)


def test_an_existing_copy_is_not_touched(folders):
    source, target = folders
    copy = workspace.copy_missing(source, target)[0]
    copy.write_text("my work")
    assert workspace.copy_missing(source, target) == []
    assert copy.read_text() == "my work"


def test_reset_gives_a_fresh_copy_and_keeps_a_dated_backup(folders):
    source, target = folders
    copy = workspace.copy_missing(source, target)[0]
    copy.write_text("my work")
    fresh, backup = workspace.reset("0", source, target, now=NOW)
    assert backup.name == "00_miniature_2026-11-22_143012.ipynb"
    assert backup.read_text() == "my work"
    assert "my work" not in fresh.read_text()


def test_two_resets_in_one_second_keep_both_backups(folders):
    source, target = folders
    workspace.copy_missing(source, target)
    names = {workspace.reset(0, source, target, now=NOW)[1].name for _ in range(2)}
    assert len(names) == 2


def test_unknown_lesson_is_refused_with_the_known_ones(folders):
    source, target = folders
    with pytest.raises(ValueError, match=r"no lesson '7'. Choose one of: 00"):
        workspace.reset("7", source, target)
    assert not target.exists()


def test_interrupted_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "lesson.ipynb"
    path.write_text("old")

    def interrupted(source, target):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        workspace.write_atomically(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_copy_of_older_code_is_reported(folders):
    source, target = folders
    copy = workspace.copy_missing(source, target)[0]
    assert workspace.outdated(source, target) == []
    notebook = json.loads(copy.read_text())
    notebook["metadata"]["course"]["source_hash"] = "older"
    copy.write_text(json.dumps(notebook))
    assert workspace.outdated(source, target) == ["00"]
