"""Right and wrong answers to the exercises of lesson 02."""

from types import SimpleNamespace

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import ndimage, signal

from course_utils import numpy_layers
from course_utils.exercises.exercise import Several

SOBEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])


def slide(image, kernel):
    return signal.correlate2d(np.asarray(image, float), kernel, mode="valid")


# ---- 2.2 ----------------------------------------------------------------------------------------


def in_lists(image, kernel, stride):
    image, kernel = np.asarray(image).tolist(), np.asarray(kernel).tolist()
    height, width = len(kernel), len(kernel[0])
    return [
        [
            sum(
                image[top + i][left + j] * kernel[i][j] for i in range(height) for j in range(width)
            )
            for left in range(0, len(image[0]) - width + 1, stride)
        ]
        for top in range(0, len(image) - height + 1, stride)
    ]


def by_windows_in_float32(image, kernel, stride):
    windows = sliding_window_view(image.astype(np.float32), kernel.shape)[::stride, ::stride]
    return (windows * kernel).sum(axis=(2, 3))


def by_weights(image, kernel, stride):
    rows, columns = np.array(image.shape) - kernel.shape + 1
    places = np.ndindex(kernel.shape)
    parts = [float(kernel[i, j]) * image[i : i + rows, j : j + columns] for i, j in places]
    return sum(parts)[::stride, ::stride]


def loops(image, kernel, stride, products=lambda window, kernel: np.sum(window * kernel), **kind):
    height, width = kernel.shape
    rows = (image.shape[0] - height) // stride + 1
    columns = (image.shape[1] - width) // stride + 1
    result = np.zeros((rows, columns), **kind)
    for r in range(rows):
        for c in range(columns):
            window = image[r * stride : r * stride + height, c * stride : c * stride + width]
            result[r, c] = products(window, kernel)
    return result


def as_floats(window, kernel):
    return np.sum(window.astype(float) * kernel)


def too_many_rows(image, kernel, stride):
    right = by_weights(image, kernel, stride)
    return np.pad(right, ((0, 1), (0, 1)))


def starts_at_row_and_column(image, kernel, stride):
    shape = by_weights(image, kernel, stride).shape
    return slide(image, kernel)[: shape[0], : shape[1]]


# ---- 2.3 ----------------------------------------------------------------------------------------


def with_a_loop(image, kernel):
    turned = np.zeros_like(kernel)
    rows, columns = kernel.shape
    for i in range(rows):
        for j in range(columns):
            turned[rows - 1 - i, columns - 1 - j] = kernel[i, j]
    return slide(image, turned)


def by_keras_layout(image, kernel):
    weights = np.flip(kernel)[:, :, None, None]
    return numpy_layers.conv2d(image[None, :, :, None], weights)[0, :, :, 0]


# ---- 2.5 ----------------------------------------------------------------------------------------


def scaled(hu):
    return (np.asarray(hu, float) + 1000) / 2000


def by_hand_border(hu):
    padded = np.zeros((hu.shape[0] + 2, hu.shape[1] + 2))
    padded[1:-1, 1:-1] = scaled(hu)
    return slide(padded, SOBEL)


def air_first(hu):
    return slide(scaled(np.pad(hu.astype(float), 1, constant_values=-1000)), SOBEL)


def unscaled_kernel(hu):
    return slide(np.pad(hu + 1000.0, 1), SOBEL) / 2000


def in_place(hu):
    hu += 1000
    return slide(np.pad(hu / 2000, 1), SOBEL)


def walled(hu):
    return slide(scaled(np.pad(hu, 1)), SOBEL)


# ---- 2.6 and 2.7 --------------------------------------------------------------------------------


def layer(kernel, strides, padding="valid", filters=1, **more):
    """Return what the check reads of a Conv2D."""
    return SimpleNamespace(
        kernel_size=kernel, strides=strides, padding=padding, filters=filters, **more
    )


def square(kernel, stride, padding="valid"):
    return layer((kernel, kernel), (stride, stride), padding)


def stacked(t1c, flair):
    return np.stack([np.full((3, 3), t1c), np.full((3, 3), flair)], axis=-1)


NINTHS = stacked(1 / 9, -1 / 9)
GAUSS = np.outer([1, 2, 1], [1, 2, 1]) / 16

