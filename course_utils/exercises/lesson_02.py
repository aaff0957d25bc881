"""Checks of lesson 02, convolution."""

import numpy as np

from course_utils.exercises.feedback import check, compare

_SOBEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
_PATCH = np.array(
    [
        [-8, -8, -7, -6, -3, -1, 0],
        [-8, -8, -8, -5, -2, -1, 0],
        [-8, -8, -7, -4, -2, -1, 0],
        [-8, -8, -6, -3, -1, 0, 0],
        [-8, -7, -5, -2, -1, 0, 0],
        [-8, -7, -4, -1, 0, 0, 0],
    ]
)
_IMAGE = np.array(
    [
        [250, 3, 17, 40, 91, 200, 12, 60],
        [33, 180, 7, 66, 255, 1, 140, 19],
        [90, 10, 222, 31, 8, 77, 5, 101],
        [14, 58, 120, 240, 2, 36, 210, 44],
        [71, 26, 99, 13, 160, 85, 9, 230],
        [6, 145, 38, 52, 119, 28, 64, 11],
    ],
    np.uint8,
)
# Neither symmetric nor square, so that turning and transposing show.
_KERNEL = np.array([[1, 2, 0], [-1, 3, -2]])


def _windows(image, kernel, stride=1):
    """Return the windows of an image as float64, shape (rows, columns, *kernel shape)."""
    views = np.lib.stride_tricks.sliding_window_view(np.asarray(image, float), np.shape(kernel))
    return views[::stride, ::stride]


def _slide(image, kernel, stride=1):
    return np.einsum("rcij,ij->rc", _windows(image, kernel, stride), kernel)


def _by_hand(row, column, kernel=_SOBEL):
    return np.sum(_PATCH[row : row + 3, column : column + 3] * kernel)


@check("2.1", praise="The middle column has weight 0: those three pixels do not count.")
def check_2_1(by_hand):
    """Check one output of the sliding window, computed by hand."""
    return compare(
        by_hand,
        _by_hand(2, 3),
        {
            "The sign is reversed: you turned the kernel, as for a strict convolution. Lay it on "
            "as it is.": _by_hand(2, 3, -_SOBEL),
            "Either you transposed the kernel (the negative weights are its left column), or your "
            "window begins one column too far right.": _by_hand(2, 4),
            "That is the window of the figure; yours begins one column further right.": (
                _by_hand(2, 2)
            ),
            "Your window begins one row too high: row 2, counted from 0.": _by_hand(1, 3),
            "That is the window around row 2, column 3, or rows and columns counted from 1. It "
            "should begin at row 2, column 3, counted from 0.": _by_hand(1, 2),
            "You added the pixels without their weights.": _by_hand(2, 3, np.ones((3, 3))),
            "Either you forgot that the middle row counts double (its weights are −2 and 2), or "
            "your window begins one row too low.": _by_hand(3, 3),
            "You exchanged row and column: row 2 is the third from the top.": (
                np.sum(_PATCH[3:6, 2:5] * _SOBEL)
            ),
            "That is the mean of the nine products; take their sum.": _by_hand(2, 3) / 9,
        },
    )


@check("2.2", praise="The loops run over the result; the stride says where each window starts.")
def check_2_2(slide_with_stride):
    """Check the loops with a stride, on a uint8 image."""
    image, kernel = _IMAGE.copy(), _KERNEL.copy()
    answer = slide_with_stride(image, kernel, 2)
    if not np.array_equal(image, _IMAGE):
        return "Your function changes the image it was given. Work on a copy."
    return (
        compare(answer, _slide(_IMAGE, _KERNEL, 2), _stride_mistakes())
        or compare(
            slide_with_stride(_IMAGE.copy(), np.ones((3, 3)), 1),
            _slide(_IMAGE, np.ones((3, 3))),
            {
                "You use a fixed stride of 2; use the argument.": _slide(
                    _IMAGE, np.ones((3, 3)), 2
                ),
                "You use a fixed kernel; use the argument.": _slide(_IMAGE, _KERNEL),
            },
            name="With a 3 × 3 kernel of ones and stride 1 your result",
        )
        or _compare_small_integers(slide_with_stride)
    )


def _compare_small_integers(slide_with_stride):
    """Multiply uint8 by uint8, which NumPy does not widen."""
    kernel = np.full((2, 2), 3, np.uint8)
    windows = _windows(_IMAGE, kernel, 3).astype(np.uint8)
    return compare(
        slide_with_stride(_IMAGE.copy(), kernel.copy(), 3),
        _slide(_IMAGE, kernel, 3),
        {_OVERFLOW: (windows * kernel).sum(axis=(2, 3))},
        name="With a uint8 kernel and stride 3 your result",
    )


