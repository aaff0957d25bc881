"""Writing files so that an interruption leaves the old one or the new one."""

import os
import uuid
from contextlib import contextmanager
from pathlib import Path

import numpy as np


@contextmanager
def replacing(path):
    """Give a path to write to, which takes the place of `path` at the end, or disappears."""
    path = Path(path)
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def write_npz(path, arrays):
    """Write arrays to a compressed .npz file that appears complete or not at all."""
    with replacing(path) as part, open(part, "xb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def write_text(path, text):
    """Write a text file, UTF-8 with line feeds, that appears complete or not at all."""
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8", newline="\n")