RIGHT = {
    "2.1": [6.0, [6], np.int8(6), np.float32(6), np.sum([8, 16, 5, -8, -12, -3]), 12 / 2],
    "2.2": [
        in_lists,
        by_windows_in_float32,
        by_weights,
        lambda i, k, s: loops(i, k, s, as_floats),
        lambda image, kernel, stride: slide(image, kernel)[::stride, ::stride],
        lambda i, k, s: numpy_layers.correlate_image(i, k, stride=s),
        lambda i, k, s: loops(i, k, s, lambda w, k: np.vdot(w.astype(float), k)),
    ],
    "2.3": [
        lambda image, kernel: slide(image, np.rot90(kernel, 2)),
        lambda image, kernel: slide(image, np.flip(kernel)),
        lambda image, kernel: slide(image, np.flipud(np.fliplr(kernel))),
        lambda image, kernel: signal.convolve2d(image, kernel, mode="valid"),
        lambda image, kernel: slide(image[::-1, ::-1], kernel)[::-1, ::-1],
        lambda image, kernel: slide(image, kernel[::-1, ::-1]).astype(np.float32),
        with_a_loop,
        by_keras_layout,
    ],
    "2.4": [
        [[-0.5, -0.5, -0.5], [1, 1, 1], [-0.5, -0.5, -0.5]],
        np.outer([-1, 2, -1], [1, 2, 1]),
        np.array([[0, -1, 0], [0, 2, 0], [0, -1, 0]]),
        np.array([[-1, -1, -1], [2, 2, 2], [-1, -1, -1]], np.int8),
        np.outer([-1, 2, -1], [1 / 3, 1 / 3, 1 / 3]).astype(np.float32),
        [(-1, -4, -1), (2, 8, 2), (-1, -4, -1)],
    ],
    "2.5": [
        by_hand_border,
        air_first,
        unscaled_kernel,
        lambda hu: slide(np.pad((hu + 1000) / 2000, ((1, 1), (1, 1)), mode="constant"), SOBEL),
        lambda hu: signal.correlate2d(scaled(hu), SOBEL, mode="same"),
        lambda hu: ndimage.correlate(scaled(hu), SOBEL, mode="constant", cval=0),
        lambda hu: numpy_layers.correlate_image(scaled(hu), SOBEL, padding="same"),
        lambda hu: numpy_layers.correlate_image(
            scaled(hu).astype(np.float32), SOBEL.astype(np.float32), padding="same"
        ),
    ],
    "2.6": [
        square(5, 4),
        layer([5, 5], [4, 4]),
        layer((np.int64(5), np.int64(5)), (4, 4)),
        layer((5, 5), [4, 4]),
        layer((5, 5), (4, 4), name="first"),
    ],
    "2.7": [
        (NINTHS.tolist(), -0.1),
        [NINTHS, -0.1],
        (NINTHS.astype(np.float32), np.float32(-0.1)),
        (np.ones((3, 3, 2)) * [1, -1] / 9, -1 / 10),
        (np.tile([1 / 9, -1 / 9], 9).reshape(3, 3, 2), -0.1),
        (np.round(NINTHS, 3), -0.1),
        (NINTHS, np.array([-0.1])),
    ],
}

