"""Why one cross-entropy training of lesson 10 marks nothing: scores by threshold.

The trainings are those of `segmentation`, on validation patients.
"""

from functools import partial

import numpy as np
import pandas as pd

from authoring.experiments import segmentation
from authoring.experiments.definitions import definitions
from course_utils import evaluation, training

LESSON = definitions("10")
THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
ARMS = {arm: segmentation.ARMS[arm] for arm in ("cross-entropy", "sum")}
SEEDS = segmentation.SEEDS


def measure(seed, loss):
    """Train one network and score it at several thresholds, one row for each.

    Columns are the median Dice of the patients with a tumor; and, alike in all rows, the largest
    probability of any pixel; the ceiling, which is the sigmoid of the last convolution's bias; and
    how many of that convolution's weights are above 0, before and after training, out of how many.
    """
    model = segmentation.trained(seed, loss)
    data = segmentation.patients("validation")
    data = data.select(np.flatnonzero(data.labels < 2))
    probabilities = training.predict(model, data)
    dice = partial(evaluation.segmentation_scores, data, probabilities, "core")
    last, bias = model.layers[-1].get_weights()
    training.set_seed(seed)
    begun = LESSON.build_unet().layers[-1].get_weights()[0]
    table = pd.DataFrame({"threshold": THRESHOLDS})
    table["dice"] = [dice(threshold=t)["dice"].median() for t in THRESHOLDS]
    return table.assign(
        largest=probabilities.max(),
        ceiling=1 / (1 + np.exp(-bias[0])),
        positive_first=(begun > 0).sum(),
        positive=(last > 0).sum(),
        weights=last.size,
    )


def score(rows):
    """Return the mean over thresholds of the median Dice."""
    return rows["dice"].mean()
