"""Scores of masks: overlap, distances between outlines in mm, volumes in cm³, one row per patient.

Empty masks have no overlap and no outline, so they are decided first. Both empty: a correct
absence, counted but not scored. Only one empty: a failed detection, with overlap 0 and, as its
distance, the diagonal of the image, the largest there is. Taught in lesson 10.

Notes
-----
What to report follows Maier-Hein and others 2024, https://doi.org/10.1038/s41592-023-02151-z: an
overlap and a distance between outlines, and what happens to empty masks said in advance.
"""

import numpy as np
import pandas as pd

from course_utils._checks import refuse
from course_utils.evaluation._checks import check_unit_interval, undefined
from course_utils.evaluation._masks import check_pair
from course_utils.evaluation.outlines import outline_distances
from course_utils.evaluation.volumes import UncoveredError, stack_volume


def dice(truth, predicted):
    """Twice the common pixels of two masks by the pixels of both.

    Parameters
    ----------
    truth, predicted : array-like, any shape, boolean or 0 and 1
        All pixels count together: give all slices of a patient for the patient's score.

    Returns
    -------
    score : float, 0–1
        0 where only one of the masks is empty.

    Raises
    ------
    ValueError
        Masks of different shapes, with other values than 0 and 1, or both empty.

    Notes
    -----
    2 |A ∩ B| / (|A| + |B|), the F1 score of the pixels; with IoU it holds that
    Dice = 2 IoU / (1 + IoU) (Taha and Hanbury 2015, https://doi.org/10.1186/s12880-015-0068-x).
    Taught in lesson 10.

    Examples
    --------
    >>> round(dice([1, 1, 1, 0], [0, 1, 1, 1]), 3)
    0.667
    """
    truth, predicted = check_pair(truth, predicted)
    _refuse_both_empty(truth, predicted)
    return float(2 * (truth & predicted).sum() / (truth.sum() + predicted.sum()))


def iou(truth, predicted):
    """Intersection over union: the common pixels of two masks by the pixels of either.

    Parameters, errors and source as for `dice`.

    Returns
    -------
    score : float, 0–1
        0 where only one of the masks is empty.

    Examples
    --------
    >>> iou([1, 1, 1, 0], [0, 1, 1, 1])
    0.5
    """
    truth, predicted = check_pair(truth, predicted)
    _refuse_both_empty(truth, predicted)
    return float((truth & predicted).sum() / (truth | predicted).sum())


def segmentation_scores(dataset, predicted, mask, *, threshold=0.5):
    """Score the masks of every group: a table with one row per patient.

    Parameters
    ----------
    dataset : ImageDataset
        With masks; with pixel spacing for distances, with positions and thickness of slices for
        volumes.
    predicted : array-like (n, height, width) or (n, height, width, 1)
        One mask per image, boolean; or probabilities, 0–1.
    mask : str
        Name of the true mask, such as ``"core"``.
    threshold : float, optional
        Probabilities from here on are inside. Choose it on validation patients.

    Returns
    -------
    table : pandas.DataFrame
        One row per group, in ascending order, with the columns

        - ``slices``, and ``unmatched_slices``, where only one of the masks has pixels;
        - ``outcome``: scored; correct absence (both masks empty in all slices); missed (only the
          prediction is empty) or false detection (only the truth is);
        - ``dice``, ``iou``, over all pixels of the group; 0 for missed and false detection;
        - ``hd95_mm``, ``msd_mm``, within slices: see `outline_distances`. For missed and false
          detection, and where no slice has both masks, the diagonal of the image;
        - ``volume_cm3``, ``predicted_cm3`` and ``volume_error_cm3`` (predicted minus true): see
          `stack_volume`.

        NaN stands for what does not exist: all scores of a correct absence, distances without pixel
        spacing, volumes where the slices do not cover the lesion.

    Raises
    ------
    ValueError
        No such mask; predictions that do not fit the images, are no probabilities, or are NaN; or a
        group whose images differ in pixel spacing.

    Notes
    -----
    `bootstrap_values` puts an interval around the mean or median of a column. Taught in lesson 10.

    Examples
    --------
    ``segmentation_scores(test, model.predict(test.as_float()), "core")``

    >>> from course_utils.datasets import ImageDataset
    >>> masks = np.zeros((3, 8, 8), np.uint8)
    >>> masks[1:, 2:5, 2:5] = 1
    >>> scans = ImageDataset(
    ...     name="demo",
    ...     images=np.zeros((3, 8, 8, 1), np.uint8),
    ...     labels=[0, 1, 1],
    ...     class_names=("healthy", "tumor"),
    ...     groups=["A", "B", "C"],
    ...     group_kind="patient",
    ...     origin="simulated",
    ...     masks=masks,
    ...     mask_names=["core"],
    ...     pixel_spacing_mm=(2, 2),
    ... )
    >>> predicted = masks == 1
    >>> predicted[2] = False
    >>> segmentation_scores(scans, predicted, "core")[["outcome", "dice", "hd95_mm"]].round(1)
                     outcome  dice  hd95_mm
    patient
    A        correct absence   NaN      NaN
    B                 scored   1.0      0.0
    C                 missed   0.0     22.6
    """
    truth = dataset.mask(mask)
    predicted = _check_predictions(predicted, truth.shape, threshold)
    names, group_of_image = np.unique(dataset.groups, return_inverse=True)
    rows = [
        _score_group(dataset, truth, predicted, np.flatnonzero(group_of_image == number))
        for number in range(len(names))
    ]
    return pd.DataFrame(rows, index=pd.Index(names, name=dataset.group_kind))


