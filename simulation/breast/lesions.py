"""Render a lesion from its signs: outline, interior, margin, and what it does to the beam."""

from dataclasses import dataclass

import numpy as np

from simulation.breast.fields import smooth_field, step

_LEVEL_DB = {
    "anechoic": (-42, -34),
    "isoechoic": (-3, 1),
    "hypoechoic": (-9, -3),
    "heterogeneous": (-9, -4),
    "markedly hypoechoic": (-18, -11),
}
_ROUGHNESS = {"oval": 0.035, "round": 0.025, "irregular": 0.17}
_SOFTNESS_MM = {
    "circumscribed": 0.3, "indistinct": 3.0, "microlobulated": 0.7, "angular": 1.2,
    "spiculated": 1.6,
}  # fmt: skip


@dataclass
class Lesion:
    """One lesion on a `Grid`; arrays are (rows, columns)."""

    inside: np.ndarray  # 0 to 1, soft at the margin
    # Distance from the outline along the ray from the center; negative inside.
    outside_mm: np.ndarray
    angle: np.ndarray  # direction from the center in radians; 0 is to the right, π/2 down
    height_mm: float  # largest extent along the beam
    signs: dict


def _half_axes(signs, u):
    """Half width and half height in mm."""
    longest = signs["size_mm"] / 2
    ratio = 0.92 + 0.08 * u if signs["shape"] == "round" else 0.48 + 0.34 * u
    if signs["orientation"] == "not parallel":
        return longest * (0.5 + 0.5 * ratio), longest
    return longest, longest * ratio


def _outline(rng, signs, angle):
    """Return the distance of the outline from the center in mm, for each angle.

    Every number is drawn whatever the signs say, so that changing one sign keeps the rest.
    """
    a, b = _half_axes(signs, rng.random())
    turned = angle - rng.normal(0, 0.16)
    k = np.arange(2, 8)[:, None]
    waves = rng.normal(0, 1, k.shape) * np.cos(k * angle + rng.uniform(0, 6.28, k.shape)) / k**0.6
    rough = _ROUGHNESS[signs["shape"]] * rng.uniform(0.75, 1.35)
    uneven = rng.uniform(0.5, 1.5) * np.sin(2 * angle + rng.uniform(0, 6.28))
    lobes = np.abs(np.sin(rng.integers(9, 17) * angle / 2 + rng.uniform(0, 6.28) + uneven))
    corners = _peaks(rng, angle, 4, (0.10, 0.35), 0.33)
    thorns = _peaks(rng, angle, 11, (0.10, 0.45), 0.11)
    radius = np.exp(rough * waves.sum(axis=0)) / np.hypot(np.cos(turned) / a, np.sin(turned) / b)
    extra = {"microlobulated": 0.14 * lobes - 0.07, "angular": corners, "spiculated": thorns}
    return radius * (1 + extra.get(signs["margin"], 0))


def _peaks(rng, angle, count, height, width):
    """Return peaks at random angles, as a share of the radius."""
    at, high = rng.uniform(0, 6.28, (count, 1)), rng.uniform(*height, (count, 1))
    away = np.abs(np.angle(np.exp(1j * (angle - at))))
    return (high * np.clip(1 - away / width, 0, 1)).max(axis=0)


def shape_lesion(rng, grid, signs, center):
    """Draw the outline of a lesion around a center: from the left and depth, in mm."""
    table = np.linspace(-np.pi, np.pi, 721)
    radii = _outline(rng, signs, table)
    radii *= signs["size_mm"] / (radii[:360] + radii[360:720]).max()
    patchy = 0.6 + 0.4 * np.cos(table + rng.uniform(0, 6.28))
    across, down = grid.x - np.float32(center[0]), grid.z - np.float32(center[1])
    angle = np.arctan2(down, across)
    outside = np.hypot(across, down) - np.interp(angle, table, radii)
    soft = _SOFTNESS_MM[signs["margin"]]
    if signs["margin"] == "indistinct":
        soft = soft * np.interp(angle, table, patchy) + 0.3
    heights = radii * np.sin(table)
    inside = step(-outside, soft).astype(np.float32)
    return Lesion(inside, outside, angle, float(heights.max() - heights.min()), signs)


def _interior_db(rng, grid, signs):
    """Return the echo level inside, in dB above fat."""
    low, high = _LEVEL_DB[signs["echo"]]
    u, coarse = rng.random(), smooth_field(rng, grid, 1.2, 1.6)
    fine = smooth_field(rng, grid, 0.5, 0.8)
    level = low + (high - low) * u
    if signs["echo"] == "anechoic":
        return level + 1.0 * coarse
    if signs["echo"] == "heterogeneous":
        return level + 5.0 * coarse + 2.0 * fine
    return level + 1.6 * coarse + 1.2 * fine


def _inner_attenuation(rng, signs, frequency, height_mm, around):
    """Attenuation inside, in dB/cm/MHz, so strong that the sign behind the lesion appears."""
    u = rng.random()
    path = 2 * frequency * height_mm / 10
    if signs["posterior"] == "enhancement":
        return 0.02 + 0.2 * u if signs["echo"] == "anechoic" else 0.15 + 0.25 * u
    if signs["posterior"] == "shadow":
        return around + (16 + 18 * u) / path
    return around * (0.85 + 0.25 * u) if signs["echo"] != "anechoic" else around * 0.7


