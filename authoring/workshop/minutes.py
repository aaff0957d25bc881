"""How long a lesson takes: ``python -m authoring.workshop.minutes [--write | --sections [05]]``.

The minutes are computed, for the core and for the sections whose heading says "(going deeper)":

- Every word of the Markdown cells counts, those of exercises, hints and answers included; links
  count as their text. Only the line with the lesson's length is left out.
- A line of code counts unless it is blank or stands in a cell that nobody has to read: setup,
  checks, solutions and claims. Code inside Markdown counts as code.
- Every cell with figures, and every widget, counts as one figure.
- Every heading "Exercise N.M: …" counts as one exercise, beside its words.

``--write`` puts the sums into each lesson's length line and into the maps of the README and of
lesson 00. Without it, the command fails if something else is written there; in any case it fails if
the core of a lesson takes more than `LIMIT` minutes.

``--sections 05`` prints the minutes of each part of a lesson, for teachers who choose; without a
number, of all lessons. A part is a section such as 6 without what has a heading of its own, a
subsection (6a, 6b, in order) or an exercise (5.4, up to its solution). What stands before section
1 is *start*; "Check yourself", recap and other sections without a number are *end*.
"""

import argparse
import math
import re
import sys
from dataclasses import dataclass

from authoring.workshop.lessons import NOTEBOOKS, ROOT, find_lessons, read_lesson

WORDS_A_MINUTE = 200
LINES_A_MINUTE = 10
MINUTES_A_FIGURE = 1
MINUTES_AN_EXERCISE = 4
LIMIT = 75

NOT_READ = {"setup", "check", "solution", "claim"}
TIME = r"\*\*Time\*\* \d+ minutes(?:, \d+ more for going deeper)?"
HEADING = re.compile(r"(#{1,6}) +(.+)")
# A row of a map: the lesson's number, and the minutes in the third column.
ROW = r"(\| \[?{number} [^|\n]*\|[^|\n]*\| )[^|\n]*( \|)"
MAPS = (ROOT / "README.md", NOTEBOOKS / "00_start_here.ipynb")


@dataclass
class Parts:
    """What is counted in the core of a lesson, or in what goes deeper."""

    words: int = 0
    lines: int = 0
    figures: int = 0
    exercises: int = 0

    @property
    def exact(self):
        """Minutes, with their fraction."""
        reading = self.words / WORDS_A_MINUTE + self.lines / LINES_A_MINUTE
        work = self.figures * MINUTES_A_FIGURE + self.exercises * MINUTES_AN_EXERCISE
        return reading + work

    @property
    def minutes(self):
        """Whole minutes, rounded up."""
        return math.ceil(self.exact)

    def __str__(self):
        return (
            f"{self.minutes:3} minutes ({self.words} words, {self.lines} lines of code, "
            f"{self.figures} figures, {self.exercises} exercises)"
        )


def parts_of(notebook):
    """Return the `Parts` of the core, and of the sections for going deeper."""
    core, deeper = Parts(), Parts()
    for (_, is_deeper), (_, parts) in sections_of(notebook).items():
        for name, count in vars(parts).items():
            sum_of = deeper if is_deeper else core
            setattr(sum_of, name, getattr(sum_of, name) + count)
    return core, deeper


def sections_of(notebook):
    """Return the parts of a lesson in order, {(label, is it deeper): (title, `Parts`)}."""
    found = {}
    label, title = section = outside = "start", ""  # outside: what an exercise goes back to
    level = None  # of the heading that says "(going deeper)", inside its section
    for cell in notebook.cells:
        fenced = False
        for line in cell.source.split("\n") if cell.cell_type == "markdown" else []:
            if line.lstrip().startswith("```"):
                fenced = not fenced
                continue
            heading = None if fenced else HEADING.match(line)
            if heading and (level is None or len(heading[1]) <= level):
                level = len(heading[1]) if "(going deeper)" in heading[2] else None
            exercise = heading and re.match(r"Exercise (\d+\.\d+): (.*)", heading[2])
            if exercise:
                label, title = exercise.groups()
                if level is None and (outside[0], False) not in found:
                    outside = section
            elif heading and len(heading[1]) in (2, 3):
                label, title = outside = _label(heading, outside[0], {name for name, _ in found})
                section = outside if len(heading[1]) == 2 else section
            part = found.setdefault((label, level is not None), (title, Parts()))[1]
            if fenced:
                part.lines += bool(line.strip())
            elif not re.match(TIME, line):
                part.words += _words(line)
            part.exercises += bool(exercise)
        if cell.cell_type == "code":
            part = found.setdefault((label, level is not None), (title, Parts()))[1]
            tags = set(cell.metadata.get("tags", []))
            if not tags & NOT_READ:
                part.lines += sum(bool(line.strip()) for line in cell.source.split("\n"))
            part.figures += "widget" in tags or any(map(_is_figure, cell.outputs))
            if "solution" in tags:
                label, title = outside
    return found


