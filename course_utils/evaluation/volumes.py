"""Volumes of masks in cm³, from slices that cover the lesion. Taught in lesson 10."""

import numpy as np

from course_utils._checks import DatasetError, refuse
from course_utils.evaluation._masks import as_numbers, check_pair, check_spacing

# Slices one behind the other are never placed to the last digit.
EVEN_STEPS = 0.02
# With a gap of more than half a slice, too much of the lesion was never seen.
LARGEST_STEP = 1.5
# Slices that overlap by nearly half are more likely those of two scans, one between the other.
SMALLEST_STEP = 0.6


class UncoveredError(DatasetError):
    """Slices that do not give the volume of the lesion."""


def stack_volume(masks, pixel_spacing_mm, slice_positions_mm, slice_thickness_mm, *, lesion=None):
    """Volume of a mask in parallel, contiguous slices that cover the lesion.

    Parameters
    ----------
    masks : array-like (slices, height, width), boolean or 0 and 1
    pixel_spacing_mm : (float, float)
        Distance of rows and of columns.
    slice_positions_mm : array-like (slices,)
        Where each slice lies along the direction in which they are stacked, in any order.
    slice_thickness_mm : float, or array-like (slices,)
    lesion : array-like as `masks`, optional
        The true masks, if `masks` are a prediction: what the slices have to cover.

    Returns
    -------
    volume : float, cm³
        Of an empty prediction 0.

    Raises
    ------
    ValueError
        Fewer than three slices; slices that lie unevenly, farther apart than one and a half
        thicknesses or closer than 0.6 of one; or a lesion that is empty or reaches into the first
        or last slice or to the edge of the image, so that part of it may lie outside.

    Notes
    -----
    Each slice stands for its share of the stack, its thickness and the gap to the next one: area
    times distance of slices, the method of Cavalieri. What a prediction finds outside the slices is
    not in its volume. Taught in lesson 10.

    Examples
    --------
    >>> masks = np.zeros((4, 20, 20), bool)
    >>> masks[1:3, 5:15, 5:15] = True  # two slices of 10 × 20 mm, 5 mm apart
    >>> stack_volume(masks, (1, 2), [0, 5, 10, 15], 4)
    2.0
    """
    lesion = masks if lesion is None else lesion
    masks, lesion = check_pair(masks, lesion, names=("masks", "lesion"))
    if masks.ndim != 3:
        refuse("masks", f"shape {masks.shape}", "(slices, height, width)", "One patient at a time.")
    rows, columns = check_spacing(pixel_spacing_mm, (2,))
    step, order = _check_stack(slice_positions_mm, slice_thickness_mm, len(masks))
    _check_cover(lesion[order])
    return float(masks.sum() * rows * columns * step / 1000)


def _check_stack(positions, thickness, n):
    """Return the distance of the slices in mm and their order."""
    positions = as_numbers("slice_positions_mm", positions, "Give one per slice.")
    if positions.shape != (n,) or not np.isfinite(positions).all():
        received = f"shape {positions.shape}" if positions.shape != (n,) else "NaN or infinity"
        refuse("slice_positions_mm", received, f"({n},) finite mm", "Give one per slice.")
    thickness = as_numbers("slice_thickness_mm", thickness, "Give one for all, or one per slice.")
    if thickness.shape not in ((), (n,)) or not (np.isfinite(thickness) & (thickness > 0)).all():
        received = f"{thickness.tolist()!r:.60}"
        refuse("slice_thickness_mm", received, f"mm above 0, one or {n}", "Give one per slice.")
    if n < 3:
        raise UncoveredError(
            f"masks: received {n} slices; allowed: at least 3, a free one at either end. Fewer "
            "cannot show that they cover the lesion."
        )
    order = np.argsort(positions)
    steps = np.diff(positions[order])
    if steps.min() <= 0 or np.ptp(steps) > EVEN_STEPS * steps.mean():
        raise UncoveredError(
            f"slice_positions_mm: received steps from {steps.min():g} to {steps.max():g} mm; "
            "allowed: the same step everywhere. Leave out repeated slices; with one missing there "
            "is no volume."
        )
    if steps.mean() > LARGEST_STEP * thickness.min():
        raise UncoveredError(
            f"slice_positions_mm: received slices of {thickness.min():g} mm, {steps.mean():g} mm "
            f"apart; allowed: at most {LARGEST_STEP} thicknesses. Too much lies between the slices."
        )
    if steps.mean() < SMALLEST_STEP * thickness.max():
        raise UncoveredError(
            f"slice_positions_mm: received slices of {thickness.max():g} mm, {steps.mean():g} mm "
            f"apart; allowed: at least {SMALLEST_STEP} thicknesses. Overlapping slices: two scans "
            "of one patient? Score them one at a time."
        )
    return steps.mean(), order


def _check_cover(lesion):
    """Refuse a lesion that is empty or may reach beyond the slices or the image."""
    if not lesion.any():
        raise UncoveredError(
            "lesion: received an empty mask; allowed: a lesion inside the slices. That nothing is "
            "here does not say that nothing is elsewhere."
        )
    if lesion[[0, -1]].any():
        raise UncoveredError(
            "lesion: received a mask that reaches the first or last slice; allowed: a free slice "
            "at either end. The lesion may go on outside."
        )
    if lesion[:, [0, -1]].any() or lesion[:, :, [0, -1]].any():
        raise UncoveredError(
            "lesion: received a mask that touches the edge of the image; allowed: a free margin. "
            "The lesion may go on outside."
        )
