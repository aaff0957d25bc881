"""Exercises of lesson 02, convolution."""

from types import SimpleNamespace

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from course_utils.exercises.exercise import Exercise, Several

check_2_1 = Exercise(
    "2.1",
    11,
    praise="The middle column has weight 0: those three pixels do not count.",
    mistakes={
        "The sign is reversed: you turned the kernel. Lay it on as it is.": -11,
        "You transposed the kernel, or your window begins one column too far right.": 5,
        "That is the window of the figure; yours begins one column further right.": 15,
        "Your window begins one row too high: row 2, counted from 0.": 14,
        "Your window should begin at row 2, column 3, counted from 0.": 21,
        "You forgot that the middle row counts double, or begin one row too low.": 8,
        "You exchanged row and column: row 2 is the third from the top.": 17,
        "That is the mean of the nine products; take their sum.": 11 / 9,
    },
    other_right=[11.0, np.int8(11)],
    other_wrong=[99, "11"],
)

_IMAGE = np.random.default_rng(2).integers(0, 256, (6, 8), np.uint8)
# Neither symmetric nor square, so that turning and transposing show.
_KERNEL = np.array([[1, 2, 0], [-1, 3, -2]])


def _sums(image, kernel, stride=1):
    """Sum the products in the data type of image and kernel."""
    windows = sliding_window_view(image, kernel.shape)[::stride, ::stride]
    return np.einsum("rcij,ij->rc", windows, kernel)


def _slide(image, kernel, stride=1):
    return _sums(image.astype(float), kernel, stride)


def _without_stride(image, kernel, stride):
    rows, columns = _slide(image, kernel, stride).shape
    return _slide(image, kernel)[:rows, :columns]


def _in_place(image, kernel, stride):
    image -= image.min()
    return _slide(image, kernel, stride)


check_2_2 = Exercise(
    "2.2",
    _slide,
    praise="The loops run over the result; the stride says where each window starts.",
    calls={
        "the kernel [[1, 2, 0], [-1, 3, -2]] and stride 2": (_IMAGE, _KERNEL, 2),
        "a 3 × 3 kernel of 1/9 and stride 1": (_IMAGE / 7, np.full((3, 3), 1 / 9), 1),
        # NumPy does not widen uint8 times uint8.
        "a 2 × 2 kernel of 3 in uint8 and stride 3": (_IMAGE, np.full((2, 2), 3, np.uint8), 3),
    },
    keeps_inputs=True,
    mistakes={
        "You flipped the kernel; leave it as it is.": lambda i, k, s: _slide(i, k[::-1, ::-1], s),
        "You forgot the stride: windows stop at every pixel.": lambda i, k, s: _slide(i, k),
        "The size is right, but windows must start at `row * stride`.": _without_stride,
        "Off by one: there is a stop at the start, too.": lambda i, k, s: _slide(i, k, s)[:-1, :-1],
        "You exchanged rows and columns.": lambda i, k, s: _slide(i, k, s).T,
        "The products overflowed: uint8 holds 0 to 255 and wraps around. Convert the window to "
        "float first, and keep the result in floats.": (
            lambda i, k, s: _sums(i.astype(np.uint8), k.astype(np.uint8), s)
        ),
        "You stride over the rows only.": lambda i, k, s: _slide(i, k)[::s],
        "Your function changes its input.": _in_place,
    },
    other_right=[lambda i, k, s: _slide(i, k)[::s, ::s]],
    other_wrong=[lambda i, k, s: np.zeros(3)[7], lambda i, k, s: _slide(i.T, k, s)],
)


