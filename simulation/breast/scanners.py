"""The two scanners: frequency, beam, noise, gain and display."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Scanner:
    """A scanner's habits; pairs are the range from which each examination draws."""

    frequency: tuple  # center frequency in MHz
    width_mm: tuple  # field of view
    depth_mm: tuple
    axial_mm: tuple  # full width at half maximum of the pulse
    lateral_mm: tuple  # and, at the focus, of the beam
    looks: int  # directions that are compounded
    noise_db: tuple  # electronic noise, relative to fat's echo at the probe
    range_db: tuple  # dynamic range of the display
    gamma: tuple  # exponent of the gray map
    level: tuple  # mean and SD of the gray level, 0 to 1, that the gain aims at
    # SD across of the speckle reduction, a blur of the displayed image; along the beam, half.
    smoothing_mm: tuple


SITES = {
    "scanner A": Scanner(
        frequency=(8.5, 11.0), width_mm=(36, 50), depth_mm=(28, 42), axial_mm=(0.16, 0.26),
        lateral_mm=(0.32, 0.6), looks=3, noise_db=(-84, -70), range_db=(54, 64),
        gamma=(1.2, 1.7), level=(0.335, 0.085), smoothing_mm=(0.2, 0.5),
    ),
    "scanner B": Scanner(
        frequency=(6.5, 8.5), width_mm=(38, 52), depth_mm=(32, 46), axial_mm=(0.20, 0.34),
        lateral_mm=(0.40, 0.75), looks=1, noise_db=(-80, -66), range_db=(48, 58),
        gamma=(1.05, 1.5), level=(0.36, 0.085), smoothing_mm=(0.3, 0.7),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """What one examination drew from its scanner's ranges, and what the operator set."""

    frequency: float
    axial_mm: float
    lateral_mm: float
    focus: float
    looks: int
    noise_db: float
    smoothing_mm: float
    range_db: float
    gamma: float
    level: float
    compensation: float
    reverberation_db: float
    floor: float


def draw_settings(rng, site):
    """Draw the settings of one examination."""
    scanner = SITES[site]
    names = ("frequency", "axial_mm", "lateral_mm", "noise_db", "range_db", "gamma")
    names += ("smoothing_mm",)
    drawn = {name: float(rng.uniform(*getattr(scanner, name))) for name in names}
    return Settings(
        **drawn,
        focus=float(rng.uniform(0.3, 0.65)),
        looks=scanner.looks,
        level=float(np.clip(rng.normal(*scanner.level), 0.17, 0.55)),
        compensation=float(rng.uniform(0.55, 0.88)),
        reverberation_db=float(rng.uniform(-32, -18)),
        floor=float(rng.uniform(0.0, 0.06)),
    )


def draw_field_of_view(rng, site, size_mm):
    """Draw width and depth in mm; the operator goes deeper for a large lesion."""
    scanner = SITES[site]
    width, depth = rng.uniform(*scanner.width_mm), rng.uniform(*scanner.depth_mm)
    return float(width), float(max(depth, 1.3 * size_mm))
