"""Painters of the dermoscopic signs: each changes the layers and returns where it did so."""

import numpy as np

from simulation.skin.fields import (
    honeycomb,
    rough_noise,
    smooth_noise,
    stamp,
    strokes,
    wandering,
)
from simulation.skin.lesion import SCENE

# Signs of one kind share a bit: a mask has eight.
MASK_NAMES = (
    "lesion", "lines", "dark spots", "blue areas", "white areas", "red structures", "hair",
    "ruler or ink",
)  # fmt: skip


def region(rng, lesion, share, eccentric=0.5):
    """Return a soft region (0 to 1) that fills about a share of the lesion's area.

    `eccentric` tells how far it may lie from the middle, in radii.
    """
    angle = rng.uniform(0, 2 * np.pi)
    far = eccentric * rng.uniform(0.5, 1.0) * lesion.radius
    gap = np.hypot(lesion.x - far * np.cos(angle), lesion.y - far * np.sin(angle)) / lesion.radius
    level = 0.6 * rough_noise(rng, SCENE, 0.3 * lesion.radius * lesion.per_mm, 5, 0.75) - 1.6 * gap
    inside = level[lesion.inside]
    if inside.size == 0:
        return np.zeros_like(level)
    cut = np.quantile(inside, 1 - share)
    return np.clip(0.5 + (level - cut) / 0.9, 0, 1) * lesion.alpha


def _places(rng, lesion, n, low=0.0, high=0.9, cluster=None):
    """Yield n pixels (row, column) between two relative radii; clustered around a direction."""
    good = (lesion.rho >= low) & (lesion.rho <= high) & lesion.inside
    if cluster is not None:
        apart = np.abs((lesion.theta - cluster + np.pi) % (2 * np.pi) - np.pi)
        good &= apart < 1.3
    rows, columns = np.nonzero(good)
    # One draw per place, so that the place of a spot depends on nothing drawn after it.
    chosen = (rng.random(n) * len(rows)).astype(int)
    return [(rows[i], columns[i]) for i in chosen] if len(rows) else []


def _spots(rng, lesion, n, radii, low=0.0, high=0.9, cluster=None, softness=0.35):
    """Return a map of round spots; radii in mm."""
    canvas = np.zeros((SCENE, SCENE), np.float32)
    sizes, strengths = rng.uniform(*radii, n), rng.uniform(0.6, 1.0, n)
    for spot, size, strength in zip(
        _places(rng, lesion, n, low, high, cluster), sizes, strengths, strict=False
    ):
        stamp(canvas, *spot, max(size * lesion.per_mm, 0.9), strength, softness)
    return canvas


def _grain(rng, lesion):
    """Return fine unevenness around 1, for areas that would look painted without it."""
    return np.clip(1 + 0.45 * rough_noise(rng, SCENE, 0.3 * lesion.per_mm, 4, 0.9), 0, 2.5)


def _ragged(rng, spots, lesion):
    """Return spots whose outlines are no longer round."""
    noise = rough_noise(rng, SCENE, 0.45 * lesion.per_mm, 4, 0.6)
    return np.clip(spots * (1 + 0.35 * noise) + 0.15 * noise * (spots > 0), 0, 1.2)


PAINTERS = {}


def painter(mask=None):
    """Register a sign's painter under its name, with its mask; defined in the order of painting."""

    def register(function):
        PAINTERS[function.__name__] = (function, mask)
        return function

    return register


@painter()
def structureless(rng, lesion, layers, signs):
    """Even out the pigment of an area."""
    area = region(rng, lesion, rng.uniform(0.25, 0.5), 0.4)
    level = np.median(layers.melanin[lesion.inside]) if lesion.inside.any() else 0.0
    layers.melanin += 0.8 * area * (level - layers.melanin)
    return np.zeros(area.shape, bool)


@painter("lines")
def network(rng, lesion, layers, signs):
    """Paint a pigment net: thin and fading (typical), or coarse, uneven and cut off (atypical)."""
    atypical = signs["network"] == "atypical"
    pitch = rng.uniform(0.36, 0.55) if atypical else rng.uniform(0.26, 0.36)
    net = honeycomb(rng, lesion.x, lesion.y, pitch, 0.75 if atypical else 0.5)
    if atypical:
        uneven = smooth_noise(rng, SCENE, 0.35 * lesion.radius * lesion.per_mm)
        weight = np.clip(0.55 + 0.6 * uneven, 0, 1.3) * lesion.alpha
        layers.melanin += 0.20 * weight * (net**0.8 - 0.4)
    else:
        weight = np.clip(1.25 - lesion.rho, 0, 1) * lesion.alpha
        if signs["white_patch"]:
            weight = weight * np.clip(1.6 * lesion.rho - 0.3, 0, 1)
        layers.melanin += 0.11 * weight * (net**1.6 - 0.3)
    np.clip(layers.melanin, 0.002, None, out=layers.melanin)
    return (weight > 0.35) & lesion.inside


