"""What oversampling before dividing does to the score of the part left out. Lesson 07.

A fifth of the training images is left out: after copies were made, at random, as `train_test_split`
does it, or, by patients, before. The same network is then scored on the part left out and on test
patients, whom neither arm has seen.
"""

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold, train_test_split

from authoring.experiments import rare_cancer
from course_utils.evaluation import roc_auc
from course_utils.imbalance import oversample
from course_utils.training import predict

lesson = rare_cancer.lesson
ARMS = {
    "oversampled, then divided": {"copies_first": True},
    "divided, then oversampled": {"copies_first": False},
}
SEEDS = range(3)
SAMPLE = "oversampled, then divided"


def measure(seed, copies_first):
    """Return the AUC of the images left out and of the test patients."""
    data = lesson.rare(rare_cancer.part("train"), seed)
    if copies_first:
        data = data.select(oversample(data.labels, data.groups, seed=seed))
        rows = np.arange(len(data))
        inside, outside = train_test_split(rows, test_size=0.2, random_state=seed)
        train = data.select(inside)
    else:
        folds = StratifiedGroupKFold(5, shuffle=True, random_state=seed)
        inside, outside = next(folds.split(data.labels, data.labels, data.groups))
        train = data.select(inside)
        train = train.select(oversample(train.labels, train.groups, seed=seed))
    model = lesson.trained(lesson.network(0.5, seed), train, seed)
    left_out = data.select(outside)
    test = lesson.per_patient(model, rare_cancer.part("test"))
    return {
        "left_out": roc_auc(left_out.labels, predict(model, left_out)),
        "test": roc_auc(test.labels, test.probabilities),
    }


def score(rows):
    """Return the AUC of the images left out."""
    return rows["left_out"].mean()
