"""Models: shapes, and parameters counted by hand."""

import numpy as np
import pytest

from course_utils import models


def test_first_cnn_has_the_parameters_counted_by_hand():
    # Without padding 224 becomes 222, pooled 111, then 109, pooled 54.
    first = 3 * 3 * 3 * 32 + 32
    second = 3 * 3 * 32 * 64 + 64
    dense = 54 * 54 * 64 * 128 + 128
    assert models.first_cnn().count_params() == first + second + dense + 128 + 1 == 23_907_521


def test_compact_cnn_does_not_grow_with_the_image():
    by_hand = (9 * 2 * 16 + 16) + (9 * 16 * 32 + 32) + (9 * 32 * 64 + 64) + (64 + 1)
    assert models.compact_cnn().count_params() == by_hand == 23_505
    assert models.compact_cnn((64, 48, 2)).count_params() == by_hand


@pytest.mark.parametrize("build", [models.first_cnn, models.compact_cnn])
def test_output_is_one_probability_per_image(build):
    images = np.random.default_rng(0).random((3, 32, 32, 2), dtype=np.float32)
    probabilities = build((32, 32, 2)).predict(images, verbose=0)
    assert probabilities.shape == (3, 1)
    assert ((probabilities > 0) & (probabilities < 1)).all()


@pytest.mark.parametrize(
    ("shape", "filters"),
    [((4, 4, 1), (16, 32, 64)), ((96, 96), (16,)), ((None, None, 2), (16,)), ((96, 96, 0), (16,))],
)
def test_an_impossible_shape_is_refused(shape, filters):
    with pytest.raises(ValueError, match=r"Give \(height, width, channels\)"):
        models.compact_cnn(shape, filters)


def test_filters_must_be_whole_numbers_above_zero():
    with pytest.raises(ValueError, match="filters is"):
        models.compact_cnn(filters=())
    with pytest.raises(ValueError, match="filters is"):
        models.compact_cnn(filters=(16, 0))


def test_first_cnn_refuses_an_image_that_its_poolings_would_use_up():
    with pytest.raises(ValueError, match="at least 10 pixels"):
        models.first_cnn((9, 9, 1))
    assert models.first_cnn((10, 10, 1)).output_shape == (None, 1)


def convolution(size, inputs, outputs, bias=True):
    """Count a convolution's parameters by hand."""
    return size * size * inputs * outputs + bias * outputs


def test_residual_cnn_has_the_parameters_counted_by_hand():
    def block(inputs, outputs):
        # Batch normalization keeps four numbers per channel.
        count = convolution(3, inputs, outputs, bias=False) + 4 * outputs
        count += convolution(3, outputs, outputs, bias=False) + 4 * outputs
        if inputs != outputs:
            count += convolution(1, inputs, outputs, bias=False) + 4 * outputs
        return count

    stem = convolution(3, 2, 16, bias=False) + 4 * 16
    by_hand = stem + block(16, 16) + block(16, 32) + block(32, 64)
    assert models.residual_cnn().count_params() == by_hand + 64 + 1 == 77_985
    assert models.residual_cnn(classes=7).count_params() == by_hand + 7 * (64 + 1)


def test_unet_has_the_parameters_counted_by_hand():
    def two(inputs, outputs):
        # Batch normalization keeps four numbers per channel.
        weights = convolution(3, inputs, outputs, bias=False) + 4 * outputs
        return weights + convolution(3, outputs, outputs, bias=False) + 4 * outputs

    down = two(2, 8) + two(8, 16) + two(16, 32)
    up = convolution(2, 32, 16) + two(32, 16) + convolution(2, 16, 8) + two(16, 8)
    assert models.unet(filters=(8, 16, 32)).count_params() == down + up + 8 + 1
    assert models.unet().count_params() == 484_001


def test_unet_gives_one_probability_per_pixel():
    images = np.random.default_rng(0).random((3, 32, 24, 2), dtype=np.float32)
    masks = models.unet((32, 24, 2), (4, 8, 16)).predict(images, verbose=0)
    assert masks.shape == (3, 32, 24, 1)
    assert ((masks > 0) & (masks < 1)).all()
    classes = models.unet((32, 24, 2), (4, 8), classes=3).predict(images, verbose=0)
    assert classes.shape == (3, 32, 24, 3)
    assert np.allclose(classes.sum(axis=-1), 1, atol=1e-5)


