"""Which learning rate and how many updates suit each remedy? Judged inside training patients.

Lesson 07. Validation has too few cancers to be divided, so this uses none of them: three folds of
the training patients, with a seed that the comparison does not use. The lesson's ``best_settings``
chooses for each remedy, and its ``SETTINGS`` repeat the outcome.
"""

import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold

from authoring.experiments import rare_cancer
from course_utils._tensorflow import keras
from course_utils.evaluation import average_precision, roc_auc

lesson = rare_cancer.lesson
FOLDS, UPDATES = 3, 800
REMEDIES = ("baseline", "over", "under", "upweight", "weights", "focal")
ARMS = {
    f"{remedy}, {rate:g}": {"remedy": remedy, "rate": rate}
    for remedy in REMEDIES
    for rate in (1e-3, 3e-3)
}
SEEDS = (100,)
SAMPLE = "over, 0.001"


def measure(seed, remedy, rate):
    """Return scores on the fold left out, for each fold and after every 200 updates.

    Columns are remedy, rate, fold, updates, average_precision, auc.
    """
    data = lesson.rare(rare_cancer.part("train"), seed)
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    rows = []
    for fold, (inside, outside) in enumerate(folds.split(data.labels, data.labels, data.groups)):
        key = {"remedy": remedy, "rate": rate, "fold": fold}
        watch = Watch(data.select(outside), key, rows)
        lesson.trained_arm(remedy, data.select(inside), seed, rate, UPDATES, callbacks=[watch])
    return pd.DataFrame(rows)


class Watch(keras.callbacks.Callback):
    """Scores patients after every 200 updates, which are four of Keras's epochs."""

    def __init__(self, data, key, rows):
        super().__init__()
        self.data, self.key, self.rows = data, key, rows

    def on_epoch_end(self, epoch, logs=None):
        """Add a row."""
        if (epoch + 1) % 4 == 0:
            patients = lesson.per_patient(self.model, self.data)
            given = patients.labels, patients.probabilities
            scores = {"average_precision": average_precision(*given), "auc": roc_auc(*given)}
            self.rows.append(self.key | {"updates": 50 * (epoch + 1)} | scores)


def score(rows):
    """Return the mean AUC over folds and numbers of updates."""
    return rows["auc"].mean()
