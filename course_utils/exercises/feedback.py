"""How a check talks to the learner: not attempted yet, correct, or what is wrong.

A check is a function that takes the learner's answer and returns ``None`` if it is right and a
sentence that says what is wrong if it is not. The decorator `check` adds the rest: an untouched
answer is recognized, and an exception in the learner's code becomes feedback.
"""

import dis
import functools
import html
import re
import traceback
from dataclasses import dataclass

import numpy as np

from course_utils import ROOT

_SIGNS = {"not attempted yet": "○", "correct": "✓", "not yet": "✗"}
_COLORS = {"not attempted yet": "#6b6b6b", "correct": "#1a6b2f", "not yet": "#a3361f"}


@dataclass(frozen=True)
class Feedback:
    """What a check says. JupyterLab shows it as a colored box, everything else as text.

    Attributes
    ----------
    exercise : str
        Number of the exercise, such as ``'1.2'``.
    state : {'not attempted yet', 'correct', 'not yet'}
    message : str
        What is wrong and where to look, or what follows from the right answer.
    """

    exercise: str
    state: str
    message: str = ""

    def __repr__(self):
        text = f"{_SIGNS[self.state]} Exercise {self.exercise}: {self.state}."
        return f"{text} {self.message}".rstrip()

    def _repr_html_(self):
        color = _COLORS[self.state]
        message = html.escape(self.message).replace("\n", "<br>")
        message = re.sub("`([^`]+)`", r"<code>\1</code>", message)
        return (
            f'<div style="border-left: 4px solid {color}; padding: 4px 12px">'
            f'<strong style="color: {color}">{_SIGNS[self.state]} Exercise {self.exercise}: '
            f"{self.state}.</strong> {message}</div>"
        )


def check(exercise, praise=""):
    """Turn a function that returns a complaint or None into a check that gives feedback.

    Parameters
    ----------
    exercise : str
        Number of the exercise, such as ``'1.2'``.
    praise : str, optional
        What the learner should take away from the right answer.

    Returns
    -------
    decorate : callable
        A decorator. The decorated function returns a `Feedback` and never raises an
        `Exception` of the learner's code.

    Examples
    --------
    >>> @check("0.0", praise="Two and two is four.")
    ... def check_0_0(answer):
    ...     return None if answer == 4 else f"Your answer is {answer}; count again."
    >>> check_0_0(...)
    ○ Exercise 0.0: not attempted yet. Replace the `...`, run your cell, then run this one.
    >>> check_0_0(5)
    ✗ Exercise 0.0: not yet. Your answer is 5; count again.
    >>> check_0_0(4)
    ✓ Exercise 0.0: correct. Two and two is four.
    """

    def decorate(complaint_about):
        @functools.wraps(complaint_about)
        def run(*answers):
            if any(is_untouched(answer) for answer in answers):
                hint = "Replace the `...`, run your cell, then run this one."
                return Feedback(exercise, "not attempted yet", hint)
            try:
                complaint = complaint_about(*answers)
            except Exception as error:
                complaint = _explain(error)
            if complaint is None:
                return Feedback(exercise, "correct", praise)
            return Feedback(exercise, "not yet", complaint)

        return run

    return decorate


def _stub(): ...  # fmt: skip


def is_untouched(answer):
    """Tell whether an answer is still ``...``, or a function whose body is only ``...``."""
    if answer is ...:
        return True
    return hasattr(answer, "__code__") and _steps(answer) == _steps(_stub)


def _steps(function):
    """List what a function does; its docstring, which does nothing, is not part of that."""
    return [(step.opname, step.argval) for step in dis.get_instructions(function)]


def _explain(error):
    """Describe an exception by its type, its text and the learner's line that raised it."""
    what = f"{type(error).__name__}: {error}"
    frames = traceback.extract_tb(error.__traceback__)
    learners = [frame for frame in frames if not _is_library(frame.filename)]
    if not learners:
        return (
            f"The check could not use your answer ({what}). Keep the name and the arguments of "
            "the starting cell, and pass the function itself, not its result."
        )
    line = f"\nin the line: {learners[-1].line}" if learners[-1].line else ""
    return f"Your code raised {what}{line}"


def _is_library(filename):
    return filename.startswith(str(ROOT / "course_utils")) or "site-packages" in filename


def compare(answer, expected, mistakes=None, *, name="Your result", tolerance=1e-4):
    """Compare an answer with the expected value and name what is different.

    Parameters
    ----------
    answer : object
        The learner's number or array.
    expected : float or array-like
        The right value.
    mistakes : dict of str to array-like, optional
        Usual mistakes: the sentence that names one, and the value that it produces.
    name : str, optional
        How the complaint refers to the answer.
    tolerance : float, optional
        Largest accepted absolute difference.

    Returns
    -------
    complaint : str or None
        None if the answer is right.

    Examples
    --------
    >>> compare(3.0, 3) is None
    True
    >>> compare([1, 2], [1, 3], {"You forgot to add one.": [1, 2]})
    'You forgot to add one.'
    >>> compare([1, 2, 3], [1, 3])
    'Your result has shape (3,), and it should have shape (2,).'
    """
    if answer is None:
        return f"{name} is None. Did you forget `return`, or print instead of returning?"
    try:
        got = np.asarray(answer)
        got = got.astype(np.float64) if got.dtype.kind in "biuf" else None
    except (TypeError, ValueError):
        got = None
    if got is None:
        return f"{name} is a {type(answer).__name__}, and it should be made of numbers."
    expected = np.asarray(expected, dtype=np.float64)
    for sentence, wrong in (mistakes or {}).items():
        if _agree(got, np.asarray(wrong, dtype=np.float64), tolerance):
            return sentence
    if got.shape != expected.shape:
        return f"{name} has shape {got.shape}, and it should have shape {expected.shape}."
    if not np.isfinite(got).all():
        return f"{name} contains NaN or infinite values."
    if _agree(got, expected, tolerance):
        return None
    if got.ndim == 0:
        return f"{name} is {got:.6g}, and that is not the expected value."
    where = np.unravel_index(np.argmax(np.abs(got - expected)), got.shape)
    index = ", ".join(str(int(i)) for i in where)
    return (
        f"{name} differs most at [{index}]: it is {got[where]:.6g} there and should be "
        f"{expected[where]:.6g}."
    )


def _agree(a, b, tolerance):
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=0, atol=tolerance, equal_nan=True))


def choose(answer, right, explanations):
    """Judge an answer to a multiple-choice question; every wrong choice is explained.

    Parameters
    ----------
    answer : str
        The learner's letter; case and spaces do not matter.
    right : str
        The right letter.
    explanations : dict of str to str
        For each wrong letter, why it is wrong.

    Returns
    -------
    complaint : str or None

    Examples
    --------
    >>> choose("A", "b", {"a": "The pixel grid has no unit."})
    'The pixel grid has no unit.'
    >>> choose("b", "b", {"a": "The pixel grid has no unit."}) is None
    True
    """
    letters = sorted([right, *explanations])
    letter = answer.strip(" ().*").lower() if isinstance(answer, str) else None
    if letter == right:
        return None
    if letter not in explanations:
        return (
            f"Your answer is {answer!r}. Choose one of: {', '.join(letters)}, as a string in "
            'quotes, such as "a".'
        )
    return explanations[letter]
