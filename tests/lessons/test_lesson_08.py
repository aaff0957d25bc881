"""Lesson 08: its study part by part, its recipe, and the whole of it on somebody's own images."""

import re
from dataclasses import replace

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from authoring.experiments.definitions import definitions
from course_utils import datasets, evaluation, own_data, training, transfer
from course_utils.real_data import find_set, read_medmnist
from tests.course_utils.test_real_data import medmnist_file
from tests.lessons.sections import cells
from tests.tiny_data import tiny


@pytest.fixture
def real(tmp_path):
    """Return a made-up set of BreastMNIST's form; one image of two contradicts its copy."""
    path = medmnist_file(tmp_path / "breastmnist.npz", sizes=(48, 40, 24), copies=[(0, 99)])
    return read_medmnist([path], find_set("breastmnist"))


def undivided(n=40):
    """Return a set of n patients with two images each and no official split."""
    rng = np.random.default_rng(0)
    return tiny(
        images=rng.integers(0, 256, (2 * n, 28, 28, 1)).astype(np.uint8),
        labels=np.repeat(np.arange(n) % 2, 2),
        groups=np.repeat([f"P{k:02}" for k in range(n)], 2),
        channel_names=("intensity",),
        attributes={"kind": np.repeat(["scar", "cancer", "cyst", "cancer"], n // 2)},
        splits=None,
        masks=None,
        mask_names=None,
        sites=None,
        slice_positions_mm=None,
        slice_thickness_mm=None,
        pixel_spacing_mm=None,
    )


def test_a_set_without_parts_is_divided_by_patient():
    parts = definitions("08").divided(undivided())
    groups = {name: set(part.groups) for name, part in parts.items()}
    assert [len(names) for names in groups.values()] == [19, 7, 6, 8]
    assert len(set.union(*groups.values())) == 40
    assert all(0.3 < part.labels.mean() < 0.7 for part in parts.values())


def test_official_parts_are_kept_and_missing_ones_come_from_training():
    data = undivided()
    parts = definitions("08").divided(
        replace(data, splits=np.where(data.groups < "P10", "test", "train"))
    )
    assert set(parts["test"].groups) == {f"P{k:02}" for k in range(10)}
    assert not set(parts["test"].groups) & set(parts["choose"].groups)
    assert [len(set(parts[name].groups)) for name in ("train", "choose", "calibrate")] == [18, 6, 6]


def test_a_group_with_both_labels_is_left_out(capsys):
    data = undivided(2)
    kept = definitions("08").consistent(replace(data, labels=np.array([0, 1, 1, 1])))
    assert set(kept.groups) == {"P01"}
    assert capsys.readouterr().out.startswith("2 images left out")


def test_who_was_asked_about_follows_the_kind_and_is_everybody_without_kinds():
    lesson, data = definitions("08"), undivided(4)
    assert lesson.asked(data).tolist() == [True, True, False, True]
    assert lesson.asked(replace(data, attributes=None)).all()


def test_a_mirrored_set_has_left_and_right_exchanged():
    data = tiny()
    mirrored = definitions("08").mirrored(data)
    np.testing.assert_array_equal(mirrored.images, data.images[:, :, ::-1])
    assert mirrored.groups.tolist() == data.groups.tolist()


def test_a_run_has_one_row_per_group_and_the_mean_with_the_mirror_image():
    lesson = definitions("08")
    parts = lesson.divided(undivided())
    rows = lesson.run("logistic regression", 0, parts)
    assert rows.groupby("part").size().to_dict() == {"calibrate": 6, "choose": 7, "test": 8}
    answer = lesson.answering("logistic regression", parts["train"], 0)
    test, found = parts["test"], rows[rows["part"] == "test"]
    views = answer(test), answer(replace(test, images=test.images[:, :, ::-1].copy()))
    expected = test.per_group(np.mean(views, axis=0))
    np.testing.assert_allclose(found["with_mirror"], expected.probabilities)
    assert found["group"].tolist() == expected.groups.tolist()


def test_probabilities_are_right_on_average_at_the_stated_prevalence():
    rng = np.random.default_rng(1)
    labels = np.repeat([0, 1], (300, 200))
    values = 1 / (1 + np.exp(-(labels * 1.5 - 2 + rng.normal(0, 1, 500)) * 3))
    correct = definitions("08").platt(labels, values, 0.17)
    weights = evaluation.prevalence_weights(labels, 0.17)
    assert np.average(correct(values), weights=weights) == pytest.approx(0.17, abs=0.002)
    options = {"sample_weight": weights}
    assert evaluation.calibration_slope(labels, correct(values), **options) == pytest.approx(
        1, abs=0.02
    )


@pytest.mark.parametrize(("gain", "decision"), [(0.3, True), (0.004, False), (-0.3, False)])
def test_a_change_needs_a_gain_that_matters_and_an_interval_above_zero(gain, decision, monkeypatch):
    lesson = definitions("08")
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 300)
    simpler = rng.normal(labels * 0.7, 1, 600)
    richer = simpler + gain * 3 * (labels - 0.5)
    monkeypatch.setitem(lesson.adopted.__globals__, "bootstrap", evaluation.bootstrap)
    assert lesson.adopted("x", labels, (richer + 10) / 20, (simpler + 10) / 20) == decision


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


SHORTER = {
    "EPOCHS = 30": "EPOCHS = 1",
    "UPDATES = 600": "UPDATES = 1",
    "SEEDS[:3]": "SEEDS[:2]",
    "evaluation.bootstrap, group_kind": "evaluation.bootstrap, n_resamples=100, group_kind",
    "n_resamples=1000": "n_resamples=100",
    "plt.show()": "plt.close()",
}


def test_patients_are_read_from_file_names_as_the_last_section_says(tmp_path):
    names = {}
    text = next(cell.source for cell in cells("08") if "def patient_of" in cell.source)
    exec(re.search(r"```python\n(.*?)```", text, re.DOTALL)[1], names)
    for name in ("benign/p01_left", "benign/p01_2", "malignant/p02_1", "malignant/p03_1"):
        file = tmp_path / f"{name}.png"
        file.parent.mkdir(exist_ok=True)
        Image.effect_noise((32, 32), 40).save(file)
    data = own_data.read_image_folder(
        tmp_path,
        class_names=("benign", "malignant"),
        group_kind="patient",
        columns={"group": names["patient_of"]},
    )
    assert sorted(data.groups) == ["p01", "p01", "p02", "p03"]


def run_lesson(data, tmp_path, monkeypatch):
    """Execute all cells on other data, with short trainings and solved exercises."""
    matplotlib.use("agg")
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "__main__", "display": print}
    lesson = [cell for cell in cells("08") if cell.cell_type == "code"]
    for position, cell in enumerate(lesson):
        if "exercise" in cell.metadata.get("tags", []):
            cell = lesson[position + 2]  # the solution, under the name of the answer
            exec(cell.source.replace("_solution", ""), names)
        else:
            source = cell.source
            for old, new in (SHORTER | {'DATA = "embedded"': f"DATA = {data!r}"}).items():
                source = source.replace(old, new)
            exec(compile(source, f"cell {position}", "exec"), names)
    plt.close("all")
    return names


