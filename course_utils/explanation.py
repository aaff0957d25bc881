"""Maps that say which pixels a network's answer rests on, and how far such maps may be believed.

A map explains the score of one class: the value before the last sigmoid or softmax, which is exact
if the network ends in one (of a dense layer, or alone). Of another ending that answers from 0 to 1,
the score is the log-odds (one output) or the logarithm of the class's probability, clipped at 1e-7;
any other answer is the score itself.

Networks may be sequential, functional or nested, compiled or not, and are left as they were.
Images are float32 (n, height, width, channels), 0–1; maps are float32 (n, height, width).
`class_index` is one class for all images or (n,) classes; by default class 1 of a
single sigmoid (class 0 has its score, negated), and the predicted class of a softmax.
"""

import contextlib
import random
from unittest import mock

import numpy as np
from scipy import ndimage, stats

from course_utils._checks import check_integer, check_seed, refuse
from course_utils._tensorflow import keras, tf

CONVOLUTIONS = (
    keras.layers.Conv2D,
    keras.layers.SeparableConv2D,
    keras.layers.DepthwiseConv2D,
)


def input_gradients(model, images, class_index=None):
    """Differentiate the score with respect to every pixel.

    Of several channels, the derivative that is largest in absolute value stands in the map, with
    its sign. ``np.abs`` of it is the saliency map of Simonyan et al. 2013 (arXiv:1312.6034): how
    strongly the score reacts to a tiny change, not what the pixel contributes.

    Examples
    --------
    >>> from course_utils import models
    >>> input_gradients(models.compact_cnn((32, 32, 1)), np.ones((2, 32, 32, 1), "f4")).shape
    (2, 32, 32)
    """
    images, weights = _checked(model, images, class_index)
    return _strongest(_in_batches(_compiled(model, images, weights, _gradient), images, weights))


def smooth_gradients(model, images, class_index=None, *, samples=25, noise=0.1, seed=0):
    """Average the gradients of `samples` noisy copies of each image.

    `noise` is the standard deviation of what is added, where black is 0 and white is 1. All images
    get the same draws, so a map does not depend on the other images. Otherwise it is read like
    that of `input_gradients`. SmoothGrad: Smilkov et al. 2017 (arXiv:1706.03825).

    Examples
    --------
    >>> from course_utils import models
    >>> images = np.ones((2, 32, 32, 1), "f4")
    >>> smooth_gradients(models.compact_cnn((32, 32, 1)), images, samples=3).shape
    (2, 32, 32)
    """
    images, weights = _checked(model, images, class_index)
    check_integer("samples", samples, 1)
    rng, total = np.random.default_rng(check_seed(seed)), np.zeros_like(images)
    gradient = _compiled(model, images, weights, _gradient)
    for _ in range(samples):
        draw = noise * rng.standard_normal(images.shape[1:], dtype=np.float32)
        total += _in_batches(gradient, images + draw, weights)
    return _strongest(total / samples)


def integrated_gradients(model, images, class_index=None, *, baseline=0.0, steps=64):
    """Divide the score's rise from a baseline to the image among the pixels.

    A map is signed, and its sum is score(image) - score(baseline), up to the error of the
    midpoint rule with `steps` points, which is usually far below 1 %; networks that divide by the
    image's own brightness need more steps, or a baseline that is not black. A pixel that equals the
    baseline gets 0. Channels are summed. Sundararajan et al. 2017 (arXiv:1703.01365).

    `baseline` is a number, or an array that broadcasts to the images (a blurred copy, for example).

    Examples
    --------
    >>> from course_utils import models
    >>> images = np.ones((2, 32, 32, 1), "f4")
    >>> integrated_gradients(models.compact_cnn((32, 32, 1)), images, baseline=0.5).shape
    (2, 32, 32)
    """
    images, weights = _checked(model, images, class_index)
    check_integer("steps", steps, 1)
    difference = images - _broadcast("baseline", baseline, images)
    gradient, total = _compiled(model, images, weights, _gradient), np.zeros_like(images)
    for step in range(steps):
        share = (step + 0.5) / steps
        total += _in_batches(gradient, images - (1 - share) * difference, weights)
    return (total / steps * difference).sum(axis=-1)


