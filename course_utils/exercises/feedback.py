"""How a check talks to the reader: not attempted yet, correct, or what is wrong."""

import dis
import html
import re
import traceback
from dataclasses import dataclass

from course_utils import ROOT

_SIGNS = {"not attempted yet": "○", "correct": "✓", "not yet": "✗"}
# JupyterLab's theme decides; outside of it the color after the comma is used.
_COLORS = {
    "not attempted yet": "var(--jp-ui-font-color2, #6b6b6b)",
    "correct": "var(--jp-success-color1, #1a6b2f)",
    "not yet": "var(--jp-error-color1, #a3361f)",
}


@dataclass(frozen=True)
class Feedback:
    """What a check says. JupyterLab shows it as a box, everything else as text.

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
            f'<strong><span style="color: {color}">{_SIGNS[self.state]}</span> '
            f"Exercise {self.exercise}: {self.state}.</strong> {message}</div>"
        )


def respond(exercise, complaint_about, answer, praise=""):
    """Turn a complaint about an answer, or its absence, into feedback.

    Parameters
    ----------
    exercise : str
        Number of the exercise, such as ``'1.2'``.
    complaint_about : callable
        Takes the answer; returns what is wrong with it, or None. What it raises becomes feedback.
    answer : object
        The reader's answer.
    praise : str, optional
        What the reader should take away from the right answer.

    Returns
    -------
    feedback : Feedback

    Examples
    --------
    >>> def complaint_about(answer):
    ...     return None if answer == 4 else f"Your answer is {answer}; count again."
    >>> respond("0.0", complaint_about, ...)
    ○ Exercise 0.0: not attempted yet. Replace the `...`, run your cell, then run this one.
    >>> respond("0.0", complaint_about, 5)
    ✗ Exercise 0.0: not yet. Your answer is 5; count again.
    >>> respond("0.0", complaint_about, 4, praise="Two and two is four.")
    ✓ Exercise 0.0: correct. Two and two is four.
    """
    if is_untouched(answer):
        hint = "Replace the `...`, run your cell, then run this one."
        return Feedback(exercise, "not attempted yet", hint)
    try:
        complaint = complaint_about(answer)
    except KeyboardInterrupt as stop:
        complaint = f"Stopped while your code was running{_line_of(stop) or '.'}"
    except Exception as error:
        complaint = _explain(error)
    if complaint is None:
        return Feedback(exercise, "correct", praise)
    return Feedback(exercise, "not yet", complaint)


def is_untouched(answer):
    """Tell whether an answer is still ``...``, or a function whose body does nothing."""
    return answer is ... or (hasattr(answer, "__code__") and _steps(answer) == _steps(_stub))


def _stub(): ...


def _steps(function):
    # A docstring is no step.
    return [(step.opname, step.argval) for step in dis.get_instructions(function)]


def _explain(error):
    """Describe an exception by its type, its text and the reader's line that raised it."""
    what = f"{type(error).__name__}: {error}"
    if _readers_frames(error):
        return f"Your code raised {what}{_line_of(error)}"
    return (
        f"The check could not use your answer ({what}). Keep the name and the arguments of "
        "the starting cell, and pass the function itself, not its result."
    )


def _line_of(error):
    lines = [frame.line for frame in _readers_frames(error) if frame.line]
    return f"\nin the line: {lines[-1]}" if lines else ""


def _readers_frames(error):
    return [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith(str(ROOT / "course_utils"))
        and "site-packages" not in frame.filename
    ]
