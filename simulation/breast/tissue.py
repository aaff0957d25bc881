"""The breast without a lesion: skin, fat, gland, ligaments, muscle, chest wall."""

from dataclasses import dataclass

import numpy as np

from simulation.breast.fields import follow, smooth_field, smooth_line, step

# Echo level in dB above fat, attenuation in dB/cm/MHz. Unchecked defaults near published values.
FAT, SKIN, GLAND = (0, 0.60), (11, 0.9), (8, 0.75)
MUSCLE, BONE, LUNG = (-3, 0.75), (20, 6), (-9, 1.2)
LIGAMENT_DB, STRIA_DB = 14, 9


@dataclass
class Tissue:
    """What the beam meets, on a `Grid`; every array is (rows, columns), float32."""

    echo_db: np.ndarray  # echo level of the scatterers in dB above fat
    attenuation: np.ndarray  # dB/cm/MHz
    # Amplitude of surfaces that reflect as a whole, relative to fat's scatterers.
    mirror: np.ndarray


def _layers(rng, grid, lesion_box):
    """Draw the depths in mm of the layers' surfaces, each (columns,)."""
    skin = rng.uniform(0.8, 2.0) + 0.1 * smooth_line(rng, grid, 6)
    # Where ligaments pull at the gland its surface has cusps; between them fat lobules bulge.
    cusps = 1 - np.abs(np.sin(np.pi * grid.x[0] / rng.uniform(8, 18) + rng.uniform(0, 3)))
    fat = np.exp(rng.normal(np.log(5.5), 0.6)) * (1 - 0.35 * rng.uniform(0, 1) * cusps)
    gland_top = skin + np.maximum(fat + rng.uniform(0.2, 1.2) * smooth_line(rng, grid, 9), 0.8)
    thickness = np.exp(rng.normal(np.log(11.0), 0.45)) + 1.0 * smooth_line(rng, grid, 12)
    gland_bottom = gland_top + np.maximum(thickness, 1.0)
    if lesion_box:
        # A lesion lies in front of the muscle and pushes it back.
        across, down, radius = lesion_box
        near = np.exp(-0.5 * ((grid.x[0] - across) / (1.5 * radius)) ** 2)
        lowest = down + 0.75 * radius
        gland_bottom = gland_bottom + near * np.maximum(lowest - gland_bottom, 0)
    muscle_top = gland_bottom + rng.uniform(0.5, 4.0) + 0.5 * smooth_line(rng, grid, 12)
    muscle_bottom = muscle_top + rng.uniform(5.0, 14.0) + 0.4 * smooth_line(rng, grid, 14)
    return skin, gland_top, gland_bottom, muscle_top, muscle_bottom


def _threads(field, grid, width, power):
    """Return 0 to 1 along the zero lines of a field, weaker where they run down the beam."""
    down, across = np.gradient(field, grid.dz, grid.dx)
    slope = np.hypot(down, across) + 1e-3
    on_line = np.clip(1.5 - np.abs(field) / (slope * width), 0, 1)
    return on_line * (np.abs(down) / slope) ** power


def _textures(rng, grid, fold):
    """Draw the threads and lobules, which follow the folds of the layers."""
    lines = smooth_field(rng, grid, rng.uniform(0.9, 1.8), rng.uniform(2.5, 5.0))
    fine = smooth_field(rng, grid, rng.uniform(0.35, 0.6), rng.uniform(2.0, 5.0))
    lobules = smooth_field(rng, grid, rng.uniform(1.2, 3.0), rng.uniform(3.5, 8.0))
    patches = smooth_field(rng, grid, 3.0, 9.0)
    striae = smooth_field(rng, grid, 0.5, rng.uniform(5, 10))
    folded = [follow(f, fold, grid) for f in (lines, fine, lobules, patches)]
    return (*folded, striae)


