"""Exercises of lesson 13, auditing and reporting a study."""

import numpy as np

from course_utils.exercises.exercise import Exercise, choice

check_13_1 = choice("13.1")
check_13_2 = choice("13.2")


def _threshold(labels, values, share=0.9):
    ill = values[labels == 1]
    return max(t for t in ill if np.mean(ill >= t) >= share - 1e-9)


def _point(choose=0, apply=1, threshold=_threshold, above=np.greater_equal):
    """Return the function, right or with a mistake: which part is used for what, and how."""

    def operating_point(*parts):
        chosen = threshold(*parts[2 * choose : 2 * choose + 2])
        labels, values = parts[2 * apply : 2 * apply + 2]
        called = above(values, chosen)
        return called[labels == 1].mean(), 1 - called[labels == 0].mean()

    return operating_point


def _case(seed, n, shift):
    """Return validation and test patients whose best thresholds differ; values have ties."""
    rng = np.random.default_rng(seed)
    parts = []
    for size, moved in ((n, 0.0), (n + 31, shift)):
        labels = np.arange(size) % 3 == 0
        values = np.round(rng.beta(2, 3, size) * 0.6 + 0.2 * labels + moved, 2)
        parts += [labels.astype(int), np.clip(values, 0, 1)]
    return tuple(parts)


check_13_3 = Exercise(
    "13.3",
    _point(),
    praise="It sets the threshold when the seal is broken.",
    calls={
        "a test part like the validation part": _case(0, 90, 0.0),
        "test values that are all higher": _case(1, 120, 0.2),
        "test values that are all lower": _case(2, 75, -0.1),
        "ten malignant validation patients": _case(3, 30, 0.05),
    },
    mistakes={
        "The threshold still comes from the test patients.": _point(choose=1),
        "The result describes the validation patients; report the test patients.": _point(apply=0),
        "Whoever has exactly the threshold is positive: use `>=`.": _point(above=np.greater),
        "The threshold finds all malignant validation patients; 90 % are enough.": _point(
            threshold=lambda v, a: min(a[v == 1])
        ),
        "You return specificity first; sensitivity comes first.": lambda *p: _point()(*p)[::-1],
        "The second number is the share of false positives; return 1 minus it.": (
            lambda *p: np.abs([0, 1] - np.array(_point()(*p)))
        ),
        "The threshold has to find 90 % of the malignant ones, not to spare 90 % of the others.": (
            _point(threshold=lambda v, a: np.sort(a[v == 0])[int(0.9 * np.sum(v == 0))])
        ),
        "A threshold of 0.5 was chosen by nobody; take it from the validation patients.": _point(
            threshold=lambda v, a: 0.5
        ),
    },
    keeps_inputs=True,
)

check_13_4 = choice("13.4")
check_13_5 = choice("13.5")