def add_lesion(rng, grid, tissue, lesion, frequency):
    """Put a lesion into the tissue, in place; return where its signs lie.

    `rng` holds the streams ``interior``, ``margin`` and ``calcification``, `frequency` is in MHz.
    The places, Boolean (rows, columns), have the names of masks.
    """
    signs, inside = lesion.signs, lesion.inside
    interior = _interior_db(rng["interior"], grid, signs)
    places = _add_margin(rng["margin"], grid, tissue, lesion)
    tissue.echo_db += inside * (interior - tissue.echo_db)
    tissue.mirror *= 1 - inside
    inner = _inner_attenuation(rng["interior"], signs, frequency, lesion.height_mm, 0.68)
    tissue.attenuation += inside * (np.float32(inner) - tissue.attenuation)
    _add_wall(rng["margin"], grid, tissue, lesion)
    places["calcification"] = _add_calcification(rng["calcification"], grid, tissue, lesion)
    return places


def _add_margin(rng, grid, tissue, lesion):
    """Brighten a halo around the lesion; draw dark and bright spicules into the tissue."""
    out, signs = lesion.outside_mm, lesion.signs
    width, level = rng.uniform(1.2, 3.5), rng.uniform(8, 13)
    rays = int(rng.integers(9, 16))
    phase, bend = rng.uniform(0, 6.28), rng.normal(0, 0.25)
    wave = np.cos(rays * (lesion.angle + bend * out / 8) + phase)
    halo = step(out + 0.3, 0.6) * np.clip(1.3 - out / width, 0, 1)
    # Seen best where the beam meets it first, and at the sides.
    halo = halo * np.clip(0.75 - 0.6 * np.sin(lesion.angle), 0.1, 1)
    if signs["halo"] == "present":
        tissue.echo_db += halo * (level - tissue.echo_db)
    if signs["halo"] == "present" or signs["margin"] in ("angular", "spiculated"):
        # Scar-like tissue drawn toward the lesion weakens the beam too.
        tissue.attenuation += 0.45 * step(out + 0.3, 0.6) * np.clip(1.5 - out / 3, 0, 1)
    reach = 0.22 * signs["size_mm"] + 1.5
    spicules = np.clip(1 - out / reach, 0, 1) * (out > 0) * np.clip(2.2 * wave - 1.1, -0.5, 1)
    if signs["margin"] == "spiculated":
        tissue.echo_db -= 9 * np.clip(spicules, 0, 1) + 8 * np.clip(spicules, -1, 0)
    return {
        "halo": (halo > 0.35) & (signs["halo"] == "present"),
        "spiculation": (spicules > 0.25) & (signs["margin"] == "spiculated"),
    }


def _add_wall(rng, grid, tissue, lesion):
    """Add the thin capsule of a smooth lesion, and bend the beam away at its steep sides."""
    strength, edge_db = rng.uniform(2, 16), rng.uniform(0.1, 0.6)
    if lesion.signs["margin"] != "circumscribed":
        return
    down, across = np.gradient(lesion.outside_mm, grid.dz, grid.dx)
    slope = np.hypot(down, across) + 1e-3
    wall = np.abs(lesion.outside_mm) < 0.2
    facing = (np.abs(down) / slope) ** 3
    tissue.mirror += (strength * wall * facing).astype(np.float32)
    tissue.echo_db += 7 * wall * facing
    # Refraction at a wall along the beam loses energy that never comes back.
    sideways = (np.abs(across) / slope) ** 6
    tissue.attenuation += 4 * edge_db * (np.abs(lesion.outside_mm - 0.3) < 0.5) * sideways


def _add_calcification(rng, grid, tissue, lesion):
    """Add fine bright specks, or one or two coarse lumps that cast a shadow."""
    kind = lesion.signs["calcification"]
    fine = kind == "fine"
    count = int(rng.integers(6, 22)) if fine else int(rng.integers(1, 4))
    core = lesion.outside_mm < -0.08 * lesion.signs["size_mm"]
    found = np.zeros(core.shape, bool)
    if kind == "none" or not core.any():
        return found
    rows, columns = np.nonzero(core)
    middle = rng.integers(len(rows))
    away = np.hypot((rows - rows[middle]) * grid.dz, (columns - columns[middle]) * grid.dx)
    close = np.flatnonzero(away < 0.35 * lesion.signs["size_mm"])
    for at in rng.choice(close, count):
        size = rng.uniform(0.18, 0.35) if fine else rng.uniform(0.6, 1.6)
        z, x = rows[at] * grid.dz, columns[at] * grid.dx
        found |= ((grid.x - x) / 1.3) ** 2 + (grid.z - z) ** 2 < size**2
    tissue.echo_db[found] = 17 if fine else 20
    tissue.attenuation[found] = 1.5 if fine else 6
    return found
