"""Intervals of proportions, and how many cases an interval of a wanted width needs."""

from math import ceil

import numpy as np
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from course_utils._checks import refuse
from course_utils.evaluation._checks import check_fraction, check_kind
from course_utils.evaluation.estimate import Estimate

LARGEST = 10_000_000


def proportion(outcomes, groups=None, *, name="proportion", group_kind="patient", level=0.95):
    """Share of successes with its Wilson interval, where each group gives one observation.

    Parameters
    ----------
    outcomes : array-like, shape (n,)
        0 or 1, one per group: for the sensitivity, whether each positive group was called
        positive.
    groups : array-like, shape (n,), optional
        Group of each outcome, to make sure that none repeats.
    name, group_kind : str, optional
        What is measured, and what a group is.
    level : float, optional
        0–1.

    Returns
    -------
    estimate : Estimate

    Raises
    ------
    ValueError
        No outcomes, outcomes other than 0 and 1, or a group that repeats.

    Notes
    -----
    Wilson 1927, https://doi.org/10.1080/01621459.1927.10502953; recommended by Brown and others
    2001, https://doi.org/10.1214/ss/1009213286; computed by statsmodels. Taught in lesson 05.

    Examples
    --------
    >>> proportion([1] * 9 + [0], name="sensitivity")
    sensitivity 0.90 (95 % interval 0.60 to 0.98, 10 patients)
    """
    outcomes = np.asarray(outcomes)
    if outcomes.ndim != 1 or not outcomes.size or outcomes.dtype.kind not in "biuf":
        received = f"shape {outcomes.shape}, dtype {outcomes.dtype}"
        refuse("outcomes", received, "0 or 1, shape (n,), n at least 1", "Give one per group.")
    if not np.isin(outcomes, [0, 1]).all():
        refuse("outcomes", np.unique(outcomes)[:5].tolist(), "0 or 1", "Apply a threshold first.")
    if groups is not None:
        names, repeats = np.unique(np.asarray(groups), return_counts=True)
        if repeats.sum() != len(outcomes):
            refuse("groups", f"{repeats.sum()} groups", f"{len(outcomes)}", "Give one each.")
        if repeats.max() > 1:
            refuse(
                "groups",
                f"{names[repeats.argmax()]!r} {repeats.max()} times",
                "each group once",
                "Repeated groups are not independent: use bootstrap, or datasets.aggregate first.",
            )
    n, successes = len(outcomes), int(outcomes.sum())
    low, high = wilson_interval(successes, n, level)
    kind = check_kind(group_kind)
    return Estimate(
        name, successes / n, low, high, n, kind, (n - successes, successes), level, None, "Wilson"
    )


def wilson_interval(successes, n, level=0.95):
    """Wilson's interval of a proportion of independent observations.

    Parameters
    ----------
    successes, n : int
        Successes among n observations, 0 ≤ successes ≤ n, n at least 1.
    level : float, optional
        0–1.

    Returns
    -------
    low, high : float

    Raises
    ------
    ValueError
        Counts that do not fit.

    Examples
    --------
    >>> low, high = wilson_interval(10, 10)
    >>> round(low, 3), round(high, 3)
    (0.722, 1.0)
    """
    level = check_fraction("level", level)
    if not (n >= 1 and 0 <= successes <= n):
        refuse("successes and n", f"{successes} of {n}", "0 ≤ successes ≤ n, n ≥ 1", "Count again.")
    low, high = proportion_confint(successes, n, alpha=1 - level, method="wilson")
    return float(low), float(high)


def sample_size_proportion(expected, width, *, level=0.95):
    """How many groups give a proportion's Wilson interval a wanted width.

    Parameters
    ----------
    expected : float
        The proportion expected, 0–1, such as the sensitivity.
    width : float
        Width of the interval, high − low, above 0 and below 1.
    level : float, optional
        0–1.

    Returns
    -------
    n : int
        The smallest number from which the width is not exceeded, independent groups **of the
        class in question**: for a sensitivity, positives. At prevalence p a study of consecutive
        patients must see n / p of them.

    Raises
    ------
    ValueError
        Values out of range.

    Notes
    -----
    Solves Wilson's formula (1927, https://doi.org/10.1080/01621459.1927.10502953) for n; the
    expected number of successes need not be whole. Taught in lesson 05.

    Examples
    --------
    >>> sample_size_proportion(0.9, width=0.1)
    141
    """
    if not 0 <= expected <= 1:
        refuse("expected", repr(expected), "0 to 1", "Give the proportion you expect.")
    width, level = check_fraction("width", width), check_fraction("level", level)

    def width_at(n):
        low, high = proportion_confint(expected * n, n, alpha=1 - level, method="wilson")
        return high - low

    return _smallest(width_at, width)


def auc_standard_error(auc, positives, negatives):
    """Return the standard error to expect of an AUC, after Hanley and McNeil.

    Parameters
    ----------
    auc : float
        Above 0 and below 1.
    positives, negatives : float
        Groups of each class, at least 1.

    Returns
    -------
    standard_error : float

    Raises
    ------
    ValueError
        Values out of range.

    Notes
    -----
    Hanley and McNeil 1982, https://doi.org/10.1148/radiology.143.1.7063747. Taught in lesson 05.

    Examples
    --------
    >>> round(auc_standard_error(0.9, positives=20, negatives=20), 3)
    0.051
    """
    auc = check_fraction("auc", auc)
    if not (positives >= 1 and negatives >= 1):
        received = f"{positives} and {negatives}"
        refuse("positives and negatives", received, "at least 1 each", "Both classes are needed.")
    one, two = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    spread = (positives - 1) * (one - auc**2) + (negatives - 1) * (two - auc**2)
    return float(np.sqrt((auc * (1 - auc) + spread) / (positives * negatives)))


def sample_size_auc(auc, width, *, prevalence=0.5, level=0.95):
    """How many positive and negative groups give an AUC's interval a wanted width.

    Parameters
    ----------
    auc : float
        The AUC expected, above 0 and below 1.
    width : float
        Width of the interval, high − low, above 0 and below 1.
    prevalence : float, optional
        Share of positives in the study.
    level : float, optional
        0–1.

    Returns
    -------
    positives, negatives : int

    Raises
    ------
    ValueError
        Values out of range.

    Notes
    -----
    Normal interval with the standard error of `auc_standard_error`. Taught in lesson 05.

    Examples
    --------
    >>> sample_size_auc(0.9, width=0.1)
    (79, 79)
    """
    width, prevalence = check_fraction("width", width), check_fraction("prevalence", prevalence)
    reach = 2 * stats.norm.ppf(0.5 + check_fraction("level", level) / 2)
    rest = (1 - prevalence) / prevalence

    def width_at(positives):
        return reach * auc_standard_error(auc, positives, max(1, ceil(positives * rest)))

    positives = _smallest(width_at, width)
    return positives, max(1, ceil(positives * rest))


def _smallest(width_at, width):
    """Return the smallest n at which a falling width is at most the one wanted, by bisection."""
    low, high = 0, 1
    while width_at(high) > width:
        low, high = high, 2 * high
        if high > LARGEST:
            refuse("width", repr(width), f"what {LARGEST} cases can give", "Ask for less.")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if width_at(middle) > width else (low, middle)
    return high
