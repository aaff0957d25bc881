"""Right and wrong answers to the exercises of lesson 08."""

import numpy as np
import pandas as pd


def box(images, rows=(0.25, 0.75), columns=(0.25, 0.75)):
    height, width = images.shape[1:3]
    (top, bottom), (left, right) = rows, columns
    return images[
        :, int(top * height) : int(bottom * height), int(left * width) : int(right * width)
    ]


def difference(images):
    return images.mean(axis=(1, 2, 3)) - box(images).mean(axis=(1, 2, 3))


def share_of_dark(images):
    return (box(images) < 0.5 * images.mean(axis=(1, 2, 3), keepdims=True)).mean(axis=(1, 2, 3))


def one_by_one(images):
    return [float(image.mean() / (box(image[None]).mean() + 0.01)) for image in images]


def column(images):
    ratio = box(images).mean(axis=(1, 2)) / images.mean(axis=(1, 2))
    return (1 - ratio).astype(np.float32)


def in_place(images):
    images -= images.mean(axis=(1, 2, 3), keepdims=True)
    return -box(images).mean(axis=(1, 2, 3))


def of_batch(images):
    values = difference(images)
    return (values - values.mean()) / values.std()


def fixed_size(images):
    return -images.reshape(-1, 64 * 64)[:, 1000:3000].mean(axis=1)


CHANGES = {"flip": True, "shift": 0.08, "rotation": 5, "brightness": 0.08, "contrast": 0.2}

RIGHT = {
    "8.1": [
        ["cyst", "normal tissue"],
        ("normal tissue", "cyst"),
        np.array(["normal tissue", "cyst"]),
        frozenset({"normal tissue", "cyst"}),
        pd.Series(["normal tissue", "cyst"]),
    ],
    "8.2": [difference, share_of_dark, one_by_one, column, lambda x: difference(x)[:, None]],
    "8.3": [
        CHANGES,
        {"flip": True, "gain": 0.3, "zoom": np.float32(0.1)},
        {"shift": 0.1, "noise": 0.05, "contrast": 0.3},
        {"rotation": 10, "zoom": 0.2, "gain": 0.2, "noise": 0},
        {"flip": True, "shift": 0.05, "zoom": 0.1, "rotation": 3, "brightness": 0.1},
    ],
    "8.5": [
        lambda a, b, p: [
            1000 * p * a,
            1000 * p * (1 - a),
            1000 * (1 - p) * (1 - b),
            1000 * (1 - p) * b,
        ],
        lambda a, b, p: (
            np.array([p * a, p * (1 - a), (1 - p) * (1 - b), (1 - p) * b], dtype=np.float32) * 1000
        ),
        lambda a, b, p: tuple(
            round(1000 * x, 6) for x in (p * a, p - p * a, (1 - p) * (1 - b), b - b * p)
        ),
        lambda sensitivity, specificity, prevalence: pd.Series(
            np.outer([prevalence, 1 - prevalence], [1000, 1000])[[0, 0, 1, 1], [0, 1, 0, 1]]
            * [sensitivity, 1 - sensitivity, 1 - specificity, specificity]
        ).to_list(),
        lambda a, b, p, women=1000: (
            women * p * a,
            women * p * (1 - a),
            women * (1 - p) * (1 - b),
            women * (1 - p) * b,
        ),
    ],
}
WRONG = {
    "8.1": [
        "cyst",
        {"cyst"},
        {"normal tissue"},
        {"normal tissue", "cyst", "scar"},
        {"normal tissue", "cyst", "complicated cyst"},
        {"cysts", "Normal tissue"},
        set(),
        7,
    ],
    "8.2": [
        lambda images: images.mean(axis=(1, 2, 3)),
        lambda images: -difference(images),
        lambda images: images.mean(),
        lambda images: images.mean(axis=(1, 2)) * np.nan,
        in_place,
        of_batch,
        fixed_size,
        lambda images: np.random.default_rng(0).random(len(images)),
        lambda images: box(images),
        lambda images: None,
        difference(np.zeros((2, 8, 8, 1))),
    ],
    "8.3": [
        {"flip": True},
        {},
        CHANGES | {"rotation": 90},
        CHANGES | {"vertical_flip": True},
        CHANGES | {"contrast": -0.2},
        CHANGES | {"zoom": 0.5},
        {"flip": True, "shift": 0.1, "zoom": 0.1},
        {"gain": 0.1, "contrast": 0.1, "noise": 0.05},
        ["flip", "shift", "gain"],
        {"flip": False, "shift": 0, "gain": 0.1},
    ],
    "8.5": [
        lambda a, b, p: (1000 * p * a, 1000 * p * (1 - a), 1000 * (1 - p) * b, 1000 * (1 - p)),
        lambda a, b, p: (p * a, p * (1 - a), (1 - p) * (1 - b), (1 - p) * b),
        lambda a, b, p: (1000 * a, 1000 * (1 - a), 1000 * (1 - b), 1000 * b),
        lambda a, b, p: 1000 * p * a,
        lambda a, b, p: (170 * a, 170 * (1 - a), 830 * (1 - b), 830 * b),
        lambda a, b, p: None,
        lambda a, b, p: {"found": 1000 * p * a},
        lambda a, b, p: (
            1000 * p * a,
            1000 * p * (1 - a),
            1000 * (1 - p) * b,
            1000 * (1 - p) * (1 - b),
        ),
    ],
}
