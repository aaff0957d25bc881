"""Answers to lesson 03 as readers write them."""

import math

import numpy as np
from scipy.special import expit, log_softmax, logsumexp

from course_utils import numpy_layers as nl
from course_utils._tensorflow import keras, tf
from course_utils.exercises.exercise import Several

# ---- 3.1: pooling with padding="same" -----------------------------------------------------------


def borders(size, window, stride):
    beyond = max((math.ceil(size / stride) - 1) * stride + window - size, 0)
    return beyond // 2, beyond - beyond // 2


def pool(padded, window, stride, rows, columns, summary=np.max):
    result = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            part = padded[i * stride : i * stride + window, j * stride : j * stride + window]
            result[i, j] = summary(part)
    return result


def sizes(image, stride):
    return [math.ceil(size / stride) for size in image.shape]


def clipped(image, window, stride):
    """Cut each window at the edges of the image."""
    starts = [borders(size, window, stride)[0] for size in image.shape]
    result = []
    for i in range(sizes(image, stride)[0]):
        top = i * stride - starts[0]
        line = []
        for j in range(sizes(image, stride)[1]):
            left = j * stride - starts[1]
            part = image[max(top, 0) : top + window, max(left, 0) : left + window]
            line.append(float(part.max()))
        result.append(line)
    return result


def padded_with(value):
    def max_pool_same(image, window, stride):
        pads = [borders(size, window, stride) for size in image.shape]
        fill = value(image) if callable(value) else value
        padded = np.pad(image, pads, constant_values=fill)
        return pool(padded, window, stride, *sizes(image, stride))

    return max_pool_same


def padded_by_mode(mode):
    def max_pool_same(image, window, stride):
        pads = [borders(size, window, stride) for size in image.shape]
        return pool(np.pad(image, pads, mode=mode), window, stride, *sizes(image, stride))

    return max_pool_same


def nan_border(image, window, stride):
    pads = [borders(size, window, stride) for size in image.shape]
    padded = np.pad(image, pads, constant_values=np.nan)
    return pool(padded, window, stride, *sizes(image, stride), np.nanmax)


def own_array(image, window, stride):
    (top, bottom), (left, right) = (borders(size, window, stride) for size in image.shape)
    rows, columns = image.shape
    padded = np.full((top + rows + bottom, left + columns + right), -1e9, np.float32)
    padded[top : top + rows, left : left + columns] = image
    return pool(padded, window, stride, *sizes(image, stride))


def by_keras_layer(image, window, stride):
    layer = keras.layers.MaxPooling2D(window, strides=stride, padding="same")
    return np.asarray(layer(image[None, :, :, None].astype("float32")))[0, :, :, 0]