def occlusion(model, images, class_index=None, *, size=12, stride=6, value=None):
    """Measure how far the score falls when a square of the image is covered.

    The square moves by `stride` pixels. A pixel's value is the mean fall over the squares that
    cover it; negative where covering raises the score. The cover has one gray value, by default
    the image's mean in each channel; see `baseline` of `integrated_gradients` for others. Zeiler
    and Fergus 2014 (arXiv:1311.2901).

    Examples
    --------
    >>> from course_utils import models
    >>> occlusion(models.compact_cnn((32, 32, 1)), np.ones((2, 32, 32, 1), "f4")).shape
    (2, 32, 32)
    """
    images, weights = _checked(model, images, class_index)
    height, width = images.shape[1:3]
    check_integer("size", size, 1, min(height, width))
    check_integer("stride", stride, 1, size)
    value = images.mean(axis=(1, 2), keepdims=True) if value is None else value
    cover, scores = _broadcast("value", value, images), _compiled(model, images, weights)
    whole = _in_batches(scores, images, weights)[:, np.newaxis, np.newaxis]
    total, count = np.zeros(images.shape[:3], np.float32), np.zeros((height, width), np.float32)
    for top in {*range(0, height - size, stride), height - size}:
        for left in {*range(0, width - size, stride), width - size}:
            square = np.s_[top : top + size, left : left + size]
            covered = images.copy()
            covered[:, *square] = cover[:, *square]
            fall = whole[:, 0, 0] - _in_batches(scores, covered, weights)
            total[:, *square] += fall[:, np.newaxis, np.newaxis]
            count[square] += 1
    return total / count


def grad_cam(model, images, class_index=None, *, layer=None):
    """Weight the feature maps of a convolution by their mean gradients, and sum them.

    Maps are 0 or above, in units of the score and not scaled, and enlarged to the image. `layer`
    is a layer or its name; by default the last convolution, also inside a nested network (of two
    side by side, as in a residual block, name one). Selvaraju et al. 2017
    (doi:10.1109/ICCV.2017.74).

    Examples
    --------
    >>> from course_utils import models
    >>> grad_cam(models.compact_cnn((32, 32, 1)), np.ones((2, 32, 32, 1), "f4")).shape
    (2, 32, 32)
    """
    images, weights = _checked(model, images, class_index)
    layer = _find(model, layer)

    def cam(score, images, weights):
        with tf.GradientTape() as tape, _watched(layer, tape) as features:
            total = tf.reduce_sum(score(images, weights))
        importance = tf.reduce_mean(tape.gradient(total, features[-1]), axis=(1, 2), keepdims=True)
        maps = tf.nn.relu(tf.reduce_sum(importance * features[-1], axis=-1, keepdims=True))
        return tf.image.resize(maps, tf.shape(images)[1:3])[..., 0]

    return _in_batches(_compiled(model, images, weights, cam), images, weights)


