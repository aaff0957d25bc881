"""Seeds, batches for Keras, random changes of training images, and one honest way to fit.

Import this module before TensorFlow or Keras: it silences the line TensorFlow writes at import.
"""

import time
import warnings
from dataclasses import dataclass, field
from numbers import Real

import numpy as np
import pandas as pd

from course_utils._checks import check_seed, refuse
from course_utils._tensorflow import keras, tf, tqdm, tqdm_notebook
from course_utils.evaluation._checks import check_weights

# Keras 3.15 says this for every tf.data stream, because shuffling is the default of `fit`;
# here the stream itself is shuffled.
warnings.filterwarnings("ignore", message="`shuffle=True` was passed, but will be ignored")

# Up to which a change is allowed: of the rotation in degrees, of all others as a share.
LIMITS = {
    "shift": 0.5,
    "rotation": 180,
    "zoom": 0.5,
    "brightness": 0.5,
    "contrast": 0.9,
    "gain": 0.9,
    "noise": 0.5,
}


def set_seed(seed):
    """Seed Python, NumPy and TensorFlow at once, with an integer from 0.

    The same seed repeats a training on one machine; the last digits differ with the processor
    and the number of threads.
    """
    check_seed(seed)
    keras.utils.set_random_seed(int(seed))


def to_tf(
    dataset,
    batch_size=32,
    *,
    shuffle=False,
    seed=0,
    target="labels",
    sample_weight=None,
    augment=None,
):
    """Turn a data set into batches for `fit`, `evaluate` and `predict`.

    Images stay as they are stored until their batch is due, then become float32 (b, height, width,
    channels) from 0 to 1; the last batch may be smaller. With `shuffle` a new order is drawn from
    the seed in every epoch, else it is that of the data set.

    The target is ``"labels"``, int64: (b, 1) of two classes, as one sigmoid answers, (b,) of more,
    as an argmax of softmax answers, so a metric of your own compares each label with its own
    answer. Or it is the name of a mask: float32 (b, height, width, 1), 0 or 1.

    Weights of images in the loss, sample_weight (n,), become float32 (b,), or (b, 1, 1) with masks:
    ``np.array([1, 5.0])[train.labels]`` weighs class 1 five times. For training only,
    ``augment(images)``, or ``augment(images, masks)`` with masks as target, changes each batch; see
    `Augmenter`.

    ``model.fit(to_tf(train, shuffle=True), validation_data=to_tf(validation), epochs=5)``
    """
    if target != "labels":
        arrays = [dataset.mask(target)[..., np.newaxis].astype(np.float32)]
    elif len(dataset.class_names) > 2:
        arrays = [dataset.labels]
    else:
        arrays = [dataset.labels[:, np.newaxis]]
    if sample_weight is not None:
        weights = check_weights(sample_weight, len(dataset)).astype(np.float32)
        arrays.append(weights if target == "labels" else weights[:, np.newaxis, np.newaxis])
    types = [tf.float32, *(tf.as_dtype(array.dtype) for array in arrays)]
    shapes = [dataset.images.shape[1:], *(array.shape[1:] for array in arrays)]

    def read(positions):
        return [dataset.as_float(positions), *(array[positions] for array in arrays)]

    def batch(positions):
        parts = tf.numpy_function(read, [positions], types, stateful=False)
        for part, shape in zip(parts, shapes, strict=True):
            part.set_shape((None, *shape))
        return tuple(parts)

    def changed(images, targets, *weights):
        if target == "labels":
            return (augment(images), targets, *weights)
        return (*augment(images, targets), *weights)

    order = tf.data.Dataset.range(len(dataset))
    if shuffle:
        order = order.shuffle(len(dataset), seed=int(seed), reshuffle_each_iteration=True)
    batches = order.batch(batch_size).map(batch, tf.data.AUTOTUNE)
    if augment is not None:
        # One after the other, so that a seeded augmentation repeats.
        batches = batches.map(changed)
    return batches.prefetch(tf.data.AUTOTUNE)


