"""Wrong answers to the exercises of lesson 05."""

import numpy as np

from tests.lessons.wrong_answers.common import nothing


def shared(groups, in_test):
    return set(groups[in_test]) & set(groups[~in_test])


def shares(numerator, denominator):
    """Return a learner's pair of shares, made from positives and negatives by two functions."""

    def pair(labels, called):
        right = [np.sum((labels == k) & (called == k)) for k in (1, 0)]
        parts = zip(right, denominator(labels, called), strict=True)
        return tuple(numerator(r, n) for r, n in parts)

    return pair


def by_class(labels, called):
    return [np.sum(labels == k) for k in (1, 0)]


def by_call(labels, called):
    return [np.sum(called == k) for k in (1, 0)]


def by_all(labels, called):
    return [len(labels)] * 2


def candidates(enough, choose=max):
    """Return a learner's search over all probabilities with one thing wrong."""

    def search(labels, probabilities, target):
        return choose(t for t in probabilities if enough(labels, probabilities, t) >= target)

    return search


def at_or_above(labels, probabilities, t):
    return (probabilities[labels == 1] >= t).mean()


def above(labels, probabilities, t):
    return (probabilities[labels == 1] > t).mean()


def rounded_down(labels, probabilities, target):
    positives = np.sort(probabilities[labels == 1])[::-1]
    return positives[int(target * len(positives)) - 1]


WRONG_ANSWERS = {
    "5.1": [
        (shared, "the patients themselves"),
        (lambda g, t: np.isin(g, list(shared(g, t))).sum(), "all images of the shared"),
        (lambda g, t: np.isin(g[t], g[~t]).sum(), "test images of shared"),
        (lambda g, t: len(set(g[t])), "patients of the test part"),
        (lambda g, t: len(set(g)), "all patients"),
        (lambda g, t: 3, "use the arguments"),
        (nothing, "forget `return`"),
    ],
    "5.2": [
        (shares(lambda r, n: r / n, by_call), "the predictive values"),
        (lambda y, c: shares(lambda r, n: r / n, by_class)(y, c)[::-1], "exchanged"),
        (shares(lambda r, n: 1 - r / n, by_class), "subtract them from 1"),
        (shares(lambda r, n: r / n, by_all), "divide by all patients"),
        (shares(lambda r, n: r, by_class), "Those are counts"),
        (shares(lambda r, n: 100 * r / n, by_class), "percentages"),
        (lambda y, c: np.mean(y == c), "accuracy"),
        (lambda y, c: (3 / 4, 4 / 6), "use the arguments"),
    ],
    "5.3": [
        (lambda y, p, s: np.quantile(p[y == 1], 1 - s), "lands between"),
        (candidates(above), "*at* the threshold"),
        (lambda y, p, s: np.sort(p[y == 1])[::-1][int(s * sum(y))], "one positive too far"),
        (candidates(at_or_above, min), "lowest threshold"),
        (lambda y, p, s: 0.0, "calls everybody positive"),
        (lambda y, p, s: s, "the target itself"),
        (lambda y, p, s: np.sort(p)[int((1 - s) * len(p)) + 1], "positives only"),
        (rounded_down, "positives up"),
        (lambda y, p, s: 0.4, "use the arguments"),
    ],
    "5.4": [
        (lambda a, b, p: b * (1 - p) / (b * (1 - p) + (1 - a) * p), "negative predictive"),
        (lambda a, b, p: a * p / (a * p + b * (1 - p)), "not the specificity"),
        (lambda a, b, p: a / (a + 1 - b), "left out the prevalence"),
        (lambda a, b, p: a * p / (a * p + 1 - b), "weight them"),
        (lambda a, b, p: a * p, "share of all alarms"),
        (lambda a, b, p: a / (1 - b), "likelihood ratio"),
        (lambda a, b, p: a * (1 - p) / (a * (1 - p) + (1 - b) * p), "1 − prevalence"),
        (lambda a, b, p: 100 * a * p / (a * p + (1 - b) * (1 - p)), "percentage"),
        (lambda a, b, p: 1 / 3, "use the arguments"),
    ],
    "5.5": [
        (lambda g, d: np.isin(g, d), "mask"),
        (lambda g, d: np.flatnonzero(np.isin(g, d)), "images twice"),
        (lambda g, d: [int(np.argmax(g == name)) for name in d], "one image per draw"),
        (lambda g, d: [np.flatnonzero(g == name) for name in d], "np.concatenate"),
        (lambda g, d: np.concatenate([g[g == name] for name in d]), "return patients"),
        (lambda g, d: np.flatnonzero(~np.isin(g, d)), "*not* drawn"),
        (lambda g, d: np.arange(len(g)), "nothing was drawn"),
    ],
    "5.6": [("a", "starts at 0.61"), ("b", "an average"), ("d", "pin it down")],
}
