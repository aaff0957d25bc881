"""AUCs of pairs within one fold, averaged over seeds, with the course's interval over groups.

Each fold's scores come from another model, so only images of one fold are compared. Groups are
drawn within class; a group's class is its highest label. The stored tables hold percentile
intervals, and so this keeps them.
"""

from dataclasses import replace

import numpy as np
from scipy.stats import rankdata

from course_utils import evaluation


def auc_within_folds(_, columns):
    """Return the AUC over pairs of images of one fold; columns are score, label and fold."""
    scores, labels, folds = columns.T
    wins = pairs = 0
    for fold in np.unique(folds):
        mine = folds == fold
        positive, ranks = labels[mine] == 1, rankdata(scores[mine])
        n = positive.sum()
        wins += ranks[positive].sum() - n * (n + 1) / 2
        pairs += n * (len(ranks) - n)
    return wins / pairs if pairs else np.nan


class GroupedAUC:
    """Score several classifiers on the same images, from the same draws of groups.

    Labels (n,) are 0 or 1. Where there are folds, only images of one fold are compared.
    """

    def __init__(self, labels, groups, folds=None):
        labels = np.asarray(labels).astype(int)
        folds = np.zeros(len(labels)) if folds is None else np.asarray(folds)
        self.columns = np.stack([labels, np.unique(folds, return_inverse=True)[1] / 100], axis=1)
        self.groups = np.unique(groups, return_inverse=True)[1]
        highest = np.zeros(self.groups.max() + 1, int)
        np.maximum.at(highest, self.groups, labels)
        self.classes = highest[self.groups]

    def _runs(self, scores):
        # Ranks, because an AUC asks for nothing else and scores need not be probabilities.
        runs = np.atleast_2d(scores)
        return np.array([np.c_[rankdata(s) / (len(s) + 1), self.columns] for s in runs])

    def auc(self, runs):
        """Return the AUC of scores (n,), or its mean over runs for scores (runs, n)."""
        return self._estimate(self._runs(runs))

    def difference(self, first, second):
        """Return the mean AUC of the first scores minus that of the second, paired by group."""
        one, other = self._runs(first), self._runs(second)
        one, other = np.broadcast_arrays(one, other)
        gains = [
            auc_within_folds(None, a) - auc_within_folds(None, b)
            for a, b in zip(one, other, strict=True)
        ]
        spread = np.std(gains, ddof=1) if len(gains) > 1 else None
        return replace(self._estimate(one, against=other), spread_over_runs=spread)

    def _estimate(self, runs, **options):
        return evaluation.bootstrap(
            auc_within_folds,
            self.classes,
            runs,
            groups=self.groups,
            name="AUC",
            group_kind="group",
            interval="percentile",
            **options,
        )