@painter("red structures")
def pseudo_network(rng, lesion, layers, signs):
    """Paint a red net around pale follicles with yellowish plugs."""
    net = honeycomb(rng, lesion.x, lesion.y, rng.uniform(0.5, 0.9), 0.7)
    weight = np.clip(0.8 + 0.4 * smooth_noise(rng, SCENE, lesion.per_mm), 0, 1.3) * lesion.alpha
    layers.blood += 0.40 * weight * (net - 0.45)
    np.clip(layers.blood, 0.02, None, out=layers.blood)
    holes = np.clip(0.35 - net, 0, 1) / 0.35 * weight
    layers.keratin += 0.06 * holes
    layers.white += 0.03 * holes
    return (weight > 0.4) & lesion.inside


@painter("white areas")
def white_patch(rng, lesion, layers, signs):
    """Paint scar-like white in the middle."""
    area = region(rng, lesion, rng.uniform(0.10, 0.28), 0.12)
    layers.melanin *= 1 - 0.55 * area
    layers.blood *= 1 - 0.4 * area
    layers.white += rng.uniform(0.04, 0.16) * area * _grain(rng, lesion)
    return area > 0.5


@painter("dark spots")
def blotch(rng, lesion, layers, signs):
    """Paint a dark, structureless area in the upper layers; black when dense."""
    eccentric = 0.25 + 0.25 * signs["asymmetry"]
    area = region(rng, lesion, rng.uniform(0.08, 0.30), eccentric)
    layers.melanin += rng.uniform(0.30, 0.60) * area
    return area > 0.5


@painter("white areas")
def regression(rng, lesion, layers, signs):
    """Paint scar-white skin with gray peppering."""
    area = region(rng, lesion, rng.uniform(0.12, 0.40), 0.5)
    layers.melanin *= 1 - 0.70 * area
    layers.white += rng.uniform(0.03, 0.11) * area * _grain(rng, lesion)
    pepper = _spots(rng, lesion, 60, (0.04, 0.09)) * area
    layers.deep += 1.0 * pepper + 0.20 * area
    return area > 0.5


@painter("blue areas")
def veil(rng, lesion, layers, signs):
    """Paint deep melanin under a whitish haze: blue."""
    area = region(rng, lesion, rng.uniform(0.10, 0.35), 0.5)
    layers.deep += rng.uniform(1.1, 2.6) * area * _grain(rng, lesion)
    layers.melanin *= 1 - 0.5 * area
    layers.white += rng.uniform(0.02, 0.08) * area * _grain(rng, lesion)
    return area > 0.5


@painter("blue areas")
def nests(rng, lesion, layers, signs):
    """Paint blue-gray ovoid nests of deep pigment."""
    n = rng.integers(3, 11)
    spots = _spots(rng, lesion, n, (0.10, 0.28 * lesion.radius), 0.1, 0.9, softness=0.5)
    spots = _ragged(rng, spots, lesion)
    layers.deep += rng.uniform(0.5, 1.7) * spots
    layers.melanin += 0.05 * spots
    return spots > 0.3


@painter("lines")
def leaf_like(rng, lesion, layers, signs):
    """Paint brown to gray bulbs that spread like a leaf from a point near the border."""
    curves = []
    for row, column in _places(rng, lesion, rng.integers(1, 4), 0.55, 0.85):
        outward = np.arctan2(row - SCENE / 2, column - SCENE / 2)
        for turn in np.linspace(-0.9, 0.9, rng.integers(4, 7)):
            length = lesion.radius * rng.uniform(0.25, 0.42) * lesion.per_mm
            path = wandering(rng, (column, row), outward + turn, length, 0.2, 6)
            curves.append((path, rng.uniform(0.10, 0.18) * lesion.radius * lesion.per_mm))
    drawn = strokes(SCENE, curves)
    drawn = _ragged(rng, drawn, lesion)
    layers.deep += 0.55 * drawn
    layers.melanin += 0.14 * drawn
    return drawn > 0.3


@painter("red structures")
def lacunae(rng, lesion, layers, signs):
    """Paint red to blue lakes of blood with sharp borders."""
    n = rng.integers(8, 26)
    spots = _spots(rng, lesion, n, (0.12, 0.30 * lesion.radius), 0.0, 0.92, softness=0.45)
    spots = _ragged(rng, spots, lesion)
    layers.blood += rng.uniform(0.3, 1.0) * spots
    dark = np.exp(rng.normal(-1.6, 1.1))
    layers.deep += min(dark, 2.5) * spots
    return spots > 0.3


