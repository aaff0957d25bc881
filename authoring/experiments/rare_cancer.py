"""Remedies for a rare class, compared where 5 % of the patients have cancer. Lesson 07.

Malignant patients are left out of training and validation at random until 5 % remain; the test set
keeps all of its cancers, which the lesson weights to 5 %. All arms share network, inputs, learning
rate and number of updates (`rare_cancer_tuning`). Moving the threshold needs no arm: it uses the
baseline's probabilities.
"""

from functools import cache

import numpy as np
import pandas as pd
from scipy.special import logit

from course_utils import datasets, imbalance
from course_utils.augmentation import Augmenter
from course_utils.evaluation import average_precision
from course_utils.models import compact_cnn, keras
from course_utils.training import predict, set_seed, to_tf

PREVALENCE = 0.05
FILTERS = (8, 16, 32)
BATCH_SIZE, EVERY = 32, 200
# The best pair in data/results/rare_cancer_tuning.csv, on average over the arms.
LEARNING_RATE, UPDATES = 0.001, 600

ARMS = {
    "baseline": {},
    "over": {"remedy": "over"},
    "under": {"remedy": "under"},
    "weights": {"remedy": "weights"},
    "focal": {"remedy": "focal"},
}
SEEDS = range(5)
SAMPLE = "over"
# Which cancers stay in validation; the same in all runs, so that runs can be compared.
VALIDATION_DRAW = 1000


def measure(seed, remedy="none"):
    """Train one network; return the log-odds of validation and test patients.

    Parameters
    ----------
    seed : int
        Decides which cancers stay in training, the start and the order: alike for all arms.
    remedy : {"none", "over", "under", "weights", "focal"}

    Returns
    -------
    table : pandas.DataFrame
        Columns part, group (the number in the patient's name), label, and log_odds_thousandths:
        probabilities near 0 would lose their order in four decimals, and whole numbers keep the
        file small.
    """
    model = trained(rare(part("train"), seed), remedy, seed)
    scored = {"validation": rare(part("validation"), VALIDATION_DRAW), "test": part("test")}
    return pd.concat([_log_odds(model, name, data) for name, data in scored.items()])


@cache
def part(name):
    """Return an official split of the embedded breast set."""
    return datasets.load("breast_ultrasound").split(name)


def rare(data, seed):
    """Leave malignant patients out at random until `PREVALENCE` remains; keep all others."""
    benign, malignant = (np.unique(data.groups[data.labels == label]) for label in (0, 1))
    wanted = round(len(benign) * PREVALENCE / (1 - PREVALENCE))
    kept = np.random.default_rng(seed).choice(malignant, wanted, replace=False)
    return data.select(np.flatnonzero((data.labels == 0) | np.isin(data.groups, kept)))


def network(standardized=True):
    """Return the compact network; by default it first brings each image to mean 0 and SD near 1."""
    body = compact_cnn((64, 64, 1), FILTERS).layers
    scaling = keras.layers.LayerNormalization(axis=(1, 2, 3), center=False, scale=False)
    first = [scaling] if standardized else []
    return keras.Sequential([keras.Input((64, 64, 1)), *first, *body])


def trained(
    data, remedy, seed, *, learning_rate=LEARNING_RATE, updates=UPDATES, standardized=True,
    watch=None,
):  # fmt: skip
    """Return a network trained with one remedy, for a fixed number of updates.

    Parameters
    ----------
    data : datasets.ImageDataset
        Training patients.
    remedy : {"none", "over", "under", "weights", "focal"}
    seed : int
    learning_rate : float
    updates : int
        Batches, a multiple of `EVERY`. An arm with fewer images passes over them more often.
    standardized : bool
        See `network`.
    watch : callable, optional
        Called as ``watch(model, updates)`` after so many updates.

    Returns
    -------
    model : keras.Model
    """
    set_seed(seed)
    model = network(standardized)
    weights = imbalance.class_weights(data.labels) if remedy == "weights" else None
    if remedy in ("over", "under"):
        draw = {"over": imbalance.oversample, "under": imbalance.undersample}[remedy]
        data = data.select(draw(data.labels, data.groups, splits=data.splits, seed=seed))
    # Start by saying the prevalence to everyone, as Lin and others 2017 advise.
    model.layers[-1].bias.assign([logit(imbalance.effective_prevalence(data.labels, weights))])
    loss = imbalance.focal_loss() if remedy == "focal" else "binary_crossentropy"
    model.compile(keras.optimizers.Adam(learning_rate), loss)
    change = Augmenter(flip=True, shift=0.06, seed=seed)
    batches = to_tf(data, BATCH_SIZE, shuffle=True, seed=seed, augment=change).repeat()
    after = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: watch and watch(model, EVERY * (epoch + 1))
    )
    model.fit(
        batches, steps_per_epoch=EVERY, epochs=updates // EVERY, class_weight=weights,
        callbacks=[after], verbose=0,
    )  # fmt: skip
    return model


def _log_odds(model, name, data):
    patients = data.per_group(predict(model, data))
    log_odds = logit(np.clip(patients.probabilities, 1e-7, 1 - 1e-7))
    return pd.DataFrame(
        {
            "part": name,
            "group": [int(group[1:]) for group in patients.groups],
            "label": patients.labels,
            "log_odds_thousandths": np.round(1000 * log_odds).astype(int),
        }
    )


def score(rows):
    """Return the average precision of test patients."""
    test = rows[rows["part"] == "test"]
    return average_precision(test["label"], 1 / (1 + np.exp(-test["log_odds_thousandths"] / 1000)))
