"""Random changes of training images that keep their label true, and of masks along with them.

Import this module before TensorFlow or Keras, as `training`. Explained in lesson 06, used from
there on; masks in lesson 10.
"""

from __future__ import annotations

from numbers import Real

import numpy as np

from course_utils._checks import check_seed, refuse
from course_utils._tensorflow import keras, tf

__all__ = ["Augmenter"]

# Resizing may end a hair outside 0–1.
ROUNDING = 1e-3
# The largest change that is allowed: of everything but the rotation as a share.
LIMITS = {
    "shift": 0.5,
    "rotation": 180,
    "zoom": 0.5,
    "brightness": 0.5,
    "contrast": 0.9,
    "gain": 0.9,
    "noise": 0.5,
}


class Augmenter:
    """Change every image of a batch at random, and its mask in the same way.

    Flip, zoom, rotation and shift become one transform, so that each image is interpolated once:
    images linearly, masks by the nearest pixel, which keeps them 0 or 1. What enters from beyond
    the edge is the image reflected. Then, of the images only, come contrast, gain and brightness,
    alike in all channels, noise, drawn anew for every channel, and a clip to 0–1. Each amount is
    drawn evenly between its negative and its positive limit, anew for every image. Everything is
    off unless you ask for it: choose only changes after which the label is still true.

    Parameters
    ----------
    flip : bool
        Exchange left and right in half of the images.
    shift : float
        Largest shift in each direction, as a share of the side, 0–0.5.
    rotation : float
        Largest rotation to either side in degrees, 0–180.
    zoom : float
        Largest change of size: 0.1 draws factors from 0.9 to 1.1, alike in height and width;
        0–0.5.
    brightness : float
        Largest value added to all pixels, 0–0.5. In ultrasound, whose gray values are logarithms,
        this is what the gain knob does.
    contrast : float
        Largest change of the distance from each channel's mean, as a share, 0–0.9.
    gain : float
        Largest change by multiplication, as a share, 0–0.9: black stays black.
    noise : float
        Standard deviation of normal noise added to each pixel of each channel, 0–0.5.
    seed : int
        Two augmenters of one seed make the same changes in the same order. Draws go on from call
        to call, so make a new augmenter for each training.

    Raises
    ------
    DatasetError
        An amount outside its limits; when called: images that are no float32 of shape
        (b, height, width, channels), or masks that do not fit them; when called outside tf.data,
        where values can be seen: images outside 0–1, or masks with other values than 0 and 1.

    Notes
    -----
    In tf.data, leave ``num_parallel_calls`` out: batches that are drawn in parallel get their
    changes in an order that differs from run to run. Keras's own layers do the same in four
    steps, RandomFlip to RandomZoom, each of which interpolates again; on 96 × 96 images they took
    three times as long.

    Examples
    --------
    ``to_tf(train, shuffle=True).map(lambda images, labels: (augment(images), labels))``

    >>> images = np.zeros((2, 4, 4, 1), np.float32)
    >>> augment = Augmenter(flip=True, shift=0.1, rotation=10, seed=0)
    >>> augment(images).shape
    TensorShape([2, 4, 4, 1])
    >>> images, masks = augment(images, images)
    >>> masks.shape
    TensorShape([2, 4, 4, 1])
    """

    def __init__(
        self, *, flip=False, shift=0.0, rotation=0.0, zoom=0.0, brightness=0.0, contrast=0.0,
        gain=0.0, noise=0.0, seed=0,
    ):  # fmt: skip
        check_seed(seed)
        if not isinstance(flip, (bool, np.bool_)):
            refuse("flip", repr(flip), "True or False", "It exchanges left and right.")
        self.flip = bool(flip)
        amounts = {
            "shift": shift,
            "rotation": rotation,
            "zoom": zoom,
            "brightness": brightness,
            "contrast": contrast,
            "gain": gain,
            "noise": noise,
        }
        self.amounts = {name: _check_amount(name, value) for name, value in amounts.items()}
        self._random = tf.random.Generator.from_seed(int(seed))

    def __repr__(self):
        """Return what is switched on."""
        chosen = [f"{name}={value:g}" for name, value in self.amounts.items() if value]
        return f"Augmenter({', '.join(['flip=True'] * self.flip + chosen)})"

    def __call__(self, images, masks=None):
        """Change a batch.

        Parameters
        ----------
        images : array or tensor (b, height, width, channels), float32, 0–1
        masks : array or tensor (b, height, width, 1), float32, 0 or 1, optional

        Returns
        -------
        images : tensor, as given
        masks : tensor, as given
            Only if masks were given.
        """
        images = _check_images("images", images)
        if masks is not None:
            masks = _check_images("masks", masks)
            if not images.shape[:3].is_compatible_with(masks.shape[:3]):
                received = f"shape {masks.shape} for images {images.shape}"
                refuse("masks", received, "the images' (b, height, width)", "Give one per image.")
        if self.flip or any(self.amounts[name] for name in ("shift", "rotation", "zoom")):
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
        if not any(self.amounts[name] for name in ("brightness", "contrast", "gain", "noise")):
            return images
        if self.amounts["contrast"]:
            mean = tf.reduce_mean(images, axis=(1, 2), keepdims=True)
            images = mean + (images - mean) * (1 + self._draw(images, "contrast", pixels=True))
        if self.amounts["gain"]:
            images *= 1 + self._draw(images, "gain", pixels=True)
        if self.amounts["brightness"]:
            images += self._draw(images, "brightness", pixels=True)
        if self.amounts["noise"]:
            images += self._random.normal(tf.shape(images), stddev=self.amounts["noise"])
        return tf.clip_by_value(images, 0.0, 1.0)

    def _draw(self, images, name, *, pixels=False):
        """Draw one amount per image, (b,), or (b, 1, 1, 1) to be combined with pixels."""
        count = tf.shape(images)[:1]
        limit = self.amounts[name]
        shape = tf.concat([count, [1, 1, 1]], axis=0) if pixels else count
        return self._random.uniform(shape, -limit, limit) if limit else tf.zeros(shape)


