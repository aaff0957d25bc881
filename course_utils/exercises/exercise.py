"""One entry for each exercise: what is right, which mistakes people make, and how both are told.

The entries stand in ``lesson_NN.py``, each as ``check_N_M``; a lesson calls it with the reader's
answer. The same entry is the bank of the test, which hands each check its own answers.
"""

import copy
import dis
import html
import re
import tomllib
import traceback
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from IPython import get_ipython

from course_utils import ROOT
from course_utils.app import progress

# A sign, and a color: JupyterLab's theme decides; outside of it the one after the comma is used.
_STATES = {
    "not attempted yet": ("○", "var(--jp-ui-font-color2, #6b6b6b)"),
    "correct": ("✓", "var(--jp-success-color1, #1a6b2f)"),
    "not yet": ("✗", "var(--jp-error-color1, #a3361f)"),
}


@dataclass(frozen=True)
class Feedback:
    """What a check says. JupyterLab shows it as a box, everything else as text."""

    exercise: str
    state: str
    message: str = ""

    def __repr__(self):
        sign, _ = _STATES[self.state]
        return f"{sign} Exercise {self.exercise}: {self.state}. {self.message}".rstrip()

    def _repr_html_(self):
        sign, color = _STATES[self.state]
        message = html.escape(self.message).replace("\n", "<br>")
        message = re.sub("`([^`]+)`", r"<code>\1</code>", message)
        return (
            f'<div style="border-left: 4px solid {color}; padding: 4px 12px">'
            f'<strong><span style="color: {color}">{sign}</span> '
            f"Exercise {self.exercise}: {self.state}.</strong> {message}</div>"
        )


class Several(list):
    """Wrong answers that share one sentence."""


