"""Checks of lesson 06, overfitting."""

import numpy as np
import pandas as pd

from course_utils.exercises.feedback import check, choose, compare


@check("6.1", praise="Doubling every weight makes the penalty four times as large.")
def check_6_1(l2_penalty):
    """Check the L2 penalty of a list of kernels."""
    weights = [np.array([[1.0, -2.0], [3.0, 0.5]]), np.array([2.0, -1.0, 4.0])]
    squares = [float((w**2).sum()) for w in weights]
    total = sum(squares)
    return compare(
        l2_penalty(weights, 0.1),
        0.1 * total,
        {
            "You forgot the factor.": total,
            "You counted the first array only; add up all of them.": 0.1 * squares[0],
            "You counted the last array only; add up all of them. Is `return` inside the loop, or "
            "the sum set to 0 there?": 0.1 * squares[1],
            "You took absolute values: that is the L1 penalty. L2 squares.": 1.35,
            "You took the square root; the penalty is the sum of squares itself.": (
                0.1 * total**0.5
            ),
            "You took the mean of the squares; Keras adds them up.": 0.1 * total / 7,
            "Some books halve the penalty. Keras does not.": 0.05 * total,
            "Square each weight before you add: positive and negative ones must not cancel.": (
                0.1 * sum(float(w.sum()) ** 2 for w in weights)
            ),
        },
    )


@check("6.2", praise="On average each value stays as large as it was, so nothing changes later.")
def check_6_2(dropout):
    """Check inverted dropout on a row of values with given draws."""
    values = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    draws = np.array([0.1, 0.9, 0.3, 0.2, 0.5])
    rate = 0.25
    kept = draws >= rate
    return compare(
        dropout(values.copy(), rate, draws.copy()),
        values * kept / (1 - rate),
        {
            "The right values are dropped. Now divide those that stay by 1 − rate.": values * kept,
            "You multiply by 1 − rate; divide, so that the average stays the same.": (
                values * kept * (1 - rate)
            ),
            "You divide by the rate; divide by 1 − rate, the share that stays.": (
                values * kept / rate
            ),
            "You keep the share `rate`; that is the share to drop: keep where the draw is at "
            "least the rate.": values * ~kept / (1 - rate),
            "You drop the wrong ones and do not rescale: keep where the draw is at least the "
            "rate, and divide by 1 − rate.": values * ~kept,
            "You removed the dropped values; they become 0, and the shape stays.": (
                values[kept] / (1 - rate)
            ),
            "You divide all by 1 − rate and drop none: multiply by 0 where the draw is below the "
            "rate.": values / (1 - rate),
        },
    ) or compare(
        dropout(values.copy(), 0.5, draws.copy()),
        values * (draws >= 0.5) / 0.5,
        name="With a rate of 0.5 your result",
    )


@check("6.3", praise="The last epochs cost time only: the weights come from the best one.")
def check_6_3(early_stopping):
    """Check early stopping on a few curves."""
    curve = [0.70, 0.60, 0.65, 0.58, 0.61, 0.62, 0.63, 0.50]
    answer = early_stopping(list(curve), 3)
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        return (
            f"Your function returns {answer!r}; return two numbers, the epoch after which "
            "training stops and the best epoch."
        )
    return (
        compare(
            answer,
            (7, 4),
            {
                "You count from 0; the first epoch is 1.": (6, 3),
                "Return the last epoch first, then the best one.": (4, 7),
                "You go on too long: with patience 3, training ends after epoch 7 and never gets "
                "to the better loss of epoch 8.": (8, 8),
                "You go on too long, by one epoch: stop as soon as 3 epochs brought no better "
                "loss.": (8, 4),
                "You stop one epoch early.": (6, 4),
                "You return the losses; the epochs are asked for.": (0.63, 0.58),
            },
        )
        or compare(
            early_stopping([0.70, 0.60, 0.65, 0.64, 0.63, 0.62, 0.55], 3),
            (5, 2),
            {
                "You compare each epoch with the one before it. Compare with the best so far: "
                "0.64 after 0.65 is no new best.": (7, 7),
            },
            name="For a curve that creeps down again, 0.70, 0.60, 0.65, 0.64, …, your result",
        )
        or compare(
            early_stopping([0.7, 0.6, 0.5, 0.4], 3),
            (4, 4),
            name="For a curve that only falls your result",
        )
        or compare(
            early_stopping([0.7, 0.6, 0.6, 0.5], 1),
            (3, 2),
            {"An equal loss is not better.": (4, 4)},
            name="For 0.7, 0.6, 0.6, 0.5 and patience 1 your result",
        )
    )


