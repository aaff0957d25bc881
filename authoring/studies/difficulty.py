"""How hard the simulated sets are: shortcuts, simple rules, a small CNN, and the drawn truth.

    python -m authoring.studies.difficulty [--set NAME ...] [--seeds 3] [--data-folder data]
        [--out data/results/difficulty.csv] [--quick]

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

import argparse
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegressionCV
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder, StandardScaler

from authoring.studies import image_pairs
from authoring.studies.group_bootstrap import MacroAUC, balanced_accuracy
from authoring.studies.shortcut_features import shortcuts, simple_features
from course_utils import evaluation
from course_utils.datasets import aggregate, read_dataset

SETS = tuple(image_pairs.PARTS)
EPOCHS = {"brain_mri": 20, "breast_ultrasound": 30, "skin_lesions": 40}
HIGHEST, LEAST_GAIN = 0.80, 0.05
# Columns that name the answer, are readings of it, tell it by being missing (the score of the
# ABCD rule, for melanocytic lesions only), or are no property of the patient.
NOT_DRAWN = (
    "kind", "diagnosis", "reading", "suspicion", "subset", "weight", "number", "seed", "pair",
    "lesion", "malignant", "mimic", "abcd_score", "colors",
)  # fmt: skip


@dataclass(frozen=True)
class Task:
    """One question put to a set: rows of the data set, labels, and the number of classes."""

    name: str
    data: object
    labels: np.ndarray
    classes: int

    def rows(self, split):
        """Return the positions of a split."""
        return np.flatnonzero(self.data.splits == split)


def tasks(data):
    """Return the tasks of a data set."""
    if data.name == "brain_mri":
        seen = data.attributes["tumor_in_slice"].to_numpy(bool)
        data = data.select(np.flatnonzero((data.labels < 2) & seen))
        return [Task("meningioma or glioma", data, data.labels, 2)]
    if data.name == "skin_lesions":
        main = (data.attributes["subset"] == "main").to_numpy()
        data = data.select(np.flatnonzero(main))
        malignant = np.isin(np.array(image_pairs.SKIN_CLASSES)[data.labels], image_pairs.MALIGNANT)
        two = Task("malignant or not", data, malignant.astype(int), 2)
        return [two, Task("seven classes", data, data.labels, 7)]
    return [Task("malignant or not", data, data.labels, 2)]


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
    keep = [c for c in table if not any(c == w or c.startswith(f"{w}_") for w in NOT_DRAWN)]
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


def network(shape, flip):
    """Return lesson 04's compact network, mirrored at random where left and right are alike."""
    from course_utils import models

    import keras  # isort: skip

    layers = models.compact_cnn(shape).layers
    first = [keras.layers.RandomFlip("horizontal")] if flip else []
    return keras.Sequential([keras.Input(shape), *first, *layers])


def color_network(shape, classes):
    """Return a small network for seven diagnoses, mean and maximum over the image at its end."""
    from authoring.studies.small_networks import feature_maps

    import keras  # isort: skip

    inputs = keras.Input(shape)
    x = keras.layers.RandomFlip("horizontal_and_vertical")(inputs)
    return keras.Model(inputs, keras.layers.Dense(classes, activation="softmax")(feature_maps(x)))


def train_gray(train, test, labels, epochs):
    """Train lesson 04's network; return test probabilities of class 1."""
    inputs = train.as_float()
    model = network(inputs.shape[1:], flip=train.name != "brain_mri")
    model.compile(optimizer="adam", loss="binary_crossentropy")
    model.fit(inputs, labels, batch_size=32, epochs=epochs, verbose=0)
    return model.predict(test.as_float(), verbose=0)[:, 0].astype(np.float64)


def train_color(train, test, classes, epochs):
    """Train on the seven diagnoses; return their test probabilities, or that of malignancy.

    Seven answers teach more than two. Colors are divided by their mean over the image, which
    takes out the color of the light, at half the size.
    """
    from authoring.studies.small_networks import units

    import keras  # isort: skip

    def inputs(data):
        n, size = len(data), data.images.shape[1] // 2
        halved = data.images.astype(np.float32).reshape(n, size, 2, size, 2, 3)
        return units(halved.mean(axis=(2, 4)))

    x = inputs(train)
    model = color_network(x.shape[1:], len(train.class_names))
    model.compile(keras.optimizers.Adam(2e-3), "sparse_categorical_crossentropy")
    model.fit(x, train.labels, batch_size=32, epochs=epochs, verbose=0)
    answers = model.predict(inputs(test), verbose=0).astype(np.float64)
    answers /= answers.sum(axis=1, keepdims=True)
    if classes > 2:
        return answers
    malignant = np.isin(image_pairs.SKIN_CLASSES, image_pairs.MALIGNANT)
    return np.clip(answers[:, malignant].sum(axis=1), 0, 1)


def cnn(task, seeds, epochs):
    """Return the mean test probability over seeds, and each seed's."""
    from course_utils import training

    train, test = task.data.select(task.rows("train")), task.data.select(task.rows("test"))
    found = []
    for seed in range(seeds):
        training.set_seed(seed)
        if task.data.name == "skin_lesions":
            found.append(train_color(train, test, task.classes, epochs))
        else:
            found.append(train_gray(train, test, task.labels[task.rows("train")], epochs))
    return np.mean(found, axis=0), found


