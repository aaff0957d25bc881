"""A ResNet-18 trained as in the MedMNIST paper, on three of five grouped folds of BreastMNIST.

    python -m authoring.studies.breastmnist_resnet FILE.npz [--arm resnet18] [--folds 0 1 2]
        [--work build/breastmnist_resnet] [--out FILE.csv]

FILE holds BreastMNIST's training and validation images, 28 px, as its publishers store them. The
network and its training follow Yang et al. 2023, https://doi.org/10.1038/s41597-022-01721-8, where
the paper is silent the authors' code (github.com/MedMNIST/experiments): no max pooling and a 3 × 3
first convolution, gray repeated in three channels, 100 epochs without augmentation, and of these
the one with the best AUC on validation images.

The other arm is lesson 08's recipe, which starts from weights made with simulated images; the time
that those took is not counted here. Its settings were chosen on folds 3 and 4. The third arm is its
control: the same from random weights, with the epochs and the rate that the start itself was
trained with, because random weights need longer.

Folds are made of near-duplicates (correlation 0.98), seed 0. Of the groups outside the test fold
an eighth is set aside for validation. One seed per fold. About 20 minutes a fold on two cores.

Each fold of each arm leaves a small table in the folder --work and is not computed again while that
lies there, so an interrupted run goes on. Arms named together run in one process, which is how to
compare their times: processor seconds of all threads, and seconds on the clock.

AUCs count pairs of images of one fold only, because the scores of two models share no scale.
Intervals draw groups within class, the same for both arms of a difference; drawing within fold as
well made them 2 to 3 % narrower on made-up scores. They are about other images tried on these
networks: what another seed or other training images would change is not in them.
"""

import shlex
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from authoring.experiments.definitions import definitions
from authoring.studies import tables
from authoring.studies.group_bootstrap import GroupedAUC
from authoring.workshop.pretrain import standardized_cnn
from course_utils import datasets, evaluation
from course_utils._tensorflow import keras
from course_utils.real_data import find_set, read_medmnist
from course_utils.training import set_seed

layers = keras.layers

LESSON = definitions("08")
EPOCHS, BATCH, RATE = 100, 128, 1e-3
FOLDS, VALIDATION = 5, 1 / 8
REFERENCE = "resnet18"


def resnet18(input_shape=(28, 28, 3), classes=2):
    """Build the ResNet-18 for small images; its outputs are logits.

    Initial weights, padding and batch normalization are PyTorch's, because the paper used that.
    """
    x = inputs = keras.Input(input_shape)
    x = layers.ReLU()(_normalized_convolution(x, 64))
    for filters, strides in ((64, 1), (128, 2), (256, 2), (512, 2)):
        x = _block(_block(x, filters, strides), filters, 1)
    x = layers.GlobalAveragePooling2D()(x)
    bound = x.shape[-1] ** -0.5
    outputs = layers.Dense(
        classes,
        kernel_initializer=keras.initializers.RandomUniform(-bound, bound),
        bias_initializer=keras.initializers.RandomUniform(-bound, bound),
    )(x)
    return keras.Model(inputs, outputs, name="resnet18")


def _block(x, filters, strides):
    """Two convolutions, added to what came in."""
    inner = layers.ReLU()(_normalized_convolution(x, filters, strides=strides))
    inner = _normalized_convolution(inner, filters)
    if strides > 1 or x.shape[-1] != filters:
        x = _normalized_convolution(x, filters, size=1, strides=strides)
    return layers.ReLU()(layers.Add()([inner, x]))


def _normalized_convolution(x, filters, size=3, strides=1):
    if size == 3 and strides == 2:
        # "same" would pad an even side at its end only.
        x = layers.ZeroPadding2D(1)(x)
    x = layers.Conv2D(
        filters,
        size,
        strides,
        padding="same" if strides == 1 else "valid",
        use_bias=False,
        # Uniform between plus and minus the inverse square root of the number of inputs.
        kernel_initializer=keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform"),
    )(x)
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)


def rate_at(epoch, rate=None):
    """Return the learning rate of an epoch: a tenth from the middle on, then a hundredth."""
    return RATE * 0.1 ** ((epoch >= EPOCHS * 0.5) + (epoch >= EPOCHS * 0.75))


