"""The MNI152 tissue maps and the head built around them, in template millimeters.

Coordinates are MNI: x grows to the right, y to the front, z upward. The ICBM 2009a template is
skull-stripped, so skull, scalp, orbits, air spaces and vessels are added as simple shapes. Its
notice stands in ``data/licenses/MNI152.txt``.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import ndimage

from course_utils import ROOT
from simulation.brain.face import add_profile, paint_profile

# Written by authoring/workshop/mni_template.py.
TEMPLATE_FILE = ROOT / "data" / "brain_template.npz"
SPACING = 1.5
HEAD_SPACING = 2.0
HEAD_ORIGIN = np.array([-100.0, -140.0, -130.0])
HEAD_SHAPE = (101, 126, 121)

# Tissues of the head outside the brain; 0 leaves the layers of skull and scalp as they are.
HEAD_LABELS = {"air": 1, "vitreous": 2, "fat": 3, "muscle": 4, "bone": 5, "mucosa": 6, "marrow": 7}


@dataclass(frozen=True)
class Volume:
    """A sampled map: values on a regular grid of known origin and spacing, in mm."""

    values: np.ndarray
    origin: np.ndarray
    spacing: float

    def at(self, points, *, order=1, cval=0.0):
        """Return the interpolated values at `points` (3, n), in mm."""
        index = (points - self.origin[:, None]) / self.spacing
        return ndimage.map_coordinates(
            self.values, index, output=np.float32, order=order, mode="constant", cval=cval
        )

    def nearest(self, points):
        """Return the values of the nearest voxels at `points` (3, n), in mm; 0 outside."""
        index = np.rint((points - self.origin[:, None]) / self.spacing).astype(np.int32)
        shape = np.array(self.values.shape)[:, None]
        inside = ((index >= 0) & (index < shape)).all(axis=0)
        index = np.clip(index, 0, shape - 1)
        return np.where(inside, self.values[tuple(index)], 0)


@dataclass(frozen=True)
class Template:
    """Everything that all patients share before they are warped."""

    gm: Volume
    wm: Volume
    cavity: Volume  # signed distance to the inner skull, negative inside
    skin: Volume  # signed distance to the outer surface of the head, negative inside
    head: Volume  # HEAD_LABELS
    vessels: Volume  # fraction of enhancing vessel
    ventricles: Volume  # fraction of ventricle
    push: tuple  # three volumes: outward direction from the ventricles
    origin: np.ndarray
    cavity_cm3: float
    surface_points: np.ndarray  # (3, n) on the inner skull, upper part
    white_points: np.ndarray  # (3, n) in white matter


def _head_grid():
    axes = [o + HEAD_SPACING * np.arange(n) for o, n in zip(HEAD_ORIGIN, HEAD_SHAPE, strict=True)]
    return np.stack(np.meshgrid(*axes, indexing="ij")).astype(np.float32)


def _ellipsoid(grid, center, radii):
    """Approximate signed distance to an axis-aligned ellipsoid, in mm."""
    offset = [(g - c) / r for g, c, r in zip(grid, center, radii, strict=True)]
    return (np.sqrt(sum(o * o for o in offset)) - 1) * min(radii)


def _both_sides(grid, center, radii):
    mirrored = np.stack([np.abs(grid[0]), grid[1], grid[2]])
    return _ellipsoid(mirrored, center, radii)


def _cavity_distance(mask, origin):
    """Signed distance to a smooth hull of the brain mask, on the head grid."""
    grid = _head_grid()
    index = (grid - origin[:, None, None, None]) / SPACING
    brain = ndimage.map_coordinates(mask.astype(np.float32), index, order=1) > 0.5
    near = ndimage.distance_transform_edt(~brain) * HEAD_SPACING < 12
    closed = ndimage.distance_transform_edt(near) * HEAD_SPACING > 12
    closed |= brain
    outside = ndimage.distance_transform_edt(~closed) - ndimage.distance_transform_edt(closed)
    return ndimage.gaussian_filter(outside * HEAD_SPACING, 1.2).astype(np.float32) - 1.0


def _skin_distance(grid, cavity):
    face = _ellipsoid(grid, (0, 22, -58), (66, 66, 74))
    jaw = _ellipsoid(grid, (0, 30, -100), (52, 52, 60))
    neck = np.hypot(grid[0] / 60, (grid[1] + 22) / 62) * 60 - 60
    neck = np.maximum(neck, grid[2] + 52)
    nose = _ellipsoid(grid, (0, 88, -62), (12, 18, 22))
    ears = _both_sides(grid, (77, -20, -40), (5, 14, 24))
    parts = np.stack([cavity - 13.0, face, jaw, neck, nose, ears])
    # A soft minimum rounds the seams between the parts.
    soft = -5 * np.log(np.exp(np.clip(-parts / 5, -40, 40)).sum(axis=0))
    return soft.astype(np.float32)


def _head_labels(grid, cavity, skin=None):
    """Label orbits, air spaces and skull base with HEAD_LABELS; given the skin, all of the face."""
    x, y, z = np.abs(grid[0]), grid[1], grid[2]
    label = np.zeros(HEAD_SHAPE, np.uint8)

    def paint(region, tissue):
        label[region & (cavity > 1)] = HEAD_LABELS[tissue]

    skull_base = (z < -22) & (cavity > 0) & (cavity < 14) & (y > -40) & (y < 40) & (x < 62)
    paint(skull_base, "bone")
    paint(_both_sides(grid, (48, -38, -40), (18, 16, 13)) < 0, "air")
    paint(_both_sides(grid, (30, -30, -38), (22, 9, 9)) < 0, "bone")
    paint(_ellipsoid(grid, (0, -14, -44), (11, 12, 20)) < 0, "marrow")
    axis = np.clip((y - 14) / 46, 0, 1)
    cone = np.hypot(x - (14 + 19 * axis), z + 34 + 4 * axis) - (6 + 13 * axis)
    orbit = (cone < 0) & (y > 14) & (y < 72)
    paint(orbit, "fat")
    muscles = (np.abs(cone + 4) < 1.6) & (y > 20) & (y < 58)
    paint(muscles, "muscle")
    nerve = np.hypot(x - (14 + 18 * axis), z + 34 + 4 * axis) < 2.2
    paint(orbit & nerve & (y < 50), "muscle")
    paint(_both_sides(grid, (33, 62, -38), (13.4, 13.4, 13.4)) < 0, "muscle")
    paint(_both_sides(grid, (33, 62, -38), (12.0, 12.0, 12.0)) < 0, "vitreous")
    paint(_both_sides(grid, (33, 71, -38), (4.5, 2.4, 4.5)) < 0, "muscle")
    nasal = (x < 12 - 0.03 * (y - 40)) & (y > 14) & (y < 86) & (z > -82) & (z < -27)
    paint(nasal, "air")
    noise = np.random.default_rng(0).standard_normal(HEAD_SHAPE)
    cells = ndimage.gaussian_filter(noise, (1.0, 1.6, 1.2)) > 0.06
    paint(nasal & ((x < 1.2) | (cells & (x > 3))), "mucosa")
    paint(_ellipsoid(grid, (0, 12, -38), (14, 11, 10)) < 0, "air")
    wavy = 9 * ndimage.gaussian_filter(noise, 3.0) / 0.05 * 0.25
    sinus = _both_sides(grid, (30, 46, -66), (13, 17, 16)) + wavy
    paint(sinus < 1.6, "mucosa")
    paint(sinus < 0, "air")
    paint(_both_sides(grid, (13, 77, -12), (11, 5, 11)) < 0, "air")
    paint(_ellipsoid(grid, (0, 4, -95), (13, 10, 40)) < 0, "air")
    paint(_ellipsoid(grid, (0, -42, -105), (14, 14, 40)) < 0, "marrow")
    paint(_ellipsoid(grid, (0, 40, -98), (24, 34, 10)) < 0, "muscle")
    if skin is not None:
        paint_profile(paint, _ellipsoid, grid, cavity, skin)
    return label


def _polylines():
    """Arteries and sinuses as (points in mm, radius in mm); x is mirrored where it is not zero."""
    return [
        ([(9, 2, -30), (9, 3, -16), (22, 4, -17), (38, 6, -12), (44, -4, 0), (48, -22, 12)], 1.5),
        ([(38, 6, -12), (46, 12, -4), (50, 14, 8)], 1.1),
        ([(38, 6, -12), (44, 2, -6), (52, -8, 4)], 1.0),
        (
            [(9, 3, -16), (1.5, 14, -14), (1.5, 36, -8), (1.5, 42, 8), (1.5, 26, 28), (1.5, 0, 36)],
            1.2,
        ),
        ([(0, -18, -48), (0, -17, -30), (0, -18, -18)], 1.6),
        ([(0, -18, -18), (12, -20, -14), (20, -32, -8), (16, -52, -2)], 1.1),
        ([(0, -36, 12), (0, -48, 10), (0, -62, 0), (0, -84, -8)], 2.0),
        ([(4, -30, 10), (12, -14, 14), (14, 4, 20)], 0.9),
        ([(10, 12, -32), (10, -4, -34)], 3.2),
    ]


def _vessels(grid, cavity):
    """Fraction of enhancing vessel: polylines, dural sinuses."""
    mirrored = np.stack([np.abs(grid[0]), grid[1], grid[2]])
    vessel = np.zeros(HEAD_SHAPE, np.float32)
    for points, radius in _polylines():
        for a, b in zip(np.array(points[:-1], float), np.array(points[1:], float), strict=True):
            low = ((np.minimum(a, b) - 6 - HEAD_ORIGIN) / HEAD_SPACING).astype(int)
            high = ((np.maximum(a, b) + 8 - HEAD_ORIGIN) / HEAD_SPACING).astype(int)
            for sign in (1, -1):
                box = [slice(lo, hi) for lo, hi in zip(low, high, strict=True)]
                if sign < 0:
                    box[0] = slice(HEAD_SHAPE[0] - high[0], HEAD_SHAPE[0] - low[0])
                part = mirrored[(slice(None), *box)]
                along = b - a
                t = np.tensordot(along, part - a[:, None, None, None], 1) / (along @ along)
                nearest = a[:, None, None, None] + along[:, None, None, None] * np.clip(t, 0, 1)
                distance = np.sqrt(((part - nearest) ** 2).sum(axis=0))
                view = vessel[tuple(box)]
                np.maximum(view, np.clip(radius - distance + 0.6, 0, 1), out=view)
    x, y, z = mirrored
    ridge = np.clip(1.2 - np.abs(cavity - 0.5) / 3.0, 0, 1)
    sagittal = ridge * np.clip(4.5 - x, 0, 1) * ((z > 5) | (y < -60)) * (z > -22)
    drop = np.abs(z + 22 + 0.12 * x)
    transverse = ridge * np.clip(5.0 - drop, 0, 1) * (y < -38)
    return np.maximum(vessel, np.maximum(sagittal, transverse)).astype(np.float32)


@lru_cache(maxsize=2)
def load_template(profile=False):
    """Read the tissue maps and build the shared head around them (about 3 s, once).

    With `profile` it has a face, a throat and a spine, as slices for training show them.
    """
    with np.load(TEMPLATE_FILE, allow_pickle=False) as file:
        gm, wm = file["gm"].astype(np.float32) / 255, file["wm"].astype(np.float32) / 255
        mask, origin = file["mask"], file["origin"]
    grid = _head_grid()
    cavity = _cavity_distance(mask, origin)
    axes = [o + SPACING * np.arange(n) for o, n in zip(origin, gm.shape, strict=True)]
    x, y, z = np.meshgrid(*axes, indexing="ij", sparse=True)
    deep = (np.abs(x) < 38) & (y > -62) & (y < 42) & (z > -20) & (z < 36)
    inner = ndimage.binary_erosion(mask, iterations=8)
    ventricles = np.where(deep & inner, np.clip(1 - gm - wm, 0, 1), 0).astype(np.float32)
    ventricles *= ndimage.gaussian_filter(ventricles, 2) > 0.18
    smooth = ndimage.gaussian_filter(ventricles, 5.0)[::2, ::2, ::2]
    push = np.stack(np.gradient(smooth))
    push /= np.abs(push).max()

    white = np.argwhere((wm > 0.7) & (z > -30)).T[:, ::7] * SPACING + origin[:, None]
    surface = grid[:, (np.abs(cavity + 1) < 1) & (grid[2] > -26)]

    skin = _skin_distance(grid, cavity)
    if profile:
        skin = add_profile(skin, _ellipsoid, grid)

    def head(values):
        return Volume(values, HEAD_ORIGIN, HEAD_SPACING)

    return Template(
        gm=Volume(gm, origin, SPACING),
        wm=Volume(wm, origin, SPACING),
        cavity=head(cavity),
        skin=head(skin),
        head=head(_head_labels(grid, cavity, skin if profile else None)),
        vessels=head(_vessels(grid, cavity)),
        ventricles=Volume(ventricles, origin, SPACING),
        push=tuple(Volume(p.astype(np.float32), origin, 2 * SPACING) for p in push),
        origin=origin,
        cavity_cm3=float(mask.sum() * SPACING**3 / 1000),
        surface_points=surface,
        white_points=white.astype(np.float32),
    )
