"""TensorFlow and Keras, without the lines that TensorFlow writes when it starts; and their bar.

Modules of the package write ``from course_utils._tensorflow import keras, tf``. Whatever imports
Keras afterwards, a lesson for example, finds TensorFlow loaded and stays quiet.
"""

import contextlib
import html
import io
import os
import sys

import tqdm.std
from IPython import get_ipython
from IPython.display import HTML, display


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


class tqdm_notebook(tqdm.std.tqdm):
    """A line of text that changes; a bar of widgets is broken in a notebook opened again."""

    shown = said = None

    def __init__(self, **options):
        form = "{n_fmt} of {total_fmt} epochs, {elapsed}{postfix}"
        super().__init__(bar_format=form, file=io.StringIO(), **options)

    def display(self, msg=None, pos=None):
        """Show the state, or what is given, in the place where it was shown before."""
        text = str(self) if msg is None else msg
        if text != self.said and not os.environ.get("TQDM_DISABLE"):
            self.shown = self.shown or display(HTML(""), display_id=True)
            self.shown.update(HTML(html.escape(text)))
            self.said = text


tqdm = tqdm_notebook if hasattr(get_ipython(), "kernel") else tqdm.std.tqdm

__all__ = ["keras", "tf", "tqdm", "tqdm_notebook"]
