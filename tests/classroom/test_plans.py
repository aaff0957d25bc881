"""The plans and the notes for teachers name what the lessons hold, and their sums are right."""

import re
from collections import Counter
from functools import cache

import pytest

from authoring.workshop.lessons import NOTEBOOKS, ROOT, find_lessons, read_lesson
from authoring.workshop.minutes import parts_of, sections_of

CLASSROOM = ROOT / "classroom"
PLANS = sorted(CLASSROOM.glob("plan_*.md"))
NOTES = sorted((CLASSROOM / "lessons").glob("[0-9][0-9].md"))
TABLE = re.compile(
    r"\| start \|.*\n\|[-|]+\n((?:\|.*\n)+)\n\*\*Total: (\d+) minutes\*\*, until (.+)\."
)


@cache
def minutes_of(lesson):
    """Return the minutes of each part of a lesson, core and going deeper together."""
    minutes = Counter()
    for (label, _), (_, parts) in sections_of(read_lesson(*find_lessons([lesson]))).items():
        minutes[label] += parts.exact
    return minutes


def clock(text):
    hours, minutes = map(int, text.split(":"))
    return 60 * hours + minutes


def days(plan):
    """Yield the rows, the stated total and the stated end of each table of a plan."""
    for rows, total, end in TABLE.findall(plan.read_text(encoding="utf-8")):
        cells = [[cell.strip() for cell in row[1:-1].split("|")] for row in rows.splitlines()]
        yield cells, int(total), end


def taken(parts):
    """Return what a row takes, as (lesson, label) pairs."""
    pieces = [piece.split(": ") for piece in parts.split("; ")] if parts != "–" else []
    return [(lesson, label) for lesson, labels in pieces for label in labels.split(", ")]


def test_the_parts_of_a_lesson_add_up_to_its_minutes():
    for path in find_lessons():
        notebook = read_lesson(path)
        for is_deeper, whole in enumerate(parts_of(notebook)):
            found = [p for (_, deep), (_, p) in sections_of(notebook).items() if deep == is_deeper]
            assert sum(part.exact for part in found) == pytest.approx(whole.exact)
            assert sum(part.exercises for part in found) == whole.exercises


def test_an_exercise_ends_with_its_solution():
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

    cells = [
        new_markdown_cell(
            "# 00 · Title\n\n## 1 First\n\none two\n\n### More (going deeper)\n\nthree"
        ),
        new_markdown_cell("### Exercise 0.1: Do it\n\nfour"),
        new_code_cell("answer = 1", metadata={"tags": ["solution"]}),
        new_markdown_cell("five six seven\n\n## Recap\n\neight"),
    ]
    words = {key: part.words for key, (_, part) in sections_of(new_notebook(cells=cells)).items()}
    # Headings count, too: "1 First" has two words, "More (going deeper)" three.
    assert words == {
        ("start", False): 2,
        ("1", False): 7,
        ("1a", True): 4,
        ("0.1", False): 5,
        ("end", False): 2,
    }


@pytest.mark.parametrize("plan", PLANS, ids=lambda path: path.stem)
def test_a_plan_adds_up_and_gives_each_part_the_time_that_it_takes(plan):
    tables = list(days(plan))
    assert len(tables) == (3 if plan.stem == "plan_three_half_days" else 1)
    for rows, total, end in tables:
        now = clock(rows[0][0])
        for start, minutes, computed, what, parts in rows:
            assert clock(start) == now, f"{what}: starts at {now // 60}:{now % 60:02}"
            now += int(minutes)
            known = [minutes_of(lesson) for lesson, _ in taken(parts)]
            assert all(label in of for of, (_, label) in zip(known, taken(parts), strict=True)), (
                parts
            )
            needed = sum(of[label] for of, (_, label) in zip(known, taken(parts), strict=True))
            assert computed == (f"{needed:.1f}" if known else "–"), what
            assert needed <= int(minutes), f"{what}: {needed:.1f} minutes do not fit"
        assert (sum(int(row[1]) for row in rows), now) == (total, clock(end))


