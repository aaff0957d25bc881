"""Seeds, data sets as streams of batches for Keras, and one honest way to fit.

Import this module before TensorFlow or Keras: it silences the line TensorFlow writes at
import. Taught in lessons 04 and 06.
"""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass, field
from numbers import Integral

import numpy as np
import pandas as pd
from tqdm.auto import tqdm
from tqdm.notebook import tqdm_notebook

from course_utils._checks import DatasetError, check_choice, check_seed, refuse
from course_utils._tensorflow import keras, tf

__all__ = ["History", "cosine_adam", "fit", "predict", "refuse_test_images", "set_seed", "to_tf"]

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


def to_tf(
    dataset, batch_size=32, *, shuffle=False, seed=0, target="labels", weights=None, augment=None
):
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
    augment : callable, optional
        Changes the images of each batch at random, for training only: ``augment(images)`` returns
        images; with masks as target, ``augment(images, masks)`` returns both. See
        `augmentation.Augmenter`.

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
    _check_whole("batch_size", batch_size, "32 is a common choice.")
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
    batches = order.batch(int(batch_size)).map(batch, tf.data.AUTOTUNE)
    if augment is not None:
        # One after the other, so that a seeded augmentation repeats.
        batches = batches.map(_augmented(augment, target != "labels"))
    return batches.prefetch(tf.data.AUTOTUNE)


def _augmented(augment, with_masks):
    def change(images, targets, *weights):
        if with_masks:
            return (*augment(images, targets), *weights)
        return (augment(images), targets, *weights)

    return change


def _check_whole(name, value, advice):
    if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
        refuse(name, repr(value), "an integer from 1", advice)


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


@dataclass(frozen=True)
class History:
    """What happened in a training; `plotting.plot_history` draws it.

    Attributes
    ----------
    history : dict of str to list
        One number per epoch for every curve: loss, accuracy, val_loss, …
    monitor : str
        The curve by which an epoch is called best; the training loss without validation data.
    best_epoch : int
        From 1.
    restored : bool
        Whether the model has the weights of the best epoch (early stopping), or of the last one.
    seconds : float
    """

    history: dict = field(repr=False)
    monitor: str
    best_epoch: int
    restored: bool
    seconds: float

    @property
    def table(self):
        """One row per epoch, from 1, one column per curve."""
        epochs = pd.RangeIndex(1, len(self.history["loss"]) + 1, name="epoch")
        return pd.DataFrame(self.history, index=epochs)

    def __repr__(self):
        best = self.history[self.monitor][self.best_epoch - 1]
        kept = "best epoch" if self.restored else "last epoch"
        return (
            f"Trained {len(self.history['loss'])} epochs in {self.seconds:.0f} s; {self.monitor} "
            f"was best in epoch {self.best_epoch} ({best:.3g}). The model has the weights of the "
            f"{kept}."
        )


def fit(
    model, train, validation=None, *, epochs, patience=None, monitor="val_loss", batch_size=32,
    seed=0, target="labels", class_weight=None, weights=None, augment=None, progress=True,
):  # fmt: skip
    """Train a compiled model on one data set while watching another; never on test images.

    Parameters
    ----------
    model : keras.Model
        Compiled. It is trained in place, from the weights that it has.
    train, validation : ImageDataset
        They must not share a group, nor hold an image of an official test split.
    epochs : int
        Passes over the training images, at most.
    patience : int, optional
        Early stopping: stop after so many epochs without a better `monitor`, and give the model
        the weights of its best epoch, also when the epochs ran out first. Default: train all
        epochs and keep the last weights.
    monitor : str, optional
        ``"val_loss"``, or a metric the model is compiled with, as ``"val_accuracy"``. A loss is
        best where it is lowest, everything else where it is highest.
    batch_size, seed, target, weights, augment
        As for `to_tf`; `augment` changes training images only.
    class_weight : dict of int to float, optional
        See `imbalance.class_weights`. Validation is never weighted.
    progress : bool, optional
        Show a bar: a widget in a notebook, a line in a terminal, nothing where output goes to a
        file.

    Returns
    -------
    history : History

    Raises
    ------
    DatasetError
        Groups in both sets, test images, a model that is not compiled, a monitor that it does not
        compute, or a loss that is no longer a number.

    Notes
    -----
    Early stopping: Prechelt 1998, https://doi.org/10.1007/3-540-49430-8_3. It decides by the
    validation set, so a score on that set is too good afterwards. Taught in lesson 06.

    Examples
    --------
    ``history = fit(model, train, validation, epochs=50, patience=5)``
    """
    _check_whole("epochs", epochs, "Give the number of passes.")
    if not getattr(model, "compiled", False):
        refuse("model", f"{model!r:.60}", "a compiled Keras model", "Call model.compile first.")
    _check_parts(train, validation)
    monitor = monitor if validation is not None else "loss"
    callbacks = []
    if patience is not None:
        _check_whole("patience", patience, "5 is a common choice.")
        if validation is None:
            refuse("validation", None, "an ImageDataset", "Early stopping needs one to watch.")
        callbacks.append(
            keras.callbacks.EarlyStopping(
                monitor=monitor, mode=_direction(monitor), patience=int(patience),
                restore_best_weights=True,
            )
        )  # fmt: skip
    batches = to_tf(
        train, batch_size, shuffle=True, seed=seed, target=target, weights=weights, augment=augment
    )
    watched = None if validation is None else to_tf(validation, 128, target=target)
    start = time.perf_counter()
    with _bar(epochs, progress) as bar:
        # The watcher comes first, so that a missing monitor is named before Keras warns of it.
        curves = model.fit(
            batches, validation_data=watched, epochs=int(epochs), class_weight=class_weight,
            callbacks=[_Watcher(bar, monitor), *callbacks], verbose=0, shuffle=False,
        ).history  # fmt: skip
    best = {"min": np.argmin, "max": np.argmax}[_direction(monitor)](curves[monitor])
    seconds = time.perf_counter() - start
    return History(curves, monitor, int(best) + 1, patience is not None, seconds)


