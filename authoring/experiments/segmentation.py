"""What a U-Net gains over a threshold, and what its loss and augmentation change. Lesson 10.

Training patients teach, validation patients choose; test patients do not occur in this module: see
`segmentation_final`. All networks of one seed begin with the same weights and see the same slices
in the same order. The mask is the tumor core, and a probability of 0.5 is inside, fixed in advance.
"""

from functools import cache

import numpy as np
from scipy import ndimage

from course_utils import datasets, evaluation
from course_utils.augmentation import Augmenter
from course_utils.models import keras, unet
from course_utils.segmentation_losses import cross_entropy_and_dice, soft_dice_loss
from course_utils.training import fit, predict, set_seed

FILTERS = (8, 16, 32, 64)
EPOCHS = 6
BATCH_SIZE = 8
# Highest rate of Adam; it falls to 0 along half a cosine.
RATE = 3e-3
LOSSES = {
    "cross-entropy": "binary_crossentropy",
    "Dice": soft_dice_loss,
    "sum": cross_entropy_and_dice,
}
# Changes after which a brain is still a brain. Left and right are alike in this question.
CHANGES = {"flip": True, "shift": 0.05, "rotation": 10, "zoom": 0.1}
# What thresholding may choose from, on training patients: how bright, as a multiple of the head's
# median, and how many pixels below the surface of the head.
LEVELS, DEPTHS = (1.3, 1.4, 1.5, 1.6, 1.7), (3, 6, 9)

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
    """Segment the patients of one part and score each of them.

    Parameters
    ----------
    seed, loss, augment
        As for `trained`. Without a loss: thresholding, which has no seed but is run with each.
    part : {"validation", "test"}

    Returns
    -------
    table : pandas.DataFrame
        One row per patient: part, group, label, and the columns of
        `evaluation.segmentation_scores`.
    """
    data = patients(part)
    if loss is None:
        masks = blobs(data, *tuned_blobs())
    else:
        model, _ = trained(seed, loss, augment)
        masks = predict(model, data)
    table = evaluation.segmentation_scores(data, masks, "core").rename_axis("group").reset_index()
    table.insert(0, "part", part)
    table.insert(2, "label", data.labels[np.unique(data.groups, return_index=True)[1]])
    return table


def trained(seed, loss="sum", augment=False, epochs=EPOCHS, progress=False):
    """Train one U-Net on the training patients.

    Parameters
    ----------
    seed : int
        Decides the start, the order and the augmentation.
    loss : {"cross-entropy", "Dice", "sum"}
    augment : bool
        Flip, shift, rotate and resize image and mask together.
    epochs : int
    progress : bool
        Show a bar.

    Returns
    -------
    model : keras.Model
    history : training.History
    """
    train = patients("train")
    set_seed(seed)
    model = unet(filters=FILTERS)
    steps = epochs * -(-len(train) // BATCH_SIZE)
    rate = keras.optimizers.schedules.CosineDecay(RATE, steps)
    model.compile(keras.optimizers.Adam(rate), LOSSES[loss])
    change = Augmenter(**CHANGES, seed=seed) if augment else None
    history = fit(
        model, train, epochs=epochs, batch_size=BATCH_SIZE, target="core", augment=change,
        seed=seed, progress=progress,
    )  # fmt: skip
    return model, history


def winner(table):
    """Return the network with the highest median Dice, averaged over seeds.

    Counted are validation patients with a tumor, the same for every network.

    Parameters
    ----------
    table : pandas.DataFrame
        The stored table ``segmentation``.

    Returns
    -------
    arm : str
    """
    chosen = (table["part"] == "validation") & (table["label"] < 2)
    networks = table[chosen & (table["arm"] != "thresholding")]
    return networks.groupby(["arm", "seed"])["dice"].median().groupby("arm").mean().idxmax()


@cache
def patients(part):
    """Return the images of a part, whole stacks and tumor-free patients included."""
    return datasets.load("brain_mri").split(part)


def brightest_blob(image, level, depth):
    """Return the largest bright region of a T1c slice: no learning but two numbers.

    Parameters
    ----------
    image : array (height, width), 0–1
    level : float
        How bright a pixel must be, as a multiple of the head's median.
    depth : float
        How many pixels it must lie below the surface of the head, whose skin and fat are bright.

    Returns
    -------
    mask : array (height, width), bool
    """
    head = ndimage.binary_fill_holes(image > 0.1)
    inside = ndimage.distance_transform_edt(head) > depth
    bright = ndimage.gaussian_filter(image, 1) > level * np.median(image[head])
    regions, count = ndimage.label(bright & inside)
    if not count:
        return np.zeros(image.shape, bool)
    largest = np.bincount(regions.ravel())[1:].argmax() + 1
    return ndimage.binary_fill_holes(regions == largest)


def blobs(data, level, depth):
    """Return `brightest_blob` of the T1c channel of every image."""
    return np.array([brightest_blob(image, level, depth) for image in data.as_float()[..., 0]])


@cache
def tuned_blobs():
    """Return the level and the depth with the best mean Dice, on every fifth training patient."""
    train = patients("train")
    few = train.select(np.isin(train.groups, np.unique(train.groups)[::5]))

    def score(choice):
        scores = evaluation.segmentation_scores(few, blobs(few, *choice), "core")
        return scores["dice"].mean()

    return max(((level, depth) for level in LEVELS for depth in DEPTHS), key=score)


def score(rows):
    """Return the median Dice of patients with a tumor."""
    return rows["dice"].median()
