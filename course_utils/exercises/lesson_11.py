"""Exercises of lesson 11, explaining predictions."""

import numpy as np

from course_utils.exercises.exercise import Exercise, choice

_RNG = np.random.default_rng(11)
_IMAGE, _OTHER = _RNG.uniform(0, 1, (2, 4, 5, 2))
_WEIGHTS = _RNG.normal(0, 1, (4, 5, 2))


def gradient_of_cubes(batch):
    """Return the gradient of a score that sums the cubes of all pixels."""
    return 3 * np.asarray(batch) ** 2


def gradient_of_squares(batch):
    """Return the gradient of a weighted sum of squares."""
    return 2 * _WEIGHTS * np.asarray(batch)


def _integrated(path=None, factor=None, average=np.mean, join=lambda a: a.sum(axis=-1)):
    """Return integrated gradients, right or with one step changed."""
    path = path or (lambda image, baseline, share: baseline + share * (image - baseline))
    factor = factor or (lambda image, baseline: image - baseline)

    def integrated(gradient, image, baseline, steps):
        shares = ((np.arange(steps) + 0.5) / steps)[:, np.newaxis, np.newaxis, np.newaxis]
        steps_on_way = average(gradient(path(image, baseline, shares)), axis=0)
        return join(steps_on_way * factor(image, baseline))

    return integrated


check_11_1 = Exercise(
    "11.1",
    _integrated(),
    praise="The next cell uses your function.",
    calls={
        "a black baseline": (gradient_of_cubes, _IMAGE, np.zeros_like(_IMAGE), 200),
        "a gray baseline": (gradient_of_cubes, _IMAGE, np.full_like(_IMAGE, 0.6), 200),
        "another image as baseline": (gradient_of_squares, _IMAGE, _OTHER, 300),
    },
    tolerance=0.03,
    mistakes={
        "You multiply by the image. Each pixel has gone from the baseline to the image.": (
            _integrated(factor=lambda image, baseline: image)
        ),
        "Your way starts at black; it has to start at the baseline.": (
            _integrated(path=lambda image, baseline, share: share * image)
        ),
        "Your way starts at black, and you multiply by the image: where is the baseline?": (
            _integrated(
                path=lambda image, baseline, share: share * image,
                factor=lambda image, baseline: image,
            )
        ),
        "You take the gradient at the image only. Average it over the whole way.": (
            _integrated(path=lambda image, baseline, share: image + 0 * share)
        ),
        "You add the gradients of all steps up; take their mean.": _integrated(average=np.sum),
        "Multiply the mean gradient by what each pixel has gone, image minus baseline.": (
            _integrated(factor=lambda image, baseline: 1)
        ),
        "You take absolute values; the map has a sign.": (
            _integrated(join=lambda a: np.abs(a).sum(axis=-1))
        ),
        "The difference is the wrong way round: image minus baseline.": (
            _integrated(factor=lambda image, baseline: baseline - image)
        ),
        "Add the channels up: one number per pixel, (height, width).": _integrated(
            join=lambda a: a
        ),
        "Add the channels up instead of taking their mean; otherwise the map is not complete.": (
            _integrated(join=lambda a: a.mean(axis=-1))
        ),
        "Return one number per pixel, not the sum of the map.": _integrated(join=np.sum),
    },
)

check_11_2 = choice(
    "11.2",
    "b",
    praise="It beats the brightness of the image, and it changes when the learning is taken away.",
    a="The brightness scores as much without a network, and random weights give nearly this map.",
    c="A map that changes with the weights may still miss the lesion, as this one does.",
    d="The brightness has no network in it, so it cannot explain what one has learned.",
)

check_11_3 = choice(
    "11.3",
    "a",
    praise="It names what was changed, in whom, and what moved, and the intervals do not overlap.",
    b="The rates describe the data. Whether the network uses a sign is what the effect says.",
    c="The mean is near 0, but the networks range from −0.6 to 0.7: some do react to the halo.",
    d="1.4 is a mean over 60 patients. The interval is about that mean, not about each patient.",
)
