"""Check in a lesson what its prose says about a training, which never repeats to the last digit."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Claim:
    """A sentence of the prose, and whether this run bears it out.

    Attributes
    ----------
    text : str
        What the prose says, with its margin.
    holds : bool
    got : str
        What this run gave. It is shown only where the claim does not hold, so that the stored
        output of a lesson stays the same from run to run.

    Examples
    --------
    >>> Claim("The AUC is above 0.8.", holds=True, got="0.91")
    ✓ In this run, too: The AUC is above 0.8.
    """

    text: str
    holds: bool
    got: str

    def __post_init__(self):
        if not isinstance(self.holds, (bool, np.bool_)):
            raise TypeError(f"holds is {self.holds!r}. Give one True or False, from a comparison.")

    def __repr__(self):
        if self.holds:
            return f"✓ In this run, too: {self.text}"
        return (
            f"✗ The text says: {self.text} This run got: {self.got}. If you have changed a "
            "setting, that is fine, and interesting. If not, restart the kernel and run all cells."
        )
