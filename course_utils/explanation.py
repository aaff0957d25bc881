"""Maps that say which pixels a network's answer rests on, and how far such maps may be believed.

A map explains the score of one class: the value before the last sigmoid or softmax, which is exact
if the network ends in one (of a dense layer, or alone). Of another ending that answers from 0 to 1,
the score is the log-odds (one output) or the logarithm of the class's probability, clipped at 1e-7;
any other answer is the score itself.

Networks may be sequential, functional or nested, compiled or not, and are left as they were.
Images are float32 (n, height, width, channels), 0–1; maps are float32 (n, height, width).
`class_index` is one class for all images or (n,) classes; by default class 1 of a single sigmoid
(class 0 has its score, negated), and the predicted class of a softmax.

>>> from course_utils import models
>>> model, images = models.compact_cnn((32, 32, 1)), np.eye(32)[np.newaxis, ..., np.newaxis]
>>> methods = input_gradients, smooth_gradients, integrated_gradients, occlusion, grad_cam
>>> {method(model, images).shape for method in methods}
{(1, 32, 32)}
"""

import contextlib
import itertools
import random
from unittest import mock

import numpy as np
from scipy import stats

from course_utils._checks import check_integer, check_seed, refuse
from course_utils._tensorflow import keras, tf

CONVOLUTIONS = (keras.layers.Conv2D, keras.layers.SeparableConv2D, keras.layers.DepthwiseConv2D)


def input_gradients(model, images, class_index=None):
    """Differentiate the score with respect to every pixel.

    Of several channels, the derivative that is largest in absolute value stands in the map, with
    its sign. ``np.abs`` of it is the saliency map of Simonyan et al. 2013 (arXiv:1312.6034): how
    strongly the score reacts to a tiny change, not what the pixel contributes.
    """
    return smooth_gradients(model, images, class_index, samples=1, noise=0)


def smooth_gradients(model, images, class_index=None, *, samples=25, noise=0.1, seed=0):
    """Average the gradients of `samples` noisy copies of each image; read as `input_gradients`.

    `noise` is the standard deviation of what is added, where black is 0 and white is 1. All images
    get the same draws, so a map does not depend on the other images. SmoothGrad: Smilkov et al.
    2017 (arXiv:1706.03825).
    """
    images, weights = _checked(model, images, class_index)
    gradient, total = _compiled(model, images, weights, _gradient), np.zeros_like(images)
    rng = np.random.default_rng(check_seed(seed))
    for _ in range(check_integer("samples", samples, 1)):
        draw = noise * rng.standard_normal(images.shape[1:], dtype=np.float32)
        total += _in_batches(gradient, images + draw, weights)
    largest = np.abs(total).argmax(axis=-1, keepdims=True)
    return np.take_along_axis(total / np.float32(samples), largest, axis=-1)[..., 0]


def integrated_gradients(model, images, class_index=None, *, baseline=0.0, steps=64):
    """Divide the score's rise from a baseline to the image among the pixels.

    A map is signed, sums over the channels, and its own sum is score(image) - score(baseline). The
    midpoint rule takes `steps` points. Where its sum is wrong by more than 1 %, as near a black
    baseline in a network that divides by brightness, the parts of the path at fault are halved,
    up to ten times. A pixel that equals the baseline gets 0.

    `baseline` is a number, or an array that broadcasts to the images (blurred copies, say).
    Sundararajan et al. 2017 (arXiv:1703.01365).
    """
    images, weights = _checked(model, images, class_index)
    check_integer("steps", steps, 1)
    path = images - np.asarray(baseline, np.float32)
    scores, gradient = (_compiled(model, images, weights, step) for step in (_score, _gradient))

    def along(function, share, rows):
        return _in_batches(function, images[rows] - (1 - share) * path[rows], weights[rows])

    def part(low, width, rows):
        return (along(gradient, low + width / 2, rows) * path[rows]).sum(axis=-1) * width

    rows, parts = np.arange(len(images)), [(step / steps, 1 / steps) for step in range(steps)]
    rise = along(scores, 1, rows) - along(scores, 0, rows)
    if not np.isfinite(rise).all():
        refuse("baseline", "a score that is no number", "images that have one", "Try 0.5.")
    maps = sum(part(low, width, rows) for low, width in parts)
    allowed = np.maximum(0.01 * np.abs(rise), 1e-3)
    rows = np.flatnonzero(np.abs(maps.sum(axis=(1, 2)) - rise) > allowed)
    maps[rows] = 0
    stack = [(*each, rows) for each in parts if rows.size]
    while stack:
        low, width, rows = stack.pop()
        new = part(low, width, rows)
        error = along(scores, low + width, rows) - along(scores, low, rows) - new.sum(axis=(1, 2))
        good = (np.abs(error) <= 4 * allowed[rows] / steps) | (width * steps < 2**-9)
        maps[rows[good]] += new[good]
        halves = (low, low + width / 2) if not good.all() else ()
        stack += [(half, width / 2, rows[~good]) for half in halves]
    return maps


