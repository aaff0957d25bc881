"""A tumor's geometry: where it sits, its shape, what it pushes aside, edema, and its tissues."""

from dataclasses import dataclass

import numpy as np

from simulation.brain.anatomy import Anatomy, Noise
from simulation.brain.template import Volume

EDEMA_SPACING = 3.0


@dataclass(frozen=True)
class Tumor:
    """A tumor inside one person. Lengths in template millimeters."""

    signs: dict
    anatomy: Anatomy
    center: np.ndarray
    radius: float
    lobes: tuple
    noise: dict
    side: float
    kind: str

    def level(self, points):
        """Signed distance to the surface of the core at `points` (3, n), negative inside."""
        return self._level(points, self.radius)

    def _level(self, points, radius):
        offset = (points - self.center[:, None]) / radius
        parts = [
            (np.sqrt((((offset - shift[:, None]) / axes[:, None]) ** 2).sum(axis=0)) - 1)
            * axes.min()
            for shift, axes in self.lobes
        ]
        level = parts[0]
        for part in parts[1:]:
            level = np.minimum(level, part)
        bumps = self.noise["shape"].at(points) + 0.4 * self.noise["detail"].at(points)
        level = radius * (level + self.signs["irregularity"] * bumps)
        if self.signs["place"] == "sellar":
            return level
        cavity = self.anatomy.template.cavity.at(points, cval=99.0)
        level = np.maximum(level, cavity + (0.4 if self.kind == "meningioma-like" else 1.6))
        blocked = self.side * points[0] < 1.0
        if self.signs["place"] == "callosal":
            blocked &= (points[2] > 30) | (points[2] < -2)
        elif self.signs["place"] in ("olfactory", "posterior"):
            blocked &= False
        return np.where(blocked, np.maximum(level, 1.0), level)

    def room(self, points, cavity):
        """Return the distance to the inner skull, as at `points`, where a tumor widens the sella.

        Only a sellar tumor does; all others end at the skull.
        """
        if self.signs["place"] != "sellar":
            return cavity
        near = ((points - self.center[:, None]) ** 2).sum(axis=0) < (2.5 * self.radius) ** 2
        cavity = cavity.copy()
        cavity[near] = np.minimum(cavity[near], self.level(points[:, near]) - 0.5)
        return cavity

    def displace(self, points):
        """Return where the tissue at `points` (3, n) came from before the tumor grew.

        A radial map that is invertible because the cube of the old radius grows with the new
        one; the tumor's volume is compressed over a shell around it.
        """
        offset = points - self.center[:, None]
        r = np.sqrt((offset**2).sum(axis=0)) + 1e-6
        reach = 0.7 * self.radius + 6
        kept = self.signs["mass_effect"] * np.exp(-np.clip(r - self.radius, 0, None) / reach)
        old = np.where(
            r > self.radius,
            np.clip(r**3 - kept * self.radius**3, 0, None),
            r**3 * (1 - self.signs["mass_effect"]),
        ) ** (1 / 3)
        return (self.center[:, None] + offset * (old / r)).astype(np.float32)


def _lobes(rng, irregularity, place):
    axes = np.exp(rng.normal(0, 0.13, 3))
    lobes = [(np.zeros(3), axes)]
    extra = rng.random(2)
    directions = rng.standard_normal((2, 3))
    sizes = rng.uniform(0.5, 0.8, 2)
    for chance, direction, size in zip(extra, directions, sizes, strict=True):
        if chance < 2.5 * irregularity:
            shift = 0.85 * direction / np.linalg.norm(direction)
            lobes.append((shift, np.full(3, size)))
    if place == "callosal":
        lobes.append((np.array([-1.0, 0.0, 0.15]), np.array([0.9, 0.6, 0.45])))
    return lobes


