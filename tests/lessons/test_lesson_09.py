"""Lesson 09: its network, its start from photographs, and its last section."""

import re

import matplotlib
import numpy as np
import pytest

from authoring.experiments.definitions import definitions
from course_utils import datasets, transfer
from course_utils.real_data import find_set, read_medmnist
from tests.course_utils.test_real_data import medmnist_file
from tests.lessons.sections import cells, run_section

# Only after the modules of the course, which import TensorFlow quietly.
import keras  # isort: skip


def test_the_network_has_the_parameters_counted_by_hand():
    convolutions = (9 * 3 * 16 + 16) + (9 * 16 * 32 + 32) + (9 * 32 * 64 + 64)
    assert definitions("09").build(48).count_params() == convolutions + 2 * 64 * 7 + 7 == 24_487


@pytest.mark.parametrize(("power", "blind"), [(1, True), (6, True), (None, False)])
def test_the_network_does_not_see_the_color_of_the_light(power, blind):
    model = definitions("09").build(16, power)
    images = np.random.default_rng(0).uniform(0.2, 1, (2, 16, 16, 3)).astype(np.float32)
    white, pink = (model.predict(x, verbose=0) for x in (images, images * [0.9, 0.6, 0.7]))
    np.testing.assert_allclose(white.sum(axis=1), 1, rtol=1e-5)
    assert np.allclose(white, pink, atol=1e-4) == blind


def test_the_network_bears_a_black_image():
    answer = definitions("09").build(16).predict(np.zeros((1, 16, 16, 3)), verbose=0)
    assert np.isfinite(answer).all()


def test_the_start_from_photographs_that_is_not_run_here_would_run(monkeypatch):
    (text,) = (cell.source for cell in cells("09") if "MobileNetV2" in cell.source)
    code = re.search(r"```python\n(.*?)```", text, re.S)[1].replace('"imagenet"', "None")
    tuned = []
    names = vars(definitions("09")) | {"few": "few", "fine_tune": lambda *a: tuned.append(a)}
    exec(code, names | {"keras": keras, "transfer": transfer})
    ((model, data),) = tuned
    assert data == "few"
    images = np.random.default_rng(0).random((2, 48, 48, 3), dtype=np.float32)
    np.testing.assert_allclose(model.predict(images, verbose=0).sum(axis=1), 1, rtol=1e-5)


def test_the_last_section_runs_on_the_real_set_where_it_is_present(tmp_path, monkeypatch, capsys):
    path = tmp_path / "d.npz"
    medmnist_file(path, shape=(28, 28, 3), labels=range(7), sizes=(28, 14, 14), copies=[(0, 42)])
    real = read_medmnist([path], find_set("dermamnist"))
    matplotlib.use("agg")
    monkeypatch.setattr(datasets, "load", lambda name, origin: real)
    short = ["akiec", "bcc", "bkl", "df", "mel", "nv", "vasc"]
    run_section("09", "The same on real images", EPOCHS=2, SHORT=short)
    said = capsys.readouterr().out
    assert "REAL images" in said
    assert len(re.findall(r"(?:colors|network) .*balanced accuracy .*95 % interval", said)) == 2
    assert "14 near-duplicate groups" in said