def randomized(model, seed=0):
    """Copy a network with new random weights, as they were before training.

    A map that stays the same on the copy does not depend on what the network learned (Adebayo et
    al. 2018, arXiv:1810.03292). The statistics of ``Normalization`` layers belong to the images
    and are kept.

    Examples
    --------
    >>> from course_utils import models
    >>> randomized(models.compact_cnn()).count_params()
    23505
    """
    state = random.getstate()
    # Keras draws the seeds of its initializers from here.
    random.seed(check_seed(seed))
    try:
        copy = keras.models.clone_model(model)
    finally:
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

    Examples
    --------
    >>> pointing_game([[[0.1, 0.9]], [[0.5, 0.5]]], [[[0, 1]], [[0, 1]]])
    array([1. , 0.5])
    """
    maps, masks = _pairs(maps, masks)
    return _share(maps == maps.max(axis=1, keepdims=True), masks)


def share_inside(maps, masks):
    """Return the share of each map's sum that lies inside the mask (n,); NaN for an empty mask.

    Maps are 0 or above: take ``np.abs(maps)`` or ``np.maximum(maps, 0)`` first. A map of zeros
    scores what chance does, the mask's share of the image.

    Examples
    --------
    >>> share_inside([[[1, 3]], [[0, 0]]], [[[0, 1]], [[0, 1]]])
    array([0.75, 0.5 ])
    """
    maps, masks = _pairs(maps, masks)
    if maps.min() < 0:
        refuse("maps", f"values down to {maps.min():.3g}", "0 or above", "Take np.abs(maps).")
    return _share(np.where(maps.any(axis=1, keepdims=True), maps, 1), masks)


def pixel_auc(maps, masks):
    """Return how often a pixel of the mask has a higher value than one outside (n,); ties half.

    Chance is 0.5. NaN where the mask is empty or covers the image.

    Examples
    --------
    >>> pixel_auc([[[0.2, 0.1, 0.3, 0.2]]], [[[0, 0, 1, 1]]])
    array([0.875])
    """
    maps, masks = _pairs(maps, masks)
    inside, outside = masks.sum(axis=1), (~masks).sum(axis=1)
    above = (stats.rankdata(maps, axis=1) * masks).sum(axis=1) - inside * (inside + 1) / 2
    return np.where(inside * outside, above / np.maximum(inside * outside, 1), np.nan)


def centered_blob(shape):
    """Return maps that ignore the images: one bright blob in the middle, of maximum 1.

    The standard deviation is a quarter of each side; `shape` is that of images or maps.

    Examples
    --------
    >>> centered_blob((2, 5, 5))[0, 2, 2]
    1.0
    """
    rows, columns = ((np.arange(side) - (side - 1) / 2) / (side / 4) for side in shape[1:3])
    blob = np.exp(-(rows[:, np.newaxis] ** 2 + columns**2) / 2)
    return np.repeat(blob[np.newaxis].astype(np.float32), shape[0], axis=0)


def edges(images):
    """Return maps that know the images and no network: the magnitude of the Sobel gradient.

    Of several channels, the largest counts.

    Examples
    --------
    >>> edges(np.eye(4)[np.newaxis, :, :, np.newaxis]).shape
    (1, 4, 4)
    """
    images = np.asarray(images, np.float32)
    return np.hypot(ndimage.sobel(images, axis=1), ndimage.sobel(images, axis=2)).max(axis=-1)


def _checked(model, images, class_index):
    """Refuse what no map can be drawn for; return the images and each image's class, (n, k)."""
    images = np.asarray(images)
    good = images.dtype.kind == "f" and images.ndim == 4 and len(images)
    if not good or not (images.min() >= -1e-3 and images.max() <= 1.001):
        span = f" from {images.min():.4g} to {images.max():.4g}" if images.size else ""
        received = f"{images.dtype.name} of shape {images.shape}{span}"
        remedy = "dataset.as_float() gives such images, and images[:1] one of them."
        refuse("images", received, "floats (n, height, width, channels), 0 to 1", remedy)
    shapes = [tuple(each.shape) for each in getattr(model, "outputs", None) or []]
    if len(shapes) != 1 or len(model.inputs) != 1 or len(shapes[0]) != 2:
        remedy = "Build keras.Model(inputs, output) with the one to explain; call a new model once."
        refuse("model", f"outputs {shapes}", "one input, one output (n, classes)", remedy)
    wanted = model.input_shape[1:]
    if any(size not in (None, got) for size, got in zip(wanted, images.shape[1:], strict=True)):
        refuse("images", f"shape {images.shape}", f"(n, {str(wanted)[1:]}", "Resize or crop them.")
    images, outputs = images.astype(np.float32), shapes[0][1]
    if class_index is None:
        ones = np.ones((len(images), 1), np.float32)
        answers = _in_batches(lambda x, _: model(x, training=False), images, ones)
        class_index = answers.argmax(axis=1) if outputs > 1 else 1
    index, classes = np.asarray(class_index), max(outputs, 2)
    good = index.dtype.kind in "iu" and index.shape in [(), (len(images),)]
    if not good or index.min() < 0 or index.max() >= classes:
        allowed = f"integers from 0 to {classes - 1}, one or {len(images)}"
        refuse("class_index", repr(class_index), allowed, "Leave it out for the predicted class.")
    index = np.broadcast_to(index, len(images))
    if outputs == 1:
        return images, (2 * index[:, np.newaxis] - 1).astype(np.float32)
    return images, np.eye(outputs, dtype=np.float32)[index]


