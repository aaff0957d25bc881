"""Lesson 08: its recipe, and its last section on a made-up set of real format."""

from dataclasses import replace

import numpy as np
import pytest

from authoring.experiments.definitions import definitions
from course_utils import datasets, results, training, transfer
from course_utils.real_data import find_set, read_medmnist
from tests.course_utils.test_real_data import medmnist_file
from tests.lessons.sections import run_section
from tests.tiny_data import tiny


@pytest.fixture
def real(tmp_path):
    """Return a made-up set of BreastMNIST's form; one image of two contradicts its copy."""
    path = medmnist_file(tmp_path / "breastmnist.npz", sizes=(24, 8, 12), copies=[(0, 43)])
    return read_medmnist([path], find_set("breastmnist"))


def test_a_mirrored_set_has_left_and_right_exchanged():
    data = tiny()
    mirrored = definitions("08").mirrored(data)
    np.testing.assert_array_equal(mirrored.images, data.images[:, :, ::-1])
    assert mirrored.groups.tolist() == data.groups.tolist()


def test_the_recipe_answers_with_the_mean_over_networks_and_mirror_images(real):
    lesson, test = definitions("08"), real.split("test")
    networks = lesson.recipe(real.split("train"), epochs=1)
    assert len(networks) == 5
    views = (test, replace(test, images=test.images[:, :, ::-1].copy()))
    values = [training.predict(network, view) for network in networks for view in views]
    np.testing.assert_allclose(lesson.ensemble_answer(networks, test), np.mean(values, axis=0))
    assert not np.allclose(values[0], values[2])


def test_the_recipe_starts_from_the_shipped_weights(real):
    # At a rate of 0 nothing is learned.
    found = definitions("08").recipe(real.split("train"), epochs=1, rate=0.0)
    for network in found:
        expected = transfer.load("breast_ultrasound").get_weights()
        assert all(map(np.array_equal, network.get_weights(), expected))


def test_the_recipe_never_trains_on_test_images(real):
    with pytest.raises(ValueError, match="official test"):
        definitions("08").recipe(real.split("test"), epochs=1)


def section(**names):
    table = results.stored("breastmnist_resnet")
    everything = table[table["fold"] == "all"]
    return run_section("08", "The same on real images", everything=everything, **names)


def test_the_last_section_runs_on_a_real_set(real, monkeypatch, capsys):
    monkeypatch.setattr(datasets, "load", lambda name, origin: real)
    trained = []

    def recipe(images):
        trained.append(images)
        return definitions("08").recipe(images, epochs=1)

    answers = section(recipe=recipe)["answers"]
    assert {name: len(values) for name, values in answers.items()} == dict.fromkeys(
        ("dark center", "logistic regression", "recipe"), (real.splits == "test").sum()
    )
    assert set(trained[0].splits) == {"train", "validation"}
    said = capsys.readouterr().out
    assert said.count("near-duplicate groups") >= 3
    assert "REAL images" in said


def test_the_last_section_says_how_to_get_the_set(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "empty"))
    assert section()["real"] is None
    said = capsys.readouterr().out
    assert "python -m course_utils download breastmnist" in said
    assert "Stored" in said
