"""Intervals by bootstrap over groups within class, for any score; paired comparisons.

Images of one patient resemble each other. Drawing images takes them for independent, and the
interval comes out too narrow; drawing whole patients does not. Taught in lesson 05.
"""

import numpy as np
from scipy import special, stats

from course_utils._checks import check_choice, check_seed, refuse
from course_utils.evaluation._checks import (
    UndefinedScoreError,
    check_count,
    check_fraction,
    check_groups,
    check_kind,
    check_probabilities,
    check_weights,
    undefined,
)
from course_utils.evaluation.coverage import coverage_warning
from course_utils.evaluation.estimate import Estimate

RESAMPLES = 2000
# A sum of shares may end a hair above 1.
ROUNDING = 1e-9
# A score may be undefined in some draws, such as a predictive value where nothing was called
# positive. Leaving out more of them than this would change what the interval means.
UNDEFINED_ALLOWED = 0.05
INTERVALS = ("percentile", "logit-t")
# Scores between 0 and 1, whose interval is better made on the scale of the log-odds.
FRACTIONS = {
    "average_precision",
    "balanced_accuracy",
    "brier_score",
    "class_recall",
    "macro_auc",
    "mean_recall",
    "negative_predictive_value",
    "positive_predictive_value",
    "roc_auc",
    "sensitivity",
    "sensitivity_at_specificity",
    "specificity",
    "specificity_at_sensitivity",
}
NAMES = {"roc_auc": "AUC", "brier_score": "Brier score", "macro_auc": "macro AUC"}


class Resampler:
    """Draws whole groups within class, and turns the scores of the draws into an estimate."""

    def __init__(
        self, labels, groups=None, *, group_kind, seed, level=0.95, n_resamples=RESAMPLES,
        interval="percentile",
    ):  # fmt: skip
        check_seed(seed)
        self.seed, self.group_kind = int(seed), check_kind(group_kind)
        self.level = check_fraction("level", level, "0.95 gives a 95 % interval.")
        self.n_resamples = check_count("n_resamples", n_resamples, 100)
        self.interval = check_choice("interval", interval, INTERVALS)
        self.group_of_row, class_of_group = check_groups(groups, labels)
        self.classes = [np.flatnonzero(class_of_group == c) for c in np.unique(class_of_group)]
        self.groups_per_class = tuple(len(members) for members in self.classes)
        if len(self.classes) < 2 or min(self.groups_per_class) < 2:
            refuse(
                "labels",
                f"{' and '.join(map(str, self.groups_per_class))} groups per class",
                "at least two groups in each of at least two classes",
                "One patient shows no variation between patients: no interval exists.",
            )

    def counts(self):
        """Return how often each group was drawn, shape (n_resamples, groups)."""
        rng = np.random.default_rng(self.seed)
        counts = np.empty((self.n_resamples, sum(self.groups_per_class)), dtype=np.int64)
        for members in reversed(self.classes):
            n = len(members)
            counts[:, members] = rng.multinomial(n, np.full(n, 1 / n), self.n_resamples)
        return counts

    def scores(self, score_rows):
        """Return the score of every draw; NaN where it is undefined."""
        rows, scores = np.arange(len(self.group_of_row)), np.full(self.n_resamples, np.nan)
        for draw, counts in enumerate(self.counts()):
            try:
                scores[draw] = score_rows(np.repeat(rows, counts[self.group_of_row]))
            except UndefinedScoreError:
                continue
        return scores

    def estimate(self, name, value, scores):
        """Return the estimate with its percentile interval and what is known against it."""
        missing = np.isnan(scores)
        if missing.mean() > UNDEFINED_ALLOWED:
            raise UndefinedScoreError(
                f"{name} is undefined in {missing.mean():.0%} of the bootstrap draws; allowed: "
                f"{UNDEFINED_ALLOWED:.0%}. There are too few cases for this score; report one "
                "that always exists, such as sensitivity and specificity."
            )
        low, high = interval_of_draws(
            value, scores[~missing], min(self.groups_per_class), self.level, self.interval
        )
        warnings = [coverage_warning(self.groups_per_class, self.group_kind, self.interval)]
        if low == high:
            warnings.append("The score is the same in all draws; that does not mean certainty.")
        if missing.any():
            warnings.append(f"{missing.sum()} draws without a defined value were left out.")
        return Estimate(
            name,
            *(float(number) for number in (value, low, high)),
            sum(self.groups_per_class),
            self.group_kind,
            self.groups_per_class,
            self.level,
            self.n_resamples,
            self.interval,
            " ".join(filter(None, warnings)) or None,
        )


