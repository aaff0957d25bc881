"""Scores of several trainings of one model: their mean, with an interval over groups.

Chance in training (the seed) and chance in who was tested (the groups) are different things. The
score is averaged over the runs, groups are drawn for its interval, and the spread over runs is
reported by itself. Taught in lesson 06.
"""

import numpy as np

from course_utils._checks import refuse
from course_utils.evaluation.resampling import (
    RESAMPLES,
    Resampler,
    checked_rows,
    default_interval,
    metric_name,
    row_score,
)


def bootstrap_runs(
    metric, labels, runs, groups=None, weights=None, *, name=None, group_kind="patient",
    level=0.95, n_resamples=RESAMPLES, seed=0, interval=None, **options,
):  # fmt: skip
    """Return the mean score of several runs, with an interval over groups.

    Parameters
    ----------
    metric, labels, groups, weights, name, group_kind, level, n_resamples, seed, interval, **options
        As for `bootstrap`.
    runs : sequence of array-like, shape (runs, n)
        Each run's probabilities for the same rows. The score of every run is taken and averaged;
        the probabilities are not, since networks that vote together score higher than one alone.

    Returns
    -------
    estimate : Estimate
        Its interval is about other groups, not about other seeds: see `spread_of_runs`.

    Raises
    ------
    ValueError
        As for `bootstrap`, or no run.

    Examples
    --------
    >>> from course_utils.evaluation import sensitivity
    >>> labels = [0, 0, 1, 1]
    >>> runs = [[0.1, 0.2, 0.9, 0.9], [0.1, 0.2, 0.9, 0.3]]
    >>> bootstrap_runs(sensitivity, labels, runs, threshold=0.5).value
    0.75
    """
    labels, score = _mean_score(metric, labels, runs, weights, options)
    value = score(np.arange(len(labels)))
    resampler = Resampler(
        labels, groups, group_kind=group_kind, level=level, n_resamples=n_resamples, seed=seed,
        interval=interval or default_interval(metric, value),
    )  # fmt: skip
    return resampler.estimate(name or metric_name(metric), value, resampler.scores(score))


def compare_runs(
    metric, labels, first, second, groups=None, weights=None, *, name=None,
    group_kind="patient", level=0.95, n_resamples=RESAMPLES, seed=0, **options,
):  # fmt: skip
    """Return the mean score of one model's runs minus that of another's, on the same groups.

    Parameters
    ----------
    metric, labels, groups, weights, name, group_kind, level, n_resamples, seed, **options
        As for `bootstrap`.
    first, second : sequence of array-like, shape (runs, n)
        Probabilities of every run of the two models; their numbers of runs may differ.

    Returns
    -------
    estimate : Estimate
        The same groups are drawn for both, so that what they share cancels.

    Raises
    ------
    ValueError
        As for `bootstrap`, or no run.

    Examples
    --------
    >>> from course_utils.evaluation import roc_auc
    >>> labels = [0, 0, 1, 1]
    >>> good, coin = [[0.1, 0.2, 0.8, 0.9]], [[0.5, 0.5, 0.5, 0.5], [0.4, 0.4, 0.4, 0.4]]
    >>> compare_runs(roc_auc, labels, good, coin).value
    0.5
    """
    labels, one = _mean_score(metric, labels, first, weights, options)
    _, two = _mean_score(metric, labels, second, weights, options)

    def difference(rows):
        return one(rows) - two(rows)

    resampler = Resampler(
        labels, groups, group_kind=group_kind, level=level, n_resamples=n_resamples, seed=seed
    )
    name = f"{name or metric_name(metric)} difference"
    value = difference(np.arange(len(labels)))
    return resampler.estimate(name, value, resampler.scores(difference))


def spread_of_runs(metric, labels, runs, weights=None, **options):
    """Return the standard deviation of a score over runs: the chance in training.

    Parameters
    ----------
    metric, labels, runs, weights, **options
        As for `bootstrap_runs`.

    Returns
    -------
    spread : float
        In the unit of the score, divided by the number of runs less one.

    Raises
    ------
    ValueError
        As for `bootstrap_runs`, or a single run, which shows no spread.

    Examples
    --------
    >>> from course_utils.evaluation import sensitivity
    >>> runs = [[0.1, 0.2, 0.9, 0.9], [0.1, 0.2, 0.9, 0.3]]
    >>> round(spread_of_runs(sensitivity, [0, 0, 1, 1], runs, threshold=0.5), 3)
    0.354
    """
    if len(runs) < 2:
        refuse("runs", f"{len(runs)} run", "two or more", "One run shows no spread.")
    labels, weights, runs = checked_rows(metric, labels, weights, *runs)
    everyone = np.arange(len(labels))
    scores = [row_score(metric, labels, run, weights, options)(everyone) for run in runs]
    return float(np.std(scores, ddof=1))


def _mean_score(metric, labels, runs, weights, options):
    """Return checked labels, and a function that scores a selection of rows, averaged over runs."""
    if len(runs) == 0:
        refuse("runs", "none", "one or more arrays of probabilities", "Check the table's filter.")
    labels, weights, runs = checked_rows(metric, labels, weights, *runs)
    scores = [row_score(metric, labels, run, weights, options) for run in runs]
    return labels, lambda rows: float(np.mean([score(rows) for score in scores]))
