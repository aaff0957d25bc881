"""Refuse wrong input in one sentence: the value received, the values allowed, and a remedy.

Checks stand at the doors: where a reader's data, predictions, answers or words on the command line
enter. Behind them nobody checks again.
"""

from __future__ import annotations

from numbers import Integral

import numpy as np
import pandas as pd


class DatasetError(ValueError):
    """Report a data set, or a file that should hold one, that breaks a rule."""


class MissingDataError(DatasetError):
    """Report a real set that is not on this computer, and how to get it."""


def refuse(name, received, allowed, remedy):
    """Raise a ValueError whose message has the same three parts everywhere."""
    raise ValueError(f"{name}: received {received}; allowed: {allowed}. {remedy}")


def check_choice(name, value, allowed):
    """Check that a word is one of those allowed; return it."""
    if not isinstance(value, str) or value not in allowed:
        refuse(name, repr(value), ", ".join(allowed), "Use one of these words.")
    return str(value)


def check_integer(name, value, low, high=None):
    """Check an integer from `low` to `high`, or without an upper end; return it."""
    good = isinstance(value, Integral) and not isinstance(value, bool)
    if not good or value < low or (high is not None and value > high):
        end = "" if high is None else f" to {high}"
        refuse(name, repr(value), f"an integer from {low}{end}", f"For example {low}.")
    return int(value)


def check_seed(seed):
    """Check a seed: an integer from 0."""
    return check_integer("seed", seed, 0)


def check_names(name, names, count=None):
    """Check different, non-empty names, `count` of them or at least one; return a tuple."""
    names = () if names is None else (names,) if isinstance(names, str) else tuple(names)
    # NumPy would drop a zero character at the end of a text.
    good = all(isinstance(word, str) and word.strip() and "\0" not in word for word in names)
    if not good or len(set(names)) != len(names) or (count is None and not names):
        refuse(name, repr(names), "different, non-empty names", "Name each one once.")
    if count is not None and len(names) != count:
        refuse(name, f"{len(names)} names {names}", f"{count} names", "Name each one once.")
    return tuple(str(word) for word in names)


def check_rows(name, values, n):
    """Check one name or number for each of n rows, none missing; return an array (n,).

    NumPy alone would turn a missing patient number into a patient called 'nan'.
    """
    array = np.asarray(values)
    if array.shape != (n,):
        refuse(name, f"shape {array.shape}", f"({n},), one value per row", "Select both alike.")
    if array.dtype.kind not in "iub":
        objects = np.asarray(values, dtype=object)
        missing = np.flatnonzero(pd.isna(objects) | np.isin(array.astype(str), [""]))
        if missing.size:
            refuse(
                name,
                f"a missing value in row {missing[0]} ({missing.size} such rows)",
                "a name or number for each row",
                "Find out whose rows these are, or leave them out.",
            )
    text = array.dtype.kind in "OT" and all(isinstance(value, str) for value in array)
    return array.astype(str) if text else array


def frozen(array):
    """Return the array read-only; copied, unless it was read-only already."""
    array = np.asarray(array)
    if array.flags.writeable:
        array = array.copy()
        array.flags.writeable = False
    return array