_OVERFLOW = (
    "The products overflowed: uint8 holds 0 to 255 and wraps around. Convert the window to float "
    "first, and keep the result in floats."
)


def _stride_mistakes():
    full, right = _slide(_IMAGE, _KERNEL), _slide(_IMAGE, _KERNEL, 2)
    wrapped = np.einsum(
        "rcij,ij->rc", _windows(_IMAGE, _KERNEL, 2).astype(np.uint8), _KERNEL.astype(np.uint8)
    )
    return {
        "You flipped the kernel: that is the strict convolution. Leave it as it is.": (
            _slide(_IMAGE, _KERNEL[::-1, ::-1], 2)
        ),
        "You forgot the stride: the window stops at every pixel.": full,
        "Your result has the right size, but its windows start at `row`, not at "
        "`row * stride`: you forgot the stride in the image.": full[: len(right), : len(right[0])],
        "The result is one row and one column short, off by one: there is a stop before the "
        "first step.": right[:-1, :-1],
        "You exchanged rows and columns: the first index is the row.": right.T,
        _OVERFLOW: wrapped,
        "You converted the kernel to uint8, which cannot hold −1 and −2. Convert to float.": (
            (_windows(_IMAGE, _KERNEL, 2).astype(np.uint8) * _KERNEL.astype(np.uint8)).sum((2, 3))
        ),
        "The result is one row short, off by one: (n − k) // stride + 1 stops.": right[:-1],
        "You transposed the kernel: its first index is the row.": (_slide(_IMAGE, _KERNEL.T, 2)),
        "The `return` stands inside the loop over the rows: only the first row is filled.": (
            right * (np.arange(len(right)) == 0)[:, None]
        ),
        "You took the mean of the products instead of their sum.": right / _KERNEL.size,
        "You stride over the rows only; the columns need it too.": full[::2],
        "You stride over the columns only; the rows need it too.": full[:, ::2],
    }


@check("2.3", praise="It adds up to 0 in every column, and rewards a bright row in the middle.")
def check_2_3(line_kernel):
    """Check a designed kernel on a uniform area, a vertical and a horizontal line."""
    try:
        kernel = np.asarray(line_kernel, float)
    except (TypeError, ValueError):
        return "Your answer should be an array of numbers, three rows of three."
    if line_kernel is None:
        return "Your answer is None; assign an array of three rows of three numbers."
    if kernel.shape != (3, 3):
        return f"Your kernel has shape {kernel.shape}; it should be (3, 3)."
    if not np.isfinite(kernel).all():
        return "Your kernel contains NaN or infinite values."
    horizontal = kernel[1].sum()
    if np.allclose(kernel, 0):
        return "A kernel of zeros answers 0 to everything, also to the line."
    if abs(kernel.sum()) > 1e-6:
        return (
            f"On a uniform area of ones your kernel gives {kernel.sum():.3g}, and it should give "
            "0: the weights have to add up to 0."
        )
    if np.abs(kernel.sum(axis=0)).max() > 1e-6:
        if np.abs(kernel.sum(axis=1)).max() < 1e-6 < abs(kernel[:, 1].sum()):
            return "Your kernel finds vertical lines: transpose it. Rows come first."
        return (
            "On a vertical line your kernel does not give 0: the weights of every single column "
            "have to add up to 0."
        )
    if abs(horizontal) < 1e-6 and kernel[1].any():
        return "The weights of the middle row add up to 0, so a line that fills it gives 0."
    if abs(horizontal) < 1e-6:
        return (
            "On a horizontal line through the middle your kernel gives 0. That is how Sobel "
            "answers: it finds edges, which differ above and below. A line is alike on both sides."
        )
    if horizontal < 0:
        return "On a bright line your kernel is negative: it finds dark lines. Change the signs."
    if kernel.sum(axis=1).argmax() != 1:
        return "Your kernel is larger for a line above or below the middle than for one in it."
    return None


