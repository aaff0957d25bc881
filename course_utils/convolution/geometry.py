"""Sizes: of outputs, padding, receptive fields, parameters and operations."""

from __future__ import annotations

import math
from typing import NamedTuple

from course_utils.convolution._checks import check_padding, pair, refuse, whole_number


def output_size(size, kernel, stride=1, padding="valid", dilation=1):
    """Return how many positions a window takes along one axis.

    A kernel of k values with dilation d spans s = (k − 1) d + 1 pixels. With ``"valid"`` padding
    the window stays inside the image and takes ⌊(size − s) / stride⌋ + 1 positions; with
    ``"same"`` the image is padded with zeros so that there are ⌈size / stride⌉.

    Taught in lesson 02. Source: Dumoulin and Visin 2016 (https://arxiv.org/abs/1603.07285).

    Parameters
    ----------
    size : int
        Pixels of the image along the axis.
    kernel : int
        Values of the kernel along the axis.
    stride : int
        Pixels from one position of the window to the next.
    padding : {"valid", "same"}
        No padding, or zeros around the image.
    dilation : int
        Pixels from one value of the kernel to the next.

    Returns
    -------
    int
        At least 1.

    Raises
    ------
    ValueError
        A number that is not whole or below 1, an unknown padding, or, with ``"valid"``, a kernel
        that spans more pixels than there are.

    Examples
    --------
    >>> output_size(224, 3)
    222
    >>> output_size(222, 2, stride=2)
    111
    >>> output_size(7, 3, stride=2, padding="same")
    4
    """
    size, kernel, stride, dilation = _whole(size, kernel, stride, dilation)
    check_padding(padding)
    if padding == "same":
        return math.ceil(size / stride)
    span = (kernel - 1) * dilation + 1
    if span > size:
        refuse(
            "kernel",
            f"{kernel} values with dilation {dilation}, which span {span} pixels",
            f"kernels that span up to {size} pixels, the size of the image",
            "Use a smaller kernel or dilation, or padding='same'.",
        )
    return (size - span) // stride + 1


def padding_amounts(size, kernel, stride=1, padding="valid", dilation=1):
    """Return the zeros that padding adds before and after one axis, as TensorFlow does.

    With ``"same"`` the last of the ⌈size / stride⌉ windows must fit, which takes
    max((⌈size / stride⌉ − 1) stride + span − size, 0) zeros. Half of them go before the image; an
    odd one goes after it. So the padding is uneven when the sum is odd, and with a stride it
    depends on the size of the image.

    Taught in lesson 02.

    Parameters
    ----------
    size, kernel, stride, padding, dilation
        As for `output_size`.

    Returns
    -------
    tuple of int
        Zeros before the first and after the last pixel.

    Raises
    ------
    ValueError
        As for `output_size`.

    Examples
    --------
    >>> padding_amounts(5, 3, padding="same")
    (1, 1)
    >>> padding_amounts(6, 3, stride=2, padding="same")
    (0, 1)
    >>> padding_amounts(5, 3)
    (0, 0)
    """
    positions = output_size(size, kernel, stride, padding, dilation)
    if padding == "valid":
        return 0, 0
    span = (kernel - 1) * dilation + 1
    total = max((positions - 1) * stride + span - size, 0)
    return total // 2, total - total // 2


class Layer(NamedTuple):
    """The window of one layer along one axis: a convolution or a pooling.

    `padding` is the number of zeros before the image, the first value of `padding_amounts`.
    """

    kernel: int
    stride: int = 1
    dilation: int = 1
    padding: int = 0


class ReceptiveField(NamedTuple):
    """Which pixels of the image the units of a layer see, along one axis.

    Unit i sees pixels ``start + i * jump`` to ``start + i * jump + size - 1``; a negative pixel
    lies in the padding.
    """

    size: int
    jump: int
    start: int

    def pixels(self, unit):
        """Return the first and the last pixel that a unit sees.

        Examples
        --------
        >>> ReceptiveField(size=6, jump=2, start=0).pixels(3)
        (6, 11)
        """
        first = self.start + unit * self.jump
        return first, first + self.size - 1


