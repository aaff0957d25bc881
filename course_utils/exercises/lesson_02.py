"""Exercises of lesson 02, convolution."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from course_utils.exercises.exercise import Exercise, Several, choice, judged

check_2_1 = choice("2.1")

_CUT = "You cut values to integers: keep pixels, weights and results in floats."
_IMAGE = np.random.default_rng(2).integers(0, 256, (6, 8), np.uint8)
# Neither symmetric nor square, so that turning and transposing show.
_KERNEL = np.array([[1, 2, 0], [-1, 3, -2]])
_SOBEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])


def _sums(image, kernel, stride=1):
    """Multiply in the data type of image and kernel, and sum as NumPy does."""
    return (sliding_window_view(image, kernel.shape)[::stride, ::stride] * kernel).sum(axis=(2, 3))


def _slide(image, kernel, stride=1):
    return _sums(image.astype(float), kernel, stride)


def _cut(function, where=-1, kind=int):
    """Return a function whose result, or one of whose arguments, is cut to integers."""

    def cutting(*given):
        given = [part.astype(int) if n == where else part for n, part in enumerate(given)]
        return function(*given).astype(kind if where == -1 else float)

    return cutting


def _without_stride(image, kernel, stride):
    rows, columns = _slide(image, kernel, stride).shape
    return _slide(image, kernel)[:rows, :columns]


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
        "You forgot the stride: windows start at every pixel.": lambda i, k, s: _slide(i, k),
        "The size is right, but windows must start at `row * stride`.": _without_stride,
        "Off by one: the first window counts, too.": lambda i, k, s: _slide(i, k, s)[:-1, :-1],
        "You exchanged rows and columns.": lambda i, k, s: _slide(i, k, s).T,
        "The products overflow: uint8 holds 0 to 255. Convert the window to float first.": _sums,
        _CUT: Several([_cut(_slide, *how) for how in ((), (0,), (1,), (-1, np.uint8))]),
        "You stride over the rows only.": lambda i, k, s: _slide(i, k)[::s],
        "You stride over the columns only.": lambda i, k, s: _slide(i, k)[:, ::s],
        "You left out pixels; the window covers neighbors.": lambda i, k, s: _slide(i[::s, ::s], k),
        "You took the mean of the products, not the sum.": lambda i, k, s: _slide(i, k, s) / k.size,
    },
)


def _convolve(image, kernel):
    return _slide(image, kernel[::-1, ::-1])


_SMALL = np.array([[0.5, 2, 3, 1], [4, 0, 1.5, 2], [1, 5, 2, 6]])

check_2_3 = Exercise(
    "2.3",
    _convolve,
    praise="Turn the kernel by 180°, then correlate: that is what SciPy calls a convolution.",
    calls=[(_SMALL, np.array([[1, -2, 0.5]])), (_SMALL, np.array([[1, 2], [-1, 0.5]]))],
    keeps_inputs=True,
    mistakes={
        "That is the cross-correlation: the kernel is not turned yet.": _slide,
        "You turned the rows only; turn the columns, too.": lambda i, k: _slide(i, k[::-1]),
        "You turned the columns only; turn the rows, too.": lambda i, k: _slide(i, k[:, ::-1]),
        "Half a turn swaps no rows with columns: no transposing, no quarter turn.": Several(
            [lambda i, k, turn=turn: _slide(i, turn(k)) for turn in (np.transpose, np.rot90)]
        ),
        "You changed the sign, which is half a turn for Sobel alone.": lambda i, k: -_slide(i, k),
        "You turned the image; turn the kernel.": lambda i, k: _slide(i[::-1, ::-1], k),
        "You turned the result instead of the kernel.": lambda i, k: _slide(i, k)[::-1, ::-1],
        _CUT: Several([_cut(_convolve), _cut(_convolve, 0), _cut(_convolve, 1)]),
    },
    given={"slide": _slide},
)


@judged(
    "2.4",
    np.array([[-1] * 3, [2] * 3, [-1] * 3]),
    "It adds up to 0 in every column, and rewards a bright row in the middle.",
)
def check_2_4(line_kernel):
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
    if abs(rows[1]) < 1e-6:
        return "On a line through the middle you get 0: the weights of the middle row add up to 0."
    if rows[1] < 0:
        return "On a bright line your kernel is negative: it finds dark lines. Change the signs."
    if abs(rows[0] - rows[2]) > 1e-6:
        return "Your kernel answers to an edge, too: give the rows above and below the same sum."


def _edges(hu, kernel=_SOBEL, **border):
    """Pad Hounsfield units, with air by default, scale them, and slide a kernel over them."""
    border = border or {"constant_values": -1000}
    return _slide((np.pad(hu, 1, **border) + 1000) / 2000, kernel)


check_2_5 = Exercise(
    "2.5",
    _edges,
    praise="Scale first, so that the zeros of the border mean air; or pad with −1000 HU.",
    calls={
        "a slice of 4 × 5 pixels": (np.random.default_rng(25).integers(-400, 900, (4, 5)) / 4,),
        "air alone": (np.full((4, 4), -1000.0),),
    },
    keeps_inputs=True,
    mistakes={
        "The wall is still there: 0 HU is water.": lambda hu: _edges(hu, constant_values=0),
        "The result is too small: add a border of air.": lambda hu: _edges(hu)[1:-1, 1:-1],
        "You padded the result; pad the slice.": lambda hu: np.pad(_edges(hu)[1:-1, 1:-1], 1),
        "Outside lies air, no copy of the slice.": lambda hu: _edges(hu, mode="edge"),
        "After scaling, air is 0, not −1000.": lambda hu: _edges(hu, constant_values=-2_001_000),
        "Scaling is missing: 2000 HU count as 1.": lambda hu: _edges(hu) * 2000,
        "The sign is reversed: the kernel is turned.": lambda hu: -_edges(hu),
        "You find edges from top to bottom, by `sobel.T`.": lambda hu: _edges(hu, _SOBEL.T),
        _CUT: _cut(_edges),
    },
    given={"slide": _slide, "sobel": _SOBEL},
)


@judged("2.6", ..., "(97 − 5) / 4 = 23 steps without a remainder: 24 windows see every pixel.")
def check_2_6(layer):
    if not hasattr(layer, "kernel_size"):
        return "Give the layer itself: `keras.layers.Conv2D(filters=1, kernel_size=…, …)`."
    (k, columns), (s, steps), padding = layer.kernel_size, layer.strides, layer.padding
    size, rest = (97 - k) // s + 1, (97 - k) % s
    if (k, s) != (columns, steps):
        return "Rows and columns are alike here: choose a square kernel and one stride."
    if padding != "valid":
        return f"With padding {padding!r} the layer invents a border; the task forbids it."
    if size != 24:
        return f"A kernel of {k} with stride {s} gives maps of {size} × {size}, not 24 × 24."
    if layer.filters != 1:
        return f"Your layer gives {layer.filters} maps; the task asks for one of 24 × 24."
    if k < s:
        return f"Not every pixel is seen: {s - k} rows between two windows lie in none."
    if rest:
        return f"97 − {k} is no multiple of {s}: {rest} of the last rows lie in no window."
    if k % 2 == 0:
        return f"A kernel of {k} has no pixel in its center: take an odd size."
    return None if k == 5 else f"Kernel {k} and stride {s} fit, and so does a smaller odd kernel."


@judged(
    "2.7", ..., "Two means of nine pixels with opposite signs, and a bias that sets the threshold."
)
def check_2_7(answer):
    try:
        weights, bias = np.asarray(answer[0], float), float(np.squeeze(answer[1]))
    except (TypeError, ValueError, IndexError):
        return "Give two things, (weights, bias): an array and a number."
    if weights.shape != (3, 3, 2):
        return f"Your weights have the shape {weights.shape}; one filter has (3, 3, 2)."
    t1c, flair = weights.sum(axis=(0, 1))
    if t1c < 0 < flair:
        return "The signs are exchanged: your filter answers where FLAIR is brighter."
    if flair >= 0:
        return "Your filter does not subtract FLAIR, so it answers to everything bright."
    if np.ptp(weights, axis=(0, 1)).max() > 0.005:
        return "The weights differ within a kernel; a mean weighs all nine pixels alike."
    if abs(t1c - 1) > 0.01 or abs(flair + 1) > 0.01:
        return f"The weights of a kernel add up to {t1c:.3g} and {flair:.3g}; a mean has 1, and −1."
    if abs(bias + 0.1) > 1e-3:
        return f"The weights are right. With your bias the sign changes at {-bias:.3g}, not at 0.1."
