"""Checks of lesson 07, class imbalance."""

import numpy as np

from course_utils import evaluation, imbalance
from course_utils.exercises.feedback import check, choose, compare


@check("7.1", praise="With 5 % ill, accuracy is nearly the specificity. Try 0 and 1: 0.95.")
def check_7_1(accuracy):
    """Check the accuracy of a test from sensitivity, specificity and prevalence."""
    return compare(
        accuracy(0.8, 0.9, 0.05),
        0.895,
        {
            "That is the mean of sensitivity and specificity, the balanced accuracy: weigh them by "
            "how many patients are ill and healthy.": 0.85,
            "You exchanged the two: the prevalence is the share of the ill.": 0.805,
            "You counted correct calls among the ill only: add the healthy.": 0.04,
            "You counted correct calls among the healthy only: add the ill.": 0.855,
            "That is the share of wrong calls.": 0.105,
            "You left out how rare the ill are.": 1.7,
            "That is the positive predictive value; accuracy counts all correct calls.": (
                0.04 / (0.04 + 0.095)
            ),
        },
    ) or compare(
        accuracy(0.6, 0.7, 0.5),
        0.65,
        {"Use the arguments: you return the same for every test.": accuracy(0.8, 0.9, 0.05)},
        name="At prevalence 0.5 your result",
    )


@check("7.2", praise="19 to 1: one cancer counts as much as 19 others. The mean weight is 1.")
def check_7_2(weights):
    """Check the balanced class weights."""
    labels = np.repeat([0, 1], [95, 5])
    answer = weights(labels)
    if not isinstance(answer, dict) or set(answer) != {0, 1}:
        return f"Your result is {answer!r:.60}; return a dict with the keys 0 and 1."
    both = [answer[0], answer[1]]
    return compare(
        both,
        [100 / 190, 10],
        {
            "You exchanged the classes: the rare class gets the large weight.": [10, 100 / 190],
            "The classes get equal shares, but the mean weight of an image is 2 and not 1. Divide "
            "by the number of classes.": [100 / 95, 20],
            "The ratio is right, but the mean weight of an image is not 1, so that the loss "
            "changes its scale.": [1, 19],
            "Those are the shares of the classes; the rare one needs the large weight.": (
                [0.95, 0.05]
            ),
            "Those weights sum to 1, but the mean over the images is not 1: count how many images "
            "carry each.": [0.05, 0.95],
            "You divided by each count and left the rest out; the mean weight must be 1.": (
                [1 / 95, 1 / 5]
            ),
            "Those are the counts of the classes.": [95, 5],
        },
        name="[weight of 0, weight of 1]",
    ) or compare(
        [*weights(np.repeat([0, 1], [30, 10])).values()],
        [40 / 60, 2],
        {"Use `labels`: you return the same weights for every training set.": both},
        name="For 30 and 10 images [weight of 0, weight of 1]",
    )


# Six healthy patients, two ill ones, with one to three images; one more of each in validation.
LABELS = np.array([0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 1, 1])
PATIENTS = np.array(list("AABCDDEFGGGHVWW"))
SPLITS = np.repeat(["train", "validation"], [12, 3])


@check("7.3", praise="Whole patients of the training part, nobody else's.")
def check_7_3(oversampled):
    """Check the positions of an oversampled training part."""
    positions = oversampled(LABELS.copy(), PATIENTS.copy(), SPLITS.copy())
    if positions is None:
        return "Your result is None. Did you forget `return`?"
    positions = np.asarray(positions)
    if positions.dtype == bool or positions.dtype.kind not in "iu" or positions.ndim != 1:
        return "Return positions of images: a row of whole numbers, some of them several times."
    if positions.size and not 0 <= positions.min() <= positions.max() < len(LABELS):
        return f"Positions run from 0 to {len(LABELS) - 1}."
    times = np.bincount(positions, minlength=len(LABELS))
    if times[SPLITS != "train"].any():
        return (
            "You also took images of validation patients. Copies of them in training are leakage: "
            "the network is then judged on patients it has seen. Resample after dividing, the "
            "training part only."
        )
    in_train = SPLITS == "train"
    if (times[in_train] == 0).any():
        lost = PATIENTS[in_train & (times == 0)][0]
        return f"Patient {lost} lost images. Oversampling leaves nobody out; that is undersampling."
    if (times[in_train & (LABELS == 0)] > 1).any():
        return "Images of healthy patients are there several times: copy the ill ones only."
    if len(set(times[PATIENTS == "G"])) > 1:
        return (
            "Patient G has some images more often than others: you drew images. Copy whole patients"
            ", so that everyone keeps the same weight for each image."
        )
    ill = times[PATIENTS == "G"][0] + times[PATIENTS == "H"][0]
    if ill == 2:
        return "The ill patients are there once, as before: copy them."
    if ill != 6:
        return (
            f"There are 6 healthy patients, and the ill ones are there {ill} times in all. Make "
            "the numbers of patients equal (not those of images)."
        )
    return None


