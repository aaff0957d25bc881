"""Write the handbook of wrong answers: ``python -m authoring.publishing.handbook [LESSON …]``.

For each exercise: the task, a right answer, a question that lets a learner find the mistake, and
every wrong answer of the banks with what the check says to it. The wrong answers are those that the
tests hand to the checks (authoring/workshop/exercises.py), so that the book says what a learner
will read. The questions are written by hand, in classroom/questions.toml.

build/handbook holds ``index.md`` and ``lesson_NN.md``.
"""

import contextlib
import io
import re
import sys
import tomllib
from dataclasses import dataclass

from authoring.publishing import answers, command
from authoring.publishing.tasks import tasks
from authoring.workshop import exercises
from authoring.workshop.lessons import ROOT, find_lessons, read_lesson
from course_utils.exercises.exercise import Several

OUT = ROOT / "build" / "handbook"
QUESTIONS = ROOT / "classroom" / "questions.toml"
INDEX = """# Handbook of wrong answers

For teachers. A check tells a learner what is wrong. It does not know why the learner thought so,
and it gives a way out that can be copied without being understood. For each exercise this book has
**a question to ask first**. The learner answers it by looking or computing, and often corrects the
code alone. Below it you find what the check says to each wrong answer that the course's tests know,
and code that leads to it: compare it with what the learner has written.

The wrong answers were collected from people and programs that had the lessons, not from a class of
yours. Note what you meet and what is missing here.

| lesson | exercises | wrong answers | with a sentence of their own |
|---|---|---|---|
{rows}
"""
LESSON = """# {title}: wrong answers

[All lessons](index.md). The code of a wrong answer has the name that the task asks for; what it
calls stands at the end of the exercise.
"""
EXERCISE = """## Exercise {number}: {title}

**Ask first:** {question}

<details><summary>The task, and a right answer</summary>

{text}

```python
{answer}
```

</details>
"""
# Functions below a sentence; the others are folded.
SHOWN = 2


@dataclass
class Wrong:
    """A wrong answer as code, what the check says to it, and whether the sentence is its own."""

    code: str
    said: str
    named: bool


def codes(task, entry, bank, file):
    """Return [(wrong answer, its code)] of a task, and the functions that they call, as code."""
    writer = answers.Writer(task)
    pairs = exercises.wrong_answers(entry, bank)
    nodes = [None] * len(pairs)
    # The bank's own lists come last: first those with a name, then the others.
    end = len(pairs)
    for table in ("WRONG", "NAMED"):
        own = bank[table].get(task.number, ()) if bank else ()
        parts = own.values() if table == "NAMED" and own else own
        count = sum(len(part) if isinstance(part, Several) else 1 for part in parts)
        known = answers.written(file, table, task.number) if bank else []
        if len(known) == count:
            nodes[end - count : end] = known
        end -= count
    found = [
        (answer, writer.code(answer, node, file))
        for (answer, _), node in zip(pairs, nodes, strict=True)
    ]
    return found, [*writer.helpers.values()]


def wrong_answers(task, entry, bank, file):
    """Return the wrong answers to a task without repetition, and the functions that they call."""
    pairs, helpers = codes(task, entry, bank, file)
    said = []
    for answer, _ in pairs:
        # Some wrong answers print instead of returning.
        with contextlib.redirect_stdout(io.StringIO()):
            message = exercises.judge(entry, answer).message
        name = re.escape(getattr(answer, "__name__", ""))
        said.append(re.sub(rf"`({name}|your function)\b", f"`{task.name}", message))
    shown = answers.formatted([code for _, code in pairs])
    unique = dict.fromkeys(zip(shown, said, strict=True))
    wrong = [Wrong(code, text, not exercises.UNNAMED.search(text)) for code, text in unique]
    return wrong, answers.formatted(helpers)


def plain(text):
    """Return what a check says as Markdown, in one line."""
    text = re.sub(r"\nin the line: (.*)", r" in the line `\1`.", text)
    parts = " ".join(text.split()).split("`")
    parts[::2] = [re.sub(r"([\\*_<>\[\]$|#])", r"\\\1", part) for part in parts[::2]]
    return "`".join(parts)


