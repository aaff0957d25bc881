"""Lesson 10: its losses by hand, its network, its rule, and fine-tuning on real slices."""

import numpy as np
import pytest

from authoring.experiments.definitions import definitions
from course_utils import transfer
from tests.tiny_data import tiny

# Only after the modules of the course, which import TensorFlow quietly.
import keras  # isort: skip


@pytest.fixture(scope="module")
def lesson():
    return definitions("10")


def masks(*images):
    """Return a batch of 2 × 2 images, (b, 2, 2, 1)."""
    return np.array(images, dtype=np.float32).reshape(-1, 2, 2, 1)


def test_soft_dice_pools_the_batch(lesson):
    truth = masks([1, 1, 0, 0], [0, 0, 0, 0])
    predicted = masks([1, 0.5, 0, 0], [0, 0, 0.5, 0])
    # Overlap 1.5; squares 2 of the truth, 1 + 0.25 + 0.25 of the prediction; 1 above and below.
    assert float(lesson.soft_dice(truth, predicted)) == pytest.approx(1 - 4 / 4.5)


def test_the_sum_is_the_sum(lesson):
    truth, predicted = masks([1, 0, 0, 0]), masks([0.8, 0.1, 0.1, 0.1])
    cross_entropy = -(np.log(0.8) + 3 * np.log(0.9)) / 4
    dice = 1 - (2 * 0.8 + 1) / (1 + 0.64 + 0.03 + 1)
    found = float(lesson.cross_entropy_and_dice(truth, predicted))
    assert found == pytest.approx(cross_entropy + dice, abs=1e-5)


@pytest.mark.parametrize("name", ["soft_dice", "cross_entropy_and_dice"])
@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_empty_masks_give_finite_gradients_that_lower_the_probability(lesson, name, value):
    import tensorflow as tf

    truth, predicted = tf.zeros((2, 4, 4, 1)), tf.fill((2, 4, 4, 1), value)
    with tf.GradientTape() as tape:
        tape.watch(predicted)
        loss = getattr(lesson, name)(truth, predicted)
    gradient = tape.gradient(loss, predicted).numpy()
    assert np.isfinite(loss)
    assert np.isfinite(gradient).all()
    assert (gradient >= 0).all()


def test_the_unet_has_the_parameters_counted_by_hand(lesson):
    def two(inputs, outputs):
        # No bias; batch normalization keeps four numbers per channel.
        return 9 * inputs * outputs + 4 * outputs + 9 * outputs * outputs + 4 * outputs

    down = two(2, 8) + two(8, 16) + two(16, 32)
    up = (4 * 32 * 16 + 16) + two(32, 16) + (4 * 16 * 8 + 8) + two(16, 8)
    assert lesson.build_unet((32, 24, 2), (8, 16, 32)).count_params() == down + up + 8 + 1


def test_the_unet_joins_both_ways_and_gives_one_probability_per_pixel(lesson):
    model = lesson.build_unet((32, 24, 1), (4, 8, 16))
    joined = [layer for layer in model.layers if isinstance(layer, keras.layers.Concatenate)]
    assert [layer.output.shape[1:] for layer in joined] == [(16, 12, 16), (32, 24, 8)]
    found = model.predict(np.random.default_rng(0).random((3, 32, 24, 1)), verbose=0)
    assert found.shape == (3, 32, 24, 1)
    assert ((found > 0) & (found < 1)).all()


def test_brightest_blob_takes_the_largest_piece_below_the_surface(lesson):
    y, x = np.mgrid[:64, :64]
    image = np.where(np.hypot(y - 32, x - 32) < 28, 0.4, 0.0)
    image[20:24, 20:24] = image[36:46, 30:40] = 0.9
    image[31:34, 4:8] = 0.9  # skin
    mask = lesson.brightest_blob(image, level=1.5, depth=4)
    assert mask[38:44, 32:38].all()
    assert not mask[:34].any()
    assert not lesson.brightest_blob(image, level=3, depth=4).any()


def test_the_blob_is_tuned_on_the_given_slices(lesson):
    # A bright skin of 5 px, larger than the tumor: a depth of 6 is needed to leave it out.
    distance = np.hypot(*(np.mgrid[:96, :96] - np.reshape([48, 48], (2, 1, 1))))
    tumor = distance < 8
    image = np.where(distance < 40, 100, 0) + 60 * (tumor | (distance > 35)) * (distance < 40)
    data = tiny(
        images=np.tile(image[..., None], (6, 1, 1, 1)).astype(np.uint8), mask_names=("core",),
        masks=np.tile(tumor, (6, 1, 1)).astype(np.uint8), channel_names=("T1c",),
    )  # fmt: skip
    assert lesson.tuned_blobs(data)[1] == 6


def slices():
    """Return eight groups of one class each, masks that fill a corner."""
    corner = np.zeros((8, 96, 96), np.uint8)
    corner[:, :10, :10] = 1
    return tiny(
        images=np.zeros((8, 96, 96, 1), np.uint8), labels=[0, 1] * 4, groups=list("ABCDEFGH"),
        splits=None, masks=corner, mask_names=("tumor",), channel_names=("T1c",), sites=None,
        slice_positions_mm=None, slice_thickness_mm=None, pixel_spacing_mm=None, attributes=None,
        origin="real",
    )  # fmt: skip


def test_scores_name_the_diagnosis(lesson):
    table = lesson.scored(slices(), slices().mask("tumor") * 0.9, "tumor")
    assert list(table["diagnosis"]) == ["healthy", "tumor"] * 4
    assert (table["dice"] == 1).all()


def test_fine_tuning_starts_from_the_shipped_weights_and_changes_them(lesson, monkeypatch):
    start = lesson.build_unet((96, 96, 1), (2, 4))
    before = start.get_weights()[-1].copy()
    monkeypatch.setattr(transfer, "load", {"brain_mri": start}.get)
    after = lesson.fine_tuned(slices(), "tumor", epochs=1).get_weights()[-1]
    assert not np.array_equal(before, after)
