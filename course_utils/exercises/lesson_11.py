"""Exercises of lesson 11, explaining predictions."""

import numpy as np

from course_utils.exercises.exercise import Exercise, Several, choice

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

check_11_2 = choice("11.2")

check_11_3 = choice("11.3")

check_11_4 = choice("11.4")


def _excess(maps, masks, view=np.abs, area=lambda masks: masks.mean(axis=(1, 2)), empty=0.0):
    maps, masks = view(np.asarray(maps, float)), np.asarray(masks).astype(bool)
    total, inside = maps.sum(axis=(1, 2)), (maps * masks).sum(axis=(1, 2))
    found = np.divide(inside, total, out=np.zeros_like(total), where=total != 0) - area(masks)
    return np.where(total != 0, found, empty)


def _numbers(found):
    """Say what is not one number for each picture."""
    array = np.asarray(found, float)
    if array.ndim != 1:
        return "Return one number for each picture: sum over the last two axes only."
    if np.isnan(array).any():
        return "A map of zeros gives NaN: it divides 0 by 0. Such a map scores 0."


def _sized(shape, seed):
    """Return signed maps, one of which is 0 everywhere, and masks of different sizes."""
    rng = np.random.default_rng(seed)
    maps, masks = rng.normal(size=shape).round(2), np.zeros(shape, bool)
    for k in range(len(maps)):
        masks[k, : k + 1, : k + 2] = True
    maps[-1] = 0
    return maps, masks


check_11_5 = Exercise(
    "11.5",
    _excess,
    praise="It now scores the maps of the live network.",
    calls={
        "one map of 2 × 2": (np.array([[[1.0, -3.0], [0.0, 4.0]]]), np.array([[[0, 1], [0, 0]]])),
        "three signed maps, the last one 0 everywhere": _sized((3, 6, 8), 11),
        "five maps of another size": _sized((5, 9, 7), 12),
    },
    look=_numbers,
    view=lambda found: np.asarray(found, float),
    tolerance=1e-4,
    keeps_inputs=True,
    mistakes={
        "Negative and positive values cancel: take absolute values before you sum.": (
            lambda maps, masks: _excess(maps, masks, view=lambda m: m)
        ),
        "You have left out the negative values. Count their absolute values.": (
            lambda maps, masks: _excess(maps, masks, view=lambda m: np.maximum(m, 0))
        ),
        "That is the share inside the mask. Subtract the share of the picture that it covers.": (
            lambda maps, masks: _excess(maps, masks, area=lambda m: 0, empty=0.0)
        ),
        "A map of zeros scores 0, because it says nothing: here it scores minus the area.": (
            lambda maps, masks: _excess(maps, masks, empty=-masks.mean(axis=(1, 2)))
        ),
        "You have subtracted the number of pixels of the mask. Take its share of the picture.": (
            lambda maps, masks: _excess(maps, masks, area=lambda m: m.sum(axis=(1, 2)))
        ),
        "That divides by the area. The score is a difference: share minus area.": (
            lambda maps, masks: np.where(
                np.abs(maps).any(axis=(1, 2)),
                (_excess(maps, masks) + masks.mean(axis=(1, 2))) / masks.mean(axis=(1, 2)),
                0,
            )
        ),
        "You have joined all pictures. Take each sum over the last two axes.": Several(
            [
                lambda maps, masks: np.full(
                    len(maps), np.abs(maps)[masks > 0].sum() / np.abs(maps).sum() - masks.mean()
                ),
                lambda maps, masks: _excess(maps, masks, area=lambda m: m.mean()),
            ]
        ),
        "The sign is turned round: share inside minus area.": (
            lambda maps, masks: -_excess(maps, masks)
        ),
        "That compares means. Use shares of the total of the map.": (
            lambda maps, masks: (
                (np.abs(maps) * masks).sum(axis=(1, 2)) / masks.sum(axis=(1, 2))
                - np.abs(maps).mean(axis=(1, 2))
            )
        ),
        "You have squared the maps. Count their absolute values.": (
            lambda maps, masks: _excess(maps, masks, view=np.square)
        ),
    },
)
