"""The usual scores of a classifier together, each with its interval."""

from dataclasses import dataclass, field
from html import escape

import numpy as np
import pandas as pd

from course_utils._checks import frozen
from course_utils.evaluation import calibration, counts, discrimination
from course_utils.evaluation._checks import UndefinedScoreError, check_binary, check_fraction
from course_utils.evaluation.estimate import plural, two_digits
from course_utils.evaluation.resampling import bootstrap
from course_utils.evaluation.thresholds import Threshold

# Enough for two decimals; `bootstrap` itself draws 2000.
RESAMPLES = 1000
OVERALL = (
    ("AUC", discrimination.roc_auc, {}),
    ("average precision", discrimination.average_precision, {}),
    (
        "sensitivity at 90 % specificity",
        discrimination.sensitivity_at_specificity,
        {"specificity": 0.9},
    ),
    ("Brier score", calibration.brier_score, {}),
    ("calibration slope", calibration.calibration_slope, {}),
    ("calibration intercept", calibration.calibration_intercept, {}),
)
AT_THRESHOLD = (
    ("sensitivity", counts.sensitivity),
    ("specificity", counts.specificity),
    ("positive predictive value", counts.positive_predictive_value),
    ("negative predictive value", counts.negative_predictive_value),
)


@dataclass(frozen=True, eq=False)
class Report:
    """Scores with intervals, and the data that `plotting` draws them from.

    Attributes
    ----------
    estimates : tuple of Estimate
        Only those scores that exist; see `left_out`.
    left_out : tuple of str
        Why other scores do not exist for these data.
    labels, probabilities, weights : ndarray, shape (n,)
        What was scored; the weights give the stated prevalence.
    prevalence : float
        What scores that depend on it are for.
    threshold : float, Threshold or None
    group_kind : str
    groups_per_class : tuple of int
        Negative and positive groups.
    """

    estimates: tuple
    left_out: tuple
    labels: np.ndarray = field(repr=False)
    probabilities: np.ndarray = field(repr=False)
    weights: np.ndarray = field(repr=False)
    prevalence: float
    threshold: object
    group_kind: str
    groups_per_class: tuple

    def __getitem__(self, name):
        """Return the estimate of that name."""
        for estimate in self.estimates:
            if estimate.name == name:
                return estimate
        names = ", ".join(repr(e.name) for e in self.estimates)
        raise KeyError(f"{name!r} is not in this report, which has {names}.")

    @property
    def table(self):
        """A row per score: value, low, high, groups, unit, level, n_resamples, warning."""
        columns = ("value", "low", "high", "groups", "unit", "level", "n_resamples", "warning")
        rows = [{name: getattr(e, name) for name in columns} for e in self.estimates]
        names = pd.Index([e.name for e in self.estimates], name="score")
        return pd.DataFrame(rows, index=names, columns=columns)

    @property
    def counts(self):
        """The unweighted confusion counts at the threshold, or None."""
        if self.threshold is None:
            return None
        return counts.confusion_counts(self.labels, self.probabilities, self.threshold)

    @property
    def warnings(self):
        """What is known against the scores and their intervals, each warning once."""
        known = [e.warning for e in self.estimates if e.warning]
        if isinstance(self.threshold, Threshold) and self.threshold.was_chosen_on(
            self.labels, self.probabilities
        ):
            known.append(
                "The threshold was chosen on the very data scored here: scores at it are too good."
            )
        return tuple(dict.fromkeys(known))

    def _heading(self):
        negatives, positives = self.groups_per_class
        level = f"{100 * self.estimates[0].level:g} %"
        yield (
            f"{positives} positive and {negatives} negative {plural(self.group_kind)}; {level} "
            f"intervals over {plural(self.group_kind)}; prevalence {self.prevalence:.2g}"
        )
        if isinstance(self.threshold, float):
            yield f"Threshold {self.threshold:.3g}"
        elif self.threshold is not None:
            yield repr(self.threshold)

    def _notes(self):
        return [f"Warning: {text}" for text in self.warnings] + list(self.left_out)

    def __repr__(self):
        width = max(len(e.name) for e in self.estimates)
        lines = [
            f"  {e.name:{width}}  {two_digits(e.value):>5}  "
            f"({two_digits(e.low)} to {two_digits(e.high)})"
            for e in self.estimates
        ]
        return "\n".join([*self._heading(), *lines, *self._notes()])

    def _repr_html_(self):
        rows = "".join(
            f"<tr><th scope='row' style='text-align:left'>{escape(e.name)}</th>"
            f"<td>{two_digits(e.value)}</td>"
            f"<td>{two_digits(e.low)} to {two_digits(e.high)}</td></tr>"
            for e in self.estimates
        )
        level = f"{100 * self.estimates[0].level:g} % interval"
        head = f"<tr><th scope='col'>score</th><th scope='col'>value</th><th>{level}</th></tr>"
        heading, notes = (
            "".join(f"<p>{escape(line)}</p>" for line in lines)
            for lines in (self._heading(), self._notes())
        )
        return f"{heading}<table><thead>{head}</thead><tbody>{rows}</tbody></table>{notes}"


