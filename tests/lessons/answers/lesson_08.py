"""Right and wrong answers to the exercises of lesson 08."""

import numpy as np

RIGHT = {
    "8.3": [lambda predict, x: np.mean([predict(x), predict(np.flip(x, 2))], axis=0)],
    "8.4": [lambda runs, k: [np.mean(runs[:k], axis=0)]],
}


def darkness_per_channel(images):
    center = images[:, 2:6, 3:9] if images.shape[1] == 8 else images[:, 3:9, 2:6]
    return 1 - center.mean(axis=(1, 2)) / images.mean(axis=(1, 2))


WRONG = {
    "8.1": [darkness_per_channel],
    "8.3": [lambda predict, x: predict(x[0])],
    "8.5": [lambda tp, fp, n, t: 60 / n - 90 / n * t / (1 - t)],
}
