"""Seven diagnoses of simulated skin lesions: light, augmentation, mix of classes, a head start.

Each arm changes one thing against "gray world". Arms are compared on validation lesions; test
lesions do not occur in this module: see `skin_final`. Lesson 09.
"""

from functools import cache

import numpy as np
import pandas as pd
from sklearn.metrics import balanced_accuracy_score

from course_utils import datasets, transfer
from course_utils.augmentation import Augmenter
from course_utils.evaluation import mean_recall
from course_utils.models import color_cnn, keras
from course_utils.results import probabilities
from course_utils.training import fit, predict, set_seed

SIZE = 48
EPOCHS, BATCH_SIZE, RATE = 20, 32, 3e-3
FEW, FEW_EPOCHS = 150, 60  # lesions, and as many epochs as their few steps need
# The best of four pairs on validation lesions, with three seeds that are not used here; the
# default of `transfer.fine_tune` is too low for so few steps.
FEW_RATES = (1e-2, 1e-3)

CANDIDATES = {
    "gray world": {},
    "shades of gray": {"power": 6},
    "as taken": {"power": None},
    "not turned": {"turn": False},
    "natural mix": {"natural": True},
}
ARMS = {
    **CANDIDATES,
    # Beside the competition: a hundred and fifty lesions, with and without a head start.
    "few": {"lesions": FEW},
    "few, started": {"lesions": FEW, "started": True},
}
SEEDS = range(5)
SAMPLE = "gray world"


def measure(seed, **settings):
    """Train one network; return the probabilities of validation lesions.

    Parameters
    ----------
    seed, **settings
        As for `trained`.

    Returns
    -------
    table : pandas.DataFrame
        See `predicted`.
    """
    return predicted(trained(seed, **settings), "validation")


def trained(seed, power=1, turn=True, natural=False, lesions=None, started=False, train=None):
    """Train one network on simulated training lesions.

    Parameters
    ----------
    seed : int
        Decides the start, the order, the turns, and which lesions are drawn.
    power : int or None
        How the color of the light is taken out: see `models.color_cnn`.
    turn : bool
        Turn and mirror the images at random, since a lesion has no upper side.
    natural : bool
        Weight the lesions to the natural mix of diagnoses, instead of the set's own.
    lesions : int, optional
        Draw only so many training lesions.
    started : bool
        Start from the shipped weights, which were trained on other simulated lesions.
    train : datasets.ImageDataset, optional
        Train on these images instead.

    Returns
    -------
    model : keras.Model
    """
    train = images_of("train") if train is None else train
    if lesions is not None:
        train = datasets.split_by_group(train, {"used": lesions}, seed=seed)["used"]
    set_seed(seed)
    options = {
        "augment": Augmenter(flip=True, rotation=180, seed=seed) if turn else None,
        "sample_weight": train.attributes["weight"].to_numpy() if natural else None,
        "batch_size": BATCH_SIZE,
        "seed": seed,
        "progress": False,
    }
    epochs = EPOCHS if lesions is None else FEW_EPOCHS
    if started:
        model = transfer.add_head(transfer.pretrained("skin_lesions"), outputs=7)
        transfer.fine_tune(
            model, train, head_epochs=epochs // 3, epochs=epochs - epochs // 3, rates=FEW_RATES,
            loss="sparse_categorical_crossentropy", **options,
        )  # fmt: skip
        return model
    model = color_cnn((SIZE, SIZE, 3), power=power)
    compile_for(model, len(train), epochs)
    fit(model, train, epochs=epochs, **options)
    return model


def compile_for(model, images, epochs):
    """Compile with a learning rate that falls to 0 along half a cosine over the epochs."""
    steps = epochs * -(-images // BATCH_SIZE)
    schedule = keras.optimizers.schedules.CosineDecay(RATE, steps)
    model.compile(keras.optimizers.Adam(schedule), "sparse_categorical_crossentropy")


def predicted(model, part):
    """Return one row per lesion of a part: part, group, label, p_0 … p_6 in thousandths."""
    data = images_of(part)
    found = datasets.aggregate(predict(model, data), data.groups, labels=data.labels)
    table = pd.DataFrame({"part": part, "group": found.groups, "label": found.labels})
    for k, p in enumerate(found.probabilities.T):
        table[f"p_{k}"] = np.rint(1000 * p).astype(int)
    return table


def winner(table):
    """Return the arm with the highest mean recall on validation lesions, averaged over seeds.

    Parameters
    ----------
    table : pandas.DataFrame
        Results of `measure`, with columns arm and seed.

    Returns
    -------
    arm : str
    """

    def score(arm):
        labels, runs, _ = probabilities(table, arm, "validation")
        return np.mean([mean_recall(labels, run) for run in runs])

    return max(CANDIDATES, key=score)


@cache
def images_of(part):
    """Return one part of the embedded set at half size: train, validation, test, or tones."""
    skin = datasets.load("skin_lesions")
    subset = "tones" if part == "tones" else "main"
    chosen = (skin.attributes["subset"] == subset).to_numpy()
    if subset == "main":
        chosen = chosen & (skin.splits == part)
    return transfer.resize(skin.select(chosen), SIZE)


def score(rows):
    """Return the balanced accuracy over lesions."""
    answers = rows[[f"p_{k}" for k in range(7)]].to_numpy().argmax(axis=1)
    return balanced_accuracy_score(rows["label"], answers)
