"""Exercises of lesson 05, measuring a classifier."""

import numpy as np
import pandas as pd
from scipy.special import expit

from course_utils import evaluation
from course_utils.exercises.exercise import Exercise, Several, choice, judged


def _shares(*wanted):
    # Of sensitivity, specificity, PPV and NPV, by position; ~i is 1 minus it.
    def shares(y, c):
        found = [np.mean(a[b == k] == k) for a, b in ((c, y), (y, c)) for k in (1, 0)]
        return tuple(found[abs(i)] if i >= 0 else 1 - found[~i] for i in wanted)

    return shares


check_5_1 = Exercise(
    "5.1",
    _shares(0, 1),
    praise="Each looks at one true class alone, so the mix of classes does not matter.",
    calls=[
        (np.array([1, 1, 1, 1, 0, 0, 0, 0, 0, 0]), np.array([1, 1, 1, 0, 0, 0, 0, 0, 1, 1])),
        (np.array([0, 1, 0, 1, 0]), np.array([1, 1, 0, 0, 0])),
    ],
    mistakes={
        "For integers, `~` gives −1 and −2: write `== 0`.": Several([(..., -4 / 3), (..., 0)]),
        "Those are predictive values: select by `labels`, not by `called`.": _shares(2, 3),
        "The first is still the precision: select by `labels`, not by `called`.": _shares(2, 1),
        "The second is the negative predictive value: select by `labels`.": _shares(0, 3),
        "You have exchanged the two: the sensitivity is about the positives.": _shares(1, 0),
        "Those are the errors, misses and false positives; subtract them from 1.": _shares(~0, ~1),
        "The second is the share of false positives, 1 − specificity.": _shares(0, ~1),
        "Divide each count by its own class, not by all.": (0.3, 0.4),
        "That is the accuracy; two numbers are asked for.": lambda y, c: np.mean(y == c),
    },
)


check_5_2 = Exercise(
    "5.2",
    ("C", 36 / 112.8),
    praise="Two in three of those called positive are not, and four positives a year are missed.",
    look=lambda got: None if np.shape(got)[:1] == (2,) else 'Give two, such as ("A", 0.5).',
    view=lambda answer: (str(answer[0]).strip().upper(), answer[1]),
    tolerance=0.006,
    mistakes={
        "A calls 231 patients, B 123; there are 120 places.": Several([("A", ...), ("B", ...)]),
        "D leaves places empty: another one finds more positives within 120.": ("D", ...),
        "C is right. Of 1,000 tested, 40 are positive.": Several([("C", 0.92), ("C", 0.9)]),
        "C is right. You give odds; divide by true and false positives together.": ("C", 0.469),
        "C is right. Divide by those called.": Several([("C", 0.036), ("C", 0.113), ("C", 0.3)]),
        "C is right. That is the share of false ones among those called positive.": ("C", 0.681),
        "C is right. Give a fraction, not percent.": Several([("C", 31.9), ("C", 32)]),
    },
)


def _threshold(y, p, t):
    return np.sort(p[y == 1])[::-1][max(int(np.ceil(t * np.sum(y) - 1e-9)), 1) - 1]


@judged("5.3", _threshold, "On validation patients; then it is frozen.")
def check_5_3(threshold_for):
    labels, probabilities = np.array([*map(int, "0101100111011")]), np.arange(1, 14) ** 1.5 / 50
    positives = probabilities[labels == 1]
    for target, needed in ((0.75, 6), (0.6, 5), (0.9, 8)):
        value = threshold_for(labels.copy(), probabilities.copy(), target)
        if value is None:
            return "Your function returns None. Did you forget `return`?"
        call, called = f"For target {target} you give {value:.3f}: ", positives >= value - 1e-6
        if called.sum() < needed:
            return f"{call}{called.sum()} of 8 positives are called, and it takes {needed}."
        if np.mean(positives > value + 1e-6) >= target:
            return f"{call}a higher threshold calls the {needed} positives that it takes, too."
        if abs(positives - value).min() > 1e-6:
            return f"{call}the last positive whom it takes has a higher probability."


check_5_4 = choice("5.4")


