"""The embedded sets as they lie in data/."""

from functools import cache

import numpy as np

from course_utils import ROOT
from course_utils.datasets._fields import decode_jpeg


@cache
def stored(name):
    """Return the arrays of one set."""
    with np.load(ROOT / "data" / f"{name}.npz", allow_pickle=False) as file:
        arrays = {key: file[key] for key in file.files}
    return arrays if "images" in arrays else arrays | {"images": decode_jpeg(arrays)}


def one_per_group(arrays, split=None):
    """Return the position of the first image of each group, or of those of a split."""
    mine = np.flatnonzero(np.isin(arrays["splits"], split or np.unique(arrays["splits"])))
    return mine[np.unique(arrays["groups"][mine], return_index=True)[1]]