@dataclass(frozen=True)
class Exercise:
    """An exercise with its answer, its mistakes and its check: call it with the reader's answer.

    A function is called with the arguments in `calls`, a list of tuples, or a dict whose keys say
    in words what large arguments cannot, such as ``'a mask of label 2'``. Its results are compared
    with those of the `reference`, within the `tolerance` and a millionth. Where they differ, the
    mistake with the same results names itself; otherwise the reader sees the call, the result and
    what was expected. A value is compared with the `reference`. See `judged` for answers of which
    no single one is right, and `choice` for questions with letters.

    `mistakes` are the sentences that name them, each with an answer, the result of the first call,
    or `Several`; ``...`` stands for a part of a result that may be anything. With a `judge`, the
    sentence is a part of what it says. `judge` takes the answer, and `look` each result; they
    return what is wrong with it, or None. `view` changes all results first, such as ``np.sort``.
    With `keeps_inputs`, changed arguments are refused. `given` is for the test: what the lesson's
    solution cell uses of earlier cells.

    >>> mistakes = {"You added the sides; multiply them.": lambda rows, columns: rows + columns}
    >>> calls = [(2, 3), (4, 5)]
    >>> check_0_0 = Exercise("0.0", lambda rows, columns: rows * columns, "", calls, mistakes)
    >>> check_0_0(lambda rows, columns: columns * rows)
    ✓ Exercise 0.0: correct.
    >>> check_0_0(lambda rows, columns: sum([rows, columns]))
    ✗ Exercise 0.0: not yet. You added the sides; multiply them.
    """

    number: str
    reference: object
    praise: str = ""
    calls: Sequence | Mapping = ()
    mistakes: Mapping = field(default_factory=dict)
    choices: Mapping = field(default_factory=dict)
    judge: Callable | None = None
    look: Callable = lambda result: None
    view: Callable = lambda result: result
    tolerance: float = 1e-4
    keeps_inputs: bool = False
    given: Mapping = field(default_factory=dict)

    def __call__(self, answer):
        """Return `Feedback` for an answer, and record it; what it raises becomes feedback, too."""
        feedback = self._feedback_on(answer)
        progress.record(self.number, feedback.state)
        return feedback

    def _feedback_on(self, answer):
        if complaint := _stopped_before():
            return Feedback(self.number, "not yet", complaint)
        if _is_untouched(answer):
            hint = "Replace the `...`, run your cell, then run this one."
            return Feedback(self.number, "not attempted yet", hint)
        try:
            complaint = self._complaint_about(answer)
        except KeyboardInterrupt as stop:
            complaint = f"Stopped while your code was running{_line_of(stop) or '.'}"
        except Exception as error:
            complaint = _explain(error)
        if complaint is None:
            return Feedback(self.number, "correct", self.praise)
        return Feedback(self.number, "not yet", complaint)

    def _complaint_about(self, answer):
        if self.judge:
            return self.judge(answer)
        if not self.calls:
            return self._problem_of(answer) or self._compare([self.view(answer)], answer)
        if not callable(answer):
            kind = type(answer).__name__
            return f"Your answer is of type `{kind}`; give the function itself, without calling it."
        results = []
        for arguments in self._arguments():
            before = copy.deepcopy(arguments)
            try:
                result = answer(*arguments)
            except Exception as error:
                results.append(error)
                break
            if self.keeps_inputs and not _agree(arguments, before, 0):
                return "Your function changes its input. Work on a copy: `a + b`, not `a += b`."
            if complaint := self._problem_of(result):
                return complaint
            results.append(self.view(result))
        return self._compare(results, answer)

    def _problem_of(self, result):
        if result is None:
            return "Your result is None. Did you forget `return`, or print instead of returning?"
        return self.look(result)

    def _arguments(self):
        return copy.deepcopy(list(getattr(self.calls, "values", lambda: self.calls)()))

    def _compare(self, got, answer):
        """Return the sentence of the mistake that gives these results, or the first difference."""
        expected = self._results_of(self.reference)
        wrong = [not same for same in self._same(got, expected)]
        if not any(wrong):
            return None
        first, on_first = wrong.index(True), None
        failed = isinstance(got[first], Exception)
        for sentence, answers in self.mistakes.items():
            for mistake in answers if isinstance(answers, Several) else [answers]:
                same = self._same(got, self._results_of(mistake))
                if all(same) and not (failed and first == 0):
                    return sentence
                if same[first : first + 1] == [True] and not failed:
                    on_first = on_first or sentence
        if failed:
            raise got[first]
        if not all(wrong) and all(self._same(got, got[:1] * len(got))):
            return "Your function returns the same for every call: use its arguments."
        gave = f"{self._words_for(first, answer)} gave" if self.calls else "Your answer is"
        return on_first or _difference(got[first], expected[first], gave)

    def _same(self, got, expected):
        return [_agree(*pair, self.tolerance) for pair in zip(got, expected, strict=False)]

    def _results_of(self, answer):
        """Return what an answer of the entry gives for each call, up to its first exception."""
        if not (self.calls and callable(answer)):
            return [self.view(answer)]
        results = []
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            for arguments in self._arguments():
                try:
                    results.append(self.view(answer(*arguments)))
                except Exception as error:
                    return [*results, error]
        return results

    def _words_for(self, index, answer):
        name = getattr(answer, "__name__", "<")
        name = "your function" if name.startswith("<") else name
        if isinstance(self.calls, Mapping):
            return f"For {list(self.calls)[index]}, `{name}`"
        return f"`{name}({', '.join(map(_shown, self._arguments()[index]))})`"


def judged(number, reference, praise, **options):
    """Make an exercise of the function below, which is its judge.

    >>> @judged("0.0", 12, "So does twelve.")
    ... def check_0_0(number):
    ...     return None if number % 4 == 0 else f"{number} is no multiple of 4."
    >>> check_0_0(15)
    ✗ Exercise 0.0: not yet. 15 is no multiple of 4.
    """
    return lambda judge: Exercise(number, reference, praise, judge=judge, **options)


def choice(number, right=None, praise="", **explanations):
    """Make a question about letters, words or one number, each with why it is right or wrong.

    One is right, or a list of them, or a dict of names has the right ones of each. Left out, all
    texts are those of choices.toml. A number within 2 % is right; its texts end with an ``else``.
    """
    if right is None:
        texts = tomllib.loads(Path(__file__).with_name("choices.toml").read_text("utf-8"))
        return choice(number, **texts[number])
    if isinstance(right, str):
        make, judge = judged(number, right, praise, choices=explanations), _judge_letter
    elif isinstance(right, int | float):
        wrong = {why: float(key) for key, why in explanations.items() if key != "else"}
        make, judge = judged(number, right, praise, mistakes=wrong), _judge_number
    elif isinstance(right, dict):
        make, judge = judged(number, right, praise), _judge_words
    else:
        make, judge = judged(number, set(right), praise), _judge_set
    return make(lambda answer: judge(answer, right, explanations))


