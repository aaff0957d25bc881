"""Brain slices of any scanner in one form."""

from dataclasses import replace

import numpy as np
import pytest

from course_utils.datasets import DatasetError, crop_to_head
from course_utils.datasets.heads import head_box
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
    left, top, right, bottom = head_box(disk((70, 50), 30, 100))
    assert ((left + right) / 2, (top + bottom) / 2) == pytest.approx((50, 70), abs=1)
    assert right - left == pytest.approx(60, rel=0.1)


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


def test_what_has_no_head_or_no_size_is_refused():
    data = heads([disk((64, 64), 40, 60)] * len(tiny()))
    with pytest.raises(DatasetError, match="size: received 8"):
        crop_to_head(data, size=8)
    with pytest.raises(DatasetError, match="constant value"):
        crop_to_head(replace(data, images=np.zeros_like(data.images)))
