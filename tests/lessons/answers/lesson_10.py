"""Right and wrong answers to the exercises of lesson 10."""

import math

import numpy as np
from scipy import ndimage
from skimage import measure, morphology
from sklearn.metrics import f1_score

from course_utils._tensorflow import keras

ops = keras.ops
NAN = float("nan")


def rating(score, none=NAN, missed="missed", false="false detection", empty=lambda m: not m.any()):
    """Return an answer to 10.1 with another score, other texts, or another rule for empty masks."""

    def rate(truth, predicted):
        if empty(truth) and empty(predicted):
            return "correct absence", none
        if empty(predicted):
            return missed, 0.0
        return (false, 0.0) if empty(truth) else ("scored", score(truth, predicted))

    return rate


def dice(truth, predicted):
    return 2 * (truth & predicted).sum() / (truth.sum() + predicted.sum())


def rate_with_match(truth, predicted):
    match bool(truth.any()), bool(predicted.any()):
        case True, True:
            return ["scored", np.float32(dice(truth, predicted))]
        case True, False:
            return ["missed", 0]
        case False, True:
            return ["false detection", 0]
    return ["correct absence", None or math.nan]


def rate_with_a_table(truth, predicted):
    names = {(0, 0): "correct absence", (1, 0): "missed", (0, 1): "false detection"}
    key = (int(truth.any()), int(predicted.any()))
    with np.errstate(invalid="ignore"):
        return names.get(key, "scored"), dice(truth, predicted)


def rate_first_slices(truth, predicted):
    return rating(dice)(truth[0], predicted[0])


def loss(top=lambda t, p: 2 * ops.sum(t * p) + 1, bottom=None, of=lambda x: 1 - x):
    """Return an answer to 10.2 with another numerator, denominator or outside."""
    bottom = bottom or (lambda t, p: ops.sum(ops.square(t)) + ops.sum(ops.square(p)) + 1)
    return lambda truth, predicted: of(top(truth, predicted) / bottom(truth, predicted))


def numpy_loss(truth, predicted):
    t, p = np.asarray(truth), np.asarray(predicted)
    return 1 - (2 * (t * p).sum() + 1) / ((t**2).sum() + (p**2).sum() + 1)


def squares(t, p):
    return ops.sum(t * t) + ops.sum(p * p)


def flat_loss(truth, predicted):
    t, p = ops.reshape(truth, (-1,)), ops.reshape(predicted, (-1,))
    return 1 - (2 * ops.dot(t, p) + 1) / (ops.dot(t, t) + ops.dot(p, p) + 1)


def by_regions(masks, smallest):
    kept = np.zeros_like(masks)
    for i, mask in enumerate(masks):
        for region in measure.regionprops(measure.label(mask, connectivity=1)):
            if region.area >= smallest:
                kept[i][tuple(region.coords.T)] = True
    return kept


def by_loop(masks, smallest):
    found = []
    for mask in masks:
        pieces, number = ndimage.label(mask)
        large = [k for k in range(1, number + 1) if np.count_nonzero(pieces == k) >= smallest]
        found.append(np.isin(pieces, large))
    return found


def by_flat_structure(masks, smallest):
    flat = np.zeros((3, 3, 3), int)
    flat[1] = ndimage.generate_binary_structure(2, 1)
    pieces, number = ndimage.label(masks, flat)
    sizes = ndimage.sum_labels(masks, pieces, np.arange(number + 1))
    return masks & (sizes >= smallest)[pieces]


def by_copy(masks, smallest):
    kept = masks.copy()
    for mask in kept:
        pieces, number = ndimage.label(mask)
        for k in range(1, number + 1):
            if (pieces == k).sum() < smallest:
                mask[pieces == k] = False
    return kept


def as_integers(masks, smallest):
    return by_copy(masks, smallest).astype(np.uint8)


def in_place(masks, smallest):
    masks[:] = by_copy(masks, smallest)
    return masks


def opened(masks, smallest):
    return np.stack([morphology.opening(mask, np.ones((2, 2))) for mask in masks])


def filtered(keep, labeled=ndimage.label):
    """Return an answer to 10.3 that keeps the pieces whose sizes `keep` accepts."""

    def drop(masks, smallest):
        kept = np.zeros_like(masks)
        for i, mask in enumerate(masks):
            pieces, number = labeled(mask)
            for k in range(1, number + 1):
                kept[i] |= (pieces == k) & keep((pieces == k).sum(), smallest)
        return kept

    return drop


