"""From tissue to image: echoes, beam, attenuation, noise, gain, and the logarithm."""

import numpy as np
from scipy import fft
from scipy.ndimage import gaussian_filter, gaussian_filter1d

from simulation.breast.fields import COLUMNS, ROWS

# Rows of the echo signal for each row of the tissue map.
FINER = 2
_FWHM = 2.3548
_SOUND = 1.54  # mm/µs
_STEER = np.deg2rad(9)


def lost_db(attenuation, grid, frequency, angle=0.0):
    """Sum attenuation (dB/cm/MHz) along every beam, down and back; return the loss in dB.

    `frequency` in MHz, `angle` in radians from straight down.

    >>> from simulation.breast.fields import Grid
    >>> fat = np.full((ROWS, COLUMNS), 0.5)
    >>> round(float(lost_db(fat, Grid(40, 45), 10)[-1, 0]), 1)  # 2 × 4 cm × 10 MHz × 0.5
    40.0
    """
    step_cm = 2 * grid.dz / 10 / np.cos(angle)
    drift = np.rint(np.tan(angle) * grid.z[:, 0] / grid.dx).astype(np.int64)[:, None]
    columns = np.arange(COLUMNS)[None]
    if angle:
        attenuation = np.take_along_axis(
            attenuation, np.clip(columns + drift, 0, COLUMNS - 1), axis=1
        )
    loss = np.cumsum(attenuation, axis=0) * np.float32(step_cm * frequency)
    if angle:
        loss = np.take_along_axis(loss, np.clip(columns - drift, 0, COLUMNS - 1), axis=1)
    # A beam is as wide as its aperture: narrow obstacles shade it in part.
    return gaussian_filter1d(loss, 0.6 / grid.dx, axis=1, mode="nearest")


def scatterers(rng, shape):
    """Draw complex Gaussian scatterers of unit mean power."""
    real = rng.standard_normal((2, *shape), dtype=np.float32) * np.float32(np.sqrt(0.5))
    return real[0] + 1j * real[1]


def focus_widths(grid, settings):
    """Lateral standard deviation of the beam in mm, for each row of the echo signal."""
    z = (np.arange(ROWS * FINER) + 0.5) / (ROWS * FINER)
    off = (z - settings.focus) / 0.45
    return settings.lateral_mm / _FWHM * np.sqrt(1 + off**2)


def see_through_beam(reflectivity, grid, settings):
    """Convolve echoes with an oscillating pulse and a beam that widens off focus.

    `reflectivity` (rows, columns), complex64, holds the complex amplitudes of the echoes; the rows
    divide the grid's depth. The result is the analytic signal, of the same shape and type;
    scatterers of unit power give unit power everywhere.
    """
    rows, columns = reflectivity.shape
    dz = grid.depth_mm / rows
    long, wide = fft.next_fast_len(rows + 40), fft.next_fast_len(columns + 32)
    # Echoes from depth z return with the phase 4 π f z / c: 2 f / c cycles per mm.
    away = fft.fftfreq(long, dz) - 2 * settings.frequency / _SOUND
    # A grid coarser than half a cycle sees the carrier folded, which leaves the envelope alone.
    away = (away + 0.5 / dz) % (1 / dz) - 0.5 / dz
    pulse = np.exp(-2 * (np.pi * settings.axial_mm / _FWHM * away) ** 2)
    pulse /= np.sqrt(np.mean(pulse**2))
    signal = fft.fft(reflectivity, long, axis=0)
    signal *= pulse[:, None].astype(np.float32)
    signal = fft.ifft(signal, axis=0)[:rows]
    f = fft.fftfreq(wide, grid.dx)
    beam = np.exp(-2 * (np.pi * focus_widths(grid, settings)[:, None] * f) ** 2)
    beam /= np.sqrt(np.mean(beam**2, axis=1, keepdims=True))
    signal = fft.fft(signal, wide, axis=1)
    signal *= beam.astype(np.float32)
    return fft.ifft(signal, axis=1)[:, :columns]


def _finer(values):
    return np.repeat(values, FINER, axis=0)


def echo_signal(speckle, grid, tissue, settings, angle=0.0):
    """Return the echo signal of one look before noise and gain, complex (rows, columns)."""
    loss = lost_db(tissue.attenuation, grid, settings.frequency, angle)
    arriving = np.power(np.float32(10), np.maximum(-loss, -120) / 20)
    amplitude = np.power(np.float32(10), tissue.echo_db / 20) * arriving
    mirror = tissue.mirror * arriving
    signal = see_through_beam(_finer(amplitude) * speckle + _finer(mirror), grid, settings)
    # Echoes between the probe and the skin's layers arrive late, on top of deeper ones.
    late = int(1.8 / grid.depth_mm * len(signal))
    signal[late:] += np.float32(10 ** (settings.reverberation_db / 20)) * signal[:-late]
    return signal


def depth_gain(grid, settings):
    """Time-gain compensation in dB, by depth alone, with the limit of a real amplifier."""
    z = (np.arange(ROWS * FINER, dtype=np.float32) + 0.5)[:, None] * grid.depth_mm / ROWS / FINER
    wanted = settings.compensation * 2 * 0.68 * settings.frequency * z / 10
    return np.minimum(wanted, -settings.noise_db - 8)


def form_image(rng, grid, tissue, settings, reference_db):
    """Form the displayed image at full resolution, (2 ROWS, COLUMNS), 0 to 1.

    `reference_db` is the level in dB that becomes ``settings.level``.
    """
    angles = (0.0,) if settings.looks == 1 else (-_STEER, 0.0, _STEER)
    noise = scatterers(rng, (ROWS * FINER, COLUMNS)) * np.float32(10 ** (settings.noise_db / 20))
    speckle = scatterers(rng, noise.shape)
    power = np.zeros(noise.shape, np.float32)
    for look, angle in enumerate(angles):
        # Another direction sees other speckle; a shifted copy is as good as a new draw.
        shift = look * ROWS * FINER // 3
        own = np.roll(speckle, shift, axis=0)
        signal = echo_signal(own, grid, tissue, settings, angle)
        power += np.abs(signal + np.roll(noise, shift, axis=0)) ** 2
    level = 10 * np.log10(power / len(angles) + 1e-14) + depth_gain(grid, settings)
    sigma = (settings.smoothing_mm / 2 / grid.dz * FINER, settings.smoothing_mm / grid.dx)
    level = gaussian_filter(level, sigma, truncate=2.5)
    shown = (level - reference_db) / settings.range_db + settings.level ** (1 / settings.gamma)
    return settings.floor + (1 - settings.floor) * np.clip(shown, 0, 1) ** settings.gamma


def reference_level(grid, tissue, settings):
    """Return the mean level in dB of tissue without its lesion: it sets the gain."""
    loss = lost_db(tissue.attenuation, grid, settings.frequency)
    level = (
        np.maximum(tissue.echo_db - loss, settings.noise_db) + depth_gain(grid, settings)[::FINER]
    )
    return float(level[: int(0.8 * ROWS)].mean()) - 2.5
