"""How often the bootstrap's interval covers the truth when groups are few."""

from functools import lru_cache

import pandas as pd

from course_utils import ROOT
from course_utils.evaluation.estimate import plural

ENOUGH = 75
TABLE = ROOT / "data" / "results" / "bootstrap_coverage.csv"


@lru_cache
def measured(interval):
    """Return lowest and highest simulated coverage by number of groups in the smaller class."""
    table = pd.read_csv(TABLE, comment="#").query(
        "resampled == 'groups' and score == 'mean per group' and interval == @interval "
        "and positives < @ENOUGH"
    )
    return {
        int(size): (rows["coverage"].min(), rows["coverage"].max())
        for size, rows in table.groupby("positives")
    }


def coverage_warning(groups_per_class, group_kind, interval="percentile"):
    """Say how far to trust the interval of a small sample.

    Parameters
    ----------
    groups_per_class : tuple of int
        Groups of each class.
    group_kind : str
        What a group is.
    interval : {"percentile", "logit-t"}, optional
        How the interval was made.

    Returns
    -------
    warning : str or None
        None where every class has at least 75 groups: there, in the simulation of
        authoring/studies/bootstrap_coverage.py, 95 to 96 % of the logit-t intervals and 92 to
        94 % of the percentile intervals covered the truth.

    Examples
    --------
    >>> coverage_warning((140, 90), "patient") is None
    True
    >>> print(coverage_warning((140, 30), "patient"))  # doctest: +ELLIPSIS
    Only 30 patients in the smallest class: in simulation with 20, ...
    """
    smallest = min(groups_per_class)
    if smallest >= ENOUGH:
        return None
    start = f"Only {smallest} {plural(group_kind)} in the smallest class: "
    if not TABLE.is_file():
        return start + "the interval covers the truth less often than it says."
    known = measured(interval)
    size = max((size for size in known if size <= smallest), default=min(known))
    low, high = known[size]
    return (
        f"{start}in simulation with {size}, 95 % {interval} intervals of the AUC covered the "
        f"truth in {low:.2f} to {high:.2f} of the studies instead of 0.95."
    )
