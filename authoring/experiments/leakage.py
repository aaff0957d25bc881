"""What dividing by image instead of by patient does to a score. Lesson 05.

The training and validation patients with a tumor are divided anew into three folds, by image or by
patient; the official test patients do not occur. In both arms every image is predicted once per
seed, by a network trained on two thirds of the images that did not see it; with a division by
image, that network saw other images of the same patient. With random labels, drawn once, one per
patient, there is nothing to learn but who is who, so a score above 0.5 is leakage and nothing else.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from course_utils import datasets
from course_utils.models import first_cnn, keras
from course_utils.training import fit, predict, set_seed

SIDE = 24  # pixels; a quarter of the side is enough to know a patient again, and quick
SLICES = 3  # of each patient
FOLDS = 3
# Fixed in a pilot with random labels: enough to learn nearly all training images by heart.
EPOCHS = 30

ARMS = {
    f"{split}, {labels} labels": {"split": split, "labels": labels}
    for labels in ("true", "random")
    for split in ("image", "patient")
}
SEEDS = range(5)
SAMPLE = "image, random labels"


def measure(seed, split, labels):
    """Predict every patient by cross-validation.

    Parameters
    ----------
    seed : int
        Of the folds and of the networks.
    split : {"image", "patient"}
        What is divided into folds.
    labels : {"true", "random"}

    Returns
    -------
    table : pandas.DataFrame
        One row per patient: part ("test"), group, label, probability (mean of the three images) and
        images_right (share of the three images called right at 0.5).
    """
    data = with_random_labels(patients()) if labels == "random" else patients()
    folds = (datasets.group_folds if split == "patient" else image_folds)(data, FOLDS, seed=seed)
    probabilities = np.empty(len(data))
    for fold in range(FOLDS):
        train, test = data.select(folds != fold), data.select(folds == fold)
        set_seed(seed)
        model = first_cnn((SIDE, SIDE, 2))
        model.compile(optimizer="adam", loss="binary_crossentropy")
        # No validation data: the epochs are fixed, and `fit` refuses a patient in two parts.
        fit(model, train, epochs=EPOCHS, seed=seed, progress=False)
        probabilities[folds == fold] = predict(model, test)
        keras.backend.clear_session()
    right = (probabilities >= 0.5) == data.labels
    rows = {"group": data.groups, "label": data.labels, "probability": probabilities}
    table = pd.DataFrame(rows | {"images_right": right}).groupby("group", as_index=False).mean()
    table.insert(0, "part", "test")
    return table.astype({"label": int})


def patients():
    """Return the three slices with the largest tumor of each development patient that has three."""
    brain = datasets.load("brain_mri")
    area = brain.attributes["core_mm2"].where(brain.attributes["tumor_in_slice"])
    by_patient = area.groupby(brain.groups)
    chosen = (by_patient.rank(ascending=False, method="first") <= SLICES) & (brain.labels < 2)
    chosen &= (by_patient.transform("count") >= SLICES) & (brain.splits != "test")
    return smaller(brain.select(chosen.to_numpy()))


def smaller(data, side=SIDE):
    """Return square images at a lower resolution, by block means, without their masks."""
    n, size, _, channels = data.images.shape
    block = size // side
    blocks = data.images.reshape(n, side, block, side, block, channels).mean(axis=(2, 4))
    return replace(
        data,
        images=blocks.round().astype(np.uint8),
        pixel_spacing_mm=data.pixel_spacing_mm * block,
        masks=None,
        mask_names=(),
    )


def with_random_labels(data, seed=0):
    """Return the set with the patients' labels dealt out anew, one per patient, as many of each."""
    _, first, patient = np.unique(data.groups, return_index=True, return_inverse=True)
    dealt = np.random.default_rng(seed).permutation(data.labels[first])
    return replace(data, labels=dealt[patient])


def image_folds(data, n_folds, *, seed):
    """Assign images to folds as though every image were a patient of its own: the mistake."""
    alone = replace(data, groups=np.arange(len(data)), group_kind="image")
    return datasets.group_folds(alone, n_folds, seed=seed)


def score(rows):
    """Return the share of images called right."""
    return rows["images_right"].mean()
