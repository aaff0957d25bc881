"""Checks of lesson 05, measuring a classifier."""

import numpy as np

from course_utils.exercises.feedback import check, choose, compare


@check("5.1", praise="Run it on every division you meet; 0 is the only good answer.")
def check_5_1(patients_in_both):
    """Check the number of patients that lie in both parts."""
    # In both: A, C and G. In the test part only: D. In training only: B, E and F.
    groups = np.array(list("AABCCCDEEFGGGG"))
    in_test = np.array([1, 0, 0, 1, 1, 0, 1, 0, 0, 0, 1, 1, 1, 0], dtype=bool)
    got = patients_in_both(groups.copy(), in_test.copy())
    if isinstance(got, (set, list, tuple)) or np.ndim(got):
        return "You return the patients themselves; return how many there are."
    return compare(
        got,
        3,
        {
            "You counted all images of the shared patients; count each patient once.": 9,
            "You counted test images of shared patients; count each patient once.": 6,
            "You counted the patients of the test part; only those also in training leak.": 4,
            "You counted all patients; only those in both parts leak.": 7,
        },
    ) or compare(
        patients_in_both(np.array([7, 7, 8, 8]), np.array([True, True, False, False])),
        0,
        {"You return a fixed number: use the arguments.": 3},
        name="With one patient in each part your result",
    )


@check("5.2", praise="Each looks at one true class alone, so the mix of classes does not matter.")
def check_5_2(sensitivity_and_specificity):
    """Check sensitivity and specificity from arrays of 0 and 1."""
    labels = np.array([1, 1, 1, 1, 0, 0, 0, 0, 0, 0])
    called = np.array([1, 1, 1, 0, 0, 0, 0, 0, 1, 1])
    got = sensitivity_and_specificity(labels.copy(), called.copy())
    complaint = compare(
        got,
        (3 / 4, 4 / 6),
        {
            "You divide by the number of calls; those are the predictive values. Divide by the "
            "number of true positives and negatives, whatever they were called.": (3 / 5, 4 / 5),
            "You have exchanged the two: the sensitivity is about the positives.": (4 / 6, 3 / 4),
            "Those are the errors, misses and false alarms; subtract them from 1.": (1 / 4, 2 / 6),
            "You divide by all patients; divide by those of the class in question.": (0.3, 0.4),
            "Those are counts; divide each by the size of its class.": (3, 4),
            "Those are percentages; give fractions from 0 to 1.": (75, 400 / 6),
            "That is the accuracy; two numbers are asked for.": 0.7,
        },
    )
    return complaint or compare(
        sensitivity_and_specificity(np.array([1, 0, 0]), np.array([1, 0, 0])),
        (1, 1),
        {"You return the same numbers for other arrays: use the arguments.": got},
        name="For calls that are all right your result",
    )


@check("5.3", praise="On validation patients; then it is frozen.")
def check_5_3(threshold_for):
    """Check a threshold with a wanted sensitivity."""
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 1, 1])
    probabilities = np.array([0.1, 0.3, 0.5, 0.7, 0.2, 0.4, 0.6, 0.8, 0.9])
    return compare(
        threshold_for(labels.copy(), probabilities.copy(), 0.8),
        0.4,
        {
            "`np.quantile` lands between two patients. The highest threshold that still reaches "
            "the target is a positive patient's own probability.": 0.36,
            "You go one positive too far: a patient *at* the threshold is called positive.": 0.2,
            "That is the lowest threshold. It reaches any sensitivity, by calling everybody "
            "positive; take the highest that suffices.": 0.1,
            "A threshold of 0 calls everybody positive; take the highest that suffices.": 0.0,
            "That threshold has the wanted specificity, or is the target itself; look at the "
            "positives only.": 0.8,
            "That is too low: count the positives only, and call a patient *at* the threshold "
            "positive.": 0.3,
        },
    ) or compare(
        threshold_for(labels.copy(), probabilities.copy(), 0.5),
        0.6,
        {
            "With five positives, two give a sensitivity of 0.4, less than 0.5: round the number "
            "of positives up.": 0.8,
            "You return a fixed threshold: use the arguments.": 0.4,
        },
        name="For a target of 0.5 your result",
    )


@check("5.4", praise="Bayes' rule: count the true alarms among all alarms.")
def check_5_4(ppv):
    """Check the positive predictive value at a stated prevalence."""
    hits, alarms = 0.9 * 0.1, 0.2 * 0.9
    return compare(
        ppv(0.9, 0.8, 0.1),
        hits / (hits + alarms),
        {
            "That is the negative predictive value.": 0.72 / (0.72 + 0.01),
            "The false alarms are (1 − specificity) of the negatives, not the specificity.": (
                hits / (hits + 0.72)
            ),
            "You left out the prevalence.": 0.9 / (0.9 + 0.2),
            "Only a share 1 − prevalence can give false alarms: weight them, too.": (
                hits / (hits + 0.2)
            ),
            "That is the share of all who are true alarms; divide by the share of all alarms.": (
                hits
            ),
            "That is the likelihood ratio.": 0.9 / 0.2,
            "You have exchanged prevalence and 1 − prevalence.": 0.81 / (0.81 + 0.02),
            "That is a percentage; give a fraction from 0 to 1.": 100 * hits / (hits + alarms),
        },
    ) or compare(
        ppv(1.0, 0.95, 0.001),
        0.001 / (0.001 + 0.05 * 0.999),
        {"You return a fixed number: use the arguments.": hits / (hits + alarms)},
        name="At a prevalence of 0.1 % your result",
    )


@check("5.5", praise="Whoever is drawn twice brings all images twice.")
def check_5_5(rows_of):
    """Check the rows of the patients that were drawn."""
    groups, drawn = np.array(list("ABACBB")), np.array(list("BAB"))
    got = rows_of(groups.copy(), drawn.copy())
    if isinstance(got, np.ndarray) and got.dtype == bool:
        return "You return a mask; a patient drawn twice needs row numbers that repeat."
    if isinstance(got, (list, tuple)) and any(np.ndim(part) for part in got):
        return "You return one list per draw; join them, for instance with np.concatenate."
    if isinstance(got, np.ndarray) and got.dtype.kind in "US":
        return "You return patients; return the positions of their images."
    wanted = [0, 1, 1, 2, 4, 4, 5, 5]
    return compare(
        np.sort(got),
        wanted,
        {
            "A patient drawn twice must bring its images twice; `np.isin` keeps them once.": (
                [0, 1, 2, 4, 5]
            ),
            "You take one image per draw; a patient brings all its images.": [0, 1, 1],
            "Those are the rows of the patients that were *not* drawn.": [3],
            "Those are all rows: nothing was drawn.": [0, 1, 2, 3, 4, 5],
        },
        name="Your rows, sorted,",
    )


@check("5.6", praise="An interval can only speak about the patients it was drawn from.")
def check_5_6(meaning):
    """Check the choice about an interval from six positives."""
    return choose(
        meaning,
        "c",
        {
            "a": "The interval starts at 0.61: with six positives, a test that misses a third of "
            "them would quite often find all six.",
            "b": "The interval is about the sensitivity, an average over positive patients, not "
            "about the chance of a single one, and not about how sure the network is.",
            "d": "Six hits are six hits: the score was measured. What six patients cannot do is "
            "pin it down.",
        },
    )
