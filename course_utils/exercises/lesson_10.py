"""Exercises of lesson 10, brain tumor segmentation."""

import numpy as np

from course_utils.exercises.exercise import Exercise, Several, choice

_TRUTH, _PREDICTED = np.zeros((2, 2, 6, 6), bool)
_TRUTH[0, 1:4, 1:5] = _TRUTH[1, 2, 2] = True  # 13 pixels
_PREDICTED[0, 2:5, 1:3] = True  # 6 pixels, 4 in common


def _dice(truth, predicted, axis=None):
    return 2 * (truth & predicted).sum(axis) / (truth.sum(axis) + predicted.sum(axis))


check_10_1 = Exercise(
    "10.1",
    _dice,
    praise="Background that both leave out never counts; that is the point of Dice.",
    calls={"13 and 6 pixels, 4 in common": (_TRUTH, _PREDICTED), "equal masks": (_TRUTH, _TRUTH)},
    mistakes={
        "That is IoU: you divided by the pixels of either mask, each counted once.": 4 / 15,
        "Dice counts the common pixels twice: it is 2 · common / (sum of both).": 4 / 19,
        "That is accuracy: it counts the background, and nearly everything is background.": 61 / 72,
        "You divided by the true mask only: that is sensitivity.": 4 / 13,
        "You divided by the predicted mask only: that is precision.": 4 / 6,
        "You took the score of each slice and averaged; pool the pixels of all slices.": 4 / 18,
        "That is the Dice loss, 1 − Dice.": 11 / 19,
        "You added 1 to both sides of the fraction, as losses do; the score is exact.": 9 / 20,
    },
)

check_10_2 = Exercise(
    "10.2",
    lambda iou: 2 * iou / (1 + iou),
    praise="So they rank single masks alike, and IoU always looks worse.",
    calls=[(0.5,), (0.75,), (1.0,), (0.0,)],
    mistakes={
        "That is the other way round: IoU = Dice / (2 - Dice).": lambda iou: iou / (2 - iou),
        "Twice the IoU is above 1 for a good mask; the denominator grows, too.": lambda x: 2 * x,
        "The numerator is twice the intersection.": lambda iou: iou / (1 + iou),
    },
)

_MASKS = np.zeros((5, 8, 8), bool)
_MASKS[1, 2:6, 1:6] = _MASKS[2, 1:7, 1:7] = _MASKS[3, 3:5, 2:4] = True  # 20, 36 and 4 pixels


def _volume(count):
    return lambda m, s, t, g: count(m) * s[0] * s[1] * (t + g) / 1000


check_10_3 = Exercise(
    "10.3",
    _volume(np.sum),
    praise="The gap belongs to the volume: tumor goes on where no slice was measured.",
    calls={
        "60 pixels of 2 × 1.6 mm, 5 mm thick, gap 1 mm": (_MASKS, (2.0, 1.6), 5.0, 1.0),
        "the same without a gap": (_MASKS, (2.0, 1.6), 5.0, 0.0),
    },
    mistakes={
        "You left out the gaps: each slice stands for its thickness and the gap to the next.": 0.96,
        "That is in mm³; a cm³ has 1,000 mm³.": 1152,
        "You divided by 10 or 100; a cm³ is 10 · 10 · 10 mm³.": Several([115.2, 11.52]),
        "A pixel's area is rows · columns; you squared the rows.": 1.44,
        "You took pixels for mm²: multiply by the spacing of rows and of columns.": 0.36,
        "You counted all pixels of the stack, not those inside the mask.": 6.144,
        "You took the largest slice for all that have a tumor; add up the pixels of each.": 2.0736,
        "Three slices stand for three gaps, not two.": 1.088,
    },
)

_FOUND = np.zeros((3, 4, 4), bool)
_FOUND[1, 1:3, 1:3] = True
_NONE = np.zeros_like(_FOUND)


def _outcome(scored="scored", absent="correct absence", missed="missed", false="false detection"):
    def outcome(truth, predicted):
        if truth.any():
            return scored if predicted.any() else missed
        return false if predicted.any() else absent

    return outcome


def _needs_overlap(truth, predicted, of=lambda mask: mask):
    if truth.any() and predicted.any():
        return "scored" if (of(truth) & of(predicted)).any() else "missed"
    return _outcome()(truth, predicted)


check_10_4 = Exercise(
    "10.4",
    _outcome(),
    praise="Decided before anybody saw a score, so that nobody can choose what suits.",
    calls={
        "two masks with pixels": (_FOUND, _FOUND),
        "two empty masks": (_NONE, _NONE),
        "an empty prediction": (_FOUND, _NONE),
        "an empty truth": (_NONE, _FOUND),
        "masks with no pixel in common": (_FOUND, np.roll(_FOUND, 2, axis=2)),
        "masks with no slice in common": (_FOUND, np.roll(_FOUND, 1, axis=0)),
    },
    view=lambda result: result.strip().lower() if isinstance(result, str) else result,
    mistakes={
        "You exchanged the two failures: a tumor without a prediction is missed.": (
            _outcome(missed="false detection", false="missed")
        ),
        "Where both are empty Dice is 0 / 0: a correct absence.": _outcome(absent="scored"),
        "Without a common pixel it is 'scored', with a Dice of 0.": _needs_overlap,
        "Both have pixels, but in no slice together: that is 'scored', too; look at the whole "
        "mask.": lambda t, p: _needs_overlap(t, p, lambda mask: mask.any(axis=(1, 2))),
    },
)

_UP, _JOINED = (24, 24, 32), (24, 24, 64)

check_10_5 = Exercise(
    "10.5",
    (_UP, _JOINED, _UP),
    praise="The skip adds channels, never height or width.",
    mistakes={
        "A transposed convolution doubles height and width.": ((12, 12, 32), ..., ...),
        "The number of channels is that of the layer's filters.": (_JOINED, ..., ...),
        "As many channels come out as the layer has filters.": ((12, 12, 64), ..., ...),
        "Concatenating puts channels side by side: 32 and 32.": (..., _UP, ...),
        "Height and width stay; only the channels are put together.": (..., (48, 48, 64), ...),
        "The two convolutions have 32 filters: 32 channels come out.": (..., ..., _JOINED),
        "Keras puts channels last: (height, width, channels).": ((32, 24, 24), ..., ...),
    },
)

check_10_6 = Exercise(
    "10.6",
    lambda: {"loss": "Dice", "augment": True},
    praise="One line, and the arm meets the same patients and seeds as all others.",
    calls=[()],
    mistakes={
        "The loss is 'Dice'; 'Dice loss' is an arm.": {"loss": "Dice loss", "augment": ...},
        "The loss is called 'Dice', not 'dice'.": {"loss": "dice", "augment": ...},
        "That is the arm 'Dice loss' of the table; switch augment on.": Several(
            [{"loss": "Dice"}, {"loss": "Dice", "augment": False}]
        ),
        "The seed is the same for all; leave it out.": {"loss": ..., "augment": ..., "seed": ...},
    },
)

check_10_7 = choice(
    "10.7",
    "c",
    praise="A median over patients hides the tail; the tail is who is harmed.",
    a="Half of the patients lie below the median, some far below: look at the failures.",
    b="Dice says nothing about where the wrong pixels lie. A thin rim around the tumor and a "
    "missed lobe can cost the same.",
    d="The second reader's masks were simulated by the same program that drew the truth. Real "
    "readers were never asked.",
)
