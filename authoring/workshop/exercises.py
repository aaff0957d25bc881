"""Try every check with its answers: ``python -m authoring.workshop.exercises [LESSON…] [--show]``.

An exercise is one entry in ``course_utils/exercises/lesson_NN.py``, and a task, a check cell and a
solution cell in the lesson. Its bank is ``tests/lessons/answers/lesson_NN.py``: RIGHT and WRONG,
each ``{"4.1": [answer, …]}``, and perhaps NAMED, ``{"4.1": {sentence: answer, …}}``, as the entry's
own mistakes, for entries with a judge. `missing` names what is lacking.

The command prints how many right answers each check refuses, and how many wrong ones it refuses and
names; a wrong one is named if the reader sees more than "X gave Y, expected Z". It fails where a
right answer is refused or a wrong one accepted. ``--show`` prints the wrong ones without a name.
``--store`` writes the numbers of all lessons into docs/exercise_rates.csv, for the site.
"""

import argparse
import contextlib
import csv
import importlib
import importlib.util
import re
import sys
import tempfile
import warnings
from dataclasses import dataclass

import numpy as np

from authoring.workshop.lessons import ROOT, find_lessons, read_lesson
from course_utils.exercises.exercise import Exercise, Several

WRONG_NEEDED = {"choice": 3, "function, value": 5}
# What a bank holds for each function or value, beside the entry's own answers.
BANK_NEEDED = {"RIGHT": 5, "WRONG": 8}
UNNAMED = re.compile(r"\bgave\b.*\bexpected\b|that is not the expected value", re.DOTALL)

STORED = ROOT / "docs" / "exercise_rates.csv"

# Where solutions write their files; deleted when Python ends.
WRITTEN = tempfile.TemporaryDirectory()


def entries(module):
    """Return the exercises of a module by their names, such as ``{'check_1_2': …}``."""
    return {name: entry for name, entry in vars(module).items() if isinstance(entry, Exercise)}


def module_of(path):
    return importlib.import_module(f"course_utils.exercises.lesson_{path.name[:2]}")


def bank_of(module):
    """Return the module's bank, {"RIGHT": {number: answers}, "WRONG": …}; {} without a file."""
    name = f"tests.lessons.answers.{module.__name__.rsplit('.')[-1]}"
    if importlib.util.find_spec(name) is None:
        return {}
    file = importlib.import_module(name)
    return {"RIGHT": file.RIGHT, "WRONG": file.WRONG, "NAMED": getattr(file, "NAMED", {})}


def solutions(notebook, module):
    """Return the answers that the lesson's solution cells define: ``{'1.2': answer}``."""
    found, names = {}, {}
    for entry in entries(module).values():
        names |= entry.given
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if "setup" in tags or "solution" in tags:
            with contextlib.chdir(WRITTEN.name):
                exec(cell.source, names)
        if "solution" in tags and (number := re.match(r"# Solution (\d+\.\d+)", cell.source)):
            last = [name for name in names if name.endswith("_solution")][-1]
            found[number[1]] = names.pop(last)
    return found


def missing(module, notebook):
    """Yield a sentence for each part that an exercise lacks in the module or in the lesson."""
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    text = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    file = f"{module.__name__.rsplit('.')[-1]}"
    bank = bank_of(module)
    for name, entry in entries(module).items():
        title = f"Exercise {entry.number}"
        if name != f"check_{entry.number.replace('.', '_')}":
            yield f"{title} is called {name}: name and number must match."
        kind = "choice" if entry.choices else "function, value"
        wrong = len(wrong_answers(entry, bank))
        if wrong < WRONG_NEEDED[kind]:
            yield (
                f"{title} has {wrong} wrong answers: add `mistakes` to {name} in {file}.py, or "
                f"answers to its bank, at least {WRONG_NEEDED[kind]}."
            )
        for kind, needed in BANK_NEEDED.items() if bank and not entry.choices else ():
            count = len(bank[kind].get(entry.number, ()))
            if count < needed:
                place = f"{kind} of tests/lessons/answers/{file}.py"
                yield f"{title} has {count} answers in {place}: at least {needed}."
        if not any(source.startswith(f"# Solution {entry.number}\n") for source in cells):
            yield f"{title} has no solution: add a cell that begins '# Solution {entry.number}'."
        if not any(f"{file}.{name}(" in source for source in cells):
            yield f"{title} is never checked: add a cell with {file}.{name}(…)."
        if not any(f"### {title}:" in source for source in text):
            yield f"{title} has no task: add the heading '### {title}: …' to the lesson."
    known = {entry.number for entry in entries(module).values()}
    asked = re.findall(r"### Exercise (\d+\.\d+):", "\n".join(text))
    for number in asked + re.findall(r"# Solution (\d+\.\d+)\n", "\n".join(cells)):
        if number not in known:
            known.add(number)
            yield (
                f"Exercise {number} has no entry: add check_{number.replace('.', '_')} = "
                f'Exercise("{number}", …) to {file}.py.'
            )
    numbers = {entry.number for entry in entries(module).values()}
    for number in sorted({number for kind in bank.values() for number in kind} - numbers):
        yield f"The bank of {file} has answers to {number}, which is no exercise: remove them."


