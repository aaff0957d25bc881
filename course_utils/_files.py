"""Writing files so that an interruption leaves the old one or the new one."""

import os
import uuid
from pathlib import Path

import numpy as np


def write_npz(path, arrays):
    """Write arrays to a compressed .npz file that appears complete or not at all."""
    path = Path(path)
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        with open(part, "xb") as file:
            np.savez_compressed(file, allow_pickle=False, **arrays)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def write_text(path, text):
    """Write a text file, UTF-8 with line feeds, that appears complete or not at all."""
    path = Path(path)
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        part.write_text(text, encoding="utf-8", newline="\n")
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
