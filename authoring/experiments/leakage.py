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

from authoring.experiments.definitions import definitions
from course_utils import datasets

lesson = definitions("05")
SIDE = 24  # pixels; a quarter of the side is enough to know a patient again, and quick
SLICES = 3  # of each patient
FOLDS = 3

ARMS = {
    f"{split}, {labels} labels": {"split": split, "labels": labels}
    for labels in ("true", "random")
    for split in ("image", "patient")
}
SEEDS = range(5)
SAMPLE = "image, random labels"


def measure(seed, split, labels):
    """Predict every patient by cross-validation; divide images or patients into folds.

    Return a row for each patient: part ("held out"), group, label (true or random), probability
    (mean of the three images) and images_right (share of the three images called right at 0.5).
    """
    data = patients()
    if labels == "random":
        data = replace(data, labels=lesson.labels_from_a_hat(data))
    folds = (datasets.group_folds if split == "patient" else image_folds)(data, FOLDS, seed=seed)
    probabilities = lesson.cross_validated(data, folds, seed)
    right = (probabilities >= 0.5) == data.labels
    rows = {"group": data.groups, "label": data.labels, "probability": probabilities}
    table = pd.DataFrame(rows | {"images_right": right}).groupby("group", as_index=False).mean()
    table.insert(0, "part", "held out")
    return table.astype({"label": int})


def patients():
    """Return the three slices with the largest tumor of each development patient that has three."""
    brain = datasets.load("brain_mri")
    tumors = lesson.tumor_slices(brain.select(brain.splits != "test"))
    names, counts = np.unique(tumors.groups, return_counts=True)
    whole = np.isin(tumors.groups, names[counts == SLICES])
    return lesson.smaller(tumors.select(whole), block=brain.images.shape[1] // SIDE)


def image_folds(data, n_folds, *, seed):
    """Assign images to folds as though every image were a patient of its own: the mistake."""
    alone = replace(data, groups=np.arange(len(data)), group_kind="image")
    return datasets.group_folds(alone, n_folds, seed=seed)


def score(rows):
    """Return the share of images called right."""
    return rows["images_right"].mean()