@pytest.mark.parametrize("plan", PLANS, ids=lambda path: path.stem)
def test_a_plan_states_its_sums(plan):
    rows = [row for rows, _, _ in days(plan) for row in rows]
    with_parts = [row for row in rows if row[4] != "–"]
    breaks = sum(int(row[1]) for row in rows if re.match(r"\*\*(Break|Lunch)", row[3]))
    text = " ".join(plan.read_text(encoding="utf-8").split())
    reader, given = re.search(
        r"a reader (\d+) minutes, and the plan gives them (\d+)", text
    ).groups()
    assert abs(int(reader) - sum(float(row[2]) for row in with_parts)) < 1
    assert int(given) == sum(int(row[1]) for row in with_parts)
    assert int(re.search(r"[Bb]reaks (?:and lunch )?are (\d+) minutes", text)[1]) == breaks


@pytest.mark.parametrize("plan", PLANS, ids=lambda path: path.stem)
def test_a_plan_takes_no_part_twice_and_has_a_break_every_100_minutes(plan):
    rows_of_days = [rows for rows, _, _ in days(plan)]
    once = Counter(pair for rows in rows_of_days for row in rows for pair in taken(row[4]))
    assert {pair for pair, times in once.items() if times > 1} == set()
    for rows in rows_of_days:
        taught = 0
        for _, minutes, _, what, _ in rows:
            taught = 0 if re.match(r"\*\*(Break|Lunch)", what) else taught + int(minutes)
            assert taught <= 100, what


def test_every_lesson_has_notes():
    assert [path.stem for path in NOTES] == [path.name[:2] for path in find_lessons()]


@pytest.mark.parametrize("note", NOTES, ids=lambda path: path.stem)
def test_notes_name_what_the_lesson_holds(note):
    text = note.read_text(encoding="utf-8")
    known = minutes_of(note.stem)
    exercises = set(re.findall(rf"\b{int(note.stem)}\.\d\b", text))
    assert exercises == {label for label in known if "." in label}
    assert set(re.findall(r"\*\*Section (\w+)", text)) <= set(known)


@pytest.mark.parametrize("note", NOTES, ids=lambda path: path.stem)
def test_notes_prepare_each_prediction_of_the_lesson(note):
    asked, section = set(), "start"
    for cell in read_lesson(*find_lessons([note.stem])).cells:
        for line in cell.source.split("\n") if cell.cell_type == "markdown" else []:
            section = (re.findall(r"^## (\d+) ", line) or [section])[0]
            asked |= {section} if "**Predict**" in line else set()
    prepared = set(re.findall(r"\*\*Section (\d+)", note.read_text(encoding="utf-8")))
    assert asked - prepared == set()


@pytest.mark.parametrize("note", NOTES, ids=lambda path: path.stem)
def test_numbers_in_notes_stand_in_the_lesson(note):
    """What stands in backquotes and holds a digit, and all numbers with two decimals or a comma."""
    held = []
    for cell in read_lesson(*find_lessons([note.stem])).cells:
        held.append(cell.source)
        for output in cell.get("outputs", []):
            held += [output.get("text", ""), output.get("data", {}).get("text/plain", "")]
    text = note.read_text(encoding="utf-8")
    quoted = re.findall(r"`([^`\n]*\d[^`\n]*)`", text)
    quoted += re.findall(r"\d+\.\d\d+|\d+,\d{3}(?:,\d{3})*", text)
    assert [words for words in quoted if not any(words in piece for piece in held)] == []


def test_links_between_pages_and_to_lessons_lead_somewhere():
    for page in CLASSROOM.rglob("*.md"):
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"
    assert NOTEBOOKS.is_dir()


def test_the_ways_of_the_learner_profiles_add_up():
    core = {path.name[:2]: parts_of(read_lesson(path))[0].minutes for path in find_lessons()}
    text = (CLASSROOM / "learner_profiles.md").read_text(encoding="utf-8")
    ways = re.findall(r"\*\*Way:\*\* ([\d, ]+): (\d+) minutes", text)
    assert len(ways) == text.count("\n## ")
    for lessons, minutes in ways:
        assert sum(core[lesson] for lesson in lessons.split(", ")) == int(minutes), lessons
