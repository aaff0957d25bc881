"""Exercises of lesson 13, auditing and reporting a study."""

import numpy as np

from course_utils.exercises.exercise import Exercise, choice, judged

# Of each leak: the line that makes it, others that take part in it, and what to look for.
_LEAKS = {
    "preprocessing": ({7}, "which numbers are computed from all images before the division?"),
    "copies": ({8, 9, 10, 11, 12}, "where do several versions of one image enter?"),
    "epoch": ({20, 21, 22, 23}, "what decides which weights are kept, and on which images?"),
    "threshold": ({26, 27}, "which number is the largest of many, and on which images?"),
}


@judged(
    "13.1",
    {"preprocessing": 7, "copies": 8, "epoch": 20, "threshold": 26},
    "Line 10 divides what line 8 has multiplied; 21 to 23 carry out the choice of line 20.",
)
def check_13_1(answer):
    if not isinstance(answer, dict):
        return f"Your answer is of type `{type(answer).__name__}`; give a dict of line numbers."
    for kind, (lines, question) in _LEAKS.items():
        if kind not in answer:
            return f"{kind!r} is missing: {question}"
        given = {int(line) for line in np.ravel(answer[kind])}
        if not given <= lines:
            wrong = sorted(given - lines)[0]
            other = [name for name, (own, _) in _LEAKS.items() if wrong in own]
            hint = f"that line belongs to {other[0]!r}" if other else "nothing leaks there"
            return f"Line {wrong} for {kind!r}: {hint}. Ask: {question}"
    unknown = [name for name in answer if name not in _LEAKS]
    return f"{unknown[0]!r} is none of the four kinds." if unknown else None


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


def _needed(factor=2.8, others=2, pairs=2 * (1 - 0.6), auc=0.8):
    """Return how many malignant patients show 0.03, by the formula or with a mistake."""
    n = np.arange(10, 20000)
    one, two = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    spread = auc * (1 - auc) + (n - 1) * (one - auc**2) + (others * n - 1) * (two - auc**2)
    error = np.sqrt(spread / (others * n * n))
    return int(n[np.argmax(factor * error * np.sqrt(pairs) <= 0.03)])


_WRONG_NUMBERS = {
    "This is the number of all patients; give that of the malignant ones.": 3 * _needed(),
    "This is the number of the others; give that of the malignant ones.": 2 * _needed(),
    "With so many, the difference is shown in half of the studies; use the card.": _needed(1.96),
    "You counted as many others as malignant ones; there are twice as many.": _needed(others=1),
    "You left out that the AUCs correlate; the last argument of the card is 0.6.": _needed(pairs=2),
    "You used 1 − 0.6 as the correlation; it is 0.6.": _needed(pairs=1.2),
    "This is for one AUC's interval of ± 0.03, not for a difference.": _needed(1.96, pairs=1),
}


@judged("13.4", _needed(), "Twice as many others come on top.")
def check_13_4(answer):
    number = float(np.ravel(answer)[0]) if np.size(answer) == 1 else np.nan
    if not np.isfinite(number):
        return f"Your answer is {answer!r:.40}; give one number."
    if abs(number / _needed() - 1) <= 0.02:
        return None
    for sentence, wrong in _WRONG_NUMBERS.items():
        if abs(number / wrong - 1) <= 0.005:
            return sentence
    size = "small" if number < _needed() else "large"
    return f"{number:,.0f} is too {size}: put it into `power_card` and look at the last entry."


check_13_5 = choice("13.5")
