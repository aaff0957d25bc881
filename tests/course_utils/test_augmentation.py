"""Augmented images keep their form, and masks move exactly with them."""

import numpy as np
import pytest

from course_utils._tensorflow import tf
from course_utils.training import Augmenter

GEOMETRY = {"flip": True, "shift": 0.1, "rotation": 20, "zoom": 0.2}
INTENSITY = {"brightness": 0.1, "contrast": 0.3, "noise": 0.05}


@pytest.fixture
def images():
    return np.random.default_rng(0).random((6, 24, 20, 2), dtype=np.float32)


def disks(n=40, size=48):
    """Draw a disk off the center: the same in image and mask."""
    rows, columns = np.mgrid[:size, :size]
    disk = (rows - 20) ** 2 + (columns - 30) ** 2 <= 36
    return np.repeat(disk[np.newaxis, ..., np.newaxis], n, axis=0).astype(np.float32)


def centers(batch):
    """Return each image's center of gravity as (row, column)."""
    batch = np.asarray(batch)[..., 0]
    grids = np.indices(batch.shape[1:])
    return np.stack([(batch * grid).sum((1, 2)) / batch.sum((1, 2)) for grid in grids], axis=1)


def test_without_options_nothing_changes(images):
    mask = (images[..., :1] > 0.5).astype(np.float32)
    same, same_mask = Augmenter()(images, mask)
    assert np.array_equal(same, images)
    assert np.array_equal(same_mask, mask)
    assert np.array_equal(Augmenter()(images), images)


def test_a_flip_exchanges_left_and_right_exactly(images):
    flipped = np.asarray(Augmenter(flip=True, seed=1)(images))
    kept = [np.array_equal(new, old) for new, old in zip(flipped, images, strict=True)]
    turned = [np.array_equal(new, old[:, ::-1]) for new, old in zip(flipped, images, strict=True)]
    assert all(k != t for k, t in zip(kept, turned, strict=True))
    assert any(kept)
    assert any(turned)


def test_image_and_mask_move_together_and_the_mask_stays_binary():
    moved, masks = Augmenter(**GEOMETRY, seed=2)(disks(), disks())
    assert set(np.unique(masks)) == {0.0, 1.0}
    assert np.abs(centers(moved) - centers(masks)).max() < 0.5, "half a pixel"
    assert centers(masks).std(axis=0).min() > 1, "the disks should have moved"
    assert np.ptp(np.asarray(masks).sum((1, 2, 3))) > 20, "the disks should have changed size"


def test_a_shift_keeps_within_its_limit():
    moved = centers(Augmenter(shift=0.1, seed=0)(disks(200))) - centers(disks(200))
    assert 0.9 * 4.8 < np.abs(moved).max() < 4.8 + 1e-3
    assert np.abs(moved.mean(axis=0)).max() < 1


def test_a_zoom_scales_areas_by_its_square():
    areas = np.asarray(Augmenter(zoom=0.2, seed=0)(disks(200))).sum((1, 2, 3))
    share = areas / disks(1).sum()
    assert 0.8**2 * 0.95 < share.min() < 0.75
    assert 1.35 < share.max() < 1.2**2 * 1.05


def test_a_rotation_turns_around_the_center_by_at_most_its_limit():
    middle = (48 - 1) / 2
    before, after = (
        np.degrees(np.arctan2(*(centers(batch) - middle).T))
        for batch in (disks(200), Augmenter(rotation=15, seed=0)(disks(200)))
    )
    turned = after - before
    assert 13 < np.abs(turned).max() < 15.5
    distance = np.linalg.norm(centers(Augmenter(rotation=15)(disks())) - middle, axis=1)
    assert np.allclose(distance, np.linalg.norm(centers(disks(1)) - middle), atol=0.1)


def test_intensity_changes_leave_masks_alone_and_stay_within_0_and_1(images):
    mask = (images[..., :1] > 0.5).astype(np.float32)
    changed, same = Augmenter(**INTENSITY)(images, mask)
    assert np.array_equal(same, mask)
    assert 0 <= np.min(changed) <= np.max(changed) <= 1
    assert np.abs(changed - images).mean() > 0.02


