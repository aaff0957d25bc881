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

    Raises
    ------
    ValueError
        If the shape is not three whole numbers, or the image is too small for both poolings.

    Examples
    --------
    >>> first_cnn().count_params()
    23907521
    """
    _check_shape(input_shape, 10)
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
        If the shape is not three whole numbers, the image is too small for that many poolings, or
        a number of filters is not a whole number above 0.

    Examples
    --------
    >>> compact_cnn().count_params()
    23505
    """
    filters = _check_filters(filters)
    _check_shape(input_shape, 2 ** len(filters))
    model = keras.Sequential([keras.Input(input_shape)], name="compact_cnn")
    for count in filters:
        model.add(layers.Conv2D(count, 3, padding="same", activation="relu"))
        model.add(layers.MaxPooling2D(2))
    model.add(layers.GlobalMaxPooling2D())
    model.add(layers.Dense(1, activation="sigmoid"))
    return model


def standardized_cnn(input_shape=(28, 28, 1), filters=(32, 64, 128), outputs=1):
    """Build a compact network that looks at each image relative to its own brightness and contrast.

    The first layer brings every image to mean 0 and standard deviation 1, so that what is learned
    on one scanner, or on simulated images, meets similar numbers on another. Convolutions and max
    poolings follow as in `compact_cnn`; the mean and the maximum of each feature map say how much
    of a feature there is, and whether it occurs at all. Used in lesson 08.

    Parameters
    ----------
    input_shape : (int, int, int), optional
        Height, width, channels. Images are float32, 0–1.
    filters : sequence of int, optional
        Channels after each convolution.
    outputs : int, optional
        1 for a probability of class 1, otherwise the number of classes.

    Returns
    -------
    model : keras.Model
        Not compiled. The output has shape (n, outputs).

    Raises
    ------
    ValueError
        As for `compact_cnn`.

    Examples
    --------
    >>> standardized_cnn().count_params()
    92929
    """
    filters = _check_filters(filters)
    _check_shape(input_shape, 2 ** len(filters))
    inputs = keras.Input(input_shape)
    # Over the whole image, without weights of its own.
    x = layers.LayerNormalization(axis=(1, 2, 3), center=False, scale=False)(inputs)
    for count in filters:
        x = layers.Conv2D(count, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D(2)(x)
    x = layers.Concatenate()([layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)])
    x = layers.Dense(outputs, activation="sigmoid" if outputs == 1 else "softmax")(x)
    return keras.Model(inputs, x, name="standardized_cnn")


def _check_filters(filters):
    filters = tuple(filters)
    if not filters or not all(isinstance(n, int) and n > 0 for n in filters):
        raise ValueError(f"filters is {filters}. Give at least one whole number above 0.")
    return filters


def _check_shape(shape, smallest):
    least = (smallest, smallest, 1)
    fits = isinstance(shape, (tuple, list)) and len(shape) == 3
    if not fits or not all(
        isinstance(n, int) and n >= low for n, low in zip(shape, least, strict=True)
    ):
        raise ValueError(
            f"input_shape is {shape!r}. Give (height, width, channels), whole numbers, with at "
            f"least {smallest} pixels in height and width and 1 channel."
        )
