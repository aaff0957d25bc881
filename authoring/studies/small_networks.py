"""A small network trained for a fixed number of updates, the same for everything compared.

Three 3 × 3 convolutions (16, 32, 64) with max pooling, then the mean and the maximum over the
image, and one output. No batch normalization, no early stopping, no choice of an epoch: what is
compared differs in its images only.
"""

import numpy as np

from course_utils._tensorflow import keras, tf
from course_utils.training import set_seed

layers = keras.layers

BATCH = 32


def feature_maps(x):
    """Return the mean and the maximum over the image of the last maps of three convolutions."""
    for filters in (16, 32, 64):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D()(x)
    return layers.Concatenate()(
        [layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)]
    )


def build(shape):
    """Return the network for images (height, width, channels); its output is a logit."""
    inputs = keras.Input(shape)
    return keras.Model(inputs, layers.Dense(1)(feature_maps(inputs)))


def units(images):
    """Return network inputs: gray images by their own mean and SD, colors over their own mean.

    Dividing each color by its mean over the image takes out the color of the light (gray world).
    """
    images = np.asarray(images, np.float32)
    mean = images.mean(axis=(1, 2), keepdims=True)
    if images.shape[-1] == 3:
        return 3 * (images / np.maximum(mean, 1) - 1)
    return (images - mean) / np.maximum(images.std(axis=(1, 2), keepdims=True), 1)


def augment(rng, images, turn):
    """Flip, shift, change gain, gamma and noise of a batch; `turn` allows all eight positions."""
    out = np.empty(images.shape, np.float32)
    size = images.shape[1]
    reach = max(1, size // 14)
    for i, image in enumerate(images):
        if rng.random() < 0.5:
            image = image[:, ::-1]
        if turn:
            image = np.rot90(image, rng.integers(4))
        dy, dx = rng.integers(-reach, reach + 1, 2)
        rows = np.clip(np.arange(size) + dy, 0, size - 1)
        columns = np.clip(np.arange(size) + dx, 0, size - 1)
        out[i] = image[rows][:, columns]
    gamma = np.exp(0.2 * rng.standard_normal((len(images), 1, 1, 1), np.float32))
    gain = 255 * np.exp(0.1 * rng.standard_normal((len(images), 1, 1, 3), np.float32))
    out = (out / 255) ** gamma * gain[..., : images.shape[-1]]
    return np.clip(out, 0, 255) + 4 * rng.standard_normal(out.shape, np.float32)


class Trainer:
    """Reset one compiled network before each training; compiling takes longer than some.

    Each training has so many `updates`; the learning rate falls from `rate` to 0 along half a
    cosine. `turn` says that turned images look alike (dermoscopy, unlike ultrasound and brain).
    """

    def __init__(self, shape, updates, rate=2e-3, turn=False):
        self.updates, self.turn = updates, turn
        self.model = build(shape)
        schedule = keras.optimizers.schedules.CosineDecay(rate, updates)
        self.optimizer = keras.optimizers.Adam(schedule)
        self.optimizer.build(self.model.trainable_variables)
        self._step = tf.function(self._update, reduce_retracing=True)

    def _update(self, images, labels):
        with tf.GradientTape() as tape:
            logits = self.model(images, training=True)[:, 0]
            loss = tf.nn.sigmoid_cross_entropy_with_logits(labels, logits)
            loss = tf.reduce_mean(loss)
        variables = self.model.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return loss

    def fit(self, images, labels, seed, start=None, weights=None):
        """Train from the given weights, or from new ones, and return the weights.

        Half of each batch is positive; within a class, images are drawn in proportion to
        `weights`, all alike by default.
        """
        set_seed(seed)
        fresh = build(self.model.input_shape[1:]) if start is None else None
        self.model.set_weights(start or fresh.get_weights())
        for variable in self.optimizer.variables:
            variable.assign(tf.zeros_like(variable))
        rng = np.random.default_rng(seed)
        weights = np.ones(len(images)) if weights is None else np.asarray(weights, float)
        members = [np.flatnonzero(np.asarray(labels) == k) for k in (0, 1)]
        shares = [weights[m] / weights[m].sum() for m in members]
        goal = tf.constant(np.repeat([0.0, 1.0], BATCH // 2), tf.float32)
        for _ in range(self.updates):
            rows = [rng.choice(m, BATCH // 2, p=p) for m, p in zip(members, shares, strict=True)]
            batch = augment(rng, images[np.concatenate(rows)], self.turn)
            self._step(tf.constant(units(batch)), goal)
        return self.model.get_weights()

    def predict(self, images, weights):
        """Return the mean logit over an image and its mirror image, (n,)."""
        self.model.set_weights(weights)
        inputs = units(images)
        total = 0
        for x in (inputs, inputs[:, :, ::-1]):
            parts = [self.model(x[i : i + 256], training=False) for i in range(0, len(x), 256)]
            total = total + np.concatenate(parts)[:, 0] / 2
        return total