def _broadcast(name, value, images):
    value = np.asarray(value, np.float32)
    try:
        return np.broadcast_to(value, images.shape)
    except ValueError:
        remedy = "For example 0, one image, or an array of the images' shape."
        refuse(name, f"shape {value.shape}", f"what broadcasts to {images.shape}", remedy)


def _in_batches(function, images, weights):
    """Apply a function (images, weights) to as many images at a time as memory likes."""
    size = max(1, min(64, 2**19 // (images.shape[1] * images.shape[2])))
    starts = range(0, len(images), size)
    parts = [function(images[i : i + size], weights[i : i + size]) for i in starts]
    return np.concatenate([np.asarray(part) for part in parts])


def _strongest(gradients):
    best = np.abs(gradients).argmax(axis=-1, keepdims=True)
    return np.take_along_axis(gradients, best, axis=-1)[..., 0]


def _gradient(score, images, weights):
    with tf.GradientTape() as tape:
        tape.watch(images)
        total = tf.reduce_sum(score(images, weights))
    return tape.gradient(total, images)


def _compiled(model, images, weights, step=lambda score, *batch: score(*batch)):
    """Compile step(score, images, weights) to a function of the last two; score is their (n,)."""
    end = model
    while hasattr(end, "outputs"):
        end = end.layers[-1]
    name = getattr(getattr(end, "activation", None), "__name__", "")
    change = contextlib.nullcontext()
    if name in ("sigmoid", "softmax"):
        change = mock.patch.object(end, "activation", keras.activations.linear)
    elif isinstance(end, keras.layers.Softmax):
        change = mock.patch.object(end, "call", lambda inputs, **_: inputs)
    with change:
        answers = np.asarray(model(images[:8], training=False))
        clip = name != "linear" and isinstance(change, contextlib.nullcontext)
        clip = clip and answers.min() >= 0 and answers.max() <= 1

        def score(images, weights):
            answers = tf.cast(model(images, training=False), tf.float32)
            if clip:
                answers = tf.clip_by_value(answers, 1e-7, 1 - 1e-7)
                other = tf.math.log1p(-answers) if answers.shape[-1] == 1 else 0
                answers = tf.math.log(answers) - other
            return tf.reduce_sum(weights * answers, axis=-1)

        forms = [tf.TensorSpec((None, *array.shape[1:])) for array in (images, weights)]
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
    found = [each for each in layers if layer is each or layer == each.name]
    if layer is None:
        found = [each for each in layers if isinstance(each, CONVOLUTIONS)]
    if not found:
        names = ", ".join(each.name for each in layers if isinstance(each, CONVOLUTIONS)) or "none"
        remedy = "Without a convolution, use input_gradients."
        refuse("layer", repr(layer), f"a layer of the model; its convolutions: {names}", remedy)
    return found[-1]


def _pairs(maps, masks):
    """Refuse maps and masks that do not match; return one row for each, masks as bool."""
    maps, masks = np.asarray(maps, np.float32), np.asarray(masks)
    if maps.ndim != 3 or maps.shape != masks.shape or not np.isin(masks, (0, 1)).all():
        received = f"maps {maps.shape}, masks {masks.shape}"
        refuse("masks", received, "0 or 1, of the maps' shape (n, height, width)", "Match both.")
    if not np.isfinite(maps).all():
        refuse("maps", "NaN or infinity", "finite numbers", "Look for them in images and weights.")
    return maps.reshape(len(maps), -1), masks.reshape(len(masks), -1).astype(bool)


def _share(values, masks):
    share = (values * masks).sum(axis=1) / values.sum(axis=1)
    return np.where(masks.any(axis=1), share, np.nan)
