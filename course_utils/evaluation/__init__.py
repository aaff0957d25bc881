"""Scores of a classifier, with intervals over the right unit.

Give these functions one probability per group (patient, lesion), from `datasets.aggregate`, not
one per image: images of one patient are not independent, and an interval that takes them for
independent is too narrow. Plain scores are functions of ``(labels, probabilities)``; `bootstrap`
puts an interval around any of them, `compare` around the difference of two models, and `report`
shows the usual ones together. Used from lesson 04 on, explained in lessons 05 to 07; scores of
masks in lesson 10.
"""

from course_utils.evaluation._checks import UndefinedScoreError
from course_utils.evaluation.calibration import (
    brier_score,
    calibration_curve,
    calibration_intercept,
    calibration_slope,
)
from course_utils.evaluation.counts import (
    ConfusionCounts,
    balanced_accuracy,
    confusion_counts,
    likelihood_ratios,
    negative_predictive_value,
    positive_predictive_value,
    predictive_values,
    prevalence_weights,
    sensitivity,
    specificity,
)
from course_utils.evaluation.decisions import decision_curve, net_benefit
from course_utils.evaluation.discrimination import (
    auc,
    auc_difference,
    average_precision,
    precision_recall_curve,
    roc_auc,
    roc_curve,
    sensitivity_at_specificity,
    specificity_at_sensitivity,
)
from course_utils.evaluation.estimate import Estimate
from course_utils.evaluation.multiclass import class_recall, class_recalls, macro_auc, mean_recall
from course_utils.evaluation.outlines import OutlineDistances, outline_distances
from course_utils.evaluation.proportions import (
    auc_standard_error,
    proportion,
    sample_size_auc,
    sample_size_proportion,
    wilson_interval,
)
from course_utils.evaluation.recalibration import Temperature, fit_temperature, shift_prevalence
from course_utils.evaluation.reporting import Report, report
from course_utils.evaluation.resampling import bootstrap, compare, interval_of_draws
from course_utils.evaluation.runs import bootstrap_runs, compare_runs, spread_of_runs
from course_utils.evaluation.segmentation import dice, iou, segmentation_scores
from course_utils.evaluation.thresholds import Threshold, choose_threshold
from course_utils.evaluation.values import bootstrap_values
from course_utils.evaluation.volumes import stack_volume

__all__ = [
    "ConfusionCounts",
    "Estimate",
    "OutlineDistances",
    "Report",
    "Temperature",
    "Threshold",
    "UndefinedScoreError",
    "auc",
    "auc_difference",
    "auc_standard_error",
    "average_precision",
    "balanced_accuracy",
    "bootstrap",
    "bootstrap_runs",
    "bootstrap_values",
    "brier_score",
    "calibration_curve",
    "calibration_intercept",
    "calibration_slope",
    "choose_threshold",
    "class_recall",
    "class_recalls",
    "compare",
    "compare_runs",
    "confusion_counts",
    "decision_curve",
    "dice",
    "fit_temperature",
    "interval_of_draws",
    "iou",
    "likelihood_ratios",
    "macro_auc",
    "mean_recall",
    "negative_predictive_value",
    "net_benefit",
    "outline_distances",
    "positive_predictive_value",
    "precision_recall_curve",
    "predictive_values",
    "prevalence_weights",
    "proportion",
    "report",
    "roc_auc",
    "roc_curve",
    "sample_size_auc",
    "sample_size_proportion",
    "segmentation_scores",
    "sensitivity",
    "sensitivity_at_specificity",
    "shift_prevalence",
    "specificity",
    "specificity_at_sensitivity",
    "spread_of_runs",
    "stack_volume",
    "wilson_interval",
]
