"""The network that many tutorials begin with, changed one line at a time. Lesson 04.

Every arm is trained on the training patients until its validation loss has not fallen for five
epochs, and keeps the weights of its best epoch. Then it predicts the validation patients, the
official test patients, and 180 patients whom the simulator draws for this table alone.
"""

import tempfile
from functools import cache
from pathlib import Path

import pandas as pd

import simulation
from authoring.experiments.definitions import definitions
from course_utils import ROOT, datasets, training
from course_utils._tensorflow import keras
from course_utils.evaluation import roc_auc

lesson = definitions("04")
BUILD = {
    "article": lesson.article_network,
    "pooled": lesson.pooled_network,
    "compact": lesson.compact_network,
}
# Where black and white of a picture, 0 and 255, come to lie.
ZERO_TO_ONE, AROUND_ZERO = (0.0, 1.0), (-1.0, 1.0)
ARMS = {
    "as given": {"network": "article", "ends": ZERO_TO_ONE, "size": 224},
    "-1 to 1": {"network": "article", "ends": AROUND_ZERO, "size": 224},
    "96 pixels": {"network": "article", "ends": AROUND_ZERO, "size": 96},
    "global maximum": {"network": "pooled", "ends": AROUND_ZERO, "size": 96},
    "compact": {"network": "compact", "ends": AROUND_ZERO, "size": 96},
}
SEEDS = range(5)
SAMPLE = "compact"
FRESH_SEED = 1311


@cache
def folder():
    """Write the pictures that the lesson writes to a folder of this process; return it."""
    folder.kept = tempfile.TemporaryDirectory()  # deleted when Python ends
    path = Path(folder.kept.name)
    lesson.write_pictures(lesson.tumor_slices(datasets.load("brain_mri")), path)
    return path


def fresh_folder():
    """Return the folder with the fresh patients' pictures; they take minutes, so it is kept."""
    path = ROOT / "build" / "experiments" / f"fresh_brains_{FRESH_SEED}"
    if not path.is_dir():
        drawn = simulation.draw("brain_mri", {"test": (90, 0, 0)}, seed=FRESH_SEED)
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(dir=path.parent))
        lesson.write_pictures(lesson.tumor_slices(drawn), unfinished)
        unfinished.rename(path)
    return path


def measure(seed, network, ends, size):
    """Train one network; return its probability of every patient, and a row for each epoch."""
    training.set_seed(seed)
    low, high = ends
    built = BUILD[network](keras.layers.Rescaling((high - low) / 255, offset=low), size)
    curves = lesson.trained(built, folder())
    curves.insert(0, "epoch", range(1, len(curves) + 1))
    parts = {"validation": folder(), "test": folder(), "fresh": fresh_folder()}
    rows = []
    for part, where in parts.items():
        table = lesson.predicted(built, where, part.replace("fresh", "test"))
        rows.append(table.reset_index().assign(part=part))
    keras.backend.clear_session()
    return pd.concat([*rows, curves])


def tables(table):
    """Take `measure`'s two kinds of row apart."""
    key = {
        "first_cnn": ["part", "patient", "label", "probability"],
        "first_cnn_curves": ["epoch", "loss", "accuracy", "val_loss", "val_accuracy"],
    }
    taken = {name: table[["arm", "seed", *columns]].dropna() for name, columns in key.items()}
    taken["first_cnn"] = taken["first_cnn"].astype({"label": int})
    taken["first_cnn_curves"] = taken["first_cnn_curves"].astype({"epoch": int})
    return taken


def score(rows):
    """Return the AUC over the test patients."""
    rows = rows[rows["part"] == "test"]
    return roc_auc(rows["label"], rows["probability"])
