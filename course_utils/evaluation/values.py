"""Intervals of a mean or median of one value per group, such as a Dice score per patient."""

from numbers import Integral

import numpy as np

from course_utils._checks import check_choice, check_seed, refuse
from course_utils.evaluation._checks import check_count, check_fraction, check_kind
from course_utils.evaluation.estimate import Estimate, plural
from course_utils.evaluation.resampling import RESAMPLES

STATISTICS = {"mean": np.mean, "median": np.median}
# With fewer skewed values than this, the percentile interval covers too seldom; that of a median
# of more covers 0.88 to 0.96, up and down with their number.
FEW = {"mean": 40, "median": 6}


def bootstrap_values(
    values, statistic="median", *, strata=None, name=None, group_kind="patient", level=0.95,
    n_resamples=RESAMPLES, seed=0,
):  # fmt: skip
    """Put an interval around the mean or median of one value per group.

    For a paired comparison of two models give the differences, group by group: the median of
    the differences is not the difference of the medians, and it is the former that speaks of
    patients.

    Parameters
    ----------
    values : array-like, shape (n,)
        One finite number per group.
    statistic : {"median", "mean"}, optional
    strata : array-like, shape (n,), optional
        Class of each group, whose share in every draw stays as it is, because a test set's mix is
        decided by whoever collects it. Default: all groups are one class.
    name : str, optional
        What was measured. Default: the statistic.
    group_kind : str, optional
        What a group is; the result names it.
    level : float, optional
        0–1.
    n_resamples : int, optional
        At least 100.
    seed : int, optional

    Returns
    -------
    estimate : Estimate
        With a percentile interval, and a warning where it is known to be too narrow.

    Raises
    ------
    ValueError
        Values that are not one finite number per group, fewer than two in a class, or a wrong word.

    Notes
    -----
    Bootstrap (Efron 1979, https://doi.org/10.1214/aos/1176344552). Values that lie on a grid, such
    as distances counted in pixels, make the interval of a median jump, or shrink to a point; that
    of a mean does neither. Taught in lesson 10.

    Examples
    --------
    >>> bootstrap_values([0.71, 0.78, 0.80, 0.83, 0.84, 0.86, 0.9], name="median Dice")
    median Dice 0.83 (95 % interval 0.78 to 0.86, 7 patients)
    """
    values = _check_values(values)
    check_choice("statistic", statistic, STATISTICS)
    check_seed(seed)
    level = check_fraction("level", level, "0.95 gives a 95 % interval.")
    n_resamples = check_count("n_resamples", n_resamples, 100)
    strata = np.zeros(len(values), int) if strata is None else _check_strata(strata, len(values))
    classes = [values[strata == stratum] for stratum in np.unique(strata)]
    sizes = tuple(len(members) for members in classes)
    if min(sizes) < 2:
        refuse(
            "values", f"{sizes} groups per class", "at least two in each", "One shows no spread."
        )
    rng = np.random.default_rng(int(seed))
    drawn = [rng.choice(members, (n_resamples, len(members))) for members in classes]
    draws = STATISTICS[statistic](np.concatenate(drawn, axis=1), axis=1)
    tail = 50 * (1 - level)
    low, high = np.percentile(draws, [tail, 100 - tail])
    kind = check_kind(group_kind)
    return Estimate(
        name or statistic,
        *(float(number) for number in (STATISTICS[statistic](values), low, high)),
        len(values),
        kind,
        sizes if len(sizes) > 1 else None,
        level,
        n_resamples,
        warning=_warning(statistic, sizes, level, low == high, kind),
    )


def _check_values(values):
    values = np.asarray(values)
    if values.ndim != 1 or not values.size or values.dtype.kind not in "biuf":
        received = f"shape {values.shape}, dtype {values.dtype}"
        refuse("values", received, "numbers of shape (n,)", "Give one value per group.")
    if not np.isfinite(values).all():
        refuse(
            "values",
            f"{(~np.isfinite(values)).sum()} NaN or infinite among {len(values)}",
            "finite numbers",
            "Leave out groups without a score, such as correct absences, and report how many.",
        )
    return values.astype(np.float64)


def _check_strata(strata, n):
    # As objects, because NumPy would turn NaN among texts into a class of its own.
    objects = np.asarray(strata, dtype=object)
    alike = any(all(isinstance(s, kind) for s in objects.flat) for kind in (str, Integral))
    if objects.shape != (n,) or not alike:
        received = f"shape {objects.shape}, values such as {list(objects.flat)[:4]}"
        allowed = f"names, or whole numbers, of shape ({n},)"
        refuse("strata", received, allowed, "Give the class of every group; none may be missing.")
    return np.array(objects.tolist())


def _warning(statistic, sizes, level, constant, kind):
    n, smallest = sum(sizes), min(sizes)
    if statistic == "median" and 1 - 2 * 0.5**n < level:
        # The whole range of the values misses the median if all lie on one side of it.
        reach = f"no interval of a median can reach {100 * level:g} %"
        return f"Only {n} {plural(kind)}: {reach}."
    if constant:
        return f"The {statistic} is the same in all draws; that does not mean certainty."
    if smallest < FEW[statistic]:
        where = " in a class" if len(sizes) > 1 else ""
        return (
            f"Only {smallest} {plural(kind)}{where}: the interval of a {statistic} is too narrow."
        )
    return None