def _seat(rng, kind, place, radius, template):
    """Return the center of the tumor for a given place, in template mm."""
    side = 1.0 if rng.random() < 0.5 else -1.0
    u = rng.random(3)
    fixed = {
        "sphenoid": (30 + 14 * u[0], 14 + 16 * u[1], -20 + 10 * u[2]),
        "olfactory": (4 * u[0], 28 + 18 * u[1], -18 + 6 * u[2]),
        "posterior": (14 + 26 * u[0], -44 - 26 * u[1], -34 + 24 * u[2]),
        "ventricle": (22 + 8 * u[0], -46 + 16 * u[1], 6 + 8 * u[2]),
        "falx": (0.75 * radius, -62 + 110 * u[0], 34 + 26 * u[1]),
        "sellar": (5 * u[0], 1 + 4 * u[1], -38 + (0.7 + 0.3 * u[2]) * radius),
        "callosal": (0.8 * radius, 22 if u[0] < 0.6 else -38, 14 + 10 * u[1]),
    }
    if place in fixed:
        x, y, z = fixed[place]
        return np.array([side * x, y, z]), side
    if place == "lobar":
        points = template.white_points
        depth = -template.cavity.at(points, cval=99.0)
        points = points[:, (depth > 0.55 * radius) & (np.abs(points[0]) > 10)]
        center = points[:, int(u[0] * points.shape[1])]
        return center.astype(float), float(np.sign(center[0]))
    points = template.surface_points
    base = points[:, int(u[0] * points.shape[1])].astype(float)
    inward = _inward(template, base)
    center = base + inward * radius * ((0.3 if kind == "meningioma-like" else 0.6) + 0.5 * u[1])
    return center, float(np.sign(center[0])) or 1.0


def _inward(template, base):
    step = 4.0 * np.concatenate([np.eye(3), -np.eye(3)])
    values = template.cavity.at((base + step).T.astype(np.float32), cval=20.0)
    gradient = values[:3] - values[3:]
    return -gradient / (np.linalg.norm(gradient) + 1e-6)


def _box(center, half, spacing):
    axes = [np.arange(c - half, c + half + spacing, spacing, dtype=np.float32) for c in center]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"))
    return grid.reshape(3, -1), grid.shape[1:], np.array([a[0] for a in axes])


def grow_tumor(rng, kind, signs, anatomy):
    """Place a tumor and scale it to the volume among its signs, within a few percent."""
    target = signs["core_cm3"] * 1000 / float(anatomy.scale.prod())
    radius = (3 * target / (4 * np.pi)) ** (1 / 3)
    center, side = _seat(rng, kind, signs["place"], radius, anatomy.template)
    lobes = tuple(_lobes(rng, signs["irregularity"], signs["place"]))
    noise = {
        "shape": Noise(rng, 0.42 * radius),
        "detail": Noise(rng, 0.18 * radius),
        "inside": Noise(rng, 3.2),
        "patches": Noise(rng, 7.0),
    }

    def tumor(r):
        return Tumor(signs, anatomy, center, float(r), lobes, noise, side, kind)

    for _ in range(4):
        points, _, _ = _box(center, min(2.3 * radius, 60.0), 2.5)
        volume = max(float((tumor(radius).level(points) < 0).sum()) * 2.5**3, 1.0)
        radius = float(np.clip(radius * (target / volume) ** (1 / 3), 5, 42))
    return tumor(radius)


def spread_edema(tumor):
    """Diffuse fluid from the core along white matter; return its map and threshold.

    Returns
    -------
    tuple of (Volume, float)
        The spread fluid, and the level above which tissue counts as edema. None without edema.
    """
    signs, anatomy = tumor.signs, tumor.anatomy
    if not signs["edema_cm3"]:
        return None
    points, shape, origin = _box(tumor.center, tumor.radius * 1.3 + 34, EDEMA_SPACING)
    old = tumor.displace(points)
    cavity = anatomy.template.cavity.at(points, cval=99.0)
    white = np.where(cavity < -1, anatomy.template.wm.at(old), 0).reshape(shape)
    gray = np.where(cavity < -1, anatomy.template.gm.at(old), 0).reshape(shape)
    core = (tumor.level(points) < 0).reshape(shape)
    conduct = (0.01 + white**1.5 + 0.06 * gray) * np.exp(
        0.5 * tumor.noise["patches"].at(points).reshape(shape)
    )
    conduct = np.where(core, 1.0, np.clip(conduct, 0, 1))
    links = [np.minimum(conduct, np.roll(conduct, -1, axis)) for axis in range(3)]
    for axis, link in enumerate(links):
        link[tuple(-1 if a == axis else slice(None) for a in range(3))] = 0
    fluid = core.astype(np.float32)
    for _ in range(70):
        change = np.zeros_like(fluid)
        for axis, link in enumerate(links):
            flow = 0.13 * link * (np.roll(fluid, -1, axis) - fluid)
            change += flow - np.roll(flow, 1, axis)
        fluid = np.where(core, 1, fluid + change)
    cells = signs["edema_cm3"] * 1000 / float(anatomy.scale.prod()) / EDEMA_SPACING**3
    free = fluid[~core & (white > 0.4)]
    rank = int(min(cells * 1.1, max(free.size - 1, 0)))
    threshold = max(float(np.sort(free)[::-1][rank]) if free.size else 1.0, 1e-4)
    return Volume(np.log(np.maximum(fluid, 1e-7)), origin, EDEMA_SPACING), float(np.log(threshold))