def report(
    labels, probabilities, groups=None, threshold=None, prevalence=None, *, group_kind="patient",
    level=0.95, n_resamples=RESAMPLES, seed=0, interval=None,
):  # fmt: skip
    """Score a classifier in the usual ways, each score with its interval over groups.

    Parameters
    ----------
    labels : array-like, shape (n,)
        0 or 1.
    probabilities : array-like, shape (n,)
        Probability of class 1, 0–1.
    groups : array-like, shape (n,), optional
        Group of each row; whole groups are drawn. Default: each row is one.
    threshold : float or Threshold, optional
        Adds sensitivity, specificity and predictive values at it. Choose it on other data.
    prevalence : float, optional
        Where the classifier would be used. Scores that depend on it (average precision,
        predictive values, Brier score, calibration) are weighted to it; the probabilities should
        hold there, too (`shift_prevalence`). Default: the data's own.
    group_kind : str, optional
        What a group is.
    level, n_resamples, seed, interval
        As for `bootstrap`.

    Returns
    -------
    report : Report
        Prints itself, shows itself in a notebook, carries ``report.table``;
        `plotting.plot_report` draws it.

    Raises
    ------
    ValueError
        As for `bootstrap`.

    Notes
    -----
    A score that these data do not define, such as a calibration slope of separated classes, is
    left out with the reason. Taught in lesson 05.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 100)
    >>> probabilities = np.clip(rng.normal(0.3 + 0.3 * labels, 0.2), 0, 1)
    >>> result = report(labels, probabilities, threshold=0.5, prevalence=0.1, n_resamples=100)
    >>> result["AUC"]
    AUC 0.84 (95 % interval 0.78 to 0.88, 200 patients)
    """
    positive, probabilities, _ = check_binary(labels, probabilities)
    own = prevalence is None
    prevalence = float(positive.mean()) if own else check_fraction("prevalence", prevalence)
    weights = counts.prevalence_weights(positive, prevalence)
    wanted = list(OVERALL)
    if threshold is not None:
        threshold = (
            threshold if isinstance(threshold, Threshold) else counts.check_threshold(threshold)
        )
        wanted += [(name, metric, {"threshold": threshold}) for name, metric in AT_THRESHOLD]
    estimates, left_out = [], []
    for name, metric, options in wanted:
        try:
            estimates.append(
                bootstrap(
                    *(metric, positive, probabilities, groups, None if own else weights),
                    name=name, group_kind=group_kind, level=level, n_resamples=n_resamples,
                    seed=seed, interval=interval, **options,
                )
            )  # fmt: skip
        except UndefinedScoreError as error:
            left_out.append(f"Left out: {error}")
    return Report(
        *(tuple(estimates), tuple(left_out)),
        *(frozen(positive.astype(np.int64)), frozen(probabilities), frozen(weights)),
        *(prevalence, threshold, group_kind, estimates[0].groups_per_class),
    )
