"""Scores of masks: overlap, distances between outlines in mm, volumes in cm³, one row per patient.

Empty masks have no overlap and no outline, so they are decided first. Both empty: a correct
absence, counted but not scored. Only one empty: a failed detection, with overlap 0 and, as its
distance, the diagonal of the image, the largest there is.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import ndimage

from course_utils._checks import refuse
from course_utils.evaluation._checks import UndefinedScoreError, check_fraction

# Slices one behind the other are never placed to the last digit.
EVEN_STEPS = 0.02
# With a gap of more than half a slice, too much of the lesion was never seen. Slices that overlap
# by nearly half are more likely those of two scans, one between the other.
SMALLEST_STEP, LARGEST_STEP = 0.6, 1.5


class OutlineDistances(NamedTuple):
    """Name the 95 % Hausdorff distance and the mean surface distance, in mm."""

    hd95: float
    masd: float


def outline_distances(truth, predicted, spacing_mm):
    """Measure how far the outlines of two masks lie from each other, in mm.

    The masks (height, width) or (slices, height, width) are boolean or 0 and 1; the spacing is the
    distance of rows and of columns. Distances run within slices, and all slices of a stack count
    together. A slice where only one of the masks has pixels gives no distance; Dice pays for it.

    After Maier-Hein and others 2024, https://doi.org/10.1038/s41592-023-02151-z. ``hd95`` is the
    larger one of the two directed 95th percentiles (scikit-image's `hausdorff_distance` takes the
    maximum), ``masd`` the mean of the two directed means. The outline are the pixels of the mask
    that touch, by a side, a pixel outside it or the edge of the image. Distances run between the
    centers of pixels.

    >>> truth, predicted = np.zeros((2, 9, 9), int)
    >>> truth[2:5, 2:5] = predicted[2:5, 3:6] = 1
    >>> outline_distances(truth, predicted, spacing_mm=(2.0, 0.5))
    OutlineDistances(hd95=0.5, masd=0.25)
    """
    truth, predicted = _check_masks(truth, predicted)
    if truth.ndim not in (2, 3):
        allowed = "(height, width) or (slices, height, width)"
        refuse("truth", f"shape {truth.shape}", allowed, "Take one patient at a time.")
    spacing = np.asarray(spacing_mm, dtype=float)
    if spacing.shape != (2,) or not (np.isfinite(spacing) & (spacing > 0)).all():
        allowed = "two numbers above 0, in mm"
        refuse("spacing_mm", repr(spacing_mm), allowed, "Rows come first.")
    slices = np.stack([truth, predicted]).reshape(2, -1, *truth.shape[-2:]).swapaxes(0, 1)
    outlines = [[_outline(mask) for mask in pair] for pair in slices if pair.any((1, 2)).all()]
    if not outlines:
        raise UndefinedScoreError(
            "truth and predicted: received no slice in which both have pixels; allowed: at least "
            "one. Count this as a failed detection."
        )
    pairs = [pair[::way] for way in (1, -1) for pair in outlines]
    distances = [ndimage.distance_transform_edt(~b, sampling=spacing)[a] for a, b in pairs]
    directed = [
        np.concatenate(half) for half in (distances[: len(outlines)], distances[len(outlines) :])
    ]
    hd95 = max(np.percentile(one_way, 95) for one_way in directed)
    return OutlineDistances(float(hd95), float(np.mean([one_way.mean() for one_way in directed])))


def _outline(mask):
    # Outside the image counts as outside the mask: binary_erosion's border value is 0.
    return mask & ~ndimage.binary_erosion(mask)


def segmentation_scores(dataset, predicted, mask, *, threshold=0.5):
    """Score the masks of every group: a table with one row per patient.

    Predicted is one mask per image, boolean (n, height, width) or (n, height, width, 1); or
    probabilities, 0–1, which are inside from the threshold on: choose it on validation patients.
    The true mask is named, such as ``"core"``. The rows are the groups, in ascending order, of

    - ``slices``, and ``unmatched_slices``, where only one of the masks has pixels;
    - ``outcome``: scored; correct absence (both masks empty in all slices); missed (only the
      prediction is empty) or false detection (only the truth is);
    - ``dice``, ``iou``, over all pixels of the group; 0 for missed and false detection;
    - ``hd95_mm``, ``masd_mm``, within slices: see `outline_distances`. For missed and false
      detection, and where no slice has both masks, the diagonal of the image;
    - ``volume_cm3``, ``predicted_cm3`` and ``volume_error_cm3`` (predicted minus true): area times
      distance of slices, the method of Cavalieri.

    NaN stands for what does not exist: all scores of a correct absence, distances without pixel
    spacing, and volumes unless at least three slices lie evenly, 0.6 to 1.5 thicknesses apart, and
    the lesion reaches neither the first nor the last slice nor the edge of the image.

    Taha and Hanbury 2015, https://doi.org/10.1186/s12880-015-0068-x. `bootstrap_values` puts an
    interval around the mean or median of a column.
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
    both, either = (truth & predicted).sum(), (truth | predicted).sum()
    in_slices = [masks.any(axis=(1, 2)) for masks in (truth, predicted)]
    hd95, masd = _distances(dataset, truth, predicted, images, np.logical_and(*in_slices).any())
    volumes = _volumes(dataset, truth, predicted, images)
    return {
        "slices": len(images),
        "unmatched_slices": np.logical_xor(*in_slices).sum(),
        "outcome": _outcome(truth, predicted),
        "dice": 2 * both / (truth.sum() + predicted.sum()) if either else np.nan,
        "iou": both / either if either else np.nan,
        "hd95_mm": hd95,
        "masd_mm": masd,
        "volume_cm3": volumes[0],
        "predicted_cm3": volumes[1],
        "volume_error_cm3": volumes[1] - volumes[0],
    }


