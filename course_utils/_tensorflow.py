"""TensorFlow and Keras, imported without the lines that TensorFlow writes when it starts.

Modules of the package write ``from course_utils._tensorflow import keras, tf``. Whatever imports
Keras afterwards, a lesson for example, finds TensorFlow loaded and stays quiet.
"""

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


os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
with _muted_stderr():
    import keras
    import tensorflow as tf

__all__ = ["keras", "tf"]
