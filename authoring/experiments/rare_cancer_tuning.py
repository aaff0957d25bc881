"""Which learning rate and how many updates? Judged inside the training patients. Lesson 07.

Validation has too few cancers to be divided, so this uses none of them: three folds of the training
patients, with a seed that the comparison does not use. The lesson's ``best_setting`` chooses, on
average over the arms, so that no remedy is favored. Two arms are also trained on raw
images, which shows what the standardized inputs do.
"""

import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold

from authoring.experiments import rare_cancer
from course_utils._tensorflow import keras
from course_utils.evaluation import average_precision, roc_auc

lesson = rare_cancer.lesson
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


def measure(seed, learning_rate, remedy=None, standardized=True):
    """Return scores on the fold left out, for each fold and after every so many updates.

    The seed and the remedy are those of `rare_cancer.measure`. Columns are fold, updates,
    average_precision, auc.
    """
    data = lesson.rare(rare_cancer.part("train"), seed)
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    rows = []
    for fold, (inside, outside) in enumerate(folds.split(data.labels, data.labels, data.groups)):
        watch = Watch(data.select(outside), {"fold": fold}, rows)
        lesson.trained_arm(
            remedy,
            data.select(inside),
            seed,
            rate=learning_rate,
            updates=UPDATES,
            standardized=standardized,
            callbacks=[watch],
        )
    return pd.DataFrame(rows)


class Watch(keras.callbacks.Callback):
    """Scores the fold that was left out after each of Keras's epochs, of 200 updates."""

    def __init__(self, left_out, key, rows):
        super().__init__()
        self.left_out, self.key, self.rows = left_out, key, rows

    def on_epoch_end(self, epoch, logs=None):
        """Add a row."""
        patients = lesson.per_patient(self.model, self.left_out)
        given = patients.labels, patients.probabilities
        scores = {"average_precision": average_precision(*given), "auc": roc_auc(*given)}
        self.rows.append(self.key | {"updates": 200 * (epoch + 1)} | scores)


def score(rows):
    """Return the mean AUC over folds and numbers of updates."""
    return rows["auc"].mean()
