"""Checks of lesson 03, pooling and the other layers."""

import numpy as np

from course_utils.exercises.feedback import check, choose, compare

SCAN = np.random.default_rng(3).integers(100, 256, (6, 9), dtype=np.uint8)


def _pool(image, window, stride, summary=np.mean):
    """Summarize each window of one gray image."""
    rows, columns = ((size - window) // stride + 1 for size in image.shape)
    result = np.zeros((rows, columns))
    for i, j in np.ndindex(rows, columns):
        result[i, j] = summary(image[i * stride :, j * stride :][:window, :window])
    return result


@check("3.1", praise="Also for uint8, for strides, and for images that are not square.")
def check_3_1(average_pool):
    """Check average pooling of a uint8 image."""
    scan, wide = SCAN.copy(), SCAN.astype(np.float64)
    right = _pool(wide, 3, 2)
    got = average_pool(scan, 3, 2)
    if not np.array_equal(scan, SCAN):
        return "Your function changes its input; leave `image` as it is."
    mistakes = {
        "You add up each window; divide by the number of its pixels.": right * 9,
        "You divide by the side of the window; it has side × side pixels.": right * 3,
        "Sums of uint8 wrapped around at 256: convert the image to float first.": (
            _pool(wide, 3, 2, lambda part: part.sum() % 256 / 9)
        ),
        "The fractions are gone: make the result an array of floats, not of uint8.": (
            np.floor(right)
        ),
        "You rounded the means; keep their fractions.": np.round(right),
        "You took the largest value of each window; the mean is asked for.": (
            _pool(wide, 3, 2, np.max)
        ),
        "You took the median of each window; the mean is asked for.": _pool(wide, 3, 2, np.median),
        "You forgot the stride: windows begin `stride` pixels apart, not 1.": _pool(wide, 3, 1),
        "You forgot the stride: result [i, j] belongs to the window that begins at row i · stride "
        "and column j · stride.": _pool(wide, 3, 1)[:2, :4],
        "Your windows begin `window` pixels apart; use the argument `stride`.": _pool(wide, 3, 3),
        "The last row and the last column are missing: the output size is "
        "(size − window) // stride + 1.": right[:-1, :-1],
        "You exchanged rows and columns: the result is turned on its side.": right.T,
    }
    return compare(got, right, mistakes) or compare(
        average_pool(SCAN.copy(), 2, 2),
        _pool(wide, 2, 2),
        {"You have fixed numbers; use the arguments `window` and `stride`.": right},
        name="With a window of 2 and a stride of 2 your result",
    )


@check("3.2", praise="Pooling forgives shifts that are small compared with its windows, no more.")
def check_3_2(conclusion):
    """Check the choice about shifts."""
    return choose(
        conclusion,
        "c",
        {
            "a": "Look at 8 pixels: even with 8 × 8 windows the features have changed about as "
            "much as from one slice to another. That is far from invariant.",
            "b": "The two curves of one window size lie close together. How large the window is "
            "decides more than how it is summarized.",
            "d": "No change is no merit by itself: a feature that is always 7 never changes. It "
            "also has to tell different images apart.",
        },
    )


@check("3.3", praise="Strides multiply: after each pooling every layer adds more.")
def check_3_3(receptive_field):
    """Check the size of a receptive field."""
    return compare(
        receptive_field([(3, 1), (2, 2), (5, 1), (2, 2), (3, 1)]),
        22,
        {
            "You forgot the strides: they make the steps of all later layers longer.": 11,
            "You add `window` steps; a window reaches only window − 1 steps beyond its first "
            "pixel.": 32,
            "You add `window` steps and start with 0: start with 1 pixel, and add window − 1.": 31,
            "You start with 0; before any layer a number sees one pixel.": 21,
            "A layer's own stride counts for the layers after it: add first, multiply later.": 25,
            "You use the stride of one layer only; the strides of all earlier layers multiply.": 17,
            "You keep the largest stride; the strides of all earlier layers multiply.": 18,
            "You add up the strides; they multiply.": 40,
            "You added up the windows. Each adds its size minus 1, times the step.": 15,
            "That is the step between neighboring results, not what one of them sees.": 4,
        },
    ) or compare(
        receptive_field([(7, 4), (3, 2)]),
        15,
        {"You return the same number for every network; use `layers`.": 22},
        name="For the layers [(7, 4), (3, 2)] your result",
    )


@check("3.4", praise="Row, column, channel: any other order gives the weights the wrong numbers.")
def check_3_4(flatten_and_dense):
    """Check flatten and a dense layer on a batch of feature maps."""
    rng = np.random.default_rng(4)
    maps = rng.integers(-3, 4, (2, 2, 3, 4)).astype(np.float64)
    weights, bias = rng.integers(-3, 4, (24, 5)).astype(np.float64), np.arange(1.0, 6)
    right = maps.reshape(2, 24) @ weights + bias

    def mistaken(axes, order="C"):
        return maps.transpose(0, *axes).reshape(2, 24, order=order) @ weights + bias

    single = flatten_and_dense(maps[:1].copy(), weights.copy(), bias.copy())
    if np.shape(single) == (5,):
        return "You flattened the batch, too: keep the first axis, also for a batch of one image."
    got = flatten_and_dense(maps.copy(), weights.copy(), bias.copy())
    mistakes = {
        "You forgot the bias.": right - bias,
        "Wrong axis order: the channels come last, so they must stay innermost.": mistaken(
            (3, 1, 2)
        ),
        "Wrong axis order: rows come before columns.": mistaken((2, 1, 3)),
        'Wrong axis order: order="F" makes the first axis run fastest.': mistaken((1, 2, 3), "F"),
        "The images of the batch got mixed: each row must hold one image.": (
            maps.reshape(24, 2).T @ weights + bias
        ),
        "You applied a ReLU; give the weighted sums as they are.": np.maximum(right, 0),
        "You applied a sigmoid; give the weighted sums as they are.": 1 / (1 + np.exp(-right)),
        "The result is turned on its side: one row per image.": right.T,
    }
    return compare(got, right, mistakes)


@check("3.5", praise="The probability of what really happened, its logarithm, minus, the mean.")
def check_3_5(cross_entropy):
    """Check binary cross-entropy from probabilities."""
    p, y = np.array([0.9, 0.2, 0.6, 0.35]), np.array([1, 0, 0, 1])
    of_truth = np.where(y == 1, p, 1 - p)
    terms = -np.log(of_truth)
    mistakes = {
        "The sign is wrong: logarithms of probabilities are negative, the loss is not.": (
            -terms.mean()
        ),
        "You take the logarithm of the wrong class: where the label is 1 it is that of p.": (
            -np.log(1 - of_truth).mean()
        ),
        "That is the sum; the mean over the images is asked for.": terms.sum(),
        "That is the sum, and its sign is wrong: take minus the mean.": -terms.sum(),
        "You used log2; the natural logarithm is `np.log`.": terms.mean() / np.log(2),
        "You used log10; the natural logarithm is `np.log`.": terms.mean() / np.log(10),
        "You left out the images with label 0: add (1 − y) · log(1 − p).": (y * terms).mean(),
        "You left out the images with label 1: add y · log(p).": ((1 - y) * terms).mean(),
        "Every image counts with one class only; multiply the logarithms by y and 1 − y.": (
            -(np.log(p) + np.log(1 - p)).mean()
        ),
        "You averaged the probabilities first: take the logarithm of each, then the mean.": (
            -np.log(of_truth.mean())
        ),
        "That is the mean squared error; take logarithms.": ((p - y) ** 2).mean(),
        "That is one loss per image; take the mean.": terms,
    }
    return compare(cross_entropy(p, y), terms.mean(), mistakes, tolerance=1e-6)


@check("3.6", praise="The same weights again at every position: few parameters, many operations.")
def check_3_6(conv_operations):
    """Check the multiplications of a convolution layer."""
    rows, columns, window, channels, filters = 20, 30, 5, 3, 8
    weights, positions = window**2 * channels * filters, (rows - 4) * (columns - 4)
    right = weights * positions
    return compare(
        conv_operations(rows, columns, window, channels, filters),
        right,
        {
            "Without padding the window has fewer positions than the image has pixels: "
            "size − window + 1 along each side.": weights * rows * columns,
            "Off by one in the output size: it is size − window + 1.": (
                weights * (rows - 5) * (columns - 5)
            ),
            "You left out the input channels: a filter multiplies all of them.": right // channels,
            "You left out the filters: each makes a map of its own.": right // filters,
            "The window is a square: window · window products per channel.": right // window,
            "That is the number of weights; each is used once at every position.": weights,
            "That is the number of parameters; each weight is used once at every position.": (
                weights + filters
            ),
            "A bias is added, not multiplied: leave it out.": (
                (window**2 * channels + 1) * filters * positions
            ),
            "You left out the weights: that is the number of output values.": positions * filters,
        },
    ) or compare(
        conv_operations(7, 7, 3, 2, 4),
        1800,
        {"You return the same number for every layer; use the arguments.": right},
        name="For 7 × 7 pixels, a window of 3, 2 channels and 4 filters your result",
    )


@check("3.7", praise="Every image of the batch has its say; the gradient is the sum.")
def check_3_7(dense_gradients):
    """Check the gradients of a dense layer with respect to weights and bias."""
    inputs = np.array([[1.0, 2, 0], [3, -1, 4], [0, 5, -2], [2, 2, 1]])
    gradient = np.array([[0.5, -1], [0.25, 2], [-1, 1], [3, 0.5]])
    answer = dense_gradients(inputs.copy(), gradient.copy())
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        return "Return two arrays: the gradient for the weights, and the one for the bias."
    weights, bias = inputs.T @ gradient, gradient.sum(axis=0)
    each = inputs[:, :, None] * gradient[:, None, :]
    return compare(
        answer[0],
        weights,
        {
            "For the weights: add up the contributions of all images of the batch.": each,
            "For the weights: you kept one image's contribution; add up those of all.": each[0],
            "For the weights: you kept the last image's contribution; add up those of all.": (
                each[-1]
            ),
            "For the weights: you took the mean over the batch. The mean is part of the loss "
            "already; take the sum.": each.mean(axis=0),
            "For the weights: turned on its side. Weights are (inputs, outputs).": weights.T,
            "You exchanged the two arrays: weights first, bias second.": bias,
        },
        name="The gradient for the weights",
    ) or compare(
        answer[1],
        bias,
        {
            "For the bias: sum over the batch, so that each output has one number.": gradient,
            "For the bias: you took the mean over the batch. The mean is part of the loss "
            "already; take the sum.": gradient.mean(axis=0),
            "For the bias: you added along the wrong axis; sum over the images, axis 0.": (
                gradient.sum(axis=1)
            ),
            "For the bias: every output has its own; sum over the images only.": gradient.sum(),
            "For the bias: each image adds to the bias; do not multiply by the inputs.": (
                weights.sum(axis=0)
            ),
        },
        name="The gradient for the bias",
    )
