"""Magnetic resonance: tissue constants, sequences, scanners, and how an image is acquired."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

# Proton density, T1 and T2 in ms, T1 in ms after gadolinium. Gray and white matter, CSF and the
# tumor tissues follow the sources of the datasheet; the others are unchecked defaults.
TISSUES = {
    "gm": (0.82, 1350, 95, 1310),
    "wm": (0.70, 850, 75, 820),
    "csf": (1.00, 4200, 1500, 4000),
    "plexus": (0.85, 1400, 120, 480),
    "dura": (0.70, 1000, 50, 380),
    "blood": (0.80, 1500, 90, 330),
    "skin": (0.70, 700, 40, 520),
    "fat": (0.90, 300, 75, 300),
    "muscle": (0.78, 1050, 45, 880),
    "bone": (0.08, 900, 15, 800),
    "marrow": (0.55, 420, 60, 400),
    "mucosa": (0.85, 1300, 90, 480),
    "vitreous": (1.00, 4000, 1000, 3900),
    "air": (0.0, 1000, 50, 1000),
    "meningioma": (0.85, 1400, 102, 1150),
    "meningioma_enhanced": (0.85, 1400, 102, 360),
    "glioma": (0.87, 1750, 145, 1650),
    "glioma_enhanced": (0.87, 1500, 138, 400),
    "necrosis": (0.97, 2600, 330, 2450),
    "edema": (0.88, 1600, 135, 1480),
    "calcium": (0.30, 1200, 40, 1100),
}
TISSUE_NAMES = tuple(TISSUES)
CHANNELS = ("T1c", "FLAIR")


@dataclass(frozen=True)
class Scanner:
    """A site's habits. Times in ms, lengths in mm; noise relative to white matter."""

    t1c: dict
    flair: dict
    thickness: tuple
    gap: float
    noise: tuple
    bias: float
    coil: float
    blur: float


SITES = {
    "site A": Scanner(
        t1c={"tr": 560.0, "te": 11.0}, flair={"tr": 9000.0, "te": 120.0, "ti": 2500.0},
        thickness=(5.0, 6.0), gap=1.0, noise=(0.012, 0.03), bias=0.07, coil=0.15, blur=0.22,
    ),
    "site B": Scanner(
        t1c={"tr": 1900.0, "te": 4.0, "ti": 900.0},
        flair={"tr": 7800.0, "te": 95.0, "ti": 2280.0},
        thickness=(4.0, 5.0), gap=0.4, noise=(0.025, 0.05), bias=0.12, coil=0.35, blur=0.42,
    ),
}  # fmt: skip


def signal(density, t1, t2, *, tr, te, ti=None):
    """Return the signal of a spin echo, or of inversion recovery where `ti` is given.

    In units of the proton density (0 to 1); relaxation, repetition, echo and inversion times in ms.

    >>> white, csf = (signal(d, t1, t2, tr=9000, te=120, ti=2500)
    ...               for d, t1, t2 in ((0.70, 850, 75), (1.00, 4200, 1500)))
    >>> round(float(csf / white), 1)
    0.1
    """
    decay = np.exp(-te / np.asarray(t2, float))
    t1 = np.asarray(t1, float)
    if ti is None:
        return density * (1 - np.exp(-tr / t1)) * decay
    return density * np.abs(1 - 2 * np.exp(-ti / t1) + np.exp(-tr / t1)) * decay


def tissue_signals(rng, site):
    """Return signals (tissue, channel) of one examination, white matter at about 1."""
    scanner = SITES[site]
    table = np.array(list(TISSUES.values()))
    table = table * np.exp(rng.normal(0, [0.02, 0.045, 0.045, 0.045], table.shape))
    jitter = {"tr": 0.03, "te": 0.04, "ti": 0.02}
    columns = []
    for times, t1 in ((scanner.t1c, table[:, 3]), (scanner.flair, table[:, 1])):
        times = {k: v * np.exp(rng.normal(0, jitter[k])) for k, v in times.items()}
        values = signal(table[:, 0], t1, table[:, 2], **times)
        # Fat is suppressed to some degree in about half of the scans.
        suppression = rng.uniform(0.25, 0.8) if rng.random() < 0.5 else 1.0
        for name in ("fat", "marrow"):
            values[TISSUE_NAMES.index(name)] *= suppression
        columns.append(values / values[TISSUE_NAMES.index("wm")])
    return np.stack(columns, axis=1).astype(np.float32)


def _bias_field(rng, shape, strength):
    """Smooth multiplicative field over a stack (slices, height, width)."""
    coarse = rng.standard_normal((4, 5, 5))
    zoom = [max(n, 2) / c for n, c in zip(shape, coarse.shape, strict=True)]
    field = ndimage.zoom(coarse, zoom, order=3, mode="nearest", grid_mode=True)
    return np.exp(strength * field[tuple(slice(n) for n in shape)] / 0.7)


def _coil(stack_mask, strength):
    """Brightening toward the surface that an array of receive coils leaves."""
    depth = np.stack([ndimage.distance_transform_edt(m) for m in stack_mask])
    return 1 + strength * np.exp(-depth / 9.0) - 0.3 * strength


def _motion(rng, spectrum):
    """Shift the object slightly while part of k-space is read."""
    rows = spectrum.shape[-2]
    start = rng.integers(rows // 8, 3 * rows // 8)
    frequency = np.fft.fftfreq(rows)[:, None]
    shift = rng.uniform(0.4, 1.3)
    moved = spectrum * np.exp(2j * np.pi * frequency * shift)
    late = np.fft.ifftshift((np.arange(rows) < start) | (np.arange(rows) > rows - start // 2))
    return np.where(late[:, None], moved, spectrum)


def acquire(rng, stack, site, size):
    """Turn an ideal signal (slices, height, width) into an image as a scanner would.

    White matter is at about 1, the resolution a multiple of the final `size` in pixels. The
    magnitude image has a bias field, Gibbs ringing, motion and Rician noise.
    """
    scanner = SITES[site]
    field = _bias_field(rng, stack.shape, scanner.bias * rng.uniform(0.5, 1.6))
    if scanner.coil:
        field = field * _coil(stack > 0.02, scanner.coil * rng.uniform(0.0, 1.6))
    spectrum = np.fft.fft2(stack * field)
    if rng.random() < 0.25:
        spectrum = _motion(rng, spectrum)
    height = stack.shape[-1]
    keep = np.fft.fftfreq(height, 1 / height)
    kept = np.where((keep >= -size // 2) & (keep < size // 2))[0]
    spectrum = spectrum[:, kept][:, :, kept] * (size / height) ** 2
    frequency = np.fft.fftfreq(size)
    radius = np.hypot(frequency[:, None], frequency[None])
    blur = scanner.blur * rng.uniform(0.4, 1.8)
    image = np.fft.ifft2(spectrum * np.exp(-2 * (np.pi * blur * radius) ** 2))
    sigma = rng.uniform(*scanner.noise)
    noise = rng.standard_normal((2, *image.shape)) * sigma
    return np.abs(image + noise[0] + 1j * noise[1])