def to_inputs(data):
    """Return images from −1 to 1, gray repeated in three channels, (n, 28, 28, 3)."""
    return np.repeat(data.as_float() * 2 - 1, 3, axis=-1)


class BestEpoch(keras.callbacks.Callback):
    """Keep the weights of the first epoch with the highest AUC on validation images."""

    def __init__(self, validation):
        super().__init__()
        self.inputs, self.labels = to_inputs(validation), validation.labels
        self.auc, self.weights = -1, None

    def on_epoch_end(self, epoch, logs=None):
        """Score the validation images."""
        auc = evaluation.roc_auc(self.labels, probabilities(self.model, self.inputs))
        # Equal AUCs may differ in their last digit, and the first epoch is to win.
        auc = round(auc, 9)
        if auc > self.auc:
            self.auc, self.weights = auc, self.model.get_weights()
        print(
            f"  epoch {epoch + 1}: loss {logs['loss']:.4f}, validation AUC {auc:.3f}, "
            f"processor {time.process_time():.0f} s",
            flush=True,
        )


def probabilities(model, inputs):
    """Return the probability of class 1, (n,)."""
    logits = model.predict(inputs, batch_size=BATCH, verbose=0).astype(float)
    return 1 / (1 + np.exp(logits[:, 0] - logits[:, 1]))


