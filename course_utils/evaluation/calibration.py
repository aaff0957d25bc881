"""Whether probabilities mean what they say, and two ways to correct them.

A **temperature** divides the log-odds by one number: it changes how extreme probabilities are (the
calibration slope) and leaves 0.5 where it is. A **prior shift** adds one number to the log-odds: it
changes their mean (the calibration intercept), as after training on oversampled cancers or moving
to a clinic with fewer of them, and leaves the slope. Neither changes the order of the cases, so
neither changes the AUC.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_linear_model import GLM

from course_utils._checks import refuse
from course_utils.evaluation._checks import (
    UndefinedScoreError,
    check_binary,
    check_fraction,
    check_probabilities,
    checked,
)

# Float32 sigmoids reach 0 and 1, whose log-odds are infinite.
SMALLEST = 1e-7
# Beyond these the data ask for no temperature: no case is predicted wrongly, or most are.
COLDEST, HOTTEST = 0.02, 50.0


@checked(check_binary, interval="percentile")
def calibration_slope(labels, probabilities, *, sample_weight=None):
    """Fit the slope b of the logistic regression log-odds(label) = a + b · log-odds(probability).

    1 is best; below 1 the probabilities are too extreme, above 1 too timid (Van Calster and others
    2019, https://doi.org/10.1186/s12916-019-1466-7). There is no slope where the probabilities
    separate the classes completely. Arguments as for `roc_auc`. `fit_temperature` corrects a slope.

    Examples
    --------
    >>> round(calibration_slope([0, 0, 0, 1, 0, 1, 1, 1], np.repeat([0.1, 0.9], 4)), 3)
    0.5
    """
    above, below = probabilities[labels == 1], probabilities[labels == 0]
    if above.min() >= below.max() or above.max() <= below.min():
        raise UndefinedScoreError(
            "calibration slope: received probabilities that separate the classes completely, or "
            "are all the same; allowed: values of the two classes that overlap. Use more cases."
        )
    design = np.stack([np.ones(len(labels)), _log_odds(probabilities)], axis=1)
    return float(_logistic(labels, design, sample_weight).params[1])


@checked(check_binary, interval="percentile")
def calibration_intercept(labels, probabilities, *, sample_weight=None):
    """Fit the shift of the log-odds that would make the mean probability right.

    0 is best; below 0 the probabilities are too high on average, above 0 too low. The slope is held
    at 1. Arguments and source as for `calibration_slope`. `shift_prevalence` corrects an intercept
    that comes from another prevalence.

    Examples
    --------
    >>> round(calibration_intercept([0, 0, 0, 1], [0.5, 0.5, 0.5, 0.5]), 3)
    -1.099
    """
    ones = np.ones((len(labels), 1))
    return float(_logistic(labels, ones, sample_weight, _log_odds(probabilities)).params[0])


def _log_odds(probabilities):
    return logit(np.clip(probabilities, SMALLEST, 1 - SMALLEST))


def _logistic(labels, design, weights, offset=None):
    options = {"family": Binomial(), "offset": offset, "freq_weights": weights}
    return GLM(labels.astype(float), design, **options).fit()


@dataclass(frozen=True)
class Temperature:
    """Divide log-odds by a value: above 1 makes probabilities less extreme, below 1 more."""

    value: float
    n: int

    def __repr__(self):
        return f"Temperature {self.value:.3g}, fitted on {self.n} cases"

    def apply(self, probabilities):
        """Return recalibrated probabilities of class 1, the same shape."""
        return expit(_log_odds(check_probabilities(probabilities)) / self.value)


def fit_temperature(labels, probabilities):
    """Find the temperature that makes the labels of validation data most probable.

    Guo and others 2017, https://arxiv.org/abs/1706.04599.

    Parameters
    ----------
    labels, probabilities : array-like, shape (n,)
        0 or 1, and probabilities of class 1, of validation data; never of the data to be scored.

    Returns
    -------
    temperature : Temperature
        Give it the test data: ``temperature.apply(probabilities)``.

    Raises
    ------
    ValueError
        No temperature fits: every case gets its own class, or the probabilities point the wrong
        way.

    Examples
    --------
    >>> labels = [0, 0, 0, 1, 0, 1, 1, 1]
    >>> fit_temperature(labels, np.repeat([0.1, 0.9], 4)).apply([0.1, 0.9]).round(3)
    array([0.25, 0.75])
    """
    labels, probabilities, _ = check_binary(labels, probabilities)
    toward_truth = np.where(labels == 1, 1, -1) * _log_odds(probabilities)

    def loss(log_temperature):
        return np.logaddexp(0, -toward_truth / np.exp(log_temperature)).mean()

    bounds = np.log([COLDEST, HOTTEST])
    best = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-6})
    value = float(np.exp(best.x))
    no_error = ((probabilities > 0.5) == labels).all()
    if no_error or not COLDEST * 1.01 < value < HOTTEST / 1.01:
        refuse(
            "probabilities",
            "no error" if no_error else f"a best temperature outside {COLDEST:g} to {HOTTEST:g}",
            "some errors, and probabilities that point the right way",
            "Use more validation cases, or look for swapped labels.",
        )
    return Temperature(value, len(labels))


def shift_prevalence(probabilities, old, new):
    """Turn probabilities that hold at one prevalence into those that hold at another.

    Multiplies the odds by (new odds / old odds): Saerens and others 2002,
    https://doi.org/10.1162/089976602753284446. Right if the positives look the same in both
    places, and the negatives too.

    Parameters
    ----------
    probabilities : array-like
        Of class 1, 0–1.
    old, new : float
        Prevalence of class 1 where the model was trained (after any resampling or class weights)
        and where it is used, above 0 and below 1.

    Examples
    --------
    >>> shift_prevalence([0.5, 0.9], old=0.5, new=0.05).round(3)
    array([0.05 , 0.321])
    """
    probabilities = check_probabilities(probabilities)
    old, new = check_fraction("old", old), check_fraction("new", new)
    positive, negative = probabilities * new / old, (1 - probabilities) * (1 - new) / (1 - old)
    return positive / (positive + negative)
