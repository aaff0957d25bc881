"""Wrong answers to the exercises of lesson 03."""

import numpy as np

from tests.lessons.wrong_answers.common import nothing


def pool(summary=np.mean, *, begin=None, more=1, dtype=float, side=None):
    """Return a learner's pooling function with one thing wrong."""

    def pooled(image, window, stride):
        begin_at = begin(window, stride) if begin else stride
        rows, columns = ((size - window) // stride + more for size in image.shape)
        result = np.zeros((rows, columns), dtype=dtype)
        for i in range(rows):
            for j in range(columns):
                top, left = i * begin_at, j * begin_at
                result[i, j] = summary(image[top : top + window, left : left + window])
        return result

    return pooled


def add_in_uint8(part):
    total = np.uint8(0)
    with np.errstate(over="ignore"):
        for value in part.ravel():
            total = total + value
    return total / part.size


def windows_of_stride_one(image, window, stride):
    return pool()(image, window, 1)


def windows_that_touch(image, window, stride):
    return pool()(image, window, window)


def pool_in_place(image, window, stride):
    image //= 2
    return pool()(image, window, stride)


def columns_first(image, window, stride):
    return pool()(image, window, stride).T


def wrong_order(*axes):
    def dense(maps, weights, bias):
        return maps.transpose(0, *axes).reshape(len(maps), -1) @ weights + bias

    return dense


def field(step=lambda step, stride: step * stride, *, less=1, start=1):
    """Return a learner's receptive field with one thing wrong."""

    def size_of(layers):
        size, jump = start, 1
        for window, stride in layers:
            size += (window - less) * jump
            jump = step(jump, stride)
        return size

    return size_of


def own_stride_first(layers):
    size, jump = 1, 1
    for window, stride in layers:
        jump *= stride
        size += (window - 1) * jump
    return size


def log_loss(log=np.log, summary=np.mean, sign=-1):
    return lambda p, y: sign * summary(y * log(p) + (1 - y) * log(1 - p))


WRONG_ANSWERS = {
    "3.1": [
        (pool(np.sum), "divide by the number of its pixels"),
        (pool(lambda part: part.sum() / len(part)), "the side of the window"),
        (pool(add_in_uint8), "wrapped around at 256"),
        (pool(dtype=np.uint8), "an array of floats"),
        (pool(lambda part: round(part.mean())), "rounded"),
        (pool(np.max), "the mean is asked for"),
        (pool(np.median), "median"),
        (windows_of_stride_one, "forgot the stride"),
        (pool(begin=lambda window, stride: 1), "row i · stride"),
        (windows_that_touch, "use the argument `stride`"),
        (pool(more=0), "the last column are missing"),
        (columns_first, "turned on its side"),
        (pool_in_place, "changes its input"),
        (lambda image, window, stride: pool()(image, 3, 2), "fixed numbers"),
        (nothing, "forget `return`"),
    ],
    "3.2": [("a", "far from invariant"), ("b", "How large the window is"), ("d", "no merit")],
    "3.3": [
        (field(lambda step, stride: 1), "forgot the strides"),
        (field(less=0), "window − 1 steps"),
        (field(less=0, start=0), "start with 0: start with 1"),
        (field(start=0), "before any layer"),
        (own_stride_first, "own stride counts"),
        (field(lambda step, stride: stride), "one layer only"),
        (field(max), "largest stride"),
        (field(lambda step, stride: step + stride), "add up the strides"),
        (lambda layers: sum(window for window, _ in layers), "added up the windows"),
        (lambda layers: np.prod([stride for _, stride in layers]), "the step between"),
        (lambda layers: 22, "use `layers`"),
    ],
    "3.4": [
        (wrong_order(3, 1, 2), "must stay innermost"),
        (wrong_order(2, 1, 3), "rows come before columns"),
        (lambda m, w, b: m.reshape(len(m), -1, order="F") @ w + b, "first axis run fastest"),
        (lambda m, w, b: m.reshape(-1) @ w + b, "flattened the batch"),
        (lambda m, w, b: m.reshape(-1, len(m)).T @ w + b, "got mixed"),
        (lambda m, w, b: m.reshape(len(m), -1) @ w, "forgot the bias"),
        (lambda m, w, b: np.maximum(m.reshape(len(m), -1) @ w + b, 0), "ReLU"),
        (lambda m, w, b: (m.reshape(len(m), -1) @ w + b).T, "on its side"),
        (lambda m, w, b: w @ m.reshape(len(m), -1) + b, "raised ValueError"),
    ],
    "3.5": [
        (log_loss(sign=1), "sign is wrong"),
        (lambda p, y: log_loss()(1 - p, y), "wrong class"),
        (log_loss(summary=np.sum), "That is the sum"),
        (log_loss(np.log2), "log2"),
        (log_loss(np.log10), "log10"),
        (log_loss(summary=np.asarray), "take the mean"),
        (lambda p, y: -np.mean(y * np.log(p)), "left out the images with label 0"),
        (lambda p, y: -np.mean(np.log(p) + np.log(1 - p)), "one class only"),
        (lambda p, y: np.mean((p - y) ** 2), "squared error"),
        (lambda p, y: -np.log(np.mean(np.where(y == 1, p, 1 - p))), "averaged"),
    ],
    "3.6": [
        (lambda h, w, k, c, f: h * w * k * k * c * f, "fewer positions"),
        (lambda h, w, k, c, f: (h - k) * (w - k) * k * k * c * f, "Off by one"),
        (lambda h, w, k, c, f: (h - k + 1) * (w - k + 1) * k * k * f, "left out the input"),
        (lambda h, w, k, c, f: (h - k + 1) * (w - k + 1) * k * k * c, "left out the filters"),
        (lambda h, w, k, c, f: (h - k + 1) * (w - k + 1) * k * c * f, "a square"),
        (lambda h, w, k, c, f: (k * k * c + 1) * f, "number of parameters"),
        (lambda h, w, k, c, f: (h - k + 1) * (w - k + 1) * (k * k * c + 1) * f, "added, not"),
        (lambda h, w, k, c, f: 249_600, "use the arguments"),
    ],
    "3.7": [
        (lambda x, g: (x.T @ g, g), "one number"),
        (lambda x, g: (x[:, :, None] * g[:, None, :], g.sum(0)), "contributions of all images"),
        (lambda x, g: (np.outer(x[0], g[0]), g.sum(0)), "one image's contribution"),
        (lambda x, g: (x.T @ g / len(x), g.mean(0)), "mean over the batch"),
        (lambda x, g: (x.T @ g, g.mean(0)), "For the bias: you took the mean"),
        (lambda x, g: (g.T @ x, g.sum(0)), "turned on its side"),
        (lambda x, g: (x.T @ g, g.sum(1)), "wrong axis"),
        (lambda x, g: (x.T @ g, g.sum()), "every output has its own"),
        (lambda x, g: (g.sum(0), x.T @ g), "exchanged"),
        (lambda x, g: x.T @ g, "two arrays"),
    ],
}
