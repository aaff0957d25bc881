"""Exercises of lesson 03, pooling and the other layers."""

from functools import partial

import numpy as np
from scipy.special import logsumexp

from course_utils import numpy_layers
from course_utils.exercises.exercise import Exercise, Several, choice, judged

_RNG = np.random.default_rng(37)
_MAP = _RNG.integers(-30, 5, (5, 8)).astype(float)


def _pool(image, window, stride, fill=-np.inf, before=lambda total: total // 2, pad=True):
    """Pool with a border; `before` is how much of it lies above and to the left."""
    totals = [pad * max((-(-n // stride) - 1) * stride + window - n, 0) for n in image.shape]
    borders = [(before(total), total - before(total)) for total in totals]
    padded = np.pad(image, borders, constant_values=fill)
    return numpy_layers.max_pool(padded[None, ..., None], window, stride=stride)[0, ..., 0]


check_3_1 = Exercise(
    "3.1",
    _pool,
    praise="No pixel is dropped, and what lies outside never wins.",
    calls=[(_MAP, *sizes) for sizes in [(2, 2), (3, 2), (4, 2), (3, 1)]] + [(_MAP[:, :6], 2, 3)],
    mistakes={
        "Your border wins over negative numbers. Pad with −∞.": Several(
            [partial(_pool, fill=fill) for fill in (0, -1)]
        ),
        "Half of the border goes above and to the left, rounded down.": Several(
            [partial(_pool, before=f) for f in (lambda n: 0, lambda n: n, lambda n: n - n // 2)]
        ),
        "Nothing is padded: your windows stay inside the image.": partial(_pool, pad=False),
        "You forgot the stride: windows begin `stride` apart.": lambda i, w, s: _pool(i, w, 1),
        "Your windows touch; use the argument `stride`.": lambda i, w, s: _pool(i, w, w),
    },
)

check_3_2 = choice("3.2")

_C, _P = (3, 1), (2, 2)


@judged(
    "3.3",
    [_C, _P, _C, _P, _P, _C, _C],
    "Four convolutions are enough, most of them where the step is long.",
)
def check_3_3(stack):
    layers = [tuple(layer) for layer in stack]
    convolutions, poolings = layers.count(_C), layers.count(_P)
    if not layers or convolutions + poolings < len(layers):
        return "Write (3, 1) for each convolution and (2, 2) for each pooling; others do not exist."
    if layers[0] == _P:
        return "The first layer is a pooling; a convolution has to see the pixels first."
    if poolings > 3:
        return f"{poolings} poolings leave a map {96 // 2**poolings} pixels wide; 12 are needed."
    field = numpy_layers.receptive_field(layers)[-1]
    if field < 46:
        return f"The field is {field} pixels, 46 are needed. Where does a convolution add most?"
    if convolutions > 4:
        return f"The field is {field} pixels, but fewer convolutions than {convolutions} will do."


check_3_4 = choice("3.4")


def _flat(maps):
    return maps.reshape(len(maps), -1)


def _network(relus=(1, 1, 1), pools="max average", flat=_flat, last=numpy_layers.sigmoid, bias=1):
    """Return a forward pass; a 0 in `relus` leaves one out, a 2 makes it a sigmoid."""
    first, second = (getattr(numpy_layers, f"{kind}_pool") for kind in pools.split())
    keep = [(np.asarray, numpy_layers.relu, numpy_layers.sigmoid)[kind] for kind in relus]

    def forward(images, weights):
        w = [part * (bias if part.ndim == 1 else 1) for part in weights]
        maps = first(keep[0](numpy_layers.conv2d(images, w[0], w[1])), 2)
        maps = second(keep[1](numpy_layers.conv2d(maps, w[2], w[3])), 2)
        row = keep[2](numpy_layers.dense(flat(maps), w[4], w[5]))
        return last(numpy_layers.dense(row, w[6], w[7]))

    return forward


_SHAPES = (3, 3, 1, 4), 4, (3, 3, 4, 5), 5, (30, 6), 6, (6, 1), 1
_WEIGHTS = [_RNG.normal(0, 0.4, shape) for shape in _SHAPES]

check_3_5 = Exercise(
    "3.5",
    _network(),
    praise="Nothing else happens when Keras predicts.",
    calls={"four images of 14 × 18 pixels": (_RNG.normal(size=(4, 14, 18, 1)), _WEIGHTS)},
    view=np.ravel,
    mistakes={
        "A ReLU is missing after the first convolution.": _network((0, 1, 1)),
        "A ReLU is missing after the second convolution.": _network((1, 0, 1)),
        "The first dense layer needs a ReLU.": Several([_network((1, 1, n)) for n in (0, 2)]),
        "The ReLUs are missing.": Several([_network((0, 0, n)) for n in (0, 1)]),
        "The first pooling takes maxima, the second one means.": Several(
            [_network(pools=kinds) for kinds in ("max max", "average max", "average average")]
        ),
        "These are the logits; the sigmoid is missing.": _network(last=np.asarray),
        "The last activation is a sigmoid, not a ReLU.": _network(last=numpy_layers.relu),
        "The biases are missing.": _network(bias=0),
        "Wrong order in the row: rows, in them columns, and channels innermost.": Several(
            [_network(flat=lambda maps, n=n: _flat(maps.swapaxes(n, 2))) for n in (1, 3)]
            + [_network(flat=lambda maps: _flat(np.moveaxis(maps, 3, 1)))]
        ),
    },
)


def _softmax(z, axis=1):
    return np.exp(z) / np.exp(z).sum(axis=axis, keepdims=True)


def _shifted(z):
    return _softmax(z - z.max(axis=1, keepdims=True))


def _loss(probabilities):
    return lambda z, y: -np.log(probabilities(z))[np.arange(len(y)), y].mean()


def _right_loss(z, y, summary=np.mean):
    return summary(logsumexp(z, axis=1) - z[np.arange(len(y)), y])


_NEAR = np.array([[2.0, 1, -1], [0.5, 3, 0], [1, 1.5, -2], [-1, 0, 2.5]]), np.array([0, 1, 0, 0])
_FAR = np.array([[1000.0, 0, -1000], [-1000, -1001, -1002]])

check_3_6 = Exercise(
    "3.6",
    _right_loss,
    praise="It stays finite for any logits: this is what Keras does with from_logits=True.",
    calls=[_NEAR, (_FAR, np.array([1, 0])), (_FAR / 2, np.array([0, 1]))],
    mistakes={
        "Right for small logits, but e to the power of 1000 overflows.": _loss(_softmax),
        "Subtract each image's own largest logit.": _loss(lambda z: _softmax(z - z.max())),
        "Right for small logits. For others a probability is rounded to 0, whose logarithm is −∞: "
        "simplify ln(eᶻ / Σ) on paper first.": _loss(_shifted),
        "Clipping changes the loss: for logits of 1000 and 0 and label 1 it is 1000.": Several(
            [_loss(lambda z, n=n: np.clip(_shifted(z), 10.0**-n, 1)) for n in range(6, 17)]
        ),
        "Take the mean over the images.": Several(
            [partial(_right_loss, summary=kind) for kind in (np.sum, np.asarray)]
        ),
        "Shift the true class's logit, too.": lambda z, y: _right_loss(z, y) - z.max(1).mean(),
        "The sign is wrong: a loss is positive.": lambda z, y: -_right_loss(z, y),
        "Add up over the classes of an image, axis 1.": _loss(lambda z: _softmax(z, axis=0)),
        "The probabilities of the classes have to add up to 1.": _loss(np.exp),
        "The natural logarithm is `np.log`.": Several(
            [lambda z, y, n=n: _right_loss(z, y) / np.log(n) for n in (2, 10)]
        ),
    },
)


def _parts(weights, bias):
    """Return a function of inputs and gradient that gives a pair; ``...`` stands for any part."""
    parts = [part if callable(part) else lambda x, g: ... for part in (weights, bias)]
    return lambda x, g: tuple(part(x, g) for part in parts)


check_3_7 = Exercise(
    "3.7",
    lambda inputs, gradient: (inputs.T @ gradient, gradient.sum(axis=0)),
    praise="Every image of the batch has its say; the gradient is the sum.",
    calls=[(_RNG.integers(-6, 7, (4, 3)) / 2, _RNG.integers(-6, 7, (4, 2)) / 2)],
    mistakes={
        "You exchanged the two arrays: weights first.": lambda x, g: (g.sum(axis=0), x.T @ g),
        "For the weights: add up the contributions of all images.": Several(
            [_parts(lambda x, g, n=n: np.outer(x[n], g[n]), ...) for n in (0, -1)]
            + [_parts(lambda x, g: x[:, :, None] * g[:, None, :], ...)]
        ),
        "For the weights: you took the mean over the batch. The mean is part of the loss already; "
        "take the sum.": _parts(lambda x, g: x.T @ g / len(x), ...),
        "For the weights: the shape is (inputs, outputs).": _parts(lambda x, g: g.T @ x, ...),
        "For the bias: take the sum, not the mean.": _parts(..., lambda x, g: g.mean(axis=0)),
        "For the bias: add up over the images, axis 0.": Several(
            [_parts(..., lambda x, g, n=n: g.sum(axis=n)) for n in (None, 1, ())]
        ),
        "That is for the weights alone; return a pair.": lambda x, g: x.T @ g,
    },
)
