"""Lesson 04: its networks, its folders, and the whole of it on a folder of somebody's own."""

from pathlib import Path

import matplotlib
import numpy as np
import pytest
from PIL import Image

from authoring.experiments.definitions import definitions
from course_utils import models
from course_utils._tensorflow import keras
from course_utils.exercises import lesson_04 as exercises
from tests.lessons.answers.lesson_04 import shared
from tests.lessons.sections import cells
from tests.tiny_data import tiny

RESCALING = {"given": (1 / 255, 0), "centered": (1 / 127.5, -1)}


def rescaling(kind):
    return keras.layers.Rescaling(*RESCALING[kind])


@pytest.mark.parametrize(
    ("network", "counted"), [("article_network", 23_907_521), ("pooled_network", 19_457)]
)
def test_networks_have_the_parameters_that_the_text_names(network, counted):
    assert getattr(definitions("04"), network)(rescaling("given")).count_params() == counted


@pytest.mark.parametrize(
    ("network", "package"),
    [("article_network", models.first_cnn), ("compact_network", models.compact_cnn)],
)
def test_networks_of_the_package_are_those_of_the_lesson(network, package):
    shown = getattr(definitions("04"), network)(rescaling("centered"))
    size = shown.input_shape[1]
    imported = package((size, size, 3))
    imported.set_weights(shown.get_weights())
    pictures = np.random.default_rng(0).uniform(0, 255, (2, size, size, 3)).astype(np.float32)
    expected = np.asarray(imported(pictures / 127.5 - 1))
    np.testing.assert_allclose(np.asarray(shown(pictures)), expected, atol=1e-4)


def test_written_pictures_are_read_again(tmp_path):
    data = tiny()
    lesson = definitions("04")
    lesson.write_pictures(data, tmp_path)
    files = sorted(tmp_path.rglob("*.png"))
    assert len(files) == len(data)
    for file in files:
        patient, index = file.stem.split("_")
        image = data.images[int(index)]
        assert (file.parts[-3], file.parts[-2], patient) == (
            data.splits[int(index)],
            data.class_names[data.labels[int(index)]],
            str(data.groups[int(index)]),
        )
        np.testing.assert_array_equal(np.asarray(Image.open(file))[..., :-1], image)


def test_a_patient_gets_the_mean_probability_and_the_disease_of_one_picture():
    first, last = definitions("04").CLASSES
    files = [f"a/{first}/P1_1.png", f"a/{last}/P1_2.png", f"a/{first}/P2_x.png"]
    table = definitions("04").by_patient(files, [0.2, 0.6, 0.1])
    assert table["label"].to_dict() == {"P1": 1, "P2": 0}
    np.testing.assert_allclose(table["probability"], [0.4, 0.1])


def test_a_folder_is_divided_by_patient(tmp_path):
    for patient in range(20):
        for number in range(3):
            file = (
                tmp_path / "all" / ("benign", "malignant")[patient % 2] / f"P{patient}_{number}.png"
            )
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
    definitions("04").divide(tmp_path / "all", tmp_path / "parts")
    assert shared(tmp_path / "parts") == set()
    counts = {part.name: len(list(part.rglob("*.png"))) for part in (tmp_path / "parts").iterdir()}
    assert counts == {"train": 36, "validation": 12, "test": 12}


@pytest.mark.slow
def test_the_lesson_runs_on_a_folder_of_ones_own(tmp_path, monkeypatch, capsys):
    matplotlib.use("agg")
    monkeypatch.chdir(tmp_path)
    exercises.write_practice_pictures("mine")
    names = {"__name__": "__main__"}
    for position, cell in enumerate(cells("04")):
        if cell.cell_type == "code" and not {"exercise", "check"} & set(
            cell.metadata.get("tags", [])
        ):
            source = cell.source.replace("FOLDER = None", 'FOLDER = "mine"')
            source = source.replace('["meningioma-like", "glioma-like"]', '["benign", "malignant"]')
            exec(compile(source, f"cell {position}", "exec"), names)
    assert not Path("brain_pictures").exists()
    assert names["pooled_auc"].value > 0.8
    assert Path("brain_network.txt").read_text() == "benign\nmalignant"
    assert "malignant with probability" in capsys.readouterr().out
