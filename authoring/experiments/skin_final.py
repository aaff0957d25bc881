"""The winner of lesson 09 meets the test lesions, once.

Only the winner, which `skin_study.winner` reads from the stored table, and the network that sees
the colors as they were taken, for reference. Nothing is chosen here.
"""

from authoring.experiments import skin_study
from course_utils import results

CHOSEN = skin_study.winner(results.stored("skin_study"))
ARMS = {arm: skin_study.ARMS[arm] for arm in dict.fromkeys((CHOSEN, "as taken"))}
SEEDS = skin_study.SEEDS


def measure(seed, **settings):
    """Return the probabilities of test lesions; arguments as `skin_study.trained`."""
    return skin_study.predicted(skin_study.trained(seed, **settings), "test")