@pytest.mark.parametrize(
    ("option", "invariant"),
    [
        ("brightness", lambda x: x.std((1, 2, 3))),
        ("contrast", lambda x: x.mean((1, 2))),
    ],
)
def test_each_intensity_change_keeps_what_it_should(images, option, invariant):
    images = 0.4 + 0.2 * images  # far from 0 and 1, so that nothing is clipped
    changed = np.asarray(Augmenter(**{option: 0.2})(images))
    assert np.abs(changed - images).max() > 0.01
    assert np.allclose(invariant(changed), invariant(images), atol=1e-5)


def test_noise_has_the_given_standard_deviation():
    gray = np.full((8, 64, 64, 1), 0.5, np.float32)
    assert np.std(Augmenter(noise=0.05)(gray)) == pytest.approx(0.05, rel=0.03)


def test_channels_change_alike_but_for_their_noise():
    gray = np.repeat(np.random.default_rng(0).uniform(0.4, 0.6, (4, 16, 16, 1)), 3, axis=-1)
    gray = gray.astype(np.float32)
    same = np.asarray(Augmenter(**GEOMETRY, brightness=0.1, contrast=0.3)(gray))
    np.testing.assert_array_equal(same[..., 0], same[..., 2])
    noise = np.asarray(Augmenter(noise=0.05)(gray)) - gray
    assert abs(np.corrcoef(noise[..., 0].ravel(), noise[..., 1].ravel())[0, 1]) < 0.15


def test_one_seed_gives_one_series_of_changes(images):
    one, two, other = (Augmenter(**GEOMETRY, **INTENSITY, seed=seed) for seed in (3, 3, 4))
    first = one(images)
    assert np.array_equal(first, two(images))
    assert not np.array_equal(first, other(images))
    second = one(images)
    assert not np.array_equal(first, second)
    assert np.array_equal(second, two(images))


def test_a_stream_repeats_itself_and_differs_between_epochs(images):
    def two_epochs():
        augment = Augmenter(**GEOMETRY, **INTENSITY, seed=5)
        mask = (images[..., :1] > 0.5).astype(np.float32)
        stream = tf.data.Dataset.from_tensor_slices((images, mask)).batch(4)
        stream = stream.map(augment).prefetch(2)
        assert stream.element_spec[0].shape[1:] == images.shape[1:]
        return [np.concatenate([batch for batch, _ in stream]) for _ in range(2)]

    first, second = two_epochs()
    assert not np.array_equal(first, second)
    again = two_epochs()
    assert np.array_equal(first, again[0])
    assert np.array_equal(second, again[1])


@pytest.mark.parametrize(
    "options",
    [{"shift": 0.6}, {"rotation": -1}, {"zoom": "a"}, {"noise": True}, {"tilt": 1}, {"seed": -1}],
)
def test_amounts_outside_their_limits_are_refused(options):
    with pytest.raises(ValueError, match=f"{next(iter(options))}: received .* allowed"):
        Augmenter(**options)


@pytest.mark.parametrize(
    "change",
    [
        lambda x: (255 * x).astype(np.uint8),
        lambda x: x[0],
        lambda x: 255 * x,
        lambda x: -x,
        lambda x: x * np.float32(np.nan),
    ],
)
def test_images_that_the_clip_would_spoil_are_refused(images, change):
    with pytest.raises(ValueError, match="images: received shape"):
        Augmenter(contrast=0.2)(change(images))


@pytest.mark.parametrize("high", [255, 0.5])
def test_masks_with_other_values_are_refused(images, high):
    mask = (images[..., :1] > 0.5) * np.float32(high)
    with pytest.raises(ValueError, match=r"masks: received .*; allowed: .*0 and 1"):
        Augmenter(flip=True)(images, mask)


@pytest.mark.parametrize("shape", [(6, 24, 20, 2), (6, 12, 20, 1), (5, 24, 20, 1)])
def test_masks_that_do_not_fit_their_images_are_refused(images, shape):
    with pytest.raises(ValueError, match=r"masks: received shape .*one mask per image"):
        Augmenter(flip=True)(images, np.zeros(shape, np.float32))
