"""Brain slices of any scanner in one form."""

from dataclasses import replace

import numpy as np
import pytest

from course_utils import datasets
from course_utils.datasets import crop_to_head
from course_utils.datasets.resizing import head_box
from tests.tiny_data import tiny


def heads(images):
    """Return single slices: pictures of which nobody knows what lies above and below."""
    images = np.asarray(images, np.uint8)[..., None]
    masks = np.zeros(images.shape[:3], np.uint8)
    masks[:, 40:60, 40:60] = 0b101
    fields = {"mask_names": ("a", "b", "c"), "channel_names": ("T1c",)}
    return tiny(images=images, masks=masks, slice_positions_mm=None, **fields)


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
    one, other = crop_to_head(data, per="slice"), crop_to_head(mirrored, per="slice")
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


@pytest.mark.parametrize("wrong", [8, 96.0, True])
def test_a_size_is_an_integer_from_16(wrong):
    with pytest.raises(ValueError, match=f"size: received {wrong}"):
        crop_to_head(heads([disk((64, 64), 40, 60)] * len(tiny())), size=wrong)


def test_slices_without_a_head_are_listed_and_the_advice_drops_them():
    data = heads([disk((64, 64), 40, 60)] * len(tiny()))
    images, spot = data.images.copy(), np.zeros((128, 128))
    spot[60:70, 60:70] = 200
    images[1, ..., 0], images[2, ..., 0], images[4, ..., 0] = 0, 9, spot
    spoiled = replace(data, images=images)
    with pytest.raises(ValueError, match=r"3 slices without a head, images \[1, 2, 4\]") as caught:
        crop_to_head(spoiled)
    advice = str(caught.value).split("Drop them with ")[1].split(", or check")[0]
    assert len(crop_to_head(eval(advice, {"dataset": spoiled}))) == 3


def stacked(images, **changes):
    """Return three slices each of patients A and B, 2 mm apart, with pixels of 1.5 mm."""
    masks = np.zeros((6, 128, 128), np.uint8)
    masks[1, 40:60, 40:60] = 1
    fields = {"groups": list("AAABBB"), "splits": None, "slice_positions_mm": [0, 2, 4] * 2}
    fields |= {"slice_thickness_mm": 2, "pixel_spacing_mm": 1.5, "channel_names": ("T1c",)}
    images = np.asarray(images, np.uint8)[..., None]
    return tiny(images=images, masks=masks, mask_names=("a",), **(fields | changes))


def test_a_stack_stays_a_stack():
    one = [disk((64, 64), 10, 30), disk((64, 64), 40, 60), np.zeros((128, 128))]
    data = stacked([*one, *(disk((60, 70), r, 100) for r in (20, 25, 20))])
    cropped = crop_to_head(data, size=64)
    # Widest disks of 79 and 49 pixels, with a margin of 3 % on either side.
    spacing = np.repeat([79, 49], 3) * 1.06 / 64 * 1.5
    np.testing.assert_allclose(cropped.pixel_spacing_mm, np.stack([spacing] * 2, axis=1))
    assert cropped.slice_positions_mm.tolist() == data.slice_positions_mm.tolist()
    assert cropped.slice_thickness_mm.tolist() == [2] * 6
    # The small disk keeps its share of the wide one and half its brightness; empty stays empty.
    across = [(cropped.images[i, 32, :, 0] > 20).sum() for i in (0, 1)]
    assert across[0] / across[1] == pytest.approx(19 / 79, abs=0.05)
    assert cropped.images[0, 32, 32, 0] == 40 == cropped.images[1, 32, 32, 0] / 2
    assert not cropped.images[2].any()
    # The mask's volume in mm3 stays.
    before, after = (d.masks[1].sum() * d.pixel_spacing_mm[1].prod() for d in (data, cropped))
    assert after == pytest.approx(before, rel=0.1)


def test_slices_of_a_stack_can_be_cropped_as_if_alone():
    images = [disk((64, 64), r, 60) for r in (20, 30, 40)] * 2
    alone = crop_to_head(stacked(images), per="slice")
    single = crop_to_head(stacked(images, slice_positions_mm=None))
    np.testing.assert_array_equal(alone.images, single.images)
    assert alone.pixel_spacing_mm is None is alone.slice_positions_mm


def test_a_stack_without_a_head_is_named():
    images = [disk((64, 64), 40, 60)] * 3 + [np.zeros((128, 128))] * 3
    with pytest.raises(ValueError, match=r"1 stack without a head, images \[3, 4, 5\]"):
        crop_to_head(stacked(images))
    with pytest.raises(ValueError, match="per: received 'scan'; allowed: stack, slice"):
        crop_to_head(stacked(images), per="scan")
