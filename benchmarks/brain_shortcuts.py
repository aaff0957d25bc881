"""How far shortcuts, pixels and a small CNN get on the simulated brain set.

Every figure is one AUC per patient on the official test split, meningioma-like against
glioma-like, with a 95 % bootstrap interval over patients within class. Logistic regression is
trained on the training patients.

    python benchmarks/brain_shortcuts.py [--data data/brain_mri.npz] [--cnn]
"""

import argparse

import numpy as np
from scipy import ndimage, stats
from sklearn.linear_model import LogisticRegressionCV
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


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


def by_patient(scores, data, chosen):
    """Average scores by patient; return labels and scores of the chosen split."""
    _, index = np.unique(data["groups"][chosen], return_inverse=True)
    mean = np.bincount(index, scores) / np.bincount(index)
    labels = np.bincount(index, data["labels"][chosen]) / np.bincount(index)
    return labels.astype(int), mean


def interval(labels, scores, rng, draws=1000):
    """Return AUC and its 95 % bootstrap interval over patients within class."""
    parts = [np.flatnonzero(labels == c) for c in (0, 1)]
    values = []
    for _ in range(draws):
        pick = np.concatenate([rng.choice(p, len(p)) for p in parts])
        values.append(roc_auc_score(labels[pick], scores[pick]))
    return roc_auc_score(labels, scores), *np.percentile(values, [2.5, 97.5])


def fit_cnn(data, seed=0, epochs=15):
    """Train a compact CNN; return its test probabilities."""
    import keras

    keras.utils.set_random_seed(seed)
    images = data["images"].astype(np.float32) / 255
    train, test = (data["splits"] == s for s in ("train", "test"))
    flip = keras.layers.RandomFlip("horizontal")
    layers = [keras.Input((96, 96, 2)), flip]
    for filters in (16, 32, 64, 64):
        layers += [keras.layers.Conv2D(filters, 3, padding="same", activation="relu")]
        layers += [keras.layers.BatchNormalization(momentum=0.9), keras.layers.MaxPooling2D()]
    layers += [keras.layers.GlobalMaxPooling2D(), keras.layers.Dropout(0.3)]
    layers += [keras.layers.Dense(1, activation="sigmoid")]
    model = keras.Sequential(layers)
    model.compile(keras.optimizers.Adam(1e-3), "binary_crossentropy")
    model.fit(images[train], data["labels"][train], batch_size=32, epochs=epochs, verbose=0)
    return model.predict(images[test], verbose=0)[:, 0]


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="data/brain_mri.npz")
    parser.add_argument("--cnn", type=int, default=0, metavar="SEEDS", help="CNN runs")
    options = parser.parse_args()
    data = read(options.data)
    train, test = (data["splits"] == s for s in ("train", "test"))
    rng = np.random.default_rng(0)
    folds = list(GroupKFold(5).split(data["groups"][train], groups=data["groups"][train]))
    print(f"{'features':16s} AUC   95 % interval (patients, test split)")
    for name, features in shortcuts(data).items():
        model = make_pipeline(
            StandardScaler(),
            LogisticRegressionCV(
                Cs=np.logspace(-6, 1, 8), cv=folds, max_iter=500, scoring="roc_auc"
            ),
        )
        model.fit(features[train], data["labels"][train])
        scores = model.decision_function(features[test])
        auc = interval(*by_patient(scores, data, test), rng)
        print("{:16s} {:.3f} {:.3f}–{:.3f}".format(name, *auc), flush=True)
    for seed in range(options.cnn):
        auc = interval(*by_patient(fit_cnn(data, seed), data, test), rng)
        print("{:16s} {:.3f} {:.3f}–{:.3f}".format(f"CNN, seed {seed}", *auc), flush=True)


if __name__ == "__main__":
    main()
