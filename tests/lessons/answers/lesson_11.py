"""Right and wrong answers to the exercises of lesson 11."""

import numpy as np


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


RIGHT = {"11.1": [loop, right_ends, left_ends, trapezoid, single, as_list]}
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
    ]
}


def steps_times(function, gradient, image, baseline, steps):
    return steps * function(gradient, image, baseline, steps)
