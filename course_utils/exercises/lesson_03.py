"""Exercises of lesson 03, pooling and the other layers."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from course_utils.exercises.exercise import Exercise, Several, choice


def _pool(summary):
    """Return a pooling function."""

    def pool(image, window, stride):
        parts = sliding_window_view(image, (window, window))[::stride, ::stride]
        return np.apply_along_axis(summary, 2, parts.reshape(*parts.shape[:2], -1))

    return pool


_mean = _pool(np.mean)


def _pool_in_place(image, window, stride):
    image //= 2
    return _mean(image, window, stride)


_SCAN = np.random.default_rng(3).integers(100, 256, (6, 9), dtype=np.uint8)

check_3_1 = Exercise(
    "3.1",
    _mean,
    praise="Also for uint8, for strides, and for images that are not square.",
    calls=[(_SCAN, 3, 2), (_SCAN, 2, 2)],
    keeps_inputs=True,
    mistakes={
        "Sums of uint8 wrapped around at 256.": _pool(lambda part: part.sum() % 256 / part.size),
        "The fractions are gone; return floats.": lambda i, w, s: _mean(i, w, s).astype(np.uint8),
        "You took the largest value of each window; the mean is asked for.": _pool(np.max),
        "You forgot the stride: windows begin 1 pixel apart.": lambda i, w, s: _mean(i, w, 1),
        "You forgot the stride: result [i, j] belongs to the window that begins at row i · stride "
        "and column j · stride.": lambda i, w, s: _mean(i, w, 1)[: 4 - w // 2 - w % 2, :4],
        "Your windows touch; use the argument `stride`.": lambda i, w, s: _mean(i, w, w),
        "The size is (size − window) // stride + 1.": lambda i, w, s: _mean(i, w, s)[:-1, :-1],
        "Your function changes its input.": _pool_in_place,
    },
)

check_3_2 = choice(
    "3.2",
    "c",
    praise="Pooling forgives shifts that are small compared with its windows, no more.",
    a="Look at 8 pixels: even with 8 × 8 windows the features have changed about as much as from "
    "one slice to another. That is far from invariant.",
    b="The two curves of one window size lie close together. How large the window is decides more "
    "than how it is summarized.",
    d="No change is no merit by itself: a feature that is always 7 never changes. It also has to "
    "tell different images apart.",
)


def _field(layers):
    steps = np.cumprod([1, *(stride for _, stride in layers)])
    return 1 + sum((window - 1) * step for (window, _), step in zip(layers, steps, strict=False))


def _top_down(layers):
    size = 1
    for window, stride in layers:
        size = (size - 1) * stride + window
    return size


check_3_3 = Exercise(
    "3.3",
    _field,
    praise="Strides multiply: after each pooling every layer adds more.",
    # The first list reads the same from both ends, the second does not.
    calls=[([(3, 1), (2, 2), (5, 1), (2, 2), (3, 1)],), ([(5, 1), (2, 2), (3, 1)],)],
    mistakes={
        "You forgot the strides: they make the steps of all later layers longer.": 11,
        "You add `window` steps; a window reaches window − 1 steps beyond its first pixel.": 32,
        "You add `window` steps and start with 0: start with 1 pixel, and add window − 1.": 31,
        "A layer's own stride counts for the layers after it: add first, multiply later.": 25,
        "You use the stride of one layer only; the strides of all earlier layers multiply.": 17,
        "You added up the windows. Each adds its size minus 1, times the step.": 15,
        "That is the step between neighboring results, not what one of them sees.": 4,
        "This formula walks from the last layer to the first; you began with the first.": _top_down,
    },
    other_right=[lambda layers: _top_down(layers[::-1])],
    other_wrong=[lambda layers: 22],
)


def _dense(prepare):
    return lambda m, w, b: prepare(m) @ w + b


def _flat(*axes):
    return lambda m: m.transpose(0, *(axes or (1, 2, 3))).reshape(len(m), -1)


def _look_at_batch(result):
    if np.ndim(result) == 1:
        return "You flattened the batch, too: keep the first axis, also for a batch of one image."
    return None


_RNG = np.random.default_rng(4)
_LAYER = _RNG.integers(-3, 4, (24, 5)) / 2, np.arange(1.0, 6)
_TWO_MAPS = _RNG.integers(-3, 4, (2, 2, 3, 4)) / 2

check_3_4 = Exercise(
    "3.4",
    _dense(_flat()),
    praise="Row, column, channel: any other order gives the weights the wrong numbers.",
    calls={"one image": (_TWO_MAPS[:1], *_LAYER), "two images": (_TWO_MAPS, *_LAYER)},
    look=_look_at_batch,
    mistakes={
        "Wrong axis order: channels come last and must stay innermost.": _dense(_flat(3, 1, 2)),
        "Wrong axis order: rows come before columns.": _dense(_flat(2, 1, 3)),
        "You forgot the bias.": lambda m, w, b: _flat()(m) @ w,
        "You flattened the batch, too": lambda m, w, b: m.reshape(-1)[:24] @ w + b,
    },
    other_right=[lambda m, w, b: np.einsum("nrcm,rcmk->nk", m, w.reshape(*m.shape[1:], -1)) + b],
    other_wrong=[lambda m, w, b: w @ _flat()(m) + b],
)


def _loss(log=np.log, summary=np.mean, sign=-1):
    return lambda p, y: sign * summary(y * log(p) + (1 - y) * log(1 - p))


def _balanced_loss(p, y):
    return -(np.log(p[y == 1]).mean() + np.log(1 - p[y == 0]).mean()) / 2


check_3_5 = Exercise(
    "3.5",
    _loss(),
    praise="The probability of what really happened, its logarithm, minus, the mean.",
    calls=[(np.array([0.9, 0.2, 0.6, 0.35, 0.7]), np.array([1, 0, 0, 1, 1]))],
    tolerance=1e-6,
    mistakes={
        "The sign is wrong: logarithms of probabilities are below 0.": _loss(sign=1),
        "You take the logarithm of the wrong class.": lambda p, y: _loss()(1 - p, y),
        "That is the sum; the mean over the images is asked for.": _loss(summary=np.sum),
        "You used log2; the natural logarithm is `np.log`.": _loss(np.log2),
        "You left out the images with label 0.": lambda p, y: -np.mean(y * np.log(p)),
        "That is the mean squared error; take logarithms.": lambda p, y: np.mean((p - y) ** 2),
        "That is one loss per image; take the mean.": _loss(summary=np.asarray),
        "You took the mean of each class by itself; take it over all images.": _balanced_loss,
    },
    other_right=[lambda p, y: -np.log(np.where(y == 1, p, 1 - p)).mean()],
)

check_3_6 = Exercise(
    "3.6",
    lambda rows, columns, k, c, f: (rows - k + 1) * (columns - k + 1) * k * k * c * f,
    praise="The same weights again at every position: few parameters, many operations.",
    calls=[(20, 30, 5, 3, 8), (7, 7, 3, 2, 4)],
    mistakes={
        "Without padding the size of the output is size − window + 1 along each side.": 360_000,
        "You left out the input channels: a filter multiplies all of them.": 83_200,
        "You left out the filters: each makes a map of its own.": 31_200,
        "The window is a square: window · window products per channel.": 49_920,
        "That is the number of weights; each is used once at every position.": 600,
        "That is the number of parameters; each weight is used once at every position.": 608,
    },
    other_wrong=[lambda *layer: 249_600],
)


def _parts(weights, bias):
    """Return a function of inputs and gradient that gives a pair; ``...`` stands for any part."""
    parts = [part if callable(part) else lambda x, g: ... for part in (weights, bias)]
    return lambda x, g: tuple(part(x, g) for part in parts)


def _each(x, g):
    return x[:, :, None] * g[:, None, :]


check_3_7 = Exercise(
    "3.7",
    lambda inputs, gradient: (inputs.T @ gradient, gradient.sum(axis=0)),
    praise="Every image of the batch has its say; the gradient is the sum.",
    calls=[
        (
            np.array([[1.0, 2, 0], [3, -1, 4], [0, 5, -2], [2, 2, 1]]),
            np.array([[0.5, -1], [0.25, 2], [-1, 1], [3, 0.5]]),
        )
    ],
    other_wrong=[lambda x, g: x.T @ g],
    mistakes={
        "You exchanged the two arrays: weights first.": lambda x, g: (g.sum(axis=0), x.T @ g),
        "For the weights: add up the contributions of all images.": _parts(_each, ...),
        "For the weights: you kept one image's contribution.": Several(
            [_parts(lambda x, g, n=n: np.outer(x[n], g[n]), ...) for n in (0, -1)]
        ),
        "For the weights: you took the mean over the batch. The mean is part of the loss already; "
        "take the sum.": _parts(lambda x, g: x.T @ g / len(x), ...),
        "For the bias: take the sum, not the mean.": _parts(..., lambda x, g: g.mean(axis=0)),
        "For the bias: wrong axis; add over the images.": _parts(..., lambda x, g: g.sum(axis=1)),
    },
)
