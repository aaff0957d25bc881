"""Move a threshold; change the prevalence."""

import matplotlib.pyplot as plt

from course_utils import plotting
from course_utils.widgets._controls import redrawn, slider


def threshold_explorer(labels, probabilities, *, threshold=0.5, costs=(10, 1), prevalence=None):
    """Move the threshold and see confusion matrix, ROC point and cost move.

    Draws with `plotting.plot_threshold`.

    Parameters
    ----------
    labels, probabilities : array-like, shape (n,)
        Labels 0 or 1, and probabilities of class 1; of validation groups, where one may choose.
    threshold : float, optional
        Where the slider starts, 0–1.
    costs : (float, float), optional
        Cost of a miss, where its slider starts (1 to 100), and of a false positive.
    prevalence : float, optional
        For the costs. Default: the data's own.
    """

    def draw(threshold, miss_cost):
        costs_now = (miss_cost, costs[1])
        return plotting.plot_threshold(
            labels, probabilities, threshold, costs=costs_now, prevalence=prevalence
        )[0]

    return redrawn(
        draw,
        threshold=slider("threshold", float(threshold), 0.0, 1.0, 0.01),
        miss_cost=slider("cost of a miss", float(costs[0]), 1.0, 100.0, 1.0),
    )


def prevalence_explorer(sensitivity, specificity, *, prevalence):
    """Change the prevalence and see the predictive values; draws `plotting.plot_predictive_values`.

    Parameters
    ----------
    sensitivity, specificity, prevalence : float
        Where the sliders start: 0.01 to 0.99, and for the prevalence 0.001 to 0.999.
    """

    def draw(prevalence, sensitivity, specificity):
        figure, ax = plt.subplots(figsize=(6, 3.6))
        plotting.plot_predictive_values(sensitivity, specificity, prevalence=prevalence, ax=ax)
        return figure

    return redrawn(
        draw,
        prevalence=slider("prevalence", prevalence, 0.001, 0.999, 0.001),
        sensitivity=slider("sensitivity", sensitivity, 0.01, 0.99, 0.01),
        specificity=slider("specificity", specificity, 0.01, 0.99, 0.01),
    )
