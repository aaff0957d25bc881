"""A threshold, chosen once on validation data and frozen."""

from dataclasses import dataclass
from hashlib import sha256
from numbers import Real
from textwrap import fill

import numpy as np
from sklearn.metrics import roc_curve

from course_utils._checks import check_choice, refuse
from course_utils.evaluation._checks import check_binary, check_fraction
from course_utils.evaluation.intervals import WIDTH
from course_utils.evaluation.scores import ROUNDING

RULES = ("sensitivity", "specificity", "youden", "cost")


@dataclass(frozen=True)
class Threshold:
    """Remember a threshold, the scores at it, and the data it was chosen on.

    Cases at or above `value` are called positive; on other data expect lower scores.
    """

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

    Parameters
    ----------
    labels, probabilities : array-like, shape (n,)
        Labels 0 or 1 and probabilities of class 1 of **validation** groups.
    rule : {"sensitivity", "specificity", "youden", "cost"}
        The highest threshold with at least the target sensitivity; the lowest with at least the
        target specificity; the one with the largest sum of sensitivity and specificity; or the
        one with the smallest expected cost. Ties go to the highest threshold.
    target : float, optional
        The sensitivity or specificity wanted, 0–1.
    costs : (float, float), optional
        Cost of a missed positive and of a false positive, in any one unit.
    chosen_on : str, optional
        What the data are called.

    Examples
    --------
    >>> choose_threshold([0, 0, 1, 1], [0.1, 0.2, 0.4, 0.9], "sensitivity", target=1.0)
    Threshold 0.4, chosen for sensitivity at least 1 on validation data: 2 negative and 2
    positive cases; there sensitivity 1.00, specificity 1.00
    """
    _check_arguments(rule, target, costs)
    labels, probabilities, _ = check_binary(labels, probabilities)
    false_positives, sensitivity, values = roc_curve(labels, probabilities, drop_intermediate=False)
    specificity, share = 1 - false_positives, labels.mean()
    if rule == "sensitivity":  # the points run from the highest threshold down
        point, text = np.argmax(sensitivity >= target - ROUNDING), f"{rule} at least {target:g}"
    elif rule == "specificity":
        point = np.flatnonzero(specificity >= target - ROUNDING)[-1]
        text = f"{rule} at least {target:g}"
    elif rule == "youden":
        point = np.argmax(np.round(sensitivity + specificity, 9))
        text = "the largest sum of sensitivity and specificity"
    else:
        cost = share * (1 - sensitivity) * costs[0] + (1 - share) * false_positives * costs[1]
        point = np.argmin(np.round(cost / max(costs), 9))
        text = f"the smallest cost, {costs[0]:g} per miss and {costs[1]:g} per false positive"
    return Threshold(
        # The first point calls nothing positive: a threshold slightly above all probabilities.
        value=float(min(values[point], np.nextafter(probabilities.max(), 2))),
        rule=text,
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
    if not isinstance(value, Real) or isinstance(value, bool) or not 0 <= value <= 1.001:
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
    good = isinstance(costs, (tuple, list)) and len(costs) == 2
    if rule == "cost" and not (good and all(isinstance(c, Real) and 0 < c < np.inf for c in costs)):
        advice = "Only their ratio matters; (10, 1) makes a miss ten times as bad."
        refuse("costs", repr(costs), "(cost of a miss, of a false positive), both above 0", advice)
