"""How strong should each remedy be, on each of two networks? Lesson 06.

Every strength gets two seeds that the comparison does not use, and is judged by the mean AUC on the
stopping part. Of the strengths within one standard error of the best, the strongest is taken; the
lesson's ``CANDIDATES`` repeat the outcome for the large network. The augmentation is not tuned:
what could have been taken decides how strong it may be.
"""

from authoring.experiments.definitions import definitions
from course_utils.evaluation import roc_auc

lesson = definitions("06")
NETWORKS = {"large": {}, "compact": {"filters": (16, 32, 64)}}
GRID = {
    ("large", "l2"): (0.001, 0.01, 0.1),
    ("large", "dropout"): (0.5, 0.75, 0.9),
    ("compact", "l2"): (0.0001, 0.001, 0.01),
}
ARMS = {f"{network}: none: 0": settings for network, settings in NETWORKS.items()} | {
    f"{network}: {remedy}: {strength}": {**NETWORKS[network], remedy: strength}
    for (network, remedy), strengths in GRID.items()
    for strength in strengths
}
SEEDS = (100, 101)
SAMPLE = "large: none: 0"
# Of an AUC of 0.78 with the 87 positive and 213 negative patients of the stopping part.
STANDARD_ERROR = 0.03


def measure(seed, **settings):
    """Return AUCs on the stopping part and of training; arguments as the lesson's ``trained``."""
    model, history, train = lesson.trained(seed, **settings)
    parts = {"auc": lesson.patients_of("stopping"), "training_auc": train}
    patients = {name: lesson.per_patient(model, part) for name, part in parts.items()}
    scores = {name: roc_auc(p.labels, p.probabilities) for name, p in patients.items()}
    return {**scores, "trained_epochs": len(history.table)}


def best(table):
    """Return the strongest setting within one standard error of the best, by network and remedy."""
    auc = table.groupby("arm")["auc"].mean()
    found = {}
    for (network, remedy), strengths in GRID.items():
        scores = {s: auc[f"{network}: {remedy}: {s}"] for s in strengths}
        enough = max(scores.values()) - STANDARD_ERROR
        found[network, remedy] = max(s for s in strengths if scores[s] >= enough)
    return found


def score(rows):
    """Return the AUC."""
    return rows["auc"].mean()
