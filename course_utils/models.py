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

    The first layer brings every image to mean 0 and a standard deviation of nearly 1, so that what
    is learned on one scanner, or on simulated images, meets similar numbers on another. It does not
    quite undo low contrast: a standard deviation of 0.1 becomes 0.95, one of 0.03 becomes 0.69.
    Convolutions and max poolings follow as in `compact_cnn`; the mean and the maximum of each
    feature map say how much of a feature there is, and whether it occurs at all. Used in lesson 08.

    Parameters
    ----------
    input_shape : (int, int, int), optional
        Height, width, channels. Images are float32, 0–1.
    filters : sequence of int, optional
        Channels after each convolution.
    outputs : int, optional
        1: the output is the probability of class 1. From 3: one probability per class, by softmax.

    Returns
    -------
    model : keras.Model
        Not compiled. The output has shape (n, outputs).

    Raises
    ------
    ValueError
        As for `compact_cnn`, or two outputs.

    Notes
    -----
    The layer divides by the square root of the variance plus 0.001, Keras's default, which the
    shipped weights were trained with; without it, an image of one gray level would divide by 0.

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
    x = layers.Dense(outputs, activation=_output_activation(outputs, "outputs"))(x)
    return keras.Model(inputs, x, name="standardized_cnn")


def color_cnn(input_shape=(48, 48, 3), classes=7, power=1):
    """Build a small network for color images that takes out the color of the light itself.

    Each color is divided by its mean over the image; three convolutions follow, each with a max
    pooling of 2 × 2, then the mean and the maximum of each feature map, and one probability for
    each class. Taught in lesson 09.

    Parameters
    ----------
    input_shape : (int, int, int), optional
        Height, width, three colors. Images are float32, 0–1.
    classes : int, optional
        Number of probabilities, at least 2; they sum to 1.
    power : int or None, optional
        What each color is divided by: 1 is its mean (gray world), a higher power weights bright
        pixels more (shades of gray). None divides all images by the same number instead, and so
        leaves the colors as they were taken.

    Returns
    -------
    model : keras.Model
        Not compiled. The output has shape (n, classes).

    Raises
    ------
    ValueError
        If the shape is no color image of at least 8 × 8 pixels, or a number is out of range.

    Notes
    -----
    Color constancy in dermoscopy: Barata et al. 2015, https://doi.org/10.1109/JBHI.2014.2336473.

    Examples
    --------
    >>> color_cnn().count_params()
    24487
    >>> color_cnn().output_shape
    (None, 7)
    """
    _check_shape(input_shape, 8)
    if input_shape[2] != 3:
        raise ValueError(f"input_shape is {input_shape}. Give three channels: red, green, blue.")
    if not isinstance(classes, int) or classes < 2:
        raise ValueError(f"classes is {classes!r}. Give a whole number from 2.")
    if power is not None and (not isinstance(power, int) or power < 1):
        raise ValueError(f"power is {power!r}. Give a whole number from 1, or None.")
    inputs = keras.Input(input_shape)
    x = _in_units_of_light(inputs, power)
    for filters in (16, 32, 64):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D(2)(x)
    x = layers.Concatenate()([layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)])
    outputs = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(inputs, outputs, name="color_cnn")


def _in_units_of_light(images, power):
    """Divide each color by its level in the image, and bring the result to about -1 to 1."""
    # The level of a usual skin image; and a least one, so that black images do not divide by 0.
    light, least = 0.6, 1 / 255
    if power is not None:
        mean = keras.ops.mean(images**power, axis=(1, 2), keepdims=True)
        light = keras.ops.maximum(mean, least**power) ** (1 / power)
    return 3 * (images / light - 1)


def residual_cnn(input_shape=(96, 96, 2), filters=(16, 32, 64), classes=1):
    """Build a small residual network: one block of two convolutions per stage.

    A block adds its input to what its two convolutions found, so that the gradient has a short way
    through the network. Each stage after the first halves height and width and takes its input
    through a 1 × 1 convolution, which gives it the right shape to be added. Used in lesson 08.

    Parameters
    ----------
    input_shape : (int, int, int), optional
        Height, width, channels. Images are float32, 0–1.
    filters : sequence of int, optional
        Channels of each stage.
    classes : int, optional
        1: the output is the probability of class 1. From 3: one probability per class, by softmax.

    Returns
    -------
    model : keras.Model
        Not compiled. The output has shape (n, classes).

    Raises
    ------
    ValueError
        If the shape is not three whole numbers, the image is too small for that many stages, a
        number of filters is not a whole number above 0, or there are two classes.

    Notes
    -----
    Residual blocks: He and others 2016, https://doi.org/10.1109/CVPR.2016.90. At the end stands the
    global maximum instead of their mean, for the reason given for `compact_cnn`.

    Examples
    --------
    >>> residual_cnn().count_params()
    77985
    """
    filters = _check_filters(filters)
    _check_shape(input_shape, 2 ** len(filters))
    images = keras.Input(input_shape)
    x = layers.Conv2D(filters[0], 3, padding="same", use_bias=False)(images)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    for stage, count in enumerate(filters):
        x = _residual_block(x, count, strides=1 if stage == 0 else 2)
    x = layers.GlobalMaxPooling2D()(x)
    outputs = layers.Dense(classes, activation=_output_activation(classes))(x)
    return keras.Model(images, outputs, name="residual_cnn")


