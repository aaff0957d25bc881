"""The winner of lesson 09 meets the test lesions, once.

Only the winner, which `skin.winner` reads from the stored table, and the network that sees the
colors as they were taken, for reference. Nothing is chosen here.
"""

from course_utils.experiments import results, skin

CHOSEN = skin.winner(results("skin_study"))
ARMS = {arm: skin.ARMS[arm] for arm in dict.fromkeys((CHOSEN, "as taken"))}
SEEDS = skin.SEEDS


def measure(seed, **settings):
    """Return the probabilities of test lesions; arguments as `skin.trained`."""
    return skin.predicted(skin.trained(seed, **settings), "test")
