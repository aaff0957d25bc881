"""Checks of masks and of distances in mm."""

import numpy as np

from course_utils._checks import refuse


def check_pair(first, second, names=("truth", "predicted")):
    """Return two masks of one shape as booleans, refusing other values than 0 and 1."""
    first, second = _check_mask(names[0], first), _check_mask(names[1], second)
    if first.shape != second.shape:
        refuse(
            names[1],
            f"shape {second.shape}",
            f"{first.shape}, the shape of {names[0]}",
            "Keras predicts (n, height, width, 1): use predictions[..., 0].",
        )
    return first, second


def check_spacing(spacing, lengths):
    """Return a spacing in mm as a tuple of one of the lengths."""
    values = as_numbers("spacing", spacing, "Give mm; rows come first.")
    good = values.ndim == 1 and len(values) in lengths
    if not good or not (np.isfinite(values) & (values > 0)).all():
        wanted = " or ".join(map(str, lengths))
        refuse("spacing", repr(spacing), f"{wanted} numbers above 0, in mm", "Rows come first.")
    return tuple(values.tolist())


def as_numbers(name, values, advice):
    """Return float64; text and booleans, which NumPy would take for numbers, are refused."""
    try:
        array = np.asarray(values)
    except ValueError:  # rows of different lengths
        array = np.array(None)
    if array.dtype.kind not in "iuf":
        refuse(name, f"{values!r:.60}", "numbers, in mm", advice)
    return array.astype(np.float64)


def _check_mask(name, mask):
    mask = np.asarray(mask)
    if mask.dtype.kind not in "biuf" or not mask.size or not np.isin(mask, (0, 1)).all():
        values = np.unique(mask)[:4].tolist() if mask.dtype.kind in "biuf" else mask.dtype
        refuse(
            name,
            f"shape {mask.shape} with values such as {values}",
            "booleans, or only 0 and 1",
            "Apply a threshold to probabilities; take one bit of bit flags (dataset.mask).",
        )
    return mask.astype(bool)