def _judge_line_kernel(line_kernel):
    kernel = np.asarray(line_kernel, float)
    if kernel.shape != (3, 3) or not np.isfinite(kernel).all():
        return f"Your kernel has shape {kernel.shape}; it should be 3 rows of 3 finite numbers."
    columns, rows = kernel.sum(axis=0), kernel.sum(axis=1)
    if np.allclose(kernel, 0):
        return "A kernel of zeros answers 0 to everything, also to the line."
    if abs(kernel.sum()) > 1e-6:
        return f"On a uniform area of ones you get {kernel.sum():.3g}: weights must add up to 0."
    if np.abs(rows).max() < 1e-6 < abs(columns[1]):
        return "Your kernel finds vertical lines: transpose it. Rows come first."
    if np.abs(columns).max() > 1e-6:
        return "On a vertical line you do not get 0: every single column must add up to 0."
    if abs(rows[1]) < 1e-6 and kernel[1].any():
        return "The weights of the middle row add up to 0, so a line that fills it gives 0."
    if abs(rows[1]) < 1e-6:
        return "On a line through the middle you get 0: Sobel finds edges, with two unlike sides."
    if rows[1] < 0:
        return "On a bright line your kernel is negative: it finds dark lines. Change the signs."
    if rows.argmax() != 1:
        return "Your kernel is larger for a line above or below the middle than for one in it."
    return None


def _rows(*values):
    return np.repeat(values, 3).reshape(3, 3)


check_2_3 = Exercise(
    "2.3",
    _rows(-1, 2, -1),
    praise="It adds up to 0 in every column, and rewards a bright row in the middle.",
    judge=_judge_line_kernel,
    mistakes={
        "finds vertical lines": _rows(-1, 2, -1).T,
        "uniform area": _rows(-1, 3, -1),
        "finds edges": np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]]),
        "finds dark lines": _rows(1, -2, 1),
        "every single column": np.array([[0, -1, 0], [-1, 4, -1], [0, -1, 0]]),
        "answers 0 to everything": np.zeros((3, 3)),
        "the middle row add up to 0": np.array([[-1, 2, -1], [2, -4, 2], [-1, 2, -1]]),
        "above or below the middle": _rows(3, 1, -4),
        "it should be 3 rows of 3 finite": Several([np.ones(3), np.full((3, 3), np.nan), None]),
    },
    other_right=[_rows(-0.5, 1, -0.5).tolist(), np.outer([-1, 2, -1], [1, 2, 1])],
    other_wrong=["a line"],
)


def _pads(above, below=None, **options):
    """Return a function that pads both axes by numbers, or by functions of the kernel's size."""
    sides = above, above if below is None else below
    return lambda i, k: np.pad(i, [[s(k) if callable(s) else s for s in sides]] * 2, **options)


def _sliced_to_minus(image, k):
    p = k // 2
    result = np.zeros([n + 2 * p for n in image.shape])
    result[p:-p, p:-p] = image
    return result


