"""Right and wrong answers to the exercises of lesson 10."""

import numpy as np

UP, JOINED = (24, 24, 32), (24, 24, 64)


def outcome(both="scored", none="correct absence", missed="missed"):
    """Return a rule with the answer for two masks, none, and an empty prediction."""

    def rule(truth, predicted):
        if truth.any():
            return both if predicted.any() else missed
        return "false detection" if predicted.any() else none

    return rule


def volume_in_a_loop(masks, spacing, thickness, gap):
    pixels = sum(np.count_nonzero(mask) for mask in masks)
    return pixels * spacing[0] * spacing[1] * (thickness + gap) / 1000


RIGHT = {
    "10.1": [lambda t, p: 1 - (t ^ p).sum() / (t.sum() + p.sum())],
    "10.3": [volume_in_a_loop],
    "10.5": [[[24, 24, 32], [24, 24, 64], [24, 24, 32]]],
    "10.6": [lambda: dict(augment=True, loss="Dice")],  # noqa: C408
}

WRONG = {
    "10.2": [np.sqrt, lambda iou: (1 + iou) / 2],
    "10.4": [outcome(none="missed"), outcome(missed="scored"), outcome(1.0, 1.0, 0.0)],
    "10.5": ["(24, 24, 32)", ((22, 22, 32), JOINED, UP), (UP, JOINED)],
    "10.6": [
        lambda: {"augment": True},
        lambda: {"loss": "Dice", "augment": "True"},
        {"loss": "Dice", "augment": True},
    ],
}
