"""How alike two sets of images are: nearest neighbors, and classifiers that tell them apart."""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import PredefinedSplit, StratifiedGroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from authoring.studies.real_folders import shrink
from authoring.studies.small_networks import Trainer

DUPLICATE = 0.98


def patterns(images, size=28):
    """Return each image as a row of zero mean and length one, averaged to at most `size` px."""
    small = np.array([shrink(i, size) for i in images], np.float64).reshape(len(images), -1)
    small -= small.mean(axis=1, keepdims=True)
    return small / np.maximum(np.linalg.norm(small, axis=1, keepdims=True), 1e-9)


def nearest(rows, others, same=None):
    """Return the highest correlation of each row with any other row, both from `patterns`.

    `same` is a pair of groups of the rows and of the others; rows of one group are not compared.
    """
    correlation = rows @ others.T
    if same is not None:
        correlation[np.asarray(same[0])[:, None] == np.asarray(same[1])] = -1
    return correlation.max(axis=1)


def diversity(real, simulated):
    """Return nearest-neighbor figures: distances (1 − correlation), duplicates, copies.

    Both sets should have about the same number of images, because more images lie closer.
    Within a set, images of one unit are not compared: of one lesion or patient where that is
    known, otherwise only an image with itself.
    """
    one, other = patterns(real.images), patterns(simulated.images)
    units = [s.groups if s.known else np.arange(len(s)) for s in (real, simulated)]
    real_real = nearest(one, one, (units[0], units[0]))
    made_made = nearest(other, other, (units[1], units[1]))
    made_real, real_made = nearest(other, one), nearest(one, other)
    return {
        "nearest distance within, median": (
            1 - np.median(real_real),
            1 - np.median(made_made),
            f"simulated to real {1 - np.median(made_real):.3f}, real to simulated "
            f"{1 - np.median(real_made):.3f}",
        ),
        "share with a duplicate in the set": (
            (real_real >= DUPLICATE).mean(),
            (made_made >= DUPLICATE).mean(),
            f"correlation of at least {DUPLICATE}",
        ),
        "copies of real images, share": (
            np.nan,
            (made_real >= DUPLICATE).mean(),
            f"highest correlation of a simulated with a real image {made_real.max():.3f}",
        ),
    }


def linear_scores(features, labels, fold_of):
    """Return held-out decision values of a logistic regression."""
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    folds = PredefinedSplit(fold_of)
    return cross_val_predict(model, features, labels, cv=folds, method="decision_function")


def assign_folds(labels, groups, folds=5, seed=0):
    """Return the fold of each image; groups stay whole, classes are spread evenly.

    Fewer folds where a class has fewer groups, so that each fold holds both classes.
    """
    labels, groups = np.asarray(labels), np.asarray(groups)
    fewest = min(len(np.unique(groups[labels == k])) for k in np.unique(labels))
    if fewest < 2:
        raise ValueError("a class has only one group; no part can be held out.")
    splitter = StratifiedGroupKFold(min(folds, fewest), shuffle=True, random_state=seed)
    fold_of = np.zeros(len(labels), int)
    for k, (_, test) in enumerate(splitter.split(labels, labels, groups)):
        fold_of[test] = k
    return fold_of


def network_scores(images, origin, fold_of, updates, seed=0):
    """Return held-out scores of a small network that tells real (1) from simulated."""
    trainer = Trainer(images.shape[1:], updates)
    scores = np.zeros(len(images))
    for fold in range(fold_of.max() + 1):
        train, test = fold_of != fold, fold_of == fold
        weights = trainer.fit(images[train], origin[train], seed + fold)
        scores[test] = trainer.predict(images[test], weights)
    return scores
