"""Exercises of lesson 06, overfitting."""

import numpy as np
import pandas as pd

from course_utils.exercises.exercise import Exercise, Several, choice


def _squares(weights):
    return sum((w**2).sum() for w in weights)


check_6_1 = Exercise(
    "6.1",
    lambda weights, factor: factor * _squares(weights),
    praise="Doubling every weight makes the penalty four times as large.",
    calls=[([np.array([[1, -2], [3, 0.5]]), np.array([2.0, -1, 4])], 0.1), ([np.ones(3)], 0.01)],
    mistakes={
        "You counted the last array only. Is `return` inside the loop, or a sum = 0?": 2.1,
        "You took absolute values: that is the L1 penalty. L2 squares.": 1.35,
        "You took the square root; the penalty is the sum of squares itself.": 0.1 * 35.25**0.5,
        "You took the mean of the squares; Keras adds them up.": 3.525 / 7,
        "Square each weight before you add: positive and negative ones must not cancel.": 3.125,
    },
    other_wrong=[lambda weights, factor: print(factor, end="")],
)

_ROW = np.array([1.0, 2, 3, 4, 5]), np.array([0.1, 0.9, 0.3, 0.2, 0.5])

check_6_2 = Exercise(
    "6.2",
    lambda values, rate, draws: values * (draws >= rate) / (1 - rate),
    praise="On average each value stays as large as it was, so nothing changes later.",
    calls=[(_ROW[0], 0.25, _ROW[1]), (_ROW[0], 0.5, _ROW[1])],
    mistakes={
        "The right values are 0. Now divide those that stay.": lambda v, r, d: v * (d >= r),
        "You divide by the rate, not by 1 − rate.": lambda v, r, d: v * (d >= r) / r,
        "Keep where the draw is at least the rate.": lambda v, r, d: v * (d < r) / (1 - r),
        "The dropped values become 0, and the shape stays.": lambda v, r, d: v[d >= r] / (1 - r),
        "Divide by 1 − rate, whatever was drawn.": lambda v, r, d: v * (d >= r) / (d >= r).mean(),
    },
    other_right=[lambda v, r, d: np.where(d < r, 0, v / (1 - r))],
)


def _stopping(*, wait=0, previous=False, ties=False):
    """Return early stopping, right or with one thing wrong."""

    def run(losses, patience):
        best = compared = np.inf
        best_epoch = 0
        for epoch, loss in enumerate(losses, start=1):
            if loss < compared or (ties and loss == compared):
                best, best_epoch = loss, epoch
            compared = loss if previous else best
            if epoch - best_epoch >= patience + wait:
                break
        return epoch, best_epoch

    return run


check_6_3 = Exercise(
    "6.3",
    _stopping(),
    praise="The last epochs cost time only: the weights come from the best one.",
    calls=[
        ([0.70, 0.60, 0.65, 0.58, 0.61, 0.62, 0.63, 0.50], 3),
        ([0.70, 0.60, 0.65, 0.64, 0.63, 0.62, 0.55], 3),
        ([0.7, 0.6, 0.5, 0.4], 3),
        ([0.7, 0.6, 0.6, 0.5], 1),
    ],
    mistakes={
        "You count from 0; the first epoch is 1.": (6, 3),
        "Return the last epoch first, then the best one.": (4, 7),
        "You go on too long: with patience 3, training ends after epoch 7 and never gets to the "
        "better loss of epoch 8.": lambda c, p: (len(c), int(np.argmin(c)) + 1),
        "You go on too long, by one epoch: stop after 3 without a gain.": _stopping(wait=1),
        "You compare each epoch with the one before it. Compare with the best so far: 0.64 after "
        "0.65 is no new best.": _stopping(previous=True),
        "An equal loss is not better.": _stopping(ties=True),
    },
    other_wrong=[lambda losses, patience: 7],
)

check_6_4 = choice(
    "6.4",
    "c",
    praise="A change is allowed if the answer to the question stays the same.",
    a="A mole has no left and right side that would matter: its mirror image could be the mole of "
    "another person, with the same diagnosis.",
    b="Left and right breast mirror each other, so a flipped image is one that could have been "
    "taken, and the lesion is as malignant as before.",
    d="The mirror image of a head shows as many tumors. Brains are not quite symmetric, but the "
    "answer stays true.",
)

check_6_5 = Exercise(
    "6.5",
    lambda: {"dropout": 0.5, "patience": 10},
    praise="It can be run as it is: the comparison is one dictionary of settings.",
    calls=[()],
    mistakes={
        "Leave the seed out: every arm is run with the same seeds.": (
            {"dropout": ..., "patience": ..., "seed": ...}
        ),
        "The dropout rate is a share, not a percentage.": {"dropout": 50, "patience": ...},
    },
    other_right=[lambda: {"patience": 10.0, "dropout": 1 / 2}],
    other_wrong=[
        lambda: ["dropout", "patience"],
        lambda: {"dropout": 0.5},
        lambda: {"dropout": 0.5, "patience": 10, "l2": 0.01},
    ],
)

# In the choosing part the mean is best for "steady", the median and the worst run for "even".
_SCORES = pd.DataFrame(
    {
        "lucky seed": [0.92, 0.71, 0.72, 0.76, 0.76, 0.76],
        "steady": [0.86, 0.79, 0.78, 0.74, 0.74, 0.74],
        "even": [0.80, 0.80, 0.80, 0.75, 0.75, 0.75],
        "good on test": [0.78, 0.78, 0.77, 0.90, 0.89, 0.91],
    }
).melt(var_name="arm", value_name="auc")
_SCORES["part"] = (["choosing"] * 3 + ["test"] * 3) * 4
_SCORES["seed"] = [0, 1, 2] * 8
_NAMES = {"steady": "B", "lucky seed": "A", "even": "C", "good on test": "D"}


def _best(summary="mean", part="choosing"):
    return lambda scores: scores[scores["part"] == part].groupby("arm")["auc"].agg(summary).idxmax()


check_6_6 = Exercise(
    "6.6",
    _best(),
    praise="The test column was there, and you did not look.",
    calls={"a table of four arms": (_SCORES,), "other names": (_SCORES.replace({"arm": _NAMES}),)},
    mistakes={
        "Your winner is best on the test patients. Keep the part 'choosing' first.": Several(
            [_best(part="test"), lambda scores: scores.groupby("arm")["auc"].mean().idxmax()]
        ),
        "Your winner has the best single run. Take the mean over seeds.": _best("max"),
        "Your winner has the best worst or middle run. Take the mean over seeds.": _best("median"),
    },
    other_wrong=[lambda scores: "steady", lambda scores: scores.groupby("arm")["auc"].mean()],
)

check_6_7 = choice(
    "6.7",
    "b",
    praise="No difference shown is not the same as shown to be no different.",
    a="To show that a remedy is useless, the whole interval would have to lie close to 0. This one "
    "leaves room for a gain that would matter.",
    c="More seeds make the mean over seeds steadier. The interval comes from drawing patients, and "
    "narrows only with more patients.",
    d="The test set is opened for the winner only. Whoever opens it to settle each doubtful "
    "comparison turns it into a second validation set.",
)
