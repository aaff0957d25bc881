"""A score with its interval, and the unit that the interval rests on."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Estimate:
    """A score with its interval.

    Attributes
    ----------
    name : str
        What was measured.
    value, low, high : float
        The score, and the ends of its interval.
    groups : int
        How many groups it rests on.
    group_kind : str
        What a group is: 'patient', 'lesion', ...
    groups_per_class : tuple of int, or None
        How many groups of each class, in the order of the labels: (negative, positive).
    level : float
        How often such intervals should cover the truth, 0–1.
    n_resamples : int or None
        Draws of the bootstrap; None for an interval by formula.
    interval : str
        How it was made: 'percentile', 'logit-t' (see `interval_of_draws`) or 'Wilson'.
    warning : str or None
        Why the interval is too narrow, where that is known.

    Examples
    --------
    >>> Estimate("AUC", 0.931, 0.886, 0.967, 180, "patient")
    AUC 0.93 (95 % interval 0.89 to 0.97, 180 patients)
    """

    name: str
    value: float
    low: float
    high: float
    groups: int
    group_kind: str = "patient"
    groups_per_class: tuple | None = None
    level: float = 0.95
    n_resamples: int | None = None
    interval: str = "percentile"
    warning: str | None = None

    @property
    def unit(self):
        """The group kind in the plural: 'patients', 'lesions', ..."""
        return plural(self.group_kind)

    def __repr__(self):
        ends = f"{two_digits(self.low)} to {two_digits(self.high)}"
        interval = f"{100 * self.level:g} % interval {ends}"
        return f"{self.name} {two_digits(self.value)} ({interval}, {self.groups} {self.unit})"


def plural(noun):
    """Return 'studies' for 'study', and 'near-duplicate groups' for 'near-duplicate'."""
    if noun == "near-duplicate":
        return "near-duplicate groups"
    return noun[:-1] + "ies" if noun.endswith("y") else noun + "s"


def two_digits(number):
    """Print a number with two decimals, and never '-0.00'."""
    return f"{round(number, 2) + 0.0:.2f}"  # + 0.0 turns -0.0 into 0.0
