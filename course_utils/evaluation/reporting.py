"""The usual scores of a classifier together, each with its interval."""

from dataclasses import dataclass
from functools import partial
from textwrap import wrap

import numpy as np

from course_utils.evaluation._checks import UndefinedScoreError, check_binary
from course_utils.evaluation.calibration import calibration_intercept, calibration_slope
from course_utils.evaluation.intervals import WIDTH, bootstrap, plural, two_digits
from course_utils.evaluation.scores import (
    average_precision,
    prevalence_weights,
    roc_auc,
    sensitivity_at_specificity,
)
from course_utils.evaluation.thresholds import Threshold, check_threshold


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
    "AUC": roc_auc,
    "average precision": average_precision,
    "sensitivity at 90 % specificity": partial(sensitivity_at_specificity, specificity=0.9),
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
    """Show what was scored, the scores with their intervals, and what is known against them."""

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

    A score that these data do not define, such as a calibration slope of separated classes, is left
    out with the reason.

    Parameters
    ----------
    labels : array-like, shape (n,)
        0 or 1, one per group.
    probabilities : array-like, shape (n,)
        Probability of class 1, 0–1.
    threshold : float or Threshold, optional
        Adds sensitivity, specificity and predictive values at it. Choose it on other data.
    prevalence : float, optional
        Where the classifier would be used. Scores that depend on it (average precision,
        predictive values, Brier score, calibration) are weighted to it; the probabilities should
        hold there, too (`shift_prevalence`). Default: the data's own.
    group_kind, n_resamples : optional
        As for `bootstrap`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 100)
    >>> probabilities = np.clip(rng.normal(0.3 + 0.3 * labels, 0.2), 0, 1)
    >>> report(labels, probabilities, prevalence=0.1)
    100 positive and 100 negative patients; 95 % intervals over patients; prevalence 0.1
      AUC                               0.84  (0.77 to 0.88, logit-t)
      average precision                 0.54  (0.43 to 0.65, logit-t)
      sensitivity at 90 % specificity   0.51  (0.36 to 0.66, logit-t)
      Brier score                       0.14  (0.12 to 0.17, logit-t)
      calibration slope                 1.74  (1.32 to 2.32, percentile)
      calibration intercept            -1.81  (-1.96 to -1.65, percentile)
    """
    labels, probabilities, _ = check_binary(labels, probabilities)
    weights = None if prevalence is None else prevalence_weights(labels, prevalence)
    given = {"sample_weight": weights, "group_kind": group_kind, "n_resamples": n_resamples}
    scores = dict(OVERALL)
    if threshold is not None:
        value = check_threshold(threshold)
        scores |= {name: partial(score, threshold=value) for name, score in AT_THRESHOLD.items()}
    estimates, left_out = [], []
    for name, score in scores.items():
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
        warnings=(*left_out, *(f"Warning: {warning}" for warning in warnings)),
    )
