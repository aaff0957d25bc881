"""Grids in mm and smooth random fields on them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

# Samples of the tissue map; the echo signal has twice as many rows.
ROWS, COLUMNS = 384, 256


@dataclass(frozen=True)
class Grid:
    """Positions of the tissue samples: x from the left edge, z from the probe, in mm."""

    depth_mm: float
    width_mm: float

    @property
    def dz(self):
        """Distance of rows in mm."""
        return self.depth_mm / ROWS

    @property
    def dx(self):
        """Distance of columns in mm."""
        return self.width_mm / COLUMNS

    @cached_property
    def z(self):
        """Depths, shape (rows, 1)."""
        return ((np.arange(ROWS, dtype=np.float32) + 0.5) * self.dz)[:, None].astype(np.float32)

    @cached_property
    def x(self):
        """Lateral positions, shape (1, columns)."""
        return ((np.arange(COLUMNS, dtype=np.float32) + 0.5) * self.dx)[None].astype(np.float32)


def _spline_basis(length, samples, cell):
    """Return cubic B-splines on knots `cell` apart, shape (samples, knots)."""
    at = (np.arange(samples) + 0.5) * (length / samples) / cell
    first = at.astype(np.int64)
    t = at - first
    weights = ((1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, 1 + 3 * (t + t**2 - t**3), t**3)
    basis = np.zeros((samples, first[-1] + 4), np.float32)
    for j, weight in enumerate(weights):
        basis[np.arange(samples), first + j] = weight / 6
    return basis


def smooth_field(rng, grid, cell_z, cell_x):
    """Draw a smooth random field of mean about 0 and standard deviation about 1, float32.

    `cell_z` and `cell_x` are the distances of independent values in mm; details are about twice
    as large.

    >>> smooth_field(np.random.default_rng(0), Grid(40, 45), 2, 5).shape
    (384, 256)
    """
    down = _spline_basis(grid.depth_mm, ROWS, cell_z)
    across = _spline_basis(grid.width_mm, COLUMNS, cell_x)
    values = rng.standard_normal((down.shape[1], across.shape[1]), dtype=np.float32)
    # A sum of B-splines has variance 0.479 per direction, averaged over positions.
    return (down @ values @ across.T) / np.float32(0.479)


def smooth_line(rng, grid, cell_x):
    """Draw a smooth random function of x: shape (COLUMNS,), standard deviation about 1."""
    across = _spline_basis(grid.width_mm, COLUMNS, cell_x)
    values = rng.standard_normal(across.shape[1], dtype=np.float32)
    return (across @ values) / np.float32(0.692)


def follow(field, shift_mm, grid):
    """Move every column of a field down by `shift_mm` (COLUMNS,), repeating its edges."""
    rows = np.arange(ROWS)[:, None] - np.rint(shift_mm / grid.dz).astype(np.int64)[None]
    return np.take_along_axis(field, np.clip(rows, 0, ROWS - 1), axis=0)


def step(value, width):
    """Return a smooth step from 0 to 1 around 0, about `width` wide."""
    return np.clip(value / np.float32(width) + np.float32(0.5), 0, 1)
