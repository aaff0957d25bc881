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
            "You transposed the kernel: the negative weights are its left column.": (
                _by_hand(2, 3, _SOBEL.T)
            ),
            "That is the window around row 2, column 3, or rows and columns counted from 1. It "
            "should begin at row 2, column 3, counted from 0.": _by_hand(1, 2),
            "You added the pixels without their weights.": _by_hand(2, 3, np.ones((3, 3))),
            "The middle row counts double: its weights are −2 and 2.": (
                _by_hand(2, 3, np.sign(_SOBEL))
            ),
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
    return compare(answer, _slide(_IMAGE, _KERNEL, 2), _stride_mistakes()) or compare(
        slide_with_stride(_IMAGE.copy(), np.ones((3, 3)), 1),
        _slide(_IMAGE, np.ones((3, 3))),
        {
            "You use a fixed stride of 2; use the argument.": _slide(_IMAGE, np.ones((3, 3)), 2),
            "You use a fixed kernel; use the argument.": _slide(_IMAGE, _KERNEL),
        },
        name="With a 3 × 3 kernel of ones and stride 1 your result",
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
        "The products overflowed: uint8 holds 0 to 255 and wraps around. Convert the window to "
        "float first.": wrapped,
        "You took the mean of the products instead of their sum.": right / _KERNEL.size,
        "You stride over the rows only; the columns need it too.": full[::2],
    }


@check("2.3", praise="It adds up to 0 in every column, and rewards a bright row in the middle.")
def check_2_3(line_kernel):
    """Check a designed kernel on a uniform area, a vertical and a horizontal line."""
    kernel = np.asarray(line_kernel, float)
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
        if np.abs(kernel.sum(axis=1)).max() < 1e-6:
            return "Your kernel finds vertical lines: transpose it. Rows come first."
        return (
            "On a vertical line your kernel does not give 0: the weights of every single column "
            "have to add up to 0."
        )
    if abs(horizontal) < 1e-6:
        return (
            "On a horizontal line through the middle your kernel gives 0. That is how Sobel "
            "answers: it finds edges, which differ above and below. A line is alike on both sides."
        )
    if horizontal < 0:
        return "On a bright line your kernel is negative: it finds dark lines. Change the signs."
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
            "You always pad one pixel, which is right for 3 × 3 only: use `kernel_size`.": (
                np.pad(image, 1)
            ),
            "You padded the rows only.": np.pad(image, ((2, 2), (0, 0))),
            "You padded the columns only.": np.pad(image, ((0, 0), (2, 2))),
            "The border repeats the pixels of the edge; zeros are asked for.": (
                np.pad(image, 2, mode="edge")
            ),
            "The border mirrors the image; zeros are asked for.": np.pad(image, 2, mode="reflect"),
            "You returned the image without a border.": image,
        },
    )
    return complaint or compare(
        pad_for(image.copy(), 1), image, name="For a kernel of size 1 your result"
    )


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
        (10, 3, 2, 0),
        4,
        {
            _OFF_BY_ONE: 3,
            "You forgot the stride.": 8,
            "Round down: a stride that does not fit is not taken.": 5,
            "A result has whole pixels: use `//`.": 4.5,
            "Divide the room that is left after the first window, not the whole row.": 3.5,
        },
    ),
    (
        (28, 5, 1, 4),
        28,
        {
            "You forgot the padding.": 24,
            "You added the padding twice; it is given for both sides together.": 32,
            _OFF_BY_ONE: 27,
        },
    ),
    ((7, 7, 3, 0), 1, {_OFF_BY_ONE: 0}),
    ((224, 7, 2, 6), 112, {}),
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
            "That is the gradient turned by 180°: correlate, do not convolve.": (
                2 * total[::-1, ::-1] / n
            ),
            "You used the wanted result in place of the error.": (
                2 * np.einsum("rcij,rc->ij", windows, wanted) / n
            ),
            "That is the loss, not its gradient.": np.mean(error**2),
        },
        tolerance=1e-6,
    )
