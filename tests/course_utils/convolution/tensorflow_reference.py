"""Random layers, and what TensorFlow computes for them, forward and backward."""

from dataclasses import dataclass

import numpy as np

from course_utils._tensorflow import import_quietly

tf = import_quietly()
keras = tf.keras

POOLS = {"max_pool": tf.nn.max_pool2d, "average_pool": tf.nn.avg_pool2d}


@dataclass(frozen=True)
class Configuration:
    """A convolution or pooling that fits: `room` is what the image has beyond the smallest."""

    n: int
    channels: int
    filters: int
    kernel: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]
    room: tuple[int, int]
    padding: str
    dtype: type
    seed: int

    def images(self, dilation=None, levels=None):
        """Normally distributed images; with `levels`, whole numbers, so that pixels are equal."""
        rng = np.random.default_rng(self.seed)
        size = [
            room + (1 if self.padding == "same" else (k - 1) * d + 1)
            for room, k, d in zip(self.room, self.kernel, dilation or self.dilation, strict=True)
        ]
        shape = (self.n, *size, self.channels)
        values = rng.integers(0, levels, shape) if levels else rng.normal(size=shape)
        return values.astype(self.dtype)

    def normal(self, *shape):
        return np.random.default_rng(self.seed + 1).normal(size=shape).astype(self.dtype)


def random_configuration(rng, dtype):
    def pair(low, high):
        return tuple(int(value) for value in rng.integers(low, high + 1, 2))

    return Configuration(
        n=int(rng.integers(1, 4)),
        channels=int(rng.integers(1, 5)),
        filters=int(rng.integers(1, 5)),
        kernel=pair(1, 5),
        stride=pair(1, 3),
        dilation=pair(1, 3),
        room=pair(0, 12),
        padding=("valid", "same")[rng.integers(2)],
        dtype=dtype,
        seed=int(rng.integers(2**31)),
    )


def convolution(images, kernels, bias, stride, padding, dilation):
    """Return TensorFlow's output; it takes stride and dilation together, unlike Keras."""
    output = tf.nn.conv2d(images, kernels, stride, padding.upper(), dilations=dilation)
    return (output + bias).numpy()


def convolution_gradients(images, kernels, bias, gradient, stride, padding, dilation):
    """Return TensorFlow's gradients for images, kernels and bias.

    On a CPU it has none for dilated kernels in float64, so zeros are inserted into the kernel.
    """
    down, right = (
        np.eye((k - 1) * d + 1, dtype=kernels.dtype)[::d]
        for k, d in zip(kernels.shape[:2], dilation, strict=True)
    )
    inputs = [tf.constant(array) for array in (images, kernels, bias)]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        spread = tf.einsum("ia,jb,ijcf->abcf", down, right, inputs[1])
        output = tf.nn.conv2d(inputs[0], spread, stride, padding.upper()) + inputs[2]
        loss = tf.reduce_sum(output * gradient)
    return [result.numpy() for result in tape.gradient(loss, inputs)]


def gradient_of(function, inputs, gradient=1):
    """Return TensorFlow's output and gradients for one function of some arrays."""
    inputs = [tf.constant(array) for array in inputs]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        output = function(*inputs)
        loss = tf.reduce_sum(output * gradient)
    return output.numpy(), [result.numpy() for result in tape.gradient(loss, inputs)]


def pool(name, images, size, stride, padding):
    # A constant keeps its dtype; of an array, TensorFlow would make float32.
    return POOLS[name](tf.constant(images), size, stride, padding.upper()).numpy()


def pool_gradient(name, images, gradient, size, stride, padding):
    def pooled(array):
        return POOLS[name](array, size, stride, padding.upper())

    return gradient_of(pooled, [images], gradient)[1][0]
