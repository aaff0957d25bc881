"""Whether probabilities mean what they say: Brier score, calibration curve, slope, intercept."""

import numpy as np
import pandas as pd
from scipy.special import logit
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_linear_model import GLM
from statsmodels.stats.proportion import proportion_confint

from course_utils._checks import check_choice
from course_utils.evaluation._checks import check_binary, check_count, undefined

# Float32 sigmoids reach 0 and 1, whose log-odds are infinite.
SMALLEST = 1e-7


def brier_score(labels, probabilities, *, weights=None):
    """Mean squared difference between probability and outcome.

    Parameters
    ----------
    labels : array-like, shape (n,)
        0 or 1.
    probabilities : array-like, shape (n,)
        Probability of class 1, 0–1.
    weights : array-like, shape (n,), optional
        How many cases of the population each row stands for.

    Returns
    -------
    score : float
        0 is best. Saying the prevalence p to everyone gets p(1 − p).

    Raises
    ------
    ValueError
        As for `roc_auc`.

    Notes
    -----
    Brier 1950,
    https://doi.org/10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2. Taught in lesson 07.

    Examples
    --------
    >>> round(brier_score([0, 1], [0.2, 0.6]), 3)
    0.1
    """
    positive, probabilities, weights = check_binary(labels, probabilities, weights)
    return float(np.average((probabilities - positive) ** 2, weights=weights))


def calibration_curve(labels, probabilities, n_bins=10, *, strategy="quantile", weights=None):
    """Mean probability and observed share of positives, bin by bin.

    Parameters
    ----------
    labels, probabilities, weights : array-like, shape (n,)
        As for `brier_score`; one row per group, for the intervals.
    n_bins : int, optional
        At least 2.
    strategy : {"quantile", "uniform"}, optional
        Bins with equally many rows, or of equal width. Bins without a row are left out.

    Returns
    -------
    curve : DataFrame
        Columns ``mean_probability``, ``observed``, ``n`` (rows) and, without weights, ``low`` and
        ``high``, the ends of a 95 % Wilson interval.

    Raises
    ------
    ValueError
        As for `brier_score`, or an unknown strategy or number of bins.

    Notes
    -----
    Wilson 1927, https://doi.org/10.1080/01621459.1927.10502953. Taught in lesson 07.

    Examples
    --------
    >>> curve = calibration_curve([0, 0, 0, 1], [0.1, 0.1, 0.7, 0.9], n_bins=2)
    >>> curve[["mean_probability", "observed", "n"]]
       mean_probability  observed  n
    0               0.1       0.0  2
    1               0.8       0.5  2
    """
    positive, probabilities, weights = check_binary(labels, probabilities, weights)
    n_bins = check_count("n_bins", n_bins, 2)
    check_choice("strategy", strategy, ("quantile", "uniform"))
    grid = np.linspace(0, 1, n_bins + 1)
    edges = np.quantile(probabilities, grid) if strategy == "quantile" else grid
    bins = np.searchsorted(edges[1:-1], probabilities)
    mass = np.ones(len(positive)) if weights is None else weights
    table = pd.DataFrame({"mass": mass, "p": mass * probabilities, "y": mass * positive, "n": 1})
    sums = table.groupby(bins).sum().query("mass > 0").reset_index(drop=True)
    curve = pd.DataFrame(
        {"mean_probability": sums["p"] / sums["mass"], "observed": sums["y"] / sums["mass"]}
    )
    curve["n"] = sums["n"].astype(int)
    if weights is None:
        curve["low"], curve["high"] = proportion_confint(sums["y"], sums["n"], method="wilson")
    return curve


def calibration_slope(labels, probabilities, *, weights=None):
    """Slope b of the logistic regression log-odds(label) = a + b · log-odds(probability).

    Parameters
    ----------
    labels, probabilities, weights : array-like, shape (n,)
        As for `brier_score`.

    Returns
    -------
    slope : float
        1 is best; below 1 the probabilities are too extreme, above 1 too timid.

    Raises
    ------
    ValueError
        As for `brier_score`; or where no slope exists, because the probabilities separate the
        classes completely or are all the same.

    Notes
    -----
    Van Calster and others 2019, https://doi.org/10.1186/s12916-019-1466-7; fitted by statsmodels.
    Probabilities of exactly 0 and 1 count as 1e-7 away from them. `Temperature` mends a wrong
    slope. Taught in lesson 07.

    Examples
    --------
    Probabilities whose log-odds are doubled have half the slope:

    >>> labels = [0, 0, 0, 1, 0, 1, 1, 1]
    >>> honest = np.repeat([0.25, 0.75], 4)
    >>> doubled = honest**2 / (honest**2 + (1 - honest) ** 2)
    >>> [round(calibration_slope(labels, p), 3) for p in (honest, doubled)]
    [1.0, 0.5]
    """
    positive, probabilities, weights = check_binary(labels, probabilities, weights)
    _check_overlap(positive, probabilities)
    design = np.stack([np.ones(len(positive)), _log_odds(probabilities)], axis=1)
    return float(_logistic(positive, design, weights).params[1])


def calibration_intercept(labels, probabilities, *, weights=None):
    """Shift of the log-odds that would make the mean probability right (calibration in the large).

    Parameters
    ----------
    labels, probabilities, weights : array-like, shape (n,)
        As for `brier_score`.

    Returns
    -------
    intercept : float
        0 is best; below 0 the probabilities are too high on average, above 0 too low.

    Raises
    ------
    ValueError
        As for `brier_score`.

    Notes
    -----
    The slope is held at 1; Van Calster and others 2019,
    https://doi.org/10.1186/s12916-019-1466-7; fitted by statsmodels. `shift_prevalence` mends a
    wrong intercept that comes from another prevalence. Taught in lesson 07.

    Examples
    --------
    >>> round(calibration_intercept([0, 0, 0, 1], [0.5, 0.5, 0.5, 0.5]), 3)
    -1.099
    """
    positive, probabilities, weights = check_binary(labels, probabilities, weights)
    ones = np.ones((len(positive), 1))
    return float(_logistic(positive, ones, weights, _log_odds(probabilities)).params[0])


def _log_odds(probabilities):
    return logit(np.clip(probabilities, SMALLEST, 1 - SMALLEST))


def _check_overlap(positive, probabilities):
    above, below = probabilities[positive], probabilities[~positive]
    if above.min() >= below.max() or above.max() <= below.min():
        undefined(
            "calibration slope: the probabilities separate the classes completely, or are all "
            "the same; allowed: values of the two classes that overlap. Use more cases, or report "
            "the Brier score."
        )


def _logistic(positive, design, weights, offset=None):
    options = {"family": Binomial(), "offset": offset, "freq_weights": weights}
    return GLM(positive.astype(float), design, **options).fit()