def predict(model, dataset, batch_size=128):
    """Return a model's probabilities for the images of a data set, in their order.

    Parameters
    ----------
    model : keras.Model
    dataset : ImageDataset
    batch_size : int, optional
        At least 1.

    Returns
    -------
    probabilities : ndarray, float64, 0–1
        (n,) for a model with one output, (n, classes) for one with several, (n, height, width) for
        one that gives a mask.

    Raises
    ------
    DatasetError
        A batch size below 1, or predictions that are NaN.

    Examples
    --------
    ``datasets.aggregate(predict(model, test), test.groups, labels=test.labels)``
    """
    values = model.predict(to_tf(dataset, batch_size), verbose=0).astype(np.float64)
    if np.isnan(values).any():
        refuse("predictions", "NaN", "numbers", "The training diverged; lower the learning rate.")
    return values[..., 0] if values.shape[-1] == 1 else values


def cosine_adam(rate, epochs, images, batch_size=32):
    """Build an Adam optimizer whose learning rate falls along half a cosine over a training.

    The last epochs then change little, and no epoch has to be picked.

    Parameters
    ----------
    rate : float
        Where it begins; it ends at 0.
    epochs, images, batch_size : int
        Of the training: how many batches there will be.

    Returns
    -------
    optimizer : keras.optimizers.Adam

    Notes
    -----
    Loshchilov and Hutter 2017, https://arxiv.org/abs/1608.03983, without restarts.

    Examples
    --------
    >>> optimizer = cosine_adam(0.002, epochs=2, images=64)  # four batches
    >>> schedule = optimizer._learning_rate
    >>> [round(float(schedule(batch)), 5) for batch in (0, 2, 4)]
    [0.002, 0.001, 0.0]
    """
    batches = epochs * -(-images // batch_size)
    return keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(rate, batches))


def refuse_test_images(name, part):
    """Refuse a part that holds images of an official test split.

    Parameters
    ----------
    name : str
        What the caller calls the part.
    part : ImageDataset

    Raises
    ------
    DatasetError
    """
    if part.splits is not None and (part.splits == "test").any():
        raise DatasetError(
            f"{name}: received {(part.splits == 'test').sum()} images of the official test "
            "split; allowed: training and validation images. Test images are for the one "
            "score at the end: use dataset.split('train') and dataset.split('validation')."
        )


def _check_parts(train, validation):
    refuse_test_images("train", train)
    if validation is not None:
        refuse_test_images("validation", validation)
        shared = np.intersect1d(train.groups, validation.groups)
        if len(shared):
            raise DatasetError(
                f"validation: received {len(shared)} groups that are in train too, such as "
                f"{shared[0]}; allowed: none. Each group is a {train.group_kind}: divide with "
                "split_by_group."
            )


def _direction(monitor):
    return "min" if monitor.endswith("loss") else "max"


def _bar(epochs, progress):
    # In a terminal, None shows the bar only where somebody looks.
    shown = {} if issubclass(tqdm, tqdm_notebook) else {"disable": None}
    return tqdm(
        total=int(epochs), unit="epoch", leave=False, **shown if progress else {"disable": True}
    )


class _Watcher(keras.callbacks.Callback):
    """Moves the bar, and stops a training whose loss is no number or whose monitor is missing."""

    def __init__(self, bar, monitor):
        super().__init__()
        self.bar, self.monitor = bar, monitor

    def on_epoch_end(self, epoch, logs=None):
        if self.monitor not in logs:
            check_choice("monitor", self.monitor, list(logs))
        if not np.isfinite(logs["loss"]):
            refuse(
                "loss",
                f"{logs['loss']} in epoch {epoch + 1}",
                "a finite number",
                "Lower the learning rate, and look for NaN in the images.",
            )
        shown = dict.fromkeys(("loss", self.monitor))
        self.bar.set_postfix({name: f"{logs[name]:.3f}" for name in shown})
        self.bar.update()
