"""The winner of lesson 06 meets the test patients, once, and fresh simulated patients.

Only the winner by the lesson's rule, and the network without a remedy for reference. Nothing is
chosen here.
"""

from functools import cache

import simulation
from authoring.experiments import overfitting
from course_utils import datasets, results

SEEDS = overfitting.SEEDS
score = overfitting.score
FRESH_SEED = 606
# As many as the test patients, in the same shares: malignant, benign, normal.
FRESH = {"test": (215, 405, 130)}


def arms():
    """Return the network without a remedy and the winner."""
    chosen = overfitting.lesson.winner_of(results.stored("overfitting"))
    return {arm: overfitting.CANDIDATES[arm] for arm in ("none", chosen)}


def measure(seed, **settings):
    """Return the probabilities of test and fresh patients; arguments as `overfitting.measure`."""
    model = overfitting.lesson.trained(seed, **settings)[0]
    return overfitting.predicted(model, {part: patients_of(part) for part in ("test", "fresh")})


@cache
def patients_of(part):
    """Return the official test patients, or fresh ones from the same simulator."""
    if part == "fresh":
        return simulation.draw("breast_ultrasound", FRESH, seed=FRESH_SEED, workers=1)
    return datasets.load("breast_ultrasound").split("test")
