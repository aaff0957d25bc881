"""Wrong answers to the exercises of lesson 00."""

import numpy as np

from tests.lessons.wrong_answers.common import nothing

WRONG_ANSWERS = {
    "0.1": [
        (lambda image: image.mean(), "mean of the image"),
        (lambda image: image.min(), "smallest"),
        (lambda image: image.argmax(), "position"),
        (lambda image: image.max(axis=0), "each column"),
        (lambda image: max(image), "raised ValueError"),
        (lambda image: np.abs(image).max(), "dropped the sign"),
        (lambda image: 9, "for every image"),
        (9, "could not use your answer"),
        (nothing, "forget `return`"),
    ],
    "0.2": [
        ("a", "No patient was involved"),
        ("c", "very useful for learning"),
        ("d", "Only real patients"),
        ("e", "Choose one of: a, b, c, d"),
        (2, "Choose one of"),
    ],
}
