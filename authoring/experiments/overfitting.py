"""Remedies against overfitting, compared on the same few patients. Lesson 06.

A network that is too large learns from a few hundred training patients; each arm changes one
thing. Validation patients are divided once: early stopping, and the choice of each remedy's
strength, use the *stopping* part; the winner is chosen on the *choosing* part, so that no arm has
an advantage there. Test patients do not occur in this module: see `overfitting_final`.
"""

from functools import cache

import pandas as pd
from sklearn.metrics import log_loss

from course_utils import datasets
from course_utils.augmentation import Augmenter
from course_utils.evaluation import roc_auc
from course_utils.models import compact_cnn, keras
from course_utils.results import probabilities
from course_utils.training import fit, predict, set_seed

layers = keras.layers
EPOCHS = 40
BATCH_SIZE = 32
FEW, ALL = 300, 1700  # training patients

# One strength each, the best of three in data/results/overfitting_tuning.csv.
STRENGTHS = {
    "L2": {"l2": 1e-2},
    "dropout": {"dropout": 0.75},
    "early stopping": {"patience": 5},
    "augmentation": {"augmentation": 0.1},
    "smaller network": {"filters": (16, 32, 64)},
}
TOGETHER = {name: value for setting in STRENGTHS.values() for name, value in setting.items()}
CANDIDATES = {"none": {}, **STRENGTHS, "all together": TOGETHER}
ARMS = {
    **CANDIDATES,
    # Beside the competition: a wrong augmentation, and what no remedy can replace.
    "upside-down flips": {**STRENGTHS["augmentation"], "upside_down": True},
    "more data": {"patients": ALL},
}
SEEDS = range(5)
SAMPLE = "all together"


def measure(seed, part="choosing", **settings):
    """Train one network; return the probabilities of patients, its curves and its losses.

    Parameters
    ----------
    seed, **settings
        As for `trained`.
    part : {"choosing", "stopping"}
        Whose probabilities to return: see `patients_of`.

    Returns
    -------
    table : pandas.DataFrame
        Three kinds of row, which `tables` takes apart.
    """
    model, history, train = trained(seed, **settings)
    rows = predicted(model, {part: patients_of(part)})
    curves = history.table[["cross_entropy", "val_cross_entropy"]].reset_index()
    run = {
        "parameters": model.count_params(),
        "trained_epochs": len(curves),
        "best_epoch": history.best_epoch,
        "training_loss": _mean_loss(predicted(model, {"train": train})),
        "validation_loss": _mean_loss(rows),
    }
    return pd.concat([rows, curves, pd.DataFrame([run])])


def trained(
    seed, patients=FEW, l2=0.0, dropout=0.0, patience=None, augmentation=0.0, upside_down=False,
    filters=None,
):  # fmt: skip
    """Train one network.

    Parameters
    ----------
    seed : int
        Decides which training patients are drawn, the start and the order: the same for all arms.
    patients : int
        Training patients, 300 or all 1,700. The number of updates is the same, so that with more
        patients there are fewer epochs.
    l2 : float
        Factor of the squared weights in the loss.
    dropout : float
        Share of values set to 0 before each dense layer, 0–1.
    patience : int, optional
        Early stopping on the stopping part. Default: train all epochs, keep the last weights.
    augmentation : float
        Left–right flips; largest shift, as a share of the side; largest change of brightness.
    upside_down : bool
        Flip half of the images upside down, too.
    filters : tuple of int, optional
        Use `models.compact_cnn` with these filters instead of the large network.

    Returns
    -------
    model : keras.Model
    history : training.History
    train : datasets.ImageDataset
        The patients it was trained on.
    """
    train = datasets.split_by_group(patients_of("train"), {"used": patients}, seed=seed)["used"]
    set_seed(seed)
    plain = large_network() if filters is None else compact_cnn((64, 64, 1), filters)
    model = regularized(plain, l2, dropout)
    model.compile("adam", "binary_crossentropy", metrics=[cross_entropy])
    history = fit(
        model, train, patients_of("stopping"), epochs=round(EPOCHS * FEW / patients),
        batch_size=BATCH_SIZE, seed=seed, patience=patience, progress=False,
        augment=augmenter(augmentation, upside_down, seed),
    )  # fmt: skip
    return model, history, train


def predicted(model, parts):
    """Return a table of the model's probability of every patient.

    Parameters
    ----------
    model : keras.Model
    parts : dict of str to datasets.ImageDataset

    Returns
    -------
    table : pandas.DataFrame
        Columns part, group, label, probability.
    """
    tables = []
    for part, data in parts.items():
        result = data.per_group(predict(model, data))
        tables.append(result.table().reset_index().drop(columns="n_images").assign(part=part))
    return pd.concat(tables)


