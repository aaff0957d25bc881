"""What lies on the skin or in the optics: hair, ruler, ink, bubbles, dark corners."""

import numpy as np
from scipy import ndimage

from simulation.skin.fields import strokes, wandering

ARTIFACTS = ("hair", "ruler", "ink", "bubbles", "corners")


def hair(rng, light):
    """Draw curved hairs, dark or pale; return the light and where they lie."""
    n = len(light)
    count = rng.integers(2, 9) if rng.random() < 0.6 else rng.integers(10, 34)
    main, spread = rng.uniform(0, 2 * np.pi), rng.uniform(0.15, 0.7)
    width = rng.uniform(0.9, 2.4)
    curves = []
    for _ in range(count):
        start = rng.uniform(-0.1 * n, 1.1 * n, 2)
        angle = main + spread * rng.standard_normal()
        length = n * rng.uniform(0.2, 1.1)
        path = wandering(rng, start, angle, length, rng.uniform(0.1, 1.0))
        curves.append((path, width * rng.uniform(0.7, 1.2)))
    drawn = strokes(n, curves) * rng.uniform(0.55, 0.95)
    tint = np.array([0.09, 0.055, 0.04]) * rng.uniform(0.4, 1.8)
    if rng.random() < 0.15:
        tint = np.array([0.75, 0.66, 0.62])
    share = drawn[..., None]
    return light + share * (tint.astype(np.float32) - light), drawn > 0.3


def ruler(rng, light, tick):
    """Draw the ticks of a ruler near one edge; `tick` is their distance in pixels."""
    n = len(light)
    angle = rng.choice(4) * np.pi / 2 + rng.normal(0, 0.25)
    along = np.array([np.cos(angle), np.sin(angle)])
    inward = np.array([-along[1], along[0]])
    origin = n / 2 - inward * n * rng.uniform(0.36, 0.45)
    length, width = n * rng.uniform(0.045, 0.08), rng.uniform(1.2, 2.2)
    low, high = sorted(rng.uniform(-0.7, 0.7, 2) * n)
    low, high = (low, high) if high - low > 5 * tick else (-0.5 * n, 0.5 * n)
    curves = []
    for i in range(int(low / tick), int(high / tick) + 1):
        start = origin + along * i * tick
        end = start - inward * length * (1.6 if i % 5 == 0 else 1.0)
        curves.append((np.stack([start, end]), width))
    drawn = strokes(n, curves)
    share = 0.9 * drawn[..., None]
    return light + share * (np.float32(0.02) - light), drawn > 0.3


def ink(rng, light):
    """Draw violet skin-marker strokes or dots outside the middle."""
    n = len(light)
    curves = []
    side = rng.uniform(0, 2 * np.pi)
    for _ in range(rng.integers(1, 4)):
        angle = side + rng.choice((0, np.pi)) + rng.normal(0, 0.4)
        middle = n / 2 + n * rng.uniform(0.40, 0.50) * np.array([np.cos(angle), np.sin(angle)])
        path = wandering(rng, middle, angle + rng.uniform(1, 2), n * rng.uniform(0.1, 0.4), 0.9)
        curves.append((path, n * rng.uniform(0.02, 0.06)))
    drawn = ndimage.gaussian_filter(strokes(n, curves), 1.0)
    grain = ndimage.gaussian_filter(rng.standard_normal((n, n)).astype(np.float32), 2.0)
    share = np.clip(drawn * (0.85 + 1.2 * grain), 0, 1)[..., None]
    stain = np.array([0.16, 0.10, 0.62]) * np.exp(0.15 * rng.standard_normal(3))
    return light * (1 - share + share * stain.astype(np.float32)), drawn > 0.3


def bubbles(rng, light):
    """Draw gel bubbles: bright rims with a dark side, and small glints."""
    n = len(light)
    yy, xx = np.mgrid[:n, :n].astype(np.float32)
    for _ in range(rng.integers(2, 9)):
        row, column = rng.uniform(0, n, 2)
        radius = n * rng.uniform(0.012, 0.05)
        gap = np.hypot(yy - row, xx - column)
        rim = np.exp(-(((gap - radius) / 1.2) ** 2))
        lit = 0.5 + 0.5 * (xx - column + yy - row) / (1.5 * radius + 1)
        light = light + (rim * np.clip(lit, -0.4, 1) * 0.45)[..., None]
    for _ in range(rng.integers(0, 7)):
        row, column = rng.uniform(0.15 * n, 0.85 * n, 2)
        gap = np.hypot((yy - row) / 2.0, (xx - column) / 1.1)
        light = light + (0.8 * np.exp(-(gap**2)))[..., None]
    return light


def corners(rng, light):
    """Darken what lies outside the round field of the optics."""
    n = len(light)
    row, column = n / 2 + n * 0.03 * rng.standard_normal(2)
    radius = n * rng.uniform(0.54, 0.66)
    yy, xx = np.mgrid[:n, :n].astype(np.float32)
    gap = np.hypot(yy - row, xx - column)
    open_share = np.clip((radius - gap) / (n * rng.uniform(0.01, 0.06)) + 0.5, 0, 1)
    dark = np.float32(rng.uniform(0.002, 0.02))
    return light * open_share[..., None] + dark * (1 - open_share[..., None])
