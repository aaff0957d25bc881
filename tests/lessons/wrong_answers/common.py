"""What the wrong answers of several lessons need."""

import numpy as np

TINY = np.zeros((6, 8), dtype=np.uint8)
TINY[1:3, 4:7] = 200
TINY[4, 1] = 90


def nothing(*arguments):
    result = sum(np.size(a) for a in arguments)  # noqa: F841