def _outcome(truth, predicted):
    if truth.any():
        return "scored" if predicted.any() else "missed"
    return "false detection" if predicted.any() else "correct absence"


def _distances(dataset, truth, predicted, images, matched):
    """Return the distances in mm, the penalty, or NaN."""
    if dataset.pixel_spacing_mm is None or not (truth.any() or predicted.any()):
        return np.nan, np.nan
    spacing = _one_spacing(dataset, images)
    if matched:
        return outline_distances(truth, predicted, spacing)
    return (float(np.hypot(*np.multiply(spacing, truth.shape[1:]))),) * 2


def _volumes(dataset, truth, predicted, images):
    """Return the volumes of both masks in cm³, or NaN where these slices do not give them."""
    fields = dataset.pixel_spacing_mm, dataset.slice_positions_mm, dataset.slice_thickness_mm
    if any(field is None for field in fields) or len(images) < 3:
        return np.nan, np.nan
    positions, thickness = fields[1][images], fields[2][images]
    order = np.argsort(positions)
    steps, lesion = np.diff(positions[order]), truth[order]
    beyond = lesion[[0, -1]].any() or lesion[:, [0, -1]].any() or lesion[..., [0, -1]].any()
    step = steps.mean()
    even = steps.min() > 0 and np.ptp(steps) <= EVEN_STEPS * step
    near = SMALLEST_STEP * thickness.max() <= step <= LARGEST_STEP * thickness.min()
    if not lesion.any() or beyond or not even or not near:
        return np.nan, np.nan
    pixel = np.prod(_one_spacing(dataset, images)) * step / 1000
    return float(truth.sum() * pixel), float(predicted.sum() * pixel)


def _one_spacing(dataset, images):
    spacing = dataset.pixel_spacing_mm[images]
    if not np.allclose(spacing, spacing[0], rtol=1e-3):
        received = f"several in {dataset.group_kind} {dataset.groups[images[0]]}"
        refuse("pixel_spacing_mm", received, "one for all slices of a stack", "Resample first.")
    return tuple(spacing[0])


def _check_masks(truth, predicted):
    """Return two masks of one shape as booleans."""
    masks = []
    for name, mask in (("truth", truth), ("predicted", predicted)):
        mask = np.asarray(mask)
        if mask.dtype.kind not in "biuf" or not mask.size or not np.isin(mask, (0, 1)).all():
            received = f"shape {mask.shape}, dtype {mask.dtype}, or values other than 0 and 1"
            advice = "Apply a threshold to probabilities; take one bit of bit flags (dataset.mask)."
            refuse(name, received, "booleans, or only 0 and 1", advice)
        masks.append(mask.astype(bool))
    if masks[0].shape != masks[1].shape:
        advice = "Keras predicts (n, height, width, 1): use predictions[..., 0]."
        refuse("predicted", f"shape {masks[1].shape}", f"{masks[0].shape}, as truth", advice)
    return masks


def _check_predictions(predicted, shape, threshold):
    predicted = np.asarray(predicted)
    if predicted.shape == (*shape, 1):
        predicted = predicted[..., 0]
    if predicted.shape != shape:
        advice = "Give one mask for each image of the data set, in its order."
        refuse("predicted", f"shape {predicted.shape}", f"{shape} or {(*shape, 1)}", advice)
    if predicted.dtype == bool:
        return predicted
    if predicted.dtype.kind != "f" or not ((predicted >= 0) & (predicted <= 1)).all():
        received = f"dtype {predicted.dtype}, or NaN, or values outside 0–1"
        advice = "Integer masks become boolean by masks == 1; logits need a sigmoid."
        refuse("predicted", received, "booleans, or probabilities as float", advice)
    return predicted >= check_fraction("threshold", threshold, ends=True)
