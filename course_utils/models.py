"""The two networks of lesson 04, each a function that builds one for a given size of image.

Import this module (or `training`) before Keras: it silences TensorFlow's start-up messages.
"""

from course_utils._tensorflow import keras

layers = keras.layers

__all__ = ["compact_cnn", "first_cnn"]


def first_cnn(input_shape=(224, 224, 3)):
    """Build a network of two convolutions, two poolings and two dense layers.

    Images are float32, 0–1, and the shape is their height, width and channels. The model is not
    compiled; its output is (n, 1), the probability of class 1. Nearly all parameters lie between
    the flattened image and the first dense layer.

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

    Each convolution, of so many filters, is followed by a max pooling of 2 × 2. The global maximum
    asks "does this feature occur anywhere?", so a lesion is recognized wherever it lies, and the
    number of parameters does not depend on the size of the image. Images and output are those of
    `first_cnn`.

    >>> compact_cnn().count_params()
    23505
    """
    model = keras.Sequential([keras.Input(input_shape)], name="compact_cnn")
    for count in filters:
        model.add(layers.Conv2D(count, 3, padding="same", activation="relu"))
        model.add(layers.MaxPooling2D(2))
    model.add(layers.GlobalMaxPooling2D())
    model.add(layers.Dense(1, activation="sigmoid"))
    return model
