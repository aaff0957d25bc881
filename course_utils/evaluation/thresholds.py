"""A threshold, chosen once on validation data and frozen."""

from dataclasses import dataclass
from hashlib import sha256
from numbers import Real

import numpy as np

from course_utils._checks import check_choice, refuse
from course_utils.evaluation._checks import (
    check_binary,
    check_fraction,
    check_groups,
    check_kind,
    check_probabilities,
    check_unit_interval,
)
from course_utils.evaluation.discrimination import ROUNDING, roc_curve
from course_utils.evaluation.estimate import plural

RULES = ("sensitivity", "specificity", "youden", "cost")


@dataclass(frozen=True)
class Threshold:
    """A threshold that remembers the data it was chosen on.

    Attributes
    ----------
    value : float
        Cases at or above it are called positive.
    rule : str
        How it was chosen.
    sensitivity, specificity : float
        On the data it was chosen on; expect less on others.
    groups_per_class : tuple of int
        Negative and positive groups it was chosen on.
    prevalence : float
        Share of positives among them, with weights where given.
    group_kind : str
        What a group is.
    chosen_on : str
        What the data were called.
    fingerprint : str
        Tells whether other data are the very same.

    Examples
    --------
    >>> choose_threshold([0, 0, 1, 1], [0.1, 0.2, 0.4, 0.9], "sensitivity", target=1.0)
    Threshold 0.4, chosen for sensitivity at least 1 on validation data: 2 negative and 2 positive
    patients, prevalence 0.5; there sensitivity 1.00, specificity 1.00
    """

    value: float
    rule: str
    sensitivity: float
    specificity: float
    groups_per_class: tuple
    prevalence: float
    group_kind: str = "patient"
    chosen_on: str = "validation data"
    fingerprint: str = ""

    def apply(self, probabilities):
        """Return 1 for each case at or above the threshold and 0 for the others, int64, (n,)."""
        return (check_probabilities(probabilities) >= self.value).astype(np.int64)

    def was_chosen_on(self, labels, probabilities):
        """Tell whether these are the data that the threshold was chosen on."""
        positive, probabilities, _ = check_binary(labels, probabilities)
        return self.fingerprint == _fingerprint(positive, probabilities)

    def __float__(self):
        return self.value

    def __repr__(self):
        negatives, positives = self.groups_per_class
        return (
            f"Threshold {self.value:.3g}, chosen for {self.rule} on {self.chosen_on}: "
            f"{negatives} negative and {positives} positive {plural(self.group_kind)}, "
            f"prevalence {self.prevalence:.2g}; there sensitivity {self.sensitivity:.2f}, "
            f"specificity {self.specificity:.2f}"
        )


def choose_threshold(
    labels, probabilities, rule, *, target=None, costs=None, prevalence=None, weights=None,
    groups=None, group_kind="patient", chosen_on="validation data",
):  # fmt: skip
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
        Cost of a missed positive and of a false alarm, in any one unit.
    prevalence : float, optional
        For costs: the prevalence where the threshold will be used. Default: that of the data.
    weights : array-like, shape (n,), optional
        How many cases of the population each row stands for.
    groups : array-like, shape (n,), optional
        Group of each row, to count them. Default: each row is one.
    group_kind, chosen_on : str, optional
        What a group is, and what the data are called.

    Returns
    -------
    threshold : Threshold

    Raises
    ------
    ValueError
        As for `roc_auc`; an unknown rule; or a target or costs that are missing, out of range, or
        not used by the rule.

    Notes
    -----
    Youden 1950, https://doi.org/10.1002/1097-0142(1950)3:1<32::AID-CNCR2820030106>3.0.CO;2-3.
    Taught in lesson 05.

    Examples
    --------
    >>> labels, probabilities = [0, 0, 1, 1], [0.1, 0.6, 0.4, 0.9]
    >>> choose_threshold(labels, probabilities, "cost", costs=(10, 1)).value
    0.4
    >>> choose_threshold(labels, probabilities, "specificity", target=0.9).apply([0.5, 0.95])
    array([0, 1])
    """
    check_choice("rule", rule, RULES)
    _check_arguments(rule, target, costs, prevalence)
    positive, probabilities, weights = check_binary(labels, probabilities, weights)
    _, class_of_group = check_groups(groups, positive)
    share = float(np.average(positive, weights=weights))
    curve = roc_curve(positive, probabilities, weights=weights)
    sensitivity, specificity = curve["sensitivity"].to_numpy(), curve["specificity"].to_numpy()
    if rule in ("sensitivity", "specificity"):
        reached = curve[rule].to_numpy() >= target - ROUNDING
        # Rows run from the highest threshold down.
        row = int(np.argmax(reached)) if rule == "sensitivity" else int(np.flatnonzero(reached)[-1])
        text = f"{rule} at least {target:g}"
    elif rule == "youden":
        row = int(np.argmax(np.round(sensitivity + specificity, 9)))
        text = "the largest sum of sensitivity and specificity"
    else:
        p = share if prevalence is None else prevalence
        cost = p * (1 - sensitivity) * costs[0] + (1 - p) * (1 - specificity) * costs[1]
        row = int(np.argmin(np.round(cost / max(costs), 9)))
        text = f"the smallest cost, {costs[0]:g} per miss and {costs[1]:g} per false alarm"
        text += "" if prevalence is None else f", at prevalence {prevalence:g}"
    # The first row calls nothing positive: a threshold just above all probabilities.
    value = min(curve["threshold"].iloc[row], np.nextafter(probabilities.max(), 2))
    return Threshold(
        *(float(value), text, float(sensitivity[row]), float(specificity[row])),
        (int((~class_of_group).sum()), int(class_of_group.sum())),
        *(share, check_kind(group_kind), chosen_on, _fingerprint(positive, probabilities)),
    )


def _fingerprint(positive, probabilities):
    return sha256(positive.tobytes() + probabilities.tobytes()).hexdigest()[:16]


def _check_arguments(rule, target, costs, prevalence):
    if rule in ("sensitivity", "specificity"):
        check_unit_interval("target", target, f"Say which {rule} you want, such as 0.9.")
    elif target is not None:
        refuse("target", repr(target), f"no target for the rule {rule!r}", "Leave it out.")
    if rule == "cost":
        good = isinstance(costs, (tuple, list)) and len(costs) == 2
        if not good or not all(isinstance(c, Real) and 0 < c < np.inf for c in costs):
            refuse(
                "costs", repr(costs), "(cost of a miss, cost of a false alarm), both above 0",
                "Only their ratio matters; (10, 1) makes a miss ten times as bad.",
            )  # fmt: skip
        if prevalence is not None:
            check_fraction("prevalence", prevalence)
    elif costs is not None or prevalence is not None:
        refuse("costs and prevalence", "values", f"none for the rule {rule!r}", "Leave them out.")