def _move(images, transform, interpolation):
    moved = keras.ops.image.affine_transform(
        images,
        transform,
        interpolation=interpolation,
        fill_mode="reflect",
        data_format="channels_last",
    )
    return tf.ensure_shape(moved, images.shape)


def _check_amount(name, value):
    limit = LIMITS[name]
    number = isinstance(value, Real) and not isinstance(value, bool)
    if not number or not 0 <= value <= limit:
        unit = "degrees" if name == "rotation" else "as a share"
        refuse(name, repr(value), f"0 to {limit}, {unit}", "It is the largest change; 0 is none.")
    return float(value)


def _check_images(name, images):
    images = tf.convert_to_tensor(images)
    if images.dtype != tf.float32 or images.shape.rank != 4:
        refuse(
            name,
            f"shape {images.shape}, dtype {images.dtype.name}",
            "float32 of shape (b, height, width, channels)",
            "training.to_tf gives batches of this form.",
        )
    if name == "masks" and images.shape[-1] != 1:
        refuse(name, f"{images.shape[-1]} channels", "one channel", "Augment one mask at a time.")
    # Inside tf.data there are no values yet.
    if tf.executing_eagerly():
        _check_values(name, images)
    return images


def _check_values(name, images):
    """Refuse images outside 0–1, which the clip would turn white, and masks that are no masks."""
    low, high = float(tf.reduce_min(images)), float(tf.reduce_max(images))
    if name == "images" and not (low >= -ROUNDING and high <= 1 + ROUNDING):
        advice = "ImageDataset.as_float gives these; divide 8-bit images by 255."
        refuse(name, f"values from {low:g} to {high:g}", "0 to 1", advice)
    if name == "masks" and not tf.reduce_all((images == 0) | (images == 1)):
        advice = "(masks > 0).astype('float32') marks what is not background."
        refuse(name, f"values from {low:g} to {high:g}", "0 and 1", advice)
