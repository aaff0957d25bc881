"""Checks of lesson 10, brain tumor segmentation."""

import numpy as np

from course_utils.exercises.feedback import check, choose, compare


@check("10.1", praise="Background that both leave out never counts; that is the point of Dice.")
def check_10_1(dice):
    """Check the Dice score of two masks."""
    truth, predicted = np.zeros((2, 2, 6, 6), bool)
    truth[0, 1:4, 1:5] = truth[1, 2, 2] = True  # 13 pixels
    predicted[0, 2:5, 1:3] = True  # 6 pixels, 4 in common
    both, union = 4, 15
    of_slices = (2 * both / 18 + 0) / 2
    return compare(
        dice(truth, predicted),
        2 * both / 19,
        {
            "That is IoU: you divided by the pixels of either mask, each counted once.": both
            / union,
            "Dice counts the common pixels twice: it is 2 · common / (sum of both).": both / 19,
            "That is accuracy: it counts the background, and nearly everything is background.": (
                1 - (13 + 6 - 2 * both) / truth.size
            ),
            "You divided by the true mask only: that is sensitivity.": both / 13,
            "You divided by the predicted mask only: that is precision.": both / 6,
            "You took the score of each slice and averaged; pool the pixels of all slices.": (
                of_slices
            ),
            "You divided by the union; Dice divides by the sum of the two sizes.": 2 * both / union,
        },
    ) or compare(dice(truth, truth), 1, name="For two equal masks your result")


@check("10.2", praise="So they rank single masks alike, and IoU always looks worse.")
def check_10_2(dice_from_iou):
    """Check the conversion of IoU into Dice."""
    iou = np.array([0.0, 0.5, 0.75, 1.0])
    right = 2 * iou / (1 + iou)
    got = [dice_from_iou(value) for value in iou]
    return compare(
        got,
        right,
        {
            "That is the other way round: IoU = Dice / (2 - Dice).": iou / (2 - iou),
            "Twice the IoU is above 1 for a good mask; the denominator grows, too.": 2 * iou,
            "The numerator is twice the intersection.": iou / (1 + iou),
            "You return IoU itself; they agree at 0 and 1 only.": iou,
        },
        name="For IoU 0, 0.5, 0.75 and 1 your result",
    )


@check("10.3", praise="The gap belongs to the volume: tumor goes on where no slice was measured.")
def check_10_3(volume_cm3):
    """Check the volume of a stack of masks."""
    masks = np.zeros((5, 8, 8), bool)
    masks[1, 2:6, 1:6] = masks[2, 1:7, 1:7] = masks[3, 3:5, 2:4] = True  # 20, 36 and 4 pixels
    pixels, (rows, columns), thickness, gap = int(masks.sum()), (2.0, 1.6), 5.0, 1.0
    of_one = rows * columns * (thickness + gap) / 1000
    right = pixels * of_one
    single = {
        f"That is the volume of slice {k} alone; add up all of them.": masks[k].sum() * of_one
        for k in (1, 2, 3)
    }
    got = volume_cm3(masks, (rows, columns), thickness, gap)
    return compare(
        got,
        right,
        {
            "You left out the gaps: each slice stands for its thickness and the gap to the next.": (
                pixels * rows * columns * thickness / 1000
            ),
            "That is in mm³; a cm³ has 1,000 mm³.": right * 1000,
            "You divided by 10 or 100; a cm³ is 10 · 10 · 10 mm³.": right * 100,
            "You subtracted the gap; it is added.": (
                pixels * rows * columns * (thickness - gap) / 1000
            ),
            "A pixel's area is rows · columns; you squared the rows.": right * rows / columns,
            "A pixel's area is rows · columns; you squared the columns.": right * columns / rows,
            "You took pixels for mm²: multiply by the spacing of rows and of columns.": (
                pixels * (thickness + gap) / 1000
            ),
            "You counted all pixels of the stack, not those inside the mask.": masks.size * of_one,
            "You took the largest slice for all that have a tumor; add up the pixels of each.": (
                3 * 36 * of_one
            ),
            "You took the largest slice for all of the stack; add up the pixels of each.": (
                len(masks) * 36 * of_one
            ),
            **single,
            "You counted the gap alone.": pixels * rows * columns * gap / 1000,
        },
    ) or compare(
        volume_cm3(masks, (rows, columns), thickness, 0.0),
        pixels * rows * columns * thickness / 1000,
        name="Without a gap your result",
    )


CASES = {
    ("both have pixels", True, True): "scored",
    ("both are empty", False, False): "correct absence",
    ("only the prediction is empty", True, False): "missed",
    ("only the truth is empty", False, True): "false detection",
}


