"""Checks of masks and of distances in mm."""

import numpy as np

from course_utils._checks import refuse


def check_pair(truth, predicted):
    """Return two masks of one shape as booleans, refusing other values than 0 and 1."""
    truth, predicted = _check_mask("truth", truth), _check_mask("predicted", predicted)
    if truth.shape != predicted.shape:
        refuse(
            "predicted",
            f"shape {predicted.shape}",
            f"{truth.shape}, as the true mask",
            "Keras predicts (n, height, width, 1): use predictions[..., 0].",
        )
    return truth, predicted


def check_spacing(spacing, lengths):
    """Return a spacing in mm as a tuple of one of the lengths."""
    try:
        values = tuple(float(value) for value in spacing)
    except (TypeError, ValueError):
        values = ()
    if len(values) not in lengths or not all(np.isfinite(v) and v > 0 for v in values):
        wanted = " or ".join(map(str, lengths))
        refuse("spacing", repr(spacing), f"{wanted} numbers above 0, in mm", "Rows come first.")
    return values


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
