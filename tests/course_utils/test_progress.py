"""The record, the schedule, the questions, and what the start of a lesson shows."""

import json
import re
import threading
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import nbformat
import pytest
from nbclient import NotebookClient

from authoring.workshop.lessons import find_lessons
from course_utils import ROOT
from course_utils import __main__ as commands
from course_utils import app as workspace
from course_utils.app import progress
from course_utils.exercises import lesson_00

MONDAY = date(2026, 3, 2)


def after(days):
    return MONDAY + timedelta(days=days)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A workspace in which this process works as a kernel does."""
    monkeypatch.setattr(workspace, "WORKSPACE", tmp_path)
    monkeypatch.setattr(progress, "get_ipython", lambda: SimpleNamespace(kernel=True))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lines(folder):
    return (folder / "progress.jsonl").read_text().splitlines()


# ---- the record -----------------------------------------------------------------------------


def test_checks_in_the_workspace_leave_a_line_each(folder):
    for answer in (..., lambda image: image.mean(), lambda image: image.max()):
        lesson_00.check_0_1(answer)
    records = [json.loads(line) for line in lines(folder)]
    assert [(r["exercise"], r["state"]) for r in records] == [
        ("0.1", "not yet"),
        ("0.1", "correct"),
    ]
    age = datetime.now(UTC) - datetime.fromisoformat(records[0]["time"])
    assert timedelta(0) <= age < timedelta(minutes=1)


@pytest.mark.parametrize("reason", ["no kernel", "other folder"])
def test_nothing_is_recorded_elsewhere(folder, monkeypatch, tmp_path_factory, reason):
    if reason == "no kernel":
        monkeypatch.setattr(progress, "get_ipython", lambda: SimpleNamespace())
    else:
        monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    lesson_00.check_0_1(lambda image: image.max())
    assert not list(folder.iterdir())


def test_a_check_works_where_the_record_cannot_be_written(folder):
    (folder / "progress.jsonl").mkdir()
    assert lesson_00.check_0_1(lambda image: image.max()).state == "correct"
    assert progress.read() == []


def test_broken_lines_are_skipped_and_kept_and_spoil_no_later_one(folder):
    broken = ['{"time": "2026-03-02T10:00:00+00:00", "exer', "[]", '{"exercise": "77.1"}', "\0\xff"]
    broken.append('{"time": 5, "exercise": "0.1", "state": "correct"}')
    (folder / "progress.jsonl").write_text("\n".join(broken), encoding="latin-1")
    assert progress.record("0.1", "correct")
    text = (folder / "progress.jsonl").read_text(encoding="latin-1")
    assert text.startswith("\n".join(broken) + "\n")
    assert [record[1:] for record in progress.read()] == [("0.1", "correct")]


def test_many_kernels_at_once_lose_no_line(folder):
    def write():
        for _ in range(50):
            progress.record("0.1", "correct")

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(progress.read()) == len(lines(folder)) == 200


# ---- the schedule ---------------------------------------------------------------------------


def due(*events):
    """Return the day, after Monday, on which exercise 2.1 is due; events are (day, state)."""
    records = [(after(day), "2.1", state) for day, state in events]
    found = progress.schedule(records)["2.1"].due
    return found and (found - MONDAY).days


def test_what_is_known_comes_back_after_1_3_7_and_21_days_and_then_no_more():
    events = [(0, "correct")]
    for day in (1, 4, 11):
        assert due(*events) == day
        events.append((day, "knew"))
    assert due(*events) == 32
    assert due(*events, (40, "knew")) is None
    assert due(*events, (40, "knew"), (50, "correct")) is None


def test_what_was_not_known_comes_back_the_next_day():
    assert due((0, "correct"), (1, "knew"), (4, "did not know")) == 5
    assert due((0, "correct"), (1, "knew"), (4, "did not know"), (5, "knew")) == 8


def test_what_failed_is_due_at_once_until_it_is_passed_or_known():
    assert due((0, "correct"), (1, "knew"), (2, "not yet")) == 2
    assert due((0, "not yet"), (0, "correct")) == 1
    assert due((0, "not yet"), (3, "knew")) == 4


def test_passing_again_and_answers_that_were_not_due_move_nothing():
    assert due((0, "correct"), (1, "knew"), (2, "correct")) == 4
    assert due((0, "correct"), (0, "knew")) == 1
    assert due((0, "correct"), (1, "knew"), (1, "knew")) == 4


def test_the_draw_takes_earlier_lessons_failed_ones_first_and_is_the_same_all_day():
    passed = [f"{lesson}.{number}" for lesson in (1, 2, 5) for number in (1, 2, 3)]
    records = [(MONDAY, number, "correct") for number in passed]
    records += [(MONDAY, "0.2", "not yet"), (MONDAY, "4.1", "not yet")]
    assert set(progress.draw("05", records, MONDAY)) == {"0.2", "4.1"}
    drawn = progress.draw("05", records, after(1))
    assert set(drawn[:2]) == {"0.2", "4.1"}
    assert drawn[2] in passed[:6]
    assert drawn == progress.draw("05", records, after(1))
    thirds = {progress.draw("05", records, after(day))[2] for day in range(1, 15)}
    assert len(thirds) > 2
    assert set(progress.draw("02", records, after(1))) <= {"0.2", "1.1", "1.2", "1.3"}
    assert progress.draw("01", records, after(1)) == []
    assert progress.draw("02", [], MONDAY) == []


# ---- the questions --------------------------------------------------------------------------


def test_every_exercise_has_a_question_that_stands_by_itself():
    lessons = "".join(path.read_text(encoding="utf-8") for path in find_lessons())
    numbers = re.findall(r"### Exercise (\d+\.\d+):", lessons)
    assert sorted(progress.questions()) == sorted(numbers)
    letters = re.compile(r"\*\*[a-h]\*\*|\b(answer|option|sentence|choice) [a-h]\b|\([a-h]\)", re.I)
    for number, text in progress.questions().items():
        assert set(text) == {"question", "answer"}, number
        assert text["question"].endswith("?"), number
        assert text["answer"].endswith("."), number
        assert 10 < len(text["answer"]) < 330, number
        assert not letters.search(text["question"] + text["answer"]), number
        assert "exercise" not in text["question"] + text["answer"] or number == "0.1", number


# ---- what is shown --------------------------------------------------------------------------


def test_the_table_counts_passed_exercises_by_lesson(folder, capsys):
    count = len(progress.questions())
    assert progress.overview().to_dict("index").keys() == {"all lessons"}
    assert progress.overview().loc["all lessons", "passed"] == f"0 of {count}"
    for number, state in (("2.1", "correct"), ("2.2", "not yet"), ("2.1", "correct")):
        progress.record(number, state)
    assert commands.main(["progress"]) == 0
    today = date.today()
    row = next(row for row in capsys.readouterr().out.splitlines() if "02 convolution" in row)
    assert re.search(rf"1 of 7 +{today} +now: 2\.2; {today + timedelta(1)}: 2\.1$", row)
    assert progress.overview().loc["all lessons", "passed"] == f"1 of {count}"


def test_a_stored_lesson_shows_nobodys_record(folder, monkeypatch, tmp_path_factory):
    progress.record("2.1", "correct")
    monkeypatch.chdir(tmp_path_factory.mktemp("notebooks"))
    assert progress.overview().to_dict("index").keys() == {"all lessons"}


def test_the_setup_cell_of_each_lesson_ends_with_its_opening():
    for path in find_lessons():
        cells = nbformat.read(path, as_version=4).cells
        (setup,) = [cell for cell in cells if "setup" in cell.metadata.get("tags", [])]
        assert setup.source.endswith(f'\nprogress.open_lesson("{path.name[:2]}")'), path.name


def run(folder, code):
    """Run code as a lesson in a folder; return what its cell shows."""
    cell = nbformat.v4.new_code_cell(code)
    notebook = nbformat.v4.new_notebook(cells=[cell])
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(folder)}}).execute()
    return cell.outputs


def test_a_lesson_opens_with_what_is_due_and_keeps_the_answer(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_WORKSPACE", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    opening = "from course_utils.app import progress\nprogress.open_lesson('02')\n"
    assert run(tmp_path, opening) == []
    early = {"time": "2026-03-02T10:00:00+00:00", "exercise": "1.1", "state": "correct"}
    (tmp_path / "progress.jsonl").write_text(json.dumps(early) + "\n")
    clicked = (
        "\nrow = progress._asked(['1.1']).children[1].children[1]\nrow.children[0].click()\n"
        "print(row.children[2].value, row.children[1].disabled)\nprogress.open_lesson('02')"
    )
    shown, said = run(tmp_path, opening + clicked)
    assert "application/vnd.jupyter.widget-view+json" in shown.data
    assert re.search(r"It comes back on \d{4}-\d\d-\d\d.* True$", said.text.strip())
    added = json.loads(lines(tmp_path)[1])
    assert (added["question"], added["state"]) == ("1.1", "knew")
