"""Losses for masks: soft Dice, and its sum with cross-entropy.

Cross-entropy by itself is Keras's ``"binary_crossentropy"``. Import this module before TensorFlow
or Keras, as `training`. Taught in lesson 10.
"""

from course_utils._checks import refuse
from course_utils._tensorflow import import_quietly

import_quietly()
# Only after the quiet import, because Keras imports TensorFlow too.
import keras  # noqa: E402
from keras import ops  # noqa: E402

__all__ = ["cross_entropy_and_dice", "soft_dice_loss"]

# Pixels added above and below the fraction line. A batch without any mask then has a loss of 0 for
# an empty prediction instead of 0 / 0; against the hundreds of pixels of a tumor one counts little.
SMOOTHING = 1.0


@keras.saving.register_keras_serializable("course_utils")
def soft_dice_loss(truth, predicted):
    """One minus the Dice score of a whole batch, with probabilities in place of a mask.

    All pixels of the batch are pooled: a slice without a tumor has no Dice score of its own, but in
    the pool its false alarms count. So the value depends on what shares a batch, and weights of
    single images mean nothing here.

    Parameters
    ----------
    truth : tensor (b, height, width, 1), float32, 0 or 1
    predicted : tensor (b, height, width, 1), float32, 0–1
        Probabilities.

    Returns
    -------
    loss : scalar tensor, 0–1

    Raises
    ------
    DatasetError
        The shapes differ.

    Notes
    -----
    With p the probabilities and g the true mask, (2 Σ p g + 1) / (Σ p² + Σ g² + 1) is the soft Dice
    score: the form of Milletari and others 2016, https://doi.org/10.1109/3DV.2016.79, and 1 to keep
    it defined where both are empty.

    Examples
    --------
    >>> truth = ops.reshape(ops.array([1.0, 1.0, 0.0, 0.0]), (1, 2, 2, 1))
    >>> round(float(soft_dice_loss(truth, 0.5 * truth)), 4)  # 1 - (2 * 1 + 1) / (0.5 + 2 + 1)
    0.1429
    >>> float(soft_dice_loss(0 * truth, 0 * truth))
    0.0
    """
    truth, predicted = _checked(truth, predicted)
    overlap = ops.sum(truth * predicted)
    size = ops.sum(ops.square(truth)) + ops.sum(ops.square(predicted))
    return 1 - (2 * overlap + SMOOTHING) / (size + SMOOTHING)


@keras.saving.register_keras_serializable("course_utils")
def cross_entropy_and_dice(truth, predicted):
    """Binary cross-entropy, averaged over pixels, plus `soft_dice_loss`.

    Cross-entropy gives every pixel a steady gradient, the Dice term keeps a small tumor from being
    outvoted by the background.

    Parameters
    ----------
    truth, predicted : tensor (b, height, width, 1)
        As for `soft_dice_loss`.

    Returns
    -------
    loss : scalar tensor, from 0

    Raises
    ------
    DatasetError
        The shapes differ.

    Examples
    --------
    >>> truth = ops.reshape(ops.array([1.0, 1.0, 0.0, 0.0]), (1, 2, 2, 1))
    >>> round(float(cross_entropy_and_dice(truth, 0.5 * ops.ones_like(truth))), 4)  # log 2 + 1/4
    0.9431
    """
    truth, predicted = _checked(truth, predicted)
    cross_entropy = ops.mean(keras.losses.binary_crossentropy(truth, predicted))
    return cross_entropy + soft_dice_loss(truth, predicted)


def _checked(truth, predicted):
    predicted = ops.convert_to_tensor(predicted)
    truth = ops.cast(truth, predicted.dtype)
    same = len(truth.shape) == len(predicted.shape) and all(
        None in (a, b) or a == b for a, b in zip(truth.shape, predicted.shape, strict=True)
    )
    if not same:
        refuse(
            "truth and predicted",
            f"shapes {tuple(truth.shape)} and {tuple(predicted.shape)}",
            "one shape, (b, height, width, 1)",
            "training.to_tf(dataset, target='core') gives masks of this form.",
        )
    return truth, predicted
