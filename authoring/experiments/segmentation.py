"""What a U-Net gains over a threshold, and what its loss and augmentation change.

Training patients teach, validation patients choose; test patients do not occur in this module: see
`segmentation_final`. All networks of one seed begin with the same weights and see the same slices
in the same order. The arms and the study are those of lesson 10. The mask is the tumor core, and a
probability of 0.5 is inside, fixed in advance.
"""

from functools import cache

from authoring.experiments.definitions import definitions
from course_utils import datasets

LESSON = definitions("10")
ARMS = LESSON.ARMS
SEEDS = LESSON.SEEDS
SAMPLE = "sum"


def measure(seed, **settings):
    """Train one network, and score every validation patient, a row for each."""
    return LESSON.compared(parts(), seed, **settings)


def score(rows):
    """Return the median Dice of patients with a tumor."""
    return LESSON.with_tumor(rows)["dice"].median()


def winner(table):
    """Return the network with the highest median Dice on validation patients, averaged over seeds.

    Counted are patients with a tumor, the same for every network.
    """
    networks = LESSON.with_tumor(table[table["arm"] != "thresholding"])
    return networks.groupby(["arm", "seed"])["dice"].median().groupby("arm").mean().idxmax()


@cache
def parts():
    """Return the official parts, whole stacks and tumor-free patients included."""
    return LESSON.divided(datasets.load("brain_mri"))
