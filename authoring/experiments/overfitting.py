"""Remedies against overfitting, compared on the same few patients. Lesson 06.

A network that is too large learns from a few hundred training patients; each arm changes one
thing, or several. Validation patients are divided once: early stopping, and the choice of each
remedy's strength, use the *stopping* part; the winner is chosen on the *choosing* part, so that no
arm has an advantage there. Test patients do not occur in this module: see `overfitting_final`.
"""

import numpy as np
import pandas as pd

from authoring.experiments.definitions import definitions
from course_utils.evaluation import roc_auc

lesson = definitions("06")
CANDIDATES = lesson.CANDIDATES
ARMS = {**CANDIDATES, **lesson.BESIDE}
SEEDS = range(5)
SAMPLE = "early stopping"
PARTS = ("stopping", "choosing")


def measure(seed, **settings):
    """Train one network by the lesson's ``trained``; return three kinds of row.

    They are the probabilities of patients, the curves, and scores of the run; `tables` takes them
    apart.
    """
    model, history, train = lesson.trained(seed, **settings)
    patients = {part: lesson.per_patient(model, lesson.patients_of(part)) for part in PARTS}
    patients["training"] = lesson.per_patient(model, train)
    curves = history.table[["cross_entropy_loss", "val_cross_entropy_loss"]]
    squares = [np.square(w.numpy()).sum() for w in model.trainable_weights if "kernel" in w.path]
    run = {
        "parameters": model.count_params(),
        "trained_epochs": len(curves),
        "best_epoch": int(curves["val_cross_entropy_loss"].argmin()) + 1,
        "weight_norm": np.sqrt(np.sum(squares)),
    }
    for part, rows in patients.items():
        run[f"{part}_loss"] = lesson.cross_entropy(rows)
        run[f"{part}_auc"] = roc_auc(rows.labels, rows.probabilities)
    curves = curves.rename(columns=lambda name: name.removesuffix("_loss")).reset_index()
    choosing = predicted(model, {"choosing": lesson.patients_of("choosing")})
    return pd.concat([choosing, curves, pd.DataFrame([run])])


def predicted(model, parts):
    """Return the model's probability of every patient: part, group, label, probability."""
    tables = []
    for part, data in parts.items():
        table = lesson.per_patient(model, data).table().reset_index()
        tables.append(table.drop(columns="n_images").assign(part=part))
    return pd.concat(tables)


def tables(table):
    """Take `measure`'s kinds of row apart: probabilities of patients, curves, scores of runs."""
    counts = ["parameters", "trained_epochs", "best_epoch"]
    scores = [f"{part}_{kind}" for part in ("training", *PARTS) for kind in ("loss", "auc")]
    key = {
        "overfitting": ["part", "group", "label", "probability"],
        "overfitting_curves": ["epoch", "cross_entropy", "val_cross_entropy"],
        "overfitting_runs": [*counts, "weight_norm", *scores],
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
