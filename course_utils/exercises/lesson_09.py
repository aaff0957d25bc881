"""Checks of lesson 09, skin lesions."""

import numpy as np

from course_utils.exercises.feedback import check, choose, compare

_LABELS = np.array([0, 0, 0, 0, 0, 0, 1, 1, 2, 2])
_CALLED = np.array([0, 0, 0, 0, 0, 1, 1, 0, 0, 0])


@check("9.1", praise="Each class has the same say, however few lesions it has.")
def check_9_1(balanced_accuracy):
    """Check the mean of the classes' recalls."""
    labels, called = _LABELS.copy(), _CALLED.copy()
    recalls = np.array([5 / 6, 1 / 2, 0])
    precisions = [5 / 8, 1 / 2]
    return compare(
        balanced_accuracy(labels, called),
        recalls.mean(),
        {
            "That is the accuracy: common classes count more. Average over the classes.": 6 / 10,
            "You return the recalls; return their mean.": recalls,
            "You left out a class that was never called; its recall is 0, and it counts.": (
                recalls[:2].mean()
            ),
            "That is the mean precision: divide by the lesions of a class, not by the calls.": (
                np.sum(precisions) / 3
            ),
            "That is the mean precision of the classes that were called; recall divides by the "
            "lesions of a class.": np.mean(precisions),
            "You return the sum; divide by the number of classes.": recalls.sum(),
            "The number of classes is fixed in your function; take it from the labels.": (
                recalls.sum() / 7
            ),
            "Your result is NaN: classes that do not occur are averaged, too, and have no recall. "
            "Take the classes from the labels.": np.nan,
        },
    ) or compare(
        balanced_accuracy(np.array([0, 1, 1, 2, 3]), np.array([0, 1, 0, 2, 2])),
        0.625,
        {"The number of classes is fixed in your function; take it from the labels.": 2.5 / 3},
        name="With four classes your result",
    )


def _images():
    # The colors differ in their mean and in how far their bright pixels stand out.
    rng = np.random.default_rng(9)
    return rng.uniform(0.1, 1.0, (2, 4, 5, 3)) * np.array([1.0, 0.7, 0.4])


@check("9.2", praise="Power 1 is gray world; the higher the power, the more the brightest count.")
def check_9_2(shades_of_gray):
    """Check the power mean and what is divided by it."""
    images, power = _images(), 3
    before = images.copy()
    result = shades_of_gray(images, power)
    if not np.array_equal(images, before):
        return "Your function changes its argument; return new images."
    means = (before**power).mean(axis=(1, 2), keepdims=True)
    whole = (before**power).mean(axis=(0, 1, 2), keepdims=True)
    one_axis = {
        f"You took the mean over axis {axis} only; rows and columns are axes 1 and 2.": (
            before / (before**power).mean(axis=axis, keepdims=True) ** (1 / power)
        )
        for axis in (1, 2)
    }
    return compare(
        result,
        before / means ** (1 / power),
        {
            "You forgot the root: the mean of the powers, to the power 1 / power.": before / means,
            "`mean ** 1 / power` is `(mean ** 1) / power`: put 1 / power in parentheses.": (
                before / (means / power)
            ),
            "You ignore `power`: that is gray world.": (
                before / before.mean(axis=(1, 2), keepdims=True)
            ),
            "You return the light; return the images divided by it.": means ** (1 / power),
            "You return the light; return the images divided by it, and keep the shape.": (
                means[:, 0, 0] ** (1 / power)
            ),
            "You took the mean over all images; each image has its own light.": (
                before / whole ** (1 / power)
            ),
            "You took the mean over the colors, too; each color is divided by its own.": (
                before / (before**power).mean(axis=(1, 2, 3), keepdims=True) ** (1 / power)
            ),
            "You multiplied by the light; divide by it.": before * means ** (1 / power),
            "You divided the powers of the images; divide the images.": (
                before**power / means ** (1 / power)
            ),
            **one_axis,
        },
        tolerance=1e-6,
    ) or compare(
        shades_of_gray(images, 6),
        before / (before**6).mean(axis=(1, 2), keepdims=True) ** (1 / 6),
        {"The power is fixed in your function; use the argument.": before / means ** (1 / power)},
        name="With power 6 your result",
        tolerance=1e-6,
    )


@check("9.3", praise="No training needed: only the shares of the classes have changed.")
def check_9_3(change_mix):
    """Check the correction of probabilities for another mix of classes."""
    rows = np.array([[0.6, 0.3, 0.1], [0.2, 0.2, 0.6]])
    trained, wanted = np.array([0.7, 0.2, 0.1]), np.array([0.2, 0.3, 0.5])
    changed = rows * wanted / trained
    reverse = rows * trained / wanted
    only, wished = rows / trained, rows * wanted
    return compare(
        # Copies, since a right answer may be written in place.
        change_mix(rows.copy(), trained.copy(), wanted.copy()),
        changed / changed.sum(axis=1, keepdims=True),
        {
            "The rows do not sum to 1: divide each by its sum.": changed,
            "That goes the other way: multiply by wanted over trained.": (
                reverse / reverse.sum(axis=1, keepdims=True)
            ),
            "You divided by the shares trained on and forgot the wanted ones.": (
                only / only.sum(axis=1, keepdims=True)
            ),
            "You multiplied by the wanted shares and forgot to divide by those trained on.": (
                wished / wished.sum(axis=1, keepdims=True)
            ),
            "The rows do not sum to 1, and the wanted shares are forgotten.": only,
            "You divided by the sum of each column; each row is one lesion.": (
                changed / changed.sum(axis=0)
            ),
            "You divided by the sum of all rows; each row sums to 1.": changed / changed.sum(),
            "Nothing has changed: use both mixes.": rows,
        },
        tolerance=1e-6,
    )


@check("9.4", praise="Ranking and deciding are two things; lesson 07 moved the decision.")
def check_9_4(two_numbers):
    """Check the choice about accuracy, balanced accuracy and AUC."""
    return choose(
        two_numbers,
        "b",
        {
            "a": "They measure different things: accuracy weights classes by their share, balanced "
            "accuracy weights them equally, and the AUC does not ask which class is the largest.",
            "c": "An AUC says how lesions are ordered. Whoever is told the likeliest class gets "
            "the right one in less than half of the lesions of an average class.",
            "d": "Balanced accuracy does not depend on how many lesions of a class there are, only "
            "on the share of them that is called right; more nevi would raise the accuracy.",
        },
    )


@check("9.5", praise="The pair isolates the cause; the size belongs to the simulator.")
def check_9_5(tone_gap):
    """Check the choice about the gap between tones."""
    return choose(
        tone_gap,
        "c",
        {
            "a": "The interval is about other lesions from this simulator. How pigment, cameras, "
            "training sets act in life was chosen here, not measured.",
            "b": "It says how one network orders simulated lesions. Part of the gap may be lost "
            "contrast, but that is our renderer, and no reader of real lesions was asked.",
            "d": "A gap does not name its cause. Few lesions on dark skin may be one; the table "
            "shows arms with as many lesions and another gap.",
        },
    )
