"""From simulated slices to real ones: a U-Net as it is, and after fine-tuning on some of them.

The network saw the T1c channel of simulated training patients only (``transfer.trained``). Real
slices are cropped to the head, as the simulated ones were. Lesson 10 shows these steps on the set
of Cheng; authoring/studies/brain_real.py runs them on a folder of slices.
"""

import numpy as np
import pandas as pd

from course_utils import datasets, evaluation, training, transfer
from course_utils.augmentation import Augmenter
from course_utils.models import keras
from course_utils.segmentation_losses import cross_entropy_and_dice

EPOCHS = 15
BATCH_SIZE = 8
# A tenth of the rate of the first training, falling to 0: the network knows something already.
RATE = 3e-4
CHANGES = {"flip": True, "shift": 0.05, "rotation": 15, "zoom": 0.1, "contrast": 0.2, "gain": 0.2}


def scores(model, data, mask):
    """Score the model on every group of real slices that were cropped to the head.

    Parameters
    ----------
    model : keras.Model
        As from `transfer.trained` or `fine_tuned`.
    data : datasets.ImageDataset
        From `datasets.crop_to_head`, one channel, T1c.
    mask : str
        Name of the true mask.

    Returns
    -------
    table : pandas.DataFrame
        As from `evaluation.segmentation_scores`, and the group's diagnosis.
    """
    return mask_scores(data, training.predict(model, data), mask)


def mask_scores(data, predicted, mask):
    """Score masks, or probabilities, that were found otherwise; see `scores`."""
    table = evaluation.segmentation_scores(data, predicted, mask)
    first = np.unique(data.groups, return_index=True)[1]
    return table.assign(diagnosis=np.array(data.class_names)[data.labels[first]])


def fine_tuned(data, mask, *, epochs=EPOCHS, seed=0):
    """Return the network trained on simulated slices, after some epochs on real ones.

    Parameters
    ----------
    data : datasets.ImageDataset
        Real training slices, from `datasets.crop_to_head`, one channel, T1c.
    mask : str
        Name of the true mask.
    epochs, seed : int

    Returns
    -------
    model : keras.Model
    """
    training.set_seed(seed)
    model = transfer.trained("brain_mri")
    steps = epochs * -(-len(data) // BATCH_SIZE)
    rate = keras.optimizers.schedules.CosineDecay(RATE, steps)
    model.compile(keras.optimizers.Adam(rate), cross_entropy_and_dice)
    training.fit(
        model, data, epochs=epochs, batch_size=BATCH_SIZE, target=mask, seed=seed,
        augment=Augmenter(**CHANGES, seed=seed), progress=False,
    )  # fmt: skip
    return model


def halves(data, mask, seed=0):
    """Fine-tune on one half of the groups, score on the other, and the other way round.

    Parameters
    ----------
    data, mask
        As for `scores`.
    seed : int
        Of the division and of the training.

    Returns
    -------
    table : pandas.DataFrame
        Two rows per group, one for each ``arm``: as it is, fine-tuned.
    """
    folds = datasets.group_folds(data, 2, seed=seed)
    tables = [scores(transfer.trained("brain_mri"), data, mask).assign(arm="as it is")]
    for half in (0, 1):
        model = fine_tuned(data.select(folds != half), mask, seed=seed)
        tables.append(scores(model, data.select(folds == half), mask).assign(arm="fine-tuned"))
    return pd.concat(tables)
