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


def _path(image, baseline, share):
    return baseline + share * (image - baseline)


def _integrated(path=_path, factor=np.subtract, average=np.mean, join=lambda a: a.sum(axis=-1)):
    """Return integrated gradients, right or with one step changed."""

    def integrated(gradient, image, baseline, steps):
        shares = ((np.arange(steps) + 0.5) / steps)[:, np.newaxis, np.newaxis, np.newaxis]
        steps_on_way = average(gradient(path(image, baseline, shares)), axis=0)
        return join(steps_on_way * factor(image, baseline))

    return integrated


def _from_black(image, baseline, share):
    return share * image


def _image(image, baseline):
    return image


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
        "Multiply by the way from the baseline, not by the image.": _integrated(factor=_image),
        "Your way starts at black; it has to start at the baseline.": _integrated(_from_black),
        "Your way starts at black, and you multiply by the image: where is the baseline?": (
            _integrated(_from_black, _image)
        ),
        "You take the gradient at the image only. Average it over the whole way.": (
            _integrated(lambda image, baseline, share: image + 0 * share)
        ),
        "You add the gradients of all steps up; take their mean.": _integrated(average=np.sum),
        "Multiply the mean gradient by what each pixel has gone, image minus baseline.": (
            _integrated(factor=lambda image, baseline: 1)
        ),
        "The map has a sign: no absolute values.": _integrated(join=lambda a: np.abs(a).sum(-1)),
        "The difference is turned round: image minus baseline.": (
            _integrated(factor=lambda image, baseline: baseline - image)
        ),
        "Add the channels up: one number per pixel.": _integrated(join=np.asarray),
        "Add the channels up; by their mean the map is not complete.": (
            _integrated(join=lambda a: a.mean(axis=-1))
        ),
        "Return one number per pixel, not the sum of the map.": _integrated(join=np.sum),
    },
)

check_11_2 = choice("11.2")
check_11_3 = choice("11.3")
check_11_4 = choice("11.4")


def _area(masks):
    return masks.mean(axis=(1, 2))


def _excess(view=np.abs, area=_area, empty=np.zeros_like, compare=np.subtract):
    """Return the function, right or with another view, area, comparison, or score of zeros."""

    def excess(maps, masks):
        maps, masks = view(np.asarray(maps, float)), np.asarray(masks).astype(bool)
        total, inside = maps.sum(axis=(1, 2)), (maps * masks).sum(axis=(1, 2))
        share = np.divide(inside, total, out=np.zeros_like(total), where=total != 0)
        return np.where(total != 0, compare(share, area(masks)), empty(_area(masks)))

    return excess


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
    _excess(),
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
        "Negative and positive values cancel: take absolute values first.": _excess(np.asarray),
        "You have left out the negative values. Count their absolute values.": (
            _excess(lambda maps: np.maximum(maps, 0))
        ),
        "That is the share inside the mask. Subtract the share of the picture that it covers.": (
            _excess(compare=lambda share, area: share)
        ),
        "A map of zeros says nothing and scores 0, not minus the area.": _excess(empty=np.negative),
        "Subtract the mask's share of the picture, not its number of pixels.": (
            _excess(area=lambda masks: masks.sum(axis=(1, 2)))
        ),
        "The score is a difference, share minus area, no ratio.": _excess(compare=np.divide),
        "You have joined all pictures. Take each sum over the last two axes.": Several(
            [
                lambda maps, masks: np.full(
                    len(maps), np.abs(maps)[masks > 0].sum() / np.abs(maps).sum() - masks.mean()
                ),
                _excess(area=np.mean),
            ]
        ),
        "The sign is turned round: share inside minus area.": (
            _excess(compare=lambda share, area: area - share)
        ),
        "That compares means. Use shares of the total of the map.": (
            lambda maps, masks: (
                (np.abs(maps) * masks).sum(axis=(1, 2)) / masks.sum(axis=(1, 2))
                - np.abs(maps).mean(axis=(1, 2))
            )
        ),
        "You have squared the maps. Count their absolute values.": _excess(np.square),
    },
)
