"""Random changes of training images that keep their label true, and of masks along with them."""

from numbers import Real

import numpy as np

from course_utils._checks import check_seed, refuse
from course_utils._tensorflow import keras, tf

# Up to which a change is allowed: of the rotation in degrees, of all others as a share.
LIMITS = {
    "shift": 0.5,
    "rotation": 180,
    "zoom": 0.5,
    "brightness": 0.5,
    "contrast": 0.9,
    "noise": 0.5,
}


class Augmenter:
    """Change every image of a batch at random, and its mask in the same way.

    Flip, zoom, rotation and shift become one transform, so that an image is interpolated once;
    masks by the nearest pixel, which keeps them 0 or 1. What enters from beyond the edge is the
    image reflected. Contrast, brightness and noise change images only, and a clip to 0–1 ends it.
    Each amount is drawn evenly between its negative and its positive limit, anew for every image.

    Parameters
    ----------
    flip : bool
        Exchange left and right in half of the images.
    seed : int
        Draws go on from call to call, so make a new augmenter for each training.
    **amounts
        Largest shift (share of the side), rotation (degrees), zoom (share; 0.1 draws factors from
        0.9 to 1.1), brightness (added), contrast (share of the distance from each channel's
        mean); noise is the standard deviation, drawn for every pixel and channel. See `LIMITS`.

    Notes
    -----
    In tf.data, leave ``num_parallel_calls`` out, or the changes come in another order in each run.
    Keras's own layers interpolate four times, and took three times as long on 96 × 96 images.

    Examples
    --------
    >>> images = np.zeros((2, 4, 4, 1), np.float32)
    >>> augment = Augmenter(flip=True, shift=0.1, rotation=10, seed=0)
    >>> images, masks = augment(images, images)
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
        """Change a batch.

        Parameters
        ----------
        images : array or tensor (b, height, width, channels), float32, 0–1
        masks : array or tensor (b, height, width, 1), float32, 0 or 1, optional

        Returns
        -------
        images, or images and masks : tensors, as given
        """
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
        if not {"brightness", "contrast", "noise"} & {*self.amounts}:
            return images
        if self.amounts.get("contrast"):
            mean = tf.reduce_mean(images, axis=(1, 2), keepdims=True)
            images = mean + (images - mean) * (1 + self._draw(images, "contrast", pixels=True))
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
