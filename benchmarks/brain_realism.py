"""Compare the simulated T1c slices with a folder of real ones.

Real slices are cropped to the head, resized to 96 px and scaled so that the median of the head
agrees; the same is done to the simulated ones. Patient numbers of the development slices are
unknown, so runs of consecutive files are resampled together.

    python benchmarks/brain_realism.py --real FOLDER [--data data/brain_mri.npz]

FOLDER holds images/, masks/ and labels.csv (columns file, diagnosis).
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from brain_shortcuts import power_slope, read, thirteen
from PIL import Image
from scipy import stats
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
    """Number the runs of slices in a row that correlate by at least `least` at 64 px.

    The patients are unknown. Neighbors in a stack look alike, so a run holds a patient's slices,
    and often those of several patients: resampling runs gives wide intervals, not narrow ones.
    """
    small = [np.asarray(Image.fromarray(i).resize((64, 64), Image.BOX)).ravel() for i in images]
    same = [
        before == now and np.corrcoef(small[i], small[i + 1])[0, 1] >= least
        for i, (before, now) in enumerate(zip(diagnoses[:-1], diagnoses[1:], strict=True))
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


def main():
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="data/brain_mri.npz")
    parser.add_argument("--real", required=True)
    options = parser.parse_args()
    real, runs = read_real(options.real)
    data = read(options.data)
    rng = np.random.default_rng(0)
    groups = rng.permutation(np.unique(data["groups"]))[:120]
    chosen = [rng.choice(np.flatnonzero(data["groups"] == g)) for g in groups]
    made = np.array([standardize(data["images"][i, ..., 0]) for i in chosen])
    print("percentiles of the head (5, 25, 50, 75, 95)")
    for name, images in (("real", real), ("simulated", made)):
        print(f"  {name:10s}", np.percentile(images[images > 0], [5, 25, 50, 75, 95]).round(0))
    halves = []
    for _ in range(20):
        pick = np.isin(runs, rng.permutation(np.unique(runs))[: len(np.unique(runs)) // 2])
        halves.append(stats.wasserstein_distance(real[pick].ravel(), real[~pick].ravel()))
    between = stats.wasserstein_distance(real.ravel(), made.ravel())
    print(f"Wasserstein-1, gray levels: {between:.1f}; real halves {np.mean(halves):.1f}")
    for name, images in (("real", real), ("simulated", made)):
        slopes = [power_slope(i) for i in images]
        curve = np.mean([spectrum(i) for i in images], axis=0)
        low, high = np.percentile(slopes, [5, 95])
        print(f"slope, {name}: {np.median(slopes):.2f} ({low:.2f} to {high:.2f});", end=" ")
        print("log10 power at 2, 5, 10, 20, 40:", curve[[1, 4, 9, 19, 39]].round(2))
    features = np.array([thirteen(i) for i in (*real, *made)])
    origin = np.repeat([1, 0], [len(real), len(made)])
    fold_groups = np.concatenate([runs, 10_000 + np.arange(len(made))])
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    scores = cross_val_predict(
        model, features, origin, groups=fold_groups, cv=GroupKFold(5), method="decision_function"
    )
    print(f"real or simulated, thirteen features: AUC {roc_auc_score(origin, scores):.2f}")
    inside = features[origin == 0]
    low, high = np.percentile(features[origin == 1], [2.5, 97.5], axis=0)
    print("share inside the real middle 95 %:", ((inside > low) & (inside < high)).mean(0).round(2))


if __name__ == "__main__":
    main()
