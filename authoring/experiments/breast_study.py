"""Lesson 08's networks: with and without augmentation, five seeds, every image also mirrored.

One row per patient and run, with two probabilities: of the images as they are, and of the mean of
each image and its mirror image (test-time augmentation). Both arms are compared on validation
patients; test patients are stored for the augmented arm alone, which was chosen there.
"""

import pandas as pd

from authoring.experiments.definitions import definitions
from course_utils import datasets, evaluation, training

LESSON = definitions("08")
ARMS = {"plain": {"augment": False}, "augmented": {"augment": True}}
SEEDS = range(5)


def measure(seed, augment):
    """Train once; return probabilities per patient."""
    breast = datasets.load("breast_ultrasound")
    changes = LESSON.CHANGES if augment else None
    model, _ = LESSON.trained(breast.split("train"), changes, seed)
    parts = ("validation", "test") if augment else ("validation",)
    return pd.concat([predicted(model, breast.split(part), part) for part in parts])


def score(rows):
    """Return the AUC over patients."""
    return evaluation.roc_auc(rows["label"], rows["probability"])


def predicted(model, data, part):
    """Return one row per patient: the probability, and its mean with that of the mirror image."""
    plain = training.predict(model, data)
    both = (plain + training.predict(model, LESSON.mirrored(data))) / 2
    alone, mean = (data.per_group(p) for p in (plain, both))
    return pd.DataFrame(
        {
            "part": part,
            "group": alone.groups,
            "label": alone.labels,
            "probability": alone.probabilities,
            "with_mirror": mean.probabilities,
        }
    )
