"""How far shortcuts, pixels and a small CNN get on the simulated brain set.

Every figure is one AUC per patient on the official test split, meningioma-like against
glioma-like, with a 95 % bootstrap interval over patients within class. Logistic regression is
trained on the training patients.

    python benchmarks/brain_shortcuts.py [--data data/brain_mri.npz] [--seeds 3]
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from scipy import ndimage, stats
from sklearn.linear_model import LogisticRegressionCV
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from course_utils import evaluation
from course_utils.datasets import aggregate


def read(path):
    """Return the tumor slices of patients with a tumor as a dict of arrays."""
    with np.load(path, allow_pickle=False) as file:
        data = {name: file[name] for name in file.files if file[name].ndim}
    keep = (data["labels"] < 2) & data["attributes/tumor_in_slice"]
    return {k: v[keep] for k, v in data.items() if len(v) == len(keep)}


def power_slope(image):
    """Slope of the radial power spectrum between 2 and 24 cycles per image."""
    window = np.outer(np.hanning(image.shape[0]), np.hanning(image.shape[1]))
    power = np.abs(np.fft.fftshift(np.fft.fft2((image - image.mean()) * window))) ** 2
    y, x = np.indices(image.shape) - np.array(image.shape)[:, None, None] // 2
    radius = np.hypot(y, x).astype(int)
    mean = np.bincount(radius.ravel(), power.ravel()) / np.bincount(radius.ravel())
    bins = np.arange(2, 25)
    return -np.polyfit(np.log(bins), np.log(mean[bins] + 1e-6), 1)[0]


def thirteen(image):
    """Percentiles, moments, neighbor correlation, slope, center and halves of one channel."""
    brain = image[image > 0]
    center = image[32:64, 32:64]
    rows = [np.corrcoef(image[:-1].ravel(), image[1:].ravel())[0, 1]]
    columns = [np.corrcoef(image[:, :-1].ravel(), image[:, 1:].ravel())[0, 1]]
    parts = [center.mean() - brain.mean(), center.std()]
    moments = [brain.mean(), brain.std(), stats.skew(brain)]
    quantiles = np.percentile(brain, [5, 25, 50, 75, 95])
    return [*quantiles, *moments, *rows, *columns, power_slope(image), *parts]


def mirror_features(image):
    """Energy of the difference between an image and its mirror image, best of nine shifts."""
    smooth = ndimage.gaussian_filter(image, (1.5, 1.5, 0))
    energies = [
        ((smooth - np.roll(smooth[:, ::-1], shift, axis=1)) ** 2).mean(axis=(0, 1))
        for shift in range(-4, 5)
    ]
    return np.sqrt(np.min(energies, axis=0))


def shortcuts(data):
    """Return features (images, k) per shortcut."""
    images = data["images"].astype(np.float32)
    core = (data["masks"] & 1).astype(np.float32)
    total = core.sum(axis=(1, 2))
    rows, columns = np.indices(core.shape[1:]) - 47.5
    y = (core * rows).sum(axis=(1, 2)) / np.maximum(total, 1)
    x = (core * columns).sum(axis=(1, 2)) / np.maximum(total, 1)
    z = data["slice_positions_mm"]
    axial = (data["attributes/plane"] == "axial").astype(float)
    head = images > 0
    bright = np.stack([images.mean(axis=(1, 2)), images.sum((1, 2)) / head.sum((1, 2))], 1)
    position = [x, y, z, np.abs(x), np.hypot(x, y), z**2, y**2, axial, axial * y, axial * z]
    return {
        "brightness": bright.reshape(len(images), -1),
        "size": np.stack([total, np.log1p(total)], 1),
        "position": np.stack(position, 1),
        "plane and site": np.stack([axial, data["sites"] == "site A"], 1).astype(float),
        "mirror": np.array([mirror_features(i) for i in images]),
        "thirteen, T1c": np.array([thirteen(i[..., 0]) for i in images]),
        "thirteen, both": np.array([thirteen(i[..., 0]) + thirteen(i[..., 1]) for i in images]),
        "pixels": ndimage.zoom(images, (1, 1 / 3, 1 / 3, 1), order=1).reshape(len(images), -1),
    }


def simple_rule(features, train, test, labels, groups):
    """Fit logistic regression on training images, strength by grouped folds; predict the test."""
    folds = list(GroupKFold(5).split(groups[train], groups=groups[train]))
    strengths = np.logspace(-6, 1, 8)
    model = make_pipeline(
        StandardScaler(),
        LogisticRegressionCV(Cs=strengths, cv=folds, max_iter=500, scoring="roc_auc"),
    )
    model.fit(features[train], labels[train])
    return model.predict_proba(features[test])[:, 1]


def cnn(data, train, test, seeds):
    """Train lesson 04's compact network with several seeds; return the mean test probability."""
    from course_utils import models, training

    images = data["images"].astype(np.float32) / 255
    probabilities = 0
    for seed in range(seeds):
        training.set_seed(seed)
        model = models.compact_cnn()
        model.compile(optimizer="adam", loss="binary_crossentropy")
        model.fit(images[train], data["labels"][train], batch_size=32, epochs=20, verbose=0)
        probabilities = probabilities + model.predict(images[test], verbose=0)[:, 0] / seeds
    return probabilities


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="data/brain_mri.npz")
    parser.add_argument("--seeds", type=int, default=3, help="runs of the network to average")
    options = parser.parse_args()
    data = read(options.data)
    train, test = (data["splits"] == s for s in ("train", "test"))
    labels, groups = data["labels"], data["groups"]

    def per_patient(probabilities):
        return aggregate(probabilities, groups[test], labels=labels[test])

    network = per_patient(cnn(data, train, test, options.seeds))
    print("network, mean of", options.seeds, evaluation.auc(network.labels, network.probabilities))
    for name, features in shortcuts(data).items():
        rule = per_patient(simple_rule(features, train, test, labels, groups))
        alone = evaluation.auc(rule.labels, rule.probabilities)
        gain = evaluation.auc_difference(rule.labels, network.probabilities, rule.probabilities)
        print(
            f"{name:15} {alone.value:.2f} ({alone.low:.2f} to {alone.high:.2f}), network better by "
            f"{gain.value:.2f} ({gain.low:.2f} to {gain.high:.2f})",
            flush=True,
        )


if __name__ == "__main__":
    main()
