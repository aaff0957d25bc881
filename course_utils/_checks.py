"""Refuse wrong input: the value received, the values allowed, and what to do."""

from __future__ import annotations

from numbers import Integral

import numpy as np


class DatasetError(ValueError):
    """A data set, or a file that should hold one, breaks a rule.

    The message names the value received, the values allowed, and what to do.
    """


def refuse(field, received, allowed, advice):
    """Raise a DatasetError whose message has the same three parts everywhere."""
    raise DatasetError(f"{field}: received {received}; allowed: {allowed}. {advice}")


def frozen(array):
    """Return the array read-only; copied, unless it was read-only already."""
    array = np.asarray(array)
    if array.flags.writeable:
        array = array.copy()
        array.flags.writeable = False
    return array


def check_choice(field, value, allowed):
    """Check that a word is one of those allowed."""
    if not isinstance(value, str) or value not in allowed:
        refuse(field, repr(value), ", ".join(allowed), "Use one of these words.")
    return str(value)


def check_names(field, names, count=None):
    """Check a tuple of different, non-empty names."""
    names = () if names is None else (names,) if isinstance(names, str) else tuple(names)
    # NumPy would drop a zero character at the end of a text.
    good = all(isinstance(name, str) and name.strip() and "\0" not in name for name in names)
    if not good or len(set(names)) != len(names) or (count is None and not names):
        refuse(field, repr(names), "different, non-empty names", "Name each one once.")
    if count is not None and len(names) != count:
        refuse(field, f"{len(names)} names {names}", f"{count} names", "Name each one once.")
    return tuple(str(name) for name in names)


def per_image(field, values, n):
    """Check one value per image and return the array."""
    values = np.asarray(values)
    if values.shape != (n,):
        refuse(
            field,
            f"shape {values.shape}",
            f"({n},), one value per image",
            "Check that the array was selected together with the images.",
        )
    return values


def check_text_or_numbers(field, values, n):
    """Check integers or non-empty text, one per image."""
    values = per_image(field, values, n)
    if values.dtype.kind in "iu":
        return frozen(values.astype(np.int64))
    if values.dtype.kind in "OT" and all(isinstance(value, str) for value in values):
        values = values.astype(str)
    if values.dtype.kind != "U" or not np.all(np.char.str_len(values) > 0):
        refuse(
            field,
            f"dtype {values.dtype} or an empty or missing entry",
            "integers or non-empty text",
            "Give every image a name or a number.",
        )
    return frozen(values)


def positions(which, n):
    """Return a selection as integer positions, refusing what NumPy would bend."""
    which = np.asarray(which)
    if which.dtype == bool and which.shape == (n,):
        which = np.flatnonzero(which)
    if which.dtype.kind not in "iu" or which.ndim != 1:
        refuse(
            "selection",
            f"shape {which.shape}, dtype {which.dtype}",
            f"booleans of shape ({n},) or a list of positions",
            "For one image write select([5]).",
        )
    if which.size == 0 or which.min() < -n or which.max() >= n:
        refuse(
            "selection",
            "no image" if which.size == 0 else f"positions {which.min()} to {which.max()}",
            f"at least one position from 0 to {n - 1}",
            "Check the condition that chooses the images.",
        )
    return which


def check_seed(seed):
    """Refuse a seed that is not a whole number from 0."""
    if not isinstance(seed, Integral) or isinstance(seed, bool) or seed < 0:
        refuse("seed", repr(seed), "an integer from 0", "Results must be repeatable; use 0.")
