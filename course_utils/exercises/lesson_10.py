"""Exercises of lesson 10, brain tumor segmentation."""

import numpy as np
from scipy import ndimage

from course_utils.exercises.exercise import Exercise, Several, choice, judged

_TRUTH, _PREDICTED, _NONE, _PIXEL = np.zeros((4, 2, 6, 6), bool)
_TRUTH[0, 1:4, 1:5] = _TRUTH[1, 2, 2] = _PIXEL[1, 2, 2] = True  # 13 pixels
_PREDICTED[0, 2:5, 1:3] = True  # 6 pixels, 4 in common


def _two(result):
    good = isinstance(result, (tuple, list)) and len(result) == 2
    return None if good else "Return two things, separated by a comma."


def _rating(twice=2, smooth=0, union=False, few=0, empty=np.nan, common=None, failures=None):
    def rate(truth, predicted):
        both, size = (truth & predicted).sum(), truth.sum() + predicted.sum()
        if max(truth.sum(), predicted.sum()) <= few:
            return "correct absence", empty
        if min(truth.sum(), predicted.sum()) <= few or (common and not common(truth, predicted)):
            return (failures or ("false detection", "missed"))[int(truth.sum() > few)], 0.0
        return "scored", (twice * both + smooth) / (size - union * both + smooth)

    return rate


check_10_1 = Exercise(
    "10.1",
    _rating(),
    praise="Decided before anybody saw a score, so that nobody can choose what suits.",
    calls={
        "13 and 6 pixels, 4 in common": (_TRUTH, _PREDICTED),
        "two empty masks": (_NONE, _NONE),
        "an empty prediction": (_TRUTH, _NONE),
        "an empty truth": (_NONE, _TRUTH),
        "masks with no pixel in common": (_PREDICTED, np.roll(_PREDICTED, 2, axis=2)),
        "masks with no slice in common": (_PREDICTED, np.roll(_PREDICTED, 1, axis=0)),
        "masks of one pixel": (_PIXEL, _PIXEL),
    },
    look=_two,
    view=lambda pair: (pair[0].strip().lower() if isinstance(pair[0], str) else pair[0], pair[1]),
    mistakes={
        "That is IoU: you divided by the pixels of either mask.": _rating(twice=1, union=True),
        "Dice counts the common pixels twice: 2 · common / (sum of both).": _rating(twice=1),
        "You added 1 above and below, as losses do; the score is exact.": _rating(smooth=1),
        "That is the Dice loss, 1 − Dice.": ("scored", 11 / 19),
        "That is accuracy: it counts the background.": ("scored", 61 / 72),
        "You averaged the slices; pool the pixels of all slices.": ("scored", 4 / 18),
        "Both have pixels, but in no slice together: that is 'scored', too.": _rating(
            common=lambda t, p: (t.any((1, 2)) & p.any((1, 2))).any()
        ),
        "Without a common pixel it is 'scored', with a Dice of 0.": _rating(
            common=lambda t, p: (t & p).any()
        ),
        "A single pixel counts, too: ask whether there is any.": _rating(few=3),
        "A tumor without a prediction is missed; you exchanged the two failures.": _rating(
            failures=("missed", "false detection")
        ),
        "Where both are empty there is no score: NaN.": Several([_rating(empty=n) for n in (0, 1)]),
    },
)

_MASKS = np.zeros((2, 4, 4, 1), np.float32)
_MASKS[0, 1:3, 1:4] = 1
_GUESS = np.linspace(0.05, 0.95, _MASKS.size, dtype=np.float32).reshape(_MASKS.shape)


def _loss(power=2, above=1, below=1, twice=2, axis=None, outside=lambda x: 1 - x, mean=False):
    def loss(truth, predicted):
        from course_utils._tensorflow import keras

        add = keras.ops.mean if mean else keras.ops.sum
        size = add(truth**power, axis) + add(predicted**power, axis)
        score = (twice * add(truth * predicted, axis) + above) / (size + below)
        return keras.ops.mean(outside(score))

    return loss


_MISTAKES = {
    "That is the soft Dice score; the loss is one minus it.": _loss(outside=lambda x: x),
    "That is minus the score; the loss is one minus it.": _loss(outside=lambda x: -x),
    "Square the masks and the probabilities in the denominator.": _loss(power=1),
    "The overlap counts twice: 2 · sum of t p.": _loss(twice=1),
    "The 1 is missing above and below: 0 / 0 for empty masks.": _loss(above=0, below=0),
    "The 1 stands in the numerator, too.": _loss(above=0),
    "The sums run over the whole batch, not over each slice.": _loss(axis=(1, 2, 3)),
    "You took means; beside them the 1 outweighs all pixels.": _loss(mean=True),
}


