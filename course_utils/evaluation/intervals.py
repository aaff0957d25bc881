"""Intervals over the right unit: patients or lesions, not images."""

from dataclasses import dataclass
from textwrap import wrap

import numpy as np
from scipy import special, stats
from statsmodels.stats.proportion import proportion_confint

from course_utils._checks import check_choice, check_integer, refuse
from course_utils.evaluation._checks import (
    UndefinedScoreError,
    check_groups,
    check_probabilities,
    check_weights,
)
from course_utils.evaluation.scores import ROUNDING

CONFIDENCE_LEVEL = 0.95
RESAMPLES = 2000
WIDTH = 88
# A score may be undefined in some draws, such as a predictive value where nothing was called
# positive. Leaving out more of them than this would change what the interval means.
UNDEFINED_ALLOWED = 0.05
# In how many of the simulated studies the interval of an AUC covered the truth, least and most,
# by the groups of the smaller class. Measured by
# python -m authoring.studies.bootstrap_coverage --replications 6000 --seed 0
COVERAGE = {
    "logit-t": {6: (0.41, 0.98), 20: (0.92, 0.97), 75: (0.95, 0.96)},
    "percentile": {6: (0.42, 0.90), 20: (0.81, 0.94), 75: (0.92, 0.94)},
}
LOW_COVERAGE = 0.9
# With fewer skewed values than this, the percentile interval of their mean covers too seldom; that
# of a median of more covers 0.88 to 0.96, up and down with their number.
FEW = {"mean": 40, "median": 6, "difference": 20}
NAMES = {"roc_auc": "AUC", "macro_auc": "macro AUC"}


@dataclass(frozen=True)
class Estimate:
    """Show a score with its 95 % interval, how that was made, and the unit that it rests on.

    The spread is the standard deviation over runs, the chance in training, which the interval does
    not contain.
    """

    name: str
    value: float
    low: float
    high: float
    n_groups: int
    group_kind: str = "patient"
    method: str = "logit-t"
    groups_per_class: tuple | None = None
    spread_over_runs: float | None = None
    warning: str | None = None

    def __repr__(self):
        ends = f"{100 * CONFIDENCE_LEVEL:g} % interval {two_digits(self.low)} to "
        made = f"{ends}{two_digits(self.high)}, {self.method}, "
        line = f"{self.name} {two_digits(self.value)} ({made}"
        line += f"{self.n_groups} {plural(self.group_kind)})"
        warning = self.warning or ""
        return "\n".join([line, *wrap(warning, WIDTH, initial_indent="  ", subsequent_indent="  ")])


def plural(noun):
    """Return 'studies' for 'study', and 'near-duplicate groups' for 'near-duplicate'."""
    if noun == "near-duplicate":
        return "near-duplicate groups"
    return noun[:-1] + "ies" if noun.endswith("y") else noun + "s"


def two_digits(number):
    """Print a number with two decimals, and never '-0.00'."""
    return f"{round(number, 2) + 0.0:.2f}"  # + 0.0 turns -0.0 into 0.0


