"""Flatten and dense layers, and the gradients.

Taught in lesson 03.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from course_utils.convolution._checks import as_numbers, check_shape, refuse, same_dtype

INPUTS = ("n", "inputs")
WEIGHTS = ("inputs", "outputs")


def flatten(images):
    """Write each image as one row of numbers, row by row with the channels innermost.

    Taught in lesson 03.

    Parameters
    ----------
    images : array_like (n, ...)
        At least two axes; integers become float64.

    Returns
    -------
    ndarray (n, numbers per image)
        float32 if the images are, else float64.

    Raises
    ------
    ValueError
        Fewer than two axes, or no numbers.

    Examples
    --------
    >>> import numpy as np
    >>> flatten(np.arange(8).reshape(1, 2, 2, 2))
    array([[0., 1., 2., 3., 4., 5., 6., 7.]])
    """
    images = _with_batch(images)
    return images.reshape(len(images), -1)


def flatten_gradient(images, output_gradient):
    """Pass a gradient backward through `flatten`: the same numbers in the images' shape.

    Taught in lesson 03.

    Parameters
    ----------
    images : array_like (n, ...)
        As for `flatten`; only the shape matters.
    output_gradient : array_like (n, numbers per image)
        Gradient of the loss with respect to the output.

    Returns
    -------
    ndarray (n, ...)
        Of the images' shape; float32 if both inputs are, else float64.

    Raises
    ------
    ValueError
        As for `flatten`, or a gradient of another shape than the output.

    Examples
    --------
    >>> import numpy as np
    >>> flatten_gradient(np.ones((1, 2, 2)), [[1.0, 2.0, 3.0, 4.0]])
    array([[[1., 2.],
            [3., 4.]]])
    """
    images = _with_batch(images)
    gradient = as_numbers(output_gradient, "output_gradient", ("n", "numbers per image"))
    expected = (len(images), images[0].size)
    check_shape(gradient, "output_gradient", expected, "It has the shape of the output.")
    images, gradient = same_dtype(images, gradient)
    return gradient.reshape(images.shape)


def dense(inputs, weights, bias=None):
    """Compute what Keras's Dense computes before its activation: inputs @ weights + bias.

    Every output is a weighted sum of all inputs. Taught in lesson 03.

    Parameters
    ----------
    inputs : array_like (n, inputs)
        One row per image; integers become float64.
    weights : array_like (inputs, outputs)
        In Keras's order.
    bias : array_like (outputs,), optional
        Added to every row.

    Returns
    -------
    ndarray (n, outputs)
        float32 if all inputs are, else float64.

    Raises
    ------
    ValueError
        Wrong axes or dtype, or shapes that do not match.

    Examples
    --------
    >>> dense([[1.0, 2.0]], [[3.0], [4.0]], bias=[0.5])
    array([[11.5]])
    """
    inputs, weights = _inputs_and_weights(inputs, weights)
    if bias is None:
        return inputs @ weights
    bias = as_numbers(bias, "bias", ("outputs",))
    check_shape(bias, "bias", weights.shape[1:], "Give one number per output.")
    inputs, weights, bias = same_dtype(inputs, weights, bias)
    return inputs @ weights + bias


class DenseGradients(NamedTuple):
    """Gradients of the loss with respect to each input of `dense`."""

    inputs: np.ndarray
    weights: np.ndarray
    bias: np.ndarray


def dense_gradients(inputs, weights, output_gradient):
    """Pass a gradient backward through `dense`.

    With g the gradient at the output: g @ weightsᵀ for the inputs, inputsᵀ @ g for the weights,
    and the sum of g over the images for the bias. Taught in lesson 03.

    Parameters
    ----------
    inputs, weights
        As for `dense`.
    output_gradient : array_like (n, outputs)
        Gradient of the loss with respect to the output.

    Returns
    -------
    DenseGradients
        Named tuple of arrays `inputs`, `weights` and `bias`, each of its input's shape; float32
        if all inputs are, else float64.

    Raises
    ------
    ValueError
        As for `dense`, or a gradient of another shape than the output.

    Examples
    --------
    >>> gradients = dense_gradients([[1.0, 2.0]], [[3.0], [4.0]], [[10.0]])
    >>> gradients.inputs
    array([[30., 40.]])
    >>> gradients.weights
    array([[10.],
           [20.]])
    """
    inputs, weights = _inputs_and_weights(inputs, weights)
    gradient = as_numbers(output_gradient, "output_gradient", ("n", "outputs"))
    expected = (len(inputs), weights.shape[1])
    check_shape(gradient, "output_gradient", expected, "It has the shape of the output.")
    inputs, weights, gradient = same_dtype(inputs, weights, gradient)
    return DenseGradients(gradient @ weights.T, inputs.T @ gradient, gradient.sum(axis=0))


def _with_batch(images):
    images = as_numbers(images, "images")
    if images.ndim < 2:
        refuse("images", f"shape {images.shape}", "(n, ...)", "Put the images along axis 0.")
    return images


def _inputs_and_weights(inputs, weights):
    inputs = as_numbers(inputs, "inputs", INPUTS)
    weights = as_numbers(weights, "weights", WEIGHTS)
    if inputs.shape[1] != weights.shape[0]:
        refuse(
            "weights",
            f"shape {weights.shape}",
            f"shape ({inputs.shape[1]}, outputs) for inputs {inputs.shape}",
            "Weights have one row for each input.",
        )
    return same_dtype(inputs, weights)
