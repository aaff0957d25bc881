"""Scores of a classifier, with one kind of interval over the right unit.

Give them one probability per group (patient, lesion), from `datasets.aggregate`: images of one
patient are not independent, and an interval that takes them for independent is too narrow.
`bootstrap` puts an interval around any score, a function of ``(labels, probabilities)``, or around
the difference of two models; `report` shows the usual ones together.
"""

from course_utils.evaluation.decisions import (
    calibration_intercept,
    calibration_slope,
    choose_threshold,
    fit_temperature,
    report,
    shift_prevalence,
)
from course_utils.evaluation.intervals import bootstrap, bootstrap_values, proportion
from course_utils.evaluation.scores import (
    auc_standard_error,
    average_precision,
    prevalence_weights,
    roc_auc,
    sensitivity_at_specificity,
)
from course_utils.evaluation.segmentation import outline_distances, segmentation_scores
