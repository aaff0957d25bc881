"""The largest difference between course_utils.convolution and TensorFlow, over random layers.

    python -m authoring.studies.convolution_agreement [--configurations 500] [--seed 0]

For float64 and float32 separately, draws as many convolutions and as many poolings: 1–3 images,
1–4 channels and filters, windows of 1–5, strides and dilations of 1–3 in each direction (together,
too), images up to 25 pixels wide, 'valid' and 'same' padding, normally distributed values. Half of
the poolings are over whole numbers 0–2, so that pixels are equal. The absolute difference is the
largest over all numbers; the relative one divides it by the largest magnitude in TensorFlow's
array, for each array by itself. TensorFlow's tf.nn.conv2d takes stride and dilation together, and
so gives the outputs; its gradients come from kernels with zeros inserted. About 15 seconds.
"""

import argparse
from collections import defaultdict

import numpy as np

from course_utils import convolution
from tests.course_utils.convolution import tensorflow_reference as reference


def convolution_pairs(c):
    """Yield (what, ours, TensorFlow's) for one convolution."""
    images, kernels = c.images(), c.normal(*c.kernel, c.channels, c.filters)
    bias = c.normal(c.filters)
    options = {"stride": c.stride, "padding": c.padding, "dilation": c.dilation}
    output = convolution.correlate2d(images, kernels, bias, **options)
    yield "convolution", output, reference.convolution(images, kernels, bias, **options)
    gradient = c.normal(*output.shape)
    ours = convolution.correlate2d_gradients(images, kernels, gradient, **options)
    theirs = reference.convolution_gradients(images, kernels, bias, gradient, **options)
    for name, our, their in zip(ours._fields, ours, theirs, strict=True):
        yield f"convolution, gradient of {name}", our, their


def pooling_pairs(c):
    """Yield (what, ours, TensorFlow's) for one maximum and one average pooling."""
    images = c.images(dilation=(1, 1), levels=3 if c.seed % 2 else None)
    options = {"stride": c.stride, "padding": c.padding}
    for name in reference.POOLS:
        output = getattr(convolution, name)(images, c.kernel, **options)
        yield name, output, reference.pool(name, images, c.kernel, **options)
        gradient = c.normal(*output.shape)
        ours = getattr(convolution, f"{name}_gradient")(images, gradient, c.kernel, **options)
        theirs = reference.pool_gradient(name, images, gradient, c.kernel, **options)
        yield f"{name}, gradient", ours, theirs


def largest_differences(configurations):
    """Return {what: (largest absolute, largest relative difference)}."""
    largest = defaultdict(lambda: np.zeros(2))
    for c in configurations:
        for what, ours, theirs in (*convolution_pairs(c), *pooling_pairs(c)):
            if ours.dtype != theirs.dtype or ours.shape != theirs.shape:
                raise SystemExit(f"{what}: {ours.dtype} {ours.shape} for {c}")
            # A NaN on either side must not slip through a maximum.
            difference = float(np.abs(np.subtract(ours, theirs, dtype=np.float64)).max())
            if not np.isfinite(difference):
                raise SystemExit(f"{what}: not finite for {c}")
            scale = float(np.abs(theirs).max()) or 1.0
            largest[what] = np.maximum(largest[what], [difference, difference / scale])
    return largest


def main():
    """Print one table for each dtype."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--configurations", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    for dtype in (np.float64, np.float32):
        rng = np.random.default_rng(arguments.seed)
        drawn = [
            reference.random_configuration(rng, dtype) for _ in range(arguments.configurations)
        ]
        both = sum(max(c.stride) > 1 and max(c.dilation) > 1 for c in drawn)
        print(
            f"\n{np.dtype(dtype)}: {len(drawn)} configurations, "
            f"{both} with stride and dilation above 1, "
            f"{sum(c.padding == 'same' for c in drawn)} with 'same' padding"
        )
        print(f"{'':34}{'absolute':>10}{'relative':>10}")
        for what, (absolute, relative) in largest_differences(drawn).items():
            print(f"{what:34}{absolute:10.1e}{relative:10.1e}")


if __name__ == "__main__":
    main()