def _plain(answer):
    """Return a word without its decoration; a pair of letters is one word."""
    word = str(answer) if np.ndim(answer) == 0 else "".join(map(str, np.ravel(answer)))
    return word.strip(" ().*").lower().removesuffix(".0")


def _judge_letter(answer, right, explanations):
    letter = _plain(answer) if isinstance(answer, str) else None
    letters = ", ".join(sorted([right, *explanations]))
    unknown = f'Your answer is {answer!r}. Choose one of: {letters}, in quotes, such as "a".'
    return None if letter == right else explanations.get(letter, unknown)


def _judge_number(answer, right, explanations):
    number = np.ravel(answer)
    if number.size != 1 or number.dtype.kind not in "iuf":
        return f"Your answer is {answer!r:.60}; it should be one number."
    if np.isclose(number, right, rtol=0.02):
        return None
    for key, why in explanations.items():
        if key == "else" or np.isclose(number, float(key), rtol=0.005):
            return why


def _judge_set(answer, right, explanations):
    words, right = _words(answer), set(map(_plain, right))
    if not np.iterable(words):
        some = next(word for word in explanations if _plain(word) not in right)
        return f"Your answer is {answer!r:.60}; give a set, such as {{{some!r}}}."
    chosen, known = set(map(_plain, words)), {_plain(word) for word in explanations}
    said = [f"{word!r} is none of: {', '.join(sorted(explanations))}." for word in chosen - known]
    said += [why for word, why in explanations.items() if _plain(word) in chosen - right]
    missing = [why for word, why in explanations.items() if _plain(word) in right - chosen]
    said += [f"{len(missing)} missing. {why}" for why in missing]
    return said[0] if said else None


def _judge_words(answer, right, explanations):
    words = _words(answer)
    words = dict(words if hasattr(words, "keys") else zip(right, words, strict=False))
    if words.keys() != right.keys() or len(_words(answer)) != len(right):
        return f"Give {len(right)} answers, one for each of {', '.join(right)}, in this order."
    known = [word for word in dict.fromkeys(map(str, right.values())) if word.isalpha()]
    for name, allowed in right.items():
        given = {_plain(word) for word in np.ravel(words[name])}
        if known and not given <= {*known}:
            return f"{name}: {words[name]!r} is none of {', '.join(known)}."
        if not set() < given <= {_plain(word) for word in np.ravel(allowed)}:
            return f"{name}: {explanations[name]}"
    return None


def _words(answer):
    return answer.replace(",", " ").split() if isinstance(answer, str) else answer


_failed = {}  # the last error of the cells that define a name, by name; None where all is well


def _remember(result):
    """Note after a cell which names it has defined, and which not, because it failed before."""
    error = result.error_before_exec or result.error_in_exec
    frames = traceback.walk_tb(getattr(error, "__traceback__", None))
    reached = [line for frame, line in frames if frame.f_globals is get_ipython().user_ns]
    for number, line in enumerate(result.info.raw_cell.split("\n"), start=1):
        if match := re.match(r"def +(\w+)|(\w+) *=", line):
            _failed[match[match.lastindex]] = error if number >= [*reached, 0][0] else None


if get_ipython():
    get_ipython().events.register("post_run_cell", _remember)


def _stopped_before():
    """Say that the cell of an answer has failed, so that an older answer would be judged."""
    names = re.findall(r"\w+", get_ipython().user_ns["In"][-1]) if get_ipython() else ()
    for name in filter(_failed.get, names):
        what = f"{type(_failed[name]).__name__}: {getattr(_failed[name], 'msg', _failed[name])}"
        return f"The cell with `{name}` stopped with {what}. Correct it, run it, then this one."


def _is_untouched(answer):
    """Tell whether an answer is still ``...``, or a function whose body does nothing."""
    return answer is ... or (hasattr(answer, "__code__") and _steps(answer) == _steps(_stub))


def _stub(): ...


def _steps(function):
    # A docstring is no step.
    return [(step.opname, step.argval) for step in dis.get_instructions(function)]


def _explain(error):
    what = f"{type(error).__name__}: {error}"
    if (line := _line_of(error)) is not None:
        return f"Your code raised {what}{line}"
    return (
        f"The check could not use your answer ({what}). Keep the name and the arguments of "
        "the starting cell, and pass the function itself, not its result."
    )


