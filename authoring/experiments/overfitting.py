"""Remedies against overfitting, compared on the same few patients. Lesson 06.

A network that is too large learns from a few hundred training patients; each arm changes one
thing. Validation patients are divided once: early stopping, and the choice of each remedy's
strength, use the *stopping* part; the winner is chosen on the *choosing* part, so that no arm has
an advantage there. Test patients do not occur in this module: see `overfitting_final`.
"""

import pandas as pd

from authoring.experiments.definitions import definitions
from course_utils.evaluation import roc_auc

lesson = definitions("06")
CANDIDATES = lesson.CANDIDATES
ARMS = {
    **CANDIDATES,
    # Beside the competition: a wrong augmentation, and what no remedy can replace.
    "upside-down flips": {**CANDIDATES["augmentation"], "upside_down": True},
    "more data": {"patients": 1700},
}
SEEDS = range(5)
SAMPLE = "all together"


def measure(seed, **settings):
    """Train one network by the lesson's ``trained``; return three kinds of row.

    They are the probabilities of patients, the curves, and the losses; `tables` takes them apart.
    """
    model, history, train = lesson.trained(seed, **settings)
    choosing = lesson.patients_of("choosing")
    curves = history.table[["cross_entropy", "val_cross_entropy"]].reset_index()
    run = {
        "parameters": model.count_params(),
        "trained_epochs": len(curves),
        "best_epoch": history.best_epoch,
        "training_loss": lesson.cross_entropy(lesson.per_patient(model, train)),
        "validation_loss": lesson.cross_entropy(lesson.per_patient(model, choosing)),
    }
    return pd.concat([predicted(model, {"choosing": choosing}), curves, pd.DataFrame([run])])


def predicted(model, parts):
    """Return the model's probability of every patient: part, group, label, probability."""
    tables = []
    for part, data in parts.items():
        table = lesson.per_patient(model, data).table().reset_index()
        tables.append(table.drop(columns="n_images").assign(part=part))
    return pd.concat(tables)


def tables(table):
    """Take `measure`'s kinds of row apart: probabilities of patients, curves, losses of runs."""
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


def score(rows):
    """Return the AUC over patients."""
    return roc_auc(rows["label"], rows["probability"])
