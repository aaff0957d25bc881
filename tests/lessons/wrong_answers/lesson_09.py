"""Wrong answers to the exercises of lesson 09."""

import numpy as np


def over_calls(labels, called):
    """Return the mean precision of the classes that were called."""
    return np.mean([(labels[called == k] == k).mean() for k in np.unique(called)])


def average_over_seven(labels, called):
    """Average over classes that do not occur, without the warning of NumPy."""
    with np.errstate(invalid="ignore"):
        right = [(called[labels == k] == k).sum() / (labels == k).sum() for k in range(7)]
    return np.mean(right)


def shares(rows, *, axis):
    return rows / rows.sum(axis=axis, keepdims=True)


WRONG_ANSWERS = {
    "9.1": [
        (lambda y, c: (y == c).mean(), "accuracy"),
        (lambda y, c: [(c[y == k] == k).mean() for k in np.unique(y)], "return their mean"),
        (lambda y, c: np.mean([(c[y == k] == k).mean() for k in np.unique(c)]), "never called"),
        (over_calls, "precision"),
        (lambda y, c: np.sum([(c[y == k] == k).mean() for k in np.unique(y)]), "sum"),
        (
            lambda y, c: np.sum([(c[y == k] == k).mean() for k in np.unique(y)]) / 7,
            "number of classes is fixed",
        ),
        (average_over_seven, "do not occur are averaged"),
    ],
    "9.2": [
        (lambda x, p: x / (x**p).mean(axis=(1, 2), keepdims=True), "forgot the root"),
        (lambda x, p: x / x.mean(axis=(1, 2), keepdims=True), "ignore `power`"),
        (lambda x, p: (x**p).mean(axis=(1, 2), keepdims=True) ** (1 / p), "return the light"),
        (lambda x, p: (x**p).mean(axis=(1, 2)) ** (1 / p), "keep the shape"),
        (lambda x, p: x / (x**p).mean(axis=(0, 1, 2)) ** (1 / p), "each image has its own"),
        (
            lambda x, p: x / (x**p).mean(axis=(1, 2, 3), keepdims=True) ** (1 / p),
            "each color is divided",
        ),
        (lambda x, p: x / (x**p).mean(axis=(1, 2)) ** (1 / p), "ValueError"),
        (lambda x, p: x / (x**3).mean(axis=(1, 2), keepdims=True) ** (1 / 3), "power is fixed"),
        (lambda x, p: x / ((x**p).mean(axis=(1, 2), keepdims=True) ** 1 / p), "in parentheses"),
        (lambda x, p: x / (x**p).mean(axis=1, keepdims=True) ** (1 / p), "over axis 1 only"),
        (lambda x, p: x / (x**p).mean(axis=2, keepdims=True) ** (1 / p), "over axis 2 only"),
    ],
    "9.3": [
        (lambda q, t, w: q * w / t, "sum to 1"),
        (lambda q, t, w: shares(q * t / w, axis=1), "other way"),
        (lambda q, t, w: shares(q / t, axis=1), "forgot the wanted"),
        (lambda q, t, w: shares(q * w / t, axis=0), "each column"),
        (lambda q, t, w: q, "Nothing has changed"),
        (lambda q, t, w: shares(q * w, axis=1), "forgot to divide by those trained on"),
        (lambda q, t, w: q / t, "the wanted shares are forgotten"),
    ],
    "9.4": [("a", "different things"), ("c", "ordered"), ("d", "does not depend")],
    "9.5": [("a", "other lesions"), ("b", "how one network orders"), ("d", "does not name")],
}
