"""Refuse wrong input: the value received, the values allowed, and what to do."""

from __future__ import annotations

from numbers import Integral

import numpy as np

IMAGES = ("n", "height", "width", "channels")
KERNELS = ("height", "width", "channels_in", "filters")


def refuse(name, received, allowed, advice):
    """Raise a ValueError whose message has the same three parts everywhere."""
    raise ValueError(f"{name}: received {received}; allowed: {allowed}. {advice}")


def as_numbers(values, name, axes=None):
    """Return an array of float32 or float64, with the axes named in `axes` where given."""
    try:
        array = np.asarray(values)
    except ValueError:
        refuse(name, "rows of different lengths", "a regular array", "Make all rows equally long.")
    if array.dtype.kind in "biu":
        array = array.astype(np.float64)
    if array.dtype.kind != "f" or array.dtype.itemsize not in (4, 8):
        refuse(
            name,
            f"dtype {array.dtype}",
            "float32, float64, integers and booleans",
            "Convert it first, for example with np.asarray(values, dtype=np.float64).",
        )
    if array.size == 0:
        refuse(name, f"shape {array.shape}", "at least one value", "Check what selected it.")
    if axes is not None and array.ndim != len(axes):
        refuse(
            name,
            f"shape {array.shape}",
            f"{len(axes)} axes, ({', '.join(axes)})",
            "Add a missing axis with array[np.newaxis] or array[..., np.newaxis].",
        )
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def same_dtype(*arrays):
    """Return the arrays in the widest of their dtypes."""
    widest = np.result_type(*arrays)
    return [array.astype(widest, copy=False) for array in arrays]


def check_shape(array, name, expected, meaning):
    """Check that an array has exactly the expected shape."""
    if array.shape != tuple(expected):
        refuse(name, f"shape {array.shape}", f"shape {tuple(expected)}", meaning)


def whole_number(value, name, least=1):
    """Return a whole number that is not too small as an int."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        refuse(name, repr(value), f"a whole number from {least}", "Use an int such as 3.")
    return int(value)


def pair(value, name):
    """Return (vertical, horizontal) from one whole number or two."""
    if isinstance(value, (tuple, list)):
        if len(value) != 2:
            refuse(name, repr(value), "a number, or (vertical, horizontal)", "Give one or two.")
        return whole_number(value[0], name), whole_number(value[1], name)
    return (whole_number(value, name),) * 2


def check_padding(padding):
    """Check the word that names the padding."""
    if not isinstance(padding, str) or padding not in ("valid", "same"):
        refuse(
            "padding",
            repr(padding),
            "'valid', 'same'",
            "Write 'valid' for no padding. For any other amount use np.pad first.",
        )