@painter("lines")
def streaks(rng, lesion, layers, signs):
    """Paint dark radial lines at the border, in one or two sectors."""
    curves = []
    for _ in range(rng.integers(1, 3)):
        middle, width = rng.uniform(-np.pi, np.pi), rng.uniform(0.5, 1.1)
        for row, column in _places(rng, lesion, 14, 0.78, 0.98, middle):
            angle = np.arctan2(row - SCENE / 2, column - SCENE / 2) + rng.normal(0, 0.12)
            length = lesion.radius * rng.uniform(0.14, 0.32) * lesion.per_mm
            thick = rng.uniform(0.07, 0.14) * lesion.per_mm
            if rng.random() < width:
                curves.append((wandering(rng, (column, row), angle, length, 0.25, 6), thick))
    drawn = strokes(SCENE, curves)
    layers.melanin += 0.26 * drawn
    return drawn > 0.3


@painter("dark spots")
def globules(rng, lesion, layers, signs):
    """Paint round brown clods, larger than dots."""
    side = rng.uniform(-np.pi, np.pi) if signs["asymmetry"] == 2 else None
    spots = _spots(rng, lesion, rng.integers(10, 30), (0.12, 0.26), cluster=side)
    layers.melanin += 0.28 * spots
    return spots > 0.3


@painter("dark spots")
def dots(rng, lesion, layers, signs):
    """Paint small dark points, spread evenly or, in asymmetric lesions, on one side."""
    side = rng.uniform(-np.pi, np.pi) if signs["asymmetry"] else None
    spots = _spots(rng, lesion, rng.integers(10, 36), (0.05, 0.11), cluster=side)
    layers.melanin += 0.45 * spots
    return spots > 0.3


@painter("dark spots")
def comedo_openings(rng, lesion, layers, signs):
    """Paint comedo-like openings: dark plugs of horn."""
    spots = _spots(rng, lesion, rng.integers(5, 18), (0.10, 0.26), softness=0.25)
    layers.melanin += 0.40 * spots
    layers.keratin += 0.12 * spots
    return spots > 0.3


@painter("white areas")
def cysts(rng, lesion, layers, signs):
    """Paint milia-like cysts: small whitish or yellowish spots."""
    spots = _spots(rng, lesion, rng.integers(6, 24), (0.08, 0.20), softness=0.6)
    layers.white += 0.16 * spots
    layers.keratin += 0.20 * spots
    layers.melanin *= 1 - 0.4 * spots
    return spots > 0.3


@painter("red structures")
def arborizing_vessels(rng, lesion, layers, signs):
    """Paint sharp red vessels that branch like trees."""
    curves = []

    def grow(start, angle, length, width, level):
        path = wandering(rng, start, angle, length, 0.9)
        curves.append((path, width))
        for _ in range(2 if level else 0):
            turn = rng.choice((-1, 1)) * rng.uniform(0.4, 1.0)
            fork = path[rng.integers(5, len(path))]
            grow(fork, angle + turn, length * rng.uniform(0.5, 0.8), 0.65 * width, level - 1)

    for row, column in _places(rng, lesion, rng.integers(2, 5), 0.3, 0.95):
        inward = np.arctan2(SCENE / 2 - row, SCENE / 2 - column) + rng.normal(0, 0.6)
        length = lesion.radius * rng.uniform(0.6, 1.1) * lesion.per_mm
        grow((column, row), inward, length, rng.uniform(0.11, 0.20) * lesion.per_mm, 3)
    drawn = strokes(SCENE, curves)
    layers.blood += 1.5 * drawn
    return drawn > 0.3


@painter("red structures")
def ulceration(rng, lesion, layers, signs):
    """Paint a raw red area, partly under orange crust."""
    area = region(rng, lesion, rng.uniform(0.05, 0.18), 0.4)
    crust = np.clip(smooth_noise(rng, SCENE, 0.3 * lesion.per_mm), 0, 1) * area
    layers.blood += rng.uniform(0.8, 1.8) * area
    layers.melanin += 0.18 * crust
    layers.keratin += 0.55 * crust
    return area > 0.5


@painter("white areas")
def scale(rng, lesion, layers, signs):
    """Paint white to yellow scale in irregular flakes."""
    flakes = 1.4 * rough_noise(rng, SCENE, 0.35 * lesion.per_mm, 4, 0.9)
    area = region(rng, lesion, rng.uniform(0.3, 0.7), 0.3)
    flakes = np.clip(flakes - 0.6, 0, 1) * area
    layers.white += rng.uniform(0.05, 0.22) * flakes
    layers.keratin += rng.uniform(0.0, 0.35) * flakes
    layers.melanin *= 1 - 0.6 * np.clip(flakes, 0, 1)
    return flakes > 0.3


def paint(rngs, lesion, layers, signs):
    """Paint all drawn signs into the layers; return the masks (n, n), uint8.

    Each sign has its own generator, so that one left out changes no other. Hair, ruler and ink
    come with the picture.
    """
    bits = lesion.inside.astype(np.uint8)
    for name, (painter, kind) in PAINTERS.items():
        wanted = signs[name] != "none" if name == "network" else signs[name]
        if wanted:
            where = painter(rngs[name], lesion, layers, signs)
            if kind is not None:
                bits |= where.astype(np.uint8) << MASK_NAMES.index(kind)
    return bits
