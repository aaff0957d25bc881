"""Batches hold the right images and targets, in a seeded order, and TensorFlow stays quiet."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.tiny_data import tiny


@pytest.fixture(scope="module")
def training():
    """Import the module late: it loads TensorFlow."""
    from course_utils import training

    return training


FIT_IN_SILENCE = """
from course_utils import training
import keras
from tests.tiny_data import tiny
model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1, "sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(training.to_tf(tiny(), shuffle=True), verbose=0)
print("done")
"""


def run(code):
    """Run code in a fresh Python that finds the course and the tests."""
    here = Path(__file__).parent
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(here), str(here.parent)])}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, env=env)


def test_importing_tensorflow_and_fitting_write_nothing():
    result = run(FIT_IN_SILENCE)
    assert (result.stdout, result.stderr) == ("done\n", "")


def test_the_data_layer_loads_neither_tensorflow_nor_matplotlib():
    code = (
        "import sys, course_utils.datasets, course_utils.real_data; "
        "print({'tensorflow', 'keras', 'matplotlib'} & set(sys.modules))"
    )
    result = run(code)
    assert result.stdout == "set()\n", result.stderr


def test_batches_are_in_order_and_from_zero_to_one(training):
    data = tiny()
    batches = list(training.to_tf(data, 4))
    assert [len(labels) for _, labels in batches] == [4, 2]
    images = np.concatenate([images for images, _ in batches])
    np.testing.assert_array_equal(images, data.as_float())
    np.testing.assert_array_equal(np.concatenate([y for _, y in batches]), data.labels)


def test_shuffling_is_seeded_and_new_in_every_epoch(training):
    data = tiny(labels=range(6), class_names=list("abcdef"))

    def epochs(seed):
        stream = training.to_tf(data, 6, shuffle=True, seed=seed)
        return [next(iter(stream))[1].numpy().tolist() for _ in range(4)]

    assert epochs(1) == epochs(1)
    assert epochs(1) != epochs(2)
    assert len({tuple(epoch) for epoch in epochs(1)}) > 1
    assert all(sorted(epoch) == list(range(6)) for epoch in epochs(1))


def test_masks_and_weights_come_along(training):
    data = tiny()
    images, mask, weights = next(iter(training.to_tf(data, 6, target="edema", weights=range(6))))
    assert images.shape == (6, 8, 10, 2)
    np.testing.assert_array_equal(mask[..., 0], data.mask("edema"))
    assert weights.numpy().tolist() == [0, 1, 2, 3, 4, 5]


def test_keras_sees_shapes_and_repeats_a_training(training):
    import keras

    def weights():
        training.set_seed(5)
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1, "sigmoid")])
        model.compile("adam", "binary_crossentropy")
        model.fit(training.to_tf(tiny(), 2, shuffle=True), epochs=2, verbose=0, shuffle=False)
        return model.get_weights()[0]

    np.testing.assert_array_equal(weights(), weights())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch_size": 0}, "batch_size: received 0; allowed: an integer from 1"),
        ({"target": "cyst"}, "'cyst'; allowed: core, edema"),
        ({"weights": [1, 2]}, r"weights: received shape \(2,\)"),
        ({"weights": [-1] * 6}, "numbers from 0"),
        ({"seed": 0.5}, "seed: received 0.5"),
    ],
)
def test_mistakes_are_refused(training, arguments, message):
    with pytest.raises(ValueError, match=message):
        training.to_tf(tiny(), **arguments)
