"""Lesson 08's recipe for real breast ultrasound images of 28 × 28 pixels, the size of BreastMNIST.

Start from the network that was trained on simulated images (``data/weights``), fine-tune it on the
real ones with augmentation, do so several times with other seeds, and average what the networks
say about each image and its mirror image. How many networks, how many epochs and how fast was
chosen on two of five folds of BreastMNIST's development images;
authoring/studies/breastmnist_resnet.py tries the recipe on the other three.
"""

from dataclasses import dataclass, replace

import numpy as np

from course_utils import training, transfer
from course_utils._checks import check_seed, refuse
from course_utils.augmentation import Augmenter
from course_utils.evaluation._checks import check_count

# Only after the modules of the course, which import TensorFlow quietly.
import keras  # isort: skip

START = "breast_ultrasound"
MEMBERS, EPOCHS, RATE, BATCH = 5, 30, 1e-3, 32
CHANGES = {"flip": True, "shift": 0.08, "zoom": 0.1, "contrast": 0.2, "noise": 0.02}
# What two parts must share to be one set.
SAME = ("class_names", "channel_names", "group_kind", "origin", "intensity_window")


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
        _check_images("dataset", dataset)
        sides = (dataset, mirrored(dataset))
        values = []
        for version in self.weights:
            self.model.set_weights(version)
            values += [training.predict(self.model, side) for side in sides]
        return np.mean(values, axis=0)


def recipe(
    train, validation=None, *, seed=0, members=MEMBERS, epochs=EPOCHS, rate=RATE, start=START
):
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
        From 1.
    rate : float, optional
        Highest learning rate; it falls to 0 along half a cosine.
    start : {"breast_ultrasound", None}, optional
        Whose shipped weights to start from; None starts from random ones, the control.

    Returns
    -------
    ensemble : Ensemble

    Raises
    ------
    DatasetError
        Images of another shape, more than two classes, test images in either part, parts that do
        not belong to one set, or a number or start that is not allowed.

    Notes
    -----
    Averaging separately trained networks: Lakshminarayanan and others 2017,
    https://arxiv.org/abs/1612.01474. Used in lesson 08.

    Examples
    --------
    ``recipe(real.split("train"), real.split("validation")).predict(real.split("test"))``
    """
    check_seed(seed)
    check_count("members", members, 1)
    check_count("epochs", epochs, 1)
    if start not in (None, START):
        refuse("start", repr(start), f"{START!r} or None", "None starts from random weights.")
    parts = {"train": train} | ({} if validation is None else {"validation": validation})
    for name, part in parts.items():
        _check_images(name, part)
        # Now, because joining drops the splits where only one part has them.
        training.refuse_test_images(name, part)
    images = train if validation is None else joined(train, validation)
    seeds = range(100 * seed, 100 * seed + members)
    return Ensemble(
        transfer.build(START),
        tuple(_fine_tuned(images, s, epochs, rate, start).get_weights() for s in seeds),
    )


def _check_images(name, part):
    if part.images.shape[1:] != (28, 28, 1) or len(part.class_names) != 2:
        refuse(
            name, f"images {part.images.shape[1:]}, {len(part.class_names)} classes",
            "(28, 28, 1) and two classes", "transfer.resize brings images to 28 pixels.",
        )  # fmt: skip


def _fine_tuned(images, seed, epochs, rate, start):
    training.set_seed(seed)
    model = transfer.build(START) if start is None else transfer.trained(start)
    steps = epochs * -(-len(images) // BATCH)
    falling = keras.optimizers.schedules.CosineDecay(rate, steps)
    # The question is the same, so the head of the simulated task is kept.
    transfer.fine_tune(
        model, images, head_epochs=0, epochs=epochs, rates=(rate, falling), batch_size=BATCH,
        seed=seed, augment=Augmenter(**CHANGES, seed=seed), progress=False,
    )  # fmt: skip
    return model


def mirrored(dataset):
    """Return the images with left and right exchanged, without their masks."""
    images = dataset.images[:, :, ::-1].copy()
    return replace(dataset, images=images, masks=None, mask_names=None)


def joined(first, second):
    """Return images, labels and groups of two parts of one set as one set.

    Splits are kept where both parts have them; everything else is left out.

    Raises
    ------
    DatasetError
        Parts that differ in the names or the order of their classes or channels, in the form of
        their images, or in what a group is.
    """
    for field in SAME:
        one, other = getattr(first, field), getattr(second, field)
        if one != other:
            received = f"{one!r} and {other!r}"
            refuse(field, received, "the same in both parts", "Join parts of one set only.")
    one, other = (part.images.shape[1:] for part in (first, second))
    if one != other:
        refuse("images", f"{one} and {other}", "one size", "transfer.resize brings them to one.")
    fields = ["images", "labels", "groups"]
    if first.splits is not None and second.splits is not None:
        fields.append("splits")
    dropped = (
        "splits", "masks", "mask_names", "sites", "attributes", "pixel_spacing_mm",
        "slice_positions_mm", "slice_thickness_mm",
    )  # fmt: skip
    both = {f: np.concatenate([getattr(part, f) for part in (first, second)]) for f in fields}
    return replace(first, **(dict.fromkeys(dropped) | both))
