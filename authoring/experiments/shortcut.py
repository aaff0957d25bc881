"""Lesson 11's ruler: networks whose training pictures tie a mark to the class, and three repairs.

Two tables of one computation: the log-odds of each lesion with the ruler as in training, without
one and with it exchanged; and how much of each method's map lies on the ruler.
"""

from functools import cache

import numpy as np
import pandas as pd

from authoring.experiments.definitions import definitions
from course_utils import datasets, evaluation

LESSON = definitions("11")
ARMS = {arm: {"arm": arm} for arm in LESSON.RULER_ARMS}
SEEDS = range(3)
SAMPLE = "tied"
# The control has seen as many rulers, which told it nothing.
MAPPED = ("tied", "independent")
SCORES = ["method", "area", "share", "hit"]


def measure(seed, arm):
    """Return one row per lesion and part, and of the mapped arms one per method and lesion."""
    network, rows = LESSON.ruler_study(arm, seed, parts())
    if arm in MAPPED:
        marked = LESSON.some_marked(*parts()["tests"]["test"])
        maps = LESSON.ruler_maps(network, *marked).assign(part="maps")
        rows = pd.concat([rows, maps], ignore_index=True)
    return rows


@cache
def parts():
    """Return the parts of the study, with fresh test lesions."""
    return LESSON.ruler_parts(datasets.load("skin_lesions"), LESSON.fresh_lesions(workers=1))


def score(rows):
    """Return the AUC of the test lesions with the ruler as in training."""
    rows = rows[rows["part"] == "test"]
    return evaluation.roc_auc(rows["label"], 1 / (1 + np.exp(-rows["same"])))


def tables(result):
    """Separate the lesions from the maps."""
    maps = result["part"] == "maps"
    lesions = result[~maps].drop(columns=[c for c in SCORES if c in result])
    return {
        "shortcut": lesions.astype({"label": int, "ruler": int}),
        "shortcut_maps": result.loc[maps, ["arm", "seed", "group", *SCORES]],
    }
