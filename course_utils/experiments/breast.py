"""Lesson 08's recipe for real breast ultrasound images of 28 × 28 pixels, the size of BreastMNIST.

Start from the network that was trained on simulated images (``data/weights``), fine-tune it on the
real ones with augmentation, do so several times with other seeds, and average what the networks
say about each image and its mirror image. How many networks, how many epochs and how fast was
chosen on two of five folds of BreastMNIST's development images; benchmarks/breastmnist_resnet.py
tries the recipe on the other three.
"""

from dataclasses import dataclass, replace

import numpy as np

from course_utils import training, transfer
from course_utils._checks import refuse
from course_utils.augmentation import Augmenter

# Only after the modules of the course, which import TensorFlow quietly.
import keras  # isort: skip

START = "breast_ultrasound"
MEMBERS, EPOCHS, RATE, BATCH = 5, 30, 1e-3, 32
CHANGES = {"flip": True, "shift": 0.08, "zoom": 0.1, "contrast": 0.2, "noise": 0.02}


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Several trained versions of one network that answer together.

    Attributes
    ----------
    model : keras.Model
        With one output, the probability of class 1. It holds the weights that were used last.
    weights : tuple of list of ndarray
        One list per version, as ``model.get_weights()`` gives it.
    """

    model: object
    weights: tuple

    def predict(self, dataset):
        """Return the mean probability over versions, images and mirror images, (n,), float64."""
        sides = (dataset, mirrored(dataset))
        values = []
        for version in self.weights:
            self.model.set_weights(version)
            values += [training.predict(self.model, side) for side in sides]
        return np.mean(values, axis=0)


def recipe(train, validation=None, *, seed=0, members=MEMBERS, epochs=EPOCHS):
    """Fine-tune an ensemble on real images of 28 × 28 pixels.

    The number of epochs is fixed, so that validation images need not be kept aside: if given, they
    are trained on as well.

    Parameters
    ----------
    train, validation : ImageDataset
        (n, 28, 28, 1), two classes.
    seed : int, optional
        The networks get seeds from ``100 * seed`` on.
    members, epochs : int, optional

    Returns
    -------
    ensemble : Ensemble

    Raises
    ------
    DatasetError
        Images of another shape, more than two classes, or test images.

    Notes
    -----
    Averaging separately trained networks: Lakshminarayanan and others 2017,
    https://arxiv.org/abs/1612.01474. Used in lesson 08.

    Examples
    --------
    ``recipe(real.split("train"), real.split("validation")).predict(real.split("test"))``
    """
    if train.images.shape[1:] != (28, 28, 1) or len(train.class_names) != 2:
        refuse(
            "train", f"images {train.images.shape[1:]}, {len(train.class_names)} classes",
            "(28, 28, 1) and two classes", "transfer.resize brings images to 28 pixels.",
        )  # fmt: skip
    images = train if validation is None else joined(train, validation)
    seeds = range(100 * seed, 100 * seed + members)
    return Ensemble(
        transfer.build(START), tuple(_fine_tuned(images, s, epochs).get_weights() for s in seeds)
    )


def _fine_tuned(images, seed, epochs):
    training.set_seed(seed)
    model = transfer.trained(START)
    steps = epochs * -(-len(images) // BATCH)
    rate = keras.optimizers.schedules.CosineDecay(RATE, steps)
    # The question is the same, so the head of the simulated task is kept.
    transfer.fine_tune(
        model, images, head_epochs=0, epochs=epochs, rates=(RATE, rate), batch_size=BATCH,
        seed=seed, augment=Augmenter(**CHANGES, seed=seed), progress=False,
    )  # fmt: skip
    return model


def mirrored(dataset):
    """Return the images with left and right exchanged, without their masks."""
    images = dataset.images[:, :, ::-1].copy()
    return replace(dataset, images=images, masks=None, mask_names=None)


def joined(first, second):
    """Return images, labels, groups and splits of two parts of one set as one set."""
    both = {
        name: np.concatenate([getattr(first, name), getattr(second, name)])
        for name in ("images", "labels", "groups")
    }
    nothing = dict.fromkeys(
        (
            "splits",
            "masks",
            "mask_names",
            "sites",
            "attributes",
            "pixel_spacing_mm",
            "slice_positions_mm",
            "slice_thickness_mm",
        )
    )
    if first.splits is not None and second.splits is not None:
        nothing["splits"] = np.concatenate([first.splits, second.splits])
    return replace(first, **(nothing | both))
