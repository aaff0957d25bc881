"""How hard the simulated sets are: shortcuts, simple rules, a small CNN, and the drawn truth.

Everything learns from the official training groups and is scored on the official test groups,
one mean probability per group, with a 95 % bootstrap interval over groups within class and the
paired difference between the CNN and each rule. Rules are logistic regressions, their strength
chosen by grouped folds of the training part. The CNN is lesson 04's compact network, for skin
one of the same size that learns the seven diagnoses from half-sized images; the mean of several
seeds. The oracle is told the drawn attributes instead of the image (boosted trees), or the stored
suspicion: how well anyone could do who saw every sign. Two classes: AUC. Seven classes: the macro
mean of each class against the rest, and the balanced accuracy.

A shortcut passes if its AUC is at most 0.80 and the CNN is better by at least 0.05.
"""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegressionCV
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder, StandardScaler

from authoring.studies import image_pairs, tables
from authoring.studies.shortcut_features import shortcuts, simple_features
from authoring.studies.small_networks import feature_maps, units
from course_utils import datasets, evaluation, models, training
from course_utils._tensorflow import keras

EPOCHS = {"brain_mri": 20, "breast_ultrasound": 30, "skin_lesions": 40}
HIGHEST, LEAST_GAIN = 0.80, 0.05
# Columns that name the answer, are readings of it, tell it by being missing (the score of the
# ABCD rule, for melanocytic lesions only), or are no property of the patient.
NOT_DRAWN = {
    "kind", "reading", "suspicion", "subset", "weight", "mimic", "abcd_score", "colors",
}  # fmt: skip


@dataclass(frozen=True)
class Task:
    """One question put to a set: rows of the data set, labels, and the number of classes."""

    name: str
    data: object
    labels: np.ndarray
    classes: int = 2

    def rows(self, split):
        """Return the positions of a split."""
        return np.flatnonzero(self.data.splits == split)


def tasks(name):
    """Return the tasks of an embedded set."""
    data = datasets.load(name)
    if name == "brain_mri":
        seen = data.attributes["tumor_in_slice"].to_numpy(bool)
        data = data.select(np.flatnonzero((data.labels < 2) & seen))
        return [Task("meningioma or glioma", data, data.labels)]
    if name == "skin_lesions":
        data = data.select(np.flatnonzero(data.attributes["subset"] == "main"))
        two = Task("malignant or not", data, MALIGNANT[data.labels].astype(int))
        return [two, Task("seven classes", data, data.labels, 7)]
    return [Task("malignant or not", data, data.labels)]


MALIGNANT = np.isin(image_pairs.SKIN_CLASSES, image_pairs.MALIGNANT)


def linear_rule(features, task):
    """Return test probabilities of a logistic regression, its strength chosen by grouped folds."""
    train, test = task.rows("train"), task.rows("test")
    groups = task.data.groups[train]
    folds = list(GroupKFold(5).split(features[train], groups=groups))
    scoring = "roc_auc" if task.classes == 2 else "neg_log_loss"
    fit = LogisticRegressionCV(Cs=np.logspace(-6, 1, 8), cv=folds, max_iter=500, scoring=scoring)
    with warnings.catch_warnings():
        # Renamed attributes, which are not used, and solvers that stop early at weak penalties.
        warnings.simplefilter("ignore")
        model = make_pipeline(StandardScaler(), fit).fit(features[train], task.labels[train])
    return _positive(model.predict_proba(features[test]))


def _positive(probabilities):
    return probabilities[:, 1] if probabilities.shape[1] == 2 else probabilities


def drawn_attributes(data):
    """Return what was drawn before anything was painted, as numbers, and the columns' names."""
    table = data.attributes
    keep = [column for column in table if column not in NOT_DRAWN]
    table = table[keep]
    texts = [c for c in keep if not pd.api.types.is_numeric_dtype(table[c])]
    numbers = table.drop(columns=texts).to_numpy(float)
    if texts:
        coded = OrdinalEncoder().fit_transform(table[texts].astype(str))
        numbers = np.concatenate([numbers, coded], axis=1)
    return numbers, keep


def oracle(task):
    """Return test probabilities of boosted trees on the drawn attributes."""
    train, test = task.rows("train"), task.rows("test")
    values, _ = drawn_attributes(task.data)
    model = HistGradientBoostingClassifier(
        max_iter=150, learning_rate=0.05, max_leaf_nodes=8, random_state=0
    )
    model.fit(values[train], task.labels[train])
    return _positive(model.predict_proba(values[test]))


def train_gray(train, test, labels, epochs):
    """Train lesson 04's network, mirrored where left and right are alike; return test answers."""
    inputs = train.as_float()
    first = [] if train.name == "brain_mri" else [keras.layers.RandomFlip("horizontal")]
    shape = inputs.shape[1:]
    model = keras.Sequential([keras.Input(shape), *first, *models.compact_cnn(shape).layers])
    model.compile(optimizer="adam", loss="binary_crossentropy")
    model.fit(inputs, labels, batch_size=32, epochs=epochs, verbose=0)
    return model.predict(test.as_float(), verbose=0)[:, 0].astype(np.float64)


