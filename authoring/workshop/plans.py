"""The minutes in the pages for teachers: ``python -m authoring.workshop.plans [--write]``.

A row of a plan in classroom/ names parts of lessons, such as ``04: 3a, 4.3``; its column
*computed* says how long they take a reader, by the rates of `authoring.workshop.minutes`. The
learner profiles name ways through the course, ``00, 04: 104 minutes``. ``--write`` computes these
numbers again after a lesson has changed; without it, the command fails if others are written there.
Whether the time that a plan gives still suffices is for a person to decide; a test compares.
"""

import argparse
import re
import sys
from collections import Counter
from functools import cache

from authoring.workshop.lessons import ROOT, find_lessons, read_lesson
from authoring.workshop.minutes import parts_of, sections_of

CLASSROOM = ROOT / "classroom"
# start, minutes | computed | what happens | parts; a row without parts has a dash there.
ROW = re.compile(r"(?m)^(\| \d+:\d\d \| (\d+) \| )[\d.]+( \| [^|]+ \| (\d\d: [^|]+) \|)$")
SUMS = re.compile(r"a reader \d+ minutes, and the plan gives them \d+\.")
WAY = re.compile(r"(\*\*Way:\*\* ([\d, ]+): )\d+( minutes)")


@cache
def _minutes_of(lesson):
    """Return {part: minutes} of a lesson, and the minutes of its core."""
    notebook = read_lesson(*find_lessons([lesson]))
    minutes = Counter()
    for (label, _), (_, parts) in sections_of(notebook).items():
        minutes[label] += parts.exact
    return minutes, parts_of(notebook)[0].minutes


def computed(parts):
    """Return the minutes of parts such as ``00: 1, 2, 0.1; 02: 3``."""
    pieces = (piece.split(": ") for piece in parts.split("; "))
    return sum(
        _minutes_of(lesson)[0][label] for lesson, labels in pieces for label in labels.split(", ")
    )


def again(text):
    """Return a page with the minutes that its parts and ways take."""
    rows = ROW.findall(text)
    reader, given = sum(computed(row[3]) for row in rows), sum(int(row[1]) for row in rows)
    text = ROW.sub(lambda row: f"{row[1]}{computed(row[4]):.1f}{row[3]}", text)
    text = SUMS.sub(f"a reader {reader:.0f} minutes, and the plan gives them {given}.", text)
    cores = {
        way[1]: sum(_minutes_of(n)[1] for n in way[1].split(", ")) for way in WAY.findall(text)
    }
    return WAY.sub(lambda way: f"{way[1]}{cores[way[2]]}{way[3]}", text)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--write", action="store_true", help="into the pages")
    options = parser.parse_args(arguments)
    stale = []
    for page in [*sorted(CLASSROOM.glob("plan_*.md")), CLASSROOM / "learner_profiles.md"]:
        text = page.read_text(encoding="utf-8")
        if again(text) != text:
            stale.append(page)
            if options.write:
                page.write_text(again(text), encoding="utf-8")
    verb = "written" if options.write else "has other minutes; use --write"
    print(*(f"{page.name}: {verb}" for page in stale), sep="\n", end="\n" if stale else "")
    return 1 if stale and not options.write else 0


if __name__ == "__main__":
    sys.exit(main())