@pytest.mark.slow
def test_the_lesson_runs_on_a_folder_of_ones_own(tmp_path, monkeypatch, capsys):
    rng = np.random.default_rng(3)
    for number in range(72):
        kind = ("benign", "malignant")[number % 2]
        picture = rng.integers(60, 160, (50, 70)).astype(np.uint8)
        picture[15:35, 25:45] -= np.uint8(40 * (kind == "malignant"))
        file = tmp_path / "mine" / kind / f"p{number:02}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(file)
    names = run_lesson("mine", tmp_path, monkeypatch)
    said = capsys.readouterr().out
    for lacking in ("no kinds", "no sites", "no masks"):
        assert lacking in said
    assert set(names["table"]["part"]) == {"choose", "calibrate", "test"}
    assert "near-duplicate groups" in said
    labels, runs = names["of_runs"]("dark center", "test")
    # The dark center is the only difference.
    assert evaluation.roc_auc(labels, runs[0]) > 0.9


@pytest.mark.slow
def test_the_lesson_runs_on_a_set_of_the_form_of_breastmnist(real, tmp_path, monkeypatch, capsys):
    load = datasets.load
    monkeypatch.setattr(
        datasets, "load", lambda name, origin="embedded": real if origin == "real" else load(name)
    )
    names = run_lesson("real", tmp_path, monkeypatch)
    assert "REAL images" in repr(names["data"])
    tested = names["table"].query("part == 'test' and arm == 'plain' and seed == 0")
    assert len(tested) == len(np.unique(real.split("test").groups))
    assert "no masks" in capsys.readouterr().out
