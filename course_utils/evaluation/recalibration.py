"""Mend probabilities: temperature for confidence, prior shift for another prevalence.

The two mend different things. A **temperature** divides the log-odds by one number: it changes how
extreme probabilities are (the calibration slope) and leaves 0.5 where it is. A **prior shift** adds
one number to the log-odds: it changes their mean (the calibration intercept), as after training on
oversampled cancers or moving to a clinic with fewer of them, and leaves the slope. Neither changes
the order of the cases (of two classes), so neither changes the AUC.
"""

from dataclasses import dataclass
from numbers import Real

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_softmax, softmax

from course_utils._checks import refuse
from course_utils.evaluation._checks import (
    check_binary,
    check_fraction,
    check_multiclass,
    check_probabilities,
    check_weights,
)
from course_utils.evaluation.calibration import SMALLEST, _log_odds

# Beyond these the data ask for no temperature: no case is predicted wrongly, or most are.
COLDEST, HOTTEST = 0.02, 50.0


@dataclass(frozen=True)
class Temperature:
    """A number that log-odds are divided by.

    Attributes
    ----------
    value : float
        Above 1 makes probabilities less extreme, below 1 more.
    n : int
        Rows it was fitted on.

    Examples
    --------
    >>> Temperature(2.0, n=100).apply([0.5, 0.9])
    array([0.5 , 0.75])
    """

    value: float
    n: int

    def __post_init__(self):
        if not isinstance(self.value, Real) or not 0 < self.value < np.inf:
            refuse("value", repr(self.value), "a number above 0", "See fit_temperature.")

    def apply(self, probabilities):
        """Return recalibrated probabilities, (n,) of class 1 or (n, classes)."""
        probabilities = np.asarray(probabilities, dtype=np.float64)
        if check_probabilities(probabilities, classes=probabilities.ndim == 2).ndim == 1:
            return expit(_log_odds(probabilities) / self.value)
        return softmax(_logs(probabilities) / self.value, axis=1)


def fit_temperature(labels, probabilities, *, weights=None):
    """Find the temperature that makes the labels of validation data most probable.

    Parameters
    ----------
    labels : array-like, shape (n,)
        Classes, of validation data; never of the data to be scored.
    probabilities : array-like, shape (n,) or (n, classes)
        Of class 1, or of every class.
    weights : array-like, shape (n,), optional
        How many cases of the population each row stands for.

    Returns
    -------
    temperature : Temperature
        Give it the test data: ``temperature.apply(probabilities)``.

    Raises
    ------
    ValueError
        As for `roc_auc`; or where no temperature fits, because every case gets its own class
        (the colder the better) or the probabilities point the wrong way.

    Notes
    -----
    Guo and others 2017, https://arxiv.org/abs/1706.04599. Taught in lesson 07.

    Examples
    --------
    >>> labels = [0, 0, 0, 1, 0, 1, 1, 1]
    >>> fit_temperature(labels, np.repeat([0.1, 0.9], 4)).apply([0.1, 0.9]).round(3)
    array([0.25, 0.75])
    """
    if np.ndim(probabilities) == 2:
        labels, probabilities, weights = check_multiclass(labels, probabilities, weights)
        logs = _logs(probabilities)
    else:
        labels, probabilities, weights = check_binary(labels, probabilities, weights)
        logs = np.stack([np.zeros(len(labels)), _log_odds(probabilities)], axis=1)
    labels = labels.astype(int)

    def loss(log_temperature):
        log_likelihood = log_softmax(logs / np.exp(log_temperature), axis=1)
        return -np.average(log_likelihood[np.arange(len(labels)), labels], weights=weights)

    bounds = np.log([COLDEST, HOTTEST])
    best = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-6})
    value = float(np.exp(best.x))
    no_error = (logs.argmax(axis=1) == labels).all()
    if no_error or not COLDEST * 1.01 < value < HOTTEST / 1.01:
        refuse(
            "probabilities",
            "no error" if no_error else f"a best temperature outside {COLDEST} to {HOTTEST}",
            "some errors, and probabilities that point the right way",
            "Use more validation cases, or look for swapped labels.",
        )
    return Temperature(value, len(labels))


def _logs(probabilities):
    return np.log(np.maximum(probabilities, SMALLEST))


def shift_prevalence(probabilities, old, new):
    """Turn probabilities that hold at one prevalence into those that hold at another.

    Parameters
    ----------
    probabilities : array-like, shape (n,) or (n, classes)
        Of class 1, or of every class, 0–1.
    old, new : float or array-like, shape (classes,)
        Prevalence of class 1 where the model was trained (after any resampling or class weights)
        and where it is used; or the shares of all classes.

    Returns
    -------
    probabilities : ndarray, the same shape, float64

    Raises
    ------
    ValueError
        Probabilities outside 0–1 or NaN; a prevalence that is not above 0 and below 1; shares
        that do not sum to 1.

    Notes
    -----
    Multiplies the odds by (new odds / old odds): Saerens and others 2002,
    https://doi.org/10.1162/089976602753284446. Right if the positives look the same in both
    places, and the negatives too. Taught in lesson 07.

    Examples
    --------
    A model trained on half-and-half classes says 0.5. Where 5 % are positive that means 0.05:

    >>> shift_prevalence([0.5, 0.9], old=0.5, new=0.05).round(3)
    array([0.05 , 0.321])
    """
    if np.ndim(probabilities) == 2:
        probabilities = check_probabilities(probabilities, classes=True)
        shares = [_check_shares(n, s, probabilities) for n, s in (("old", old), ("new", new))]
        shifted = probabilities * (shares[1] / shares[0])
        return shifted / shifted.sum(axis=1, keepdims=True)
    probabilities = check_probabilities(probabilities)
    old, new = check_fraction("old", old), check_fraction("new", new)
    positive, negative = probabilities * new / old, (1 - probabilities) * (1 - new) / (1 - old)
    return positive / (positive + negative)


def _check_shares(name, shares, probabilities):
    shares = check_weights(shares, probabilities.shape[1])
    if shares.min() <= 0 or abs(shares.sum() - 1) > 1e-6:
        refuse(name, shares.tolist(), "shares above 0 that sum to 1", "Give one per class.")
    return shares
