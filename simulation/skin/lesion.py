"""Outline and ground color of one lesion, and the skin around it, on a grid in mm."""

from dataclasses import dataclass

import numpy as np

from simulation.skin.fields import (
    honeycomb,
    rough_noise,
    stamp,
    strokes,
    wandering,
)
from simulation.skin.optics import Layers

SCENE = 256
# The scene is wider than any picture taken of it.
SCENE_PER_VIEW = 1.5

# Ground color and border by diagnosis: (median, spread of the log) of what is added to the skin;
# softness of the border in radii; patchiness of the pigment; roughness of the outline in radii.
_LOOK = {
    "akiec": {"pigment": (0.045, 0.9), "blood": (0.45, 0.4), "deep": (0.02, 0.8),
              "keratin": (0.06, 0.6), "softness": 0.22, "patchiness": 0.50, "roughness": 0.16},
    "bcc": {"pigment": (0.028, 0.9), "blood": (0.36, 0.5), "deep": (0.08, 0.9),
            "keratin": (0.03, 0.6), "softness": 0.18, "patchiness": 0.45, "roughness": 0.15},
    "bkl": {"pigment": (0.100, 0.85), "blood": (0.42, 0.6), "deep": (0.05, 1.2),
            "keratin": (0.10, 0.6), "softness": 0.08, "patchiness": 0.30, "roughness": 0.13},
    "df": {"pigment": (0.055, 0.5), "blood": (0.42, 0.4), "deep": (0.02, 0.8),
           "keratin": (0.02, 0.6), "softness": 0.30, "patchiness": 0.20, "roughness": 0.07},
    "mel": {"pigment": (0.165, 0.80), "blood": (0.75, 0.5), "deep": (0.04, 1.0),
            "keratin": (0.02, 0.6), "softness": 0.13, "patchiness": 0.55, "roughness": 0.18},
    "nv": {"pigment": (0.100, 0.50), "blood": (0.50, 0.5), "deep": (0.03, 0.8),
           "keratin": (0.01, 0.6), "softness": 0.20, "patchiness": 0.25, "roughness": 0.09},
    "vasc": {"pigment": (0.010, 0.6), "blood": (1.00, 0.40), "deep": (0.15, 1.3),
             "keratin": (0.01, 0.6), "softness": 0.07, "patchiness": 0.20, "roughness": 0.10},
}  # fmt: skip
_TAKEN_FOR = {
    "akiec": "bkl", "bcc": "nv", "bkl": "mel", "df": "nv", "mel": "nv", "nv": "mel", "vasc": "nv",
}  # fmt: skip


@dataclass(frozen=True)
class Lesion:
    """Geometry of a lesion on the scene's grid, arrays (n, n), float32."""

    x: np.ndarray  # position in mm from the lesion's middle
    y: np.ndarray
    depth: np.ndarray  # distance from the outline in mm, positive inside
    alpha: np.ndarray  # 0 outside to 1 inside, as soft as the border
    rho: np.ndarray  # distance from the middle, in radii of its direction
    theta: np.ndarray  # direction from the middle
    radius: float  # mean radius in mm
    per_mm: float  # pixels per mm

    @property
    def inside(self):
        """Boolean (n, n): within the outline."""
        return self.depth > 0


def field_of_view(rng, diameter):
    """Return the width in mm of an ordinary picture: small lesions are seen from closer."""
    width = 12.0 * (diameter / 7) ** 0.55 * np.exp(0.22 * rng.standard_normal())
    return float(np.clip(width, 5.0, 26.0))


def look_of(rng, diagnosis, mimic):
    """Draw the ground color of a lesion; a mimic's lies half way to what it is taken for."""
    own, other = _LOOK[diagnosis], _LOOK[_TAKEN_FOR[diagnosis]]
    part = rng.uniform(0.4, 0.9) if mimic else 0.0
    look = {}
    for name, value in own.items():
        if isinstance(value, tuple):
            median = value[0] ** (1 - part) * other[name][0] ** part
            look[name] = float(median * np.exp(value[1] * rng.standard_normal()))
        else:
            look[name] = float((value + part * (other[name] - value)) * rng.uniform(0.7, 1.4))
    look["pigment"] = min(look["pigment"], 0.55)
    return look


def draw_outline(rng, signs, look, view_mm):
    """Draw the outline: symmetric about two, one or no axes, with abrupt and soft segments."""
    # Bites and softness have their own streams, so that one changed disturbs no other.
    bite_rng, soft_rng = rng.spawn(2)
    half = SCENE_PER_VIEW * view_mm / 2
    axis = np.linspace(-half, half, SCENE, dtype=np.float32)
    turn = rng.uniform(0, 2 * np.pi)
    x, y = np.meshgrid(axis, axis)
    x, y = np.cos(turn) * x + np.sin(turn) * y, np.cos(turn) * y - np.sin(turn) * x
    stretch = np.exp(abs(rng.normal(0, 0.16)))
    theta, r = np.arctan2(y * stretch, x / stretch), np.hypot(x / stretch, y * stretch)
    radius, per_mm = signs["diameter_mm"] / 2, SCENE / (2 * half)
    wave = np.zeros_like(r)
    for k in range(2, 8):
        weight = 0.9 * look["roughness"] * rng.standard_normal() / k**0.8
        phase = rng.uniform(0, 2 * np.pi)
        # Even cosines keep both axes, all cosines one, free phases none.
        if signs["asymmetry"] == 0:
            weight, phase = weight * (k % 2 == 0), 0.0
        elif signs["asymmetry"] == 1:
            phase = 0.0
        wave += weight * np.cos(k * theta + phase)
    edge = radius * np.exp(np.clip(wave, -0.8, 0.6))
    depth = edge - r
    bumps = rough_noise(rng, SCENE, 0.25 * radius * per_mm, 5, 0.65)
    depth += 0.6 * look["roughness"] * radius * bumps
    rho = r / edge
    if signs["moth_eaten"]:
        depth = _bite(bite_rng, depth, theta, radius, x, y)
    alpha = _soften(soft_rng, signs, look, depth, theta, radius)
    return Lesion(x, y, depth, alpha, rho, theta, radius, per_mm)


