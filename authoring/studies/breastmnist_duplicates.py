"""Near-duplicates in BreastMNIST: how many there are, and what they do to scores.

    python -m authoring.studies.breastmnist_duplicates FILE.npz [--out FILE.csv]

FILE holds BreastMNIST's training and validation images, 28 px. First it is counted which images
correlate, and across which parts. Then three classifiers are scored by five-fold cross-validation
twice: with folds of images, as if each came from another patient, and with folds of groups of
near-duplicates (correlation 0.98). Each image is predicted once by either way, from as many
training images, so the difference of the AUCs is paired. Repeated with other folds and seeds;
intervals draw groups within class. The three images that contradict each other's label are left
out.

The classifiers: the share of malignant images among the three training images that correlate
highest; logistic regression on pixels; the compact network of the course from random weights.
"""

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from authoring.experiments.definitions import definitions
from authoring.studies import tables
from authoring.workshop.pretrain import standardized_cnn
from course_utils import datasets, evaluation, training
from course_utils.real_data import find_set, read_medmnist
from course_utils.training import Augmenter

FOLDS, REPEATS, NEIGHBORS = 5, 3, 3
EPOCHS, RATE = 40, 2e-3
CHANGES = definitions("08").RECIPE_CHANGES


def patterns(data):
    """Return each image as a row of zero mean and length one."""
    rows = data.images.reshape(len(data), -1).astype(float)
    rows -= rows.mean(axis=1, keepdims=True)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def neighbors(train, test, seed):
    """Return the share of malignant ones among the most similar training images."""
    nearest = np.argsort(-(patterns(test) @ patterns(train).T), axis=1)[:, :NEIGHBORS]
    return train.labels[nearest].mean(axis=1)


def regression(train, test, seed):
    """Return probabilities of logistic regression on pixels."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=1e-3, max_iter=2000))
    model.fit(patterns(train), train.labels)
    return model.predict_proba(patterns(test))[:, 1]


def network(train, test, seed):
    """Return probabilities of the compact network, trained on these images alone."""
    training.set_seed(seed)
    model = standardized_cnn(filters=(16, 32, 64))
    model.compile(training.cosine_adam(RATE, EPOCHS, len(train)), loss="binary_crossentropy")
    augment = Augmenter(**CHANGES, seed=seed)
    training.fit(model, train, epochs=EPOCHS, seed=seed, augment=augment)
    return training.predict(model, test)


CLASSIFIERS = {
    "three most similar images": neighbors,
    "logistic regression": regression,
    "compact network": network,
}


def counts(data):
    """Return how many images have a near-duplicate, within the set and across the split."""
    similar = patterns(data) @ patterns(data).T
    np.fill_diagonal(similar, 0)
    train = np.asarray(data.attributes["official_split"] == "train")
    across = similar[~train][:, train].max(axis=1)
    rows = []
    for threshold in (0.95, 0.98, 0.99):
        rows += [
            ("images with a near-duplicate", threshold, (similar.max(axis=1) >= threshold).mean()),
            ("validation images with a near-duplicate in training", threshold,
             (across >= threshold).mean()),
        ]  # fmt: skip
    groups = len(np.unique(data.groups))
    rows += [("images", 0.98, len(data)), ("groups", 0.98, groups)]
    rows += [("images whose label a near-duplicate contradicts", 0.98,
              int(data.attributes["label_conflict"].sum()))]  # fmt: skip
    return [{"measure": "count", "what": w, "threshold": t, "value": v} for w, t, v in rows]


def held_out(classify, data, folds, seed):
    """Return each image's probability from the fold that it was left out of."""
    scores = np.zeros(len(data))
    for fold in range(FOLDS):
        chosen = folds == fold
        scores[chosen] = classify(data.select(~chosen), data.select(chosen), seed * FOLDS + fold)
    return np.clip(scores, 0, 1)


def scores(data):
    """Return the AUCs by folds of images and of groups, and their paired difference."""
    single = data.select(~np.asarray(data.attributes["label_conflict"]))
    n, rows = len(single), []
    for name, classify in CLASSIFIERS.items():
        found = {"images": [], "groups": []}
        for seed in range(REPEATS):
            apart = np.random.default_rng(seed).permutation(np.arange(n) % FOLDS)
            together = datasets.group_folds(single, FOLDS, seed=seed)
            for way, folds in (("images", apart), ("groups", together)):
                found[way].append(held_out(classify, single, folds, seed))
            print(f"{name}, repeat {seed} done", flush=True)
        given = {"groups": single.groups, "group_kind": "near-duplicate"}
        for way, runs in found.items():
            auc = evaluation.bootstrap(evaluation.roc_auc, single.labels, runs, **given)
            rows.append(_row("AUC", f"{name}, folds of {way}", auc))
        both = evaluation.bootstrap(
            evaluation.roc_auc, single.labels, found["images"], against=found["groups"], **given
        )
        rows.append(_row("difference", f"{name}, folds of images - folds of groups", both))
    return rows


def _row(measure, what, estimate):
    ends = {"value": estimate.value, "low": estimate.low, "high": estimate.high}
    return {"measure": measure, "what": what, "threshold": 0.98, **ends}


def main():
    """Count, score, and write the table."""
    options = tables.parser(
        __doc__, file="BreastMNIST's training and validation images"
    ).parse_args()
    data = read_medmnist([options.file], find_set("breastmnist"))
    rows = counts(data) + scores(data)
    print(pd.DataFrame(rows).round(4).to_string())
    tables.write(options.out, rows, "breastmnist_duplicates FILE")


if __name__ == "__main__":
    tables.run(main)
