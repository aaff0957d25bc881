"""Where a sliding window stands on an image, shared by convolution and pooling."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from course_utils.convolution._checks import pair
from course_utils.convolution.geometry import output_size, padding_amounts


@dataclass(frozen=True)
class Windows:
    """All positions of a window over images (n, height, width, channels)."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]
    pads: tuple[tuple[int, int], tuple[int, int]]
    output: tuple[int, int]

    @classmethod
    def over(cls, images, kernel, stride, padding, dilation=1):
        """Place windows over images, or refuse what does not fit."""
        stride, dilation = pair(stride, "stride"), pair(dilation, "dilation")
        axes = list(zip(images.shape[1:3], kernel, stride, [padding] * 2, dilation, strict=True))
        pads = tuple(padding_amounts(*axis) for axis in axes)
        return cls(kernel, stride, dilation, pads, tuple(output_size(*axis) for axis in axes))

    def pad(self, images, value=0):
        """Return the images with a margin of `value`."""
        if not any(sum(self.pads, ())):
            return images
        return np.pad(images, ((0, 0), *self.pads, (0, 0)), constant_values=value)

    def crop(self, padded):
        """Return padded images without their margin."""
        (top, bottom), (left, right) = self.pads
        _, height, width, _ = padded.shape
        return padded[:, top : height - bottom, left : width - right]

    def elements(self):
        """Yield each element (i, j) of the window, and where it lies at all positions at once.

        The second part indexes padded images; the result is (n, *output, channels), one pixel
        for each position of the window.
        """
        for i in range(self.kernel[0]):
            for j in range(self.kernel[1]):
                yield (i, j), (slice(None), self.along(0, i), self.along(1, j))

    def along(self, axis, element):
        """Return where one element of the window lies along an axis, at all positions."""
        first = element * self.dilation[axis]
        stride = self.stride[axis]
        return slice(first, first + (self.output[axis] - 1) * stride + 1, stride)

    def patches(self, padded):
        """Return a view (n, *output, *kernel, channels) of what each window covers.

        A view takes no memory; reading from it repeats pixels, because windows overlap.
        """
        spans = [(k - 1) * d + 1 for k, d in zip(self.kernel, self.dilation, strict=True)]
        view = sliding_window_view(padded, spans, axis=(1, 2))
        vertical, horizontal = self.stride
        down, right = self.dilation
        view = view[:, ::vertical, ::horizontal, :, ::down, ::right]
        return np.moveaxis(view, 3, -1)
