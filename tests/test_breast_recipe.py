"""Lesson 08's recipe for real images, on a made-up set of BreastMNIST's format."""

import numpy as np
import pytest

from course_utils import training, transfer
from course_utils.datasets import DatasetError
from course_utils.datasets.real_sets import read_breastmnist
from course_utils.experiments import breast
from tests.test_real_sets import medmnist_file
from tests.tiny_data import tiny


@pytest.fixture
def made_up(tmp_path):
    """Return the path of a made-up file in BreastMNIST's format."""
    return medmnist_file(tmp_path / "breastmnist.npz", sizes=(24, 8, 12))


def test_a_mirrored_set_has_left_and_right_exchanged():
    data = tiny()
    np.testing.assert_array_equal(breast.mirrored(data).images, data.images[:, :, ::-1])


def test_joined_parts_keep_images_labels_and_groups(made_up):
    data = read_breastmnist(made_up)
    both = breast.joined(data.split("train"), data.split("validation"))
    assert len(both) == 32
    np.testing.assert_array_equal(both.images, data.images[:32])
    np.testing.assert_array_equal(both.labels, data.labels[:32])
    assert set(both.splits) == {"train", "validation"}


def test_the_recipe_answers_with_the_mean_over_networks_and_mirror_images(made_up):
    data = read_breastmnist(made_up)
    train, validation, test = (data.split(part) for part in ("train", "validation", "test"))
    ensemble = breast.recipe(train, validation, members=2, epochs=1)
    values = []
    for weights in ensemble.weights:
        ensemble.model.set_weights(weights)
        values += [training.predict(ensemble.model, d) for d in (test, breast.mirrored(test))]
    np.testing.assert_allclose(ensemble.predict(test), np.mean(values, axis=0))
    assert not np.allclose(values[0], values[2])


def test_the_recipe_starts_from_the_shipped_weights(made_up, monkeypatch):
    data = read_breastmnist(made_up)
    monkeypatch.setattr(breast, "RATE", 0.0)
    ensemble = breast.recipe(data.split("train"), members=1, epochs=1)
    for found, expected in zip(
        ensemble.weights[0], transfer.trained("breast_ultrasound").get_weights(), strict=True
    ):
        np.testing.assert_array_equal(found, expected)


def test_the_recipe_refuses_test_images_and_other_sizes(made_up):
    data = read_breastmnist(made_up)
    with pytest.raises(DatasetError, match="official test"):
        breast.recipe(data.split("train"), data.split("test"), members=1, epochs=1)
    with pytest.raises(DatasetError, match=r"allowed: \(28, 28, 1\) and two classes"):
        breast.recipe(tiny())
