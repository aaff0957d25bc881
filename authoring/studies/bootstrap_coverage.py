"""How often bootstrap intervals of the AUC cover the truth, in simulation.

Each simulated study has two classes of groups (patients) with four images each. An image's score
is normal around its class's mean, with a share of its variance (the intra-group correlation)
common to all images of a group. The true AUC is known by formula. Three bootstraps are compared:
groups scored by the mean of their images; groups with all their images; and, wrongly, images as
if they were independent. Of each, the course's two kinds of interval. 7 minutes on one core.
"""

from itertools import product

import numpy as np
from scipy import stats

from authoring.studies import tables
from course_utils.evaluation.intervals import draw_groups, interval_of_draws

SIZES = ((6, 6), (20, 20), (75, 75), (6, 114))
AUCS = (0.75, 0.90, 0.97)
CORRELATIONS = (0.3, 0.8)
IMAGES = 4
RESAMPLES = 1000
# Studies that share one set of draws, to save time; their data are independent.
SHARING = 25
# Which units are drawn, what is scored, the interval.
METHODS = (
    ("groups", "mean per group", "percentile"),
    ("groups", "mean per group", "logit-t"),
    ("groups", "all images", "percentile"),
    ("groups", "all images", "logit-t"),
    ("images", "all images", "percentile"),
    ("images", "all images", "logit-t"),
)


def study(rng, size, correlation, shift):
    """Draw the scores of one study: positives (p, images) and negatives (n, images)."""
    scores = []
    for groups, mean in zip(size, (shift, 0), strict=True):
        common = rng.normal(scale=np.sqrt(correlation), size=(groups, 1))
        own = rng.normal(scale=np.sqrt(1 - correlation), size=(groups, IMAGES))
        scores.append(mean + common + own)
    return scores


def draws(size, seed):
    """Return how often the package's bootstrap draws each positive and each negative unit."""
    labels = np.repeat([1, 0], size)
    counts = draw_groups(labels, RESAMPLES, seed).astype(np.float32)
    return counts[:, labels == 1], counts[:, labels == 0]


def scored(wins, counts):
    """Return the AUC, and the AUC of every draw."""
    wins = wins.astype(np.float32)
    return wins.mean(), ((counts[0] @ wins) * counts[1]).sum(axis=1) / wins.size


def intervals(positive, negative, group_draws, image_draws):
    """Return the (low, high) of each method for one study."""
    means = positive.mean(axis=1)[:, None] > negative.mean(axis=1)
    images = positive.ravel()[:, None] > negative.ravel()
    blocks = images.reshape(len(positive), IMAGES, len(negative), IMAGES).mean(axis=(1, 3))
    smallest = min(len(positive), len(negative))
    found = {
        ("groups", "mean per group"): (*scored(means, group_draws), smallest),
        ("groups", "all images"): (*scored(blocks, group_draws), smallest),
        ("images", "all images"): (*scored(images, image_draws), smallest * IMAGES),
    }
    ends = []
    for *method, kind in METHODS:
        value, scores, units = found[tuple(method)]
        # A study whose classes are separated completely has no log-odds, nor any other width.
        kind = kind if 0 < value < 1 else "percentile"
        ends.append(interval_of_draws(value, scores, units, kind))
    return ends


def coverage(size, auc, correlation, replications, seed):
    """Return one row per method; `auc` is that of the group means, `truth` that of the method."""
    rng = np.random.default_rng(seed)
    spread = np.sqrt(2 * (correlation + (1 - correlation) / IMAGES))
    shift = stats.norm.ppf(auc) * spread
    truths = [auc if method[1] == "mean per group" else stats.norm.cdf(shift / np.sqrt(2))
              for method in METHODS]  # fmt: skip
    ends = []
    for replication in range(replications):
        if replication % SHARING == 0:
            block = seed * 100_000 + replication
            group_draws = draws(size, block)
            image_draws = draws([IMAGES * groups for groups in size], block + 1)
        scores = study(rng, size, correlation, shift)
        ends.append(intervals(*scores, group_draws, image_draws))
    low, high = np.moveaxis(np.array(ends), 2, 0)
    covered = (low <= truths) & (truths <= high)
    columns = ("resampled", "score", "interval")
    return [
        {
            **{"positives": size[0], "negatives": size[1], "auc": auc, "correlation": correlation},
            **dict(zip(columns, method, strict=True)),
            "truth": round(float(truths[k]), 4),
            "coverage": round(float(covered[:, k].mean()), 4),
            "mean_width": round(float((high - low)[:, k].mean()), 4),
            "replications": replications,
        }
        for k, method in enumerate(METHODS)
    ]


def main():
    """Write and print the table."""
    parser = tables.parser(__doc__)
    parser.add_argument("--replications", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=0)
    options, rows = parser.parse_args(), []
    for number, settings in enumerate(product(SIZES, AUCS, CORRELATIONS)):
        rows += coverage(*settings, options.replications, options.seed + 1000 * number)
        print(*settings, *(row["coverage"] for row in rows[-len(METHODS) :]), flush=True)
    made_by = f"bootstrap_coverage --replications {options.replications} --seed {options.seed}"
    made_by += f"; {IMAGES} images per group, {RESAMPLES} draws"
    tables.write(options.out, rows, made_by)


if __name__ == "__main__":
    tables.run(main)
