"""Models: parameters counted by hand, and the same layers as lesson 04 shows."""

import numpy as np
import pytest

from course_utils import models
from tests.lessons.sections import cells

# Only after the modules of the course, which import TensorFlow quietly.
import keras  # isort: skip


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
    ("name", "build"), [("first_cnn", models.first_cnn), ("compact", models.compact_cnn)]
)
def test_lesson_04_shows_these_layers(name, build):
    sources = (cell.source for cell in cells("04"))
    (shown,) = (source for source in sources if source.startswith(f"{name} = keras.Sequential"))
    shown = shown.split("\n)\n")[0] + "\n)"
    names = {"keras": keras, "layers": keras.layers}
    exec(shown, names)

    def configurations(model):
        return [layer.get_config() | {"name": type(layer)} for layer in model.layers]

    assert configurations(names[name]) == configurations(build())
    assert names[name].input_shape == build().input_shape
