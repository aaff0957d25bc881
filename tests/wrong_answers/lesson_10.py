"""Wrong answers to the exercises of lesson 10."""

import numpy as np


def per_slice(truth, predicted):
    """Average the scores of slices instead of pooling their pixels."""
    scores = [
        2 * (a & b).sum() / (a.sum() + b.sum()) for a, b in zip(truth, predicted, strict=True)
    ]
    return np.mean(scores)


def outcomes(scored, absent, missed, false):
    """Return a learner's function that gives these four answers."""

    def outcome(truth, predicted):
        if truth.any():
            return scored if predicted.any() else missed
        return false if predicted.any() else absent

    return outcome


RIGHT = [(24, 24, 32), (24, 24, 64), (24, 24, 32)]

WRONG_ANSWERS = {
    "10.1": [
        (lambda t, p: (t & p).sum() / (t | p).sum(), "That is IoU"),
        (lambda t, p: (t & p).sum() / (t.sum() + p.sum()), "common pixels twice"),
        (lambda t, p: (t == p).mean(), "accuracy"),
        (lambda t, p: (t & p).sum() / t.sum(), "sensitivity"),
        (per_slice, "pool the pixels"),
        (lambda t, p: 2 * (t & p).sum() / (t | p).sum(), "sum of the two sizes"),
    ],
    "10.2": [
        (lambda iou: iou / (2 - iou), "other way round"),
        (lambda iou: 2 * iou, "above 1"),
        (lambda iou: iou / (1 + iou), "numerator"),
        (lambda iou: iou, "IoU itself"),
    ],
    "10.3": [
        (lambda m, s, t, g: m.sum() * s[0] * s[1] * t / 1000, "left out the gaps"),
        (lambda m, s, t, g: m.sum() * s[0] * s[1] * (t + g), "mm³"),
        (lambda m, s, t, g: m.sum() * s[0] * s[1] * (t + g) / 10, "10 · 10 · 10"),
        (lambda m, s, t, g: m.sum() * (t + g) / 1000, "pixels for mm²"),
        (lambda m, s, t, g: m.size * s[0] * s[1] * (t + g) / 1000, "inside the mask"),
        (lambda m, s, t, g: m.sum() * s[0] * s[1] * (t - g) / 1000, "it is added"),
    ],
    "10.4": [
        (outcomes("scored", "scored", "missed", "false detection"), "0 / 0"),
        (outcomes("scored", "correct absence", "false detection", "missed"), "exchanged"),
        (outcomes("scored", "missed", "missed", "false detection"), "both are empty"),
        (outcomes("scored", "correct absence", "scored", "scored"), "prediction is empty"),
        (outcomes(1.0, 1.0, 0.0, 0.0), "four texts"),
    ],
    "10.5": [
        ([(12, 12, 32), *RIGHT[1:]], "doubles height and width"),
        ([(24, 24, 64), *RIGHT[1:]], "filters"),
        ([RIGHT[0], (24, 24, 32), RIGHT[2]], "side by side"),
        ([RIGHT[0], (48, 48, 64), RIGHT[2]], "only the channels"),
        ([*RIGHT[:2], (24, 24, 64)], "32 channels come out"),
        (RIGHT[:2], "three shapes"),
    ],
    "10.6": [("a", "below the median"), ("b", "where the wrong pixels lie"), ("d", "simulated")],
}
