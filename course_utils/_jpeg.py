"""Images as JPEG bytes, all coded with the same settings, so that coding tells nothing."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import numpy as np
from PIL import Image

from course_utils._checks import DatasetError, refuse

JPEG = ("jpeg_bytes", "jpeg_offsets")


def encode_jpeg(images, quality):
    """Return jpeg_bytes and jpeg_offsets, all images coded with the same settings."""
    if images.dtype != np.uint8 or images.shape[-1] not in (1, 3):
        refuse(
            "images",
            f"{images.dtype} with {images.shape[-1]} channels",
            "uint8 with 1 or 3 channels for JPEG",
            "Save without jpeg_quality.",
        )
    if not isinstance(quality, int) or not 1 <= quality <= 95:
        refuse("jpeg_quality", repr(quality), "1 to 95", "90 hardly shows.")
    coded = []
    for image in images:
        buffer = BytesIO()
        pixels = image[..., 0] if image.shape[-1] == 1 else image
        Image.fromarray(pixels).save(buffer, "JPEG", quality=quality, subsampling=0)
        coded.append(buffer.getvalue())
    offsets = np.cumsum([0] + [len(data) for data in coded], dtype=np.int64)
    return {"jpeg_bytes": np.frombuffer(b"".join(coded), np.uint8), "jpeg_offsets": offsets}


def decode_jpeg(arrays):
    """Return images (n, height, width, channels), uint8, from their JPEG bytes."""
    data, offsets = (arrays[key] for key in JPEG)
    good = data.dtype == np.uint8 and offsets.dtype == np.int64 and data.ndim == offsets.ndim == 1
    if not good or len(offsets) < 2 or offsets[0] != 0 or offsets[-1] != len(data):
        refuse(
            "jpeg_offsets",
            f"{offsets.shape} {offsets.dtype} for {data.shape} {data.dtype} bytes",
            "int64, from 0 to the number of uint8 bytes",
            "Write the file again.",
        )
    if (np.diff(offsets) <= 0).any():
        refuse("jpeg_offsets", "values that fall", "rising values", "Write the file again.")
    first = _decode_one(data[: offsets[1]])
    images = np.empty((len(offsets) - 1, *first.shape), np.uint8)

    def fill(part):
        for i in part:
            image = _decode_one(data[offsets[i] : offsets[i + 1]])
            if image.shape != first.shape:
                refuse(f"JPEG image {i}", f"shape {image.shape}", f"{first.shape}", "Use one size.")
            images[i] = image

    n_parts = min(os.cpu_count() or 1, len(images))
    with ThreadPoolExecutor(n_parts) as pool:
        list(pool.map(fill, np.array_split(np.arange(len(images)), n_parts)))
    images.flags.writeable = False
    return images


def _decode_one(data):
    try:
        with Image.open(BytesIO(data), formats=("JPEG",)) as image:
            pixels = np.asarray(image)
    except Exception as error:
        raise DatasetError(f"an image is not a readable JPEG ({error}). Get the file again.") from (
            error
        )
    return pixels[..., np.newaxis] if pixels.ndim == 2 else pixels