@check("10.4", praise="Decided before anybody saw a score, so that nobody can choose what suits.")
def check_10_4(outcome):
    """Check the rule for empty masks."""
    mask, nothing = np.zeros((2, 3, 4, 4), bool)
    mask[1, 1:3, 1:3] = True
    got = {}
    for (words, with_truth, with_prediction), right in CASES.items():
        pair = (mask if with_truth else nothing, mask if with_prediction else nothing)
        got[right] = outcome(*pair)
        if not isinstance(got[right], str):
            kind = type(got[right]).__name__
            return f"Where {words} you return a {kind}; return one of the four texts."
    if got["missed"] == "false detection" and got["false detection"] == "missed":
        return "You exchanged the two failures: a tumor without a prediction is missed."
    if got["correct absence"] == "scored":
        return "Where both are empty there is no Dice score: 0 / 0. That is a correct absence."
    for (words, *_), right in CASES.items():
        if got[right].strip().lower() != right:
            return f"Where {words} you return {got[right]!r}; it is {right!r}."
    if outcome(mask, np.roll(mask, 2, axis=2)) != got["scored"]:
        return (
            "Both have pixels, but none in common: that is 'scored', with a Dice of 0. Missed "
            "means that nothing was predicted at all."
        )
    return None


@check("10.5", praise="The skip adds channels, never height or width.")
def check_10_5(shapes):
    """Check the shapes on the way up."""
    right = [(24, 24, 32), (24, 24, 64), (24, 24, 32)]
    try:
        got = [tuple(int(n) for n in shape) for shape in shapes]
    except TypeError:
        return "Give a list of three shapes, each (height, width, channels)."
    if len(got) != 3 or any(len(shape) != 3 for shape in got):
        return f"Give three shapes of three numbers; you gave {got}."
    if any(shape[1:] == (24, 24) for shape in got):
        return "Keras puts channels last: (height, width, channels)."
    for index, mistakes in (
        (
            0,
            {
                "A transposed convolution doubles height and width.": (12, 12, 32),
                "The number of channels is that of the transposed convolution's filters.": (
                    (24, 24, 64)
                ),
                "Height and width double once, from 12 to 24.": (48, 48, 32),
                "The bottom's 64 channels go in; as many come out as the layer has filters, and "
                "the sides double.": (12, 12, 64),
            },
        ),
        (
            1,
            {
                "Concatenating puts channels side by side: 32 and 32.": (24, 24, 32),
                "Height and width stay; only the channels are put together.": (48, 48, 64),
                "The skip comes from the way down at 24 pixels, with 32 channels.": (24, 24, 96),
            },
        ),
        (
            2,
            {
                "The two convolutions have 32 filters: 32 channels come out.": (24, 24, 64),
                "The brick of this step has 32 filters; 8 come only at the top.": (24, 24, 8),
                "`padding='same'` keeps height and width.": (20, 20, 32),
            },
        ),
    ):
        if got[index] != right[index]:
            named = {shape: sentence for sentence, shape in mistakes.items()}
            where = ("after the transposed convolution", "after concatenating", "at the end")[index]
            return named.get(got[index], f"{got[index]} {where} is not right; look there again.")
    return None


@check("10.6", praise="One line, and the arm meets the same patients and seeds as all others.")
def check_10_6(new_arm):
    """Check the settings of an arm with the Dice loss and augmentation."""
    if not callable(new_arm):
        return "Give the function itself, which returns the settings, without calling it."
    settings = new_arm()
    if settings is None:
        return "Your function returns None. Did you forget `return`?"
    if not isinstance(settings, dict):
        return f"Return a dict, as the arms of the table are; yours is a {type(settings).__name__}."
    if "seed" in settings:
        return "The seed is the same for all arms and not a setting; leave it out."
    unknown = sorted(map(str, set(settings) - {"loss", "augment"}))
    if unknown:
        return f"The settings of this arm are loss and augment, not {', '.join(unknown)}."
    return _complaint_about_loss(settings) or _complaint_about_augment(settings)


def _complaint_about_loss(settings):
    loss = settings.get("loss")
    if "loss" not in settings:
        return "Name the loss in the settings."
    if not isinstance(loss, str):
        return "Give the loss by its name, a text in quotes; `LOSSES` knows the function behind it."
    if loss == "Dice loss":
        return "'Dice loss' is the arm's name; the loss is called 'Dice'."
    if loss == "sum":
        return "With the sum that arm exists: 'sum, augmented'. Take the Dice loss alone."
    return None if loss == "Dice" else f"There, the Dice loss is called 'Dice', not {loss!r}."


def _complaint_about_augment(settings):
    augment = settings.get("augment", False)
    if not isinstance(augment, bool):
        return f"`augment` is True or False; yours is {augment!r:.40}."
    return None if augment else "That is the arm 'Dice loss' of the table; switch augment on."


@check("10.7", praise="A median over patients hides the tail; the tail is who is harmed.")
def check_10_7(conclusion):
    """Check the choice about what a median Dice of 0.85 says."""
    return choose(
        conclusion,
        "c",
        {
            "a": "Half of the patients lie below the median, some far below: look at the failures.",
            "b": "Dice says nothing about where the wrong pixels lie. A thin rim around the tumor "
            "and a missed lobe can cost the same.",
            "d": "The second reader's masks were simulated by the same program that drew the "
            "truth. Real readers were never asked.",
        },
    )
