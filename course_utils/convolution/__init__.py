"""The arithmetic of a convolutional network in NumPy, forward and backward.

Everything that Keras computes in a small CNN, written so that it can be read: convolution,
pooling, dense layers, activations and losses, each with its gradient, and the counting of
shapes, receptive fields, parameters and operations.

Images are (n, height, width, channels) and kernels (height, width, channels_in, filters), as in
Keras. Each gradient function takes the inputs of its layer and the gradient of the loss with
respect to the layer's output, and returns the gradient with respect to what went in; a backward
pass is a chain of such calls.

float32 stays float32 and float64 stays float64. Where both meet, the result is float64. Booleans
and integers become float64, so that sums of uint8 pixels cannot overflow; other types are
refused. NaN is neither refused nor hidden: every result that depends on a NaN is NaN.

Lesson 02 teaches convolution, lesson 03 the rest; both write it as loops first.
"""

from course_utils.convolution.activations import (
    relu,
    relu_gradient,
    sigmoid,
    sigmoid_gradient,
    softmax,
    softmax_gradient,
)
from course_utils.convolution.correlation import (
    ConvolutionGradients,
    convolve2d,
    convolve_image,
    correlate2d,
    correlate2d_gradients,
    correlate_image,
)
from course_utils.convolution.dense import (
    DenseGradients,
    dense,
    dense_gradients,
    flatten,
    flatten_gradient,
)
from course_utils.convolution.geometry import (
    Layer,
    ReceptiveField,
    count_operations,
    count_parameters,
    output_size,
    padding_amounts,
    receptive_field,
)
from course_utils.convolution.losses import (
    binary_cross_entropy,
    binary_cross_entropy_gradient,
    categorical_cross_entropy,
    categorical_cross_entropy_gradient,
)
from course_utils.convolution.pooling import (
    average_pool,
    average_pool_gradient,
    global_average_pool,
    global_average_pool_gradient,
    max_pool,
    max_pool_gradient,
)

__all__ = [
    "ConvolutionGradients",
    "DenseGradients",
    "Layer",
    "ReceptiveField",
    "average_pool",
    "average_pool_gradient",
    "binary_cross_entropy",
    "binary_cross_entropy_gradient",
    "categorical_cross_entropy",
    "categorical_cross_entropy_gradient",
    "convolve2d",
    "convolve_image",
    "correlate2d",
    "correlate2d_gradients",
    "correlate_image",
    "count_operations",
    "count_parameters",
    "dense",
    "dense_gradients",
    "flatten",
    "flatten_gradient",
    "global_average_pool",
    "global_average_pool_gradient",
    "max_pool",
    "max_pool_gradient",
    "output_size",
    "padding_amounts",
    "receptive_field",
    "relu",
    "relu_gradient",
    "sigmoid",
    "sigmoid_gradient",
    "softmax",
    "softmax_gradient",
]
