"""How strong should each remedy be? Three strengths each, judged on the stopping part. Lesson 06.

Every remedy gets the same chance: three strengths, three seeds that the comparison does not use,
the highest mean AUC on the stopping part. The lesson's ``CANDIDATES`` repeat the outcome.
"""

from authoring.experiments.definitions import definitions
from course_utils.evaluation import roc_auc

lesson = definitions("06")
GRID = {
    "L2": [{"l2": factor} for factor in (1e-3, 1e-2, 1e-1)],
    "dropout": [{"dropout": share} for share in (0.25, 0.5, 0.75)],
    "early stopping": [{"patience": epochs} for epochs in (2, 5, 10)],
    "augmentation": [{"augmentation": amount} for amount in (0.05, 0.1, 0.2)],
    "smaller network": [{"filters": f} for f in ((4, 8, 16), (8, 16, 32), (16, 32, 64))],
}
ARMS = {
    f"{remedy}: {next(iter(setting.values()))}": setting
    for remedy, settings in GRID.items()
    for setting in settings
}
SEEDS = (100, 101, 102)
SAMPLE = "augmentation: 0.1"


def measure(seed, **settings):
    """Return the AUC on the stopping part; arguments as for the lesson's ``trained``."""
    model = lesson.trained(seed, **settings)[0]
    patients = lesson.per_patient(model, lesson.patients_of("stopping"))
    return {"auc": roc_auc(patients.labels, patients.probabilities)}


def best(table):
    """Return the settings with the highest mean AUC of each remedy, by its name."""
    auc = table.groupby("arm")["auc"].mean()
    return {
        remedy: max(settings, key=lambda s: auc[f"{remedy}: {next(iter(s.values()))}"])
        for remedy, settings in GRID.items()
    }


def score(rows):
    """Return the AUC."""
    return rows["auc"].mean()