def _bite(rng, depth, theta, radius, x, y):
    """Take round bites out of the border, as moths out of cloth."""
    for _ in range(rng.integers(3, 8)):
        angle = rng.uniform(-np.pi, np.pi)
        here = np.unravel_index(np.argmin(np.abs(theta - angle) + 9 * np.abs(depth)), depth.shape)
        size = radius * rng.uniform(0.15, 0.35)
        gap = np.hypot(x - x[here], y - y[here]) - size
        depth = np.minimum(depth, gap)
    return depth


def _soften(rng, signs, look, depth, theta, radius):
    """Return the soft extent: eight segments, some of which end abruptly."""
    abrupt = np.arange(8) < signs["abrupt_segments"]
    abrupt = np.roll(rng.permutation(abrupt) if rng.random() < 0.5 else abrupt, rng.integers(8))
    widths = np.where(abrupt, 0.05, look["softness"] * 0.55) * radius
    place = (theta + np.pi) / (2 * np.pi) * 8
    width = np.interp(place.ravel(), np.arange(-1, 10) + 0.5, np.resize(np.roll(widths, 1), 11))
    width = width.reshape(depth.shape).astype(np.float32)
    return 1 / (1 + np.exp(-np.clip(depth / width, -30, 30)))


def plain_skin(rng, melanin, sun_damage, flush_level, view_mm):
    """Return the layers of skin without a lesion.

    `melanin` is the melanosome fraction, `flush_level` blood of about `optics.BASE_BLOOD`, and
    `sun_damage` 0 to 1: mottled pigment, redness and fine vessels.
    """
    n, per_mm = SCENE, SCENE / (SCENE_PER_VIEW * view_mm)
    axis = np.linspace(0, n / per_mm, n, dtype=np.float32)
    lines = honeycomb(rng, *np.meshgrid(axis, axis), pitch=0.55, warp=0.9)
    mottle = rough_noise(rng, n, 1.4 * per_mm, 7, 0.66)
    fine = rough_noise(rng, n, 0.12 * per_mm, 2, 1.0)
    flush = rough_noise(rng, n, 2.0 * per_mm, 7, 0.62)
    # On dark skin the same absolute variation is a small share.
    relative = (0.04 + 0.09 * sun_damage) / (1 + 5 * melanin)
    pigment = melanin * np.exp(relative * mottle + 0.05 * fine - 0.05 * lines)
    pigment += 0.016 * sun_damage * np.clip(mottle - 0.3, 0, None)
    blood = flush_level * np.exp((0.12 + 0.22 * sun_damage) * flush + 0.06 * fine)
    if sun_damage > 0.45:
        blood += 0.35 * (sun_damage - 0.25) * _fine_vessels(rng, n, per_mm)
    spots = _freckles(rng, n, per_mm, sun_damage)
    white = 0.015 + 0.012 * (1 - lines) + 0.008 * fine
    zero = np.zeros((n, n), np.float32)
    return Layers(pigment + spots, blood, zero, np.clip(white, 0, 1), zero.copy())


def _fine_vessels(rng, n, per_mm):
    curves = []
    for _ in range(rng.integers(8, 30)):
        start, angle = rng.uniform(0, n, 2), rng.uniform(0, 2 * np.pi)
        length = rng.uniform(0.8, 3.0) * per_mm
        curves.append((wandering(rng, start, angle, length, 1.6), rng.uniform(0.05, 0.10) * per_mm))
    return strokes(n, curves)


def _freckles(rng, n, per_mm, sun_damage):
    canvas = np.zeros((n, n), np.float32)
    for _ in range(rng.poisson(5 * sun_damage)):
        radius = rng.uniform(0.15, 0.6) * per_mm
        stamp(canvas, *rng.uniform(0, n, 2), radius, rng.uniform(0.02, 0.07), softness=0.8)
    return canvas


def ground_color(rng, lesion, layers, signs, look):
    """Add the lesion's ground color to the skin, in place."""
    scale = lesion.radius * lesion.per_mm
    patches = rough_noise(rng, SCENE, 0.6 * scale, 7, 0.60)
    grain = rough_noise(rng, SCENE, 0.16 * lesion.per_mm, 3, 0.9)
    # Colors lie off center where an axis of asymmetry crosses them.
    tilt = signs["asymmetry"] * rng.uniform(0.0, 0.35) * lesion.x / lesion.radius
    center = rng.uniform(-0.25, 0.45) * (1 - np.clip(lesion.rho, 0, 1.2))
    uneven = np.exp(look["patchiness"] * patches + 0.14 * grain + np.clip(tilt, -0.8, 0.8) + center)
    alpha = lesion.alpha
    layers.melanin += look["pigment"] * alpha * np.clip(uneven, 0, 3)
    flush = rough_noise(rng, SCENE, 0.4 * scale, 5, 0.68)
    layers.blood += look["blood"] * alpha * np.exp(0.30 * flush)
    halo = np.clip(1 + lesion.depth / (0.5 * lesion.radius), 0, 1)
    layers.blood += 0.18 * look["blood"] * halo * (1 - alpha)
    layers.deep += look["deep"] * alpha * np.clip(1 + 0.8 * flush[::-1], 0, 3)
    layers.keratin += look["keratin"] * alpha * np.clip(1 + 0.6 * patches[:, ::-1], 0, 3)
