"""Right and wrong answers to the exercises of lesson 00."""

import numpy as np


def loops(image):
    best = image[0][0]
    for row in image:
        for value in row:
            if value > best:
                best = value
    return best


def starts_at_zero(image):
    best = 0
    for row in image:
        for value in row:
            best = max(best, value)
    return best


def prints(image):
    print(image.max(), end="")


RIGHT = {
    "0.1": [
        loops,
        np.max,
        lambda image: max(max(row) for row in image),
        lambda image: np.sort(image, None)[-1],
        lambda image: float(np.asarray(image).max()),
        lambda image: image[np.unravel_index(image.argmax(), image.shape)],
        lambda image: sorted(image.ravel().tolist())[-1],
    ]
}

WRONG = {
    "0.1": [
        starts_at_zero,
        prints,
        max,
        9,
        lambda image: 9,
        lambda image: image.max,
        lambda image: image.mean(),
        lambda image: image.max(axis=1),
        lambda image: max(image[0]),
        lambda image: np.argmax(image),
        lambda image: np.median(image),
        lambda image: image.sum(),
    ]
}
