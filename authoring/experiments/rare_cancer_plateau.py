"""How long does a network wait before it learns a rare class? With raw and standardized images.

Lesson 07. The same learning rate for all, the higher one of `rare_cancer_tuning`, and the seeds of
`rare_cancer`: each draws its own training cancers. Test patients, weighted to 5 %, are the judges;
nothing is chosen.
"""

import pandas as pd

from authoring.experiments import rare_cancer
from course_utils._tensorflow import keras
from course_utils.evaluation import average_precision, prevalence_weights

lesson = rare_cancer.lesson
UPDATES = 800
ARMS = {
    "baseline, raw": {"remedy": "baseline", "standardized": False},
    "over, raw": {"remedy": "over", "standardized": False},
    "baseline, standardized": {"remedy": "baseline", "standardized": True},
}
SEEDS = range(5)
SAMPLE = "over, raw"


def measure(seed, remedy, standardized):
    """Return the training loss after every 50 updates, and every 200 the average precision."""
    rows = []
    data = lesson.rare(rare_cancer.part("train"), seed)
    options = {"standardized": standardized, "callbacks": [Curve(rows)]}
    lesson.trained_arm(remedy, data, seed, 3e-3, UPDATES, **options)
    return pd.DataFrame(rows)


class Curve(keras.callbacks.Callback):
    """Adds a row after each of Keras's epochs, of 50 updates; loss is their mean."""

    def __init__(self, rows):
        super().__init__()
        self.rows = rows

    def on_epoch_end(self, epoch, logs=None):
        """Add a row."""
        row = {"updates": 50 * (epoch + 1), "loss": logs["loss"], "average_precision": None}
        if (epoch + 1) % 4 == 0:
            patients = lesson.per_patient(self.model, rare_cancer.part("test"))
            row["average_precision"] = average_precision(
                patients.labels,
                patients.probabilities,
                sample_weight=prevalence_weights(patients.labels, lesson.PREVALENCE),
            )
        self.rows.append(row)


def score(rows):
    """Return the mean average precision."""
    return rows["average_precision"].mean()