@check("7.4", praise="And whether 0.02 would be worth it is a question of use, not of statistics.")
def check_7_4(meaning):
    """Check the choice about what the interval leaves possible."""
    return choose(
        meaning,
        "c",
        {
            "a": "The mean is a little below 0, but the interval contains 0 and values above it: "
            "other patients could turn the sign.",
            "b": "No difference shown is not a difference of 0. The interval also leaves losses "
            "that would matter.",
            "d": "These are one network, one way to prepare images and one kind of image. With raw "
            "images the same remedy made a large difference.",
        },
    )


@check("7.5", praise="Odds times odds ratio, and back: the order of the patients stays.")
def check_7_5(corrected):
    """Check the correction for a shifted prevalence."""
    p, trained, prevalence = np.array([0.1, 0.5, 0.9]), 0.5, 0.05
    odds = p / (1 - p)
    ratio = (0.05 / 0.95) / (0.5 / 0.5)
    return compare(
        corrected(p.copy(), trained, prevalence),
        odds * ratio / (1 + odds * ratio),
        {
            "You multiplied the probabilities by the ratio of the prevalences. That cannot bring "
            "0.9 to what it should be: go through the odds.": p * prevalence / trained,
            "You multiplied the probabilities by the ratio of the odds; multiply their odds.": (
                p * ratio
            ),
            "That is the other way round: you went from the natural prevalence to the trained "
            "one.": odds / ratio / (1 + odds / ratio),
            "Those are odds. Turn them back: probability = odds / (1 + odds).": odds * ratio,
            "You used the ratio of the prevalences; take the ratio of their odds.": (
                odds * 0.1 / (1 + odds * 0.1)
            ),
            "You subtracted the difference of the prevalences.": p - (trained - prevalence),
            "Probabilities are unchanged.": p,
        },
    ) or compare(
        corrected(np.array([0.3]), 0.2, 0.1),
        evaluation.shift_prevalence([0.3], 0.2, 0.1),
        {
            "You left out the odds of the trained prevalence; they are 1 only for 0.5.": (
                evaluation.shift_prevalence([0.3], 0.5, 0.1)
            ),
            "Use the arguments: you always correct to 0.05.": evaluation.shift_prevalence(
                [0.3], 0.2, 0.05
            ),
        },
        name="For 0.3, from 0.2 to 0.1, your result",
    )


@check("7.6", praise="Act from 1 in 21 on: one miss is worth twenty false alarms.")
def check_7_6(threshold):
    """Check the threshold of least expected cost."""
    return compare(
        threshold(20, 1),
        1 / 21,
        {
            "You exchanged the costs: an expensive miss asks for a low threshold.": 20 / 21,
            "That is the odds at which both choices cost the same; turn it into a probability.": (
                1 / 20
            ),
            "That is upside down.": 21,
            "0.5 is right only where both mistakes cost the same.": 0.5,
            "That is the ratio of the costs.": 20,
        },
    ) or compare(
        threshold(3, 1),
        0.25,
        {"Use the arguments.": 1 / 21, "You used the odds, 1/3.": 1 / 3},
        name="For costs 3 and 1 your result",
    )


@check("7.7", praise="Your arm knows what it has seen, so its probabilities can be brought back.")
def check_7_7(arm):
    """Check an arm that undersamples to 20 %."""
    labels, groups = np.repeat([0, 1], [190, 20]), np.r_[np.arange(190), np.repeat([200, 201], 10)]
    answer = arm(labels, groups)
    if not isinstance(answer, tuple) or len(answer) != 2:
        return f"Return two things, positions and prevalence; you return {type(answer).__name__}."
    positions, trained = answer
    kept = np.unique(groups[positions])
    ill = int((kept >= 200).sum())
    if len(np.unique(positions)) < len(positions):
        return "Some images are there several times: that is oversampling."
    if ill < 2:
        return "You left ill patients out; only healthy ones are plentiful."
    if len(kept) == 192:
        return "Nobody was left out."
    if len(kept) == 4:
        return "That is half and half; 20 % are asked for: `prevalence=0.2`."
    by_image = {"You counted images instead of patients: give `groups` to `undersample`.": 80}
    return compare(len(kept) - ill, 8, by_image, name="The number of healthy patients") or compare(
        trained,
        imbalance.effective_prevalence(labels[positions]),
        {
            "0.2 is the share of the patients. The network sees images, and ill patients may have "
            "more of them: count labels[positions].": 0.2,
            "That is the prevalence before resampling.": imbalance.effective_prevalence(labels),
            "That is the odds, not the share.": 20 / 8,
        },
        name="The prevalence that the network sees",
    )