def train_color(train, test, classes, epochs):
    """Train on the seven diagnoses; return their test probabilities, or that of malignancy.

    Seven answers teach more than two. Colors are divided by their mean over the image, which
    takes out the color of the light, at half the size.
    """

    def inputs(data):
        n, size = len(data), data.images.shape[1] // 2
        halved = data.images.astype(np.float32).reshape(n, size, 2, size, 2, 3)
        return units(halved.mean(axis=(2, 4)))

    x = inputs(train)
    start = keras.Input(x.shape[1:])
    maps = feature_maps(keras.layers.RandomFlip("horizontal_and_vertical")(start))
    answer = keras.layers.Dense(len(train.class_names), activation="softmax")(maps)
    model = keras.Model(start, answer)
    model.compile(keras.optimizers.Adam(2e-3), "sparse_categorical_crossentropy")
    model.fit(x, train.labels, batch_size=32, epochs=epochs, verbose=0)
    answers = model.predict(inputs(test), verbose=0).astype(np.float64)
    answers /= answers.sum(axis=1, keepdims=True)
    return answers if classes > 2 else np.clip(answers[:, MALIGNANT].sum(axis=1), 0, 1)


def cnn(task, seeds, epochs):
    """Return the test probabilities of each seed."""
    train, test = task.data.select(task.rows("train")), task.data.select(task.rows("test"))
    found = []
    for seed in range(seeds):
        training.set_seed(seed)
        if task.data.name == "skin_lesions":
            found.append(train_color(train, test, task.classes, epochs))
        else:
            found.append(train_gray(train, test, task.labels[task.rows("train")], epochs))
    return found


def macro_auc(labels, probabilities):
    """Return the mean over classes of the AUC of one class against the rest."""
    each = enumerate(np.transpose(probabilities))
    return np.mean([evaluation.roc_auc((labels == k).astype(int), p) for k, p in each])


def score(task, probabilities, network=None):
    """Return the AUC, the network's gain over it (or None), and the balanced accuracy (or None)."""
    test = task.rows("test")
    groups, kind = task.data.groups[test], {"group_kind": task.data.group_kind}

    def per_group(p):
        return datasets.aggregate(p, groups, labels=task.labels[test])

    mine, auc = per_group(probabilities), evaluation.roc_auc if task.classes == 2 else macro_auc
    value = evaluation.bootstrap(auc, mine.labels, mine.probabilities, **kind)
    gain = balanced = None
    if network is not None:
        other = per_group(network).probabilities
        gain = evaluation.bootstrap(auc, mine.labels, other, against=mine.probabilities, **kind)
    if task.classes > 2:
        score = tables.balanced_accuracy
        balanced = evaluation.bootstrap(score, mine.labels, mine.probabilities, **kind)
    return value, gain, balanced


def measure(task, seeds, epochs):
    """Yield the rows of one task's table."""
    each = cnn(task, seeds, epochs)
    mean = np.mean(each, axis=0)
    alone = [score(task, p)[0].value for p in each]
    spread = np.std(alone, ddof=1) if seeds > 1 else np.nan
    yield _row(task, "compact CNN", "network", *score(task, mean)) | {"seed_sd": spread}
    arms = [(n, "simple", f) for n, f in simple_features(task.data).items()]
    arms += [(n, "shortcut", f) for n, f in shortcuts(task.data).items()]
    for name, role, features in arms:
        yield _row(task, name, role, *score(task, linear_rule(features, task), mean))
    yield _row(task, "drawn attributes", "oracle", *score(task, oracle(task), mean))
    if task.classes == 2:
        suspicion = task.data.attributes["suspicion"][task.rows("test")]
        # Ranks, because an AUC asks for nothing else and suspicion is not a probability.
        ranks = suspicion.rank(pct=True).fillna(0).to_numpy()
        yield _row(task, "stored suspicion", "oracle", *score(task, ranks, mean))


def _row(task, name, role, value, gain, balanced):
    row = {"set": task.data.name, "task": task.name, "what": name, "role": role}
    row |= {"auc": value.value, "low": value.low, "high": value.high}
    for prefix, found in (("gain", gain), ("balanced", balanced)):
        parts = ("value", "low", "high")
        row |= {f"{prefix}_{p}": getattr(found, p) if found else np.nan for p in parts}
    passed = gain and value.value <= HIGHEST and gain.value >= LEAST_GAIN
    row["verdict"] = ("PASS" if passed else "FAIL") if role in ("shortcut", "simple") else ""
    return row


def main():
    """Measure all sets and write the table."""
    parser = tables.parser(__doc__, seeds=3)
    sets = tuple(image_pairs.PARTS)
    parser.add_argument("--set", nargs="+", choices=sets, default=list(sets), dest="sets")
    parser.add_argument("--quick", action="store_true", help="one seed, two epochs: a trial")
    options, rows = parser.parse_args(), []
    seeds = 1 if options.quick else options.seeds
    for name in options.sets:
        for task in tasks(name):
            for row in measure(task, seeds, 2 if options.quick else EPOCHS[name]):
                rows.append(row)
                shown = {k: v for k, v in row.items() if v == v and v != ""}
                print(*(f"{v:.2f}" if isinstance(v, float) else v for v in shown.values()))
    tables.write(options.out, rows, f"difficulty --set {' '.join(options.sets)} --seeds {seeds}")


if __name__ == "__main__":
    tables.run(main)