def border_without_limit(image, window, stride):
    """Forget that a negative border is 0."""
    pads = []
    for size in image.shape:
        beyond = (math.ceil(size / stride) - 1) * stride + window - size
        pads.append((beyond // 2, beyond - beyond // 2))
    padded = np.pad(image, pads, constant_values=-np.inf)
    return pool(padded, window, stride, *sizes(image, stride))


def all_below(image, window, stride):
    pads = [(0, sum(borders(size, window, stride))) for size in image.shape]
    padded = np.pad(image, pads, constant_values=-np.inf)
    return pool(padded, window, stride, *sizes(image, stride))


def all_above(image, window, stride):
    pads = [(sum(borders(size, window, stride)), 0) for size in image.shape]
    padded = np.pad(image, pads, constant_values=-np.inf)
    return pool(padded, window, stride, *sizes(image, stride))


def larger_half_above(image, window, stride):
    pads = [borders(size, window, stride)[::-1] for size in image.shape]
    padded = np.pad(image, pads, constant_values=-np.inf)
    return pool(padded, window, stride, *sizes(image, stride))


def valid(image, window, stride):
    rows, columns = ((size - window) // stride + 1 for size in image.shape)
    return pool(image, window, stride, rows, columns)


def no_stride(image, window, stride):
    return padded_with(-np.inf)(image, window, 1)


def touching(image, window, stride):
    return padded_with(-np.inf)(image, window, window)


# ---- 3.5: a forward pass ------------------------------------------------------------------------


def layer_by_layer(images, weights):
    first, bias_1, second, bias_2, third, bias_3, fourth, bias_4 = weights
    x = nl.max_pool(np.maximum(nl.conv2d(images, first, bias_1), 0), size=2)
    x = nl.average_pool(np.maximum(nl.conv2d(x, second, bias_2), 0), size=2)
    x = np.maximum(x.reshape(x.shape[0], -1) @ third + bias_3, 0)
    return 1 / (1 + np.exp(-(x @ fourth + bias_4)))


def from_an_iterator(images, weights):
    weights, x = iter(weights), images
    for pooling in (nl.max_pool, nl.average_pool):
        x = pooling(nl.relu(nl.conv2d(x, next(weights), next(weights))))
    x = nl.relu(nl.dense(np.array([maps.ravel() for maps in x]), next(weights), next(weights)))
    return expit(nl.dense(x, *weights)).ravel()


def in_float32(images, weights):
    return layer_by_layer(images.astype("float32"), [w.astype("float32") for w in weights])


def in_tensorflow(images, weights):
    x = tf.nn.relu(tf.nn.conv2d(images, weights[0], 1, "VALID") + weights[1])
    x = tf.nn.max_pool2d(x, 2, 2, "VALID")
    x = tf.nn.relu(tf.nn.conv2d(x, weights[2], 1, "VALID") + weights[3])
    x = tf.reshape(tf.nn.avg_pool2d(x, 2, 2, "VALID"), (len(images), -1))
    return tf.sigmoid(tf.nn.relu(x @ weights[4] + weights[5]) @ weights[6] + weights[7])


def in_keras(images, weights):
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input(images.shape[1:]),
            layers.Conv2D(weights[1].size, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(weights[3].size, 3, activation="relu"),
            layers.AveragePooling2D(2),
            layers.Flatten(),
            layers.Dense(weights[5].size, activation="relu"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.set_weights(weights)
    return model.predict(images, verbose=0)


def one_by_one(images, weights):
    return [layer_by_layer(image[None], weights).item() for image in images]


def forgetting(
    *parts,
    flat=lambda x: x.reshape(len(x), -1),
    last=nl.sigmoid,
    hidden=nl.relu,
    first_pool=nl.max_pool,
    second_pool=nl.average_pool,
):
    """Return a forward pass without some parts, or with others."""

    def forward(images, weights):
        kinds = {"a": nl.relu, "b": nl.relu, "c": hidden}
        active = {n: (lambda x: x) if n in parts else kind for n, kind in kinds.items()}
        w = [part * (0 if "bias" in parts and part.ndim == 1 else 1) for part in weights]
        x = first_pool(active["a"](nl.conv2d(images, w[0], w[1])), 2)
        x = second_pool(active["b"](nl.conv2d(x, w[2], w[3])), 2)
        x = active["c"](nl.dense(flat(x), w[4], w[5]))
        return last(nl.dense(x, w[6], w[7]))

    return forward


# ---- 3.6: a loss that stays finite --------------------------------------------------------------


def loop(logits, labels):
    total = 0
    for row, label in zip(logits.tolist(), labels.tolist(), strict=True):
        top = max(row)
        total += math.log(sum(math.exp(z - top) for z in row)) + top - row[label]
    return total / len(labels)


def one_hot(logits, labels):
    shifted = logits - logits.max(axis=-1)[:, None]
    truth = np.eye(logits.shape[1])[labels]
    logs = shifted - np.log(np.exp(shifted).sum(axis=-1))[:, None]
    # 0 · −∞ cannot happen: the logarithms are finite.
    return -(truth * logs).sum() / len(logits)


def naive(logits, labels):
    powers = np.exp(logits)
    return -np.mean(np.log((powers.T / powers.sum(axis=1)).T)[np.arange(len(labels)), labels])


def stable_softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def log_afterwards(logits, labels):
    chosen = [row[label] for row, label in zip(stable_softmax(logits), labels, strict=True)]
    return -np.log(chosen).mean()


def clipping(logits, labels):
    return -np.log(np.clip(stable_softmax(logits), 1e-7, 1))[np.arange(len(labels)), labels].mean()


def adding(logits, labels):
    return -np.log(stable_softmax(logits) + 1e-9)[np.arange(len(labels)), labels].mean()


def one_maximum(logits, labels):
    powers = np.exp(logits - logits.max())
    shares = powers / powers.sum(axis=1, keepdims=True)
    return -np.log(shares[np.arange(len(labels)), labels]).mean()


def losses(logits, labels):
    return -log_softmax(logits, axis=1)[np.arange(len(labels)), labels]


def sparse_categorical(logits, labels):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return float(loss(labels, logits))


RIGHT = {
    "3.1": [
        clipped,
        padded_with(-np.inf),
        padded_with(np.min),
        padded_by_mode("edge"),
        nan_border,
        own_array,
        by_keras_layer,
        lambda image, window, stride: nl.max_pool(
            image[np.newaxis, ..., np.newaxis], window, stride=stride, padding="same"
        )[0, ..., 0],
    ],
    "3.3": [
        [(3, 1), (2, 2), (2, 2), (3, 1), (2, 2), (3, 1), (3, 1)],
        [(3, 1), (2, 2), (2, 2), (2, 2), (3, 1), (3, 1), (3, 1)],
        [[3, 1], [2, 2], [3, 1], [2, 2], [2, 2], [3, 1], [3, 1]],
        ((3, 1), (2, 2), (2, 2), (3, 1), (2, 2), (3, 1), (3, 1)),
        np.array([(3, 1), (2, 2), (3, 1), (2, 2), (2, 2), (3, 1), (3, 1)]),
        [(3, 1)] + [(2, 2)] * 3 + [(3, 1)] * 3,
    ],
    "3.4": [
        (5, 3, 64),
        [5, 3, 64],
        np.array([5, 3, 64]),
        (5, 3, 64.0),
        (5, 3, math.isqrt(393_216 // (32 * 3))),
    ],
    "3.5": [
        layer_by_layer,
        from_an_iterator,
        in_float32,
        in_tensorflow,
        in_keras,
        one_by_one,
    ],
    "3.6": [
        loop,
        one_hot,
        sparse_categorical,
        lambda z, y: losses(z, y).mean(),
        lambda z, y: np.mean(logsumexp(z, axis=1) - np.take_along_axis(z, y[:, None], 1)[:, 0]),
        lambda z, y: np.asarray(
            tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=z))
        ),
    ],
    "3.7": [
        lambda x, g: (np.einsum("ni,no->io", x, g), np.einsum("no->o", g)),
        lambda x, g: (sum(np.outer(a, b) for a, b in zip(x, g, strict=True)), sum(g)),
        lambda x, g: [(g.T @ x).T, g.sum(0)],
        lambda x, g: (np.transpose(x) @ g, np.ones(len(g)) @ g),
        lambda x, g: nl.dense_gradients(x, np.zeros((x.shape[1], g.shape[1])), g)[1:],
        lambda x, g: (tf.transpose(x) @ g, tf.reduce_sum(g, axis=0)),
    ],
}

C, P = (3, 1), (2, 2)

WRONG = {
    "3.1": [
        padded_with(0),
        all_below,
        all_above,
        larger_half_above,
        valid,
        no_stride,
        touching,
        border_without_limit,
        padded_by_mode("reflect"),
        padded_with(-1),
    ],
    "3.3": [
        [C, P, C, P, C, P],
        [C, P, C, P, C, P, C],
        [C, C, C, P, P, P, C],
        [P, P, P, C, C, C],
        [C, P, P, P, P, C],
        [C, P, C, P, C, P, C, C],
        [C] * 23,
        [C, P, P, P, C, C],
        [(5, 1), P, P, P, C, C],
        [(1, 3), P, (1, 3), P, P, (1, 3), (1, 3)],
        [(3, 2), (3, 2), (3, 2), C, C],
        [],
    ],
    "3.4": [
        (5, 64, 3),
        (5, 3, 4096),
        (5, 3, 3),
        (5, 16, 64),
        (4, 3, 64),
        (6, 3, 64),
        (8, 32, 192),
        (7, 3, 8),
        (3, 32, 3),
        (5, 3, 362),
    ],
    "3.5": [
        forgetting("a"),
        forgetting("b"),
        forgetting("c"),
        forgetting("a", "b"),
        forgetting("a", "b", "c"),
        forgetting("bias"),
        forgetting(last=lambda x: x),
        forgetting(last=nl.relu),
        forgetting(second_pool=nl.max_pool),
        forgetting(flat=lambda x: np.moveaxis(x, 3, 1).reshape(len(x), -1)),
        forgetting(flat=lambda x: x.transpose(0, 2, 1, 3).reshape(len(x), -1)),
        forgetting(first_pool=nl.average_pool),
        forgetting(hidden=nl.sigmoid),
    ],
    "3.6": [
        naive,
        log_afterwards,
        clipping,
        adding,
        one_maximum,
        lambda z, y: -losses(z, y).mean(),
        lambda z, y: losses(z, y).sum(),
        losses,
        lambda z, y: losses(z, y).mean() - z.max(axis=1).mean(),
        lambda z, y: (losses(z, y) / math.log(2)).mean(),
        lambda z, y: -log_softmax(z, axis=0)[np.arange(len(y)), y].mean(),
    ],
    "3.7": [
        lambda x, g: x.T @ g,
        lambda x, g: (g.sum(axis=0), x.T @ g),
        lambda x, g: (g.T @ x, g.sum(axis=0)),
        lambda x, g: (x.T @ g / len(x), g.mean(axis=0)),
        lambda x, g: (x.T @ g, g.mean(axis=0)),
        lambda x, g: (x.T @ g, g.sum(axis=1)),
        lambda x, g: (x.T @ g, g.sum()),
        lambda x, g: (x.T @ g, g),
        lambda x, g: (np.outer(x[0], g[0]), g[0]),
    ],
}


# By the part of the sentence that has to name it.
NAMED = {
    "3.3": {
        "The field is 42 pixels, 46 are": [C, P, P, P, C, C],
        "fewer convolutions than 5": [C, C, P, C, P, P, C, C],
        "The first layer is a pooling": [P, P, P, C, C, C],
        "4 poolings leave a map 6 pixels": [C, P, P, P, P, C, C],
        "others do not exist": [C, P, (7, 1), P, P, C],
    },
    "3.4": {
        "are what was meant.": (5, 64, 3),
        "The last number of a row's output": (5, 16, 64),
        "Row and filters are right": Several([(5, 3, 4096), (5, 3, 3), (5, 3, 362)]),
        "This one is as described": (8, 32, 3),
    },
}
