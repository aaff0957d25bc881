"""Cross-entropy losses as means over the batch, and the gradients.

Predictions are probabilities, or logits, the numbers before sigmoid or softmax. Logits are the
more exact way: a probability of 1 − 10⁻⁹ is 1 in float32, and its logarithm is lost. So
probabilities are kept EPSILON away from 0 and 1, as Keras does. Note that Keras finds a sigmoid or
softmax at the end of a model that it trains, and then works with the logits by itself.

Taught in lesson 03. Source: Goodfellow et al. 2016, chapter 6
(https://www.deeplearningbook.org/contents/mlp.html).
"""

from __future__ import annotations

import numpy as np

from course_utils.convolution._checks import as_numbers, check_shape, refuse
from course_utils.convolution.activations import sigmoid, softmax

EPSILON = 1e-7


def binary_cross_entropy(targets, predictions, *, from_logits=False):
    """Return the mean of −t log p − (1 − t) log(1 − p).

    Taught in lesson 03.

    Parameters
    ----------
    targets : array_like
        Any shape, 0–1: 1 for the positive class; between them for soft labels.
    predictions : array_like
        Of the same shape: probabilities of the positive class, 0–1, or logits.
    from_logits : bool
        Whether the predictions are logits, the inputs of the sigmoid.

    Returns
    -------
    numpy.float32 or numpy.float64
        Mean over all predictions, of their dtype.

    Raises
    ------
    ValueError
        Shapes that differ, targets or probabilities outside 0–1, or no numbers.

    Examples
    --------
    >>> print(f"{binary_cross_entropy([1, 0], [0.5, 0.5]):.4f}")
    0.6931
    >>> print(f"{binary_cross_entropy([1, 0], [0.0, 0.0], from_logits=True):.4f}")
    0.6931
    """
    t, p = _targets_and_predictions(targets, predictions, from_logits)
    if from_logits:
        return (np.maximum(p, 0) - p * t + np.log1p(np.exp(-np.abs(p)))).mean()
    p = _clipped(p)
    return -(t * np.log(p) + (1 - t) * np.log(1 - p)).mean()


def binary_cross_entropy_gradient(targets, predictions, *, from_logits=False):
    """Return the gradient of `binary_cross_entropy` with respect to the predictions.

    (p − t) / (p (1 − p)) / m for m probabilities, 0 where they were clipped; for logits x it is
    (σ(x) − t) / m, which never vanishes while a prediction is wrong. Taught in lesson 03.

    Parameters
    ----------
    targets, predictions, from_logits
        As for `binary_cross_entropy`.

    Returns
    -------
    ndarray
        Of the predictions' shape and dtype.

    Raises
    ------
    ValueError
        As for `binary_cross_entropy`.

    Examples
    --------
    >>> binary_cross_entropy_gradient([1, 0], [0.5, 0.5])
    array([-1.,  1.])
    >>> binary_cross_entropy_gradient([1, 0], [0.0, 0.0], from_logits=True)
    array([-0.25,  0.25])
    """
    t, p = _targets_and_predictions(targets, predictions, from_logits)
    if from_logits:
        return (sigmoid(p) - t) / p.size
    kept = _clipped(p)
    # A product, not np.where, so that NaN stays NaN.
    return (kept - t) / (kept * (1 - kept)) / p.size * (kept == p)