def test_unet_joins_the_way_down_with_the_way_up():
    model = models.unet((32, 32, 1), (4, 8, 16))
    joined = [layer for layer in model.layers if layer.__class__.__name__ == "Concatenate"]
    assert [layer.output.shape[1:] for layer in joined] == [(16, 16, 16), (32, 32, 8)]


def test_residual_cnn_adds_the_input_of_each_block():
    model = models.residual_cnn((40, 40, 1), (4, 8))
    added = [layer for layer in model.layers if layer.__class__.__name__ == "Add"]
    assert [layer.output.shape[1:] for layer in added] == [(40, 40, 4), (20, 20, 8)]
    images = np.random.default_rng(0).random((3, 40, 40, 1), dtype=np.float32)
    assert model.predict(images, verbose=0).shape == (3, 1)
    seven = models.residual_cnn((41, 37, 1), (4, 8), classes=7)
    assert seven.output_shape == (None, 7)


@pytest.mark.parametrize(
    ("shape", "filters", "said"),
    [
        ((100, 96, 2), (16, 32, 64, 128), "divisible by 8"),
        ((96, 90, 2), (16, 32, 64), "divisible by 4"),
        ((4, 4, 2), (16, 32, 64, 128), "at least 8 pixels"),
        ((96, 96), (16, 32), "height, width, channels"),
        ((96, 96, 2), (16,), "at least two numbers"),
        ((96, 96, 2), (16, 0), "whole number above 0"),
    ],
)
def test_unet_refuses_what_it_cannot_halve(shape, filters, said):
    with pytest.raises(ValueError, match=said):
        models.unet(shape, filters)


@pytest.mark.parametrize("build", [models.residual_cnn, models.unet])
@pytest.mark.parametrize("classes", [0, 2, -1, 1.5, True])
def test_two_classes_are_one_probability(build, classes):
    with pytest.raises(ValueError, match="Give 1 for a two-class question"):
        build(classes=classes)


@pytest.mark.parametrize("outputs", [0, 2, None])
def test_standardized_cnn_counts_outputs_like_the_others(outputs):
    with pytest.raises(ValueError, match=f"outputs is {outputs}. Give 1 for a two-class"):
        models.standardized_cnn(outputs=outputs)
    assert models.standardized_cnn(outputs=3).output_shape == (None, 3)


@pytest.mark.parametrize(("contrast", "left"), [(0.3, 0.99), (0.1, 0.95), (0.03, 0.69), (0, 0)])
def test_standardized_cnn_leaves_some_of_a_low_contrast(contrast, left):
    # Half of the pixels above the mean and half below, so that the contrast is the deviation.
    image = 0.5 + contrast * np.tile([[1, -1]], (28, 14)).astype(np.float32)
    found = models.standardized_cnn().layers[1](image[None, ..., None]).numpy()
    assert found.mean() == pytest.approx(0, abs=1e-5)
    assert found.std() == pytest.approx(left, abs=0.006)


def test_color_cnn_has_the_parameters_counted_by_hand():
    convolutions = (9 * 3 * 16 + 16) + (9 * 16 * 32 + 32) + (9 * 32 * 64 + 64)
    assert models.color_cnn().count_params() == convolutions + 2 * 64 * 7 + 7 == 24_487


@pytest.mark.parametrize(("power", "blind"), [(1, True), (6, True), (None, False)])
def test_color_cnn_does_not_see_the_color_of_the_light(power, blind):
    model = models.color_cnn((16, 16, 3), power=power)
    images = np.random.default_rng(0).uniform(0.2, 1, (2, 16, 16, 3)).astype(np.float32)
    white, pink = (model.predict(x, verbose=0) for x in (images, images * [0.9, 0.6, 0.7]))
    np.testing.assert_allclose(white.sum(axis=1), 1, rtol=1e-5)
    assert np.allclose(white, pink, atol=1e-4) == blind


def test_color_cnn_bears_a_black_image():
    answer = models.color_cnn((16, 16, 3)).predict(np.zeros((1, 16, 16, 3)), verbose=0)
    assert np.isfinite(answer).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_shape": (48, 48, 1)}, "red, green, blue"),
        ({"input_shape": (4, 4, 3)}, "at least 8"),
        ({"classes": 1}, "classes is 1"),
        ({"power": 0}, "power is 0"),
        ({"power": 1.5}, "power is 1.5"),
    ],
)
def test_color_cnn_refuses_what_it_cannot_build(arguments, message):
    with pytest.raises(ValueError, match=message):
        models.color_cnn(**arguments)
