"""Numbers that describe one image: gray levels, neighbor correlation, spectrum, simple features.

Images are arrays (height, width) or (height, width, 3) with levels 0–255, square, at least 28 px.
Positions are those of SIZE = 28 px, scaled to the image at hand.
"""

import numpy as np
from scipy import stats

SIZE = 28
GRAY_NAMES = (
    "percentile 5", "percentile 25", "median", "percentile 75", "percentile 95", "mean", "SD",
    "correlation across", "correlation down", "slope", "center minus mean", "below center",
    "SD of center",
)  # fmt: skip
COLOR_NAMES = (
    "mean red", "mean green", "mean blue", "SD red", "SD green", "SD blue", "center red",
    "center green", "center blue", "correlation across", "correlation down", "slope",
    "SD of center",
)  # fmt: skip
BRAIN_NAMES = (
    "percentile 5", "percentile 25", "median", "percentile 75", "percentile 95", "mean", "SD",
    "skewness", "correlation down", "correlation across", "slope", "center minus mean",
    "SD of center",
)  # fmt: skip


def gray(image):
    """Return the mean of the channels, (height, width)."""
    return image.mean(axis=2) if image.ndim == 3 else image


def block(image, top, bottom, left, right):
    """Cut out rows and columns given in pixels of a 28 px image."""
    rows, columns = (np.asarray(image.shape[:2]) / SIZE)[:, None] * [[top, bottom], [left, right]]
    (t, b), (left, right) = rows.round().astype(int), columns.round().astype(int)
    return image[t:b, left:right]


def neighbor_correlation(image):
    """Return the correlation of neighboring pixels across and down; 0 for a flat image."""
    image = gray(image)
    pairs = ((image[:, :-1], image[:, 1:]), (image[:-1], image[1:]))
    return [
        np.corrcoef(a.ravel(), b.ravel())[0, 1] if a.std() > 0 and b.std() > 0 else 0.0
        for a, b in pairs
    ]


def radial_power(image):
    """Return the mean power of a Hann-windowed image on integer radii in cycles per image."""
    image = gray(image)
    window = np.outer(np.hanning(image.shape[0]), np.hanning(image.shape[1]))
    power = np.abs(np.fft.fftshift(np.fft.fft2((image - image.mean()) * window))) ** 2
    y, x = np.indices(image.shape) - np.array(image.shape)[:, None, None] // 2
    radius = np.hypot(y, x).astype(int).ravel()
    return np.bincount(radius, power.ravel()) / np.bincount(radius)


def power_slope(image, last=None):
    """Return minus the slope of the radial power spectrum, log-log, from 2 cycles to `last`.

    By default up to the highest frequency below half the number of pixels (13 at 28 px).
    """
    mean = radial_power(image)
    bins = np.arange(2, (last or min(image.shape[:2]) // 2 - 1) + 1)
    return -np.polyfit(np.log(bins), np.log(mean[bins] + 1e-6), 1)[0]


def gray_features(image):
    """Return the thirteen features named in `GRAY_NAMES` of a gray image."""
    image = gray(image)
    lower = block(image, 20, 28, 0, 28)
    return [
        *np.percentile(image, [5, 25, 50, 75, 95]),
        image.mean(),
        image.std(),
        *neighbor_correlation(image),
        power_slope(image),
        center_minus_mean(image),
        block(image, 20, 28, 8, 20).mean() - lower.mean(),
        block(image, 12, 20, 10, 18).std(),
    ]


def center_minus_mean(image):
    """Return the mean of the central 8 × 8 px (of 28) minus the mean of the image."""
    return block(gray(image), 10, 18, 10, 18).mean() - image.mean()


def center_ratio(image):
    """Return the mean of the central 8 × 8 px (of 28) over the mean of the image."""
    return block(gray(image), 10, 18, 10, 18).mean() / max(image.mean(), 1e-6)


def color_features(image):
    """Return the thirteen features named in `COLOR_NAMES` of a color image."""
    return [
        *image.mean(axis=(0, 1)),
        *image.std(axis=(0, 1)),
        *(block(image, 10, 18, 10, 18).mean(axis=(0, 1)) - image.mean(axis=(0, 1))),
        *neighbor_correlation(image),
        power_slope(image),
        block(gray(image), 10, 18, 10, 18).std(),
    ]


def sixteen_colors(image):
    """Return mean, SD, center minus mean, percentiles 5 and 95 per channel; mean saturation."""
    highest, lowest = image.max(axis=2), image.min(axis=2)
    return [
        *color_features(image)[:9],
        *np.percentile(image, 5, axis=(0, 1)),
        *np.percentile(image, 95, axis=(0, 1)),
        ((highest - lowest) / np.maximum(highest, 1)).mean(),
    ]


def brain_features(image):
    """Return the thirteen features named in `BRAIN_NAMES`; levels are those of the head."""
    brain = image[image > 0]
    third = image.shape[0] // 3
    center = image[third : 2 * third, third : 2 * third]
    moments = [brain.mean(), brain.std(), stats.skew(brain)]
    across, down = neighbor_correlation(image)
    quantiles = np.percentile(brain, [5, 25, 50, 75, 95])
    parts = [center.mean() - brain.mean(), center.std()]
    return [*quantiles, *moments, down, across, power_slope(image, 24), *parts]


def histograms(images):
    """Return one histogram of levels 0–255 per image and channel, (n, channels, 256)."""
    images = np.asarray(images).round().clip(0, 255).astype(np.uint8)
    planes = images.reshape(len(images), -1, images.shape[3] if images.ndim == 4 else 1)
    return np.array(
        [[np.bincount(p[:, k], minlength=256) for k in range(p.shape[1])] for p in planes]
    )


def level_distance(first, second):
    """Return the Wasserstein-1 distance of two sets of histograms, largest over channels."""
    one, other = (h.sum(axis=0) / h.sum(axis=(0, 2))[:, None] for h in (first, second))
    return np.abs(np.cumsum(one - other, axis=1)).sum(axis=1).max()