check_2_4 = Exercise(
    "2.4",
    _pads(lambda k: k // 2),
    praise="Half of k − 1 on each of the four sides.",
    calls=[(np.arange(0.5, 12).reshape(3, 4), k) for k in (5, 3, 1)],
    mistakes={
        "You padded on one side only; half belongs above and left.": _pads(0, lambda k: k - 1),
        "You padded on one side only; half belongs below and right.": _pads(lambda k: k - 1, 0),
        "k − 1 is the border of all sides together; pad half of it.": _pads(lambda k: k - 1),
        "One row too many on each side: half of k − 1, rounded.": _pads(lambda k: (k + 1) // 2),
        "You padded one pixel on each side, right for 3 × 3 only.": _pads(1),
        "You padded the rows only.": lambda i, k: np.pad(i, ((k // 2, k // 2), (0, 0))),
        "Right for sizes 5 and 3; for size 1 the slice `p:-p` is empty.": _sliced_to_minus,
    },
)

check_2_5 = Exercise(
    "2.5",
    lambda n, kernel, stride, padding: (n + padding - kernel) // stride + 1,
    praise="The first stop, and one for each stride that still fits.",
    calls=[(24, 8, 3, 0), (28, 5, 1, 4), (7, 7, 3, 0), (224, 7, 2, 6)],
    mistakes={
        "Off by one: count the first stop too. Fence posts, not the gaps between them.": 5,
        "Round down: a stride that does not fit is not taken.": 7,
        "You forgot the kernel: only n − kernel pixels are left for strides.": 8,
        "Round down with `//`, and count the first stop, too.": 16 / 3,
        "`//` comes before + and −: put n + padding − kernel in parentheses.": 23,
        "You exchanged stride and kernel: their order is n, kernel, stride, padding.": 3,
        "You forgot the padding.": lambda n, k, s, p: (n - k) // s + 1,
        "You added the padding twice.": lambda n, k, s, p: (n + 2 * p - k) // s + 1,
        "Round down: `round` goes up from one half.": lambda n, k, s, p: round((n + p - k) / s) + 1,
    },
    other_right=[lambda n, k, s, p: len(range(0, n + p - k + 1, s))],
)


def _maps(image, kernel):
    """Return the result of every channel by itself."""
    windows = sliding_window_view(image, kernel.shape[:2], axis=(0, 1))
    return np.einsum("rckij,ijk->rck", windows, kernel)


def _filter(image, kernel, bias=0):
    return _maps(image, kernel).sum(axis=2) + bias


_CHANNELS = np.random.default_rng(26).integers(-5, 6, (5, 6, 3)) / 2
_FILTER = np.random.default_rng(27).integers(-3, 4, (2, 2, 3)) / 2

check_2_6 = Exercise(
    "2.6",
    _filter,
    praise="Three channels or ninety: one filter, one number per stop.",
    calls=[(_CHANNELS, _FILTER, 10.0), (_CHANNELS[..., :1], _FILTER[..., :1], 0.5)],
    mistakes={
        "You kept the channels apart: a filter sums over them.": lambda i, k, b: _maps(i, k) + b,
        "You forgot the bias.": lambda i, k, b: _filter(i, k),
        "Add the bias once, not once per channel.": lambda i, k, b: _filter(i, k, b * k.shape[2]),
        "You summed image and kernel over the channels before multiplying. Multiply channel by "
        "channel, then sum.": lambda i, k, b: _slide(i.sum(axis=2), k.sum(axis=2)) + b,
        "An axis of length 1 is left over.": lambda i, k, b: _filter(i, k, b)[..., None],
        "You flipped the kernel; leave it as it is.": lambda i, k, b: _filter(i, k[::-1, ::-1], b),
    },
    other_right=[lambda i, k, b: sum(_slide(i[..., c], k[..., c]) for c in range(k.shape[2])) + b],
)


def _of(rule):
    """Return a function of image, wanted result and kernel, made from what a gradient needs."""

    def gradient(image, wanted, kernel):
        windows, error = sliding_window_view(image, kernel.shape), _slide(image, kernel) - wanted
        sums = np.einsum("rcij,rc->ij", windows, error)
        return rule(SimpleNamespace(windows=windows, error=error, sums=sums, n=error.size))

    return gradient


def _arrays(image, kernel):
    rng, result = np.random.default_rng(27), np.subtract(image, kernel) + 1
    return [rng.integers(-9, 10, shape).astype(float) for shape in (image, result, kernel)]


check_2_7 = Exercise(
    "2.7",
    _of(lambda g: 2 * g.sums / g.n),
    praise="Errors slid over the image: the gradient of a convolution is a convolution.",
    calls=[_arrays((6, 7), (3, 3)), _arrays((7, 6), (2, 2))],
    tolerance=5e-3,
    mistakes={
        "The sign is reversed: the error is result − wanted.": _of(lambda g: -2 * g.sums / g.n),
        "The factor 2 from the square is missing.": _of(lambda g: g.sums / g.n),
        "You summed without dividing: the loss is a mean.": _of(lambda g: 2 * g.sums),
        "You divided by the weights, not by the results.": _of(lambda g: 2 * g.sums / g.sums.size),
        "The sum over the positions is missing: you multiplied the mean error by one window "
        "instead of each error by its own.": _of(lambda g: 2 * g.windows[0, 0] * g.error.mean()),
        "You returned one gradient per position: sum over the positions.": (
            _of(lambda g: 2 * g.windows * g.error[..., None, None] / g.n)
        ),
        "That is the gradient turned by 180°: slide the errors over the image, not the image over "
        "the errors.": _of(lambda g: 2 * np.flip(g.sums) / g.n),
        "That is the error map. Slide it over the image.": _of(lambda g: g.error),
        "You used the wanted result, not the error.": lambda i, y, k: 2 * _slide(i, y) / y.size,
    },
)