class Augmenter:
    """Change every image of a batch at random, and its mask in the same way.

    Flip (left and right exchanged in half of the images), zoom, rotation and shift become one
    transform, so that an image is interpolated once (Keras's own layers do it four times), and a
    mask by the nearest pixel, which keeps it 0 or 1. What enters from beyond the edge is the image
    reflected. Contrast, gain, brightness and noise change images only, in this order, and a clip to
    0–1 ends it.

    Amounts are the largest shift (share of the side), rotation (degrees), zoom (0.1 draws factors
    from 0.9 to 1.1), brightness (added), contrast (share of the distance from each channel's mean)
    and gain (0.2 multiplies by 0.8 to 1.2), each drawn evenly between its negative and positive
    limit, anew for every image; noise is the standard deviation, drawn for every pixel and channel.
    See `LIMITS`. Draws go on from call to call, so make a new augmenter for each training.

    >>> images = np.zeros((2, 4, 4, 1), np.float32)
    >>> images, masks = Augmenter(flip=True, shift=0.1, rotation=10, seed=0)(images, images)
    >>> masks.shape
    TensorShape([2, 4, 4, 1])
    """

    def __init__(self, *, flip=False, seed=0, **amounts):
        check_seed(seed)
        for name, value in amounts.items():
            number = isinstance(value, Real) and not isinstance(value, bool)
            if name not in LIMITS or not number or not 0 <= value <= LIMITS[name]:
                allowed = ", ".join(f"{known} 0 to {limit}" for known, limit in LIMITS.items())
                refuse(name, repr(value), allowed, "It is the largest change; 0 is none.")
        self.flip, self.amounts = flip, {name: float(value) for name, value in amounts.items()}
        self._random = tf.random.Generator.from_seed(int(seed))

    def __call__(self, images, masks=None):
        """Change images (b, h, w, channels), float32, 0–1; with masks (b, h, w, 1), return both."""
        images = _checked("images", images)
        masks = None if masks is None else _checked("masks", masks)
        if masks is not None and not masks.shape.is_compatible_with([*images.shape[:3], 1]):
            received, allowed = f"shape {masks.shape}", f"{(*images.shape[:3], 1)}"
            refuse("masks", received, allowed, "Give one mask per image.")
        if self.flip or {"shift", "rotation", "zoom"} & {*self.amounts}:
            transform = self._transform(images)
            images = _move(images, transform, "bilinear")
            masks = None if masks is None else _move(masks, transform, "nearest")
        images = self._change_intensity(images)
        return images if masks is None else (images, masks)

    def _transform(self, images):
        """Draw one transform per image: where each pixel of the result comes from, (b, 8)."""
        height, width = (tf.cast(size, tf.float32) for size in tf.unstack(tf.shape(images)[1:3]))
        column, row = (width - 1) / 2, (height - 1) / 2  # the center, which rotation leaves alone
        angle = self._draw(images, "rotation") * (np.pi / 180)
        size = 1 + self._draw(images, "zoom")
        shift_x = column + self._draw(images, "shift") * width
        shift_y = row + self._draw(images, "shift") * height
        mirror = self._random.uniform(tf.shape(angle)) < 0.5 if self.flip else False
        side = tf.where(mirror, -1.0, 1.0)
        # Backward: move the center to 0, turn, resize, exchange left and right, move it back.
        a, b = side * tf.cos(angle) / size, side * tf.sin(angle) / size
        c, d = -tf.sin(angle) / size, tf.cos(angle) / size
        zero = tf.zeros_like(angle)
        from_x = [a, b, column - a * shift_x - b * shift_y]
        from_y = [c, d, row - c * shift_x - d * shift_y]
        return tf.stack([*from_x, *from_y, zero, zero], axis=1)

    def _change_intensity(self, images):
        if not {"brightness", "contrast", "gain", "noise"} & {*self.amounts}:
            return images
        if self.amounts.get("contrast"):
            mean = tf.reduce_mean(images, axis=(1, 2), keepdims=True)
            images = mean + (images - mean) * (1 + self._draw(images, "contrast", pixels=True))
        if self.amounts.get("gain"):
            images *= 1 + self._draw(images, "gain", pixels=True)
        if self.amounts.get("brightness"):
            images += self._draw(images, "brightness", pixels=True)
        if self.amounts.get("noise"):
            images += self._random.normal(tf.shape(images), stddev=self.amounts["noise"])
        return tf.clip_by_value(images, 0.0, 1.0)

    def _draw(self, images, name, *, pixels=False):
        """Draw one amount per image, (b,), or (b, 1, 1, 1) to be combined with pixels."""
        count, limit = tf.shape(images)[:1], self.amounts.get(name)
        shape = tf.concat([count, [1, 1, 1]], axis=0) if pixels else count
        return self._random.uniform(shape, -limit, limit) if limit else tf.zeros(shape)