def wrong_answers(entry, bank=()):
    """Return [(wrong answer, the sentence that has to name it, or '')]."""
    named = [(letter, sentence) for letter, sentence in entry.choices.items()]
    mistakes = entry.mistakes | (bank.get("NAMED", {}).get(entry.number, {}) if bank else {})
    for sentence, answers in mistakes.items():
        several = answers if isinstance(answers, Several) else [answers]
        named += [(_as_answer(entry, answer), sentence) for answer in several]
    others = bank["WRONG"].get(entry.number, ()) if bank else ()
    return named + [(answer, "") for answer in others]


def _as_answer(entry, mistake):
    """Turn the result of a mistake into an answer; a part that may be anything is right."""
    if not callable(mistake) and entry.calls:
        return lambda *arguments: mistake
    if isinstance(mistake, tuple) and any(part is ... for part in mistake):
        pairs = zip(mistake, entry.reference, strict=True)
        return tuple(right if part is ... else part for part, right in pairs)
    return mistake


def right_answers(entry, bank=()):
    """Return right answers: the reference, its results as other types, the entry's, the bank's."""
    found = [] if entry.reference is ... else [entry.reference]
    found += bank["RIGHT"].get(entry.number, ()) if bank else ()
    if entry.choices:
        found += [entry.reference.upper(), f" ({entry.reference}) "]
    if entry.calls:
        found += [_then(entry.reference, convert) for convert in (_as_float32, _as_lists)]
    return found


def _then(function, convert):
    return lambda *arguments: convert(function(*arguments))


def _as_float32(result):
    if isinstance(result, (tuple, list)):
        return type(result)(map(_as_float32, result))
    # Whole numbers, texts and dictionaries stay what they are.
    return np.float32(result) if np.asarray(result).dtype.kind == "f" else result


def _as_lists(result):
    if isinstance(result, tuple):
        return tuple(map(_as_lists, result))
    return result.tolist() if isinstance(result, (np.ndarray, np.generic)) else result


def judge(entry, answer):
    """Return the feedback for an answer, without what it prints as a warning."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return entry(answer)


@dataclass
class Rates:
    """How the checks took right and wrong answers; the lists hold (number, answer, feedback)."""

    right: int
    wrong: int
    refused: list
    accepted: list
    unnamed: list

    def __add__(self, other):
        return Rates(
            *(a + b for a, b in zip(vars(self).values(), vars(other).values(), strict=True))
        )

    def row(self):
        """Return the numbers that are stored."""
        refused = self.wrong - len(self.accepted)
        return {
            "right": self.right,
            "right_refused": len(self.refused),
            "wrong": self.wrong,
            "wrong_refused": refused,
            "wrong_named": refused - len(self.unnamed),
        }

    def __str__(self):
        named = self.wrong - len(self.accepted) - len(self.unnamed)
        return (
            f"{len(self.refused)} of {self.right} right answers refused; of {self.wrong} wrong "
            f"ones {self.wrong - len(self.accepted)} refused, {named} named "
            f"({named / max(self.wrong, 1):.2f})"
        )


def rates(entry, bank=(), solved=()):
    """Try one check with its right answers, those of the lesson included, and its wrong ones."""
    right, wrong = right_answers(entry, bank) + list(solved), wrong_answers(entry, bank)
    found = Rates(len(right), len(wrong), [], [], [])
    for answer in right:
        feedback = judge(entry, answer)
        if feedback.state != "correct":
            found.refused.append((entry.number, answer, feedback))
    for answer, sentence in wrong:
        feedback = judge(entry, answer)
        if feedback.state == "correct":
            found.accepted.append((entry.number, answer, feedback))
        elif sentence not in feedback.message or UNNAMED.search(feedback.message):
            found.unnamed.append((entry.number, answer, feedback))
    return found


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("lessons", nargs="*")
    parser.add_argument("--show", action="store_true", help="also what is said to unnamed answers")
    parser.add_argument("--store", action="store_true", help=f"of all lessons, in {STORED.name}")
    options = parser.parse_args(arguments)
    total, rows = Rates(0, 0, [], [], []), []
    for path in find_lessons([] if options.store else options.lessons):
        module, lesson = module_of(path), Rates(0, 0, [], [], [])
        bank, solved = bank_of(module), solutions(read_lesson(path), module)
        for entry in entries(module).values():
            of_entry = rates(entry, bank, [solved[entry.number]] if entry.number in solved else [])
            print(f"  {entry.number:5} {of_entry}", flush=True)
            lesson += of_entry
        print(f"{path.name[:2]}      {lesson}\n")
        total += lesson
        rows.append({"lesson": path.name[:2], **lesson.row()})
    if options.store:
        with STORED.open("w", newline="", encoding="utf-8") as file:
            table = csv.DictWriter(file, rows[0], lineterminator="\n")
            table.writeheader()
            table.writerows(rows)
    print(f"all     {total}")
    _tell("right answers refused", total.refused)
    _tell("wrong answers accepted", total.accepted)
    if options.show:
        _tell("wrong answers without a name", total.unnamed)
    return 1 if total.refused or total.accepted else 0


def _tell(title, found):
    for number, answer, feedback in found:
        code = getattr(answer, "__code__", None)
        place = (
            f"{code.co_filename.rsplit('/')[-1]}:{code.co_firstlineno}" if code else repr(answer)
        )
        print(f"{title}: {number}, {place:.80}\n    {feedback}")


if __name__ == "__main__":
    sys.exit(main())