def occlusion(model, images, class_index=None, *, size=12, stride=6, value=None):
    """Measure how far the score falls when a square of the image is covered.

    The square moves by `stride` pixels. A pixel's value is the mean fall over the squares that
    cover it; negative where covering raises the score. The cover is `value`, a number or an array
    that broadcasts to the images, by default the image's mean in each channel. Zeiler and Fergus
    2014 (arXiv:1311.2901).
    """
    images, weights = _checked(model, images, class_index)
    height, width = images.shape[1:3]
    check_integer("size", size, 1, min(height, width))
    check_integer("stride", stride, 1, size)
    value = images.mean(axis=(1, 2), keepdims=True) if value is None else value
    cover, scores = np.broadcast_to(value, images.shape), _compiled(model, images, weights)
    whole = _in_batches(scores, images, weights)
    total, count = np.zeros(images.shape[:3], np.float32), np.zeros((height, width), np.float32)
    tops, lefts = ([*range(0, end - size, stride), end - size] for end in (height, width))
    for top, left in itertools.product(tops, lefts):
        square = np.s_[:, top : top + size, left : left + size]
        covered = images.copy()
        covered[square] = cover[square]
        fall = whole - _in_batches(scores, covered, weights)
        total[square] += fall[:, np.newaxis, np.newaxis]
        count[square[1:]] += 1
    return total / count


def grad_cam(model, images, class_index=None, *, layer=None):
    """Weight the feature maps of a convolution by their mean gradients, and sum them.

    Maps are 0 or above, in units of the score and not scaled, and enlarged to the image. `layer`
    is a layer or its name; by default the last convolution, also inside a nested network (of two
    side by side, as in a residual block, name one). Selvaraju et al. 2017
    (doi:10.1109/ICCV.2017.74).
    """
    images, weights = _checked(model, images, class_index)
    layer = _find(model, layer)

    def step(score, images, weights):
        with tf.GradientTape() as tape, _watched(layer, tape) as features:
            total = tf.reduce_sum(score(images, weights))
        importance = tf.reduce_mean(tape.gradient(total, features[-1]), axis=(1, 2), keepdims=True)
        maps = tf.nn.relu(tf.reduce_sum(importance * features[-1], axis=-1, keepdims=True))
        return tf.image.resize(maps, tf.shape(images)[1:3])[..., 0]

    return _in_batches(_compiled(model, images, weights, step), images, weights)


def randomized(model, seed=0):
    """Copy a network with new random weights, as they were before training.

    A map that stays the same on the copy does not depend on what the network learned (Adebayo et
    al. 2018, arXiv:1810.03292). What ``Normalization`` layers know of the images is kept.

    >>> from course_utils import models
    >>> randomized(models.compact_cnn()).count_params()
    23505
    """
    state = random.getstate()
    # Keras draws the seeds of its initializers from here.
    random.seed(check_seed(seed))
    copy = keras.models.clone_model(model)
    random.setstate(state)
    for old, new in zip(_innermost(model), _innermost(copy), strict=True):
        if isinstance(old, keras.layers.Normalization):
            new.set_weights(old.get_weights())
            new.finalize_state()
    return copy


def pointing_game(maps, masks):
    """Say for each map whether its maximum lies inside the mask: 1 or 0, NaN for an empty mask.

    Of several equal maxima, the share inside counts, so a constant map scores what chance does: the
    mask's share of the image. Zhang et al. 2018 (doi:10.1007/s11263-017-1059-x), without tolerance.

    >>> pointing_game([[[0.1, 0.9]], [[0.5, 0.5]]], [[[0, 1]], [[0, 1]]])
    array([1. , 0.5])
    """
    maps, masks = _pairs(maps, masks)
    return _share(maps == maps.max(axis=1, keepdims=True), masks)


