"""Which learning rate and how many updates? Judged inside the training patients. Lesson 07.

Validation has too few cancers to be divided, so this uses none of them: three folds of the training
patients, with a seed that the comparison does not use. `rare_cancer` repeats the setting that is
best on average over the arms, so that no remedy is favored. Two arms are also trained on raw
images, which shows what the standardized inputs do.
"""

import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold

from authoring.experiments import rare_cancer
from course_utils.evaluation import average_precision, roc_auc
from course_utils.training import predict

FOLDS, UPDATES = 3, 800
RATES = (1e-3, 3e-3)
ARMS = {
    f"{arm}, {rate:g}": {**settings, "learning_rate": rate}
    for arm, settings in rare_cancer.ARMS.items()
    for rate in RATES
} | {
    f"{arm}, {rate:g}, raw images": {
        **rare_cancer.ARMS[arm],
        "learning_rate": rate,
        "standardized": False,
    }
    for arm in ("baseline", "over")
    for rate in RATES
}
SEEDS = (100,)
SAMPLE = "over, 0.001"


def measure(seed, learning_rate, remedy="none", standardized=True):
    """Return scores on the fold left out, for each fold and after every so many updates.

    Parameters
    ----------
    seed, remedy
        As for `rare_cancer.measure`.
    learning_rate : float
    standardized : bool

    Returns
    -------
    table : pandas.DataFrame
        Columns fold, updates, average_precision, auc.
    """
    data = rare_cancer.rare(rare_cancer.part("train"), seed)
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    rows = []
    for fold, (inside, outside) in enumerate(folds.split(data.labels, data.labels, data.groups)):
        left_out = data.select(outside)

        def watch(model, updates, fold=fold, left_out=left_out):
            rows.append({"fold": fold, "updates": updates} | _scores(model, left_out))

        rare_cancer.trained(
            data.select(inside), remedy, seed, learning_rate=learning_rate, updates=UPDATES,
            standardized=standardized, watch=watch,
        )  # fmt: skip
    return pd.DataFrame(rows)


def best(table):
    """Return the learning rate and number of updates with the best mean score over the arms.

    Parameters
    ----------
    table : pandas.DataFrame
        The stored table ``rare_cancer_tuning``.

    Returns
    -------
    learning_rate : float
    updates : int
    """
    parts = table["arm"].str.split(", ", expand=True)
    judged = table[parts.get(2, pd.Series(index=table.index, dtype=object)).isna()]
    rate = parts[1].astype(float).rename("learning_rate")
    mean = judged.groupby([rate, "updates"])["average_precision"].mean()
    learning_rate, updates = mean.idxmax()
    return float(learning_rate), int(updates)


def _scores(model, data):
    patients = data.per_group(predict(model, data))
    given = patients.labels, patients.probabilities
    return {"average_precision": average_precision(*given), "auc": roc_auc(*given)}


def score(rows):
    """Return the mean AUC over folds and numbers of updates."""
    return rows["auc"].mean()
