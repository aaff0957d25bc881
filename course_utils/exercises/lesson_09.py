"""Exercises of lesson 09, skin lesions."""

import numpy as np

from course_utils.exercises.exercise import Exercise, choice


def _recalls(labels, called, classes):
    with np.errstate(invalid="ignore"):
        return [(called[labels == k] == k).sum() / (labels == k).sum() for k in classes]


check_9_1 = Exercise(
    "9.1",
    lambda y, c: np.mean(_recalls(y, c, np.unique(y))),
    praise="Each class has the same say, however few lesions it has.",
    calls=[
        (np.array([0, 0, 0, 0, 0, 0, 1, 1, 2, 2]), np.array([0, 0, 0, 0, 0, 1, 1, 0, 0, 0])),
        (np.array([0, 1, 1, 2, 3]), np.array([0, 1, 0, 2, 2])),
    ],
    mistakes={
        "That is the accuracy: common classes count more. Average over the classes.": 0.6,
        "You return the recalls; return their mean.": lambda y, c: _recalls(y, c, np.unique(y)),
        "You left out a class that was never called; its recall is 0, and it counts.": 2 / 3,
        "That is the mean precision: divide by the lesions of a class, not by the calls.": 0.375,
        "The number of classes is fixed in your function; take it from the labels.": 4 / 21,
        "Your result is NaN: classes that do not occur are averaged, too, and have no recall. Take "
        "the classes from the labels.": lambda y, c: np.mean(_recalls(y, c, range(7))),
    },
)


def _light(axes, power=None):
    """Return gray world's light: the power mean over some axes."""
    return lambda x, p: (x ** (power or p)).mean(axis=axes, keepdims=True) ** (1 / (power or p))


def _without(light):
    return lambda x, p: x / light(x, p)


# The colors differ in their mean and in how far their bright pixels stand out.
_IMAGES = np.random.default_rng(9).uniform(0.1, 1.0, (2, 4, 5, 3)) * np.array([1.0, 0.7, 0.4])

check_9_2 = Exercise(
    "9.2",
    _without(_light((1, 2))),
    praise="Power 1 is gray world; the higher the power, the more the brightest count.",
    calls={"power 3": (_IMAGES, 3), "power 6": (_IMAGES, 6)},
    tolerance=1e-6,
    keeps_inputs=True,
    mistakes={
        "You forgot the root.": lambda x, p: x / (x**p).mean(axis=(1, 2), keepdims=True),
        "Put 1 / power in parentheses: `mean ** 1 / power` is `(mean ** 1) / power`.": (
            lambda x, p: x / ((x**p).mean(axis=(1, 2), keepdims=True) / p)
        ),
        "You ignore `power`: that is gray world.": _without(_light((1, 2), 1)),
        "You return the light; return the images divided by it.": _light((1, 2)),
        "You took the mean over all images; each has its own light.": _without(_light((0, 1, 2))),
        "You took the mean over the colors; divide each by its own.": _without(_light((1, 2, 3))),
        "You multiplied by the light; divide by it.": lambda x, p: x * _light((1, 2))(x, p),
        "You took the mean over axis 1 only; rows and columns are 1 and 2.": _without(_light(1)),
    },
)


def _shares(rows, axis=1):
    return rows / rows.sum(axis=axis, keepdims=True)


_Q = np.array([[0.6, 0.3, 0.1], [0.2, 0.2, 0.6]])

check_9_3 = Exercise(
    "9.3",
    lambda q, trained, wanted: _shares(q * wanted / trained),
    praise="No training needed: only the shares of the classes have changed.",
    calls=[(_Q, np.array([0.7, 0.2, 0.1]), np.array([0.2, 0.3, 0.5]))],
    tolerance=1e-6,
    mistakes={
        "The rows do not sum to 1: divide each by its sum.": lambda q, t, w: q * w / t,
        "That goes the other way: use wanted / trained.": lambda q, t, w: _shares(q * t / w),
        "You forgot to divide by those trained on.": lambda q, t, w: _shares(q * w),
        "You divided by the sum of each column.": lambda q, t, w: _shares(q * w / t, axis=0),
        "Nothing has changed: use both mixes.": lambda q, t, w: q,
    },
)

check_9_4 = choice(
    "9.4",
    "b",
    praise="Ranking and deciding are two things; lesson 07 moved the decision.",
    a="They measure different things: accuracy weights classes by their share, balanced accuracy "
    "weights them equally, and the AUC does not ask which class is the largest.",
    c="An AUC says how lesions are ordered. Whoever is told the likeliest class gets the right one "
    "in less than half of the lesions of an average class.",
    d="Balanced accuracy does not depend on how many lesions of a class there are, only on the "
    "share of them that is called right; more nevi would raise the accuracy.",
)

check_9_5 = choice(
    "9.5",
    "c",
    praise="The pair isolates the cause; the size belongs to the simulator.",
    a="The interval is about other lesions from this simulator. How pigment, cameras, training "
    "sets act in life was chosen here, not measured.",
    b="It says how one network orders simulated lesions. Part of the gap may be lost contrast, but "
    "that is our renderer, and no reader of real lesions was asked.",
    d="A gap does not name its cause. Few lesions on dark skin may be one; the table shows arms "
    "with as many lesions and another gap.",
)
