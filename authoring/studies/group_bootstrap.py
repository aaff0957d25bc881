"""AUC with intervals over groups, averaged over seeds, alone and as paired differences.

One image counts once; groups are drawn with replacement within class (a group's class is its
highest label). Seeds are averaged before groups are drawn: the interval is about other patients,
the spread over seeds is reported by itself.
"""

from dataclasses import dataclass

import numpy as np

DRAWS = 2000


@dataclass(frozen=True)
class Interval:
    """A value with the ends of its 95 % interval and its standard deviation over seeds."""

    value: float
    low: float
    high: float
    seed_sd: float = float("nan")

    def __str__(self):
        text = f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"
        return text if np.isnan(self.seed_sd) else f"{text}, SD over seeds {self.seed_sd:.3f}"


class GroupedAUC:
    """AUCs of several classifiers on the same images, from the same draws of groups.

    Parameters
    ----------
    labels : array (n,)
        0 or 1.
    groups : array (n,)
        What belongs together.
    folds : array (n,), optional
        Compare only images of one fold, where each fold's scores come from another model.
    draws, seed : int
        Of the bootstrap.
    """

    def __init__(self, labels, groups, folds=None, draws=DRAWS, seed=0):
        self.labels = np.asarray(labels).astype(bool)
        folds = np.zeros(len(self.labels)) if folds is None else np.asarray(folds)
        self.same = folds[self.labels][:, None] == folds[~self.labels]
        self.counts = draw_counts(self.labels, np.asarray(groups), draws, seed)
        weights = self._products(self.same)
        self.ones, self.weights = self.same.sum(), weights

    def _products(self, pairs):
        positive, negative = self.counts[:, self.labels], self.counts[:, ~self.labels]
        return ((positive @ pairs.astype(float)) * negative).sum(axis=1)

    def _wins(self, scores):
        positive, negative = scores[self.labels][:, None], scores[~self.labels]
        return ((positive > negative) + 0.5 * (positive == negative)) * self.same

    def _values(self, runs):
        """Return the AUC of each run, and the mean over runs of every draw."""
        wins = [self._wins(np.asarray(scores)) for scores in np.atleast_2d(runs)]
        alone = np.array([w.sum() / self.ones for w in wins])
        with np.errstate(invalid="ignore"):
            return alone, self._products(np.mean(wins, axis=0)) / self.weights

    def auc(self, runs):
        """Return the AUC of scores (n,), or its mean over runs for scores (runs, n)."""
        return _interval(*self._values(runs))

    def difference(self, first, second):
        """Return the mean AUC of the first scores minus that of the second, paired by group."""
        one, other = self._values(first), self._values(second)
        alone = one[0] - other[0] if len(one[0]) == len(other[0]) else one[0] - other[0].mean()
        return _interval(alone, one[1] - other[1])


def _interval(alone, drawn):
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    spread = alone.std(ddof=1) if len(alone) > 1 else np.nan
    return Interval(float(alone.mean()), float(low), float(high), float(spread))


def draw_counts(labels, groups, draws, seed):
    """Return how often each image occurs in each draw of groups within class, (draws, n)."""
    rng = np.random.default_rng(seed)
    _, of_image = np.unique(groups, return_inverse=True)
    stratum = np.zeros(of_image.max() + 1, bool)
    np.logical_or.at(stratum, of_image, labels)
    counts = np.zeros((draws, len(stratum)))
    for kind in (False, True):
        members = np.flatnonzero(stratum == kind)
        if len(members):
            shares = np.full(len(members), 1 / len(members))
            counts[:, members] = rng.multinomial(len(members), shares, draws)
    return counts[:, of_image]


class MacroAUC:
    """Mean over classes of the AUC of one class against the rest, one row per group.

    Parameters
    ----------
    labels : array (n,)
        Classes from 0.
    draws, seed : int
        Of the bootstrap, over groups within class.
    """

    def __init__(self, labels, draws=DRAWS, seed=0):
        self.labels = np.asarray(labels)
        rng = np.random.default_rng(seed)
        self.counts = np.zeros((draws, len(labels)))
        for k in np.unique(labels):
            members = np.flatnonzero(self.labels == k)
            shares = np.full(len(members), 1 / len(members))
            self.counts[:, members] = rng.multinomial(len(members), shares, draws)

    def _values(self, probabilities):
        alone, drawn = [], []
        for k in np.unique(self.labels):
            is_class, scores = self.labels == k, np.asarray(probabilities)[:, k]
            above, below = scores[is_class][:, None], scores[~is_class]
            wins = (above > below) + 0.5 * (above == below)
            alone.append(wins.mean())
            products = (self.counts[:, is_class] @ wins) * self.counts[:, ~is_class]
            drawn.append(products.sum(axis=1) / wins.size)
        return np.mean(alone), np.mean(drawn, axis=0)

    def auc(self, probabilities):
        """Return the macro AUC of probabilities (n, classes)."""
        value, drawn = self._values(probabilities)
        return _interval(np.array([value]), drawn)

    def difference(self, first, second):
        """Return the macro AUC of the first minus that of the second, paired by group."""
        one, other = self._values(first), self._values(second)
        return _interval(np.array([one[0] - other[0]]), one[1] - other[1])


def balanced_accuracy(labels, predicted, draws=DRAWS, seed=0):
    """Return the mean over classes of the share answered rightly, drawn within class."""
    rng, labels = np.random.default_rng(seed), np.asarray(labels)
    right = [np.asarray(predicted)[labels == k] == k for k in np.unique(labels)]
    drawn = np.mean([rng.binomial(len(r), r.mean(), draws) / len(r) for r in right], axis=0)
    return _interval(np.array([np.mean([r.mean() for r in right])]), drawn)
