"""Checks of lesson 00, start here: how exercises work."""

import numpy as np

from course_utils.exercises.feedback import check, choose, compare


@check("0.1", praise="This is how every exercise works.")
def check_0_1(brightest):
    """Check the function that finds the brightest pixel."""
    image = np.array([[3, 9, 4], [0, 5, 2]])
    complaint = compare(
        brightest(image.copy()),
        9,
        {
            "That is the mean of the image; the largest value is asked for.": image.mean(),
            "That is the smallest value.": 0,
            "That is the position of the brightest pixel, counted through the rows. Its value is "
            "asked for.": image.argmax(),
            "You have looked for the largest value in each column. Take it over the whole image.": (
                image.max(axis=0)
            ),
            "You have looked for the largest value in each row. Take it over the whole image.": (
                image.max(axis=1)
            ),
        },
    )
    # A CT slice of air alone: every value lies below 0.
    return complaint or compare(
        brightest(np.array([[-990, -1000], [-950, -1010]])),
        -950,
        {
            "For an image whose values are all below 0 you return 0: start from a pixel, not "
            "from 0.": 0,
            "You have dropped the sign; the largest value of -990, -1000, -950, -1010 is -950.": (
                1010
            ),
            "You return 9 for every image: compute it from `image`.": 9,
        },
        name="For an image whose values are all below 0 your result",
    )


@check("0.2", praise="Simulated images teach you methods. They cannot tell you about patients.")
def check_0_2(conclusion):
    """Check the choice about what simulated images show."""
    return choose(
        conclusion,
        "b",
        {
            "a": "The score says how well the model reads images that a program has drawn. No "
            "patient was involved, so it cannot be quoted for patients.",
            "c": "They are useless for claims about patients, and very useful for learning: their "
            "cause is known, so you can test whether a method finds it.",
            "d": "Harder images would still be drawn by a program. Only real patients show what a "
            "model does with real patients.",
        },
    )
