"""Start from a network that was trained on other images: cut its head, put a new one on, fine-tune.

The start may be a network that the course trained on its simulated images (data/weights, made by
``python -m authoring.workshop.pretrain``), or one that was trained on the photographs of ImageNet,
which Keras downloads. What follows is the same code for both. Used in lessons 08 to 10.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, fields
from numbers import Integral, Real

import numpy as np
from PIL import Image

from course_utils import ROOT, models, training
from course_utils._checks import DatasetError, check_choice, refuse
from course_utils.datasets import ImageDataset

# Only after the modules of the course, which import TensorFlow quietly.
import keras  # isort: skip
from keras import layers  # isort: skip

__all__ = [
    "IMAGENET",
    "SHIPPED",
    "add_head",
    "build",
    "cut_head",
    "fine_tune",
    "freeze",
    "pretrained",
    "resize",
    "trained",
    "unfreeze",
    "weights_path",
]

WEIGHTS = ROOT / "data" / "weights"


@dataclass(frozen=True)
class Shipped:
    """How a network is built whose weights come with the course."""

    builder: object
    arguments: dict = field(default_factory=dict)


# Of authoring/workshop/pretrain.py, which says on what and how each was trained.
SHIPPED = {
    "breast_ultrasound": Shipped(models.standardized_cnn, {"input_shape": (28, 28, 1)}),
    "skin_lesions": Shipped(models.color_cnn, {"input_shape": (48, 48, 3)}),
    "brain_mri": Shipped(models.unet, {"input_shape": (96, 96, 1), "filters": (8, 16, 32, 64)}),
}
# Name in keras.applications: what brings 0–1 to the numbers that the network was trained on.
IMAGENET = {
    "MobileNetV2": {"scale": 2.0, "offset": -1.0},
    "EfficientNetB0": {"scale": 255.0, "offset": 0.0},
}
# Those that MobileNetV2 was trained at; at others Keras warns.
SIZES = (96, 128, 160, 192, 224)


def build(name, input_shape=None):
    """Build a network of the shipped list with fresh random weights.

    Parameters
    ----------
    name : {"breast_ultrasound", …}
        A name in ``SHIPPED``.
    input_shape : (int, int, int), optional
        Height, width, channels, for networks that take any size. Default: the size it was
        trained at.

    Returns
    -------
    model : keras.Model
        Not compiled.

    Examples
    --------
    >>> build("breast_ultrasound").input_shape
    (None, 28, 28, 1)
    """
    shipped = SHIPPED[check_choice("name", name, tuple(SHIPPED))]
    changed = {} if input_shape is None else {"input_shape": tuple(input_shape)}
    return shipped.builder(**(shipped.arguments | changed))


def weights_path(name):
    """Return where the weights of a shipped network lie."""
    return WEIGHTS / f"{name}.weights.h5"


def trained(name, input_shape=None):
    """Return a shipped network with the weights it learned on simulated images, head and all.

    Parameters
    ----------
    name, input_shape
        As for `build`; with the channels that the network was trained on.

    Returns
    -------
    model : keras.Model
        Not compiled.

    Raises
    ------
    DatasetError
        An unknown name; other channels; a file that is missing or damaged, or belongs to another
        network.

    Examples
    --------
    ``training.predict(trained("breast_ultrasound"), data)``
    """
    if input_shape is not None:
        _check_channels(check_choice("name", name, tuple(SHIPPED)), input_shape)
    model, path = build(name, input_shape), weights_path(name)
    if not path.is_file():
        raise DatasetError(
            f"name: the weights of {name!r} are missing, no file {path}. Get the complete course, "
            f"or train them again: python -m authoring.workshop.pretrain {name}"
        )
    try:
        with warnings.catch_warnings():
            # Keras only warns where a file lacks layers, and leaves them random.
            warnings.simplefilter("error", UserWarning)
            model.load_weights(path)
    except (OSError, ValueError, KeyError, UserWarning) as error:
        raise DatasetError(
            f"{path}: cannot be read as the weights of {name!r} ({error}). "
            f"Get the file again, or train them again: python -m authoring.workshop.pretrain {name}"
        ) from error
    return model


def _check_channels(name, input_shape):
    own = SHIPPED[name].arguments["input_shape"]
    given = input_shape if isinstance(input_shape, (tuple, list)) else ()
    if len(given) != 3 or given[-1] != own[-1]:
        refuse(
            "input_shape", repr(input_shape), f"(height, width, {own[-1]})",
            f"The weights of {name!r} were learned with {own[-1]} channel(s); select or convert "
            "those of your images.",
        )  # fmt: skip


def pretrained(name, input_shape=None, *, size=None):
    """Return the part of a trained network that turns images into features.

    Parameters
    ----------
    name : {"breast_ultrasound", "skin_lesions", "MobileNetV2", "EfficientNetB0"}
        A classifier in ``SHIPPED``: trained on the course's simulated images. A name in
        ``IMAGENET``: trained on photographs (ImageNet), downloaded by Keras on first use and kept
        in ~/.keras.
    input_shape : (int, int, int), optional
        Height, width, channels of your images. Needed for ImageNet.
    size : int, optional
        For ImageNet only: the side in pixels that images are resized to inside the model, 96 (if
        left out), 128, 160, 192 or 224. Larger is slower, and enlarging adds no information.

    Returns
    -------
    backbone : keras.Model
        Not compiled. Takes images (n, height, width, channels), float32, 0–1, and returns
        features (n, d). For ImageNet, gray images become three equal channels inside the model.

    Raises
    ------
    DatasetError
        An unknown name or that of a network for segmentation, an unsuitable shape or size, or
        weights that could not be downloaded.

    Notes
    -----
    MobileNetV2: Sandler and others 2018 (sandler2018mobilenetv2 in references.bib). EfficientNet:
    Tan and Le 2019, https://arxiv.org/abs/1905.11946.

    Examples
    --------
    >>> pretrained("breast_ultrasound").output_shape
    (None, 256)
    """
    if name in SHIPPED and SHIPPED[name].builder is models.unet:
        refuse(
            "name", repr(name), ", ".join(_classifiers()),
            f"A network for segmentation has no dense head to cut; fine-tune trained({name!r}) "
            "as it is.",
        )  # fmt: skip
    check_choice("name", name, _classifiers())
    if name in SHIPPED:
        if size is not None:
            refuse("size", repr(size), f"None for {name!r}", "It is for ImageNet; see input_shape.")
        return cut_head(trained(name, input_shape))
    size = SIZES[0] if size is None else size
    _check_imagenet(input_shape, size)
    base = _downloaded(name, size)
    inputs = keras.Input(tuple(input_shape))
    x = layers.Concatenate()([inputs] * 3) if input_shape[-1] == 1 else inputs
    x = layers.Resizing(size, size)(x)
    x = layers.Rescaling(IMAGENET[name]["scale"], IMAGENET[name]["offset"])(x)
    return keras.Model(inputs, base(x), name=name.lower())


def _classifiers():
    shipped = [name for name in SHIPPED if SHIPPED[name].builder is not models.unet]
    return (*shipped, *IMAGENET)


def cut_head(model):
    """Return a network without its last layer.

    Parameters
    ----------
    model : keras.Model
        Sequential or functional, whose last layer is dense.

    Returns
    -------
    backbone : keras.Model
        Shares its weights with the model: training one changes both.

    Raises
    ------
    DatasetError
        A last layer that is not dense, or no layer before it.

    Examples
    --------
    >>> cut_head(models.compact_cnn()).output_shape
    (None, 64)
    """
    last = model.layers[-1]
    if not isinstance(last, layers.Dense) or len(model.layers) < 2:
        refuse("model", f"last layer {last.name!r}", "a dense layer", "Only a dense head is cut.")
    return keras.Model(model.inputs, last.input, name=f"{model.name}_backbone")


def add_head(backbone, outputs=1, *, dropout=0.0):
    """Put a new dense layer, with random weights, onto a backbone.

    Parameters
    ----------
    backbone : keras.Model
        Returns features (n, d).
    outputs : int, optional
        1 for a probability of class 1 (sigmoid), otherwise the number of classes (softmax).
    dropout : float, optional
        Share of the features that each training step leaves out, 0 to below 1.

    Returns
    -------
    model : keras.Model
        Not compiled; output (n, outputs).

    Raises
    ------
    DatasetError
        A number out of range, or a backbone that does not return features (n, d).

    Examples
    --------
    >>> add_head(pretrained("breast_ultrasound"), outputs=7).output_shape
    (None, 7)
    """
    if not isinstance(outputs, int) or isinstance(outputs, bool) or outputs < 1:
        refuse("outputs", repr(outputs), "a whole number from 1", "1 is one probability.")
    if not isinstance(dropout, Real) or isinstance(dropout, bool) or not 0 <= dropout < 1:
        refuse("dropout", repr(dropout), "a number from 0 to below 1", "1 would leave nothing.")
    if len(backbone.output_shape) != 2:
        refuse(
            "backbone", f"output of shape {backbone.output_shape}", "features (n, d)",
            "Pool the feature maps first, or take a network from `pretrained`.",
        )  # fmt: skip
    inputs = keras.Input(backbone.input_shape[1:])
    features = backbone(inputs)
    if dropout:
        features = layers.Dropout(dropout)(features)
    activation = "sigmoid" if outputs == 1 else "softmax"
    return keras.Model(inputs, layers.Dense(outputs, activation=activation, name="head")(features))


def freeze(model):
    """Keep all layers but the last from learning; compile afterwards.

    Examples
    --------
    >>> model = models.compact_cnn()
    >>> freeze(model)
    >>> [len(layer.trainable_weights) for layer in model.layers if layer.weights]
    [0, 0, 0, 2]
    """
    for layer in model.layers[:-1]:
        layer.trainable = False
    model.layers[-1].trainable = True


def unfreeze(model):
    """Let all layers learn but batch normalization; compile afterwards.

    Batch normalization keeps the means and variances it was trained with, as
    https://keras.io/guides/transfer_learning/ advises: those of a few small batches would be
    worse. The guide's way, ``backbone(inputs, training=False)``, has no effect on `fit` in Keras
    3.15, which passes ``training=True`` down to nested models; a layer that is not trainable
    uses its stored statistics in any case.

    Examples
    --------
    >>> model = models.compact_cnn()
    >>> unfreeze(model)
    >>> len(model.trainable_weights)
    8
    """
    for layer in model.layers:
        layer.trainable = True
    for layer in _innermost(model):
        if isinstance(layer, layers.BatchNormalization):
            layer.trainable = False


def _innermost(model):
    for layer in model.layers:
        yield from _innermost(layer) if hasattr(layer, "layers") else (layer,)


def fine_tune(
    model, train, validation=None, *, head_epochs, epochs, rates=(1e-3, 1e-4),
    loss="binary_crossentropy", metrics=(), **options,
):  # fmt: skip
    """Train the new head alone, then, at a lower rate, the whole network.

    A new head is random, and what it sends back at first would spoil the features below.

    Parameters
    ----------
    model : keras.Model
        From `add_head`, or any network whose last layer is new. It is compiled and trained here.
    train, validation, **options
        As for `training.fit`: ``augment``, ``callbacks``, ``batch_size``, ``seed``, … Callbacks,
        such as early stopping, belong to the second part.
    head_epochs, epochs : int
        Passes with the head alone, and with everything; 0 leaves a part out.
    rates : (float, float), optional
        Learning rates of Adam in the two parts, or schedules of Keras.
    loss, metrics
        As for ``model.compile``.

    Returns
    -------
    histories : list of training.History
        One of each part that was not left out.

    Raises
    ------
    DatasetError
        As for `training.fit`; a number of epochs below 0, or no epoch at all.

    Examples
    --------
    ``fine_tune(add_head(pretrained("MobileNetV2", (64, 64, 1))), train, head_epochs=5, epochs=5)``
    """
    for name, count in (("head_epochs", head_epochs), ("epochs", epochs)):
        if not isinstance(count, Integral) or isinstance(count, bool) or count < 0:
            refuse(name, repr(count), "a whole number from 0", "0 leaves this part out.")
    if head_epochs + epochs == 0:
        refuse("epochs", "0 and 0", "at least one epoch", "Give head_epochs, epochs or both.")
    histories = []
    parts = ((freeze, head_epochs, rates[0]), (unfreeze, epochs, rates[1]))
    for position, (prepare, count, rate) in enumerate(parts):
        if not count:
            continue
        prepare(model)
        model.compile(keras.optimizers.Adam(rate), loss=loss, metrics=list(metrics))
        chosen = options if position else {k: v for k, v in options.items() if k != "callbacks"}
        histories.append(training.fit(model, train, validation, epochs=count, **chosen))
    return histories


def resize(dataset, size):
    """Return a data set with square images of another size, for a network trained at that size.

    Each new pixel is the mean of the area that it covers, where the image shrinks; linear in
    between, where it grows. Masks are left out.

    Parameters
    ----------
    dataset : ImageDataset
        Images of bytes (uint8).
    size : int
        New height and width, from 8.

    Returns
    -------
    ImageDataset

    Raises
    ------
    DatasetError
        Images that are no bytes, or a size that is no whole number from 8.

    Examples
    --------
    ``resize(datasets.load("breast_ultrasound"), 28).images.shape`` is (3391, 28, 28, 1).
    """
    if not isinstance(size, int) or size < 8:
        refuse("size", repr(size), "a whole number from 8", "BreastMNIST has 28.")
    if dataset.images.dtype != np.uint8:
        refuse("dataset", f"images of {dataset.images.dtype}", "uint8", "Convert them first.")
    n, height, width, channels = dataset.images.shape
    method = Image.Resampling.BOX if size <= min(height, width) else Image.Resampling.BILINEAR
    images = np.empty((n, size, size, channels), np.uint8)
    for i, image in enumerate(dataset.images):
        for channel in range(channels):
            plane = Image.fromarray(image[..., channel])
            images[i, ..., channel] = np.asarray(plane.resize((size, size), method))
    values = {part.name: getattr(dataset, part.name) for part in fields(dataset)}
    changed = {"images": images, "masks": None, "mask_names": None}
    if dataset.pixel_spacing_mm is not None:
        factor = np.array([height / size, width / size])
        changed["pixel_spacing_mm"] = np.asarray(dataset.pixel_spacing_mm) * factor
    return ImageDataset(**(values | changed))


def _check_imagenet(input_shape, size):
    shape = tuple(input_shape) if input_shape is not None else None
    if shape is None or len(shape) != 3 or shape[-1] not in (1, 3):
        refuse(
            "input_shape", repr(input_shape), "(height, width, 1 or 3)",
            "Give the shape of one image; networks for photographs take gray or red, green, blue.",
        )  # fmt: skip
    if size not in SIZES:
        refuse("size", repr(size), ", ".join(map(str, SIZES)), "96 is the fastest.")


def _downloaded(name, size):
    application = getattr(keras.applications, name)
    shape = (size, size, 3)
    try:
        return application(include_top=False, pooling="avg", input_shape=shape, weights="imagenet")
    # Keras raises a plain Exception where the network fails, ValueError for a wrong hash, and
    # h5py OSError or KeyError for a file that holds something else.
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise DatasetError(
            f"name: the ImageNet weights of {name!r} could not be loaded ({reason}). Use the "
            f"course's own weights ({', '.join(SHIPPED)}), or run this once on a computer with "
            "internet access and copy its folder ~/.keras/models. If a download broke off, delete "
            "the file there first."
        ) from error
