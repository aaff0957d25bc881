"""The test patients of lesson 10, opened once: for the arm that validation chose, and thresholding.

Nothing is chosen here: `segmentation.winner` reads the arm from the stored table.
"""

from authoring.experiments import segmentation
from course_utils import results

SEEDS = segmentation.SEEDS
measure, score = segmentation.measure, segmentation.score


def arms():
    """Return thresholding and the winner, on test patients."""
    chosen = segmentation.winner(results.stored("segmentation"))
    return {arm: segmentation.ARMS[arm] | {"part": "test"} for arm in ("thresholding", chosen)}