def _study(seed, better):
    """Return slices of 80 validation and 120 test patients, with two networks' probabilities."""
    rng, label = np.random.default_rng(seed), np.arange(200) % 2
    table = pd.DataFrame({"patient": np.tile(rng.permutation(200), 3), "label": np.tile(label, 3)})
    both = rng.normal(size=200)
    for name, gain in (("old", 0), ("new", better)):
        own = both + 0.4 * rng.normal(size=200) + (1.4 + gain) * (label - 0.5)
        table[name] = expit(np.tile(own, 3) + rng.normal(size=600)).round(4)
    table = table.sample(frac=1, random_state=seed)
    return table[table["patient"] >= 120], table[table["patient"] < 120]


# New is better, though the networks' own intervals overlap; nothing is shown; old is better.
_STUDIES = _study(6, 0.8), _study(8, 0), _study(7, -0.9)


def _at(rows, model="new"):
    return _threshold(rows.label, rows[model], 0.9)


def _hits(rows, threshold):
    return np.mean(rows.new[rows.label == 1] >= threshold)


def _claim(low, high):
    return "new is better" if low > 0 else "old is better" if high < 0 else "not shown"


def _compare(validation, test):
    at, test = _at(validation.groupby("patient").mean()), test.groupby("patient").mean()
    scored = evaluation.roc_auc, test.label.astype(int), test.new
    gain = evaluation.bootstrap(*scored, against=test.old, n_resamples=1000)
    found = {"threshold": at, "sensitivity": _hits(test, at)}
    found["gain"] = gain.value, gain.low, gain.high
    return found | {"claim": _claim(gain.low, gain.high)}


@judged(
    "5.5",
    _compare,
    "Threshold, patients and interval stand in it, so others can check your sentence.",
)
def check_5_5(compare):
    for validation, test in _STUDIES:
        right, got = _compare(validation, test), compare(validation.copy(), test.copy())
        if not isinstance(got, dict) or set(got) != set(right) or np.shape(got["gain"]) != (3,):
            return f"Return a dict with the keys {', '.join(right)}; the gain has three numbers."
        known, patients = (rows.groupby("patient").mean() for rows in (validation, test))
        at, (value, low, high), ends = right["threshold"], right["gain"], got["gain"][1:]
        for key, wrong, sentence in (
            ("threshold", _at(patients), "Choose the threshold on validation patients."),
            ("threshold", _at(known, "old"), "That is the old network's threshold."),
            ("threshold", _at(validation), "Your threshold is for slices; average first."),
            ("sensitivity", _hits(known, at), "The sensitivity is asked of test patients."),
            ("sensitivity", _hits(test, at), "Your sensitivity counts slices; average first."),
            ("gain", -value, "The gain is the new AUC minus the old one."),
            *((key, None, "") for key in ("threshold", "sensitivity", "gain")),
        ):
            given, wanted = np.ravel(got[key])[0], np.ravel(right[key])[0]
            if abs(given - wanted) > 1e-3 and (wrong is None or abs(given - wrong) < 1e-3):
                return sentence or f"The {key} is {given:.3f}, and should be {wanted:.3f}."
        width = (ends[1] - ends[0]) / (high - low)
        if not 0.8 < width < 1.25:
            what = "each patient once, for both networks" if width > 1 else "patients, not slices"
            return f"Your interval is {width:.1f} times as wide as it should be: draw {what}."
        if abs(ends[0] - low) > 0.025:
            return f"The interval should reach from {low:.2f} to {high:.2f}."
        if got["claim"] != _claim(*ends):
            return f"{ends[0]:.2f} to {ends[1]:.2f} permits another claim than {got['claim']!r}."


@judged("5.6", ..., "0 patients in both parts: print that number for every division you make.")
def check_5_6(divide):
    for patients, share, seed in ((60, 0.5, 0), (100, 0.2, 1), (150, 0.1, 2)):
        rng = np.random.default_rng(seed)
        groups = rng.permutation(np.repeat(np.arange(patients), rng.integers(1, 5, patients)))
        part = np.asarray(divide(groups + 500, (groups < share * patients).astype(int)))
        if part.shape != groups.shape or not np.isin(part, (0, 1)).all():
            return "Return one True or False for each image: is it in the test part?"
        tested = set(groups[part == 1])
        if both := tested & set(groups[part == 0]):
            return f"{len(both)} of {patients} patients have images in both parts."
        if not 0.15 <= len(tested) / patients <= 0.25:
            return f"{len(tested)} of {patients} patients are in the test part; take a fifth."
        positive = sum(patient < share * patients for patient in tested)
        if abs(positive / len(tested) - share) > 0.06:
            found = f"{positive} of {len(tested)} test patients are positive"
            return f"{found}, {share:.0%} of all {patients}: divide within each class (stratify)."