def interval_of_draws(value, scores, smallest_class, level=0.95, kind="percentile"):
    """Turn the scores of the draws into an interval.

    Parameters
    ----------
    value : float
        The score of the data themselves.
    scores : ndarray, shape (draws,)
        The scores of the draws.
    smallest_class : int
        Groups in the smaller class.
    level : float, optional
        0–1.
    kind : {"percentile", "logit-t"}, optional
        The middle of the draws; or, for scores between 0 and 1 in small samples, a symmetric
        interval on the scale of the log-odds, with the standard deviation of the draws and the
        t distribution of the smaller class.

    Returns
    -------
    low, high : float

    Raises
    ------
    ValueError
        A logit-t interval of a score, or of a draw's, that is outside 0–1.

    Notes
    -----
    The second is our own choice among the variants measured by
    authoring/studies/bootstrap_coverage.py.

    Examples
    --------
    >>> low, high = interval_of_draws(0.5, np.linspace(0.3, 0.7, 401), smallest_class=20)
    >>> round(low, 2), round(high, 2)
    (0.31, 0.69)
    """
    if kind == "percentile":
        tail = 50 * (1 - level)
        low, high = np.percentile(scores, [tail, 100 - tail])
    else:
        if not 0 < value < 1 or scores.min() < -ROUNDING or scores.max() > 1 + ROUNDING:
            undefined(
                "interval: 'logit-t' for a score of 0, 1 or outside 0–1; allowed: scores between. "
                "Use 'percentile' here."
            )
        spread = scores.std() * np.sqrt(smallest_class / (smallest_class - 1))
        reach = stats.t.ppf(0.5 + level / 2, smallest_class - 1) * spread / (value * (1 - value))
        low, high = special.expit(special.logit(value) + np.array([-reach, reach]))
    return float(low), float(high)


def bootstrap(
    metric, labels, probabilities, groups=None, weights=None, *, name=None,
    group_kind="patient", level=0.95, n_resamples=RESAMPLES, seed=0, interval=None,
    **options,
):  # fmt: skip
    """Put an interval around any score by drawing groups within class, with replacement.

    Parameters
    ----------
    metric : callable
        ``metric(labels, probabilities, **options)`` returns a number; with weights it is called
        with ``weights=`` besides. All scores of this package qualify, and scikit-learn's such as
        `brier_score_loss` (without weights).
    labels : integer array-like, shape (n,)
        Class of each row.
    probabilities : array-like, shape (n,) or (n, classes)
        As the metric wants them.
    groups : array-like, shape (n,), optional
        Group of each row. Whole groups are drawn, with all their rows. Default: each row is one.
    weights : array-like, shape (n,), optional
        How many cases of the population each row stands for.
    name : str, optional
        What to call the score. Default: the metric's name.
    group_kind : str, optional
        What a group is; the result names it.
    level : float, optional
        0–1.
    n_resamples : int, optional
        At least 100.
    seed : int, optional
    interval : {"percentile", "logit-t"}, optional
        See `interval_of_draws`. Default: "logit-t", which covers better, for scores of this package
        that lie between 0 and 1; "percentile" for others, and for a score of exactly 0 or 1.
    **options
        Passed to the metric, such as ``threshold``.

    Returns
    -------
    estimate : Estimate
        With a warning where the interval is known to be too narrow.

    Raises
    ------
    ValueError
        Bad labels, probabilities, groups or weights; fewer than two groups in a class; a group
        with two labels; or a score that does not exist in more than 5 % of the draws.

    Notes
    -----
    Bootstrap (Efron 1979, https://doi.org/10.1214/aos/1176344552) over clusters
    (Rutter 2000, https://doi.org/10.1016/S1076-6332(00)80381-5; Field and Welsh 2007,
    https://doi.org/10.1111/j.1467-9868.2007.00593.x). Within class, because a test set's mix of
    classes is decided by whoever collects it. authoring/studies/bootstrap_coverage.py measures
    how often the intervals cover an AUC: with 75 groups per class, percentile in 0.92 to 0.94 of
    the studies and logit-t in 0.95 to 0.96; with 20 per class in 0.81 to 0.94 and 0.92 to 0.97.
    Taught in lesson 05.

    Examples
    --------
    >>> from course_utils.evaluation import sensitivity
    >>> labels, probabilities = [0, 0, 1, 1, 1, 1], [0.1, 0.6, 0.9, 0.9, 0.4, 0.4]
    >>> bootstrap(sensitivity, labels, probabilities, list("ABCCDD"), threshold=0.5)
    sensitivity 0.50 (95 % interval 0.00 to 1.00, 4 patients)
    """
    labels, weights, models = checked_rows(metric, labels, weights, probabilities)
    score = row_score(metric, labels, models[0], weights, options)
    value = score(np.arange(len(labels)))
    resampler = Resampler(
        labels, groups, group_kind=group_kind, level=level, n_resamples=n_resamples, seed=seed,
        interval=interval or default_interval(metric, value),
    )  # fmt: skip
    return resampler.estimate(name or metric_name(metric), value, resampler.scores(score))


