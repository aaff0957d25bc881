"""Time and memory of correlate_image and correlate2d beside SciPy and TensorFlow.

    OMP_NUM_THREADS=1 python -m authoring.studies.convolution_speed [--repeats 21] [--size 512]

One float64 image with kernels of 3 × 3 to 11 × 11. All functions take turns in each repeat; the
table gives each one's median in ms, and the median over the repeats of SciPy's time divided by
ours (above 1: ours is faster). Memory is the peak of what NumPy allocates during one call, by
tracemalloc, the result included; SciPy's own C code could allocate more unseen.
scipy.ndimage.correlate computes the whole image, borders included. At the end, for information, a
layer of many channels beside TensorFlow, on one thread each where OMP_NUM_THREADS=1 is set.
"""

import argparse
import os
import time
import tracemalloc

import numpy as np
from scipy import ndimage, signal

from course_utils import convolution
from course_utils._tensorflow import import_quietly

KERNELS = (3, 5, 7, 9, 11)


def times(functions, repeats):
    """Return milliseconds (repeats, functions); the functions take turns."""
    for function in functions:
        function()
    result = np.empty((repeats, len(functions)))
    for repeat in result:
        for k, function in enumerate(functions):
            start = time.perf_counter()
            function()
            repeat[k] = 1000 * (time.perf_counter() - start)
    return result


def peak_megabytes(function):
    """Return the peak of what one call allocates."""
    tracemalloc.start()
    function()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 2**20


def one_image(size, repeats, rng):
    """Print the table for one gray image."""
    image = rng.normal(size=(size, size))
    print(f"{size} x {size}, float64, {image.nbytes / 2**20:.1f} MB, {repeats} repeats")
    print("kernel   ours  signal  ndimage | signal/ours  ndimage/ours | MB: ours  signal  ndimage")
    for k in KERNELS:
        kernel = rng.normal(size=(k, k))
        functions = [
            lambda kernel=kernel: convolution.correlate_image(image, kernel),
            lambda kernel=kernel: signal.correlate2d(image, kernel, mode="valid"),
            lambda kernel=kernel: ndimage.correlate(image, kernel),
        ]
        np.testing.assert_allclose(functions[0](), functions[1](), rtol=0, atol=1e-11)
        measured = times(functions, repeats)
        ours, by_signal, by_ndimage = np.median(measured, axis=0)
        ratios = np.median(measured[:, 1:] / measured[:, :1], axis=0)
        memory = [peak_megabytes(function) for function in functions]
        print(
            f"{k:2} x {k:2} {ours:6.2f} {by_signal:7.2f} {by_ndimage:8.2f} "
            f"| {ratios[0]:11.1f} {ratios[1]:13.1f} "
            f"|     {memory[0]:4.1f} {memory[1]:7.1f} {memory[2]:8.1f}"
        )


def many_channels(repeats, rng):
    """Print times of one layer of many channels, forward and backward."""
    tf = import_quietly()
    # Before TensorFlow's first operation, as it must be.
    tf.config.threading.set_intra_op_parallelism_threads(int(os.environ.get("OMP_NUM_THREADS", 0)))
    images = rng.normal(size=(1, 96, 96, 32)).astype(np.float32)
    kernels = rng.normal(size=(3, 3, 32, 64)).astype(np.float32)
    gradient = rng.normal(size=(1, 94, 94, 64)).astype(np.float32)
    tensors = [tf.constant(array) for array in (images, kernels, gradient)]

    @tf.function
    def their_gradients(x, w, g):
        with tf.GradientTape() as tape:
            tape.watch([x, w])
            y = tf.nn.conv2d(x, w, 1, "VALID")
        return tape.gradient(y, [x, w], g)

    functions = [
        lambda: convolution.correlate2d(images, kernels),
        lambda: tf.nn.conv2d(tensors[0], tensors[1], 1, "VALID").numpy(),
        lambda: convolution.correlate2d_gradients(images, kernels, gradient),
        lambda: [result.numpy() for result in their_gradients(*tensors)],
    ]
    ours, theirs, ours_back, theirs_back = np.median(times(functions, repeats), axis=0)
    print("\n1 x 96 x 96 x 32 to 64 filters of 3 x 3, float32, for information")
    print(f"forward   ours {ours:6.1f} ms   TensorFlow {theirs:6.1f} ms")
    print(f"gradients ours {ours_back:6.1f} ms   TensorFlow {theirs_back:6.1f} ms")
    memory = peak_megabytes(functions[0]), peak_megabytes(functions[2])
    print(f"memory    ours {memory[0]:6.1f} MB forward, {memory[1]:.1f} MB gradients")


def main():
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=21)
    parser.add_argument("--size", type=int, default=512)
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    one_image(arguments.size, arguments.repeats, rng)
    many_channels(arguments.repeats, rng)


if __name__ == "__main__":
    main()
