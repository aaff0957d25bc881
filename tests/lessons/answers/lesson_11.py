"""Right and wrong answers to the exercises of lesson 11."""

import numpy as np

from course_utils import explanation


def loop(gradient, image, baseline, steps):
    total = np.zeros(image.shape)
    for k in range(steps):
        share = (k + 0.5) / steps
        point = baseline + share * (image - baseline)
        total += gradient(point[np.newaxis])[0]
    return (total / steps * (image - baseline)).sum(axis=-1)


def right_ends(gradient, image, baseline, steps):
    shares = np.arange(1, steps + 1) / steps
    way = np.stack([(1 - s) * baseline + s * image for s in shares])
    return np.sum(np.mean(gradient(way), 0) * (image - baseline), -1)


def left_ends(gradient, image, baseline, steps):
    shares = np.linspace(0, 1, steps, endpoint=False).reshape(-1, 1, 1, 1)
    way = baseline + shares * (image - baseline)
    return (gradient(way).mean(axis=0) * (image - baseline)).sum(axis=2)


def trapezoid(gradient, image, baseline, steps):
    shares = np.linspace(0, 1, steps + 1)
    way = baseline + shares[:, None, None, None] * (image - baseline)
    found = np.trapezoid(gradient(way), shares, axis=0)
    return np.einsum("hwc,hwc->hw", found, image - baseline)


def single(gradient, image, baseline, steps):
    shares = np.linspace(0, 1, steps, dtype=np.float32)[:, None, None, None]
    image, baseline = image.astype(np.float32), baseline.astype(np.float32)
    way = baseline[None] + shares * (image - baseline)[None]
    return (gradient(way).mean(axis=0) * (image - baseline)).sum(axis=-1)


def as_list(gradient, image, baseline, steps):
    return left_ends(gradient, image, baseline, steps).tolist()


def midpoints(gradient, image, baseline, steps, join=lambda a: a.sum(axis=-1)):
    shares = ((np.arange(steps) + 0.5) / steps)[:, None, None, None]
    return join(gradient(baseline + shares * (image - baseline)).mean(axis=0) * (image - baseline))


def backward(gradient, image, baseline, steps):
    shares = ((np.arange(steps) + 0.5) / steps)[:, None, None, None]
    way = image + shares * (baseline - image)
    return (gradient(way).mean(axis=0) * (baseline - image)).sum(axis=-1)


def steps_times(function, gradient, image, baseline, steps):
    return steps * function(gradient, image, baseline, steps)


def excess_by_loop(maps, masks):
    found = []
    for one, mask in zip(maps, masks, strict=True):
        size = np.abs(one)
        found.append(size[mask > 0].sum() / size.sum() - np.mean(mask) if size.sum() else 0.0)
    return found


def excess_by_einsum(maps, masks):
    size, masks = np.abs(maps), np.asarray(masks, float)
    total = np.einsum("nhw->n", size)
    share = np.einsum("nhw,nhw->n", size, masks) / np.where(total == 0, 1, total)
    return (share - masks.mean(axis=(1, 2))) * (total > 0)


def excess_in_float32(maps, masks):
    size = np.abs(np.asarray(maps, np.float32)).reshape(len(maps), -1)
    flat = np.asarray(masks, np.float32).reshape(len(masks), -1)
    total = size.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = (size * flat).sum(axis=1) / total - flat.mean(axis=1)
    return np.nan_to_num(found, nan=0.0)


def excess_by_share_inside(maps, masks):
    inside = explanation.share_inside(np.abs(maps), np.asarray(masks).astype(bool))
    return inside - np.asarray(masks).astype(bool).mean(axis=(1, 2))


def excess_normalized_first(maps, masks):
    size = np.abs(maps)
    total = size.sum(axis=(1, 2), keepdims=True)
    even = np.full_like(size, 1 / size[0].size)
    density = np.where(total > 0, size / np.where(total > 0, total, 1), even)
    return ((density - even) * np.asarray(masks)).sum(axis=(1, 2))


RIGHT = {
    "11.1": [loop, right_ends, left_ends, trapezoid, single, as_list],
    "11.5": [
        excess_by_loop,
        excess_by_einsum,
        excess_in_float32,
        excess_by_share_inside,
        excess_normalized_first,
    ],
}
WRONG = {
    "11.1": [
        backward,
        lambda gradient, image, baseline, steps: midpoints(gradient, image, 0 * image, steps),
        lambda gradient, image, baseline, steps: (
            gradient(image[None])[0] * (image - baseline)
        ).sum(axis=-1),
        lambda gradient, image, baseline, steps: (gradient(image[None])[0] * image).sum(axis=-1),
        lambda *arguments: midpoints(*arguments, join=lambda a: np.abs(a).sum(axis=-1)),
        lambda *arguments: midpoints(*arguments, join=lambda a: a.max(axis=-1)),
        lambda *arguments: midpoints(*arguments, join=lambda a: a),
        lambda *arguments: midpoints(*arguments, join=np.sum),
        lambda *arguments: steps_times(midpoints, *arguments),
        lambda gradient, image, baseline, steps: None,
        lambda gradient, image, baseline, steps: gradient(image).sum(axis=-1),
    ],
    "11.5": [  # no absolute values
        lambda m, k: (
            np.nan_to_num((m * k).sum((1, 2)) / m.sum((1, 2))) - k.mean((1, 2)) * m.any((1, 2))
        ),
        # positive part
        lambda m, k: (
            np.nan_to_num((m.clip(0) * k).sum((1, 2)) / m.clip(0).sum((1, 2)))
            - k.mean((1, 2)) * m.any((1, 2))
        ),
        # area forgotten
        lambda m, k: np.nan_to_num((abs(m) * k).sum((1, 2)) / abs(m).sum((1, 2))),
        # NaN for a map of zeros
        lambda m, k: (abs(m) * k).sum((1, 2)) / abs(m).sum((1, 2)) - k.mean((1, 2)),
        # minus the area for a map of zeros
        lambda m, k: (
            (abs(m) * k).sum((1, 2)) / np.maximum(abs(m).sum((1, 2)), 1e-9) - k.mean((1, 2))
        ),
        # pixels instead of their share
        lambda m, k: (
            (np.nan_to_num((abs(m) * k).sum((1, 2)) / abs(m).sum((1, 2))) - k.sum((1, 2)))
            * m.any((1, 2))
        ),
        # ratio instead of difference
        lambda m, k: np.nan_to_num((abs(m) * k).sum((1, 2)) / abs(m).sum((1, 2)) / k.mean((1, 2))),
        # all pictures in one
        lambda m, k: (abs(m) * k).sum() / abs(m).sum() - k.mean(),
        # area of all masks together
        lambda m, k: (
            (np.nan_to_num((abs(m) * k).sum((1, 2)) / abs(m).sum((1, 2))) - k.mean())
            * m.any((1, 2))
        ),
        # area minus share
        lambda m, k: (
            (k.mean((1, 2)) - np.nan_to_num((abs(m) * k).sum((1, 2)) / abs(m).sum((1, 2))))
            * m.any((1, 2))
        ),
    ],
}
