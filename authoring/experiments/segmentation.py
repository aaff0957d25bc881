"""What a U-Net gains over a threshold, and what its loss and augmentation change.

Training patients teach, validation patients choose; test patients do not occur in this module: see
`segmentation_final`. All networks of one seed begin with the same weights and see the same slices
in the same order. Lesson 10 shows the rule, the network, the losses and the training. The mask is
the tumor core, and a probability of 0.5 is inside, fixed in advance.
"""

from functools import cache

import numpy as np

from authoring.experiments.definitions import definitions
from course_utils import datasets, evaluation, training

LESSON = definitions("10")
ARMS = {
    "thresholding": {"loss": None},
    "cross-entropy": {"loss": "cross-entropy"},
    "Dice loss": {"loss": "Dice"},
    "sum": {"loss": "sum"},
    "sum, augmented": {"loss": "sum", "augment": True},
}
SEEDS = range(3)
SAMPLE = "sum"


def measure(seed, loss, augment=False, part="validation"):
    """Segment the patients of one part and score each of them, a row for each.

    Without a loss: thresholding, which has no seed but is run with each. Columns are part, group,
    label, and those of `evaluation.segmentation_scores`.
    """
    data = patients(part)
    if loss is None:
        masks = LESSON.blobs(data, *tuned_blobs())
    else:
        masks = training.predict(trained(seed, loss, augment), data)
    table = evaluation.segmentation_scores(data, masks, "core").rename_axis("group").reset_index()
    table.insert(0, "part", part)
    table.insert(2, "label", data.labels[np.unique(data.groups, return_index=True)[1]])
    return table


def score(rows):
    """Return the median Dice of patients with a tumor."""
    return rows["dice"].median()


def trained(seed, loss, augment=False):
    """Train one U-Net on the training patients; `augment` changes image and mask together."""
    training.set_seed(seed)
    model = LESSON.build_unet()
    LESSON.fit(model, patients("train"), loss=loss, augment=augment, seed=seed)
    return model


def winner(table):
    """Return the network with the highest median Dice on validation patients, averaged over seeds.

    Counted are patients with a tumor, the same for every network.
    """
    chosen = (table["part"] == "validation") & (table["label"] < 2)
    networks = table[chosen & (table["arm"] != "thresholding")]
    return networks.groupby(["arm", "seed"])["dice"].median().groupby("arm").mean().idxmax()


@cache
def patients(part):
    """Return the images of a part, whole stacks and tumor-free patients included."""
    return datasets.load("brain_mri").split(part)


@cache
def tuned_blobs():
    """Return the level and the depth that lesson 10 chooses, on every fifth training patient."""
    train = patients("train")
    few = train.select(np.isin(train.groups, np.unique(train.groups)[::5]))
    return LESSON.tuned_blobs(few)
