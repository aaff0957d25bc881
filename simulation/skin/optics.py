"""Color of skin from what absorbs light in it, and the individual typology angle.

Three wavelengths stand for the camera's three channels. Light passes the epidermis, is scattered
by the upper dermis, and what goes deeper is thrown back by the deep dermis; melanin in the
epidermis therefore looks brown or black, and melanin below the scattering layer gray or blue.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

WAVELENGTHS_NM = np.array([620.0, 550.0, 450.0])
# Melanosomes absorb 51.9 (λ/500 nm)^-3.5 per mm (section "Generation" of the datasheet).
MELANIN_PER_MM = 51.9 * (WAVELENGTHS_NM / 500) ** -3.5
EPIDERMIS_MM = 0.08
# Effective optical depth of one unit of blood: green and blue are absorbed, red hardly.
BLOOD = np.array([0.12, 1.0, 0.55])
DEEP_MELANIN = np.array([0.75, 1.0, 1.25])
UPPER_DERMIS = np.array([0.065, 0.100, 0.165])
DEEP_DERMIS = np.array([0.74, 0.60, 0.43])
FLOOR = np.array([0.018, 0.010, 0.009])
# Channels overlap: each row is what one channel sees of the three wavelengths.
OVERLAP = np.array([[0.90, 0.10, 0.00], [0.05, 0.88, 0.07], [0.00, 0.32, 0.68]])
WHITE = np.array([0.80, 0.74, 0.73])
KERATIN = np.array([0.62, 0.42, 0.20])

BASE_BLOOD = 0.16
TONES = ("dark", "brown", "tan", "intermediate", "light", "very light")
TONE_EDGES = (-30.0, 10.0, 28.0, 41.0, 55.0)

_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
_WHITE_XYZ = np.array([0.95047, 1.0, 1.08883])


@dataclass
class Layers:
    """What lies in and on the skin at each point, arrays (n, n), float32."""

    melanin: np.ndarray  # melanosome fraction of the epidermis, 0 to about 0.8
    blood: np.ndarray  # in the upper dermis; 1 halves the green light and more
    deep: np.ndarray  # melanin below the scattering upper dermis
    # Share of the upper dermis hidden by scar, 0 to 1; melanin lies above it.
    white: np.ndarray
    keratin: np.ndarray  # share of the surface hidden by yellowish horn, 0 to 1


def reflectance(layers):
    """Return the share of light thrown back, linear red, green and blue (..., 3), 0 to 1.

    Examples
    --------
    Melanin absorbs blue most; melanin deep in the dermis leaves the skin bluish.

    >>> brown = reflectance(Layers(0.3, 0.0, 0.0, 0.0, 0.0))
    >>> blue = reflectance(Layers(0.0, 0.0, 5.0, 0.0, 0.0))
    >>> bool(brown[0] > brown[2]), bool(blue[0] < blue[2])
    (True, True)
    """

    def absorb(amount, per_unit):
        amount = np.asarray(amount, np.float32)[..., None]
        return np.exp(-amount * per_unit.astype(np.float32))

    below = DEEP_DERMIS.astype(np.float32) * absorb(layers.deep, DEEP_MELANIN)
    upper = UPPER_DERMIS.astype(np.float32)
    light = upper + (1 - upper) ** 2 * below
    light = light * absorb(layers.blood, BLOOD)
    light = _cover(light, layers.white, WHITE)
    light = light * absorb(layers.melanin, 2 * EPIDERMIS_MM * MELANIN_PER_MM)
    light = (light + FLOOR.astype(np.float32)) @ OVERLAP.T.astype(np.float32)
    return _cover(light, layers.keratin, KERATIN)


def _cover(light, share, color):
    share = np.clip(np.asarray(share, np.float32), 0, 1)[..., None]
    return light + share * (color.astype(np.float32) - light)


def to_srgb(light):
    """Return the sRGB values (0 to 1) of linear light; values outside 0 to 1 are clipped."""
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def typology_angle(light):
    """Return the individual typology angle of a linear RGB color under neutral light, in degrees.

    It is arctan((L* - 50) / b*): above 55 very light, below -30 dark.

    >>> round(typology_angle([0.60, 0.37, 0.28]))
    52
    """
    ratio = (_TO_XYZ @ np.asarray(light, float)) / _WHITE_XYZ
    # The cube root suffices: skin never falls below the linear part of the L* curve.
    root = np.cbrt(ratio)
    lightness, yellow = 116 * root[1] - 16, 200 * (root[1] - root[2])
    return float(np.degrees(np.arctan2(lightness - 50, yellow)))


def tone_of(angle):
    """Return the name of the tone band of a typology angle.

    >>> tone_of(60), tone_of(35), tone_of(-40)
    ('very light', 'intermediate', 'dark')
    """
    return TONES[int(np.searchsorted(TONE_EDGES, angle))]


def melanin_for_angle(angle):
    """Return the melanosome fraction of plain skin with a typology angle, in degrees."""
    fractions, angles = _tone_table()
    return float(np.interp(-angle, -angles, fractions))


@cache
def _tone_table():
    fractions = np.linspace(0.004, 0.43, 200)
    plain = (reflectance(Layers(f, BASE_BLOOD, 0.0, 0.0, 0.0)) for f in fractions)
    return fractions, np.array([typology_angle(light) for light in plain])