def _paint_layers(rng, grid, layers, textures, glandular):
    """Return echo level and attenuation of skin, fat, gland, muscle, and the chest wall."""
    skin, top, bottom, muscle_top, muscle_bottom = layers
    lines, fine, lobules, patches, striae = textures
    z = grid.z
    threads = _threads(lines, grid, 0.22, 1.5) * np.clip(0.55 + 0.6 * patches, 0, 1.2)
    strength = rng.uniform(0.5, 1.15)
    sparks = np.clip(fine - 0.9, 0, 1.2)
    fat_db = 1.0 * fine + strength * (LIGAMENT_DB * threads + 7 * sparks)
    # Gland: bright stroma, darker ducts and lobules of fat, in a proportion of its own.
    stroma = step(lobules + glandular, 0.9)
    gland_db = stroma * (GLAND[0] + 2.5 * patches) + (1 - stroma) * (0.5 + 1.0 * fine)
    gland_db = gland_db + strength * (7 * np.clip(fine - 0.3, 0, 1.5) + 7 * threads)
    muscle_db = MUSCLE[0] + strength * STRIA_DB * np.clip(striae, 0, 1.6)
    echo = np.where(z < top, fat_db, np.where(z < bottom, gland_db, fat_db))
    echo = np.where(z < muscle_top, echo, muscle_db)
    echo = np.where(z < skin, SKIN[0] + 1.0 * fine, echo)
    attenuation = np.where((z > top) & (z < bottom), FAT[1] + (GLAND[1] - FAT[1]) * stroma, FAT[1])
    attenuation = np.where(z < muscle_top, attenuation, MUSCLE[1]) + 0.6 * threads
    lung = z > muscle_bottom
    echo = np.where(lung, LUNG[0] + 2 * fine, echo)
    attenuation = np.where(lung, LUNG[1], attenuation)
    return echo.astype(np.float32), np.maximum(attenuation, 0.05).astype(np.float32)


def _surface(grid, depth, amplitude, thickness=0.12):
    """Return a mirror along a surface, weaker where it slopes."""
    slope = np.gradient(depth, grid.dx)
    weight = amplitude / (1 + (3 * slope) ** 2)
    return (weight * (np.abs(grid.z - depth) < thickness)).astype(np.float32)


def _add_rib(rng, grid, tissue, muscle_bottom, present):
    """Add a rib: a bright cap that lets next to nothing through."""
    center = rng.uniform(0.1, 0.9) * grid.width_mm
    width, depth = rng.uniform(5, 9), float(muscle_bottom.mean()) + rng.uniform(0, 2)
    if not present:
        return
    inside = ((grid.x - center) / width) ** 2 + ((grid.z - depth - 3) / 3.2) ** 2 < 1
    tissue.echo_db[inside] = -6
    tissue.attenuation[inside] = BONE[1]
    cap = depth + 3 - 3.2 * np.sqrt(np.clip(1 - ((grid.x[0] - center) / width) ** 2, 0, 1))
    near = np.abs(grid.x[0] - center) < width
    tissue.echo_db[(np.abs(grid.z - cap) < 0.25) & near[None]] = BONE[0]


def _add_ducts(rng, grid, tissue, layers):
    """Add a few dilated ducts, vessels or tiny cysts, in any patient."""
    for _ in range(rng.choice([0, 1, 2, 4], p=[0.78, 0.12, 0.06, 0.04])):
        x = rng.uniform(0, grid.width_mm)
        column = min(int(x / grid.dx), len(layers[1]) - 1)
        z = rng.uniform(layers[1][column], layers[2][column])
        a, b, level = rng.uniform(0.8, 3.0), rng.uniform(0.5, 1.3), rng.uniform(-20, -8)
        distance = ((grid.x - x) / a) ** 2 + ((grid.z - z) / b) ** 2
        inside = step(1 - distance, 1.5)
        tissue.echo_db += inside * (level - tissue.echo_db)
        tissue.attenuation += inside * (0.1 - tissue.attenuation)


def draw_tissue(rng, grid, lesion_box=None):
    """Draw a breast without its lesion.

    `lesion_box` holds the center from the left, depth and radius in mm of a lesion that the
    layers make room for.
    """
    layers = _layers(rng, grid, lesion_box)
    fold = 0.4 * (layers[1] - layers[1].mean()) + rng.uniform(0.3, 1.3) * smooth_line(rng, grid, 10)
    textures = _textures(rng, grid, fold)
    echo, attenuation = _paint_layers(rng, grid, layers, textures, rng.normal(0.3, 0.9))
    skin, _, _, muscle_top, muscle_bottom = layers
    mirror = _surface(grid, skin, rng.uniform(2, 8))
    mirror += _surface(grid, np.full_like(skin, 0.25), rng.uniform(2, 7), 0.2)
    mirror += _surface(grid, muscle_top, rng.uniform(0, 12))
    mirror += _surface(grid, muscle_bottom, rng.uniform(0, 10))
    tissue = Tissue(echo, attenuation, mirror)
    _add_ducts(rng, grid, tissue, layers)
    _add_rib(rng, grid, tissue, muscle_bottom, rng.random() < 0.12)
    # Uneven superficial tissue weakens some beams over their whole length.
    tissue.attenuation *= np.exp(rng.uniform(0.1, 0.4) * smooth_field(rng, grid, 5, 7))
    veil = np.clip(smooth_line(rng, grid, 4), 0, 3) * rng.uniform(0, 1.2)
    tissue.attenuation += step(2.5 - grid.z, 1.0) * veil
    return tissue
