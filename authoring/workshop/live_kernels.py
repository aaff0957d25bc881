"""A plugin of pytest for nbval: a kernel that has died is noticed in seconds.

nbval by itself waits until the time of the cell is over, and that is long, so that a slow machine
fails no lesson. Given to pytest by ``-p authoring.workshop.live_kernels``.
"""

import time
from queue import Empty

from nbval.kernel import RunningKernel

SECONDS = 3
_get_message = RunningKernel.get_message


def get_message(self, stream, timeout=None):
    """Return the next message, as nbval does, and look now and then whether one can come."""
    end = time.monotonic() + (timeout or float("inf"))
    while (left := end - time.monotonic()) > SECONDS:
        try:
            return _get_message(self, stream, SECONDS)
        except Empty:
            if not self.is_alive():
                raise RuntimeError("The kernel died in this cell.") from None
    return _get_message(self, stream, max(left, 0))


RunningKernel.get_message = get_message
