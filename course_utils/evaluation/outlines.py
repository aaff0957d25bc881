"""Distances between the outlines of two masks, in mm. Taught in lesson 10."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from course_utils._checks import refuse
from course_utils.evaluation._checks import undefined
from course_utils.evaluation._masks import check_pair, check_spacing


@dataclass(frozen=True, eq=False)
class OutlineDistances:
    """Distances between the outlines of two masks, in mm.

    Attributes
    ----------
    to_predicted : array, float64
        From each pixel of the true outline to the nearest pixel of the predicted one.
    to_truth : array, float64
        The other way.
    unmatched_slices : int
        Slices left out because only one of the masks has pixels there.
    """

    to_predicted: np.ndarray
    to_truth: np.ndarray
    unmatched_slices: int = 0

    @property
    def hausdorff95(self):
        """95 % of each outline lie at most this far from the other one."""
        return float(max(np.percentile(d, 95) for d in (self.to_predicted, self.to_truth)))

    @property
    def mean(self):
        """Mean distance of each outline from the other, averaged over the two."""
        return float((self.to_predicted.mean() + self.to_truth.mean()) / 2)


def outline_distances(truth, predicted, spacing_mm):
    """Distances between the outlines of two masks, from either to the other.

    Parameters
    ----------
    truth, predicted : array-like (height, width) or (slices, height, width), boolean or 0 and 1
    spacing_mm : (float, float) or (float, float, float)
        Two numbers, distance of rows and of columns: distances within the slices, all slices of the
        stack together. Three numbers, of which the first is the distance of the slices: distances
        in space.

    Returns
    -------
    distances : OutlineDistances
        With ``hausdorff95`` and ``mean``.

    Raises
    ------
    ValueError
        Masks that do not fit together, a spacing of other than two or three numbers above 0, or no
        slice in which both masks have pixels.

    Notes
    -----
    Definitions differ, so here is ours. The outline are the pixels of the mask that touch, by a
    side, a pixel outside it; beyond the edge of the image is outside. Distances run between the
    centers of pixels. The 95 % Hausdorff distance is the larger one of the two directed 95th
    percentiles, and the mean surface distance the mean of the two directed means: neither direction
    is outvoted by the longer outline. Some programs instead take percentile or mean of the
    distances of both directions together. See Maier-Hein and others 2024,
    https://doi.org/10.1038/s41592-023-02151-z, and on outliers, for which the 95th percentile
    replaces the maximum, Taha and Hanbury 2015, https://doi.org/10.1186/s12880-015-0068-x.

    Within slices, a slice where only one of the masks has pixels gives no distance;
    ``unmatched_slices`` counts them, and Dice pays for them. Taught in lesson 10.

    Examples
    --------
    >>> truth, predicted = np.zeros((2, 1, 9, 9), int)
    >>> truth[0, 2:5, 2:5] = predicted[0, 2:5, 3:6] = 1
    >>> distances = outline_distances(truth, predicted, spacing_mm=(2.0, 0.5))
    >>> distances.hausdorff95, round(distances.mean, 3)
    (0.5, 0.25)
    """
    truth, predicted = check_pair(truth, predicted)
    spacing = check_spacing(spacing_mm, (2, 3))
    if truth.ndim != 3 and (truth.ndim, len(spacing)) != (2, 2):
        refuse(
            "truth",
            f"shape {truth.shape} with a spacing of {len(spacing)} numbers",
            "(height, width) or (slices, height, width); slices if the spacing has three numbers",
            "Take one mask, and one patient at a time.",
        )
    if len(spacing) == 3 or truth.ndim == 2:
        return _pool([(truth, predicted, spacing)])
    return _pool((a, b, spacing) for a, b in zip(truth, predicted, strict=True))


def _pool(slices):
    """Measure slice by slice, and put the distances of all slices together."""
    to_predicted, to_truth, unmatched = [], [], 0
    for truth, predicted, spacing in slices:
        if not (truth.any() and predicted.any()):
            unmatched += int(truth.any() or predicted.any())
            continue
        outlines = _outline(truth), _outline(predicted)
        for ours, other, found in zip(
            outlines, outlines[::-1], (to_predicted, to_truth), strict=True
        ):
            found.append(ndimage.distance_transform_edt(~other, sampling=spacing)[ours])
    if not to_predicted:
        undefined(
            "truth and predicted: received no slice in which both have pixels; allowed: at least "
            "one. Without two outlines there is no distance; count this as a failed detection."
        )
    return OutlineDistances(np.concatenate(to_predicted), np.concatenate(to_truth), unmatched)


def _outline(mask):
    # Outside the image counts as outside the mask: binary_erosion's border value is 0.
    return mask & ~ndimage.binary_erosion(mask)
