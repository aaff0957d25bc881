"""The test patients of lesson 10, opened once: for the arm that validation chose, and thresholding.

Nothing is chosen by test patients: `segmentation.winner` reads the arm from the stored table, and
each network chooses its island size on validation patients.
"""

from authoring.experiments import segmentation
from authoring.experiments.definitions import definitions
from course_utils import results

LESSON = definitions("10")
SEEDS = segmentation.SEEDS
score = segmentation.score


def arms():
    """Return thresholding and the winner."""
    chosen = segmentation.winner(results.stored("segmentation"))
    return {arm: segmentation.ARMS[arm] for arm in ("thresholding", chosen)}


def measure(seed, **settings):
    """Train one network, and score every test patient twice: islands kept, and removed."""
    return LESSON.opened(segmentation.parts(), seed, **settings)
