"""Remedies for a rare class, compared where 5 % of the patients have cancer. Lesson 07.

Malignant patients are left out of training and validation at random until 5 % remain; the test set
keeps all of its cancers, which the lesson weights to 5 %. All arms share network and inputs; each
has the learning rate and the number of updates that suit it (`rare_cancer_tuning`). Moving the
threshold needs no arm: it uses the baseline's probabilities.
"""

from functools import cache

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from authoring.experiments.definitions import definitions
from course_utils import datasets
from course_utils.evaluation import average_precision

lesson = definitions("07")
ARMS = {
    remedy: {"remedy": remedy, "rate": rate, "updates": updates}
    for remedy, (rate, updates) in dict(lesson.SETTINGS).items()
}
SEEDS = range(5)
SAMPLE = "under"
# Which cancers stay in validation; the same in all runs, so that runs can be compared.
VALIDATION_DRAW = 1000


def measure(seed, remedy, rate, updates):
    """Train one network; return the log-odds of validation and test patients.

    The seed decides which cancers stay in training, the start and the order: alike for all arms. In
    the table, group is the number in the patient's name, and log-odds are in thousandths:
    probabilities near 0 would lose their order in four decimals, and integers keep the file small.
    """
    data = lesson.rare(part("train"), seed)
    model = lesson.trained_arm(remedy, data, seed, rate, updates)
    validation = lesson.rare(part("validation"), VALIDATION_DRAW)
    scored = {"validation": validation, "test": part("test")}
    return pd.concat([_log_odds(model, name, data) for name, data in scored.items()])


@cache
def part(name):
    """Return an official split of the embedded breast set."""
    return datasets.load("breast_ultrasound").split(name)


def _log_odds(model, name, data):
    patients = lesson.per_patient(model, data)
    log_odds = logit(np.clip(patients.probabilities, 1e-7, 1 - 1e-7))
    return pd.DataFrame(
        {
            "part": name,
            "group": [int(group[1:]) for group in patients.groups],
            "label": patients.labels,
            "log_odds_thousandths": np.round(1000 * log_odds).astype(int),
        }
    )


def score(rows):
    """Return the average precision of test patients."""
    test = rows[rows["part"] == "test"]
    return average_precision(test["label"], expit(test["log_odds_thousandths"] / 1000))