def _score_group(dataset, truth, predicted, images):
    truth, predicted = truth[images], predicted[images]
    row = {"slices": len(images), "unmatched_slices": _unmatched(truth, predicted).sum()}
    row["outcome"] = _outcome(truth, predicted)
    row |= dict.fromkeys(("dice", "iou"), np.nan)
    if row["outcome"] != "correct absence":
        row |= {"dice": dice(truth, predicted), "iou": iou(truth, predicted)}
    row["hd95_mm"], row["msd_mm"] = _group_distances(dataset, truth, predicted, images)
    row["volume_cm3"] = _group_volume(dataset, truth, truth, images)
    row["predicted_cm3"] = _group_volume(dataset, predicted, truth, images)
    row["volume_error_cm3"] = row["predicted_cm3"] - row["volume_cm3"]
    return row


def _outcome(truth, predicted):
    if truth.any():
        return "scored" if predicted.any() else "missed"
    return "false detection" if predicted.any() else "correct absence"


def _group_distances(dataset, truth, predicted, images):
    """Return the 95 % Hausdorff and the mean distance in mm, or the penalty, or NaN."""
    if dataset.pixel_spacing_mm is None or not (truth.any() or predicted.any()):
        return np.nan, np.nan
    spacing = _one_spacing(dataset, images)
    if not (truth.any(axis=(1, 2)) & predicted.any(axis=(1, 2))).any():
        diagonal = float(np.hypot(*np.multiply(spacing, truth.shape[1:])))
        return diagonal, diagonal
    distances = outline_distances(truth, predicted, spacing)
    return distances.hausdorff95, distances.mean


def _group_volume(dataset, masks, lesion, images):
    """Return the volume in cm³, or NaN where these slices do not give it."""
    fields = dataset.pixel_spacing_mm, dataset.slice_positions_mm, dataset.slice_thickness_mm
    if any(field is None for field in fields):
        return np.nan
    positions, thickness = fields[1][images], fields[2][images]
    spacing = _one_spacing(dataset, images)
    try:
        return stack_volume(masks, spacing, positions, thickness, lesion=lesion)
    except UncoveredError:
        return np.nan


def _one_spacing(dataset, images):
    spacing = dataset.pixel_spacing_mm[images]
    if not np.allclose(spacing, spacing[0], rtol=1e-3):
        received = f"several in {dataset.group_kind} {dataset.groups[images[0]]}"
        refuse("pixel_spacing_mm", received, "one for all slices of a stack", "Resample first.")
    return tuple(spacing[0])


def _unmatched(truth, predicted):
    return truth.any(axis=(1, 2)) != predicted.any(axis=(1, 2))


def _refuse_both_empty(truth, predicted):
    if not (truth.any() or predicted.any()):
        undefined(
            "truth and predicted: received two empty masks; allowed: pixels in at least one. Two "
            "empty masks agree, but have no overlap: count them as a correct absence."
        )


def _check_predictions(predicted, shape, threshold):
    predicted = np.asarray(predicted)
    if predicted.shape == (*shape, 1):
        predicted = predicted[..., 0]
    if predicted.shape != shape:
        refuse(
            "predicted",
            f"shape {predicted.shape}",
            f"{shape} or {(*shape, 1)}",
            "Give one mask for each image of the data set, in its order.",
        )
    if predicted.dtype == bool:
        return predicted
    if predicted.dtype.kind != "f" or not ((predicted >= 0) & (predicted <= 1)).all():
        refuse(
            "predicted",
            f"dtype {predicted.dtype}, or NaN, or values outside 0–1",
            "booleans, or probabilities as float",
            "Integer masks become boolean by masks == 1; logits need a sigmoid.",
        )
    return predicted >= check_unit_interval("threshold", threshold)