def share_inside(maps, masks):
    """Return the share of each map's sum that lies inside the mask (n,); NaN for an empty mask.

    Maps are 0 or above: take ``np.abs(maps)`` or ``np.maximum(maps, 0)`` first. A map of zeros
    scores what chance does, the mask's share of the image.

    >>> share_inside([[[1, 3]], [[0, 0]]], [[[0, 1]], [[0, 1]]])
    array([0.75, 0.5 ], dtype=float32)
    """
    maps, masks = _pairs(maps, masks)
    if maps.min() < 0:
        refuse("maps", f"values down to {maps.min():.3g}", "0 or above", "Take np.abs(maps).")
    return _share(np.where(maps.any(axis=1, keepdims=True), maps, 1), masks)


def pixel_auc(maps, masks):
    """Return how often a pixel of the mask has a higher value than one outside (n,); ties half.

    Chance is 0.5. NaN where the mask is empty or covers the image.

    >>> pixel_auc([[[0.2, 0.1, 0.3, 0.2]]], [[[0, 0, 1, 1]]])
    array([0.875])
    """
    maps, masks = _pairs(maps, masks)
    inside, pairs = masks.sum(axis=1), masks.sum(axis=1) * (~masks).sum(axis=1)
    above = (stats.rankdata(maps, axis=1) * masks).sum(axis=1) - inside * (inside + 1) / 2
    return np.where(pairs, above / np.maximum(pairs, 1), np.nan)


def centered_blob(shape):
    """Return maps that know nothing: one bright blob in the middle of each image, at most 1.

    The standard deviation is a quarter of each side; `shape` is that of images or maps.

    >>> centered_blob((2, 5, 5)).argmax(axis=2)[0]
    array([2, 2, 2, 2, 2])
    """
    rows, columns = ((np.arange(side) - (side - 1) / 2) / (side / 4) for side in shape[1:3])
    blob = np.exp(-(rows[:, np.newaxis] ** 2 + columns**2) / 2).astype(np.float32)
    return np.repeat(blob[np.newaxis], shape[0], axis=0)


def edges(images):
    """Return maps that know the images and no network: how steep the gray values are at each pixel.

    Of several channels, the steepest counts; slopes are central differences per pixel.

    >>> edges(np.float32([0, 0, 1, 1] * 2).reshape(1, 2, 4, 1))[0, 0].tolist()
    [0.0, 0.5, 0.5, 0.0]
    """
    return np.hypot(*np.gradient(np.asarray(images, np.float32), axis=(1, 2))).max(axis=-1)


def _checked(model, images, class_index):
    """Refuse what no map can be drawn for; return images and the weights of outputs (n, k)."""
    images = np.asarray(images)
    good = images.dtype.kind == "f" and images.ndim == 4 and images.size
    # Resizing may end a hair outside 0–1.
    if not good or not (images.min() >= -1e-3 and images.max() <= 1.001):
        span = f", {images.min():.4g} to {images.max():.4g}" if images.size else ""
        received = f"{images.dtype.name} {images.shape}{span}"
        remedy = "dataset.as_float() gives such images, and images[:1] is one of them."
        refuse("images", received, "floats (n, height, width, channels), 0 to 1", remedy)
    shapes = [tuple(each.shape) for each in getattr(model, "outputs", None) or []]
    if len(shapes) != 1 or len(model.inputs) != 1 or len(shapes[0]) != 2:
        remedy = "Build keras.Model(inputs, output) with the one to explain; call a new model once."
        refuse("model", f"outputs {shapes}", "one input, one output (n, classes)", remedy)
    wanted = model.input_shape[1:]
    if any(side not in (None, got) for side, got in zip(wanted, images.shape[1:], strict=True)):
        refuse("images", f"shape {images.shape}", f"(n, {str(wanted)[1:]}", "Resize or crop them.")
    images, outputs = images.astype(np.float32), shapes[0][1]
    index, classes = np.asarray(1 if class_index is None else class_index), max(outputs, 2)
    if class_index is None and outputs > 1:
        index = _in_batches(lambda batch, _: model(batch, training=False), images, images)
        index = index.argmax(axis=1)
    good = index.dtype.kind in "iu" and index.shape in [(), (len(images),)]
    if not good or index.min() < 0 or index.max() >= classes:
        allowed = f"integers from 0 to {classes - 1}, one or {len(images)}"
        refuse("class_index", repr(class_index), allowed, "Leave it out for the predicted class.")
    # A single sigmoid has the score of class 1; class 0 has the negative of it.
    rows = np.eye(outputs) if outputs > 1 else np.array([[-1], [1]])
    return images, rows[np.broadcast_to(index, len(images))].astype(np.float32)


