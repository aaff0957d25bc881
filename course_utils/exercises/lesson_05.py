"""Exercises of lesson 05, measuring a classifier."""

import numpy as np

from course_utils.exercises.exercise import Exercise, choice


def _shared(groups, in_test):
    return set(groups[in_test]) & set(groups[~in_test])


check_5_1 = Exercise(
    "5.1",
    lambda groups, in_test: len(_shared(groups, in_test)),
    praise="Run it on every division you meet; 0 is the only good answer.",
    calls=[
        # In both: A, C, G. In test only: D, J. In training only: B, E, F, H, I.
        (np.array(list("AAABCCCDEEFGGGGGHIJ")), np.uint8(list("1000110100011110001")) > 0),
        (np.array([7, 7, 8, 8]), np.array([True, True, False, False])),
    ],
    look=lambda result: (
        "You return the patients themselves; return how many there are."
        if isinstance(result, set) or np.ndim(result)
        else None
    ),
    mistakes={
        "You return the patients themselves": _shared,
        "You counted all images of the shared patients; count each patient once.": 11,
        "You counted test images of shared patients; count each patient once.": 7,
        "You counted training images of shared patients; count each patient once.": 4,
    },
    other_right=[lambda g, t: np.isin(np.unique(g[t]), g[~t]).sum()],
    other_wrong=[lambda g, t: 3],
)

check_5_2 = Exercise(
    "5.2",
    lambda y, c: (np.mean(c[y == 1] == 1), np.mean(c[y == 0] == 0)),
    praise="Each looks at one true class alone, so the mix of classes does not matter.",
    calls=[
        (np.array([1, 1, 1, 1, 0, 0, 0, 0, 0, 0]), np.array([1, 1, 1, 0, 0, 0, 0, 0, 1, 1])),
        (np.array([1, 0, 0]), np.array([1, 0, 0])),
    ],
    mistakes={
        "Those are predictive values: divide by the true classes, not the calls.": (3 / 5, 4 / 5),
        "You have exchanged the two: the sensitivity is about the positives.": (4 / 6, 3 / 4),
        "Those are the errors, misses and false positives; subtract them from 1.": (1 / 4, 2 / 6),
        "For 0 and 1, write `== 0`, not `~`.": lambda y, c: (0.75, np.mean(~c[y == 0])),
        "That is the accuracy; two numbers are asked for.": lambda y, c: np.mean(y == c),
    },
    other_right=[lambda y, c: [(c * y).sum() / y.sum(), ((1 - c) * (1 - y)).sum() / (1 - y).sum()]],
    other_wrong=[lambda y, c: (3 / 4, 4 / 6)],
)


def _threshold_for(labels, probabilities, target):
    positives = np.sort(probabilities[labels == 1])[::-1]
    return positives[max(int(np.ceil(target * len(positives) - 1e-9)), 1) - 1]


check_5_3 = Exercise(
    "5.3",
    _threshold_for,
    praise="On validation patients; then it is frozen.",
    calls=[
        (
            np.array([0, 0, 0, 0, 1, 1, 1, 1, 1]),
            np.array([0.1, 0.3, 0.5, 0.7, 0.2, 0.4, 0.6, 0.8, 0.9]),
            target,
        )
        for target in (0.8, 0.5)
    ],
    mistakes={
        "`np.quantile` lands between two patients; take a positive one's own value.": 0.36,
        "You go one positive too far: a patient *at* the threshold is called positive.": 0.2,
        "That is the lowest threshold: it calls everybody positive; take the highest.": 0.1,
        "That is the target itself; look at the positives.": lambda y, p, target: target,
        "With five positives, two give a sensitivity of 0.4, less than 0.5: round the number of "
        "positives up.": lambda y, p, t: np.sort(p[y == 1])[::-1][int(t * sum(y)) - 1],
    },
    other_right=[lambda y, p, t: max(x for x in p if np.mean(p[y == 1] >= x) >= t)],
)

check_5_4 = Exercise(
    "5.4",
    lambda a, b, p: a * p / (a * p + (1 - b) * (1 - p)),
    praise="Bayes' rule: count the true positives among all positives.",
    calls=[(0.9, 0.8, 0.1), (1.0, 0.95, 0.001)],
    mistakes={
        "That is the negative predictive value.": 0.72 / 0.73,
        "The false positives are (1 − specificity) of the negatives.": 0.09 / (0.09 + 0.72),
        "You left out the prevalence.": 0.9 / 1.1,
        "Only a share 1 − prevalence can be false positives: weight them, too.": 0.09 / 0.29,
        "That is the share of all who are true positives; divide by that of all positives.": 0.09,
        "Those are odds; divide by true and false positives together.": 0.5,
    },
    other_right=[lambda a, b, p: 1 / (1 + (1 - b) / a * (1 - p) / p)],
    other_wrong=[lambda a, b, p: 1 / 3],
)


def _look_at_rows(result):
    if getattr(result, "dtype", np.dtype(int)).kind == "b":
        return "You return a mask; a patient drawn twice needs row numbers that repeat."
    if isinstance(result, (list, tuple)) and any(np.ndim(part) for part in result):
        return "You return one list per draw; join them, for instance with np.concatenate."
    if getattr(result, "dtype", np.dtype(int)).kind in "US":
        return "You return patients; return the positions of their images."
    return None


check_5_5 = Exercise(
    "5.5",
    lambda groups, drawn: np.concatenate([np.flatnonzero(groups == name) for name in drawn]),
    praise="Whoever is drawn twice brings all images twice.",
    calls=[(np.array(list("ABACBB")), np.array(list("BAB")))],
    look=_look_at_rows,
    view=np.sort,
    mistakes={
        "You return a mask": np.isin,
        "You return one list per draw": lambda g, d: [np.flatnonzero(g == name) for name in d],
        "You return patients": lambda g, d: np.concatenate([g[g == name] for name in d]),
        "Who is drawn twice brings all images twice.": lambda g, d: np.flatnonzero(np.isin(g, d)),
        "You take one image per draw; a patient brings all images.": lambda g, d: [
            int(np.argmax(g == name)) for name in d
        ],
    },
    other_right=[lambda g, d: [row for name in d for row, who in enumerate(g) if who == name]],
    other_wrong=[lambda g, d: sorted(d)],
)

check_5_6 = choice(
    "5.6",
    "c",
    praise="An interval can only speak about the patients it was drawn from.",
    a="The interval starts at 0.61: with six positives, a test that misses a third of them would "
    "quite often find all six.",
    b="The interval is about the sensitivity, an average over positive patients, not about the "
    "chance of a single one, and not about how sure the network is.",
    d="Six hits are six hits: the score was measured. What six patients cannot do is pin it down.",
)
