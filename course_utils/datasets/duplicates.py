"""Find near-duplicate images, for sets that come without patient numbers."""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from course_utils.datasets._problems import refuse

COMPARE_AT = 28
BLOCK = 512


def group_near_duplicates(images, threshold=0.98):
    """Find groups of images that correlate, directly or through others.

    Two images belong together when the Pearson correlation of their pixels reaches the
    threshold; groups are the connected components of these pairs. Images above 28 px per side
    are first averaged down to 28 px, so that the threshold means the same at every size. An
    image of one constant value correlates with none. Only blocks of the correlation matrix
    exist at a time, so memory grows with n and not with its square. Taught in lesson 08.

    Parameters
    ----------
    images : array (n, height, width) or (n, height, width, channels)
        uint8 or floating point.
    threshold : float
        Above 0, at most 1.

    Returns
    -------
    array (n,), int64
        Group of each image, numbered from 0 in order of appearance.

    Raises
    ------
    DatasetError
        Images of another shape, NaN, or a threshold out of range.

    Examples
    --------
    >>> import numpy as np
    >>> a, b = np.random.default_rng(0).integers(0, 200, (2, 8, 8)).astype("uint8")
    >>> group_near_duplicates(np.stack([a, b, a + 5]))
    array([0, 1, 0])
    """
    images = np.asarray(images)
    if images.ndim not in (3, 4) or 0 in images.shape or images.dtype.kind not in "uif":
        refuse(
            "images",
            f"shape {images.shape}, dtype {images.dtype}",
            "(n, height, width) or (n, height, width, channels), numbers",
            "Give the images of an ImageDataset.",
        )
    if not 0 < threshold <= 1:
        refuse("threshold", repr(threshold), "above 0, at most 1", "Use 0.98.")
    patterns = _standardized(images)
    n = len(patterns)
    groups = np.arange(n)
    for start in range(0, n, BLOCK):
        correlation = patterns[start : start + BLOCK] @ patterns[start:].T
        # 1 itself is hardly ever reached in float32.
        row, column = np.nonzero(correlation >= threshold - 1e-6)
        # The groups so far are kept as one edge from each image to its group's first member.
        edges = (
            np.concatenate([np.arange(n), row + start]),
            np.concatenate([groups, column + start]),
        )
        graph = coo_array((np.ones(len(edges[0]), dtype=bool), edges), shape=(n, n))
        component = connected_components(graph, directed=False)[1]
        first, component = np.unique(component, return_index=True, return_inverse=True)[1:]
        groups = first[component]
    return np.unique(groups, return_inverse=True)[1].astype(np.int64)


def _standardized(images):
    """Return each image as a row of zero mean and length one, at most 28 x 28 px, float32."""
    if images.ndim == 3:
        images = images[..., np.newaxis]
    n, height, width, channels = images.shape
    size = (min(width, COMPARE_AT), min(height, COMPARE_AT))
    rows = np.empty((n, size[1], size[0], channels), dtype=np.float32)
    for i, image in enumerate(images):
        for channel in range(channels):
            plane = Image.fromarray(image[..., channel].astype(np.float32))
            rows[i, ..., channel] = np.asarray(plane.resize(size, Image.Resampling.BOX))
    rows = rows.reshape(n, -1)
    if not np.isfinite(rows).all():
        refuse("images", "NaN or infinity", "finite numbers", "Leave such images out.")
    rows -= rows.mean(axis=1, keepdims=True)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    flat = length < 1e-3
    return np.where(flat, 0, rows / np.where(flat, 1, length)).astype(np.float32)