@check("6.4", praise="A change is allowed if the answer to the question stays the same.")
def check_6_4(flip_forbidden):
    """Check the choice of the question whose answer a left–right flip changes."""
    return choose(
        flip_forbidden,
        "c",
        {
            "a": "A mole has no left and right side that would matter: its mirror image could be "
            "the mole of another person, with the same diagnosis.",
            "b": "Left and right breast mirror each other, so a flipped image is one that could "
            "have been taken, and the lesion is as malignant as before.",
            "d": "The mirror image of a head shows as many tumors. Brains are not quite "
            "symmetric, but the answer stays true.",
        },
    )


@check("6.5", praise="It can be run as it is: the comparison is one dictionary of settings.")
def check_6_5(my_arm):
    """Check the settings of a new arm by their names and values; nothing is trained."""
    settings = my_arm()
    if not isinstance(settings, dict):
        return f"Your function returns a {type(settings).__name__}; return a dict of settings."
    known = ["patients", "l2", "dropout", "patience", "augmentation", "upside_down", "filters"]
    if "seed" in settings:
        return "Leave the seed out: every arm is run with the same seeds."
    for name in settings:
        if name not in known:
            return f"There is no setting {name!r}. The settings are {', '.join(known)}."
    for name in ("dropout", "patience"):
        if name not in settings:
            return f"The setting {name!r} is missing."
    extra = sorted(set(settings) - {"dropout", "patience"})
    if extra:
        return f"Change nothing else, or the arm answers another question: remove {extra[0]!r}."
    if settings["dropout"] == 50:
        return "The dropout rate is a share from 0 to 1, not a percentage."
    return compare(settings["dropout"], 0.5, name="The dropout rate") or compare(
        settings["patience"], 10, name="The patience"
    )


@check("6.6", praise="The test column was there, and you did not look.")
def check_6_6(choose_winner):
    """Check that the winner has the best mean on the choosing part, and that test plays no part."""
    rows = [
        *[("lucky seed", "choosing", s, v) for s, v in enumerate((0.92, 0.70, 0.72))],
        *[("steady", "choosing", s, v) for s, v in enumerate((0.82, 0.80, 0.81))],
        *[("good on test", "choosing", s, v) for s, v in enumerate((0.79, 0.78, 0.80))],
        *[("steady", "test", s, v) for s, v in enumerate((0.74, 0.74, 0.74))],
        *[("good on test", "test", s, v) for s, v in enumerate((0.90, 0.89, 0.91))],
        *[("lucky seed", "test", s, v) for s, v in enumerate((0.76, 0.76, 0.76))],
    ]
    scores = pd.DataFrame(rows, columns=["arm", "part", "seed", "auc"])
    answer = choose_winner(scores)
    if isinstance(answer, (pd.Series, pd.DataFrame, list, tuple)):
        return f"Your function returns a {type(answer).__name__}; return the name of one arm."
    if answer == "good on test":
        return (
            "Your winner is best on the test patients, or on all patients together. Keep the rows "
            "of part 'choosing' first."
        )
    if answer == "lucky seed":
        return (
            "Your winner has the best single run, or the widest spread. Take the mean over seeds."
        )
    if answer != "steady":
        return f"Your winner is {answer!r}; return the name of an arm, such as 'steady'."
    swapped = scores.replace({"arm": {"steady": "B", "lucky seed": "A", "good on test": "C"}})
    if choose_winner(swapped) != "B":
        return "With other names your winner is another one: compute it from the table."
    return None


@check("6.7", praise="No difference shown is not the same as shown to be no different.")
def check_6_7(meaning):
    """Check the choice about an interval that contains zero."""
    return choose(
        meaning,
        "b",
        {
            "a": "To show that a remedy is useless, the whole interval would have to lie close to "
            "0. This one leaves room for a gain that would matter.",
            "c": "More seeds make the mean over seeds steadier. The interval comes from drawing "
            "patients, and narrows only with more patients.",
            "d": "The test set is opened for the winner only. Whoever opens it to settle each "
            "doubtful comparison turns it into a second validation set.",
        },
    )
