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


def missed_without_overlap(truth, predicted):
    """Call a prediction missed where it has no pixel in common with the truth."""
    if truth.any():
        return "scored" if (truth & predicted).any() else "missed"
    return "false detection" if predicted.any() else "correct absence"


def forgets_to_return():
    settings = {"loss": "Dice", "augment": True}  # noqa: F841


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
        (lambda m, s, t, g: m[2].sum() * 3 * s[0] * s[1] * (t + g) / 1000, "have a tumor"),
        (lambda m, s, t, g: m[2].sum() * len(m) * s[0] * s[1] * (t + g) / 1000, "of the stack"),
        (lambda m, s, t, g: m.any(0).sum() * len(m) * s[0] * s[1] * (t + g) / 1000, "largest"),
        (lambda m, s, t, g: m[1].sum() * s[0] * s[1] * (t + g) / 1000, "slice 1 alone"),
        (lambda m, s, t, g: m[2].sum() * s[0] * s[1] * (t + g) / 1000, "slice 2 alone"),
        (lambda m, s, t, g: m[3].sum() * s[0] * s[1] * (t + g) / 1000, "slice 3 alone"),
        (lambda m, s, t, g: m.sum() * s[0] ** 2 * (t + g) / 1000, "squared the rows"),
        (lambda m, s, t, g: m.sum() * s[1] ** 2 * (t + g) / 1000, "squared the columns"),
    ],
    "10.4": [
        (outcomes("scored", "scored", "missed", "false detection"), "0 / 0"),
        (outcomes("scored", "correct absence", "false detection", "missed"), "exchanged"),
        (outcomes("scored", "missed", "missed", "false detection"), "both are empty"),
        (outcomes("scored", "correct absence", "scored", "scored"), "prediction is empty"),
        (outcomes(1.0, 1.0, 0.0, 0.0), "four texts"),
        (missed_without_overlap, "none in common"),
    ],
    "10.5": [
        ([(12, 12, 32), *RIGHT[1:]], "doubles height and width"),
        ([(24, 24, 64), *RIGHT[1:]], "filters"),
        ([RIGHT[0], (24, 24, 32), RIGHT[2]], "side by side"),
        ([RIGHT[0], (48, 48, 64), RIGHT[2]], "only the channels"),
        ([*RIGHT[:2], (24, 24, 64)], "32 channels come out"),
        (RIGHT[:2], "three shapes"),
        ([(12, 12, 64), *RIGHT[1:]], "64 channels go in"),
        ([*RIGHT[:2], (24, 24, 8)], "8 come only at the top"),
        ([(32, 24, 24), (64, 24, 24), (32, 24, 24)], "channels last"),
    ],
    "10.6": [
        (lambda: {"loss": "Dice loss", "augment": True}, "the loss is called 'Dice'"),
        (lambda: {"loss": "dice", "augment": True}, "called 'Dice', not 'dice'"),
        (lambda: {"loss": np.mean, "augment": True}, "by its name"),
        (lambda: {"loss": None, "augment": True}, "by its name"),
        (lambda: {"augment": True}, "Name the loss"),
        (lambda: {"loss": "Dice"}, "the arm 'Dice loss' of the table"),
        (lambda: {"loss": "Dice", "augment": False}, "the arm 'Dice loss' of the table"),
        (lambda: {"loss": "sum", "augment": True}, "that arm exists: 'sum, augmented'"),
        (lambda: {"seed": 0, "loss": "Dice", "augment": True}, "same for all arms"),
        (lambda: {"loss": "Dice", "augmented": True}, "not augmented"),
        (lambda: {"loss": "Dice", "augment": "True"}, "True or False; yours is 'True'"),
        (lambda: {"loss": "Dice", "augment": {"flip": True}}, "True or False"),
        (lambda: ("Dice", True), "yours is a tuple"),
        (forgets_to_return, "forget `return`"),
        ({"loss": "Dice", "augment": True}, "Give the function itself"),
    ],
    "10.7": [("a", "below the median"), ("b", "where the wrong pixels lie"), ("d", "simulated")],
}
