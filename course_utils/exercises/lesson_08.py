"""Checks of lesson 08, a complete study on breast ultrasound."""

import numpy as np

from course_utils.exercises.feedback import check, choose, compare


@check("8.1", praise="One line of knowledge, no training: whatever is trained must beat it.")
def check_8_1(dark_center):
    """Check the rule of the dark center."""
    images = np.full((2, 8, 12, 1), 0.5, np.float32)
    images[1, 2:6, 3:9] = 0.1
    images[1, 0, 0] = 0.9
    center, mean = images[:, 2:6, 3:9].mean(axis=(1, 2, 3)), images.mean(axis=(1, 2, 3))
    answer = dark_center(images)
    return compare(
        answer,
        1 - center / mean,
        {
            "Turn it round: a darker center should give a larger value, so 1 − ratio.": (
                center / mean
            ),
            "That is one number for the whole batch; take the means of each image by itself, "
            "over the axes 1, 2 and 3.": np.array(1 - center.mean() / mean.mean()),
            "You divided the wrong way: the center over the whole image.": 1 - mean / center,
            "Divide by the mean of the image: a dark image is not a dark center.": 1 - center,
            "That is a difference; a ratio does not depend on the gain.": mean - center,
            "You compare with the border; compare with the mean of the whole image.": (
                1 - center / ((mean * 96 - center * 24) / 72)
            ),
            "Take the middle half of the height *and* of the width.": (
                1 - images[:, 2:6].mean(axis=(1, 2, 3)) / mean
            ),
        },
        tolerance=1e-5,
    )


@check("8.2", praise="The beam comes from above, so shadows lie below what casts them.")
def check_8_2(forbidden):
    """Check the choice about augmentation."""
    return choose(
        forbidden,
        "c",
        {
            "a": "Left and right breast, and a probe held the other way round, give mirror images: "
            "the label stays true.",
            "b": "The operator turns the gain as it suits; a cancer stays one.",
            "d": "Which part of the tissue the probe shows is the operator's choice; a few pixels "
            "do not move the lesion out of the image.",
        },
    )


@check("8.3", praise="Two looks at the same image by one network, no training needed.")
def check_8_3(with_mirror):
    """Check test-time augmentation with the mirror image."""
    images = np.random.default_rng(0).random((3, 4, 4, 1))

    def predict(batch):
        batch = np.asarray(batch)
        if batch.shape != images.shape:
            raise ValueError(f"predict got shape {batch.shape}; give it one batch at a time")
        # Depends on left and right, and on up and down.
        weights = np.arange(4)[None, :, None] + 3 * np.arange(4)[:, None, None]
        return ((batch * weights) ** 2).mean(axis=(1, 2, 3)) / 144

    plain, mirror = predict(images), predict(images[:, :, ::-1])
    answer = with_mirror(predict, images)
    return compare(
        answer,
        (plain + mirror) / 2,
        {
            "That is the prediction of the images alone.": plain,
            "That is the prediction of the mirror images alone; average both.": mirror,
            "You added the two; the mean of two probabilities is half of that.": plain + mirror,
            "You turned the images upside down (axis 1). Left and right are axis 2.": (
                (plain + predict(images[:, ::-1])) / 2
            ),
            "You exchanged the order of the images (axis 0). Left and right are axis 2.": (
                (plain + predict(images[::-1])) / 2
            ),
            "You took the larger of the two; take their mean.": np.maximum(plain, mirror),
            "Average the probabilities, not the images: the mean of an image and its mirror image "
            "is a picture of nothing.": predict((images + images[:, :, ::-1]) / 2),
        },
        tolerance=1e-9,
    )


@check(
    "8.4", praise="At a threshold of 10 % a false alarm costs a ninth of what a cancer is worth."
)
def check_8_4(net_benefit):
    """Check the net benefit from counts."""
    hits, alarms, n, threshold = 60, 90, 500, 0.1
    odds = threshold / (1 - threshold)
    return compare(
        net_benefit(hits, alarms, n, threshold),
        hits / n - alarms / n * odds,
        {
            "You weighted the false alarms by (1 − t) / t; it is t / (1 − t), small for small "
            "thresholds.": hits / n - alarms / n / odds,
            "You weighted the false alarms by t; it is t / (1 − t), the odds.": (
                hits / n - alarms / n * threshold
            ),
            "Divide by the number of patients: net benefit is per patient.": hits - alarms * odds,
            "The false alarms count against the model: subtract them.": (
                hits / n + alarms / n * odds
            ),
            "You gave a false alarm the same weight as a cancer found.": (hits - alarms) / n,
            "Divide both counts by the number of patients.": hits / n - alarms * odds,
        },
        tolerance=1e-9,
    ) or compare(
        net_benefit(10, 20, 100, 0.5),
        -0.1,
        name="For 10 hits and 20 alarms among 100 at a threshold of 0.5 your result",
    )


@check(
    "8.5", praise="And the same real images guided the simulator, which the last section repeats."
)
def check_8_5(conclusion):
    """Check the choice about pre-training."""
    return choose(
        conclusion,
        "b",
        {
            "a": "Every score in the table is about real images of one hospital's collection; "
            "nothing was compared with a reader or tried in a clinic.",
            "c": "The control with shuffled labels saw the same simulated images and gained less; "
            "so it is not only the longer training.",
            "d": "The differences at 50, 100 and all images are alike within their intervals; the "
            "table shows no rise or fall with the number of images.",
        },
    )
