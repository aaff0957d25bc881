"""Lesson 04's three classifiers over five seeds, on the official test patients.

    python -m authoring.studies.first_cnn [--seeds 5] [--out FILE.csv] [--fresh SEED]

Logistic regression on pixels, the 224 × 224 network and the compact network are trained on the
training patients, one probability per image, averaged per patient. The epochs were fixed on
validation patients beforehand. For each seed the table gives the AUC on the 180 test patients with
a tumor and the paired difference to logistic regression, each with a 95 % bootstrap interval over
patients; the rows with seed 'mean' do the same for the mean probability over all seeds.
About 12 minutes on two cores. With --fresh, 180 newly simulated patients, whom nobody has ever
looked at, take the place of the test patients.
"""

import argparse
import csv
import sys
import time
from functools import partial
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import simulation
from course_utils import datasets, evaluation, models, training

EPOCHS = {"first_cnn": 5, "compact_cnn": 20}


def tumor_slices(data, per_patient=3):
    """Return the slices with the largest tumor areas of each patient that has a tumor."""
    area = data.attributes["core_mm2"].groupby(data.groups).rank(ascending=False, method="first")
    shown = data.attributes["tumor_in_slice"] & (area <= per_patient) & (data.labels < 2)
    return data.select(np.flatnonzero(shown))


def enlarged(images):
    """Turn (n, 96, 96, 2) into (n, 224, 224, 3): the mean of the channels as the third."""
    three = tf.concat([images, tf.reduce_mean(images, axis=-1, keepdims=True)], axis=-1)
    return tf.image.resize(three, (224, 224))


def fresh_patients(seed):
    """Simulate 90 + 90 patients with a tumor; another seed than the set's gives new ones."""
    return tumor_slices(simulation.draw("brain_mri", {"test": (90, 0, 0)}, seed=seed))


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


def rows_for(seed, per_patient):
    """Yield a row per arm: its AUC and its paired difference to logistic regression."""
    baseline = per_patient["logistic_regression"]
    for arm, patients in per_patient.items():
        scored = evaluation.roc_auc, patients.labels, patients.probabilities
        score = evaluation.bootstrap(*scored)
        gain = evaluation.bootstrap(*scored, against=baseline.probabilities)
        numbers = [score.value, score.low, score.high, gain.value, gain.low, gain.high]
        yield [seed, arm, score.n_groups, *(f"{number:.4f}" for number in numbers)]


def main():
    """Run all arms over all seeds and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path("data/results/first_cnn.csv"))
    parser.add_argument("--fresh", type=int, help="seed of newly simulated test patients")
    options = parser.parse_args()
    data = tumor_slices(datasets.load("brain_mri"))
    train = data.split("train")
    test = data.split("test") if options.fresh is None else fresh_patients(options.fresh)
    rows, sums = [], dict.fromkeys(ARMS, 0)
    for seed in range(options.seeds):
        per_patient = {}
        for arm, run in ARMS.items():
            start = time.perf_counter()
            probabilities = run(train, test, seed)
            sums[arm] = sums[arm] + probabilities / options.seeds
            per_patient[arm] = datasets.aggregate(probabilities, test.groups, labels=test.labels)
            print(seed, arm, f"{time.perf_counter() - start:.0f} s", flush=True)
        rows += rows_for(seed, per_patient)
    mean = {arm: datasets.aggregate(p, test.groups, labels=test.labels) for arm, p in sums.items()}
    rows += rows_for("mean", mean)
    header = [
        "seed",
        "arm",
        "patients",
        "auc",
        "auc_low",
        "auc_high",
        "gain",
        "gain_low",
        "gain_high",
    ]
    options.out.parent.mkdir(parents=True, exist_ok=True)
    with options.out.open("w", newline="") as file:
        file.write(f"# python -m authoring.studies.first_cnn {' '.join(sys.argv[1:])}\n")
        csv.writer(file, lineterminator="\n").writerows([header, *rows])
    print(f"wrote {options.out}")


if __name__ == "__main__":
    main()
