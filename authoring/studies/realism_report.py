"""The realism checks of one pair of real and simulated images, as rows of a table.

Each row is a dict: check, real, simulated, low, high, note. ``low`` and ``high`` are the 95 %
interval, over groups, of the simulated value or of the AUC.
"""

import numpy as np

from authoring.studies import image_features as features
from authoring.studies import likeness
from authoring.studies.group_bootstrap import GroupedAUC
from course_utils.evaluation.intervals import draw_groups

DISCRIMINATOR_UPDATES = 400
# Large images take longer; 150 updates of 32 are about 15 rounds through the brain slices.
LARGE, LARGE_UPDATES = 96, 150
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
        *compare_levels(real, simulated, seed),
        *compare_texture(real.images, simulated.images, brain),
        *compare_centers(real, simulated),
        *compare_features(real, simulated, brain, seed),
        *compare_neighbors(real, simulated),
        *compare_by_network(real, simulated, updates, seed),
    ]


def compare_levels(real, simulated, seed=0):
    """Compare means, SDs, row means and distributions of gray or color levels."""
    pair = real.images, simulated.images
    rows = [row("level, mean", *(i.mean() for i in pair))]
    rows.append(row("level, pooled SD", *(i.std() for i in pair)))
    lines = [images.mean(axis=(0, 2, 3)) for images in pair]
    height, tenth = len(lines[0]), max(1, len(lines[0]) // 14)
    for name, top in (("top", 0), ("middle", (height - tenth) // 2), ("bottom", height - tenth)):
        rows.append(row(f"row mean, {name}", *(line[top : top + tenth].mean() for line in lines)))
    counts = [features.histograms(i) for i in pair]
    halves = split_halves(counts[0], real.groups, seed)
    note = f"two real halves, by group: mean {np.mean(halves):.1f}, worst {np.max(halves):.1f}"
    note += "; worst channel" if pair[0].shape[3] == 3 else ""
    low, high = distance_interval(*counts, real.groups, simulated.groups, seed)
    distance = features.level_distance(*counts)
    mean = np.mean(halves)
    return [*rows, row("Wasserstein-1, levels", mean, distance, low, high, note)]


def distance_interval(one, other, groups, other_groups, seed=0, draws=200):
    """Return the 95 % interval of the level distance over groups drawn on both sides."""
    drawn = []
    for k, (counts, names) in enumerate(((one, groups), (other, other_groups))):
        of_image = np.unique(names, return_inverse=True)[1]
        times = draw_groups(np.zeros(of_image.max() + 1), draws, seed + k)[:, of_image]
        drawn.append(np.einsum("dn,nck->dck", times, counts))
    distances = [features.level_distance(a[None], b[None]) for a, b in zip(*drawn, strict=True)]
    return np.percentile(distances, [2.5, 97.5])


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
    power = [
        np.log10([features.radial_power(i) for i in s]).mean(axis=0) for s in (real, simulated)
    ]
    cycles = [c for c in (2, 5, 10, 20, 40) if c < real.shape[1] // 2]
    return [
        row("neighbor correlation, across", *(np.median(p[:, 0]) for p in pairs)),
        row("neighbor correlation, down", *(np.median(p[:, 1]) for p in pairs)),
        row("radial power slope", *(np.median(s) for s in slopes), note=note),
        *(row(f"log10 power, {c} cycles per image", *(p[c] for p in power)) for c in cycles),
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
        rows.append(class_row(f"13 features: AUC of the class, {name}", values, images, seed))
    origin, groups = origins(real, simulated)
    folds = likeness.assign_folds(origin, groups, seed=seed)
    scores = likeness.linear_scores(np.concatenate([one, other]), origin, folds)
    found = GroupedAUC(origin, groups, folds).auc(scores)
    rows.append(interval_row("13 features: AUC real or simulated", found, "0.5 is best"))
    low, high = np.percentile(one, [2.5, 97.5], axis=0)
    inside = ((other >= low) & (other <= high)).mean(axis=0)
    worst = np.argsort(inside)[:3]
    note = "lowest: " + ", ".join(f"{names[k]} {inside[k]:.2f}" for k in worst)
    return [*rows, row("share inside the real middle 95 %", 0.95, inside.mean(), note=note)]


def class_row(check, values, images, seed=0):
    """Return the row of the AUC of the class, or of why there is none."""
    in_class = [len(np.unique(images.groups[images.labels == k])) for k in (0, 1)]
    if min(in_class) < 2:
        return row(check, note=f"not computed: groups by class {in_class}, two are needed")
    folds = likeness.assign_folds(images.labels, images.groups, seed=seed)
    scores = likeness.linear_scores(values, images.labels, folds)
    found = GroupedAUC(images.labels, images.groups, folds).auc(scores)
    return interval_row(check, found, f"groups by class {in_class}")


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
    updates = min(updates, LARGE_UPDATES) if images.shape[1] >= LARGE else updates
    folds = likeness.assign_folds(origin, groups, seed=seed)
    scores = likeness.network_scores(images, origin, folds, updates, seed)
    found = GroupedAUC(origin, groups, folds).auc(scores)
    return [interval_row("small CNN: AUC real or simulated", found, f"{updates} updates")]
