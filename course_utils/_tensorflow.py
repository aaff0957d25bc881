"""TensorFlow without the lines that it writes to the terminal when it starts."""

import contextlib
import os
import sys


@contextlib.contextmanager
def _muted_stderr():
    """Send file descriptor 2 to nowhere: TensorFlow's C++ code writes past sys.stderr."""
    sys.stderr.flush()
    saved = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)


def import_quietly():
    """Import TensorFlow and return it; its start-up messages would break lesson comparison."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _muted_stderr():
        import tensorflow
    return tensorflow
