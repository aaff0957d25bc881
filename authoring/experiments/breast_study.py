"""Lesson 08's networks: with and without augmentation, five seeds, every image also mirrored.

One row per patient and run, with two probabilities: of the images as they are, and of the mean of
each image and its mirror image (test-time augmentation). Both arms are compared on validation
patients; test patients are stored for the augmented arm alone, which was chosen there.
"""

import pandas as pd

from authoring.experiments.breast import mirrored
from course_utils import datasets, evaluation, models, training
from course_utils.augmentation import Augmenter

# Only after the modules of the course, which import TensorFlow quietly.
import keras  # isort: skip

ARMS = {"plain": {"augment": False}, "augmented": {"augment": True}}
SEEDS = range(5)
CHOSEN = "augmented"
EPOCHS = 30
# Left and right are alike in a breast; up is the skin and down is depth, so no flip and hardly a
# turn there. Another gain, another dynamic range and another place are the operator's choice.
CHANGES = {
    "flip": True,
    "shift": 0.08,
    "zoom": 0.1,
    "rotation": 5,
    "brightness": 0.08,
    "contrast": 0.2,
}


def train(data, seed, augment, epochs=EPOCHS):
    """Train lesson 08's network on the training patients and return it."""
    training.set_seed(seed)
    model = models.compact_cnn(data.images.shape[1:])
    steps = epochs * -(-len(data) // 32)
    rate = keras.optimizers.schedules.CosineDecay(2e-3, steps)
    model.compile(keras.optimizers.Adam(rate), loss="binary_crossentropy")
    changes = Augmenter(**CHANGES, seed=seed) if augment else None
    training.fit(model, data, epochs=epochs, seed=seed, augment=changes, progress=False)
    return model


def measure(seed, augment, epochs=EPOCHS):
    """Train once; return probabilities per patient."""
    breast = datasets.load("breast_ultrasound")
    model = train(breast.split("train"), seed, augment, epochs)
    parts = ("validation", "test") if augment else ("validation",)
    tables = []
    for part in parts:
        data = breast.split(part)
        plain = training.predict(model, data)
        both = (plain + training.predict(model, mirrored(data))) / 2
        alone, mean = (
            datasets.aggregate(p, data.groups, labels=data.labels) for p in (plain, both)
        )
        tables.append(
            pd.DataFrame(
                {
                    "part": part,
                    "group": alone.groups,
                    "label": alone.labels,
                    "probability": alone.probabilities,
                    "with_mirror": mean.probabilities,
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def score(rows):
    """Return the AUC over patients."""
    return evaluation.roc_auc(rows["label"], rows["probability"])
