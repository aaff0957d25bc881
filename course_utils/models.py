"""Keras models of the course, each a function that builds one.

Import this module (or `training`) before Keras: it silences TensorFlow's start-up messages.
"""

from course_utils._tensorflow import import_quietly

import_quietly()
# Only after the quiet import, because Keras imports TensorFlow too.
import keras  # noqa: E402
from keras import layers  # noqa: E402


def first_cnn(input_shape=(224, 224, 3)):
    """Build the network of lesson 04: two convolutions, two poolings, two dense layers.

    Parameters
    ----------
    input_shape : (int, int, int), optional
        Height, width, channels. Images are float32, 0–1.

    Returns
    -------
    model : keras.Model
        Not compiled. The output has shape (n, 1): the probability of class 1. At 224 × 224 × 3
        it has 23,907,521 parameters, nearly all between the flattened image and the first dense
        layer.

    Examples
    --------
    >>> first_cnn().count_params()
    23907521
    """
    return keras.Sequential(
        [
            keras.Input(input_shape),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(1, activation="sigmoid"),
        ],
        name="first_cnn",
    )


def compact_cnn(input_shape=(96, 96, 2), filters=(16, 32, 64)):
    """Build a small network that ends in global max pooling instead of a flattened image.

    Each convolution is followed by a max pooling of 2 × 2. The global maximum asks "does this
    feature occur anywhere?", so a lesion is recognized wherever it lies, and the number of
    parameters does not depend on the size of the image. Taught in lesson 04.

    Parameters
    ----------
    input_shape : (int, int, int), optional
        Height, width, channels. Images are float32, 0–1.
    filters : sequence of int, optional
        Channels after each convolution.

    Returns
    -------
    model : keras.Model
        Not compiled. The output has shape (n, 1): the probability of class 1.

    Raises
    ------
    ValueError
        If the image is too small for that many poolings.

    Examples
    --------
    >>> compact_cnn().count_params()
    23505
    """
    smallest = 2 ** len(filters)
    if min(input_shape[:2]) < smallest:
        raise ValueError(
            f"input_shape is {tuple(input_shape)}; {len(filters)} poolings need at least "
            f"{smallest} pixels in height and width. Use fewer filters or larger images."
        )
    model = keras.Sequential([keras.Input(input_shape)], name="compact_cnn")
    for count in filters:
        model.add(layers.Conv2D(count, 3, padding="same", activation="relu"))
        model.add(layers.MaxPooling2D(2))
    model.add(layers.GlobalMaxPooling2D())
    model.add(layers.Dense(1, activation="sigmoid"))
    return model
