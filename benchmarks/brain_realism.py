"""Compare the simulated T1c slices with a folder of real ones.

Real slices are cropped to the head, resized to 96 px and scaled so that the median of the head
agrees; the same is done to the simulated ones. Patient numbers of the real slices are unknown,
so runs of consecutive slices that look alike are resampled, and held out, together.

    python benchmarks/brain_realism.py --real FOLDER [--data data/brain_mri.npz] [--cnn]

FOLDER holds images/ and labels.csv (columns file, diagnosis); see brain_transfer.py.
"""

import argparse
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from brain_shortcuts import power_slope, read, thirteen
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

SIZE = 96


def head_box(image):
    """Return the square (left, top, right, bottom) around a head, with a small margin."""
    image = np.asarray(image, np.float32)
    head = image > 0.12 * np.percentile(image, 99)
    rows, columns = (np.flatnonzero(head.sum(axis=a) > 8) for a in (1, 0))
    y, x = (rows[0] + rows[-1]) / 2, (columns[0] + columns[-1]) / 2
    half = max(np.ptp(rows), np.ptp(columns)) * 0.53
    return x - half, y - half, x + half, y + half


def crop(image, box):
    """Cut a square out of a slice and average it to 96 px."""
    image = Image.fromarray(np.asarray(image, np.float32))
    big = image.transform((288, 288), Image.EXTENT, box, Image.BILINEAR)
    return np.asarray(big.resize((SIZE, SIZE), Image.BOX))


def scale(image):
    """Scale gray levels so that the median of the head is 80."""
    return image * 80 / np.median(image[image > 0.12 * np.percentile(image, 99)])


def standardize(image):
    """Crop a slice to its head, resize to 96 px, scale the head's median to 80."""
    small = scale(crop(image, head_box(image)))
    # Real air is not exactly 0; it must not give the origin away.
    return np.where(small < 6, 0, np.clip(small, 0, 255))


def read_folder(folder, masks=False):
    """Return the table of a folder of real slices, its images and, if asked, its masks."""
    folder = Path(folder)
    table = pd.read_csv(folder / "labels.csv")
    table["number"] = table["file"].str.extract(r"(\d+)").astype(int)
    table = table.sort_values(["diagnosis", "number"], ignore_index=True)
    images = [np.asarray(Image.open(folder / "images" / f).convert("F")) for f in table["file"]]
    if not masks:
        return table, np.array(images)
    masks = [np.asarray(Image.open(folder / "masks" / f).convert("L")) for f in table["file"]]
    return table, np.array(images), np.array(masks) > 127


def find_runs(images, diagnoses, least=0.6):
    """Return the run of each slice: neighbors in a run correlate by at least `least` at 64 px.

    The patients are unknown. Neighbors in a stack look alike, so a run holds a patient's slices,
    and often those of several patients: resampling runs gives wide intervals, not narrow ones.
    """
    small = [np.asarray(Image.fromarray(i).resize((64, 64), Image.BOX)).ravel() for i in images]
    same = [
        before == now and np.corrcoef(small[i], small[i + 1])[0, 1] >= least
        for i, (before, now) in enumerate(pairwise(diagnoses))
    ]
    return np.concatenate([[0], np.cumsum(~np.array(same))])


def read_real(folder):
    """Return standardized meningioma and glioma slices, and the run each belongs to."""
    table, images = read_folder(folder)
    runs = find_runs(images, table["diagnosis"].to_numpy())
    keep = (table["diagnosis"] != "pituitary").to_numpy()
    return np.array([standardize(i) for i in images[keep]]), runs[keep]


def spectrum(image):
    """Radial power spectrum of a Hann-windowed slice, log10, bins 1 to 40."""
    window = np.outer(np.hanning(SIZE), np.hanning(SIZE))
    power = np.abs(np.fft.fftshift(np.fft.fft2((image - image.mean()) * window))) ** 2
    y, x = np.indices(image.shape) - SIZE // 2
    radius = np.hypot(y, x).astype(int).ravel()
    mean = np.bincount(radius, power.ravel()) / np.bincount(radius)
    return np.log10(mean[1:41] + 1e-6)


def resample(real, runs, made, statistic, draws=200):
    """Return the 95 % interval of a statistic over resampled runs and simulated patients."""
    rng = np.random.default_rng(1)
    members = [np.flatnonzero(runs == r) for r in np.unique(runs)]
    values = []
    for _ in range(draws):
        pick = np.concatenate([members[k] for k in rng.integers(len(members), size=len(members))])
        values.append(statistic(real[pick], made[rng.integers(len(made), size=len(made))]))
    return np.percentile(values, [2.5, 97.5], axis=0)


def histogram_distance(first, second):
    """Return the Wasserstein-1 distance of two sets of gray-level histograms, (n, 256) each."""
    parts = (np.cumsum(h.sum(axis=0) / h.sum()) for h in (first, second))
    return np.abs(np.subtract(*parts)).sum()


def histograms(images):
    """Return one histogram of gray levels 0 to 255 per image."""
    return np.array([np.bincount(i.round().astype(int).ravel(), minlength=256) for i in images])


