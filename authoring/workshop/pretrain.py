"""Train the networks whose weights come with the course, on its simulated images.

    python -m authoring.workshop.pretrain [NAME ...]

Without a NAME, all of them. The networks are those of ``transfer.SHIPPED``; here stands on what
and how each is trained. Only training patients, or new ones, are used: whoever starts from these
weights can still test on the set's validation and test patients. Weights are stored without the
optimizer in data/weights, their checksums in data/weights/SHA256SUMS.
"""

import argparse
import hashlib
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import simulation
from course_utils import datasets, training, transfer
from course_utils._files import write_text
from course_utils.augmentation import Augmenter
from course_utils.segmentation_losses import cross_entropy_and_dice

# Only after the modules of the course, which import TensorFlow quietly.
import keras  # isort: skip

# All weights together; so much was promised to those who clone the course.
MOST_BYTES = 3_000_000


@dataclass(frozen=True)
class Task:
    """On what and how one network is trained.

    Attributes
    ----------
    data : callable
        Returns the training images, an ImageDataset.
    epochs : int
    rate : float
        Highest learning rate of Adam; it falls to 0 along half a cosine.
    loss : str or keras.Loss
    augment : dict
        Arguments of `Augmenter`.
    options : dict
        More for `training.fit`, such as ``target``.
    seed : int
    """

    data: Callable
    epochs: int
    rate: float = 2e-3
    loss: object = "binary_crossentropy"
    augment: dict = field(default_factory=dict)
    options: dict = field(default_factory=dict)
    batch_size: int = 32
    seed: int = 0


def breast_images():
    """Return the simulated training images at the size of BreastMNIST."""
    return transfer.resize(datasets.load("breast_ultrasound").split("train"), 28)


def skin_images():
    """Return simulated lesions that are not in the embedded set, at half size.

    Others than the training lesions, so that lesson 09 can show what a start from these weights
    is worth when only a few of those are at hand.
    """
    counts = {"train": (280, 340, 520, 180, 540, 960, 180)}
    return transfer.resize(simulation.draw("skin_lesions", counts, seed=4848, workers=1), 48)


def brain_slices():
    """Return the T1c channel of the simulated training slices, cropped to the head."""
    brain = datasets.crop_to_head(datasets.load("brain_mri").split("train"))
    return replace(brain, images=brain.images[..., :1], channel_names=("T1c",))


TASKS = {
    "breast_ultrasound": Task(
        breast_images,
        epochs=40,
        augment={"flip": True, "shift": 0.08, "zoom": 0.1, "contrast": 0.2, "noise": 0.02},
    ),
    "skin_lesions": Task(
        skin_images,
        epochs=20,
        rate=3e-3,
        loss="sparse_categorical_crossentropy",
        augment={"flip": True, "rotation": 180},
    ),
    "brain_mri": Task(
        brain_slices,
        epochs=20,
        rate=3e-3,
        loss=cross_entropy_and_dice,
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
    model, data = transfer.build(name), task.data()
    steps = task.epochs * -(-len(data) // task.batch_size)
    schedule = keras.optimizers.schedules.CosineDecay(task.rate, steps)
    model.compile(keras.optimizers.Adam(schedule), loss=task.loss)
    augment = Augmenter(**task.augment, seed=task.seed) if task.augment else None
    history = training.fit(
        model, data, epochs=task.epochs, batch_size=task.batch_size, seed=task.seed,
        augment=augment, **task.options,
    )  # fmt: skip
    print(f"{name}: {history}")
    return model


def save(model, name):
    """Replace a network's weights and the checksums; return what all weights have in bytes.

    Nothing is replaced if that is more than allowed. An interruption leaves the old weights or the
    new ones; only one right between the two last steps leaves new weights with an old checksum.
    """
    path = transfer.weights_path(name)
    with TemporaryDirectory(dir=transfer.WEIGHTS) as folder:
        part = Path(folder) / path.name
        model.save_weights(part)
        others = [file for file in transfer.WEIGHTS.glob("*.weights.h5") if file != path]
        total = sum(file.stat().st_size for file in (part, *others))
        if total <= MOST_BYTES:
            os.replace(part, path)
            write_checksums()
    return total


def write_checksums():
    """Write the checksums of all stored weights."""
    files = sorted(transfer.WEIGHTS.glob("*.weights.h5"))
    sums = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files]
    write_text(transfer.WEIGHTS / "SHA256SUMS", "".join(sums))


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
        # A network that was never compiled has no optimizer to store.
        plain = transfer.build(name)
        plain.set_weights(pretrain(name).get_weights())
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