def _residual_block(x, filters, strides):
    # No bias: the batch normalization that follows would subtract it again.
    shortcut = x
    x = layers.Conv2D(filters, 3, strides, padding="same", use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    if shortcut.shape != x.shape:
        shortcut = layers.Conv2D(filters, 1, strides, use_bias=False)(shortcut)
        shortcut = layers.BatchNormalization()(shortcut)
    return layers.ReLU()(layers.Add()([x, shortcut]))


def unet(input_shape=(96, 96, 2), filters=(16, 32, 64, 128), classes=1):
    """Build a U-Net: down to coarse feature maps, up again, with skip connections across.

    Each step down is two convolutions, each with batch normalization, and a max pooling; each step
    up doubles height and width by a transposed convolution, joins the feature maps of the same size
    from the way down, and applies two convolutions. The coarse maps know what is there, the fine
    ones where its edge lies. Taught in lesson 10.

    Parameters
    ----------
    input_shape : (int, int, int), optional
        Height, width, channels. Height and width must be divisible by 2 for every pooling, so by
        8 with four numbers of filters. Images are float32, 0–1.
    filters : sequence of int, optional
        Channels at each depth, from the top to the bottom; at least two numbers.
    classes : int, optional
        1: the output is each pixel's probability of lying inside the mask. From 3: one probability
        per class, by softmax.

    Returns
    -------
    model : keras.Model
        Not compiled. The output has shape (n, height, width, classes).

    Raises
    ------
    ValueError
        If the shape is not three whole numbers or cannot be halved that often, a number of filters
        is not a whole number above 0, or there are two classes.

    Notes
    -----
    Ronneberger and others 2015, https://doi.org/10.1007/978-3-319-24574-4_28. Their convolutions
    have no padding, so that the output is smaller than the image; here it has the same size. Nor
    have they batch normalization (Ioffe and Szegedy 2015, https://arxiv.org/abs/1502.03167), with
    which this one needs fewer steps.

    Examples
    --------
    >>> unet().count_params()
    484001
    """
    filters = _check_filters(filters)
    _check_divisible(input_shape, filters)
    images = x = keras.Input(input_shape)
    skips = []
    for count in filters[:-1]:
        x = _two_convolutions(x, count)
        skips.append(x)
        x = layers.MaxPooling2D(2)(x)
    x = _two_convolutions(x, filters[-1])
    for count, skip in zip(filters[-2::-1], reversed(skips), strict=True):
        x = layers.Conv2DTranspose(count, 2, strides=2)(x)
        x = layers.Concatenate()([skip, x])
        x = _two_convolutions(x, count)
    outputs = layers.Conv2D(classes, 1, activation=_output_activation(classes))(x)
    return keras.Model(images, outputs, name="unet")


def _two_convolutions(x, filters):
    for _ in range(2):
        # No bias: the batch normalization that follows would subtract it again. Its running means
        # must settle in the few hundred steps of a short training, hence the momentum.
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
    return x


def _check_divisible(shape, filters):
    if len(filters) < 2:
        raise ValueError(f"filters is {filters}. Give at least two numbers: a top and a bottom.")
    step = 2 ** (len(filters) - 1)
    _check_shape(shape, step)
    if shape[0] % step or shape[1] % step:
        raise ValueError(
            f"input_shape is {shape!r}. With {len(filters)} numbers of filters, height and width "
            f"must be divisible by {step}, or the feature maps on the way up do not fit those on "
            "the way down. Pad or resize the images, or give fewer filters."
        )


def _check_filters(filters):
    filters = tuple(filters)
    if not filters or not all(isinstance(n, int) and n > 0 for n in filters):
        raise ValueError(f"filters is {filters}. Give at least one whole number above 0.")
    return filters


def _output_activation(classes, name="classes"):
    if not isinstance(classes, int) or isinstance(classes, bool) or classes < 1 or classes == 2:
        raise ValueError(
            f"{name} is {classes!r}. Give 1 for a two-class question (the probability of the "
            "second class), or a whole number from 3."
        )
    return "sigmoid" if classes == 1 else "softmax"


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
