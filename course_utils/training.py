"""Seeds, and data sets as streams of batches for Keras.

Import this module before TensorFlow or Keras: it silences the line TensorFlow writes at
import. Taught in lesson 04.
"""

from __future__ import annotations

import warnings
from numbers import Integral

import numpy as np

from course_utils._checks import check_seed, refuse
from course_utils._tensorflow import import_quietly

tf = import_quietly()
# Only after the quiet import, because Keras imports TensorFlow too.
import keras  # noqa: E402

__all__ = ["set_seed", "to_tf"]

# Keras 3.15 says this for every tf.data stream, because shuffling is the default of `fit`;
# here the stream itself is shuffled.
warnings.filterwarnings("ignore", message="`shuffle=True` was passed, but will be ignored")


def set_seed(seed):
    """Seed Python, NumPy and TensorFlow at once.

    The same seed repeats a training on one machine; the last digits differ with the processor
    and the number of threads. Taught in lesson 04.

    Parameters
    ----------
    seed : int
        From 0.

    Raises
    ------
    DatasetError
        A seed that is no whole number.

    Examples
    --------
    >>> set_seed(0)
    """
    check_seed(seed)
    keras.utils.set_random_seed(int(seed))


def to_tf(dataset, batch_size=32, *, shuffle=False, seed=0, target="labels", weights=None):
    """Turn a data set into batches for `fit`, `evaluate` and `predict`.

    Images stay as they are stored until their batch is due, then `ImageDataset.as_float` makes
    them float32 from 0 to 1; so memory holds one copy in bytes. Taught in lesson 04.

    Parameters
    ----------
    dataset : ImageDataset
        The images.
    batch_size : int
        At least 1; the last batch may be smaller.
    shuffle : bool
        Draw a new order in every epoch. Leave it off to keep predictions in line with
        ``dataset.groups``.
    seed : int
        Seed of the orders.
    target : str
        ``"labels"``, or the name of a mask.
    weights : array (n,), optional
        Weight of each image in the loss.

    Returns
    -------
    tf.data.Dataset
        Batches of images (b, height, width, channels), float32, 0–1, and labels (b,), int64, or
        masks (b, height, width, 1), float32, 0 or 1; and weights (b,), float32, if given.

    Raises
    ------
    DatasetError
        A batch size below 1, an unknown mask, or weights that do not fit.

    Examples
    --------
    ``model.fit(to_tf(train, shuffle=True), validation_data=to_tf(validation), epochs=5)``

    >>> import numpy as np
    >>> from course_utils.datasets import ImageDataset
    >>> scans = ImageDataset(
    ...     name="demo",
    ...     images=np.zeros((8, 4, 4, 1), np.uint8),
    ...     labels=[0, 0, 0, 0, 1, 1, 1, 1],
    ...     class_names=("healthy", "tumor"),
    ...     groups=list("AABBCCDD"),
    ...     group_kind="patient",
    ...     origin="simulated",
    ... )
    >>> images, labels = next(iter(to_tf(scans, batch_size=4)))
    >>> images.shape, labels.numpy()
    (TensorShape([4, 4, 4, 1]), array([0, 0, 0, 0]))
    """
    check_seed(seed)
    if not isinstance(batch_size, Integral) or isinstance(batch_size, bool) or batch_size < 1:
        refuse("batch_size", repr(batch_size), "an integer from 1", "32 is a common choice.")
    arrays = [dataset.labels if target == "labels" else _mask_target(dataset, target)]
    if weights is not None:
        arrays.append(_check_weights(weights, len(dataset)))
    types = [tf.float32, *(tf.as_dtype(array.dtype) for array in arrays)]
    shapes = [dataset.images.shape[1:], *(array.shape[1:] for array in arrays)]

    def read(positions):
        return [dataset.as_float(positions), *(array[positions] for array in arrays)]

    def batch(positions):
        parts = tf.numpy_function(read, [positions], types, stateful=False)
        for part, shape in zip(parts, shapes, strict=True):
            part.set_shape((None, *shape))
        return tuple(parts)

    order = tf.data.Dataset.range(len(dataset))
    if shuffle:
        order = order.shuffle(len(dataset), seed=int(seed), reshuffle_each_iteration=True)
    return order.batch(int(batch_size)).map(batch, tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)


def _mask_target(dataset, name):
    return dataset.mask(name)[..., np.newaxis].astype(np.float32)


def _check_weights(weights, n):
    weights = np.asarray(weights)
    if weights.shape != (n,) or weights.dtype.kind not in "fiub":
        received = f"shape {weights.shape}, dtype {weights.dtype}"
        refuse("weights", received, f"numbers of shape ({n},)", "Give one weight per image.")
    if not np.isfinite(weights).all() or weights.min() < 0:
        refuse("weights", "NaN, infinity or a negative weight", "numbers from 0", "Mend them.")
    return weights.astype(np.float32)
