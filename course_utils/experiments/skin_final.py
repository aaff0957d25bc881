"""The winner of lesson 09 meets the test lesions, once.

Only the winner, which `skin_study.winner` reads from the stored table, and the network that sees
the colors as they were taken, for reference. Nothing is chosen here.
"""

from course_utils.experiments import results, skin_study

CHOSEN = skin_study.winner(results("skin_study"))
ARMS = {arm: skin_study.ARMS[arm] for arm in dict.fromkeys((CHOSEN, "as taken"))}
SEEDS = skin_study.SEEDS


def measure(seed, **settings):
    """Return the probabilities of test lesions; arguments as `skin_study.trained`."""
    return skin_study.predicted(skin_study.trained(seed, **settings), "test")