@judged("10.2", _loss(), "Now the network is trained for what is scored.", mistakes=_MISTAKES)
def check_10_2(answer):
    from course_utils._tensorflow import tf

    calls = {"two masks": (_MASKS, _GUESS), "empty masks": (0 * _MASKS, 0 * _GUESS)}
    values = Exercise("10.2", _loss(), "", calls, _MISTAKES, view=lambda x: np.asarray(x, float))
    if complaint := values._complaint_about(answer):
        return complaint
    guess = tf.Variable(_GUESS)
    with tf.GradientTape() as tape:
        value = tf.convert_to_tensor(answer(tf.constant(_MASKS), guess * 1))
    if tape.gradient(value, guess) is None:
        return "The values are right, but no gradient comes back: use `ops`, not NumPy."


_BLOBS = np.zeros((3, 8, 8), bool)
_BLOBS[0, 1:4, 1:4] = _BLOBS[0, 6, 6] = _BLOBS[1, 1, 1] = True  # 9 and 1; 1 above the 9
_BLOBS[1, 4:6, 4:6] = _BLOBS[1, 6, 6] = True  # 4, and 1 that touches at a corner


def _islands(keep=np.greater_equal, structure=None, background=False, stack=False):
    def drop(masks, smallest):
        kept = np.zeros_like(masks)
        for part in [slice(None)] if stack else range(len(masks)):
            pieces, _ = ndimage.label(masks[part], structure)
            large = keep(np.bincount(pieces.ravel()), smallest)
            large[0] &= background
            kept[part] = large[pieces]
        return kept

    return drop


check_10_3 = Exercise(
    "10.3",
    _islands(),
    praise="One number, and it has to be chosen before the test.",
    calls={
        "pieces of 9, 4 and 1 pixels and smallest 2": (_BLOBS, 2),
        "the same and smallest 4": (_BLOBS, 4),
        "the same and smallest 8": (_BLOBS, 8),
        "the same and smallest 0": (_BLOBS, 0),
        "empty masks": (0 * _BLOBS, 3),
    },
    keeps_inputs=True,
    view=lambda result: np.asarray(result).astype(float),
    mistakes={
        "A piece of exactly `smallest` pixels stays; only smaller ones go.": _islands(np.greater),
        "You numbered the pieces of the whole stack; go slice by slice.": _islands(stack=True),
        "Pixels that touch at a corner only are two pieces.": _islands(structure=np.ones((3, 3))),
        "You kept the background: piece 0 lies outside the mask.": _islands(background=True),
        "You kept the small pieces and removed the large ones.": _islands(np.less),
        "You kept the largest piece alone; keep every piece that is large enough.": _islands(
            lambda counts, _: counts == max([*counts[1:], 0])
        ),
        "You removed whole slices; remove pieces.": lambda m, smallest: (
            m * (m.sum((1, 2), keepdims=True) >= smallest)
        ),
        "Nothing was removed.": lambda masks, smallest: masks.copy(),
    },
)

check_10_4 = choice("10.4")

_TRUE, _MEASURED = np.array([[10.0, 20, 40, 50, 80], [12.0, 19, 50, 45, 92]])


def _limits(base=lambda t, m: t, ddof=1, factor=1.96, change=lambda x: 100 * x, root=False):
    def limits(true, measured):
        relative = change((measured - true) / base(true, measured))
        spread = factor * np.std(relative, ddof=ddof) / (np.sqrt(len(true)) if root else 1)
        return relative.mean(), relative.mean() - spread, relative.mean() + spread

    return limits


check_10_5 = Exercise(
    "10.5",
    _limits(),
    praise="Between these limits lie about 95 of 100 patients, and that is what one patient needs.",
    calls=[(_TRUE, _MEASURED), (_TRUE[:3], _TRUE[:3] * np.array([0.5, 1.5, 1.0]))],
    view=lambda result: tuple(result) if isinstance(result, (list, np.ndarray)) else result,
    tolerance=1e-3,
    mistakes={
        "Divide each difference by the true volume.": _limits(base=lambda t, m: 100),
        "Give percent: multiply by 100.": _limits(change=lambda x: x),
        "The differences are measured minus true.": _limits(change=lambda x: -100 * x),
        "The standard deviation of a sample divides by n − 1: `ddof=1`.": _limits(ddof=0),
        "The limits lie 1.96 standard deviations away.": Several(_limits(factor=n) for n in (1, 2)),
        "Keep the sign of the differences.": _limits(change=lambda x: 100 * np.abs(x)),
        "The limits are about single patients: do not divide by √n.": _limits(root=True),
        "Divide by the true volume alone.": Several(
            [_limits(base=lambda t, m: m), _limits(base=lambda t, m: (t + m) / 2)]
        ),
    },
)