def limits(relative, spread=lambda d: 1.96 * d.std(ddof=1), order=(0, 1, 2)):
    """Return an answer to 10.5 from the differences and half the width."""

    def answer(true, measured):
        found = relative(np.asarray(true, float), np.asarray(measured, float))
        three = found.mean(), found.mean() - spread(found), found.mean() + spread(found)
        return tuple(three[k] for k in order)

    return answer


def percent(true, measured):
    return 100 * (measured - true) / true


def in_a_loop(true, measured):
    found = [100 * (m - t) / t for t, m in zip(true, measured, strict=True)]
    bias = sum(found) / len(found)
    sd = math.sqrt(sum((x - bias) ** 2 for x in found) / (len(found) - 1))
    return [bias, bias - 1.96 * sd, bias + 1.96 * sd]


def in_float32(true, measured):
    found = percent(np.float32(true), np.float32(measured))
    sd = np.std(found, ddof=1)
    return np.array([found.mean(), found.mean() - 1.96 * sd, found.mean() + 1.96 * sd])


RIGHT = {
    "10.1": [
        rating(lambda t, p: 1 - (t ^ p).sum() / (t.sum() + p.sum())),
        rating(lambda t, p: f1_score(t.ravel(), p.ravel())),
        rating(dice, none=np.float32("nan"), empty=lambda m: m.sum() == 0),
        rate_with_match,
        rate_with_a_table,
    ],
    "10.2": [
        flat_loss,
        loss(bottom=lambda t, p: squares(t, p) + 1),
        loss(bottom=lambda t, p: 1 + ops.sum(t**2 + p**2)),
        loss(top=lambda t, p: ops.sum(2 * t * p) + 1.0),
        loss(of=lambda x: -x + 1),
    ],
    "10.3": [by_regions, by_loop, by_flat_structure, by_copy, as_integers],
    "10.5": [
        in_a_loop,
        in_float32,
        limits(lambda t, m: 100 * (m / t - 1)),
        limits(percent, lambda d: 1.96 * math.sqrt(d.var(ddof=1))),
        limits(lambda t, m: (m - t) / (t / 100)),
    ],
}

WRONG = {
    "10.1": [
        rating(dice, none=0.0),
        rating(dice, none=1.0),
        rating(dice, missed="false detection", false="missed"),
        rating(dice, missed="scored"),
        rating(lambda t, p: (t & p).sum() / (t | p).sum()),
        rating(lambda t, p: (t & p).sum() / (t.sum() + p.sum())),
        rating(lambda t, p: (2 * (t & p).sum() + 1) / (t.sum() + p.sum() + 1)),
        rating(lambda t, p: (t == p).mean()),
        rating(lambda t, p: 1 - dice(t, p)),
        rating(dice, empty=lambda m: m.sum() <= 3),
        rate_first_slices,
        dice,
    ],
    "10.2": [
        numpy_loss,
        loss(of=lambda x: x),
        loss(of=lambda x: -x),
        loss(top=lambda t, p: ops.sum(t * p) + 1),
        loss(top=lambda t, p: 2 * ops.sum(t * p), bottom=squares),
        loss(bottom=lambda t, p: ops.sum(t) + ops.sum(p) + 1),
        loss(top=lambda t, p: 2 * ops.sum(t * p)),
        loss(top=lambda t, p: 2 * ops.mean(t * p) + 1),
        lambda truth, predicted: ops.mean(keras.losses.binary_crossentropy(truth, predicted)),
    ],
    "10.3": [
        filtered(lambda count, smallest: count > smallest),
        filtered(lambda count, smallest: count < smallest),
        filtered(lambda count, smallest: count >= 4),
        filtered(np.greater_equal, lambda mask: ndimage.label(mask, np.ones((3, 3)))),
        lambda masks, smallest: masks.copy(),
        lambda masks, smallest: masks & (masks.sum((1, 2), keepdims=True) >= smallest),
        lambda masks, smallest: morphology.remove_small_objects(
            masks, max_size=max(smallest - 1, 0)
        ),
        in_place,
        opened,
    ],
    "10.5": [
        limits(lambda t, m: m - t),
        limits(lambda t, m: (m - t) / t),
        limits(lambda t, m: 100 * (t - m) / t),
        limits(lambda t, m: 100 * (m - t) / m),
        limits(lambda t, m: 200 * (m - t) / (m + t)),
        limits(lambda t, m: np.abs(percent(t, m))),
        limits(percent, lambda d: 1.96 * d.std()),
        limits(percent, lambda d: 2 * d.std(ddof=1)),
        limits(percent, lambda d: 1.96 * d.std(ddof=1) / math.sqrt(len(d))),
        limits(percent, order=(1, 0, 2)),
    ],
}
