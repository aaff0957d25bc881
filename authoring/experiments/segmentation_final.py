"""The test patients of lesson 10, opened once: for the arm that validation chose, and thresholding.

Nothing is chosen here: `segmentation.winner` reads the arm from the stored table.
"""

from authoring.experiments import segmentation
from course_utils import results

CHOSEN = segmentation.winner(results.stored("segmentation"))
ARMS = {arm: segmentation.ARMS[arm] | {"part": "test"} for arm in ("thresholding", CHOSEN)}
SEEDS = segmentation.SEEDS
measure = segmentation.measure