def bootstrap(
    score,
    labels,
    predictions,
    *,
    against=None,
    groups=None,
    sample_weight=None,
    name=None,
    group_kind="patient",
    interval=None,
    n_resamples=RESAMPLES,
    **options,
):
    """Put an interval around a score, or a difference of two models, by drawing groups.

    Groups are drawn within class, as the mix of classes of a test set was decided by whoever
    collected it, with replacement, and each with all its rows.

    Parameters
    ----------
    score : callable
        ``score(labels, predictions, **options)`` returns a number; with weights it gets
        ``sample_weight=`` as well. Scores of this package and of scikit-learn qualify.
    labels, groups, sample_weight : array-like, shape (n,)
        Class of each row, an integer; its group (default: each is one), and how many cases of the
        population it stands for.
    predictions : array-like, shape (n,) or (n, classes); or (runs, n) or (runs, n, classes)
        0–1, as the score wants them. Of several trainings of one model, *runs*, the scores are
        averaged.
    against : array-like, shape as `predictions`, optional
        Predictions of a second model for the same rows, whose score is subtracted. The same groups
        are drawn for both, so that what makes a group difficult for both cancels.
    name, group_kind : str, optional
        What to call the score (default: the function's name), and what a group is.
    interval : {"logit-t", "percentile"}, optional
        The middle of the draws (percentile); or, better in small samples, a symmetric interval on
        the scale of the log-odds from the standard deviation of the draws and the t distribution of
        the smaller class (logit-t). Default: logit-t for a score whose draws all lie between 0 and
        1, unless ``score.interval`` is ``"percentile"``; percentile for differences and others.
    n_resamples : int, optional
        At least 100.

    Notes
    -----
    The interval is about other groups, not about other trainings. Bootstrap (Efron 1979,
    https://doi.org/10.1214/aos/1176344552) over clusters (Rutter 2000,
    https://doi.org/10.1016/S1076-6332(00)80381-5; Field and Welsh 2007,
    https://doi.org/10.1111/j.1467-9868.2007.00593.x). Logit-t is our own choice among the variants
    that authoring/studies/bootstrap_coverage.py measured.

    Examples
    --------
    >>> from course_utils.evaluation import roc_auc
    >>> labels, model, coin = [0, 1] * 30, [0.1, 0.8, 0.6, 0.4] * 15, [0.5] * 60
    >>> bootstrap(roc_auc, labels, model)
    AUC 0.75 (95 % interval 0.59 to 0.86, logit-t, 60 patients)
    >>> bootstrap(roc_auc, labels, model, against=coin)
    AUC difference 0.25 (95 % interval 0.12 to 0.37, percentile, 60 patients)
    """
    labels, (group_of_row, class_of_group) = _check_rows(labels, groups)
    weights = check_weights(sample_weight, len(labels))
    if interval is not None:
        check_choice("interval", interval, COVERAGE)
    check_integer("n_resamples", n_resamples, 100)
    models = [_check_runs(predictions, len(labels))]
    if against is not None:
        models.append(_check_runs(against, len(labels)))

    def of_runs(score, rows):
        """Score every run of every model on these rows."""
        given = options if weights is None else options | {"sample_weight": weights[rows]}
        return [[score(labels[rows], run[rows], **given) for run in model] for model in models]

    def combined(scores):
        means = [float(np.mean(runs)) for runs in scores]
        return means[0] - means[1] if len(means) == 2 else means[0]

    everyone = np.arange(len(labels))
    own = of_runs(score, everyone)
    value, draws = combined(own), np.full(n_resamples, np.nan)
    # The labels were checked just now, and a draw has no others.
    unchecked = getattr(score, "unchecked", score)
    with np.errstate(invalid="ignore", divide="ignore"):
        for draw, counts in enumerate(draw_groups(class_of_group, n_resamples)):
            try:
                rows = np.repeat(everyone, counts[group_of_row])
                draws[draw] = combined(of_runs(unchecked, rows))
            except ValueError:  # undefined for this draw
                continue
    name = name or _name(score)
    missing = np.isnan(draws)
    if np.isnan(value) or missing.mean() > UNDEFINED_ALLOWED:
        raise UndefinedScoreError(
            f"{name}: received {missing.mean():.0%} undefined bootstrap draws; allowed: "
            f"{UNDEFINED_ALLOWED:.0%}. There are too few cases; report a score that always exists."
        )
    sizes = tuple(np.unique(class_of_group, return_counts=True)[1].tolist())
    draws, smallest, paired = draws[~missing], min(sizes), len(models) == 2
    kind = interval or getattr(score, "interval", None)
    method = "percentile" if paired else kind or _method(value, draws)
    low, high = interval_of_draws(value, draws, smallest, method)
    warnings = [_low_coverage(smallest, group_kind, method, paired)]
    if low == high:
        warnings.append("The score is the same in all draws; that does not mean certainty.")
    if missing.any():
        warnings.append(f"{missing.sum()} draws without a defined value were left out.")
    return Estimate(
        name=f"{name} difference" if paired else name,
        value=value,
        low=low,
        high=high,
        n_groups=sum(sizes),
        group_kind=group_kind,
        method=method,
        groups_per_class=sizes,
        spread_over_runs=float(np.std(own[0], ddof=1)) if len(own[0]) > 1 and not paired else None,
        warning=" ".join(filter(None, warnings)) or None,
    )


def draw_groups(class_of_group, n_resamples=RESAMPLES, seed=0):
    """Return how often each group is drawn, within its class, (n_resamples, groups)."""
    rng = np.random.default_rng(seed)
    counts = np.empty((n_resamples, len(class_of_group)), dtype=np.int64)
    for k in np.unique(class_of_group)[::-1]:
        members = np.flatnonzero(class_of_group == k)
        n = len(members)
        counts[:, members] = rng.multinomial(n, np.full(n, 1 / n), n_resamples)
    return counts


def interval_of_draws(value, draws, smallest, method):
    """Return the ends of the interval; `smallest` is the number of groups in the smaller class."""
    tail = (1 - CONFIDENCE_LEVEL) / 2
    if method == "percentile":
        low, high = np.percentile(draws, [100 * tail, 100 - 100 * tail])
        return float(low), float(high)
    if _method(value, draws) != method:
        received = f"a score of {value:g}, with draws from {draws.min():g} to {draws.max():g}"
        refuse("interval", f"logit-t for {received}", "above 0 and below 1", "Use 'percentile'.")
    spread = draws.std() * np.sqrt(smallest / (smallest - 1))
    reach = stats.t.ppf(1 - tail, smallest - 1) * spread / (value * (1 - value))
    low, high = special.expit(special.logit(value) + np.array([-reach, reach]))
    return float(low), float(high)


def _method(value, draws):
    # A sum of shares may end slightly above 1.
    fraction = 0 < value < 1 and draws.min() >= -ROUNDING and draws.max() <= 1 + ROUNDING
    return "logit-t" if fraction else "percentile"