@check("2.4", praise="Half of k − 1 on each of the four sides.")
def check_2_4(pad_for):
    """Check symmetric padding by zeros."""
    image = np.arange(1.0, 13).reshape(3, 4)
    right = np.pad(image, 2)
    complaint = compare(
        pad_for(image.copy(), 5),
        right,
        {
            "You padded on one side only: half of the border belongs above and left.": (
                np.pad(image, ((0, 4), (0, 4)))
            ),
            "You padded on one side only: half of the border belongs below and right.": (
                np.pad(image, ((4, 0), (4, 0)))
            ),
            "You padded half the border, and on one side only.": np.pad(image, ((0, 2), (0, 2))),
            "You padded k − 1 on each side; that is the border of all sides together.": (
                np.pad(image, 4)
            ),
            "You padded k on each side.": np.pad(image, 5),
            "One row too many on each side: half of k − 1, rounded.": np.pad(image, 3),
            "You padded one pixel on each side, right for 3 × 3. Half of k − 1 is 2 here.": (
                np.pad(image, 1)
            ),
            "You padded half the border, and on one side only: half belongs below and right, "
            "too.": np.pad(image, ((2, 0), (2, 0))),
            "You padded the rows only.": np.pad(image, ((2, 2), (0, 0))),
            "You padded the columns only.": np.pad(image, ((0, 0), (2, 2))),
            "The border repeats the pixels of the edge; zeros are asked for.": (
                np.pad(image, 2, mode="edge")
            ),
            "The border mirrors the image; zeros are asked for.": np.pad(image, 2, mode="reflect"),
            "You returned the image without a border.": image,
        },
    )
    complaint = complaint or compare(
        pad_for(image.copy(), 3),
        np.pad(image, 1),
        {"You always pad two pixels: use `kernel_size`.": right},
        name="For a kernel of size 3 your result",
    )
    if complaint:
        return complaint
    try:
        padded = pad_for(image.copy(), 1)
    except ValueError as error:
        return (
            f"Right for sizes 3 and 5, but size 1, which needs no border, raised: {error}. "
            "A slice such as `p:-p` is empty for p = 0."
        )
    return compare(padded, image, name="For a kernel of size 1 your result")


@check("2.5", praise="The first stop, and one for each stride that still fits.")
def check_2_5(size_of_result):
    """Check the output size formula."""
    for (n, kernel, stride, padding), right, wrong in _SIZES:
        complaint = compare(
            size_of_result(n, kernel, stride, padding),
            right,
            wrong,
            name=f"For n = {n}, kernel {kernel}, stride {stride}, padding {padding} your result",
        )
        if complaint:
            return complaint
    return None


_OFF_BY_ONE = "Off by one: count the first stop too. Fence posts, not the gaps between them."
_SIZES = (
    (
        (24, 8, 3, 0),
        6,
        {
            _OFF_BY_ONE: 5,
            "You forgot the stride.": 17,
            "Round down: a stride that does not fit is not taken.": 7,
            "You forgot the kernel: only n − kernel pixels are left for strides.": 8,
            "A result has whole pixels: use `//`.": 19 / 3,
            "Round down with `//`, and count the first stop, too.": 16 / 3,
            "`//` comes before + and −: put n + padding − kernel in parentheses.": 23,
            "You exchanged stride and kernel: their order is n, kernel, stride, padding.": 3,
        },
    ),
    (
        (28, 5, 1, 4),
        28,
        {
            "You forgot the padding.": 24,
            "Add the padding; you subtracted it.": 20,
            "You halved the padding; it is given for both sides together.": 26,
            "You added the padding twice; it is given for both sides together.": 32,
            _OFF_BY_ONE: 27,
        },
    ),
    ((7, 7, 3, 0), 1, {_OFF_BY_ONE: 0}),
    ((224, 7, 2, 6), 112, {"Round down: `round` goes up from one half.": 113}),
)