def _label(heading, before, taken):
    """Return the label and the title of a section or subsection that begins."""
    number = re.match(r"(\d+) (.*)", heading[2])
    if len(heading[1]) == 2:
        return number.groups() if number else ("start" if before == "start" else "end", "")
    section = re.match(r"\d*", before)[0]
    letters = (section + letter for letter in "abcdefghijklmnopqrstuvwxyz")
    free = next(name for name in letters if name not in taken)
    return (free, heading[2]) if section else (before, "")


def _words(line):
    line = re.sub(r"<[^>]+>|(?<=\])\([^)]*\)", " ", line)
    return sum(bool(re.search(r"\w", word)) for word in line.split())


def _is_figure(output):
    data = output.get("data", {})
    return "image/png" in data or "<img" in "".join(data.get("text/html", ""))


def time_of(core, deeper):
    """Return what a lesson's length line says about time."""
    more = f", {deeper.minutes} more for going deeper" if deeper.minutes else ""
    return f"**Time** {core.minutes} minutes{more}"


def complaints(notebook, path):
    """Yield what is wrong with the minutes that a lesson takes, or says that it takes."""
    core, deeper = parts_of(notebook)
    if core.minutes > LIMIT:
        taken = str(core).strip()
        yield f"the core takes {taken}, {LIMIT} are the most: cut, or mark '(going deeper)'"
    if f"{time_of(core, deeper)} ·" not in "".join(cell.source for cell in notebook.cells):
        yield f"write '{time_of(core, deeper)}': `python -m authoring.workshop.minutes --write`"


def maps_again(text, counted):
    """Return a map with the minutes of the counted lessons, {number: (core, deeper)}."""
    for number, (core, deeper) in counted.items():
        shown = f"{core.minutes} + {deeper.minutes}" if deeper.minutes else f"{core.minutes}"
        text = re.sub(ROW.format(number=number), rf"\g<1>{shown}\g<2>", text)
    return text


def sections_table(path):
    """Return the minutes of a lesson's parts as lines of text."""
    lines = [f"{path.stem}: parts, minutes"]
    for (label, is_deeper), (title, parts) in sections_of(read_lesson(path)).items():
        lines.append(f"  {label:6}{parts.exact:5.1f}  {'+' if is_deeper else ' '} {title}".rstrip())
    return "\n".join(lines)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--write", action="store_true", help="into the lessons and the maps")
    parser.add_argument("--sections", nargs="*", metavar="LESSON", help="minutes of each part")
    options = parser.parse_args(arguments)
    if options.sections is not None:
        for path in find_lessons(options.sections):
            print(sections_table(path), end="\n\n")
        return 0
    wrong, counted = [], {}
    for path in find_lessons():
        core, deeper = counted[path.name[:2]] = parts_of(read_lesson(path))
        print(f"{path.name[:2]}  {core}" + (f"\n   + {deeper}" if deeper.minutes else ""))
        text = path.read_text(encoding="utf-8")
        if options.write:
            path.write_text(re.sub(TIME, time_of(core, deeper), text), encoding="utf-8")
        wrong += [f"{path.name}: {said}" for said in complaints(read_lesson(path), path)]
    for path in MAPS:
        text = path.read_text(encoding="utf-8")
        if options.write:
            path.write_text(maps_again(text, counted), encoding="utf-8")
        elif maps_again(text, counted) != text:
            wrong.append(f"{path.name}: the map says other minutes; use --write")
    print(*wrong, sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