def tumor_fractions(tumor, points, cavity):
    """Fractions (n,) of tumor tissue and of its signs at template points (3, n), in mm.

    'core', 'cleft' and 'tail' are fractions of the voxel; 'enhanced', 'necrosis' and 'calcium'
    are fractions of the core. `cavity` is the signed distance to the inner skull in mm.
    """
    signs = tumor.signs
    level = tumor.level(points)
    soft = (
        0.7 if tumor.kind == "meningioma-like" else 0.7 + 6 * max(signs["irregularity"] - 0.05, 0)
    )
    core = np.clip(0.5 - level / soft, 0, 1)
    inside = tumor.noise["inside"].at(points)
    patches = tumor.noise["patches"].at(points)
    enhanced, necrosis = _pattern(signs, -level, inside, patches, tumor.radius)
    calcium = np.clip(1.5 * (patches - 1.0), 0, 0.8) * signs["calcified"]
    out = {"core": core, "enhanced": enhanced, "necrosis": necrosis, "calcium": calcium}
    shell = np.clip(1.15 - np.abs(level - 0.9), 0, 1) * (cavity < -3)
    out["cleft"] = shell * np.clip(0.65 + 0.5 * patches, 0, 1) * signs["csf_cleft"]
    dura = np.abs(cavity + 1.0)
    if signs["place"] == "falx":
        dura = np.minimum(dura, np.abs(points[0]))
    along = np.clip(1 - level / 15.0, 0, 1)
    tail = np.clip(2.6 * along + 0.4 - dura, 0, 1) * (level > 0) * (along > 0)
    out["tail"] = tail * (cavity < 1.2) * (patches > -0.9) * signs["dural_tail"]
    return out


def _pattern(signs, depth, inside, patches, radius):
    """Enhancing and necrotic fractions by depth below the surface, in mm."""
    strength, pattern = signs["enhancement"], signs["pattern"]
    zero = np.zeros_like(depth)
    if pattern == "ring":
        rim = signs["rim_mm"] * np.clip(1 + 0.5 * inside + 0.45 * patches, 0.25, 2.6)
        rim = np.minimum(rim, 0.55 * radius)
        necrosis = np.clip((depth - rim) / 1.2 + 0.5, 0, 1)
        gaps = np.clip(1.0 + 0.35 * patches, 0.25, 1) if signs["irregularity"] > 0.14 else 1.0
        return strength * gaps * (1 - necrosis), necrosis
    if pattern in ("heterogeneous", "nodular"):
        necrosis = np.clip(1.6 * (patches - 1.05), 0, 1) * np.clip(depth / 3, 0, 1)
        return strength * np.clip(0.78 + 0.26 * inside, 0.1, 1) * (1 - necrosis), necrosis
    if pattern == "faint":
        return strength * np.clip(0.7 + 0.5 * patches, 0, 1.6), zero
    if pattern == "dark":
        return zero, np.clip(signs["rim_mm"] / 5 + 0.2 * patches, 0, 1)
    if pattern == "none":
        return zero, np.clip(1.2 * (patches - 1.7), 0, 1) * np.clip(depth / 4, 0, 1)
    return strength * np.clip(0.95 + 0.05 * inside, 0, 1), zero
