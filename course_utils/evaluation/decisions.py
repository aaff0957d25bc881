"""From probabilities to decisions: calibration and how to correct it, a threshold, the report.

A **temperature** divides the log-odds by one number: it changes how extreme probabilities are (the
calibration slope) and leaves 0.5 where it is. A **prior shift** adds one number to the log-odds: it
changes their mean (the calibration intercept), as after training on oversampled cancers or moving
to a clinic with fewer of them, and leaves the slope. Neither changes the order of the cases, so
neither changes the AUC. A threshold is chosen once, on validation data, and frozen.
"""

from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from numbers import Real
from textwrap import fill, wrap

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit
from sklearn.metrics import roc_curve
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_linear_model import GLM

from course_utils._checks import check_choice, refuse
from course_utils.evaluation import scores
from course_utils.evaluation._checks import (
    UndefinedScoreError,
    check_binary,
    check_fraction,
    check_probabilities,
    checked,
)
from course_utils.evaluation.intervals import WIDTH, bootstrap, plural, two_digits

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

    Never take the data to be scored; they come afterwards: ``temperature.apply(probabilities)``.
    Arguments as for `roc_auc`. Guo and others 2017, https://arxiv.org/abs/1706.04599.

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

    Old is the prevalence of class 1 where the model was trained (after any resampling or class
    weights), new where it is used, both above 0 and below 1. Multiplies the odds by (new odds / old
    odds), Saerens and others 2002, https://doi.org/10.1162/089976602753284446: right if the
    positives look the same in both places, and the negatives too.

    >>> shift_prevalence([0.5, 0.9], old=0.5, new=0.05).round(3)
    array([0.05 , 0.321])
    """
    probabilities = check_probabilities(probabilities)
    old, new = check_fraction("old", old), check_fraction("new", new)
    positive, negative = probabilities * new / old, (1 - probabilities) * (1 - new) / (1 - old)
    return positive / (positive + negative)


RULES = ("sensitivity", "specificity", "cost")


@dataclass(frozen=True)
class Threshold:
    """Remember a threshold, from which on cases are positive, and the data it was chosen on."""

    value: float
    rule: str
    sensitivity: float
    specificity: float
    cases_per_class: tuple
    chosen_on: str
    fingerprint: str

    def was_chosen_on(self, labels, probabilities):
        """Tell whether these are the data that the threshold was chosen on."""
        return self.fingerprint == _fingerprint(*check_binary(labels, probabilities)[:2])

    def __float__(self):
        return self.value

    def __repr__(self):
        negatives, positives = self.cases_per_class
        text = (
            f"Threshold {self.value:.3g}, chosen for {self.rule} on {self.chosen_on}: "
            f"{negatives} negative and {positives} positive cases; there sensitivity "
            f"{self.sensitivity:.2f}, specificity {self.specificity:.2f}"
        )
        return fill(text, WIDTH)


def choose_threshold(
    labels, probabilities, rule, *, target=None, costs=None, chosen_on="validation data"
):
    """Choose a threshold on validation data; apply it, unchanged, to test data.

    Labels and probabilities are those of `roc_auc`, of **validation** groups, which `chosen_on`
    names. By the rules it is

    - "sensitivity": the highest threshold with at least the target sensitivity, 0–1;
    - "specificity": the lowest with at least the target specificity, 0–1;
    - "cost": the one with the smallest expected cost; costs are those of a missed positive and of a
      false positive, in any one unit.

    Ties go to the highest threshold.

    >>> choose_threshold([0, 0, 1, 1], [0.1, 0.2, 0.4, 0.9], "sensitivity", target=1.0)
    Threshold 0.4, chosen for sensitivity at least 1 on validation data: 2 negative and 2
    positive cases; there sensitivity 1.00, specificity 1.00
    """
    _check_arguments(rule, target, costs)
    labels, probabilities, _ = check_binary(labels, probabilities)
    false_positives, sensitivity, values = roc_curve(labels, probabilities, drop_intermediate=False)
    specificity, share = 1 - false_positives, labels.mean()
    wish = "" if target is None else f"{rule} at least {target:g}"
    if rule == "sensitivity":  # the points run from the highest threshold down
        point = np.argmax(sensitivity >= target - scores.ROUNDING)
    elif rule == "specificity":
        point = np.flatnonzero(specificity >= target - scores.ROUNDING)[-1]
    else:
        cost = share * (1 - sensitivity) * costs[0] + (1 - share) * false_positives * costs[1]
        point = np.argmin(np.round(cost / max(costs), 9))
        wish = f"the smallest cost, {costs[0]:g} per miss and {costs[1]:g} per false positive"
    return Threshold(
        # The first point calls nothing positive: a threshold slightly above all probabilities.
        value=float(min(values[point], np.nextafter(probabilities.max(), 2))),
        rule=wish,
        sensitivity=float(sensitivity[point]),
        specificity=float(specificity[point]),
        cases_per_class=tuple(np.bincount(labels).tolist()),
        chosen_on=chosen_on,
        fingerprint=_fingerprint(labels, probabilities),
    )


def check_threshold(threshold):
    """Return a threshold, a number or what `choose_threshold` gives, as a float."""
    value = getattr(threshold, "value", threshold)
    # Slightly above 1 calls nothing positive; see choose_threshold.
    if not isinstance(value, Real) or not 0 <= value <= 1.001:
        refuse("threshold", repr(threshold), "a probability, 0 to 1", "See choose_threshold.")
    return float(value)


def _fingerprint(labels, probabilities):
    return sha256(labels.tobytes() + probabilities.tobytes()).hexdigest()[:16]


def _check_arguments(rule, target, costs):
    check_choice("rule", rule, RULES)
    if rule in ("sensitivity", "specificity"):
        check_fraction("target", target, f"Say which {rule} you want, such as 0.9.", ends=True)
    elif target is not None:
        refuse("target", repr(target), f"no target for the rule {rule!r}", "Leave it out.")
    if rule != "cost" and costs is not None:
        refuse("costs", repr(costs), f"none for the rule {rule!r}", "Leave them out.")
    if rule == "cost" and not (np.shape(costs) == (2,) and min(costs) > 0 and max(costs) < np.inf):
        advice = "Only their ratio matters; (10, 1) makes a miss ten times as bad."
        refuse("costs", repr(costs), "(cost of a miss, of a false positive), both above 0", advice)


def _brier_score(labels, probabilities, *, sample_weight=None):
    return np.average((probabilities - labels) ** 2, weights=sample_weight)


def _share(labels, probabilities, *, threshold, of, right, sample_weight=None):
    """Return the share of right ones among the rows that `of` selects."""
    weights = np.ones(len(labels)) if sample_weight is None else sample_weight
    called = probabilities >= threshold
    rows = labels == right if of == "truth" else called == right
    if not weights[rows].any():
        call = "positive" if right else "negative"
        raise UndefinedScoreError(
            f"{call} predictive value: received no case called {call}; allowed: at least one. "
            "Move the threshold, or report sensitivity and specificity."
        )
    return weights[rows & (labels == called)].sum() / weights[rows].sum()


OVERALL = {
    "AUC": scores.roc_auc,
    "average precision": scores.average_precision,
    "sensitivity at 90 % specificity": partial(scores.sensitivity_at_specificity, specificity=0.9),
    "Brier score": _brier_score,
    "calibration slope": calibration_slope,
    "calibration intercept": calibration_intercept,
}
AT_THRESHOLD = {
    "sensitivity": partial(_share, of="truth", right=1),
    "specificity": partial(_share, of="truth", right=0),
    "positive predictive value": partial(_share, of="call", right=1),
    "negative predictive value": partial(_share, of="call", right=0),
}


@dataclass(frozen=True, eq=False)
class Report:
    """Show what was scored, the scores with intervals, and what is known against them."""

    heading: tuple
    estimates: tuple
    warnings: tuple

    def __repr__(self):
        width = max(len(e.name) for e in self.estimates)
        lines = [
            f"  {e.name:{width}}  {two_digits(e.value):>5}  "
            f"({two_digits(e.low)} to {two_digits(e.high)}, {e.method})"
            for e in self.estimates
        ]
        notes = [line for text in self.warnings for line in wrap(text, WIDTH)]
        return "\n".join([*self.heading, *lines, *notes])


def report(
    labels,
    probabilities,
    *,
    threshold=None,
    prevalence=None,
    group_kind="patient",
    n_resamples=1000,
):
    """Score a classifier in the usual ways, each score with its interval over groups.

    Labels and probabilities are those of `roc_auc`, one per group; group_kind and n_resamples those
    of `bootstrap`. A score that these data do not define, such as a calibration slope of separated
    classes, is left out with the reason.

    A threshold, chosen on other data, adds sensitivity, specificity and predictive values. With the
    prevalence where the classifier would be used (left out: the data's own), scores that depend on
    it are weighted to it: average precision, predictive values, Brier score, calibration. The
    probabilities should hold there, too (`shift_prevalence`).

    >>> labels = np.repeat([0, 1], 100)
    >>> probabilities = np.random.default_rng(0).uniform(0.6 * labels, 1)
    >>> print(str(report(labels, probabilities)).splitlines()[0])
    100 positive and 100 negative patients; 95 % intervals over patients; prevalence 0.5
    """
    labels, probabilities, _ = check_binary(labels, probabilities)
    weights = None if prevalence is None else scores.prevalence_weights(labels, prevalence)
    given = {"sample_weight": weights, "group_kind": group_kind, "n_resamples": n_resamples}
    wanted = dict(OVERALL)
    if threshold is not None:
        value = check_threshold(threshold)
        wanted |= {name: partial(score, threshold=value) for name, score in AT_THRESHOLD.items()}
    estimates, left_out = [], []
    for name, score in wanted.items():
        try:
            estimates.append(bootstrap(score, labels, probabilities, name=name, **given))
        except UndefinedScoreError as error:
            left_out.append(f"Left out: {error}")
    warnings = list(dict.fromkeys(e.warning for e in estimates if e.warning))
    text = f"Threshold {float(threshold or 0):.3g}"
    if isinstance(threshold, Threshold):
        text = repr(threshold)
        if threshold.was_chosen_on(labels, probabilities):
            warnings.append(
                "The threshold was chosen on the very data scored here: scores at it are too good."
            )
    share, groups = labels.mean() if prevalence is None else prevalence, plural(group_kind)
    heading = (
        f"{labels.sum()} positive and {(1 - labels).sum()} negative {groups}; 95 % intervals over "
        f"{groups}; prevalence {share:.2g}"
    )
    return Report(
        estimates=tuple(estimates),
        heading=(heading,) if threshold is None else (heading, text),
        warnings=(*left_out, *(f"Caution: {warning}" for warning in warnings)),
    )
