"""The realism checks of one pair of real and simulated images, as rows of a table.

Each row is a dict: check, real, simulated, low, high, note. ``low`` and ``high`` are the 95 %
interval, over groups, of the simulated value or of the AUC.
"""

import image_features as features
import likeness
import numpy as np
from group_bootstrap import GroupedAUC

DISCRIMINATOR_UPDATES = 400
HALVES = 20


def row(check, real=np.nan, simulated=np.nan, low=np.nan, high=np.nan, note=""):
    """Return one row of the table."""
    values = {"real": real, "simulated": simulated, "low": low, "high": high}
    return {"check": check, **{k: float(v) for k, v in values.items()}, "note": note}


def interval_row(check, estimate, note):
    """Return the row of an AUC that is about both sets."""
    return row(check, simulated=estimate.value, low=estimate.low, high=estimate.high, note=note)


def report(real, simulated, brain=False, updates=DISCRIMINATOR_UPDATES, seed=0):
    """Return the rows for real images beside simulated ones, both `image_pairs.Images`."""
    return [
        *compare_levels(real.images, simulated.images, real.groups, seed),
        *compare_texture(real.images, simulated.images, brain),
        *compare_centers(real, simulated),
        *compare_features(real, simulated, brain, seed),
        *compare_neighbors(real, simulated),
        *compare_by_network(real, simulated, updates, seed),
    ]


def compare_levels(real, simulated, groups, seed=0):
    """Compare means, SDs, row means and distributions of gray or color levels."""
    rows = [
        row("level, mean", real.mean(), simulated.mean()),
        row("level, pooled SD", real.std(), simulated.std()),
    ]
    lines = [images.mean(axis=(0, 2, 3)) for images in (real, simulated)]
    tenth = max(1, len(lines[0]) // 14)
    places = (("top", slice(tenth)), ("middle", slice(len(lines[0]) // 2 - tenth // 2, None)))
    for name, part in (*places, ("bottom", slice(-tenth, None))):
        means = [line[part][:tenth].mean() for line in lines]
        rows.append(row(f"row mean, {name}", *means))
    one, other = features.histograms(real), features.histograms(simulated)
    halves = split_halves(one, groups, seed)
    note = f"two real halves, by group: mean {np.mean(halves):.1f}, worst {np.max(halves):.1f}"
    note += "; worst channel" if real.shape[3] == 3 else ""
    distance = features.level_distance(one, other)
    return [*rows, row("Wasserstein-1, levels", np.mean(halves), distance, note=note)]


def split_halves(counts, groups, seed=0):
    """Return the level distances of random halves of the real groups."""
    rng, names, found = np.random.default_rng(seed), np.unique(groups), []
    for _ in range(HALVES):
        pick = np.isin(groups, rng.permutation(names)[: len(names) // 2])
        if pick.any() and not pick.all():
            found.append(features.level_distance(counts[pick], counts[~pick]))
    return found or [np.nan]


def compare_texture(real, simulated, brain=False):
    """Compare neighbor correlation and the slope of the radial power spectrum (medians)."""
    last = 24 if brain else None
    pairs = [np.array([features.neighbor_correlation(i) for i in s]) for s in (real, simulated)]
    slopes = [np.array([features.power_slope(i, last) for i in s]) for s in (real, simulated)]
    low, high = np.percentile(slopes[0], [5, 95])
    made = np.percentile(slopes[1], [5, 95])
    note = f"5-95 %: real {low:.1f} to {high:.1f}, simulated {made[0]:.1f} to {made[1]:.1f}"
    return [
        row("neighbor correlation, across", *(np.median(p[:, 0]) for p in pairs)),
        row("neighbor correlation, down", *(np.median(p[:, 1]) for p in pairs)),
        row("radial power slope", *(np.median(s) for s in slopes), note=note),
    ]


def compare_centers(real, simulated):
    """Compare the center's level minus the image's, by class."""
    rows = []
    for label, name in ((1, "malignant (brain: glioma)"), (0, "other")):
        means = [
            np.mean([features.center_minus_mean(i) for i in s.images[s.labels == label]])
            for s in (real, simulated)
        ]
        rows.append(row(f"center minus image, {name}", *means))
    return rows


def describe(images, brain=False):
    """Return the thirteen features that fit the images, (n, 13), and their names."""
    if images.shape[3] == 3:
        return np.array([features.color_features(i) for i in images]), features.COLOR_NAMES
    if brain:
        return np.array([features.brain_features(i[..., 0]) for i in images]), features.BRAIN_NAMES
    return np.array([features.gray_features(i) for i in images]), features.GRAY_NAMES


def compare_features(real, simulated, brain=False, seed=0):
    """Return how thirteen features tell classes on each side, and real from simulated."""
    one, names = describe(real.images, brain)
    other, _ = describe(simulated.images, brain)
    rows = []
    for images, values, name in ((real, one, "real"), (simulated, other, "simulated")):
        scores, folds = likeness.linear_scores(values, images.labels, images.groups, seed=seed)
        found = GroupedAUC(images.labels, images.groups, folds).auc(scores)
        rows.append(interval_row(f"13 features: AUC of the class, {name}", found, ""))
    origin, groups = origins(real, simulated)
    scores, folds = likeness.linear_scores(np.concatenate([one, other]), origin, groups, seed=seed)
    found = GroupedAUC(origin, groups, folds).auc(scores)
    rows.append(interval_row("13 features: AUC real or simulated", found, "0.5 is best"))
    low, high = np.percentile(one, [2.5, 97.5], axis=0)
    inside = ((other >= low) & (other <= high)).mean(axis=0)
    worst = np.argsort(inside)[:3]
    note = "lowest: " + ", ".join(f"{names[k]} {inside[k]:.2f}" for k in worst)
    return [*rows, row("share inside the real middle 95 %", 0.95, inside.mean(), note=note)]


def origins(real, simulated):
    """Return 1 for real and 0 for simulated images, and groups that never mix the two."""
    origin = np.repeat([1, 0], [len(real), len(simulated)])
    numbers = [np.unique(s.groups, return_inverse=True)[1] for s in (real, simulated)]
    return origin, np.concatenate([numbers[0], numbers[1] + numbers[0].max() + 1])


def compare_neighbors(real, simulated):
    """Return the nearest-neighbor rows."""
    found = likeness.diversity(real, simulated)
    return [row(name, *values[:2], note=values[2]) for name, values in found.items()]


def compare_by_network(real, simulated, updates, seed=0):
    """Return how well a small network tells real from simulated images, held-out groups."""
    origin, groups = origins(real, simulated)
    images = np.concatenate([real.images, simulated.images])
    scores, folds = likeness.network_scores(images, origin, groups, updates, seed)
    found = GroupedAUC(origin, groups, folds).auc(scores)
    return [interval_row("small CNN: AUC real or simulated", found, f"{updates} updates")]
