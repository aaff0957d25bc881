"""Checks that the modules of this package share, and the error for files that fail them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np


class ImageFileError(ValueError):
    """A medical image file that cannot be turned into trustworthy numbers.

    The message names the file, says what was found and what is needed, and what to do.
    """


def finite_array(values: Any, name: str) -> np.ndarray:
    """Return `values` as a real, finite array or say what is wrong with it."""
    array = np.asarray(values)
    if array.dtype.kind not in "buif":
        raise ValueError(f"{name} has dtype {array.dtype}; give real numbers (int or float).")
    if array.dtype.kind == "f":
        bad = array.size - int(np.count_nonzero(np.isfinite(array)))
        if bad:
            raise ValueError(
                f"{name} has {bad} of {array.size} values that are NaN or infinite; "
                "replace them first, for example with numpy.nan_to_num."
            )
    return array


def finite_number(value: Any, name: str) -> float:
    """Return `value` as a finite float or raise ValueError with its name."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"{name} is {value!r}; give one finite number.") from None
    if not np.isfinite(number):
        raise ValueError(f"{name} is {number}; give one finite number.")
    return number


def one_of(value: Any, allowed: tuple[str, ...], name: str) -> str:
    """Return `value` if it is allowed, else raise ValueError listing what is."""
    if value not in allowed:
        raise ValueError(f"{name} is {value!r}; allowed are {', '.join(map(repr, allowed))}.")
    return value


def source_name(source: Any, third_kind: str) -> str:
    """Return what to call a path or binary file object in messages, or refuse anything else."""
    if isinstance(source, (str, os.PathLike)):
        return Path(os.fsdecode(source)).name
    if not hasattr(source, "read"):
        raise ImageFileError(
            f"source is a {type(source).__name__}; give a path, a binary file object or a "
            f"{third_kind}."
        )
    return Path(str(getattr(source, "name", "the file object"))).name


def one_line(error: BaseException) -> str:
    """Return an exception's message without its line breaks."""
    return " ".join(str(error).split()) or type(error).__name__
