"""Intensities without a fixed unit, brought to a common scale."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_utils.imaging._checks import finite_array, one_of


def normalize(
    image: Any,
    method: str = "percentile",
    *,
    mask: Any = None,
    percentiles: tuple[float, float] = (1, 99),
) -> np.ndarray:
    """Bring intensities without a fixed unit, such as MR, to a common scale.

    Parameters
    ----------
    image : array_like
        Any shape, real and finite.
    method : {"percentile", "zscore", "minmax"}
        ``"percentile"``: the two percentiles become 0 and 1, what lies beyond is cut off.
        ``"minmax"``: the extremes become 0 and 1. ``"zscore"``: mean 0, standard deviation 1.
    mask : array_like of bool, optional
        Pixels from which those numbers are taken, such as the head without the air around it.
        All pixels are transformed; outside the mask the result is cut off at 0 and 1 too
        (``"zscore"`` never cuts).
    percentiles : tuple of float
        Low and high, 0-100.

    Returns
    -------
    numpy.ndarray
        float32, shape of `image`.

    Raises
    ------
    ValueError
        For NaN or infinite pixels, an empty or ill-shaped mask, pixels that are all equal (or
        equal percentiles), percentiles out of order, or an unknown method.

    Notes
    -----
    Take the numbers from one image, or from training images only; statistics over test images
    leak. Do not use it for CT, whose Hounsfield units already are a common scale. Taught in
    lesson 01.

    Examples
    --------
    >>> normalize([10, 20, 30], "minmax")
    array([0. , 0.5, 1. ], dtype=float32)
    >>> normalize([10, 20, 30, 999], "zscore", mask=[True, False, True, False])
    array([-1. ,  0. ,  1. , 97.9], dtype=float32)
    """
    one_of(method, ("percentile", "zscore", "minmax"), "method")
    array = finite_array(image, "image").astype(np.float64)
    values = array if mask is None else array[_mask_for(array, mask)]
    if values.size == 0:
        raise ValueError("image is empty or mask selects no pixel; there is nothing to measure.")
    if method == "zscore":
        low, scale = values.mean(), values.std()
    else:
        low, high = values.min(), values.max()
        if method == "percentile":
            low, high = np.percentile(values, _percentile_pair(percentiles))
        scale = high - low
    # Rounding can leave a tiny spread where all values are equal.
    if scale <= 1e-12 * max(abs(low), np.finfo(np.float64).tiny):
        raise ValueError(
            f"image has no contrast to normalize by {method} (spread {scale:g} around {low:g}); "
            "leave it out, or use wider percentiles or another mask."
        )
    result = (array - low) / scale
    return (result if method == "zscore" else np.clip(result, 0, 1)).astype(np.float32)


def _mask_for(array: np.ndarray, mask: Any) -> np.ndarray:
    """Return `mask` as bool after checking that it fits `array`."""
    mask = np.asarray(mask)
    if mask.shape != array.shape:
        raise ValueError(f"mask has shape {mask.shape}, image {array.shape}; they must match.")
    if mask.dtype != bool and not np.isin(mask, (0, 1)).all():
        raise ValueError("mask holds other values than 0 and 1; give True where to measure.")
    return mask.astype(bool)


def _percentile_pair(percentiles: Any) -> tuple[float, float]:
    """Return (low, high) after checking 0 <= low < high <= 100."""
    try:
        low, high = (float(value) for value in percentiles)
    except (TypeError, ValueError):
        low, high = np.nan, np.nan
    if not 0 <= low < high <= 100:
        raise ValueError(f"percentiles is {percentiles!r}; give (low, high) within 0-100.")
    return low, high
