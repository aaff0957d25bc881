"""Start from a network that the course trained on other, simulated images.

data/weights holds the architecture and the weights of each network. They are made by
``python -m authoring.workshop.pretrain``, from the networks that the lessons show.
"""

from __future__ import annotations

import warnings

from course_utils import ROOT, training
from course_utils._checks import DatasetError, check_choice
from course_utils._tensorflow import keras

layers = keras.layers
__all__ = ["NAMES", "add_head", "backbone", "fine_tune", "load"]

WEIGHTS = ROOT / "data" / "weights"
# Those that end in a dense layer, and the U-Net.
CLASSIFIERS = ("breast_ultrasound", "skin_lesions")
NAMES = (*CLASSIFIERS, "brain_mri")


def load(name):
    """Load one of `NAMES`, a Keras model with the weights that it learned on simulated images.

    It is not compiled. ``model.input_shape`` says which images it takes, float32, 0–1.

    >>> load("breast_ultrasound").input_shape
    (None, 28, 28, 1)
    """
    check_choice("name", name, NAMES)
    path = WEIGHTS / f"{name}.weights.h5"
    try:
        model = keras.models.model_from_json((WEIGHTS / f"{name}.json").read_text("utf-8"))
        with warnings.catch_warnings():
            # Keras only warns where a file lacks layers, and leaves them random.
            warnings.simplefilter("error", UserWarning)
            model.load_weights(path)
    except (OSError, ValueError, KeyError, TypeError, UserWarning) as error:
        raise DatasetError(
            f"name: the network {name!r} cannot be read from {path.parent} ({error}). Get these "
            f"files again, or train it again: python -m authoring.workshop.pretrain {name}"
        ) from error
    return model


def backbone(name):
    """Load one of `CLASSIFIERS` without its last layer: what turns images into features (n, d).

    >>> backbone("breast_ultrasound").output_shape
    (None, 256)
    """
    check_choice("name", name, CLASSIFIERS)
    model = load(name)
    return keras.Model(model.inputs, model.layers[-1].input, name=f"{model.name}_backbone")


def add_head(backbone, outputs):
    """Put a new dense layer, with random weights, onto a backbone; return the model, not compiled.

    The backbone, a keras.Model, returns features (n, d), such as that of `backbone` or a network of
    ``keras.applications`` with ``include_top=False, pooling="avg"``. It is not copied, but trained
    with the model. One output is a probability of class 1 (sigmoid), several are classes (softmax).

    >>> add_head(backbone("breast_ultrasound"), outputs=7).output_shape
    (None, 7)
    """
    inputs = keras.Input(backbone.input_shape[1:])
    activation = "sigmoid" if outputs == 1 else "softmax"
    head = layers.Dense(outputs, activation=activation, name="head")
    return keras.Model(inputs, head(backbone(inputs)))


def fine_tune(
    model, train, validation=None, *, head_epochs, epochs, loss, rates=(1e-3, 1e-4), **options
):
    """Train the new head alone, then, at a lower rate, the whole network; return both histories.

    A new head is random, and what it sends back at first would spoil the features below. The model
    is one from `add_head`, or any network whose last layer is new; it is compiled here with the
    loss. The head alone gets `head_epochs` passes, everything `epochs`, with Adam at the two rates
    or schedules. Train, validation and other options are those of `training.fit`; callbacks, such
    as early stopping, belong to the second part.
    """
    _freeze(model)
    model.compile(keras.optimizers.Adam(rates[0]), loss=loss)
    first = {name: value for name, value in options.items() if name != "callbacks"}
    histories = [training.fit(model, train, validation, epochs=head_epochs, **first)]
    _unfreeze(model)
    model.compile(keras.optimizers.Adam(rates[1]), loss=loss)
    return [*histories, training.fit(model, train, validation, epochs=epochs, **options)]


def _freeze(model):
    for layer in model.layers[:-1]:
        layer.trainable = False


def _unfreeze(model):
    """Let all layers learn but batch normalization, which keeps its means and variances.

    https://keras.io/guides/transfer_learning/ advises so: those of a few small batches would be
    worse. The guide's ``backbone(inputs, training=False)`` has no effect on `fit` in Keras 3.15; a
    layer that is not trainable uses its stored statistics in any case.
    """
    for layer in model.layers:
        layer.trainable = True
    for layer in _innermost(model):
        if isinstance(layer, layers.BatchNormalization):
            layer.trainable = False


def _innermost(model):
    for layer in model.layers:
        yield from _innermost(layer) if hasattr(layer, "layers") else (layer,)