def compare(
    metric, labels, first, second, groups=None, weights=None, *, name=None,
    group_kind="patient", level=0.95, n_resamples=RESAMPLES, seed=0, **options,
):  # fmt: skip
    """Score of the first model minus score of the second, on the same groups, with its interval.

    Parameters
    ----------
    metric, labels, groups, weights, name, group_kind, level, n_resamples, seed, **options
        As for `bootstrap`.
    first, second : array-like, shape (n,) or (n, classes)
        The two models' probabilities for the same rows.

    Returns
    -------
    estimate : Estimate
        The same groups are drawn for both, so that what they share cancels.

    Raises
    ------
    ValueError
        As for `bootstrap`.

    Notes
    -----
    "As good as" means in this course that the interval stays above −0.05. Taught in lesson 06.

    Examples
    --------
    >>> from course_utils.evaluation import brier_score
    >>> labels = [0, 0, 1, 1]
    >>> round(compare(brier_score, labels, [0, 0, 1, 1], [0.1, 0.1, 0.9, 0.9]).value, 4)
    -0.01
    """
    labels, weights, models = checked_rows(metric, labels, weights, first, second)
    resampler = Resampler(
        labels, groups, group_kind=group_kind, level=level, n_resamples=n_resamples, seed=seed
    )
    one, two = (row_score(metric, labels, model, weights, options) for model in models)

    def difference(rows):
        return one(rows) - two(rows)

    name = f"{name or metric_name(metric)} difference"
    value = difference(np.arange(len(labels)))
    return resampler.estimate(name, value, resampler.scores(difference))


def default_interval(metric, value):
    """Return the kind of interval that covers better for this score."""
    fraction = getattr(metric, "__name__", "") in FRACTIONS and 0 < value < 1
    return "logit-t" if fraction else "percentile"


def checked_rows(metric, labels, weights, *models):
    """Return labels, weights and a list of models' probabilities, all checked."""
    if not callable(metric):
        refuse("metric", repr(metric), "a function", "Give roc_auc, without parentheses.")
    labels = np.asarray(labels)
    if labels.ndim != 1 or not labels.size or labels.dtype.kind not in "biu":
        received = f"shape {labels.shape}, dtype {labels.dtype}"
        refuse("labels", received, "integers of shape (n,), n at least 1", "Give one per row.")
    models = [check_probabilities(model, classes=np.ndim(model) == 2) for model in models]
    for model in models:
        if len(model) != len(labels):
            received = f"shape {model.shape} for {len(labels)} labels"
            refuse("probabilities", received, "one row per label", "Give arrays of one length.")
    weights = None if weights is None else check_weights(weights, len(labels))
    return labels.astype(np.int64), weights, models


def row_score(metric, labels, probabilities, weights, options):
    """Return a function that scores a selection of rows."""

    def score(rows):
        given = options if weights is None else options | {"weights": weights[rows]}
        return metric(labels[rows], probabilities[rows], **given)

    return score


def metric_name(metric):
    """Return what to call a score."""
    name = getattr(metric, "__name__", "score")
    return NAMES.get(name, name.replace("_", " "))
