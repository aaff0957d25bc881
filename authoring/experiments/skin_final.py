"""The winner of lesson 09 meets the test lesions, once.

Only the winner, which `skin_study.winner` reads from the stored table, and the network that sees
the colors as they were taken, for reference. Nothing is chosen here.
"""

from authoring.experiments import skin_study
from authoring.experiments.definitions import definitions
from course_utils import results

LESSON = definitions("09")
SEEDS = skin_study.SEEDS
score = skin_study.score


def arms():
    """Return the winner, and the network that sees colors as they were taken."""
    chosen = skin_study.winner(results.stored("skin_study"))
    return {arm: skin_study.ARMS[arm] for arm in dict.fromkeys((chosen, "as taken"))}


def measure(seed, **settings):
    """Return the probabilities of test lesions; arguments as `skin_study.trained`."""
    network = skin_study.trained(seed, **settings)
    return LESSON.answers(network, skin_study.images_of("test"), "test")