def compare_levels(real, runs, made):
    """Print percentiles and the Wasserstein-1 distance of gray levels."""
    print("percentiles of the head (5, 25, 50, 75, 95)")
    for name, images in (("real", real), ("simulated", made)):
        print(f"  {name:10s}", np.percentile(images[images > 0], [5, 25, 50, 75, 95]).round(0))
    one, other = histograms(real), histograms(made)
    rng, names, halves = np.random.default_rng(0), np.unique(runs), []
    for _ in range(200):
        pick = np.isin(runs, rng.permutation(names)[: len(names) // 2])
        halves.append(histogram_distance(one[pick], one[~pick]))
    low, high = resample(one, runs, other, histogram_distance)
    print(f"Wasserstein-1, gray levels: {histogram_distance(one, other):.1f} ({low:.1f} to "
          f"{high:.1f}); real halves {np.mean(halves):.1f}, worst {max(halves):.1f}")  # fmt: skip


def compare_spectra(real, runs, made):
    """Print the slopes of the radial power spectra and their difference at some frequencies."""
    for name, images in (("real", real), ("simulated", made)):
        slopes = [power_slope(i) for i in images]
        low, high = np.percentile(slopes, [5, 95])
        print(f"slope, {name}: {np.median(slopes):.2f} ({low:.2f} to {high:.2f})")
    curves = [np.array([spectrum(i) for i in images]) for images in (real, made)]

    def gap(first, second):
        return (second.mean(axis=0) - first.mean(axis=0))[[1, 4, 9, 19, 39]]

    low, high = resample(curves[0], runs, curves[1], gap)
    print("log10 power, simulated minus real (95 % interval), cycles per image:")
    for cycles, *values in zip((2, 5, 10, 20, 40), gap(*curves), low, high, strict=True):
        print("  {:2d}: {:+.2f} ({:+.2f} to {:+.2f})".format(cycles, *values))


def origin_auc(scores, count, runs):
    """Return the AUC of telling real (the first `count`) from simulated, as text."""

    def auc(real, made):
        return roc_auc_score(np.repeat([1, 0], [len(real), len(made)]), [*real, *made])

    low, high = resample(scores[:count], runs, scores[count:], auc)
    return f"AUC {auc(scores[:count], scores[count:]):.2f} ({low:.2f} to {high:.2f})"


def discriminate(images, origin, groups, epochs=15):
    """Return held-out scores of a small CNN that tells real from simulated, five folds."""
    import keras
    from keras import layers

    inputs = images[..., None].astype(np.float32) / 128
    scores = np.zeros(len(images))
    for fold, (train, test) in enumerate(GroupKFold(5).split(inputs, groups=groups)):
        keras.utils.set_random_seed(fold)
        model = keras.Sequential([keras.Input((SIZE, SIZE, 1)), layers.RandomFlip("horizontal")])
        for filters in (8, 16, 32):
            model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
            model.add(layers.MaxPooling2D())
        model.add(layers.GlobalAveragePooling2D())
        model.add(layers.Dense(1))
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(3e-3), loss)
        model.fit(inputs[train], origin[train], batch_size=16, epochs=epochs, verbose=0)
        scores[test] = model.predict(inputs[test], verbose=0)[:, 0]
    return scores


def compare_features(real, runs, made, cnn):
    """Print how well thirteen features, and a CNN if asked, tell real from simulated."""
    features = np.array([thirteen(i) for i in (*real, *made)])
    origin = np.repeat([1, 0], [len(real), len(made)])
    groups = np.concatenate([runs, 10_000 + np.arange(len(made))])
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    scores = cross_val_predict(
        model, features, origin, groups=groups, cv=GroupKFold(5), method="decision_function"
    )
    print("real or simulated, thirteen features:", origin_auc(scores, len(real), runs))
    inside = features[origin == 0]
    low, high = np.percentile(features[origin == 1], [2.5, 97.5], axis=0)
    print("share inside the real middle 95 %:", ((inside > low) & (inside < high)).mean(0).round(2))
    if cnn:
        scores = discriminate(np.concatenate([real, made]), origin, groups)
        print("real or simulated, small CNN:", origin_auc(scores, len(real), runs))


def main():
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", default="data/brain_mri.npz")
    parser.add_argument("--real", required=True)
    parser.add_argument("--cnn", action="store_true", help="train the CNN discriminator too")
    options = parser.parse_args()
    real, runs = read_real(options.real)
    data = read(options.data)
    rng = np.random.default_rng(0)
    groups = rng.permutation(np.unique(data["groups"]))[:120]
    chosen = [rng.choice(np.flatnonzero(data["groups"] == g)) for g in groups]
    made = np.array([standardize(data["images"][i, ..., 0]) for i in chosen])
    print(f"{len(real)} real slices in {len(np.unique(runs))} runs, {len(made)} simulated patients")
    compare_levels(real, runs, made)
    compare_spectra(real, runs, made)
    compare_features(real, runs, made, options.cnn)


if __name__ == "__main__":
    main()
