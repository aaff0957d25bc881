"""Try every check with its own answers: ``python -m authoring.workshop.exercises [LESSON…]``.

An exercise is one entry in ``course_utils/exercises/lesson_NN.py``, and a task, a check cell and a
solution cell in the lesson. `missing` names what one of them lacks; the command prints per lesson
how many wrong answers are named and refused, and how many right ones are accepted.
"""

import importlib
import re
import sys
import warnings

import numpy as np

from authoring.workshop.lessons import find_lessons, read_lesson
from course_utils.exercises.exercise import Exercise, Several

WRONG_NEEDED = {"choice": 3, "function, value": 5}


def entries(module):
    """Return the exercises of a module by their names, such as ``{'check_1_2': …}``."""
    return {name: entry for name, entry in vars(module).items() if isinstance(entry, Exercise)}


def module_of(path):
    return importlib.import_module(f"course_utils.exercises.lesson_{path.name[:2]}")


def solutions(notebook, module):
    """Return the answers that the lesson's solution cells define: ``{'1.2': answer}``."""
    found, names = {}, {}
    for entry in entries(module).values():
        names |= entry.given
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if "setup" in tags or "solution" in tags:
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
    for name, entry in entries(module).items():
        title = f"Exercise {entry.number}"
        if name != f"check_{entry.number.replace('.', '_')}":
            yield f"{title} is called {name}: name and number must match."
        kind = "choice" if entry.choices else "function, value"
        wrong = len(wrong_answers(entry))
        if wrong < WRONG_NEEDED[kind]:
            yield (
                f"{title} has {wrong} wrong answers: add `mistakes` or `other_wrong` to {name} in "
                f"{file}.py, at least {WRONG_NEEDED[kind]}."
            )
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


def wrong_answers(entry):
    """Return [(wrong answer, the sentence that names it, or '')]."""
    named = [(letter, sentence) for letter, sentence in entry.choices.items()]
    for sentence, answers in entry.mistakes.items():
        several = answers if isinstance(answers, Several) else [answers]
        named += [(_as_answer(entry, answer), sentence) for answer in several]
    return named + [(answer, "") for answer in entry.other_wrong]


def _as_answer(entry, mistake):
    """Turn the result of a mistake into an answer; a part that may be anything is right."""
    if not callable(mistake) and entry.calls:
        return lambda *arguments: mistake
    if isinstance(mistake, tuple) and ... in mistake:
        pairs = zip(mistake, entry.reference, strict=True)
        return tuple(right if part is ... else part for part, right in pairs)
    return mistake


def right_answers(entry):
    """Return right answers: the reference, its results as other types, and the entry's own."""
    found = [entry.reference, *entry.other_right]
    if entry.choices:
        found += [entry.reference.upper(), f" ({entry.reference}) "]
    if entry.calls and not entry.dtype:
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


def rates(module, notebook):
    """Return (wrong answers, refused, to be named, named, right answers, accepted)."""
    counts, solved = np.zeros(6, int), solutions(notebook, module)
    for entry in entries(module).values():
        for answer, sentence in wrong_answers(entry):
            feedback = judge(entry, answer)
            named = bool(sentence) and sentence in feedback.message
            counts[:4] += 1, feedback.state == "not yet", bool(sentence), named
        own = [solved[entry.number]] if entry.number in solved else []
        for answer in right_answers(entry) + own:
            counts[4:] += 1, judge(entry, answer).state == "correct"
    return counts


def main(names):
    total = 0
    for path in find_lessons(names):
        counts = rates(module_of(path), read_lesson(path))
        total = total + counts
        print(path.name[:2], _words(counts))
    print("all", _words(total))


def _words(counts):
    wrong, refused, sentences, named, right, accepted = counts
    return (
        f"{refused} of {wrong} wrong answers refused, {named} of {sentences} named; "
        f"{accepted} of {right} right answers accepted"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