def tables(table):
    """Take the kinds of row apart: probabilities of patients, curves, one row per run.

    Parameters
    ----------
    table : pandas.DataFrame
        Joined results of `measure`, with columns arm and seed.

    Returns
    -------
    tables : dict of str to pandas.DataFrame
        To be stored under these names.
    """
    counts = ["parameters", "trained_epochs", "best_epoch"]
    key = {
        "overfitting": ["part", "group", "label", "probability"],
        "overfitting_curves": ["epoch", "cross_entropy", "val_cross_entropy"],
        "overfitting_runs": [*counts, "training_loss", "validation_loss"],
    }
    whole = {"label", "epoch", *counts}
    taken = {}
    for name, columns in key.items():
        rows = table[["arm", "seed", *columns]].dropna()
        taken[name] = rows.astype(dict.fromkeys(whole & {*columns}, int))
    beside = ~taken["overfitting"]["arm"].isin(CANDIDATES)
    taken["overfitting_beside"] = taken["overfitting"][beside]
    taken["overfitting"] = taken["overfitting"][~beside]
    return taken


def winner(table):
    """Return the candidate with the highest AUC on the choosing part, averaged over seeds.

    Parameters
    ----------
    table : pandas.DataFrame
        The stored table ``overfitting``.

    Returns
    -------
    arm : str

    Examples
    --------
    >>> from course_utils.results import stored
    >>> winner(stored("overfitting"))
    'augmentation'
    """
    return max(CANDIDATES, key=lambda arm: mean_auc(table, arm, "choosing"))


def mean_auc(table, arm, part):
    """Return the AUC over patients, averaged over the runs of an arm."""
    labels, runs, _ = probabilities(table, arm, part)
    return sum(roc_auc(labels, run) for run in runs) / len(runs)


@cache
def patients_of(part):
    """Return the patients of a part.

    Parameters
    ----------
    part : {"train", "stopping", "choosing"}
        The last two are the validation patients, divided by patient, always in the same way.

    Returns
    -------
    datasets.ImageDataset

    Examples
    --------
    >>> len(set(patients_of("choosing").groups))
    450
    """
    breast = datasets.load("breast_ultrasound")
    if part == "train":
        return breast.split("train")
    sizes = {"stopping": 300, "choosing": 450}
    return datasets.split_by_group(breast.split("validation"), sizes, seed=0)[part]


def large_network():
    """Build the network that is too large: most parameters lie behind the flattening.

    Returns
    -------
    model : keras.Model
        Not compiled.

    Examples
    --------
    >>> large_network().count_params()
    402913
    """
    return keras.Sequential(
        [
            keras.Input((64, 64, 1)),
            layers.Conv2D(8, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )


def regularized(model, l2=0.0, dropout=0.0):
    """Return the same layers with an L2 penalty on every kernel and dropout before dense layers.

    Parameters
    ----------
    model : keras.Sequential
    l2, dropout : float
        As for `trained`; 0 is none.

    Returns
    -------
    model : keras.Sequential
        Not compiled.

    Examples
    --------
    >>> changed = regularized(large_network(), l2=0.01, dropout=0.5)
    >>> len(changed.losses), sum(layer.name.startswith("dropout") for layer in changed.layers)
    (4, 2)
    """
    changed = keras.Sequential([keras.Input(model.input_shape[1:])])
    for layer in model.layers:
        if dropout and isinstance(layer, layers.Dense):
            changed.add(layers.Dropout(dropout))
        if l2 and layer.trainable_weights:
            # The layers are built already, so that the penalty belongs to the weights themselves.
            layer.kernel.regularizer = keras.regularizers.L2(l2)
        changed.add(layer)
    return changed


def augmenter(amount, upside_down, seed):
    """Return what changes the training images of each batch, or None."""
    if not amount:
        return None
    change = Augmenter(flip=True, shift=amount, brightness=amount, seed=seed)
    if not upside_down:
        return change
    flip = layers.RandomFlip("vertical", seed=seed)
    return lambda images: flip(change(images), training=True)


def cross_entropy(labels, predicted):
    """Return the cross-entropy of each image: the loss without the L2 penalty."""
    labels = keras.ops.cast(keras.ops.reshape(labels, (-1, 1)), predicted.dtype)
    return keras.losses.binary_crossentropy(labels, predicted)


def _mean_loss(table):
    """Return the cross-entropy per patient, with dropout and augmentation off."""
    return log_loss(table["label"], table["probability"].clip(1e-7, 1 - 1e-7))


def score(rows):
    """Return the AUC over patients."""
    return roc_auc(rows["label"], rows["probability"])
