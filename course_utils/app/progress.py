"""What a reader has passed, and which questions come back: ``progress.jsonl`` in the workspace.

Each check of an exercise appends a line, and each answer to an opening question. Nothing is sent.
Only a lesson that runs in the workspace writes: a stored lesson looks the same for everybody.
"""

import html
import json
import os
import random
import re
import tomllib
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from IPython import get_ipython
from IPython.display import display

from course_utils import app as workspace

DAYS = (0, 1, 3, 7, 21)  # until a question comes back, by its box
STATES = ("correct", "not yet", "knew", "did not know")

# The buttons appear with the answer, without a kernel's help; an older browser shows them always.
STYLE = """<style>.course-fold:has(> :first-child details:not([open])) > :nth-child(n + 2)
{display: none !important} .course-fold details {line-height: 1.5; max-width: 50em}
.course-fold .course-fold {margin-left: 1.5em} .course-fold summary {font-weight: 600}</style>"""


@cache
def questions():
    """Return for each exercise what to ask later: ``{"4.2": {"question": …, "answer": …}}``."""
    path = Path(__file__).parents[1] / "exercises" / "questions.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _records_here():
    """Tell whether this is a lesson in the workspace: a kernel that works in that folder."""
    kernel = getattr(get_ipython(), "kernel", None)
    return kernel is not None and Path.cwd().is_relative_to(workspace.WORKSPACE)


def record(number, state, kind="exercise"):
    """Append the state of an exercise, or of a kind "question"; return whether it was kept."""
    if state not in STATES or not _records_here():
        return False
    entry = {"time": datetime.now(UTC).isoformat(timespec="seconds"), kind: number, "state": state}
    line = json.dumps(entry).encode() + b"\n"
    try:
        # One write at the end of the file, so that several kernels never mix their lines.
        with open(workspace.WORKSPACE / "progress.jsonl", "a+b", buffering=0) as file:
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                # After a line that was cut off.
                line = line if file.read(1) == b"\n" else b"\n" + line
            return file.write(line) == len(line)
    except OSError:
        return False


def read():
    """Return (day, exercise, state) of each line of the record that can be read."""
    try:
        text = (workspace.WORKSPACE / "progress.jsonl").read_text("utf-8", errors="replace")
    except OSError:
        return []
    found = []
    for line in text.split("\n"):
        with suppress(AttributeError, KeyError, OverflowError, TypeError, ValueError):
            entry = json.loads(line)
            number = entry.get("exercise") or entry["question"]
            day = datetime.fromisoformat(entry["time"]).astimezone().date()
            if number in questions() and entry["state"] in STATES:
                found.append((day, number, entry["state"]))
    return found


@dataclass
class Card:
    """Where an exercise stands: its box, the day its question is due, and whether it is passed."""

    box: int = 0
    due: date | None = None
    passed: bool = False


def schedule(records):
    """Return a `Card` for each exercise of the records, by the boxes of Leitner.

    A passed exercise comes to box 1, and its question is due the next day. A known answer
    moves it to the next box, and it is due 3, 7 and 21 days later; known from box 4, it does not
    come back. An answer not known moves it to box 1. A failed exercise lies in box 0 and is due at
    once, until it is passed or its question is known. Passing again what is passed moves nothing,
    and neither does a question that was not due, or that was shown and not answered.

    Students who recalled a text knew more of it after a week than those who read it again (Roediger
    and Karpicke 2006, doi 10.1111/j.1467-9280.2006.01693.x), and what is to be remembered longer
    has to be repeated at longer distances (Cepeda et al. 2006, doi 10.1037/0033-2909.132.3.354).
    Neither says that these days are the best.
    """
    cards = defaultdict(Card)
    for day, number, state in records:
        card = cards[number]
        card.passed |= state == "correct"
        if state == "not yet":
            card.box = 0
        elif state == "correct" and card.box == 0:
            card.box = 1
        elif state in STATES[2:] and card.due and card.due <= day:
            card.box = card.box + 1 if state == "knew" else 1
        else:
            continue
        card.due = day + timedelta(days=DAYS[card.box]) if card.box < len(DAYS) else None
    return dict(cards)


