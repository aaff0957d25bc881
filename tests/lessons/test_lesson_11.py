"""Lesson 11: its masks and twins, and its last section on a network and a picture of one's own."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from authoring.experiments.definitions import definitions
from course_utils import datasets, models
from course_utils._tensorflow import keras
from tests.lessons.sections import code_of


@pytest.fixture(scope="module")
def brain():
    return datasets.load("brain_mri").split("validation").select(np.arange(30))


def test_a_small_pixel_belongs_to_a_sign_if_one_of_its_four_does(brain):
    small = definitions("11").smaller(brain)
    blocks = brain.mask("dural tail").reshape(len(brain), 48, 2, 48, 2)
    np.testing.assert_array_equal(small.mask("dural tail"), blocks.any(axis=(2, 4)))
    assert small.images.shape == (len(brain), 48, 48, 2)
    np.testing.assert_allclose(small.pixel_spacing_mm, 2 * brain.pixel_spacing_mm)


def test_one_slice_of_each_patient_is_the_one_with_the_largest_tumor(brain):
    one = definitions("11").prepared(brain, most=1)
    assert len(one) == len(set(one.groups))
    area = brain.attributes["core_mm2"].groupby(brain.groups).max()
    np.testing.assert_array_equal(one.attributes["core_mm2"], area[one.groups])


def test_a_network_that_answers_by_one_pixel_has_the_effect_of_that_pixel(brain, monkeypatch):
    lesson = definitions("11")
    plain = lesson.prepared(brain, most=1)
    images = plain.images.copy()
    images[:, 10, 10, 0] = 255
    bright = lesson.replace(plain, images=images)
    inputs = keras.Input((48, 48, 2))
    pixel = keras.layers.Flatten()(inputs[:, 10:11, 10:11, :1])
    output = keras.layers.Dense(1, activation="sigmoid", kernel_initializer="ones")(pixel)
    twins = dict.fromkeys(lesson.settings_of("brain_mri"), plain)
    # The pixel is bright where the place was changed, and where the edema was taken away.
    twins |= {"lobar place": bright, "all, other edema": bright}
    monkeypatch.setitem(lesson.effects.__globals__, "five_maps", lambda *_: {})
    rows = lesson.effects(keras.Model(inputs, output), twins, "brain_mri").set_index("sign")
    expected = 1 - plain.as_float()[:, 10, 10, 0]
    np.testing.assert_allclose(rows.loc["lobar place", "change"], expected, atol=1e-5)
    np.testing.assert_allclose(rows.loc["edema", "change_full"], -expected, atol=1e-5)
    assert (rows.loc[["edema", "CSF cleft"], "change"] == 0).all()


def test_twins_differ_from_the_plain_or_from_the_full_lesion_in_one_sign():
    lesson = definitions("11")
    for name in lesson.TWINS:
        settings = lesson.settings_of(name)
        for sign, change in lesson.TWINS[name][1].items():
            for start, other in (("plain", sign), ("all", f"all, other {sign}")):
                differing = {k for k, v in settings[start].items() if settings[other][k] != v}
                assert differing == set(change)


def test_baselines_and_maps_get_one_row_per_patient_and_random_weights_another_map(brain):
    lesson = definitions("11")
    one = lesson.prepared(brain, most=1).select([0, 1])
    rows = lesson.agreement(models.compact_cnn((48, 48, 2)), one, seed=0)
    assert len(rows) == 2 * (5 + 5 + 3)
    assert (rows.query("weights == 'trained'")["alike"] > 0.999).all()
    assert (rows.query("weights == 'random'")["alike"] < 0.99).all()


def run_last_section(folder, monkeypatch, network, picture):
    """Execute the section on one's own network with these files, and return its names."""
    matplotlib.use("agg")
    monkeypatch.chdir(folder)
    names = vars(definitions("11")).copy()
    for source in code_of("11", "9 Your own network"):
        source = source.replace("NETWORK = None", f"NETWORK = {network!r}")
        source = source.replace("PICTURE = None", f"PICTURE = {picture!r}")
        exec(source.replace("plt.show()", "plt.close()"), names)
    plt.close("all")
    return names


@pytest.mark.slow
def test_a_saved_nested_network_of_seven_classes_explains_a_picture_of_another_size(
    tmp_path, monkeypatch
):
    base = keras.Sequential(
        [
            keras.Input((40, 60, 3)),
            keras.layers.Rescaling(1 / 127.5, -1),
            keras.layers.Conv2D(8, 3, activation="relu"),
            keras.layers.GlobalAveragePooling2D(),
        ]
    )
    inputs = keras.Input((40, 60, 3))
    outputs = keras.layers.Dense(7, activation="softmax")(base(inputs))
    keras.Model(inputs, outputs).save(tmp_path / "mine.keras")
    Image.effect_noise((150, 90), 60).save(tmp_path / "mine.png")
    names = run_last_section(tmp_path, monkeypatch, "mine.keras", "mine.png")
    assert names["own_image"].shape == (1, 40, 60, 3)
    assert len(names["answer"]) == 7
    assert {each.shape for each in names["own_maps"].values()} == {(1, 40, 60)}
    assert all(np.isfinite(each).all() for each in names["own_maps"].values())


@pytest.mark.slow
def test_without_a_file_the_network_of_the_course_is_explained(tmp_path, monkeypatch, capsys):
    names = run_last_section(tmp_path, monkeypatch, None, None)
    assert "the course's network" in capsys.readouterr().out
    assert {each.shape for each in names["own_maps"].values()} == {(1, 28, 28)}


@pytest.mark.slow
def test_the_network_of_lesson_04_is_explained_with_its_preprocessing(tmp_path, monkeypatch):
    lesson = definitions("04")
    network = lesson.compact_network(keras.layers.Rescaling(1 / 127.5, -1))
    network.save(tmp_path / "brain_network.keras")
    names = run_last_section(tmp_path, monkeypatch, "brain_network.keras", None)
    expected = np.asarray(network(names["own_image"] * 255))[0]
    np.testing.assert_allclose(names["answer"], expected, atol=1e-4)