WRONG = {
    "2.1": [99, 29, "6", [6, 6], -5, 14, 22, 20, 11, 18, None],
    "2.2": [
        loops,
        lambda i, k, s: loops(i, k, s, as_floats, dtype=int),
        lambda i, k, s: loops(i, k, s, as_floats, dtype=np.uint8),
        lambda i, k, s: loops(i, k, s, lambda w, k: np.sum(w.astype(int) * k)),
        lambda i, k, s: loops(i, k, s, lambda w, k: np.sum(w.astype(int) * k.astype(int))),
        lambda i, k, s: loops(i, k, s, lambda w, k: np.mean(w.astype(float) * k)),
        lambda i, k, s: slide(i, k),
        lambda i, k, s: slide(i, k)[::s],
        lambda i, k, s: slide(i, k)[:, ::s],
        lambda i, k, s: slide(i[::s, ::s], k),
        lambda i, k, s: slide(i.T, k),
        lambda i, k, s: slide(i, np.flip(k))[::s, ::s],
        starts_at_row_and_column,
        too_many_rows,
        lambda i, k, s: print(end=""),
    ],
    "2.3": [
        slide,
        lambda image, kernel: slide(image, kernel[::-1]),
        lambda image, kernel: slide(image, kernel[:, ::-1]),
        lambda image, kernel: slide(image, kernel.T),
        lambda image, kernel: slide(image, kernel.T[::-1, ::-1]),
        lambda image, kernel: slide(image, np.rot90(kernel)),
        lambda image, kernel: slide(image, -kernel),
        lambda image, kernel: -slide(image, kernel),
        lambda image, kernel: slide(image[::-1, ::-1], kernel),
        lambda image, kernel: slide(image, kernel)[::-1, ::-1],
        lambda image, kernel: signal.convolve2d(image, kernel),
        lambda image, kernel: signal.convolve2d(image, kernel, mode="same"),
        lambda image, kernel: slide(image, np.flip(kernel)).astype(int),
        lambda image, kernel: kernel[::-1, ::-1],
    ],
    "2.4": [
        np.array([[-1, 2, -1]] * 3),
        SOBEL,
        SOBEL.T,
        np.array([[0, 0, 0], [1, 1, 1], [0, 0, 0]]),
        np.array([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]),
        np.array([[1, 1, 1], [-2, -2, -2], [1, 1, 1]]),
        np.array([[0, 0, 0], [1, 1, 1], [-1, -1, -1]]),
        np.array([[-1, -1, -1], [1, 1, 1], [-1, -1, -1]]),
        np.array([-1, 2, -1]),
        np.ones((3, 3)) / 9,
        "a line",
    ],
    "2.5": [
        walled,
        lambda hu: slide(scaled(hu), SOBEL),
        lambda hu: np.pad(slide(scaled(hu), SOBEL), 1),
        lambda hu: slide(np.pad(scaled(hu), 1, mode="edge"), SOBEL),
        lambda hu: slide(np.pad(scaled(hu), 1, mode="reflect"), SOBEL),
        lambda hu: slide(np.pad(scaled(hu), 1, constant_values=-1000), SOBEL),
        lambda hu: slide(np.pad(hu, 1, constant_values=-1000), SOBEL),
        lambda hu: slide(np.pad(hu, 1), SOBEL),
        lambda hu: slide(scaled(np.pad(hu, 1, constant_values=1000)), SOBEL),
        lambda hu: slide(np.pad(scaled(hu), 1), SOBEL.T),
        lambda hu: signal.convolve2d(scaled(hu), SOBEL, mode="same"),
        lambda hu: slide(np.pad(scaled(hu), 2), SOBEL),
        lambda hu: slide(np.pad(scaled(hu), 1), SOBEL).astype(int),
        in_place,
    ],
    "2.6": [
        square(4, 4),
        square(3, 4),
        square(5, 4, "same"),
        square(3, 2),
        square(7, 4),
        square(51, 2),
        square(74, 1),
        layer((5, 1), (4, 4)),
        layer((5, 5), (4, 4), filters=24),
        layer((5, 5), (4, 1)),
        {"kernel_size": 5, "strides": 4},
        (5, 4, "valid"),
        25,
    ],
    "2.7": [
        (stacked(-1 / 9, 1 / 9), -0.1),
        (stacked(1, -1), -0.1),
        (stacked(1, -1), -0.9),
        (stacked(1 / 18, -1 / 18), -0.1),
        (stacked(1 / 9, 0), -0.1),
        (stacked(1 / 9, 1 / 9), -0.1),
        (NINTHS, 0.1),
        (NINTHS, 0),
        (NINTHS, -0.9),
        (NINTHS[..., None], -0.1),
        (np.moveaxis(NINTHS, -1, 0), -0.1),
        (np.stack([GAUSS, -GAUSS], axis=-1), -0.1),
        NINTHS,
    ],
}


def rows(*values):
    return np.repeat(values, 3).reshape(3, 3)


def layer(kernel, stride, padding="valid", filters=1):
    sizes = {"kernel_size": (kernel, kernel), "strides": (stride, stride)}
    return SimpleNamespace(**sizes, padding=padding, filters=filters)


def two_kernels(t1c, flair, bias=-0.1):
    """Return a filter of two kernels, each made of one weight, and a bias."""
    return [np.stack([np.full((3, 3), t1c), np.full((3, 3), flair)], axis=-1), bias]


# By the part of the sentence that has to name it.
NAMED = {
    "2.4": {
        "finds vertical lines": rows(-1, 2, -1).T,
        "uniform area": rows(-1, 3, -1),
        "finds dark lines": rows(1, -2, 1),
        "every single column": np.array([[0, -1, 0], [-1, 4, -1], [0, -1, 0]]),
        "answers 0 to everything": np.zeros((3, 3)),
        "the middle row add up to 0": SOBEL.T,
        "answers to an edge, too": rows(0, 1, -1),
        "it should be 3 rows of 3 finite": Several([np.ones(3), np.full((3, 3), np.nan), None]),
    },
    "2.6": {
        "no multiple of 4": layer(4, 4),
        "rows between two windows": layer(3, 4),
        "gives maps of 48 × 48": layer(3, 2),
        "gives 24 maps": layer(5, 4, filters=24),
        "invents a border": layer(5, 4, "same"),
        "no pixel in its center": layer(74, 1),
        "a smaller odd kernel": layer(51, 2),
        "Give the layer itself": Several([5, (5, 4), "valid"]),
    },
    "2.7": {
        "The signs are exchanged": two_kernels(-1 / 9, 1 / 9),
        "does not subtract FLAIR": Several([two_kernels(1 / 9, 0), two_kernels(1 / 9, 1 / 9)]),
        "differ within a kernel": [np.pad([[[1, -1]]], ((1, 1), (1, 1), (0, 0))), -0.1],
        "add up to 9 and -9": two_kernels(1, -1),
        "the sign changes at -0.1": two_kernels(1 / 9, -1 / 9, 0.1),
        "one filter has (3, 3, 2)": [two_kernels(1 / 9, -1 / 9)[0].transpose(2, 0, 1), -0.1],
        "Give two things": Several([two_kernels(1 / 9, -1 / 9)[0], 0.1, None]),
    },
}
