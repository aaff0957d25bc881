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
    if np.shape(answer) == (2,) and not np.isfinite(answer).all():
        return "An empty slice? Compute the middle half from `images.shape`, not from one size."
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
            "You cut the columns by the height: a quarter of the width is another number.": (
                1 - images[:, 2:6, 2:6].mean(axis=(1, 2, 3)) / mean
            ),
            "You divided the wrong way, and forgot 1 minus the ratio.": mean / center,
            "Divide by the mean of each image, not of the batch.": 1 - center / images.mean(),
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
        if batch.ndim != 4 or batch.shape[1:] != images.shape[1:]:
            raise ValueError(f"predict got shape {batch.shape}; give it images (n, 4, 4, 1)")
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
            "You turned both ways; exchange left and right only (axis 2).": (
                (plain + predict(images[:, ::-1, ::-1])) / 2
            ),
            "That turns everything, also the order of the images; reverse axis 2 only.": (
                (plain + predict(images[::-1, ::-1, ::-1])) / 2
            ),
            "You halved the second only: put the sum in parentheses.": plain + mirror / 2,
            "You took the larger of the two; take their mean.": np.maximum(plain, mirror),
            "Average the probabilities, not the images: the mean of an image and its mirror image "
            "is a picture of nothing.": predict((images + images[:, :, ::-1]) / 2),
        },
        tolerance=1e-9,
    )


@check("8.4", praise="An arm is nothing but probabilities of the same patients in the same order.")
def check_8_4(ensemble_of):
    """Check the ensemble of the first runs."""
    runs = np.array([[0.1, 0.8, 0.3, 0.2], [0.3, 0.4, 0.9, 0.4], [0.8, 0.0, 0.6, 0.9]])
    before = runs.copy()
    answer = ensemble_of(runs, 2)
    if not np.array_equal(runs, before):
        return "Your function changes its argument; return a new array."
    mean = np.array([[0.2, 0.6, 0.6, 0.3]])
    return compare(
        answer,
        mean,
        {
            "That is one probability per patient; keep the axis of the runs, (1, patients).": mean[
                0
            ],
            "You ignore `members`: take the first ones only.": runs.mean(axis=0, keepdims=True),
            "You took the mean over the patients; average over the runs (axis 0).": (
                runs[:2].mean(axis=1, keepdims=True)
            ),
            "You took the first patients; the runs are the rows.": (
                runs[:, :2].mean(axis=0, keepdims=True)
            ),
            "You took the last runs; take the first.": runs[-2:].mean(axis=0, keepdims=True),
            "You return the runs themselves; return their mean.": runs[:2],
            "You return the sum; divide by the number of members.": 2 * mean,
        },
        tolerance=1e-9,
    )


@check(
    "8.5", praise="At a threshold of 10 % a false alarm costs a ninth of what a cancer is worth."
)
def check_8_5(net_benefit):
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
            "Put 1 − t in parentheses: the odds are t / (1 − t).": (
                hits / n - alarms / n * (threshold / 1 - threshold)
            ),
            "Put 1 − t in parentheses, and the odds, too: t / (1 − t).": (
                hits / n - alarms / n * threshold / 1 - threshold
            ),
            "Divide by all patients, not by those biopsied.": (
                (hits - alarms * odds) / (hits + alarms)
            ),
            "The odds belong to the false alarms, not to the cancers found.": (
                hits / n * odds - alarms / n
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
    "8.6", praise="And the same real images guided the simulator, which the last section repeats."
)
def check_8_6(conclusion):
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
