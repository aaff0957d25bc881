"""The test patients of lesson 10, opened once: for the arm that validation chose, and thresholding.

The rule was fixed beforehand: the arm whose networks have the highest median Dice per validation
patient, averaged over seeds.
"""

from course_utils.experiments import segmentation
from course_utils.experiments.runs import results

SEEDS = segmentation.SEEDS


def winner(table):
    """Return the network whose median Dice, averaged over seeds, is highest on validation patients.

    Parameters
    ----------
    table : pandas.DataFrame
        The stored table ``segmentation``.

    Returns
    -------
    arm : str
    """
    networks = table[(table["part"] == "validation") & (table["arm"] != "thresholding")]
    medians = networks.groupby(["arm", "seed"])["dice"].median()
    return medians.groupby("arm").mean().idxmax()


def arms():
    """Return the arms that are opened."""
    chosen = (winner(results("segmentation")), "thresholding")
    return {arm: segmentation.ARMS[arm] | {"part": "test"} for arm in chosen}


measure = segmentation.measure