def train_resnet18(train, validation, seed):
    """Train as the paper did; return functions of a data set that predict, by name."""
    set_seed(seed)
    model = resnet18()
    model.compile(
        keras.optimizers.Adam(RATE, epsilon=1e-8),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    best = BestEpoch(validation)
    model.fit(
        to_inputs(train),
        train.labels,
        batch_size=BATCH,
        epochs=EPOCHS,
        callbacks=[keras.callbacks.LearningRateScheduler(rate_at), best],
        verbose=0,
    )
    last = model.get_weights()

    def predict_with(weights):
        def predict(data):
            model.set_weights(weights)
            return probabilities(model, to_inputs(data))

        return predict

    return {"resnet18": predict_with(best.weights), "resnet18, last epoch": predict_with(last)}


def train_recipe(train, validation, seed):
    """Train lesson 08's recipe, which needs no validation and so trains on those images, too."""
    networks = LESSON.recipe(joined(train, validation), seed)
    return {"recipe": partial(LESSON.ensemble_answer, networks)}


def train_random_start(train, validation, seed):
    """Train the recipe from random weights: what is left without the simulated images."""
    options = {"start": lambda name: standardized_cnn(), "epochs": 40, "rate": 2e-3}
    networks = LESSON.recipe(joined(train, validation), seed, **options)
    return {"random start": partial(LESSON.ensemble_answer, networks)}


def joined(first, second):
    """Return two parts of one set as one, in their order."""
    fields = ("images", "labels", "groups", "splits")
    both = {f: np.concatenate([getattr(part, f) for part in (first, second)]) for f in fields}
    return replace(first, **both, attributes=None)


# Each takes training images, validation images and a seed, and returns functions that predict.
ARMS = {"resnet18": train_resnet18, "random start": train_random_start, "recipe": train_recipe}


def parts_of_fold(data, fold):
    """Return training, validation and test images of a fold; they share no group."""
    folds = datasets.group_folds(data, FOLDS, seed=0)
    shares = {"train": 1 - VALIDATION, "validation": VALIDATION}
    rest = datasets.split_by_group(data.select(folds != fold), shares, seed=0)
    return rest["train"], rest["validation"], data.select(folds == fold)


def run_fold(train_arm, parts, fold):
    """Train an arm and return a row per prediction on test images, with the training's times."""
    train, validation, test = parts
    start = time.process_time(), time.perf_counter()
    predictors = train_arm(train, validation, fold)
    times = {
        "cpu_seconds": round(time.process_time() - start[0], 2),
        "wall_seconds": round(time.perf_counter() - start[1], 2),
    }
    known = {"fold": fold, "group": test.groups, "label": test.labels}
    found = [
        pd.DataFrame({"arm": name, **known, "probability": predict(test), **times})
        for name, predict in predictors.items()
    ]
    return pd.concat(found, ignore_index=True)


def summarize(predictions):
    """Return the table: AUCs by fold and over all, differences to the ResNet, and times."""
    names = list(dict.fromkeys(predictions["arm"]))
    by_arm = {name: predictions[predictions["arm"] == name] for name in names}
    known = by_arm[REFERENCE][["fold", "group", "label"]].reset_index(drop=True)
    for name, table in by_arm.items():
        if not table[known.columns].reset_index(drop=True).equals(known):
            raise ValueError(f"{name} was not tried on the images of {REFERENCE}. Run it again.")
    scores = {name: table["probability"].to_numpy() for name, table in by_arm.items()}
    rows = []
    for fold in (*known["fold"].unique(), "all"):
        chosen = np.ones(len(known), bool) if fold == "all" else (known["fold"] == fold).to_numpy()
        part = known[chosen]
        compare = GroupedAUC(part["label"], part["group"], part["fold"])
        size = {"fold": fold, "images": len(part), "groups": part["group"].nunique()}
        for name in names:
            rows.append(_row("AUC", name, size, compare.auc(scores[name][chosen])))
        # Each with all before it, so other arms with both ResNets.
        for name, other in [(one, two) for i, one in enumerate(names) for two in names[:i]]:
            both = compare.difference(scores[name][chosen], scores[other][chosen])
            rows.append(_row("AUC difference", f"{name} - {other}", size, both))
        rows += _time_rows({name: table[chosen] for name, table in by_arm.items()}, size)
    return pd.DataFrame(rows)


def _row(measure, arm, size, estimate):
    numbers = {"value": estimate.value, "low": estimate.low, "high": estimate.high}
    return {"measure": measure, "arm": arm, **size, **{k: round(v, 4) for k, v in numbers.items()}}


def _time_rows(by_arm, size):
    """Return the seconds of training of each arm, and how many times the ResNet's contain them."""
    rows = []
    for column in ("cpu_seconds", "wall_seconds"):
        seconds = {
            name: table.groupby("fold")[column].first().sum()
            for name, table in by_arm.items()
            if name in ARMS
        }
        for name, value in seconds.items():
            rows.append({"measure": column, "arm": name, **size, "value": round(value, 1)})
            if name != REFERENCE:
                ratio = round(seconds[REFERENCE] / value, 1)
                arm = f"{REFERENCE} / {name}"
                rows.append({"measure": f"{column} ratio", "arm": arm, **size, "value": ratio})
    return rows


def main():
    """Train what is missing, and write the table of all that is there."""
    parser = tables.parser(__doc__, file="BreastMNIST's training and validation images")
    parser.add_argument("--arm", nargs="+", choices=ARMS, default=list(ARMS))
    parser.add_argument("--folds", nargs="+", type=int, choices=range(FOLDS), default=[0, 1, 2])
    parser.add_argument("--work", type=Path, default=Path("build/breastmnist_resnet"))
    options = parser.parse_args()
    if REFERENCE not in options.arm:
        parser.error(
            f"--arm is {shlex.join(options.arm)}; name {REFERENCE} too, with which the others are "
            "compared. Folds that lie in --work are not trained again."
        )
    data = read_medmnist([options.file], find_set("breastmnist"))
    options.work.mkdir(parents=True, exist_ok=True)
    for fold in options.folds:
        for arm in options.arm:
            path = options.work / f"{arm}_{fold}.csv"
            if path.exists():
                continue
            print(f"{arm}, fold {fold}", flush=True)
            table = run_fold(ARMS[arm], parts_of_fold(data, fold), fold)
            # Renamed when it is complete, so that an interrupted run leaves no half table.
            table.to_csv(path.with_suffix(".part"), index=False)
            path.with_suffix(".part").replace(path)
    paths = [options.work / f"{arm}_{fold}.csv" for arm in options.arm for fold in options.folds]
    summary = summarize(pd.concat(map(pd.read_csv, paths), ignore_index=True))
    print(summary.to_string(index=False))
    arms, folds = shlex.join(options.arm), " ".join(map(str, options.folds))
    tables.write(options.out, summary, f"breastmnist_resnet FILE --arm {arms} --folds {folds}")


if __name__ == "__main__":
    tables.run(main)
