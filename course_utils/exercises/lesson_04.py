"""Exercises of lesson 04, the first CNN."""

import numpy as np

from course_utils.exercises.exercise import Exercise, choice

check_4_1 = Exercise(
    "4.1",
    lambda window, channels, filters: (window**2 * channels + 1) * filters,
    praise="It depends on the window, the channels and the filters, not on the image.",
    calls=[(5, 3, 16), (3, 32, 64)],
    mistakes={
        "You forgot the biases, one for each filter.": 1200,
        "You counted one bias for the layer; every filter has its own.": 1201,
        "The window is a square: window · window weights per channel.": 256,
        "You left out the input channels: a filter has weights for each of them.": 416,
    },
    other_wrong=[lambda *layer: 1216],
)

_TOTAL, _WEIGHTS = 23_907_521, 54 * 54 * 64 * 128


def _look_at_share(share):
    if isinstance(share, (int, float)) and 90 < share <= 100:
        return "That is in percent; the share is asked for as a number from 0 to 1."
    if share in (1, 0.999, 0.9992, 0.99918):
        return "That is rounded. Give the fraction as Python computes it, so the rest shows."
    return None


check_4_2 = Exercise(
    "4.2",
    (_WEIGHTS + 128) / _TOTAL,
    praise="More than 99.9 %: this layer is the network, and the place to save.",
    look=lambda share: None if np.ndim(share) else _look_at_share(share),
    tolerance=1e-6,
    mistakes={
        "That is in percent": 99.9191,
        "That is rounded": 0.9992,
        "You left out the biases: one for each of the 128 outputs.": _WEIGHTS / _TOTAL,
        "That is the number of parameters; divide by all of the network.": _WEIGHTS + 128,
        "You counted both dense layers; take the first one.": (_WEIGHTS + 257) / _TOTAL,
        "Flatten gets the map after pooling, 54 × 54.": (109 * 109 * 64 * 128 + 128) / _TOTAL,
    },
    other_right=[np.float32(0.999185)],
)

check_4_3 = Exercise(
    "4.3",
    lambda images, batch_size, epochs: -(-images // batch_size) * epochs,
    praise="Each step moves every weight once.",
    calls=[(100, 32, 3), (48, 16, 2), (33, 32, 1)],
    mistakes={
        "You dropped the last, smaller batch of each epoch: round up.": 9,
        "Round up in every epoch: each of them ends with a smaller batch.": 10,
        "A step is a whole batch: round up.": 100 / 32 * 3,
        "When the batches divide evenly there is no extra one.": lambda n, b, e: (n // b + 1) * e,
        "Use `batch_size`; you have a fixed 32.": lambda n, b, e: -(-n // 32) * e,
    },
    other_right=[lambda n, b, e: len(range(0, n, b)) * e, lambda n, b, e: np.ceil(n / b) * e],
)

check_4_4 = choice(
    "4.4",
    "b",
    praise="Only the time and the memory for the feature maps grow.",
    a="A filter's weights are used at every place, so more places need no more weights.",
    c="The dense layer gets 64 numbers, one per feature map, whatever their size.",
    d="Sharing does not reduce the number of weights; there are as many as the filters hold.",
)


def _network(pooling="GlobalAveragePooling2D", last="sigmoid", first="relu", shape=(64, 64, 1)):
    """Return a function that builds a network, right or with one thing wrong."""

    def build(filters):
        # Imported here, since Keras loads TensorFlow.
        from course_utils.models import keras

        convolution = keras.layers.Conv2D(filters, 3, activation=first)
        layers = [convolution, getattr(keras.layers, pooling)()]
        return keras.Sequential(
            [keras.Input(shape), *layers, keras.layers.Dense(1, activation=last)]
        )

    return build


def _judge_network(small_network):
    model = small_network(8)
    if not hasattr(model, "count_params"):
        return f"Your function returns a {type(model).__name__}; return the Keras model."
    if tuple(model.input_shape) != (None, 64, 64, 1):
        return f"The input has shape {model.input_shape[1:]}; it should be (64, 64, 1)."
    if tuple(model.output_shape) != (None, 1):
        return f"The output has shape {model.output_shape[1:]}; it should be one number, (1,)."
    kinds = [type(layer).__name__ for layer in model.layers]
    if "Flatten" in kinds:
        return "You flatten the feature maps; take their average with GlobalAveragePooling2D."
    if "GlobalMaxPooling2D" in kinds:
        return "You take the maximum of each map; the average is asked for."
    activations = [getattr(getattr(a, "activation", 0), "__name__", "none") for a in model.layers]
    if activations[-1] != "sigmoid":
        return f"The last layer's activation is {activations[-1]}; a probability needs a sigmoid."
    if "relu" not in activations and "ReLU" not in kinds:
        return "No layer has the activation ReLU; it is asked for after the convolution."
    if model.count_params() == small_network(16).count_params():
        return "Your function does not use `filters`: with 8 and with 16 it builds the same."
    if model.count_params() != 89:
        return f"With 8 filters there are {model.count_params()} parameters; there should be 89."
    return None


check_4_5 = Exercise(
    "4.5",
    _network(),
    praise="Its size depends on the filters alone.",
    judge=_judge_network,
    mistakes={
        "return the Keras model": lambda filters: [filters],
        "You flatten": _network(pooling="Flatten"),
        "maximum of each map": _network(pooling="GlobalMaxPooling2D"),
        "needs a sigmoid": _network(last=None),
        "has the activation ReLU": _network(first=None),
        "should be (64, 64, 1)": _network(shape=(64, 64, 3)),
        "does not use `filters`": lambda filters: _network()(16),
        "there should be 89": lambda filters: _network()(2 * filters),
    },
    other_wrong=[None, lambda: 89],
)

check_4_6 = choice(
    "4.6",
    "d",
    praise="The interval is about drawing test patients, from the same source.",
    a="The AUC is an average over pairs of patients. Single patients may well be judged better by "
    "the other network.",
    b="All patients here come from a simulator. Real patients were never drawn, so no interval "
    "speaks about them.",
    c="All five dots do lie inside, but the bar was not made to promise that: it comes from "
    "drawing patients, and the dots from drawing starts.",
)
