"""Train the networks whose weights come with the course, on its simulated images.

    python -m authoring.workshop.pretrain [NAME ...]

Without a NAME, all of them. That for brain first draws the patients of `brain_training` (20 minutes
on one core, once), then trains for some 10 minutes. The networks for skin and brain are those that
lessons 09 and 10 show; that for breast stands here. Only training patients, or new ones, are used:
whoever starts from these weights can still test on the set's validation and test patients.
Architecture and weights are stored in data/weights, without the optimizer, their checksums in
data/weights/SHA256SUMS.
"""

import argparse
import hashlib
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import simulation
from authoring.experiments.definitions import definitions
from authoring.workshop import brain_training
from course_utils import datasets, training, transfer
from course_utils._files import write_text
from course_utils._tensorflow import keras
from course_utils.training import Augmenter

layers, ops = keras.layers, keras.ops

# All weights together; so much was promised to those who clone the course.
MOST_BYTES = 3_000_000


@dataclass(frozen=True)
class Task:
    """Hold on what and how one network is trained.

    `network` builds it, not compiled; `data` returns the training images; `rate` is the highest
    learning rate, which falls to 0 along half a cosine; `augment` are arguments of `Augmenter`,
    `options` more of `training.fit`. With a mask as ``target``, the last bias begins at the log
    odds of its pixels.
    """

    network: Callable
    data: Callable
    epochs: int
    rate: float = 2e-3
    loss: object = "binary_crossentropy"
    augment: dict = field(default_factory=dict)
    options: dict = field(default_factory=dict)
    batch_size: int = 32
    seed: int = 0


def standardized_cnn(filters=(32, 64, 128)):
    """Build a compact network that sees each image relative to its own brightness and contrast.

    The first layer brings every image to mean 0 and a standard deviation of nearly 1 (it divides by
    the square root of the variance plus 0.001), so that other scanners give similar numbers. The
    mean and the maximum of each map say how much of a feature there is, and whether it occurs at
    all.
    """
    inputs = keras.Input((28, 28, 1))
    # Over the whole image, without weights of its own.
    x = layers.LayerNormalization(axis=(1, 2, 3), center=False, scale=False)(inputs)
    for count in filters:
        x = layers.Conv2D(count, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D(2)(x)
    x = layers.Concatenate()([layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)])
    x = layers.Dense(1, activation="sigmoid")(x)
    return keras.Model(inputs, x, name="standardized_cnn")


def breast_images():
    """Return the simulated training images at the size of BreastMNIST."""
    return datasets.resize(datasets.load("breast_ultrasound").split("train"), 28)


def skin_images():
    """Return simulated lesions that are not in the embedded set, at half size.

    Others than the training lesions, so that lesson 09 can show what a start from these weights
    is worth when only a few of those are at hand.
    """
    counts = {"train": (280, 340, 520, 180, 540, 960, 180)}
    return datasets.resize(simulation.draw("skin_lesions", counts, seed=4848, workers=1), 48)


def dice_of_each(truth, predicted):
    """Return cross-entropy plus one minus the mean soft Dice of the slices.

    Over a whole batch, as in lesson 10, large tumors would outweigh those of the pituitary gland.
    """
    truth = ops.cast(truth, predicted.dtype)
    overlap = ops.sum(truth * predicted, axis=(1, 2, 3))
    size = ops.sum(ops.square(truth) + ops.square(predicted), axis=(1, 2, 3))
    cross_entropy = ops.mean(keras.losses.binary_crossentropy(truth, predicted))
    return cross_entropy + 1 - ops.mean((2 * overlap + 5) / (size + 5))


TASKS = {
    "breast_ultrasound": Task(
        standardized_cnn,
        breast_images,
        epochs=40,
        augment=definitions("08").RECIPE_CHANGES,
    ),
    "skin_lesions": Task(
        partial(definitions("09").build, 48),
        skin_images,
        epochs=20,
        rate=3e-3,
        loss="sparse_categorical_crossentropy",
        augment={"flip": True, "rotation": 180},
    ),
    "brain_mri": Task(
        partial(definitions("10").build_unet, (96, 96, 1)),
        brain_training.training_slices,
        epochs=6,
        rate=3e-3,
        loss=dice_of_each,
        # Scanners differ in how bright the tumor is beside the brain, hence contrast and gain.
        augment={
            "flip": True,
            "shift": 0.05,
            "rotation": 15,
            "zoom": 0.2,
            "contrast": 0.3,
            "gain": 0.3,
            "noise": 0.03,
        },
        options={"target": "core"},
        batch_size=16,
    ),
}


def pretrain(name):
    """Train one network and return it."""
    task = TASKS[name]
    training.set_seed(task.seed)
    model, data = task.network(), task.data()
    if "target" in task.options:
        share = data.mask(task.options["target"]).mean()
        model.layers[-1].bias.assign([np.log(share / (1 - share))])
    falling = training.cosine_adam(task.rate, task.epochs, len(data), task.batch_size)
    model.compile(falling, loss=task.loss)
    augment = Augmenter(**task.augment, seed=task.seed) if task.augment else None
    history = training.fit(
        model, data, epochs=task.epochs, batch_size=task.batch_size, seed=task.seed,
        augment=augment, **task.options,
    )  # fmt: skip
    print(f"{name}: {history}")
    return model


def fresh(name):
    """Return a network as it is stored: not compiled, its layers counted from the first."""
    keras.utils.clear_session()
    return TASKS[name].network()


def save(model, name):
    """Replace a network's architecture and weights; return what all of them have in bytes.

    Nothing is replaced if that is more than allowed. An interruption leaves the old files or new
    ones, at worst with an old checksum.
    """
    with TemporaryDirectory(dir=transfer.WEIGHTS) as folder:
        new = [Path(folder) / f"{name}.json", Path(folder) / f"{name}.weights.h5"]
        new[0].write_text(model.to_json() + "\n", encoding="utf-8")
        model.save_weights(new[1])
        kept = {path.name: path for path in stored_files()} | {path.name: path for path in new}
        total = sum(path.stat().st_size for path in kept.values())
        if total <= MOST_BYTES:
            for path in new:
                os.replace(path, transfer.WEIGHTS / path.name)
            write_checksums()
    return total


def stored_files():
    """Return the paths of all architectures and weights."""
    return sorted(path for path in transfer.WEIGHTS.glob("*.*") if path.suffix in (".json", ".h5"))


def write_checksums():
    """Write the checksums of all architectures and weights."""
    lines = [f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.name}\n" for p in stored_files()]
    write_text(transfer.WEIGHTS / "SHA256SUMS", "".join(lines))


def main(arguments=None):
    """Train the networks that are named; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(TASKS))
    names = parser.parse_args(arguments).names or list(TASKS)
    if unknown := [name for name in names if name not in TASKS]:
        print(f"{unknown[0]!r}: choose among {', '.join(TASKS)}.", file=sys.stderr)
        return 2
    transfer.WEIGHTS.mkdir(parents=True, exist_ok=True)
    for name in names:
        start = time.perf_counter()
        weights = pretrain(name).get_weights()
        plain = fresh(name)
        plain.set_weights(weights)
        total = save(plain, name)
        print(f"{name}: {time.perf_counter() - start:.0f} s; all weights: {total:,} bytes")
        if total > MOST_BYTES:
            print(
                f"That is more than {MOST_BYTES:,}, so the old weights stay: use fewer filters.",
                file=sys.stderr,
            )
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
