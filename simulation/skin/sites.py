"""Two sites: what their cameras do to the light, and how often artifacts occur."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from simulation.skin import artifacts
from simulation.skin.optics import to_srgb
from simulation.skin.structures import MASK_NAMES

SIZE = 96
_FINE = 2 * SIZE
# Linear color that a camera makes of skin when nothing else is in sight.
_BALANCED = np.array([0.58, 0.38, 0.40])


@dataclass(frozen=True)
class Site:
    """How one site takes pictures."""

    cast: tuple  # mean gain of red, green and blue
    cast_spread: float  # of the log gains between pictures
    falloff: tuple  # loss of light toward the edge of the field
    contrast: tuple  # exponent of the tone curve
    saturation: float  # what the color matrix adds to differences between channels
    noise: float  # at middle gray
    rates: dict  # share of pictures with each artifact


SITES = {
    "site A": Site(
        cast=(1.08, 1.29, 1.78), cast_spread=0.045, falloff=(0.0, 0.25), contrast=(1.1, 1.4),
        saturation=1.28, noise=0.007,
        rates={"hair": 0.25, "ruler": 0.10, "ink": 0.03, "bubbles": 0.08, "corners": 0.12},
    ),
    "site B": Site(
        cast=(1.19, 1.16, 1.60), cast_spread=0.06, falloff=(0.1, 0.45), contrast=(1.0, 1.35),
        saturation=1.38, noise=0.011,
        rates={"hair": 0.38, "ruler": 0.22, "ink": 0.06, "bubbles": 0.20, "corners": 0.24},
    ),
}  # fmt: skip


def draw_artifacts(rng, site):
    """Draw which artifacts a picture has; ruler and ink share a mask and never occur together."""
    chances = rng.random(len(artifacts.ARTIFACTS))
    flags = {
        name: bool(chance < SITES[site].rates[name])
        for name, chance in zip(artifacts.ARTIFACTS, chances, strict=True)
    }
    flags["ink"] = flags["ink"] and not flags["ruler"]
    return flags


def take_picture(rngs, light, bits, skin, view_mm, site, flags, *, first):
    """Photograph a scene: frame, light, artifacts, optics, noise.

    Reflectance (n, n, 3) and masks (n, n) of the scene, and the reflectance (3,) of the plain skin,
    on which the camera balances its colors, give a picture (96, 96, 3) before coding, masks (96,
    96) and the size of a pixel in mm. `rngs` holds the streams ``frame``, ``light``, ``noise`` and
    one per artifact; `view_mm` is the width of an ordinary picture. The lesion's first picture is
    centered best.
    """
    matrix, offset, zoom = _framing(rngs["frame"], len(light), first)
    view = np.stack([_warp(light[..., c], matrix, offset, _FINE, 1) for c in range(3)], axis=-1)
    mask = _warp(bits, matrix * 2, offset + matrix @ [0.5, 0.5], SIZE, 0)
    tick = _FINE / (view_mm * zoom)
    for name in ("hair", "ruler", "ink"):
        if flags[name]:
            extra = (tick,) if name == "ruler" else ()
            view, where = getattr(artifacts, name)(rngs[name], view, *extra)
            kind = "hair" if name == "hair" else "ruler or ink"
            small = where.reshape(SIZE, 2, SIZE, 2).any(axis=(1, 3))
            mask |= small.astype(np.uint8) << MASK_NAMES.index(kind)
    if flags["bubbles"]:
        view = artifacts.bubbles(rngs["bubbles"], view)
    view = _expose(rngs["light"], view, SITES[site], skin)
    if flags["corners"]:
        view = artifacts.corners(rngs["corners"], view)
    image = _digitize(rngs["noise"], view, SITES[site])
    return image, mask, view_mm * zoom / SIZE


def _framing(rng, scene, first):
    """Return the map from fine picture pixels to scene pixels, and the zoom."""
    zoom = float(np.exp(rng.uniform(-0.10, 0.10) if first else rng.uniform(-0.35, 0.2)))
    turn = rng.uniform(0, 2 * np.pi) if first else rng.normal(0, 0.5)
    step = scene / 1.5 / _FINE * zoom
    matrix = step * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    shift = scene * 0.035 * rng.standard_normal(2)
    middle = np.full(2, (_FINE - 1) / 2)
    offset = np.full(2, (scene - 1) / 2) + shift - matrix @ middle
    return matrix, offset, zoom


def _warp(plane, matrix, offset, size, order):
    return ndimage.affine_transform(
        plane, matrix, offset, (size, size), order=order, mode="mirror", prefilter=False
    )


def _expose(rng, view, site, skin):
    """Light the scene unevenly, tint it, and let the camera choose an exposure."""
    n = len(view)
    axis = np.linspace(-1, 1, n, dtype=np.float32)
    xx, yy = np.meshgrid(axis, axis)
    loss = rng.uniform(*site.falloff) * (xx**2 + yy**2) / 2
    slope = 0.06 * rng.standard_normal(2)
    shade = (1 - loss) * (1 + slope[0] * xx + slope[1] * yy)
    common = np.exp(0.5 * site.cast_spread * rng.standard_normal())
    gains = np.array(site.cast) * np.exp(site.cast_spread * rng.standard_normal(3)) * common
    # Exposure and white balance, set on skin, take back a part of what its tone does.
    target, found = _BALANCED.mean(), skin.mean()
    exposure = (target / found) ** 0.5 * ((_BALANCED / target) / (skin / found)) ** 0.3
    return view * (shade[..., None] * (gains * exposure)).astype(np.float32)


def _digitize(rng, view, site):
    """Blur, reduce, apply what the camera does to color, edges and tone, and noise; round."""
    sigma = rng.uniform(0.2, 0.7)
    blurred = ndimage.gaussian_filter(view, (sigma, sigma, 0))
    small = blurred.reshape(SIZE, 2, SIZE, 2, 3).mean(axis=(1, 3))
    contrast = rng.uniform(*site.contrast)
    gray = small.mean(axis=-1, keepdims=True)
    small = gray + site.saturation * (small - gray)
    soft = ndimage.gaussian_filter(small, (1.0, 1.0, 0))
    small = small + rng.uniform(0.1, 0.6) * (small - soft)
    small = 0.40 * (np.clip(small, 0, None) / 0.40) ** contrast
    # Bright light rolls off instead of clipping hard.
    small = np.where(small > 0.7, 0.7 + 0.3 * np.tanh((small - 0.7) / 0.3), small)
    coded = to_srgb(small) + site.noise * rng.standard_normal(small.shape)
    return np.rint(np.clip(coded, 0, 1) * 255).astype(np.uint8)
