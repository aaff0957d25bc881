"""Wrong answers to the exercises of lesson 04."""


def network(
    *,
    pooling="GlobalAveragePooling2D",
    activation="sigmoid",
    rectifier="relu",
    channels=1,
    filters=None,
):
    """Return a learner's function that builds a network with one thing wrong."""

    def build(wanted):
        from course_utils.models import keras

        layers = keras.layers
        return keras.Sequential(
            [
                keras.Input((64, 64, channels)),
                layers.Conv2D(filters or wanted, 3, activation=rectifier),
                getattr(layers, pooling)(),
                layers.Dense(1, activation=activation),
            ]
        )

    return build


WRONG_ANSWERS = {
    "4.1": [
        (lambda w, c, f: w * w * c * f, "forgot the biases"),
        (lambda w, c, f: w * w * c * f + 1, "one bias for the layer"),
        (lambda w, c, f: (w * c + 1) * f, "a square"),
        (lambda w, c, f: (w * w + 1) * f, "left out the input channels"),
        (lambda w, c, f: (w * w + 1) * c * f, "one bias in all"),
        (lambda w, c, f: 1216, "use the arguments"),
    ],
    "4.2": [
        (99.9191, "in percent"),
        (54 * 54 * 64 * 128 / 23_907_521, "left out the biases"),
        (54 * 54 * 64 * 128 + 128, "divide by all"),
        (1 - 23_888_000 / 23_907_521, "all other layers"),
        (0.9992, "rounded"),
    ],
    "4.3": [
        (lambda n, b, e: n // b * e, "dropped the last"),
        (lambda n, b, e: -(-n * e // b), "in every epoch"),
        (lambda n, b, e: n / b * e, "whole batch"),
        (lambda n, b, e: n * e, "counted images"),
        (lambda n, b, e: (n // b + 1) * e, "no extra one"),
        (lambda n, b, e: -(-n // 32) * e, "a fixed 32"),
        (lambda n, b, e: -(-n // b) * 3, "a fixed 3"),
    ],
    "4.4": [("a", "at every place"), ("c", "64 numbers"), ("d", "does not reduce")],
    "4.5": [
        (lambda f: [f], "return the Keras model"),
        (network(pooling="Flatten"), "flatten"),
        (network(pooling="GlobalMaxPooling2D"), "maximum of each map"),
        (network(activation=None), "needs a sigmoid"),
        (network(rectifier=None), "ReLU is asked for"),
        (network(channels=3), "should be (64, 64, 1)"),
        (network(filters=16), "not used"),
    ],
    "4.6": [("a", "Single patients"), ("b", "simulator"), ("c", "drawing patients")],
}
