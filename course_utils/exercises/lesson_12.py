"""Exercises of lesson 12, on what a network needs before it is used elsewhere."""

import numpy as np

from course_utils.exercises.exercise import Exercise, choice

check_12_1 = choice("12.1")


def _accuracy(unsure=lambda p: np.minimum(p, 1 - p), kept=round, right=np.equal):
    """Return the function, right or with another order, number or answer."""

    def surest_accuracy(labels, probabilities, coverage):
        rows = np.argsort(unsure(probabilities))[: kept(coverage * len(labels))]
        return right(labels[rows], probabilities[rows] > 0.5).mean()

    return surest_accuracy


_LABELS = np.array([1, 1, 0, 0, 0, 1, 0, 1, 0, 0])
_VALUES = np.array([0.97, 0.92, 0.04, 0.45, 0.61, 0.33, 0.08, 0.72, 0.56, 0.24])

check_12_2 = Exercise(
    "12.2",
    _accuracy(),
    praise="It is used below.",
    calls={
        "ten patients and a coverage of 0.5": (_LABELS, _VALUES, 0.5),
        "ten patients and a coverage of 0.3": (_LABELS, _VALUES, 0.3),
        "ten patients and a coverage of 1": (_LABELS, _VALUES, 1.0),
        "four patients and a coverage of 0.75": (_LABELS[3:7], _VALUES[3:7], 0.75),
    },
    keeps_inputs=True,
    mistakes={
        "You keep the least sure: smallest 1 − max p first.": _accuracy(lambda p: abs(p - 0.5)),
        "You keep the highest probabilities; 0.03 is as sure as 0.97.": _accuracy(lambda p: -p),
        "You keep the lowest probabilities; 0.97 is as sure as 0.03.": _accuracy(lambda p: p),
        "You keep everybody: use the coverage.": _accuracy(kept=lambda number: None),
        "You keep the share that should leave: coverage is the share decided.": (
            lambda y, p, coverage: _accuracy()(y, p, 1 - coverage)
        ),
        "Divide by the patients that are kept, not by all.": (
            lambda y, p, coverage: _accuracy()(y, p, coverage) * round(coverage * len(y)) / len(y)
        ),
        "Those are the errors; accuracy is 1 minus them.": _accuracy(right=lambda y, p: y != p),
        "That is the share called malignant, not the share right.": _accuracy(right=lambda y, p: p),
        "An answer below 0.5 can be right, too: count both.": _accuracy(right=lambda y, p: p * y),
    },
)

check_12_3 = choice("12.3")
check_12_4 = choice("12.4")
check_12_5 = choice("12.5")
