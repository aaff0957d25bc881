"""Brain slices of any scanner in one form."""

from dataclasses import replace

import numpy as np
import pytest

from course_utils import datasets
from course_utils.datasets import crop_to_head
from course_utils.datasets.resizing import head_box
from tests.tiny_data import tiny


def heads(images):
    images = np.asarray(images, np.uint8)[..., None]
    masks = np.zeros(images.shape[:3], np.uint8)
    masks[:, 40:60, 40:60] = 0b101
    return tiny(images=images, masks=masks, mask_names=("a", "b", "c"), channel_names=("T1c",))


def disk(center, radius, value, size=128):
    y, x = np.mgrid[:size, :size]
    return np.where(np.hypot(y - center[0], x - center[1]) < radius, value, 0)


def test_a_head_is_found_wherever_it_lies():
    # Rows 41 to 99 of the disk, so edges 41 and 100, and a margin of 3 % on either side.
    left, top, right, bottom = head_box(disk((70, 50), 30, 100))
    assert ((left + right) / 2, (top + bottom) / 2) == (50.5, 70.5)
    assert right - left == pytest.approx(59 * 1.06)


@pytest.mark.parametrize("mirror", [np.s_[:, ::-1], np.s_[:, :, ::-1]])
def test_a_mirrored_slice_gives_the_mirrored_crop(mirror):
    data = datasets.load("brain_mri").select(range(0, 2481, 40))
    mirrored = replace(data, images=data.images[mirror], masks=data.masks[mirror])
    one, other = crop_to_head(data), crop_to_head(mirrored)
    np.testing.assert_array_equal(other.images, one.images[mirror])
    np.testing.assert_array_equal(other.masks, one.masks[mirror])


def test_gray_levels_in_another_window_give_the_same_crop():
    data = datasets.load("brain_mri").select(range(0, 2481, 80))
    # All of them negative: 0 becomes -400, 255 becomes -272.5.
    pixels = data.images.astype(np.float32) / 2 - 400
    one = crop_to_head(data)
    other = crop_to_head(replace(data, images=pixels, intensity_window=(-400, -272.5)))
    assert np.abs(one.images.astype(int) - other.images).max() <= 1
    np.testing.assert_array_equal(one.masks, other.masks)


def test_place_size_and_brightness_of_the_head_no_longer_matter():
    n = len(tiny())
    one = crop_to_head(heads([disk((64, 64), 40, 60)] * n), size=48).images
    other = crop_to_head(heads([disk((60, 70), 25, 200)] * n), size=48).images
    assert np.median(one[one > 9]) == np.median(other[other > 9]) == 80
    assert np.abs(one.astype(int) - other)[0, 8:40, 8:40].max() <= 1


def test_masks_move_with_their_images_and_what_is_no_longer_true_is_dropped():
    n = len(tiny())
    image = disk((64, 64), 40, 60)
    image[40:60, 40:60] = 240
    cropped = crop_to_head(heads([image] * n), size=64)
    bright = cropped.images[..., 0] > 200
    for name, there in (("a", True), ("b", False), ("c", True)):
        mask = cropped.mask(name)
        assert mask.any() == there
        assert not there or (mask == bright).mean() > 0.99
    assert cropped.pixel_spacing_mm is None


def test_a_mask_is_never_lost():
    image, n = disk((64, 64), 60, 60), len(tiny())
    data, masks = heads([image] * n), np.zeros((n, 128, 128), np.uint8)
    masks[:, 50, 70] = 1
    # The box has 119 * 1.06 px, so at 32 px a pixel of the mask is a sixteenth of a new one.
    small = crop_to_head(replace(data, masks=masks), size=32).mask("a")
    assert small.sum(axis=(1, 2)).tolist() == [1] * n
    masks[3] = 0
    masks[3, 0, 0] = 1
    with pytest.raises(ValueError, match="image 3: received mask 'a', of whose 1 pixels none"):
        crop_to_head(replace(data, masks=masks, images=heads([image // 2] * n).images), size=32)


def test_half_a_pixel_is_inside():
    # Head from 10 to 110, box from 7 to 113: new pixels take 2 x 2, and that from 41 to 43 is half.
    image, n = np.zeros((120, 120)), len(tiny())
    image[10:110, 10:110] = 60
    masks = np.zeros((n, 120, 120), np.uint8)
    masks[:, :, :42] = 1
    cropped = crop_to_head(replace(heads([image] * n), masks=masks), size=53)
    assert np.flatnonzero(cropped.mask("a")[0, 26]).tolist() == list(range(18))


def test_any_whole_number_is_a_size_but_no_truth_value():
    data = heads([disk((64, 64), 40, 60)] * len(tiny()))
    assert crop_to_head(data, size=np.int64(16)).images.shape[1:3] == (16, 16)
    for wrong in (8, 96.0, True):
        with pytest.raises(ValueError, match=f"size: received {wrong}"):
            crop_to_head(data, size=wrong)


def test_what_has_no_head_is_refused():
    data = heads([disk((64, 64), 40, 60)] * len(tiny()))
    spot = np.zeros((128, 128))
    spot[60:70, 60:70] = 200
    for nothing in (np.zeros((128, 128)), np.full((128, 128), 9), spot):
        images = data.images.copy()
        images[2, ..., 0] = nothing
        with pytest.raises(ValueError, match=r"image 2: received .* a head on dark background"):
            crop_to_head(replace(data, images=images))
