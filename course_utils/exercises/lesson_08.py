"""Exercises of lesson 08, a complete study on breast ultrasound."""

import numpy as np

from course_utils.exercises.exercise import Exercise, choice


def _mean(images):
    return images.mean(axis=(1, 2, 3))


def _center(images):
    height, width = images.shape[1:3]
    return images[:, height // 4 : height - height // 4, width // 4 : width - width // 4]


_ULTRASOUND = np.random.default_rng(8).uniform(0.1, 1, (2, 8, 12, 1))


def _rule(center=_center, ratio=lambda center, whole: 1 - center / whole, mean=_mean):
    """Return the rule of the dark center, right or with one part replaced."""
    return lambda images: ratio(mean(center(images)), mean(images))


check_8_1 = Exercise(
    "8.1",
    _rule(),
    praise="One line of knowledge, no training: whatever is trained must beat it.",
    # In some of the images the center is brighter than the rest.
    calls={
        "two images of 8 × 12 pixels": (_ULTRASOUND,),
        "two images of 12 × 8 pixels": (1.1 - _ULTRASOUND.swapaxes(1, 2),),
    },
    tolerance=1e-5,
    mistakes={
        "Turn it round: a darker center gives a larger value.": _rule(ratio=np.divide),
        "That is one number for the batch; take the mean of each image.": _rule(mean=np.mean),
        "Divide by the mean: a dark image is not a dark center.": _rule(ratio=lambda c, m: 1 - c),
        "A ratio does not depend on the gain; a difference does.": _rule(ratio=lambda c, m: m - c),
        "You compare with the border; compare with the mean of the whole image.": _rule(
            ratio=lambda c, m: 1 - c / ((m * 96 - c * 24) / 72)
        ),
        "Take the middle half of the height *and* of the width.": _rule(lambda x: x[:, 2:6]),
        "An empty slice? Use `images.shape`.": _rule(lambda x: x[:, 16:48, 16:48]),
        "Compute the middle half from `images.shape`.": _rule(lambda x: x[:, 2:6, 3:9]),
        "A bright center gives less than 0; keep it.": _rule(ratio=lambda c, m: abs(1 - c / m)),
    },
)

check_8_2 = choice(
    "8.2",
    "c",
    praise="The beam comes from above, so shadows lie below what casts them.",
    a="Left and right breast, and a probe held the other way round, give mirror images: the label "
    "stays true.",
    b="The operator turns the gain as it suits; a cancer stays one.",
    d="Which part of the tissue the probe shows is the operator's choice; a few pixels do not move "
    "the lesion out of the image.",
)


def _predict(batch):
    """Return probabilities that depend on left and right, and on up and down."""
    batch = np.asarray(batch)
    if batch.ndim != 4 or batch.shape[1:] != (4, 4, 1):
        raise ValueError(f"predict got shape {batch.shape}; give it images (n, 4, 4, 1)")
    weights = np.arange(4)[None, :, None] + 3 * np.arange(4)[:, None, None]
    return ((batch * weights) ** 2).mean(axis=(1, 2, 3)) / 144


def _both(turn=lambda x: x[:, :, ::-1], combine=lambda a, b: (a + b) / 2):
    return lambda predict, images: combine(predict(images), predict(turn(images)))


check_8_3 = Exercise(
    "8.3",
    _both(),
    praise="Two looks at the same image by one network, no training needed.",
    calls={"three images": (_predict, np.random.default_rng(0).random((3, 4, 4, 1)))},
    tolerance=1e-9,
    mistakes={
        "That is the prediction of the images alone.": _both(combine=lambda a, b: a),
        "That is the mirror images alone; average both.": _both(combine=lambda a, b: b),
        "You added the two; the mean is half of that.": _both(combine=np.add),
        "You turned the images upside down (axis 1); use axis 2.": _both(lambda x: x[:, ::-1]),
        "Put the sum in parentheses.": _both(combine=lambda a, b: a + b / 2),
        "Average the probabilities, not the images: the mean of an image and its mirror image is "
        "a picture of nothing.": lambda predict, x: predict((x + x[:, :, ::-1]) / 2),
    },
)


def _members(select, axis=0):
    return lambda runs, k: select(runs, k).mean(axis=axis, keepdims=True)


_RUNS = np.array([[0.1, 0.8, 0.3, 0.2], [0.3, 0.4, 0.9, 0.4], [0.8, 0.0, 0.6, 0.9]])

check_8_4 = Exercise(
    "8.4",
    _members(lambda runs, members: runs[:members]),
    praise="An arm is nothing but probabilities of the same patients in the same order.",
    calls=[(_RUNS, 2), (_RUNS[:, :3], 1)],
    tolerance=1e-9,
    keeps_inputs=True,
    mistakes={
        "Keep the axis of the runs, (1, patients).": lambda runs, k: runs[:k].mean(axis=0),
        "You ignore `members`.": _members(lambda runs, k: runs),
        "You took the mean over the patients, not the runs.": _members(lambda r, k: r[:k], axis=1),
        "You took the first patients; the runs are the rows.": _members(lambda r, k: r[:, :k]),
        "You return the runs themselves; return their mean.": lambda runs, k: runs[:k],
    },
)

check_8_5 = Exercise(
    "8.5",
    lambda tp, fp, n, t: tp / n - fp / n * t / (1 - t),
    praise="At a threshold of 10 % a false positive costs a ninth of what a cancer is worth.",
    calls=[(60, 90, 500, 0.1), (10, 20, 100, 0.5)],
    tolerance=1e-9,
    mistakes={
        "The odds are t / (1 − t), small for small thresholds, not (1 − t) / t.": 0.12 - 0.18 * 9,
        "You weighted the false positives by t; it is t / (1 − t), the odds.": 0.12 - 0.018,
        "Put 1 − t in parentheses: the odds are t / (1 − t).": 0.12,
        "Divide by all patients, not by those biopsied.": 50 / 150,
        "The odds belong to the false positives, not to the cancers found.": 0.12 / 9 - 0.18,
        "Divide by the number of patients: net benefit is per patient.": 50,
        "The false positives count against the model: subtract them.": 0.14,
    },
)

check_8_6 = choice(
    "8.6",
    "b",
    praise="And the same real images guided the simulator, which the last section repeats.",
    a="Every score in the table is about real images of one hospital's collection; nothing was "
    "compared with a reader or tried in a clinic.",
    c="The control with shuffled labels saw the same simulated images and gained less; so it is "
    "not only the longer training.",
    d="The differences at 50, 100 and all images are alike within their intervals; the table shows "
    "no rise or fall with the number of images.",
)