def _line_of(error):
    """Return the reader's line that raised an exception, or None if none of theirs did."""
    ours = (str(ROOT / "course_utils"), "site-packages")
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f.line for f in frames if not any(folder in f.filename for folder in ours)]
    written = list(filter(None, lines))
    return f"\nin the line: {written[-1]}" if written else "" if lines else None


def _numbers(value):
    """Return a value as float64, or None if it is not made of numbers."""
    try:
        array = np.asarray(value)
        numeric = array.dtype.kind in "biufO" and value is not None
        return array.astype(np.float64) if numeric else None
    except (TypeError, ValueError):
        return None


def _agree(got, expected, tolerance):
    """Tell whether two results are the same; ``...`` on the right agrees with everything."""
    if expected is ...:
        return True
    if isinstance(expected, Exception) or isinstance(got, Exception):
        return type(got) is type(expected)
    if isinstance(expected, str) or callable(expected):
        return isinstance(got, type(expected)) and got == expected
    if isinstance(expected, dict):
        same_keys = isinstance(got, dict) and got.keys() == expected.keys()
        return same_keys and all(_agree(got[key], expected[key], tolerance) for key in expected)
    if isinstance(expected, tuple):
        parts = list(got) if isinstance(got, (tuple, list)) or np.ndim(got) else []
        pairs = zip(parts, expected, strict=False)
        return len(parts) == len(expected) and all(_agree(*pair, tolerance) for pair in pairs)
    got, expected = _numbers(got), _numbers(expected)
    if got is None or expected is None or got.shape != expected.shape:
        return False
    return np.allclose(got, expected, rtol=1e-6, atol=tolerance, equal_nan=True)


def _shown(value):
    """Write an argument or a result as a reader would type it, if it is small."""
    array = _numbers(value)
    if array is None or isinstance(value, bool):
        if isinstance(value, (tuple, list)):
            return f"({', '.join(map(_shown, value))})"
        return f"{getattr(value, '__name__', repr(value)):.60}"
    if array.ndim == 0:
        return f"{array:,.0f}" if array == np.round(array) else f"{array:,.6g}"
    if array.size > 12:
        return f"<{' × '.join(map(str, array.shape))} numbers>"
    inside = ", ".join(map(_shown, array))
    return f"({inside})" if isinstance(value, tuple) else f"[{inside}]"


def _difference(got, expected, gave):
    """Say how a result differs; `gave` begins the sentence, such as ``'`f(2)` gave'``."""
    kind = f"something of type `{type(got).__name__}`"
    numbers, wanted = _numbers(got), _numbers(expected)
    should = ", expected {}."
    if gave.startswith("Your answer is"):
        # What was worked out by hand is not given away.
        should = ", and that is not the expected value."
    if isinstance(expected, dict):
        keys = ", ".join(map(repr, expected))
        if not isinstance(got, dict):
            return f"{gave} {kind}, expected a dict with the keys {keys}."
        for key in [*(got.keys() - expected.keys()), *(expected.keys() - got.keys())]:
            return f"{gave} {'' if key in got else 'no '}{key!r}, expected the keys {keys}."
        key = next(key for key in expected if not _agree(got[key], expected[key], 1e-4))
        return _difference(got[key], expected[key], f"{gave}, for {key!r},")
    if wanted is None and isinstance(expected, tuple):
        if not isinstance(got, (tuple, list)) or len(got) != len(expected):
            return f"{gave} {kind}, expected {len(expected)} results."
        part = [_agree(*pair, 1e-4) for pair in zip(got, expected, strict=True)].index(False)
        return _difference(got[part], expected[part], f"{gave}, as result {part + 1},")
    if wanted is None or isinstance(expected, bool):
        return f"{gave} {_shown(got)}" + should.format(_shown(expected))
    if numbers is None:
        return f"{gave} {kind}; it should be made of numbers."
    if numbers.shape != wanted.shape:
        kinds = [
            f"an array of shape {a.shape}" if a.ndim else "a number" for a in (numbers, wanted)
        ]
        return f"{gave} {kinds[0]}, expected {kinds[1]}."
    if not np.isfinite(numbers).all():
        return f"{gave} something with NaN or infinite values."
    if wanted.size <= 6:
        return f"{gave} {_shown(got)}" + should.format(_shown(expected))
    where = np.unravel_index(np.argmax(np.abs(numbers - wanted)), wanted.shape)
    place = ", ".join(map(str, where))
    return f"{gave} {_shown(numbers[where])} at [{place}]" + should.format(_shown(wanted[where]))
