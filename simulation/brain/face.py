"""A head with mouth, throat, spine and skull base, for slices that show more than the brain.

The embedded set was drawn with the plain head of `template.py`, which stays as it is.
"""

import numpy as np
from scipy import ndimage


def add_profile(skin, ellipsoid, grid):
    """Return the distance to the skin with a longer nose, lips, a chin and a nape, in mm."""
    nose = ellipsoid(grid, (0, 92, -56), (11, 16, 15))
    lips = ellipsoid(grid, (0, 84, -90), (20, 9, 9))
    chin = ellipsoid(grid, (0, 74, -112), (22, 14, 12))
    nape = ellipsoid(grid, (0, -48, -112), (52, 42, 50))
    parts = np.stack([skin, nose, lips, chin, nape])
    return (-4 * np.log(np.exp(np.clip(-parts / 4, -40, 40)).sum(axis=0))).astype(np.float32)


def paint_profile(paint, ellipsoid, grid, cavity, skin):
    """Paint clivus, sella, palate, tongue, jaws, throat, spine and the fat of the neck."""
    x, y, z = np.abs(grid[0]), grid[1], grid[2]
    noise = np.random.default_rng(1).standard_normal(cavity.shape)
    coarse = ndimage.gaussian_filter(noise, 2.5)
    coarse = coarse / coarse.std()
    base = (z < -22) & (cavity > 0) & (cavity < 16) & (y > -45) & (y < 15) & (x < 62)
    paint(base & (cavity > 4), "muscle")
    paint(base & (cavity > 3) & (coarse > 0.4), "fat")
    paint(base & (cavity > 2) & (coarse < -0.7), "marrow")
    mastoid = ellipsoid(np.stack([x, y, z]), (50, -38, -42), (15, 14, 14)) < 0
    paint(mastoid, "bone")
    paint(mastoid & (coarse > 0.2), "air")
    # The clivus falls backward from the sella to the foramen magnum.
    along = np.clip((-z - 32) / 30, 0, 1)
    paint((np.hypot(x / 1.4, y + 6 + 20 * along) < 7) & (z < -34) & (z > -64), "marrow")
    paint(ellipsoid(grid, (0, 18, -41), (15, 12, 10)) < 1.2, "mucosa")
    paint(ellipsoid(grid, (0, 18, -41), (15, 12, 10)) < 0, "air")
    paint(ellipsoid(grid, (0, 2, -32), (7, 5, 4)) < 0, "mucosa")
    mouth = (y > 15) & (y < 80) & (x < 26) & (z < -74)
    paint(mouth & (z > -112), "muscle")
    paint(mouth & (z > -112) & (coarse > 1.0) & (z < -82), "fat")
    paint(mouth & (z > -79), "bone")
    paint(mouth & (z < -80) & (z > -82.5) & (y < 72), "air")
    arch = np.abs(np.hypot(x * 1.25, np.maximum(y - 35, 0)) - 42)
    jaw = np.maximum(np.hypot(arch, (z + 110) / 2.2) - 5, 12 - y)
    paint(jaw < 0, "bone")
    paint(jaw < -2, "marrow")
    throat = ellipsoid(grid, (0, 3, -88), (11, 6, 34))
    paint(throat < 2, "mucosa")
    paint(throat < 0, "air")
    spine = np.hypot(x, y + 18) < 11
    paint(spine & (z < -66), "marrow")
    paint(spine & (z < -74) & (np.mod(-z, 17) < 4), "muscle")
    paint((np.hypot(x, y + 39) < 9) & (z < -62), "vitreous")
    paint((np.hypot(x, y + 38) < 5.5) & (z < -60), "muscle")
    paint((x < 4) & (y < -50) & (y > -75) & (z < -78) & (np.mod(-z, 17) > 7), "marrow")
    paint((y < -50) & (z < -58) & (skin > -15) & (skin < -2), "fat")
