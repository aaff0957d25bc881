"""Wrong answers to the exercises of lesson 01."""

import numpy as np

from tests.lessons.wrong_answers.common import TINY, nothing


def adds_in_place(a, b):
    a += b
    return a / np.float32(2)


WRONG_ANSWERS = {
    "1.1": [
        (TINY[4:7, 1:3], "exchanged rows and columns"),
        (TINY[1:2, 4:6], "one too early"),
        (TINY[1:4, 4:8], "one too late"),
        (TINY[1:3, 4:7].T, "turned on its side"),
        (TINY[1:2, 4:7], "rows end one too early"),
        (TINY[1:3, 4:8], "columns end one too late"),
        (TINY[2:4, 5:8], "count from 1"),
        (TINY, "shape (6, 8)"),
    ],
    "1.2": [
        (lambda a, b: (a + b) / 2, "wrapped around"),
        (lambda a, b: (a + b) // 2, "wrapped around"),
        (lambda a, b: (a + b).astype(np.float32) / 2, "wrapped around"),
        (lambda a, b: a.astype(np.float32) + b, "the sum, not the mean"),
        (lambda a, b: (a.astype(float) + b) // 2, "lose the halves"),
        (lambda a, b: (a.astype(float) + b) / 2, "float64, not float32"),
        (lambda a, b: a // 2 + b // 2, "lose the halves"),
        (adds_in_place, "changes its input"),
    ],
    "1.3": [
        (lambda s, m, b: s.astype(np.float32) + b, "forgot the slope"),
        (lambda s, m, b: s.astype(np.float32) * m, "forgot the intercept"),
        (lambda s, m, b: s.astype(np.float32) * m - b, "add it"),
        (lambda s, m, b: (s.astype(np.float32) + b) * m, "Multiply first"),
        (lambda s, m, b: s.astype(np.float32) * m - 1024, "whatever the header says"),
        (lambda s, m, b: np.clip(s * m + b, 0, None), "cut negative values"),
        (lambda s, m, b: s * m + b, "float64, not float32"),
        (lambda s, m, b: (s * m + b) % 2**16, "wrapped around"),
        (lambda s, m, b: s.astype(np.int16) * np.float32(m) + np.float32(b), "in int16"),
        (lambda s, m, b: s.astype(int) * int(m) + int(b), "to a whole number"),
        (lambda s, m, b: np.clip(s * m + b, -1024, None), "cut at −1024"),
        (lambda s, m, b: s * int(m) + int(b), "OverflowError"),
        (lambda s: s, "could not use your answer"),
        (nothing, "forget `return`"),
    ],
    "1.4": [
        (lambda h, c, w: (h - (c - w / 2)) / w, "clip them"),
        (lambda h, c, w: np.clip((h - (c - w)) / (2 * w), 0, 1), "twice as wide"),
        (lambda h, c, w: np.clip((h - c) / w, 0, 1), "should start at center − width / 2"),
        (lambda h, c, w: 1 - np.clip((h - c) / w + 0.5, 0, 1), "inverted"),
        (lambda h, c, w: 255 * np.clip((h - c) / w + 0.5, 0, 1), "0–255"),
        (lambda h, c, w: np.clip(h, c - w / 2, c + w / 2), "not yet scaled"),
        (lambda h, c, w: np.clip(h / (c + w / 2), 0, 1), "center 40, width 400"),
        (lambda h, c, w: np.clip((h - (c - w // 2)) / w, 0, 1), "cuts half a unit"),
        (lambda h, c, w: np.clip((h - c + 0.5) / (w - 1) + 0.5, 0, 1), "LINEAR form"),
    ],
    "1.5": [("a", "plain white"), ("B ", "one gray level"), ("d", "too coarsely")],
    "1.6": [
        (lambda m, s: np.count_nonzero(m), "the number of voxels"),
        (lambda m, s: np.count_nonzero(m) * np.prod(s), "in mm³"),
        (lambda m, s: np.count_nonzero(m) * np.prod(s) / 10, "as for lengths"),
        (lambda m, s: np.count_nonzero(m) * s[0] ** 3 / 1000, "one spacing cubed"),
        (lambda m, s: np.count_nonzero(m) * s[0] * s[1] / 1000, "left out the slice spacing"),
        (lambda m, s: np.count_nonzero(m) * sum(s) / 1000, "added the spacings"),
        (lambda m, s: m.size * np.prod(s) / 1000, "counted all voxels"),
        (lambda m, s: m.sum() * np.prod(s) / 1000, "label 2"),
        (lambda m, s: (m == 1).sum() * np.prod(s) / 1000, "only the label 1"),
    ],
    "1.7": [
        (
            lambda n, a, b: tuple(
                int(np.ceil((k - 1) * y / x)) + 1 for k, x, y in zip(n, a, b, strict=True)
            ),
            "upside down",
        ),
        (
            lambda n, a, b: tuple(int(np.ceil(k * x / y)) for k, x, y in zip(n, a, b, strict=True)),
            "n − 1 gaps",
        ),
        (
            lambda n, a, b: tuple(int(k * x / y) for k, x, y in zip(n, a, b, strict=True)),
            "n − 1 gaps",
        ),
        (
            lambda n, a, b: tuple(
                int(np.ceil((k - 1) * x / y)) for k, x, y in zip(n, a, b, strict=True)
            ),
            "one more center than there are gaps",
        ),
        (
            lambda n, a, b: tuple(
                int((k - 1) * x / y) + 1 for k, x, y in zip(n, a, b, strict=True)
            ),
            "Round up",
        ),
        (lambda n, a, b: [9, 4, 7], "return a tuple"),
        (lambda n, a, b: (9.0, 4.0, 7.0), "whole numbers"),
    ],
    "1.8": [
        (lambda v, m: np.where(m, (v - v.mean()) / v.std(), 0), "those of the whole image"),
        (lambda v, m: (v - v.mean()) / v.std(), "ignore the mask"),
        (lambda v, m: (v - v[m].mean()) / v[m].std(), "Outside the mask"),
        (lambda v, m: np.where(m, (v - v[m].mean()) / v[m].std(), v), "kept the old values"),
        (lambda v, m: np.where(m, (v - np.median(v[m])) / v[m].std(), 0), "median"),
        (lambda v, m: np.where(m, (v - v[m].mean()) / v[m].var(), 0), "variance"),
        (lambda v, m: np.where(m, v - v[m].mean(), 0), "did not divide"),
        (lambda v, m: (v[m] - v[m].mean()) / v[m].std(), "whole image, with 0 outside"),
    ],
    "1.9": [("a", "still in the header"), ("b", "not the point"), ("c", "not all")],
}
