"""Exercises of lesson 08, a complete study on breast ultrasound."""

import numpy as np

from course_utils import datasets, evaluation
from course_utils.exercises.exercise import Exercise, choice, judged
from course_utils.training import Augmenter

check_8_1 = choice("8.1")

_LEAST = 0.65


def _dark_middle(images):
    height, width = images.shape[1:3]
    middle = images[:, height // 4 : -height // 4, width // 4 : -width // 4]
    return -middle.mean(axis=(1, 2, 3)) / images.mean(axis=(1, 2, 3))


@judged("8.2", _dark_middle, "It stands beside the baselines below.")
def check_8_2(rule):
    if not callable(rule):
        return f"Your answer is of type `{type(rule).__name__}`; give the function itself."
    train = datasets.load("breast_ultrasound").split("train").select(np.arange(0, 1600, 4))
    images = train.as_float()
    before = images.copy()
    values = rule(images)
    if values is None:
        return "Your result is None. Did you forget `return`?"
    values = np.asarray(values, dtype=float)
    if not np.array_equal(images, before):
        return "Your function changes its input. Work on a copy."
    if values.size != len(images):
        return f"400 images gave a result of shape {values.shape}; return one number per image."
    values = values.ravel()
    if not np.isfinite(values).all():
        return f"{np.sum(~np.isfinite(values))} of 400 values are no finite numbers."
    if not np.allclose(np.ravel(rule(images[:5].copy())), values[:5], rtol=1e-3, atol=1e-5):
        return "The value of an image changes with the other images of the batch."
    small = datasets.resize(train.select(np.arange(5)), 48).as_float()
    if np.size(rule(small)) != 5:
        return "5 images of 48 × 48 pixels gave another number of values: use `images.shape`."
    auc = evaluation.roc_auc(train.labels, values.argsort().argsort() / len(values))
    if auc < 1 - _LEAST:
        return f"The AUC is {auc:.2f}: turn it round, larger where the lesion looks malignant."
    if auc < _LEAST:
        return f"The AUC is {auc:.2f}, less than {_LEAST}. Try another sign, or another place."


# How far a change may go before the image could not have come from this examination.
_MOST = {
    "rotation": (15, "depth would no longer point downward"),
    "shift": (0.25, "the lesion would leave the image"),
    "zoom": (0.3, "no operator changes the depth so much"),
    "brightness": (0.3, "the image would become white or black"),
    "contrast": (0.6, "a shadow and its surroundings would become alike"),
    "gain": (0.6, "the image would become white or black"),
    "noise": (0.15, "the texture would drown"),
}


@judged(
    "8.3",
    {"flip": True, "shift": 0.1, "zoom": 0.1, "gain": 0.2},
    "The training below uses your changes.",
)
def check_8_3(changes):
    if not isinstance(changes, dict):
        kind = type(changes).__name__
        return f'Your answer is of type `{kind}`; give a dictionary, such as {{"shift": 0.1}}.'
    for name, value in changes.items():
        if name not in (*_MOST, "flip"):
            known = ", ".join(("flip", *_MOST))
            return f"{name!r} is no change of `Augmenter`. It knows {known}."
        if name != "flip" and np.isscalar(value) and not isinstance(value, (str, bool)):
            most, reason = _MOST[name]
            if value > most:
                return f"{name} {value} is too much, {reason}."
    Augmenter(**changes)  # says what it does not accept
    used = {name for name, value in changes.items() if value}
    if len(used) < 3:
        return f"Your dictionary changes {len(used)} things; use at least three."
    if used <= {"flip", "shift", "zoom", "rotation"}:
        return "The operator also changes how bright the image is; add one of those changes."
    if not used & {"flip", "shift", "zoom", "rotation"}:
        return "The probe never lies in exactly the same place; add a change of place or size."


check_8_4 = choice("8.4")


def _counts(ill=lambda p: p, order=(0, 1, 2, 3), women=1000, rates=(0, 1)):
    """Return the function, right or with another share of ill women, order, number, or rates."""

    def count(*given):
        sick, (sensitivity, specificity) = ill(given[2]), (given[k] for k in rates)
        found = sick * sensitivity, sick * (1 - sensitivity)
        found += (1 - sick) * (1 - specificity), (1 - sick) * specificity
        return tuple(women * found[k] for k in order)

    return count


def _of_all(a, b, _):
    return 1000 * a, 1000 * (1 - a), 1000 * (1 - b), 1000 * b


check_8_5 = Exercise(
    "8.5",
    _counts(),
    praise="The four numbers add up to 1,000.",
    calls=[(0.9, 0.25, 0.2), (0.8, 0.6, 0.05), (0.95, 0.125, 0.5)],
    tolerance=0.01,
    mistakes={
        "Needless and spared are exchanged.": _counts(order=(0, 1, 3, 2)),
        "Found and missed are exchanged.": _counts(order=(1, 0, 2, 3)),
        "The order is found, missed, needless, spared.": _counts(order=(0, 2, 1, 3)),
        "Sensitivity is a share of those with cancer, not of all 1,000.": _of_all,
        "Those are shares; multiply them by 1,000 women.": _counts(women=1),
        "Of how many women? Give counts of 1,000, not of 100.": _counts(women=100),
        "The prevalence is the share of women *with* cancer.": _counts(lambda p: 1 - p),
        "Your function ignores the prevalence.": _counts(lambda p: 0.5),
        "Sensitivity is about women with cancer, specificity about others.": _counts(rates=(1, 0)),
    },
)