def _in_batches(function, images, weights):
    """Apply a function (images, weights) to as many images at a time as memory allows."""
    size = max(1, min(64, 2**19 // (images.shape[1] * images.shape[2])))
    starts = range(0, len(images), size)
    parts = [function(images[i : i + size], weights[i : i + size]) for i in starts]
    return np.concatenate([np.asarray(part) for part in parts])


def _score(score, images, weights):
    return score(images, weights)


def _gradient(score, images, weights):
    with tf.GradientTape() as tape:
        tape.watch(images)
        total = tf.reduce_sum(score(images, weights))
    return tape.gradient(total, images)


def _compiled(model, images, weights, step=_score):
    """Compile step(score, images, weights); score(images, weights) is the score of each image."""
    end = model
    while hasattr(end, "outputs"):
        end = end.layers[-1]
    name, change = getattr(getattr(end, "activation", None), "__name__", ""), None
    if name in ("sigmoid", "softmax"):
        change = mock.patch.object(end, "activation", keras.activations.linear)
    elif isinstance(end, keras.layers.Softmax):
        change = mock.patch.object(end, "call", lambda inputs, **_: inputs)
    first = np.asarray(model(images[:8], training=False))
    clip = name != "linear" and not change and first.min() >= 0 and first.max() <= 1

    def score(images, weights):
        answers = tf.cast(model(images, training=False), tf.float32)
        if clip:
            answers = tf.clip_by_value(answers, 1e-7, 1 - 1e-7)
            other = tf.math.log1p(-answers) if answers.shape[-1] == 1 else 0.0
            answers = tf.math.log(answers) - other
        return tf.reduce_sum(weights * answers, axis=-1)

    forms = [tf.TensorSpec((None, *array.shape[1:])) for array in (images, weights)]
    with change or contextlib.nullcontext():
        return tf.function(lambda *batch: step(score, *batch), forms).get_concrete_function()


@contextlib.contextmanager
def _watched(layer, tape):
    """Collect what a layer returns, wherever it lies, and let the tape watch it."""
    seen, call = [], layer.call

    def watched(*inputs, **options):
        seen.append(call(*inputs, **options))
        tape.watch(seen[-1])
        return seen[-1]

    with mock.patch.object(layer, "call", watched):
        yield seen


def _innermost(model):
    for layer in model.layers:
        yield from _innermost(layer) if hasattr(layer, "outputs") else (layer,)


def _find(model, layer):
    """Return a layer, given by itself, its name, or None for the last convolution."""
    layers = list(_innermost(model))
    convolutions = [each for each in layers if isinstance(each, CONVOLUTIONS)]
    found = [each for each in layers if layer is each or layer == each.name]
    found = convolutions if layer is None else found
    if not found:
        names = ", ".join(each.name for each in convolutions) or "but there is none"
        remedy = "Without a convolution, use input_gradients."
        refuse("layer", repr(layer), f"a convolution or its name: {names}", remedy)
    return found[-1]


def _pairs(maps, masks):
    """Refuse maps and masks that do not match; return one row for each, masks as bool."""
    maps, masks = np.asarray(maps, np.float32), np.asarray(masks)
    if maps.ndim != 3 or maps.shape != masks.shape or not np.isin(masks, (0, 1)).all():
        received = f"maps {maps.shape}, masks {masks.shape}"
        remedy = "Drop a last axis with [..., 0]; compare a mask with 0."
        refuse("masks", received, "0 or 1, of the maps' shape (n, height, width)", remedy)
    return maps.reshape(len(maps), -1), masks.reshape(len(masks), -1).astype(bool)


def _share(values, masks):
    inside = (values * masks).sum(axis=1) / values.sum(axis=1)
    return np.where(masks.any(axis=1), inside, np.nan)