@dataclass(frozen=True)
class History:
    """What happened in a training; `plotting.plot_history` draws it.

    ``history`` holds one number per epoch for every curve: loss, accuracy, val_loss, …; ``monitor``
    names the curve by which ``best_epoch`` (from 1) is best, without validation data the training
    loss; ``restored`` says whether the model has the weights of that epoch (early stopping), or of
    the last.
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


def fit(model, train, validation=None, *, epochs, seed=0, callbacks=(), **batches):
    """Train a model on one data set while watching another; never on test images.

    The model is compiled, and trained in place from the weights that it has, for at most `epochs`
    passes over the training images, whose order is drawn from the seed. The data sets must not
    share a group, nor hold an image of an official test split. Callbacks are Keras's, such as
    ``EarlyStopping(patience=5, restore_best_weights=True)``, which watches val_loss; for a metric
    of your own it needs ``mode="max"`` or ``mode="min"``. ``batch_size``, ``target``,
    ``sample_weight`` and ``augment`` are those of `to_tf`; validation images are neither weighted
    nor changed.

    ``history = fit(model, train, validation, epochs=50, augment=Augmenter(flip=True))``
    """
    if batches.pop("class_weight", None) is not None:
        remedy = "np.array([1, 5.0])[train.labels] weighs class 1 five times; pixels, in the loss."
        refuse("class_weight", "weights of classes", "sample_weight, one per image", remedy)
    _check_parts(train, validation)
    target = batches.get("target", "labels")
    formed = _forms(model, train, target, batches.get("sample_weight") is not None)
    if isinstance(callbacks, keras.callbacks.Callback):
        callbacks = [callbacks]
    stopping = [c for c in callbacks or () if isinstance(c, keras.callbacks.EarlyStopping)]
    # Of several, the one that sets the weights.
    stopping = max(stopping, key=lambda each: each.restore_best_weights, default=None)
    monitor = stopping.monitor if stopping else "loss" if validation is None else "val_loss"
    watched = None if validation is None else to_tf(validation, 128, target=target).map(formed)
    start = time.perf_counter()
    # None shows a bar in a terminal, and nothing where output goes to a file.
    hidden = False if issubclass(tqdm, tqdm_notebook) else None
    with tqdm(total=epochs, unit="epoch", leave=False, disable=hidden) as bar:
        watcher = _Watcher(bar, monitor, stopping.start_from_epoch if stopping else 0)
        curves = model.fit(
            to_tf(train, shuffle=True, seed=seed, **batches).map(formed),
            validation_data=watched,
            epochs=epochs,
            callbacks=[watcher, *(callbacks or ())],
            verbose=0,
            shuffle=False,
        ).history
    restored = stopping is not None and stopping.best_weights is not None
    highest = stopping is not None and stopping.monitor_op is keras.ops.greater
    best = np.nanargmax(curves[monitor]) if highest else np.nanargmin(curves[monitor])
    return History(
        curves,
        monitor,
        best_epoch=int(stopping.best_epoch if restored else best) + 1,
        restored=restored,
        seconds=time.perf_counter() - start,
    )


def predict(model, dataset):
    """Return a model's probabilities for the images of a data set, in their order.

    They are float64, 0–1: (n,) for a model with one output, (n, classes) for one with several, (n,
    height, width) for one that gives a mask. Logits are refused.

    ``datasets.aggregate(predict(model, test), test.groups, labels=test.labels)``
    """
    _check_input(model, dataset)
    values = model.predict(to_tf(dataset, 128), verbose=0).astype(np.float64)
    lowest, highest = values.min(), values.max()
    if np.isnan(lowest):
        refuse("predictions", "NaN", "numbers", "The training diverged; lower the learning rate.")
    if lowest < -1e-5 or highest > 1 + 1e-5:
        remedy = "End the network with a sigmoid or a softmax; without it, it gives logits."
        refuse("predictions", f"{lowest:.3g} to {highest:.3g}", "0 to 1", remedy)
    return values[..., 0] if values.shape[-1] == 1 else values


def cosine_adam(rate, epochs, images, batch_size=32):
    """Build an Adam optimizer whose learning rate falls along half a cosine over a training.

    The last epochs then change little, and no epoch has to be picked. It begins at `rate` and ends
    at 0. Loshchilov and Hutter 2017, https://arxiv.org/abs/1608.03983, without restarts.

    >>> optimizer = cosine_adam(0.002, epochs=2, images=64)  # four batches
    >>> schedule = optimizer._learning_rate
    >>> [round(float(schedule(batch)), 5) for batch in (0, 2, 4)]
    [0.002, 0.001, 0.0]
    """
    batches = epochs * -(-images // batch_size)
    return keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(rate, batches))


def _move(images, transform, interpolation):
    moved = keras.ops.image.affine_transform(
        images,
        transform,
        interpolation=interpolation,
        fill_mode="reflect",
        data_format="channels_last",
    )
    return tf.ensure_shape(moved, images.shape)


def _checked(name, images):
    """Refuse batches of another form, and values that the clip would turn white."""
    images = tf.convert_to_tensor(images)
    good = images.dtype == tf.float32 and images.shape.rank == 4
    # Inside tf.data there are no values yet. Resizing may end a hair outside 0–1.
    if good and tf.executing_eagerly():
        inside = (images >= -1e-3) & (images <= 1.001)
        good = bool(tf.reduce_all(inside if name == "images" else (images == 0) | (images == 1)))
    if not good:
        values = "0 to 1" if name == "images" else "0 and 1"
        allowed = f"float32 (b, height, width, channels), {values}"
        received = f"shape {images.shape}, {images.dtype.name}"
        refuse(name, received, allowed, "training.to_tf gives such batches.")
    return images


def _check_parts(train, validation):
    for name, part in {"train": train, "validation": validation}.items():
        count = 0 if part is None or part.splits is None else np.sum(part.splits == "test")
        if count:
            remedy = "Test images are for the one score at the end: use dataset.split('train')."
            refuse(name, f"{count} images of the official test split", "no test image", remedy)
    if validation is not None:
        if validation.class_names != train.class_names:
            remedy = "Label 1 must mean the same in both: read both with the same class_names."
            refuse("validation", f"classes {validation.class_names}", train.class_names, remedy)
        shared = np.intersect1d(train.groups, validation.groups)
        if len(shared):
            received = f"{len(shared)} groups that are in train too, such as {shared[0]}"
            refuse("validation", received, "none", "Divide with split_by_group.")


def _check_input(model, dataset):
    """Refuse images of another size or other channels than the network was built for."""
    given, built = dataset.images.shape[1:], getattr(model, "input_shape", None)
    known = isinstance(built, tuple) and len(built) == 4
    if known and any(side not in (None, n) for side, n in zip(built[1:], given, strict=True)):
        remedy = "Read the images with the same size= and mode=, or use datasets.resize."
        refuse("images", f"{given}", f"{built[1:]}, as the network was built", remedy)


def _forms(model, train, target, weighted):
    """Check the model on one image; return what gives targets and weights the form it needs."""
    _check_input(model, train)
    images, truth = next(iter(to_tf(train.select([0]), target=target)))
    answer = model(images)
    # Of the classes that have a name, those that occur: a subset of two needs one output.
    classes, remedy = int(train.labels.max()) + 1, "Change its last layer, or target=."
    if not isinstance(answer, tf.Tensor):
        refuse("model", "several outputs", "one output", "Train it with its own fit, on to_tf.")
    good, allowed = answer.shape == truth.shape, f"{(1, *truth.shape[1:])} for a mask"
    if target == "labels":
        allowed = f"(1, {classes if classes > 2 else 1}) for {classes} classes"
        good = len(answer.shape) == 2 and (classes <= 2 or answer.shape[1] >= classes)
    if not good:
        refuse("model", f"output {tuple(answer.shape)} for one image", allowed, remedy)
    flat, shape = target == "labels" and answer.shape[1] > 1, [-1]
    loss = keras.losses.get(model.loss) if model.loss else None
    name = getattr(loss, "name", None) or getattr(loss, "__name__", "")
    unfit = ("binary", "categorical", "mean") if flat else ("categorical", "sparse")
    if target == "labels" and name.startswith(unfit):
        remedy = f"It fits labels and an output of {answer.shape[1]}."
        fitting = "sparse_categorical_crossentropy" if flat else "binary_crossentropy"
        refuse("loss", repr(name), repr(fitting), remedy)
    if weighted and model.loss:
        truth = tf.cast(tf.reshape(truth, [-1]) if flat else truth, tf.float32)
        values = (loss.call if isinstance(loss, keras.losses.Loss) else loss)(truth, answer)
        if not len(values.shape):
            remedy = "Such a sum cannot weigh its images; use a loss of each image, or no weights."
            refuse("sample_weight", "a loss of one number per batch", "one per image", remedy)
        shape += [1] * (len(values.shape) - 1)

    def formed(images, targets, *weights):
        if target == "labels":
            targets = tf.reshape(targets, [-1] if flat else [-1, 1])
        return (images, targets, *(tf.reshape(each, shape) for each in weights))

    return formed


class _Watcher(keras.callbacks.Callback):
    """Moves the bar, and stops a training whose loss or watched curve is no number."""

    def __init__(self, bar, watched, start):
        super().__init__()
        self.bar, self.watched, self.start = bar, watched, start

    def on_train_batch_end(self, batch, logs=None):
        self.bar.update(0)  # a long first epoch shows that it goes on

    def on_epoch_end(self, epoch, logs=None):
        if not np.isfinite(logs["loss"]):
            remedy = "Lower the learning rate, and look for NaN in the images."
            refuse("loss", f"{logs['loss']} in epoch {epoch + 1}", "a finite number", remedy)
        if self.watched not in logs:
            refuse("monitor", repr(self.watched), ", ".join(logs), "Watch one of these curves.")
        if epoch >= self.start and np.isnan(logs[self.watched]):
            remedy = "A metric that divides by 0 should return 0; or set start_from_epoch."
            refuse("monitor", f"NaN for {self.watched} in epoch {epoch + 1}", "a number", remedy)
        shown = {name: f"{logs[name]:.3f}" for name in ("loss", "val_loss") if name in logs}
        self.bar.update()
        self.bar.set_postfix(shown)  # draws at once
