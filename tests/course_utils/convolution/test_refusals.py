"""Wrong input is refused with the value received, the values allowed, and what to do."""

import numpy as np
import pytest

from course_utils import convolution as c

IMAGES, KERNELS = np.ones((2, 6, 5, 3)), np.ones((3, 3, 3, 4))
GRADIENT = np.ones((2, 4, 3, 4))


def correlate(images=IMAGES, kernels=KERNELS, bias=None, **options):
    return lambda: c.correlate2d(images, kernels, bias, **options)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (correlate(IMAGES[0]), r"images: received shape \(6, 5, 3\); .*array\[np.newaxis\]"),
        (correlate(kernels=np.ones((3, 3))), r"kernels: received shape \(3, 3\); allowed: 4 axes"),
        (correlate(kernels=np.ones((3, 3, 1, 4))), "for images of 1 channels; .*width, 3, filters"),
        (correlate(kernels=np.ones((3, 6, 3, 4))), "span 6 pixels; .*up to 5 pixels"),
        (correlate(dilation=3), "3 values with dilation 3, which span 7 pixels; .*up to 6"),
        (correlate(stride=0), "stride: received 0; allowed: a whole number from 1"),
        (correlate(stride=(1, 2, 3)), r"stride: received \(1, 2, 3\)"),
        (correlate(stride=True), "stride: received True"),
        (correlate(dilation=1.5), "dilation: received 1.5"),
        (correlate(padding="full"), "padding: received 'full'; allowed: 'valid', 'same'"),
        (correlate(padding=1), "padding: received 1; .*np.pad"),
        (correlate(bias=[1, 2]), r"bias: received shape \(2,\); allowed: shape \(4,\)"),
        (correlate(bias=1.0), "bias: received shape"),
        (correlate("ct.dcm"), "images: received dtype <U6"),
        (correlate(IMAGES.astype(complex)), "dtype complex128; allowed: float32, float64"),
        (correlate(IMAGES.astype(np.float16)), "dtype float16; .*np.asarray"),
        (correlate(IMAGES[:0]), r"shape \(0, 6, 5, 3\); allowed: at least one value"),
        (correlate([[1, 2], [3]]), "rows of different lengths"),
        (correlate([[None]]), "dtype object"),
        (lambda: c.correlate_image(IMAGES, KERNELS), "image: received shape .* 2 axes"),
        (lambda: c.correlate_image(np.ones((3, 3)), np.ones((4, 1))), "up to 3 pixels"),
        (lambda: c.convolve2d(IMAGES, np.ones((3, 3, 3))), "kernels: received shape"),
        (
            lambda: c.correlate2d_gradients(IMAGES, KERNELS, GRADIENT, padding="same"),
            r"output_gradient: received shape \(2, 4, 3, 4\); allowed: shape \(2, 6, 5, 4\)",
        ),
        (lambda: c.max_pool(IMAGES, 7), "span 7 pixels"),
        (lambda: c.max_pool(IMAGES, 2, stride=0), "stride: received 0"),
        (lambda: c.average_pool(IMAGES, (0, 2)), "size: received 0"),
        (lambda: c.max_pool_gradient(IMAGES, GRADIENT), r"allowed: shape \(2, 3, 2, 3\)"),
        (lambda: c.global_average_pool_gradient(IMAGES, [[1, 2, 3]]), r"shape \(2, 3\)"),
        (lambda: c.flatten([1, 2]), r"images: received shape \(2,\)"),
        (lambda: c.flatten_gradient(IMAGES, np.ones((2, 9))), r"allowed: shape \(2, 90\)"),
        (lambda: c.dense([[1, 2]], [[1], [2], [3]]), r"weights: received shape \(3, 1\)"),
        (lambda: c.dense([[1]], [[1]], [1, 2]), r"bias: received shape \(2,\)"),
        (lambda: c.dense_gradients([[1]], [[1]], [[1, 2]]), "output_gradient: received"),
        (lambda: c.relu_gradient([1, 2], [1]), "output_gradient: received"),
        (lambda: c.softmax(3.0), "inputs: received one number"),
        (lambda: c.output_size(5, 0), "kernel: received 0"),
        (lambda: c.output_size(5.0, 3), "size: received 5.0"),
        (lambda: c.padding_amounts(5, 3, padding="SAME"), "padding: received 'SAME'"),
        (lambda: c.receptive_field([]), "layers: received none"),
        (lambda: c.receptive_field([3, 2]), "layers: received 3"),
        (lambda: c.receptive_field([(3, 1, 1, 0, 0)]), "layers: received"),
        (lambda: c.receptive_field([(3, 0)]), "stride: received 0"),
        (lambda: c.count_parameters((3, 3, 32)), r"weights_shape: received \(3, 3, 32\)"),
    ],
)
def test_layers(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("suffix", ["", "_gradient"])
@pytest.mark.parametrize(
    ("kind", "targets", "predictions", "message"),
    [
        ("binary", [1, 0], [[0.5], [0.5]], r"targets: received shape \(2,\); .*\(2, 1\)"),
        ("binary", [1, 2], [0.5, 0.5], "targets: received values from 1 to 2"),
        ("binary", [1, 0], [3.0, -2.0], "predictions: .*-2 to 3; .*from_logits=True"),
        ("categorical", [0, 1], [0.5, 0.5], r"shape \(..., classes\)"),
        ("categorical", [2, 0], [[0, 0, 1], [1, 0, 0]], "targets: received shape"),
        ("categorical", [[1, 1]], [[0.5, 0.5]], "targets: received sums .* from 2 to 2"),
        ("categorical", [[1, 0]], [[0.5, 0.2]], "predictions: .*softmax, or set from_logits"),
    ],
)
def test_losses(suffix, kind, targets, predictions, message):
    with pytest.raises(ValueError, match=message):
        getattr(c, f"{kind}_cross_entropy{suffix}")(targets, predictions)
