"""Random maps and strokes that textures, structures and artifacts are built from."""

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage


def smooth_noise(rng, size, scale):
    """Return a smooth random map (size, size) of mean about 0 and standard deviation about 1.

    `scale` is the width of the bumps in pixels.
    """
    step = max(1.0, scale / 2)
    coarse = int(np.ceil(size / step)) + 4
    noise = rng.standard_normal((coarse, coarse), dtype=np.float32)
    noise = ndimage.gaussian_filter(noise, scale / step, mode="wrap", truncate=2.5)
    noise /= noise.std() + 1e-6
    if step > 1:
        side = size / step
        box = (2, 2, 2 + side, 2 + side)
        noise = np.asarray(Image.fromarray(noise).resize((size, size), Image.BICUBIC, box=box))
    return noise[:size, :size]


def rough_noise(rng, size, scale, octaves=4, gain=0.65):
    """Return noise with detail at several scales, each half as wide as the one before.

    `scale` is the width of the widest bumps in pixels, `gain` the strength of each scale
    relative to the one before; scales below half a pixel are left out.
    """
    total, power = None, 0.0
    for octave in range(octaves):
        # Two and a half grid steps to a bump of this width, never finer than a pixel.
        grid = min(size, max(4, round(2.5 * size / (scale / 2**octave) / 2)))
        layer = gain**octave * rng.standard_normal((grid, grid), dtype=np.float32)
        total = layer if total is None else _resize(total, grid) + layer
        power += gain ** (2 * octave)
        if grid == size:
            break
    total = _resize(total, size)
    return total / np.float32(0.83 * np.sqrt(power))


def _resize(plane, size):
    if len(plane) == size:
        return plane
    return np.asarray(Image.fromarray(plane).resize((size, size), Image.BICUBIC))


def honeycomb(rng, x, y, pitch, warp):
    """Return a warped hexagonal net: near 1 on its lines, 0 in its holes.

    `pitch` is the distance of neighboring holes in the unit of the coordinates `x` and `y`,
    `warp` the displacement in pitches: 0.3 is regular, 1 is not.
    """
    n = len(x)
    per_unit = n / (x.max() - x.min())
    scale = 2.2 * pitch * per_unit
    u = x + warp * pitch * smooth_noise(rng, n, scale)
    v = y + warp * pitch * smooth_noise(rng, n, scale)
    turn = rng.uniform(0, np.pi)
    uneven = 0.9 * smooth_noise(rng, n, 0.7 * pitch * per_unit)
    wave = uneven
    for k in range(3):
        angle = turn + k * np.pi / 3
        along = u * np.cos(angle) + v * np.sin(angle)
        wave = wave + np.cos(4 * np.pi / np.sqrt(3) / pitch * along)
    # The sum runs from -1.5 (between the holes) to 3 (in their middle).
    return np.clip((1.2 - wave) / 2.2, 0, 1).astype(np.float32)


def stamp(canvas, row, column, radius, strength, softness=0.35):
    """Add a round spot to a map in place, as the maximum of what is there and the spot."""
    reach = int(np.ceil(radius * (1 + softness))) + 1
    top, left = int(row) - reach, int(column) - reach
    rows = slice(max(top, 0), max(min(top + 2 * reach + 1, len(canvas)), 0))
    columns = slice(max(left, 0), max(min(left + 2 * reach + 1, len(canvas)), 0))
    yy, xx = np.ogrid[rows, columns]
    distance = np.hypot(yy - row, xx - column)
    edge = max(radius * softness, 0.6)
    spot = strength * np.clip((radius - distance) / (2 * edge) + 0.5, 0, 1)
    canvas[rows, columns] = np.maximum(canvas[rows, columns], spot)


def strokes(size, curves):
    """Draw curves, pairs of points (k, 2) as column and row and a width in pixels.

    Returns 0 to 1, (size, size); thin curves are drawn fainter instead of narrower than a pixel.
    """
    image = Image.new("L", (size, size))
    draw = ImageDraw.Draw(image)
    for points, width in curves:
        gray = int(255 * min(1.0, width))
        flat = [tuple(point) for point in np.asarray(points, float)]
        draw.line(flat, fill=gray, width=max(1, round(width)), joint="curve")
    drawn = np.asarray(image, np.float32) / 255
    return ndimage.gaussian_filter(drawn, 0.5)


def wandering(rng, start, angle, length, bend, steps=14):
    """Return the points (steps, 2) of a curve that turns by about `bend` radians in all."""
    turns = np.cumsum(rng.normal(0, bend / np.sqrt(steps), steps)) + angle
    hop = length / steps
    path = np.cumsum(np.stack([np.cos(turns), np.sin(turns)], axis=1) * hop, axis=0)
    return np.asarray(start) + path
