"""Seven diagnoses of simulated skin lesions: light, augmentation, mix of classes, a head start.

Each arm changes one thing against "gray world". Arms are compared on validation lesions; test
lesions do not occur in this module: see `skin_final`. Lesson 09 shows the network and its training.
"""

from functools import cache

import numpy as np
import pandas as pd
from sklearn.metrics import balanced_accuracy_score

from authoring.experiments.definitions import definitions
from course_utils import datasets, training, transfer
from course_utils.results import probabilities

LESSON = definitions("09")
SIZE = 48
CLASSES = 7
# A hundred and fifty lesions, and as many epochs as their few steps need.
FEW = {"lesions": 150, "epochs": 60}

CANDIDATES = {
    "gray world": {},
    "shades of gray": {"power": 6},
    "as taken": {"power": None},
    "not turned": {"turn": False},
    "natural mix": {"natural": True},
}
# Beside the competition: few lesions, with and without a head start.
ARMS = {**CANDIDATES, "few": FEW, "few, started": {"lesions": 150, "started": True}}
SEEDS = range(5)
SAMPLE = "gray world"


def measure(seed, **settings):
    """Train one network; return the probabilities of validation lesions."""
    return predicted(trained(seed, **settings), "validation")


def score(rows):
    """Return the balanced accuracy over lesions."""
    called = rows[[f"p_{k}" for k in range(CLASSES)]].to_numpy().argmax(axis=1)
    return balanced_accuracy_score(rows["label"], called)


def trained(seed, power=1, turn=True, natural=False, lesions=None, started=False, epochs=None):
    """Train one network on simulated training lesions.

    The seed decides the start, the order, the turns, and which lesions are drawn. `power` says how
    the color of the light is taken out, see lesson 09's `build`. `turn` turns and mirrors images at
    random, since a lesion has no upper side. `natural` weights lesions to the natural mix of
    diagnoses. `lesions` is how many to draw, by default all. `started` starts from the shipped
    weights, which were trained on other simulated lesions. `epochs` are the lesson's by default.
    """
    train = images_of("train")
    if lesions is not None:
        train = datasets.split_by_group(train, {"used": lesions}, seed=seed)["used"]
    training.set_seed(seed)
    if started:
        model = transfer.add_head(transfer.backbone("skin_lesions"), CLASSES)
        LESSON.fine_tune(model, train, seed)
        return model
    model = LESSON.build(SIZE, power)
    options = {} if turn else {"augment": None}
    if natural:
        options["sample_weight"] = train.attributes["weight"].to_numpy()
    epochs = epochs or LESSON.EPOCHS
    LESSON.fit(model, train, epochs=epochs, seed=seed, **options)
    return model


def predicted(model, part):
    """Return one row per lesion of a part: part, group, label, p_0 … p_6 in thousandths."""
    data = images_of(part)
    found = data.per_group(training.predict(model, data))
    table = pd.DataFrame({"part": part, "group": found.groups, "label": found.labels})
    for k, p in enumerate(found.probabilities.T):
        table[f"p_{k}"] = np.rint(1000 * p).astype(int)
    return table


def winner(table):
    """Return the arm with the highest mean balanced accuracy on validation lesions."""

    def mean_score(arm):
        labels, runs, _ = probabilities(table, arm, "validation")
        return np.mean([balanced_accuracy_score(labels, run.argmax(axis=1)) for run in runs])

    return max(CANDIDATES, key=mean_score)


@cache
def images_of(part):
    """Return one part of the embedded set at half size: train, validation, test, or tones."""
    skin = datasets.load("skin_lesions")
    subset = "tones" if part == "tones" else "main"
    chosen = (skin.attributes["subset"] == subset).to_numpy()
    if subset == "main":
        chosen = chosen & (skin.splits == part)
    return datasets.resize(skin.select(chosen), SIZE)