def draw(lesson, records, today):
    """Return up to three exercises of earlier lessons that are due, failed ones first."""
    cards = schedule(records)
    due = [n for n, c in sorted(cards.items()) if c.due and c.due <= today]
    due = [number for number in due if float(number) < int(lesson) and int(lesson) > 1]
    random.Random(str(today)).shuffle(due)
    return sorted(due, key=lambda number: cards[number].box > 0)[:3]


def open_lesson(number):
    """End the setup cell of a lesson: say whether the copy is old, and ask what is due.

    The questions, up to three from lesson 02 on, are folded. Outside the workspace all is silent.
    """
    if not _records_here():
        return
    if workspace.is_outdated(number):
        text = f"This copy is older than its lesson. {workspace.HOW_TO_UPDATE.format(number)}"
        style = "border-left: 4px solid var(--jp-warn-color1, #b25c00); padding: 4px 12px"
        page = f'<div style="{style}">{_marked(text)}</div>'
        display({"text/plain": text, "text/html": page}, raw=True)
    if due := draw(number, read(), date.today()):
        display(_asked(due))


def _marked(text):
    return re.sub("`([^`]+)`", r"<code>\1</code>", html.escape(text))


def _asked(numbers):
    """Return the questions about exercises, folded, each with its answer and two buttons."""
    from ipywidgets import HTML, Button, HBox, VBox

    def fold(summary, text, *below):
        page = f"<details><summary>{_marked(summary)}</summary>{_marked(text)}</details>"
        return VBox([HTML(page), *below]).add_class("course-fold")

    def ask(number):
        said, row = HTML(), HBox()

        def note(button, state):
            kept = record(number, state, kind="question")
            row.children[0].disabled = row.children[1].disabled = True
            due = schedule(read())[number].due if kept else None
            when = f"It comes back on {due}." if due else "It does not come back."
            said.value = f'<span role="status">{when if kept else "It could not be kept."}</span>'

        for state, words in (("knew", "I knew it"), ("did not know", "I did not know it")):
            button = Button(description=words, tooltip=f"Exercise {number}: {words}")
            button.on_click(lambda button, state=state: note(button, state))
            row.children += (button,)
        row.children += (said,)
        return fold(questions()[number]["question"], questions()[number]["answer"], row)

    count = {1: "One question", 2: "Two questions", 3: "Three questions"}[len(numbers)]
    text = "Answer from memory, then unfold the answer. You can also go on without them."
    return fold(f"{count} about earlier lessons", text, *map(ask, numbers), HTML(STYLE))


def overview():
    """Return a table of what is passed, lesson by lesson, and of what comes back when.

    A lesson outside the workspace shows the table of an empty record, its last row alone.
    """
    import pandas as pd

    records = read() if _records_here() or get_ipython() is None else []
    cards, lessons, today = schedule(records), workspace.lessons(workspace.LESSONS), date.today()

    def row(numbers, asked=True):
        passed = sum(cards[number].passed for number in numbers if number in cards)
        days = [str(day) for day, number, _ in records if number in numbers]
        due = [(max(cards[n].due, today), n) for n in numbers if n in cards and cards[n].due]
        back = [
            f"{'now' if day == today else day}: {', '.join(number for _, number in group)}"
            for day, group in groupby(sorted(due) if asked else (), key=itemgetter(0))
        ]
        return f"{passed} of {len(numbers)}", max(days, default=""), "; ".join(back)

    rows = {}
    for lesson, path in lessons.items() if records else ():
        mine = [number for number in questions() if int(float(number)) == int(lesson)]
        # No lesson comes after the last, to ask about it.
        rows[path.stem.replace("_", " ")] = row(mine, asked=lesson < max(lessons))
    rows["all lessons"] = row(questions(), asked=False)
    return pd.DataFrame(rows, ["passed", "last check", "comes back"]).T