@check("2.6", praise="Nine windows or ninety channels: one filter, one number per stop.")
def check_2_6(one_filter):
    """Check one filter over several channels with a bias."""
    rng = np.random.default_rng(26)
    image = rng.integers(-5, 6, (5, 6, 3)).astype(float)
    kernel = rng.integers(-3, 4, (2, 2, 3)).astype(float)
    windows = np.lib.stride_tricks.sliding_window_view(image, (2, 2), axis=(0, 1))
    by_channel = np.einsum("rckij,ijk->rck", windows, kernel)
    right = by_channel.sum(axis=2) + 10
    turned = np.einsum("rckij,ijk->rc", windows, kernel[::-1, ::-1]) + 10
    return compare(
        one_filter(image.copy(), kernel.copy(), 10.0),
        right,
        {
            "You kept the channels apart: a filter sums over them, too.": by_channel + 10,
            "You kept the channels apart, and forgot the bias.": by_channel,
            "You forgot the bias.": right - 10,
            "You added the bias once per channel; a filter adds it once.": right + 20,
            "You averaged over the channels instead of summing.": by_channel.mean(axis=2) + 10,
            "You used the first channel only.": by_channel[..., 0] + 10,
            "You kept the channels apart, as the first axis: sum over them.": (
                np.moveaxis(by_channel, 2, 0) + 10
            ),
            "You summed image and kernel over the channels before multiplying. Multiply channel by "
            "channel, then sum.": _slide(image.sum(axis=2), kernel.sum(axis=2)) + 10,
            "You averaged the products; take their sum.": (right - 10) / kernel.size + 10,
            "You added the bias to every product; add it once, to the sum.": (
                right - 10 + 10 * kernel.size
            ),
            "You turned the kernel in all three axes; leave it as it is.": (
                np.einsum("rckij,ijk->rc", windows, kernel[::-1, ::-1, ::-1]) + 10
            ),
            "An axis of length 1 is left over; the result has two axes.": right[..., None],
            "You flipped the kernel; leave it as it is.": turned,
            "The axis order of the kernel is (k, k, channels): rows and columns are exchanged.": (
                np.einsum("rckij,jik->rc", windows, kernel) + 10
            ),
            "You multiplied by the bias; add it.": (right - 10) * 10,
        },
    )


@check("2.7", praise="Errors slid over the image: the gradient of a convolution is a convolution.")
def check_2_7(gradient_of_loss):
    """Check the gradient of the mean squared error with respect to the kernel."""
    rng = np.random.default_rng(27)
    image = rng.integers(-4, 5, (6, 7)).astype(float)
    kernel = rng.integers(-2, 3, (3, 3)).astype(float)
    wanted = rng.integers(-9, 10, (4, 5)).astype(float)
    windows = _windows(image, kernel)
    error = _slide(image, kernel) - wanted
    total = np.einsum("rcij,rc->ij", windows, error)
    n = error.size
    return compare(
        gradient_of_loss(image.copy(), wanted.copy(), kernel.copy()),
        2 * total / n,
        {
            "The sign is reversed: the error is result minus wanted.": -2 * total / n,
            "The factor 2 from the square is missing.": total / n,
            "You summed over the pixels without dividing by their number: the loss is a mean.": (
                2 * total
            ),
            "You summed without dividing by the number of pixels, and the factor 2 is missing.": (
                total
            ),
            "You divided by the number of weights; the mean runs over the pixels of the result.": (
                2 * total / kernel.size
            ),
            "You divided by the number of pixels of the image; the mean runs over the result.": (
                2 * total / image.size
            ),
            "The sum over the positions is missing: every weight meets many pixels, and each "
            "of them has a say.": 2 * windows[0, 0] * error[0, 0],
            "The sum over the positions is missing: you multiplied the mean error by one window "
            "instead of each error by its own.": 2 * windows[0, 0] * error.mean(),
            "You multiplied the mean error by the mean window. Multiply first, sum afterwards.": (
                2 * windows.mean(axis=(0, 1)) * error.mean()
            ),
            "You returned one gradient per position: sum over the positions.": (
                2 * windows * error[..., None, None] / n
            ),
            "You turned the error map by 180°: correlate, do not convolve.": (
                2 * np.einsum("rcij,rc->ij", windows, error[::-1, ::-1]) / n
            ),
            "That is the gradient turned by 180°: slide the errors over the image, not the image "
            "over the errors.": 2 * total[::-1, ::-1] / n,
            "You turned the kernel when you computed the result; leave it as it is.": (
                2 * _slide(image, _slide(image, kernel[::-1, ::-1]) - wanted) / n
            ),
            "The sum over the positions is missing: only the last window is left. Add with `+=`.": (
                2 * windows[-1, -1] * error[-1, -1] / n
            ),
            "The sum over the positions is missing: only the first window counts.": (
                2 * windows[0, 0] * error[0, 0] / n
            ),
            "The sign is reversed, and the factor 2 is missing.": -total / n,
            "You exchanged rows and columns.": 2 * total.T / n,
            "You used the squared errors: the derivative of a square is linear.": (
                2 * np.einsum("rcij,rc->ij", windows, error**2) / n
            ),
            "That is the error map. Slide it over the image.": error,
            "You used the wanted result in place of the error.": (
                2 * np.einsum("rcij,rc->ij", windows, wanted) / n
            ),
            "That is the loss, not its gradient.": np.mean(error**2),
        },
        tolerance=5e-3,
    )