def _low_coverage(smallest, group_kind, method, paired):
    """Say where coverage is known to be low."""
    start = f"Only {smallest} {plural(group_kind)} in the smallest class: "
    if paired:
        return f"{start}the interval is too narrow." if smallest < FEW["difference"] else None
    known = COVERAGE[method]
    size = max((size for size in known if size <= smallest), default=min(known))
    low, high = known[size]
    if low >= LOW_COVERAGE:
        return None
    return (
        f"{start}in simulation with {size}, 95 % {method} intervals covered the truth, there an "
        f"AUC, in {low:.2f} to {high:.2f} of the studies instead of 0.95."
    )


def _name(score):
    name = getattr(score, "__name__", "score")
    return NAMES.get(name, name.removesuffix("_score").replace("_", " "))


def _check_rows(labels, groups):
    labels = np.asarray(labels)
    if labels.ndim != 1 or not labels.size or labels.dtype.kind not in "biu":
        received = f"shape {labels.shape}, dtype {labels.dtype}"
        refuse("labels", received, "integers of shape (n,), n at least 1", "Give one per row.")
    labels = labels.astype(np.int64)
    grouped = check_groups(groups, labels)
    sizes = np.unique(grouped[1], return_counts=True)[1].tolist()
    if len(sizes) < 2 or min(sizes) < 2:
        allowed = "at least two groups in each of at least two classes"
        received = f"{' and '.join(map(str, sizes))} groups per class"
        refuse("labels", received, allowed, "One patient shows no variation between patients.")
    return labels, grouped


def _check_runs(model, n):
    """Return predictions with a leading axis of runs."""
    if len(model) == 0:
        refuse("predictions", "no run", "one run or more", "Check the filter of the table.")
    array = check_probabilities(model)
    one, several = len(array) == n and array.ndim < 3, array.ndim > 1 and array.shape[1] == n
    if one == several or array.ndim > 3:
        allowed = f"({n},), ({n}, classes), (runs, {n}) or (runs, {n}, classes)"
        refuse("predictions", f"shape {array.shape}", allowed, "Give one row per label.")
    return array[None] if one else array


def bootstrap_values(values, statistic="median", *, name=None, group_kind="patient"):
    """Put a percentile interval around the mean or median of one value per group, such as Dice.

    Values are finite (n,), or the differences of two models, group by group. The name says what was
    measured. Values on a grid, such as distances counted in pixels, make a median's interval jump.

    >>> bootstrap_values([0.71, 0.78, 0.80, 0.83, 0.84, 0.86, 0.9], name="median Dice")
    median Dice 0.83 (95 % interval 0.78 to 0.86, percentile, 7 patients)
    """
    values = np.asarray(values)
    n = len(values) if values.ndim == 1 else 0
    if n < 2 or values.dtype.kind not in "biuf" or not np.isfinite(values).all():
        received = f"shape {values.shape}, dtype {values.dtype}, or NaN or infinity"
        advice = "Leave out groups without a score, such as correct absences; report how many."
        refuse("values", received, "two finite numbers or more, (n,)", advice)
    check_choice("statistic", statistic, ("mean", "median"))
    compute = getattr(np, statistic)
    drawn = np.random.default_rng(0).choice(values.astype(np.float64), (RESAMPLES, n))
    draws = compute(drawn, axis=1)
    low, high = interval_of_draws(None, draws, n, "percentile")
    warning = None
    if low == high:
        warning = f"The {statistic} is the same in all draws; that does not mean certainty."
    if n < FEW[statistic]:
        warning = f"Only {n} {plural(group_kind)}: the interval of a {statistic} is too narrow."
    return Estimate(
        name=name or statistic,
        value=float(compute(values)),
        low=low,
        high=high,
        n_groups=n,
        group_kind=group_kind,
        method="percentile",
        warning=warning,
    )


def proportion(outcomes, *, name="proportion", group_kind="patient"):
    """Put Wilson's interval around a share of successes, each group giving one observation.

    Outcomes (n,) are 0 or 1: for the sensitivity, whether each positive group was called positive.
    Wilson 1927, https://doi.org/10.1080/01621459.1927.10502953; recommended by Brown and others
    2001, https://doi.org/10.1214/ss/1009213286; computed by statsmodels.

    >>> proportion([1] * 9 + [0], name="sensitivity")
    sensitivity 0.90 (95 % interval 0.60 to 0.98, Wilson, 10 patients)
    """
    outcomes = np.asarray(outcomes)
    good = outcomes.ndim == 1 and outcomes.size and outcomes.dtype.kind in "biuf"
    if not good or not np.isin(outcomes, (0, 1)).all():
        received = f"shape {outcomes.shape}, dtype {outcomes.dtype}, or values other than 0 and 1"
        refuse("outcomes", received, "0 or 1, (n,)", "Apply a threshold; give one per group.")
    n, successes = len(outcomes), int(outcomes.sum())
    low, high = proportion_confint(successes, n, alpha=1 - CONFIDENCE_LEVEL, method="wilson")
    return Estimate(
        name=name,
        value=successes / n,
        low=float(low),
        high=float(high),
        n_groups=n,
        group_kind=group_kind,
        method="Wilson",
    )
