"""Wrong answers to the exercises of lesson 08."""

import numpy as np


def center(images):
    height, width = images.shape[1:3]
    return images[:, height // 4 : -(height // 4), width // 4 : -(width // 4)]


def mean(images):
    return images.mean(axis=(1, 2, 3))


WRONG_ANSWERS = {
    "8.1": [
        (lambda x: mean(center(x)) / mean(x), "Turn it round"),
        (lambda x: 1 - center(x).mean() / x.mean(), "whole batch"),
        (lambda x: 1 - mean(x) / mean(center(x)), "wrong way"),
        (lambda x: 1 - mean(center(x)), "a dark image is not"),
        (lambda x: mean(x) - mean(center(x)), "a difference"),
        (lambda x: 1 - mean(center(x)) / x.mean(), "not of the batch"),
        (lambda x: mean(x) / mean(center(x)), "forgot 1 minus"),
        (lambda x: 1 - mean(x[:, 16:48, 16:48]) / mean(x), "empty slice"),
        (lambda x: 1 - mean(x[:, 2:6, 2:6]) / mean(x), "by the height"),
        (
            lambda x: 1 - mean(center(x)) / ((mean(x) * 96 - mean(center(x)) * 24) / 72),
            "with the border",
        ),
        (lambda x: 1 - mean(x[:, 2:6]) / mean(x), "of the width"),
        (lambda x: 1 - x[:, 2:6, 3:9].mean(axis=(1, 2)) / x.mean(axis=(1, 2)), "shape (2, 1)"),
    ],
    "8.2": [("a", "mirror images"), ("b", "gain"), ("d", "few pixels")],
    "8.3": [
        (lambda predict, x: predict(x), "images alone"),
        (lambda predict, x: predict(x[:, :, ::-1]), "average both"),
        (lambda predict, x: predict(x) + predict(x[:, :, ::-1]), "half of that"),
        (lambda predict, x: (predict(x) + predict(x[:, ::-1])) / 2, "upside down"),
        (lambda predict, x: (predict(x) + predict(x[::-1])) / 2, "order of the images"),
        (lambda predict, x: predict((x + x[:, :, ::-1]) / 2), "not the images"),
        (lambda predict, x: (predict(x) + predict(x[:, ::-1, ::-1])) / 2, "both ways"),
        (lambda predict, x: (predict(x) + predict(np.flip(x))) / 2, "turns everything"),
        (lambda predict, x: predict(x) + predict(x[:, :, ::-1]) / 2, "parentheses"),
        (lambda predict, x: np.maximum(predict(x), predict(x[:, :, ::-1])), "the larger"),
    ],
    "8.4": [
        (lambda runs, k: runs[:k].mean(axis=0), "keep the axis"),
        (lambda runs, k: runs.mean(axis=0, keepdims=True), "ignore `members`"),
        (lambda runs, k: runs[:k].mean(axis=1, keepdims=True), "over the patients"),
        (lambda runs, k: runs[:, :k].mean(axis=0, keepdims=True), "rows"),
        (lambda runs, k: runs[-k:].mean(axis=0, keepdims=True), "the last runs"),
        (lambda runs, k: runs[:k], "themselves"),
        (lambda runs, k: runs[:k].sum(axis=0, keepdims=True), "the sum"),
    ],
    "8.5": [
        (lambda tp, fp, n, t: tp / n - fp / n * (t / 1 - t), "parentheses"),
        (lambda tp, fp, n, t: tp / n - fp / n * t / 1 - t, "parentheses"),
        (lambda tp, fp, n, t: (tp - fp * t / (1 - t)) / (tp + fp), "not by those"),
        (lambda tp, fp, n, t: tp / n * t / (1 - t) - fp / n, "belong to"),
        (lambda tp, fp, n, t: tp / n - fp * t / (1 - t), "both counts"),
        (lambda tp, fp, n, t: tp / n - fp / n * (1 - t) / t, "small for small"),
        (lambda tp, fp, n, t: tp / n - fp / n * t, "the odds"),
        (lambda tp, fp, n, t: tp - fp * t / (1 - t), "per patient"),
        (lambda tp, fp, n, t: tp / n + fp / n * t / (1 - t), "subtract"),
        (lambda tp, fp, n, t: (tp - fp) / n, "same weight"),
        (lambda tp, fp, n, t: 60 / n - 90 / n * t / (1 - t), "10 hits"),
    ],
    "8.6": [("a", "one hospital"), ("c", "shuffled labels"), ("d", "alike within")],
}
