"""Models: parameters counted by hand; tests/lessons/test_lesson_04.py compares the layers."""

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