def receptive_field(layers):
    """Return the receptive field after each layer of a chain, along one axis.

    From an image, where size = jump = 1 and start = 0, a layer of kernel k, stride s, dilation d
    and p zeros before the image leads to

    - size + (k − 1) d · jump, because the units it joins lie `jump` pixels apart,
    - start − p · jump,
    - jump · s.

    The size says which pixels can have an influence. How much each has is another question: the
    center reaches a unit by more paths than the edge.

    Taught in lesson 03.

    Parameters
    ----------
    layers : sequence
        Of `Layer`, or of plain tuples (kernel, stride, dilation, padding), of which all after the
        kernel may be left out. Layers without a window, such as ReLU, change nothing: leave them
        out.

    Returns
    -------
    list of ReceptiveField
        One for each layer.

    Raises
    ------
    ValueError
        No layer, or a layer that is not one to four whole numbers.

    Examples
    --------
    Two 3 × 3 convolutions, each followed by 2 × 2 pooling:

    >>> for field in receptive_field([(3,), (2, 2), (3,), (2, 2)]):
    ...     print(field)
    ReceptiveField(size=3, jump=1, start=0)
    ReceptiveField(size=4, jump=2, start=0)
    ReceptiveField(size=8, jump=2, start=0)
    ReceptiveField(size=10, jump=4, start=0)
    """
    fields = []
    size, jump, start = 1, 1, 0
    for layer in layers:
        kernel, stride, dilation, padding = _layer(layer)
        size += (kernel - 1) * dilation * jump
        start -= padding * jump
        jump *= stride
        fields.append(ReceptiveField(size, jump, start))
    if not fields:
        refuse("layers", "none", "at least one layer", "Give tuples such as (3, 1).")
    return fields


def count_parameters(weights_shape, bias=True):
    """Return how many numbers a layer learns: its weights, and one bias per output channel.

    A convolution has k_h · k_w · c_in · c_out weights whatever the size of the image, because
    every position uses the same ones; a dense layer has inputs · outputs.

    Taught in lesson 03.

    Parameters
    ----------
    weights_shape : tuple of int
        (height, width, channels_in, filters) of a convolution or (inputs, outputs) of a dense
        layer.
    bias : bool
        Whether the layer adds a bias.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        Another number of axes, or sizes that are not whole numbers from 1.

    Examples
    --------
    The first convolution of lesson 04, and its large dense layer:

    >>> count_parameters((3, 3, 3, 32))
    896
    >>> count_parameters((54 * 54 * 64, 128))
    23888000
    """
    shape = _weights_shape(weights_shape)
    return math.prod(shape) + (shape[-1] if bias else 0)


def count_operations(weights_shape, output=(1, 1)):
    """Return how many multiply-adds a layer takes for one image.

    Every weight is used once at every position of the output; additions of a bias are not
    counted, products with padding are.

    Taught in lesson 03.

    Parameters
    ----------
    weights_shape : tuple of int
        As for `count_parameters`.
    output : int or tuple of int
        Height and width of the output of a convolution; leave it out for a dense layer.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        As for `count_parameters`.

    Examples
    --------
    >>> count_operations((3, 3, 3, 32), output=(222, 222))
    42581376
    >>> count_operations((54 * 54 * 64, 128))
    23887872
    """
    return math.prod(_weights_shape(weights_shape)) * math.prod(pair(output, "output"))


def _whole(size, kernel, stride, dilation):
    names = {"size": size, "kernel": kernel, "stride": stride, "dilation": dilation}
    return [whole_number(value, name) for name, value in names.items()]


def _layer(layer):
    try:
        layer = Layer(*layer)
    except TypeError:
        refuse("layers", repr(layer), "(kernel, stride, dilation, padding)", "Write (3, 1).")
    for name, least in zip(Layer._fields, (1, 1, 1, 0), strict=True):
        whole_number(getattr(layer, name), name, least)
    return layer


def _weights_shape(shape):
    if not isinstance(shape, (tuple, list)) or len(shape) not in (2, 4):
        refuse(
            "weights_shape",
            repr(shape),
            "(height, width, channels_in, filters) or (inputs, outputs)",
            "Pass weights.shape of the layer.",
        )
    return [whole_number(size, "weights_shape") for size in shape]
