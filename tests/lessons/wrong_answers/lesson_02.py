"""Wrong answers to the exercises of lesson 02."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tests.lessons.wrong_answers.common import nothing


def slide(image, kernel, stride=1, *, dtype=float, step=None, extra=1, swap=False):
    """Slide as the exercise asks, or with one thing wrong."""
    height, width = kernel.shape
    rows = (image.shape[0] - height) // stride + extra
    columns = (image.shape[1] - width) // stride + extra
    step = stride if step is None else step
    result = np.zeros((rows, columns))
    for r in range(rows):
        for c in range(columns):
            window = image[r * step : r * step + height, c * step : c * step + width]
            result[r, c] = (window.astype(dtype) * kernel.astype(dtype)).sum(dtype=dtype)
    return result.T if swap else result


def in_place(image, kernel, stride):
    result = slide(image, kernel, stride)
    image -= 1
    return result


def by_channel(image, kernel):
    """Return the result of every channel by itself."""
    maps = [slide(image[..., c], kernel[..., c]) for c in range(image.shape[2])]
    return np.stack(maps, axis=2)


def each_position(image, wanted, kernel):
    """Return the products before they are summed."""
    error = slide(image, kernel) - wanted
    windows = sliding_window_view(image, kernel.shape)
    return 2 * windows * error[..., None, None] / wanted.size


WRONG_ANSWERS = {
    "2.1": [
        (-11, "turned the kernel"),
        (5, "transposed the kernel"),
        (21, "counted from 0"),
        (17, "exchanged row and column"),
        (-14, "without their weights"),
        (8, "counts double"),
        (11 / 9, "mean of the nine"),
        (99, "is 99"),
        ("11", "made of numbers"),
    ],
    "2.2": [
        (lambda i, k, s: slide(i, k[::-1, ::-1], s), "flipped the kernel"),
        (lambda i, k, s: slide(i, k), "forgot the stride"),
        (lambda i, k, s: slide(i, k, s, step=1), "forgot the stride in the image"),
        (lambda i, k, s: slide(i, k, s, extra=0), "off by one"),
        (lambda i, k, s: slide(i, k, s, swap=True), "exchanged rows and columns"),
        (lambda i, k, s: slide(i, k, s, dtype=np.uint8), "overflowed"),
        (lambda i, k, s: slide(i, k, s) / k.size, "mean of the products"),
        (lambda i, k, s: slide(i, k)[::s], "rows only"),
        (lambda i, k, s: slide(i, k, 2), "fixed stride of 2"),
        (in_place, "changes the image"),
        (lambda i, k, s: slide(i.T, k, s), "shape"),
        (lambda i, k, s: np.zeros(3)[7], "raised IndexError"),
        (nothing, "forget `return`"),
    ],
    "2.3": [
        (np.array([[-1, 2, -1]] * 3), "finds vertical lines"),
        (np.array([[-1, -1, -1], [3, 3, 3], [-1, -1, -1]]), "uniform area"),
        (np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]]), "finds edges"),
        (np.array([[1, 1, 1], [-2, -2, -2], [1, 1, 1]]), "finds dark lines"),
        (np.array([[0, -1, 0], [-1, 4, -1], [0, -1, 0]]), "every single column"),
        (np.zeros((3, 3)), "answers 0 to everything"),
        (np.array([-1, 2, -1]), "should be (3, 3)"),
    ],
    "2.4": [
        (lambda i, k: np.pad(i, ((0, k - 1), (0, k - 1))), "on one side only"),
        (lambda i, k: np.pad(i, ((k - 1, 0), (k - 1, 0))), "below and right"),
        (lambda i, k: np.pad(i, k - 1), "all sides together"),
        (lambda i, k: np.pad(i, 1), "right for 3 × 3"),
        (lambda i, k: np.pad(i, ((k // 2, k // 2), (0, 0))), "rows only"),
        (lambda i, k: np.pad(i, k // 2, mode="edge"), "repeats the pixels"),
        (lambda i, k: np.pad(i, k // 2, mode="reflect"), "mirrors"),
        (lambda i, k: np.pad(i, (k + 1) // 2), "One row too many"),
        (lambda i, k: i, "without a border"),
        (lambda i, k: np.pad(i, max(k // 2, 1)), "size 1"),
    ],
    "2.5": [
        (lambda n, k, s, p: (n + p - k) // s, "Fence posts"),
        (lambda n, k, s, p: n + p - k + 1, "forgot the stride"),
        (lambda n, k, s, p: -(-(n + p - k) // s) + 1, "Round down"),
        (lambda n, k, s, p: (n + p - k) / s + 1, "use `//`"),
        (lambda n, k, s, p: (n - k) // s + 1, "forgot the padding"),
        (lambda n, k, s, p: (n + 2 * p - k) // s + 1, "added the padding twice"),
    ],
    "2.6": [
        (lambda i, k, b: by_channel(i, k) + b, "kept the channels apart"),
        (lambda i, k, b: by_channel(i, k).sum(axis=2), "forgot the bias"),
        (lambda i, k, b: (by_channel(i, k) + b).sum(axis=2), "once per channel"),
        (lambda i, k, b: by_channel(i, k).mean(axis=2) + b, "averaged over the channels"),
        (lambda i, k, b: by_channel(i, k)[..., 0] + b, "first channel only"),
        (lambda i, k, b: by_channel(i, k[::-1, ::-1]).sum(axis=2) + b, "flipped the kernel"),
        (lambda i, k, b: by_channel(i, k.swapaxes(0, 1)).sum(axis=2) + b, "axis order"),
        (lambda i, k, b: by_channel(i, k).sum(axis=2) * b, "multiplied by the bias"),
    ],
    "2.7": [
        (lambda i, y, k: -2 * slide(i, slide(i, k) - y) / y.size, "sign is reversed"),
        (lambda i, y, k: slide(i, slide(i, k) - y) / y.size, "factor 2"),
        (lambda i, y, k: 2 * slide(i, slide(i, k) - y), "without dividing"),
        (lambda i, y, k: 2 * slide(i, slide(i, k) - y) / k.size, "number of weights"),
        (lambda i, y, k: 2 * slide(i, slide(i, k) - y) / i.size, "pixels of the image"),
        (lambda i, y, k: 2 * i[:3, :3] * (slide(i, k) - y)[0, 0], "sum over the positions"),
        (lambda i, y, k: 2 * i[:3, :3] * (slide(i, k) - y).mean(), "sum over the positions"),
        (lambda i, y, k: each_position(i, y, k), "one gradient per position"),
        (
            lambda i, y, k: 2 * slide(i, slide(i, k) - y)[::-1, ::-1] / y.size,
            "turned by 180°",
        ),
        (lambda i, y, k: 2 * slide(i, y) / y.size, "in place of the error"),
        (lambda i, y, k: np.mean((slide(i, k) - y) ** 2), "That is the loss"),
    ],
}
