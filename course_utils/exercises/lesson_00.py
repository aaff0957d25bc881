"""Exercises of lesson 00, start here: how exercises work."""

import numpy as np

from course_utils.exercises.exercise import Exercise, Several, choice

check_0_1 = Exercise(
    "0.1",
    lambda image: image.max(),
    praise="This is how every exercise works.",
    # The second is a CT slice of air alone: every value lies below 0.
    calls=[(np.array([[3, 9, 4], [0, 5, 2]]),), (np.array([[-990, -1000], [-950, -1010]]),)],
    mistakes={
        "That is the mean of the image; the largest value is asked for.": lambda x: x.mean(),
        "That is the smallest value.": lambda x: x.min(),
        "That is the position of the brightest pixel; give its value.": lambda x: x.argmax(),
        "That is one value for each column or row, not one of the image.": Several(
            [lambda x: x.max(axis=0), lambda x: x.max(axis=1), lambda x: np.sort(x)[-1]]
        ),
        "That is the pixel in a corner.": Several([lambda x: x[0, 0], lambda x: x[-1, -1]]),
        "You looked at the first row alone.": lambda x: x[0].max(),
        "That is the sum of the image.": lambda x: x.sum(),
        "For values below 0 you return 0: start from a pixel.": lambda x: max(0, x.max()),
        "You have lost the sign: -950 is more than -1010.": lambda x: np.abs(x).max(),
    },
)

check_0_2 = choice("0.2")