def _block(code):
    return f"```python\n{code}\n```"


def _list(wrong, helpers):
    """Return wrong answers by what is said to them: values in a line, functions as blocks."""
    calls = re.compile(r"\b(" + "|".join(re.findall(r"^def (\w+)", helpers, re.MULTILINE)) + r")\(")
    by_sentence = {}
    for each in wrong:
        by_sentence.setdefault(each.said, []).append(each.code)
    parts = []
    for said, codes in by_sentence.items():
        short = [code for code in codes if "\n" not in code and "`" not in code]
        values = ": " + ", ".join(f"`{code}`" for code in short) if short else ""
        parts.append(f"**“{plain(said)}”**{values}")
        # First what can be read without looking up another function.
        long = [code for code in codes if code not in short]
        long.sort(key=lambda code: (bool(helpers and calls.search(code)), len(code)))
        parts += map(_block, long[:SHOWN])
        if more := long[SHOWN:]:
            title = f"{len(more)} more answers that get this sentence"
            parts.append(_folded(title, "\n\n".join(map(_block, more))))
    return "\n\n".join(parts)


def _folded(title, inside):
    title = title.replace("1 more answers that get", "1 more answer that gets")
    return f"<details><summary>{title}</summary>\n\n{inside}\n\n</details>"


def page(lesson, questions):
    """Return a lesson's page, and a list of (wrong answers, how many have their own sentence)."""
    module = exercises.module_of(lesson)
    bank = exercises.bank_of(module)
    file = str(ROOT / "tests" / "lessons" / "answers" / f"lesson_{lesson.name[:2]}.py")
    entries = {entry.number: entry for entry in exercises.entries(module).values()}
    title = read_lesson(lesson).cells[0].source.split("\n", 1)[0].removeprefix("# ")
    parts, counts = [LESSON.format(title=title)], []
    for task in tasks(lesson):
        wrong, helpers = wrong_answers(task, entries[task.number], bank, file)
        named = [each for each in wrong if each.named]
        others = [each for each in wrong if not each.named]
        counts.append((len(wrong), len(named)))
        right = re.sub(r"\b(\w+)_solution\b", r"\1", task.answer())
        values = vars(task) | {"answer": right, "question": questions[task.number]}
        helpers = "\n\n\n".join(helpers)
        parts += [EXERCISE.format(**values), _list(named, helpers)]
        if others:
            more = "more wrong answers" if len(others) > 1 else "more wrong answer"
            inside = "The check shows what the answer gave.\n\n" + _list(others, helpers)
            parts.append(_folded(f"{len(others)} {more} without a sentence", inside))
        if helpers:
            parts.append(_folded("Functions that these answers call", _block(helpers)))
    return "\n\n".join(parts).rstrip() + "\n", counts


def write(folder, lessons=()):
    """Write the pages of the lessons, by default of all, and the index; return their paths."""
    questions = tomllib.loads(QUESTIONS.read_text(encoding="utf-8"))
    folder.mkdir(parents=True, exist_ok=True)
    paths, rows = [folder / "index.md"], []
    for lesson in lessons or find_lessons():
        text, counts = page(lesson, questions)
        paths.append(folder / f"lesson_{lesson.name[:2]}.md")
        paths[-1].write_text(text, encoding="utf-8")
        wrong, named = (sum(numbers) for numbers in zip(*counts, strict=True))
        title = text.split("\n", 1)[0].removeprefix("# ").removesuffix(": wrong answers")
        rows.append(f"| [{title}]({paths[-1].name}) | {len(counts)} | {wrong} | {named} |")
    paths[0].write_text(INDEX.format(rows="\n".join(rows)), encoding="utf-8")
    return paths


def main(arguments=None):
    """Run the command and return its exit code."""

    def written(lessons):
        return f"{len(write(OUT, lessons)) - 1} lessons in {OUT}"

    return command(__doc__, written, arguments)


if __name__ == "__main__":
    sys.exit(main())