class Scorer:
    """Scores of one task's test groups."""

    def __init__(self, task):
        self.task, self.test = task, task.rows("test")
        self.kind = task.data.group_kind

    def per_group(self, probabilities):
        """Return one probability (or row of them) per group, with labels."""
        data, labels = self.task.data, self.task.labels[self.test]
        return aggregate(probabilities, data.groups[self.test], labels=labels)

    def score(self, probabilities, network=None):
        """Return the AUC, the network's gain over it (or None), and the balanced accuracy."""
        mine = self.per_group(probabilities)
        other = None if network is None else self.per_group(network).probabilities
        if self.task.classes == 2:
            kind = {"group_kind": self.kind}
            value = evaluation.bootstrap(
                evaluation.roc_auc, mine.labels, mine.probabilities, **kind
            )
            gain = (
                None
                if other is None
                else evaluation.bootstrap(
                    evaluation.roc_auc, mine.labels, other, against=mine.probabilities, **kind
                )
            )
            return value, gain, None
        macro = MacroAUC(mine.labels)
        gain = None if other is None else macro.difference(other, mine.probabilities)
        return (
            macro.auc(mine.probabilities),
            gain,
            balanced_accuracy(mine.labels, mine.probabilities.argmax(axis=1)),
        )


def measure(task, seeds, epochs, say=print):
    """Return the rows of one task's table."""
    scorer = Scorer(task)
    mean, each = cnn(task, seeds, epochs)
    spread = np.std([scorer.score(p)[0].value for p in each], ddof=1) if seeds > 1 else np.nan
    groups = len(np.unique(task.data.groups[scorer.test]))
    say(f"\n{task.data.name}, {task.name}: {groups} test groups, each a {scorer.kind}")
    rows = [_row(task, "compact CNN", "network", *scorer.score(mean)) | {"seed_sd": spread}]
    arms = [(n, "simple", f) for n, f in simple_features(task.data).items()]
    arms += [(n, "shortcut", f) for n, f in shortcuts(task.data).items()]
    show(rows[0], say)
    for name, role, features in arms:
        found = scorer.score(linear_rule(features, task), mean)
        rows.append(_row(task, name, role, *found))
        show(rows[-1], say)
    if task.data.attributes is not None:
        rows.append(_row(task, "drawn attributes", "oracle", *scorer.score(oracle(task), mean)))
        show(rows[-1], say)
        say(f"  attributes told: {', '.join(drawn_attributes(task.data)[1])}")
        rows += _suspicion(task, scorer, mean, say)
    return rows


def _suspicion(task, scorer, mean, say):
    if task.classes > 2 or "suspicion" not in task.data.attributes:
        return []
    values = task.data.attributes["suspicion"].to_numpy(float)[scorer.test]
    # Ranks, because an AUC asks for nothing else and suspicion need not be a probability.
    ranks = pd.Series(values).rank(pct=True).fillna(0).to_numpy()
    line = _row(task, "stored suspicion", "oracle", *scorer.score(ranks, mean))
    show(line, say)
    return [line]


def _row(task, name, role, value, gain, balanced):
    row = {"set": task.data.name, "task": task.name, "what": name, "role": role}
    row |= {"auc": value.value, "low": value.low, "high": value.high}
    parts = ("value", "low", "high")
    row |= {f"gain_{p}": getattr(gain, p) if gain else np.nan for p in parts}
    row |= {f"balanced_{p}": getattr(balanced, p) if balanced else np.nan for p in parts}
    passed = gain and value.value <= HIGHEST and gain.value >= LEAST_GAIN
    row["verdict"] = ("PASS" if passed else "FAIL") if role in ("shortcut", "simple") else ""
    return row


def show(row, say=print):
    """Print one row."""
    text = f"  {row['what']:34s} {row['auc']:.2f} ({row['low']:.2f} to {row['high']:.2f})"
    if row["gain_value"] == row["gain_value"]:
        text += f"  CNN better by {row['gain_value']:+.2f} ({row['gain_low']:+.2f} to "
        text += f"{row['gain_high']:+.2f})"
    if row["balanced_value"] == row["balanced_value"]:
        text += f"  balanced accuracy {row['balanced_value']:.2f}"
    say(f"{text}  {row['verdict']}")


def main(arguments=None):
    """Run the command line; return 0, or 2 after a sentence on bad input."""
    parser = argparse.ArgumentParser(prog="difficulty.py", description=__doc__.split("\n")[0])
    parser.add_argument("--set", nargs="+", choices=SETS, default=list(SETS), dest="sets")
    parser.add_argument("--seeds", type=int, default=3, help="runs of the network to average")
    parser.add_argument("--data-folder", default=Path(__file__).parents[2] / "data", type=Path)
    parser.add_argument("--out", type=Path, help="CSV file to write")
    parser.add_argument("--quick", action="store_true", help="one seed, two epochs: a trial")
    options = parser.parse_args(arguments)
    if options.seeds < 1:
        parser.error(f"--seeds is {options.seeds}; give 1 or more")
    rows, seeds = [], 1 if options.quick else options.seeds
    for name in options.sets:
        path = options.data_folder / f"{name}.npz"
        if not path.is_file():
            print(f"\n{name}: no file {path}; skipped.")
            continue
        try:
            found = tasks(read_dataset(path))
        except ValueError as error:
            print(f"difficulty.py: {error}", file=sys.stderr)
            return 2
        for task in found:
            epochs = 2 if options.quick else EPOCHS[name]
            rows += measure(task, seeds, epochs, lambda line: print(line, flush=True))
    if options.out and rows:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        table = pd.DataFrame(rows).round(4).to_csv(index=False, lineterminator="\n")
        sets = " ".join(options.sets)
        made = f"# python -m authoring.studies.difficulty --set {sets} --seeds {seeds}"
        options.out.write_text(f"{made}\n{table}", encoding="utf-8")
        print(f"wrote {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
