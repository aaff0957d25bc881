"""Lesson 04's three classifiers over five seeds, on the official test patients.

Logistic regression on pixels, the 224 × 224 network and the compact network are trained on the
training patients, one probability per image, averaged per patient. The epochs were fixed on
validation patients beforehand. For each seed the table gives the AUC on the 180 test patients with
a tumor and the paired difference to logistic regression, each with a 95 % bootstrap interval over
patients; the rows with seed 'mean' do the same for the mean probability over all seeds.
About 12 minutes on two cores. With --fresh, 180 newly simulated patients, whom nobody has ever
looked at, take the place of the test patients.
"""

from functools import partial

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import simulation
from authoring.experiments.definitions import definitions
from authoring.studies import tables
from course_utils import datasets, evaluation, models, training
from course_utils._tensorflow import keras, tf

EPOCHS = {"first_cnn": 5, "compact_cnn": 20}
tumor_slices = definitions("05").tumor_slices


def enlarged(images):
    """Turn (n, 96, 96, 2) into (n, 224, 224, 3): the mean of the channels as the third."""
    three = tf.concat([images, tf.reduce_mean(images, axis=-1, keepdims=True)], axis=-1)
    return tf.image.resize(three, (224, 224))


def small_pixels(data):
    """Return 32 × 32 block means of both channels as rows of numbers."""
    images = data.as_float()
    blocks = images.reshape(len(images), 32, 3, 32, 3, 2).mean(axis=(2, 4))
    return blocks.reshape(len(images), -1)


def logistic_regression(train, test, seed):
    """Predict with logistic regression on pixels; nothing in it is random but the solver."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=1e-3, max_iter=1000))
    model.fit(small_pixels(train), train.labels)
    return model.predict_proba(small_pixels(test))[:, 1]


def network(arm, train, test, seed):
    """Train one of the networks and predict."""
    training.set_seed(seed)
    model = getattr(models, arm)()
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    streams = [training.to_tf(train, shuffle=True, seed=seed), training.to_tf(test)]
    if arm == "first_cnn":
        streams = [s.map(lambda images, labels: (enlarged(images), labels)) for s in streams]
    model.fit(streams[0], epochs=EPOCHS[arm], verbose=0)
    probabilities = model.predict(streams[1], verbose=0)[:, 0]
    keras.backend.clear_session()
    return probabilities


ARMS = {
    "logistic_regression": logistic_regression,
    "first_cnn": partial(network, "first_cnn"),
    "compact_cnn": partial(network, "compact_cnn"),
}


def rows_for(seed, probabilities, test):
    """Yield a row per arm: its AUC and its paired difference to logistic regression."""
    patients = {arm: test.per_group(p) for arm, p in probabilities.items()}
    baseline = patients["logistic_regression"].probabilities
    for arm, scored in patients.items():
        score = evaluation.bootstrap(evaluation.roc_auc, scored.labels, scored.probabilities)
        gain = evaluation.bootstrap(
            evaluation.roc_auc, scored.labels, scored.probabilities, against=baseline
        )
        row = {"seed": seed, "arm": arm, "patients": score.n_groups}
        for name, found in (("auc", score), ("gain", gain)):
            row |= {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}
        yield row


def main():
    """Run all arms over all seeds and write the table."""
    parser = tables.parser(__doc__, seeds=5)
    parser.add_argument("--fresh", type=int, help="seed of newly simulated test patients")
    options = parser.parse_args()
    data = tumor_slices(datasets.load("brain_mri"))
    train, test = data.split("train"), data.split("test")
    if options.fresh is not None:
        drawn = simulation.draw("brain_mri", {"test": (90, 0, 0)}, seed=options.fresh)
        test = tumor_slices(drawn)
    rows, found = [], []
    for seed in range(options.seeds):
        found.append({arm: run(train, test, seed) for arm, run in ARMS.items()})
        rows += rows_for(seed, found[-1], test)
        print(pd.DataFrame(rows[-len(ARMS) :]).round(2).to_string(index=False), flush=True)
    rows += rows_for("mean", {arm: np.mean([f[arm] for f in found], axis=0) for arm in ARMS}, test)
    fresh = "" if options.fresh is None else f" --fresh {options.fresh}"
    tables.write(options.out, rows, f"first_cnn --seeds {options.seeds}{fresh}")


if __name__ == "__main__":
    tables.run(main)
