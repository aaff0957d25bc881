"""Models: parameters counted by hand; tests/lessons/test_lesson_04.py compares the layers."""

import numpy as np
import pytest
import tensorflow as tf

from course_utils import models, transfer
from course_utils._tensorflow import keras


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


def last_features_and_output(model):
    """Rebuild a network so that it also returns the feature map of its last convolution.

    Keras's own recipe, keras.Model(model.inputs, [layer.output, model.output]), fails on Sequential
    networks and on nested ones: `layer.output` is the tensor of the layer's first call, which need
    not lead to the network's output.
    """
    nested = any(isinstance(layer, keras.Model) for layer in model.layers)
    steps = model.layers if nested or isinstance(model, keras.Sequential) else [model]
    tensor = inputs = keras.Input(model.input_shape[1:])
    for step in steps:
        if isinstance(step, keras.Model):
            last = [layer for layer in step.layers if isinstance(layer, keras.layers.Conv2D)][-1]
            step = keras.Model(step.inputs, [last.output, step.output])
            features, tensor = step(tensor)
        elif not isinstance(step, keras.layers.InputLayer):
            tensor = step(tensor)
            features = tensor if isinstance(step, keras.layers.Conv2D) else features
    return keras.Model(inputs, [features, tensor])


@pytest.mark.parametrize(
    ("build", "size"),
    [
        (lambda: models.first_cnn((32, 32, 1)), 13),  # 32, 30, pooled 15, 13
        (lambda: models.compact_cnn((32, 32, 1)), 8),
        (lambda: transfer.load("breast_ultrasound"), 7),
        (lambda: transfer.add_head(transfer.backbone("breast_ultrasound"), outputs=1), 7),
        (lambda: transfer.add_head(transfer.backbone("skin_lesions"), outputs=7), 12),
        (lambda: transfer.load("brain_mri"), 96),
    ],
)
def test_every_network_gives_what_grad_cam_needs(build, size):
    model = build()
    images = np.random.default_rng(0).random((1, *model.input_shape[1:]), dtype=np.float32)
    with tf.GradientTape() as tape:
        features, output = last_features_and_output(model)(images)
        score = tf.reduce_sum(output[..., 0])
    assert features.shape[1:3] == (size, size)
    np.testing.assert_allclose(output, model.predict(images, verbose=0), atol=1e-5)
    assert np.abs(tape.gradient(score, features)).max() > 0
