"""Activations, value by value or over the classes, and the gradients.

Each takes an array of any shape and returns one of the same shape; float32 stays float32,
integers become float64. Each gradient function takes the inputs, not the outputs, of its
activation. Taught in lesson 03.
"""

from __future__ import annotations

import numpy as np

from course_utils.convolution._checks import as_numbers, check_shape, refuse, same_dtype


def relu(inputs):
    """Return max(x, 0). Taught in lesson 03.

    Raises
    ------
    ValueError
        Inputs that are not numbers.

    Examples
    --------
    >>> relu([-1.5, 0.0, 2.0])
    array([0., 0., 2.])
    """
    inputs = as_numbers(inputs, "inputs")
    return np.maximum(inputs, inputs.dtype.type(0))


def relu_gradient(inputs, output_gradient):
    """Pass a gradient backward through `relu`: it passes where the input is above 0.

    At 0 itself, where the derivative is not defined, it is taken as 0, as in TensorFlow. Where
    the input is NaN the result is NaN. Taught in lesson 03.

    Raises
    ------
    ValueError
        Inputs that are not numbers, or a gradient of another shape.

    Examples
    --------
    >>> relu_gradient([-1.5, 0.0, 2.0], [10.0, 10.0, 10.0])
    array([ 0.,  0., 10.])
    """
    inputs, gradient = _inputs_and_gradient(inputs, output_gradient)
    return np.where(np.isnan(inputs), inputs, np.where(inputs > 0, gradient, 0))


def sigmoid(inputs):
    """Return 1 / (1 + exp(−x)), between 0 and 1.

    Computed as exp(−|x|) / (1 + exp(−|x|)), or 1 minus that, because exp(−x) overflows for large
    negative x. Taught in lesson 03.

    Raises
    ------
    ValueError
        Inputs that are not numbers.

    Examples
    --------
    >>> sigmoid([-1000.0, 0.0, 1000.0])
    array([0. , 0.5, 1. ])
    """
    inputs = as_numbers(inputs, "inputs")
    small = np.exp(-np.abs(inputs))
    return np.where(inputs >= 0, 1, small) / (1 + small)


def sigmoid_gradient(inputs, output_gradient):
    """Pass a gradient backward through `sigmoid`, whose derivative is σ(x) (1 − σ(x)).

    Taught in lesson 03.

    Raises
    ------
    ValueError
        Inputs that are not numbers, or a gradient of another shape.

    Examples
    --------
    >>> sigmoid_gradient([0.0, 1000.0], [1.0, 1.0])
    array([0.25, 0. ])
    """
    inputs, gradient = _inputs_and_gradient(inputs, output_gradient)
    # sigmoid(-x) is 1 - sigmoid(x) without cancellation.
    return gradient * sigmoid(inputs) * sigmoid(-inputs)


def softmax(inputs):
    """Return exp(xₖ) / Σⱼ exp(xⱼ) over the last axis: positive numbers that add up to 1.

    The largest x is subtracted first; that changes nothing in the ratio, and exp cannot overflow.
    Taught in lesson 03.

    Raises
    ------
    ValueError
        Inputs that are not numbers.

    Examples
    --------
    >>> softmax([[0.0, 0.0], [1000.0, 0.0]])
    array([[0.5, 0.5],
           [1. , 0. ]])
    """
    inputs = as_numbers(inputs, "inputs")
    if inputs.ndim == 0:
        refuse("inputs", "one number", "an array (..., classes)", "Give a number per class.")
    powers = np.exp(inputs - inputs.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def softmax_gradient(inputs, output_gradient):
    """Pass a gradient backward through `softmax`.

    With p = softmax(x) and g the gradient at the output, the result is pₖ (gₖ − Σⱼ gⱼ pⱼ): every
    input has an influence on every output, because the outputs add up to 1. Taught in lesson 03.

    Raises
    ------
    ValueError
        Inputs that are not numbers, or a gradient of another shape.

    Examples
    --------
    >>> softmax_gradient([0.0, 0.0], [1.0, 0.0])
    array([ 0.25, -0.25])
    """
    inputs, gradient = _inputs_and_gradient(inputs, output_gradient)
    outputs = softmax(inputs)
    return outputs * (gradient - (gradient * outputs).sum(axis=-1, keepdims=True))


def _inputs_and_gradient(inputs, output_gradient):
    inputs = as_numbers(inputs, "inputs")
    gradient = as_numbers(output_gradient, "output_gradient")
    check_shape(gradient, "output_gradient", inputs.shape, "It has the shape of the inputs.")
    return same_dtype(inputs, gradient)