def categorical_cross_entropy(targets, predictions, *, from_logits=False):
    """Return the mean of −Σₖ tₖ log pₖ, with the classes k along the last axis.

    Taught in lesson 03.

    Parameters
    ----------
    targets : array_like (..., classes)
        One-hot, or probabilities that add up to 1 over the classes. Of whole-number labels,
        ``np.eye(classes)[labels]`` makes one-hot targets.
    predictions : array_like (..., classes)
        Of the same shape: probabilities, which add up to 1 (what is missing by rounding is
        made up, as in Keras), or logits.
    from_logits : bool
        Whether the predictions are logits, the inputs of the softmax.

    Returns
    -------
    numpy.float32 or numpy.float64
        Mean over all but the last axis, of the predictions' dtype.

    Raises
    ------
    ValueError
        Shapes that differ, targets or probabilities outside 0–1 or not adding up to 1, or no
        numbers.

    Examples
    --------
    >>> print(f"{categorical_cross_entropy([[0, 1, 0]], [[0.25, 0.5, 0.25]]):.4f}")
    0.6931
    >>> print(f"{categorical_cross_entropy([[0, 1]], [[0.0, 0.0]], from_logits=True):.4f}")
    0.6931
    """
    t, p = _classes(targets, predictions, from_logits)
    if from_logits:
        shifted = p - p.max(axis=-1, keepdims=True)
        logs = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    else:
        logs = np.log(_clipped(p / p.sum(axis=-1, keepdims=True)))
    return -(t * logs).sum(axis=-1).mean()


def categorical_cross_entropy_gradient(targets, predictions, *, from_logits=False):
    """Return the gradient of `categorical_cross_entropy` with respect to the predictions.

    For m rows of logits x it is (softmax(x) − t) / m. For probabilities, −t / p / m goes back
    through the division by their sum, and is 0 where they were clipped. Taught in lesson 03.

    Parameters
    ----------
    targets, predictions, from_logits
        As for `categorical_cross_entropy`.

    Returns
    -------
    ndarray
        Of the predictions' shape and dtype.

    Raises
    ------
    ValueError
        As for `categorical_cross_entropy`.

    Examples
    --------
    >>> categorical_cross_entropy_gradient([[0, 1]], [[0.0, 0.0]], from_logits=True)
    array([[ 0.5, -0.5]])
    """
    t, p = _classes(targets, predictions, from_logits)
    rows = p[..., 0].size
    if from_logits:
        return (softmax(p) - t) / rows
    total = p.sum(axis=-1, keepdims=True)
    p = p / total
    kept = _clipped(p)
    gradient = -t / kept / rows * (kept == p)
    return (gradient - (gradient * p).sum(axis=-1, keepdims=True)) / total


def _clipped(probabilities):
    return np.clip(probabilities, EPSILON, 1 - EPSILON)


def _targets_and_predictions(targets, predictions, from_logits):
    targets = as_numbers(targets, "targets")
    predictions = as_numbers(predictions, "predictions")
    advice = "Give each prediction one target; reshape what has an axis of 1 too many."
    check_shape(targets, "targets", predictions.shape, advice)
    _check_probabilities(targets, "targets", "Labels are 0 or 1.")
    if not from_logits:
        _check_probabilities(predictions, "predictions", "For logits, set from_logits=True.")
    return targets.astype(predictions.dtype, copy=False), predictions


def _classes(targets, predictions, from_logits):
    targets, predictions = _targets_and_predictions(targets, predictions, from_logits)
    if targets.ndim < 2:
        advice = "Of labels, np.eye(classes)[labels] makes one-hot targets."
        refuse("targets", f"shape {targets.shape}", "shape (..., classes)", advice)
    _check_sums(targets, "targets", "Of labels, np.eye(classes)[labels] makes one-hot targets.")
    if not from_logits:
        _check_sums(predictions, "predictions", "Apply softmax, or set from_logits=True.")
    return targets, predictions


def _check_probabilities(values, name, advice):
    if np.any((values < 0) | (values > 1)):
        extremes = f"values from {np.nanmin(values):g} to {np.nanmax(values):g}"
        refuse(name, extremes, "0 to 1", advice)


def _check_sums(values, name, advice):
    sums = values.sum(axis=-1)
    # Rounding, not a forgotten softmax, may take this much.
    if np.any(np.abs(sums - 1) > 1e-3):
        received = f"sums over the last axis from {np.nanmin(sums):g} to {np.nanmax(sums):g}"
        refuse(name, received, "sums of 1", advice)
