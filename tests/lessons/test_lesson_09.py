"""Lesson 09: its network and study, and the whole of it on a folder of somebody's own."""

import re

import matplotlib
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from authoring.experiments.definitions import definitions
from course_utils import datasets, transfer
from course_utils.real_data import find_set, read_medmnist
from tests.course_utils.test_real_data import medmnist_file
from tests.lessons.sections import cells
from tests.tiny_data import tiny

# Only after the modules of the course, which import TensorFlow quietly.
import keras  # isort: skip

LESSON = definitions("09")


def test_the_network_has_the_parameters_counted_by_hand():
    convolutions = (9 * 3 * 16 + 16) + (9 * 16 * 32 + 32) + (9 * 32 * 64 + 64)
    assert LESSON.build(48).count_params() == convolutions + 2 * 64 * 7 + 7 == 24_487
    assert LESSON.build(48, classes=3).output_shape == (None, 3)


@pytest.mark.parametrize(("power", "blind"), [(1, True), (6, True), (None, False)])
def test_the_network_does_not_see_the_color_of_the_light(power, blind):
    model = LESSON.build(16, power)
    images = np.random.default_rng(0).uniform(0.2, 1, (2, 16, 16, 3)).astype(np.float32)
    white, pink = (model.predict(x, verbose=0) for x in (images, images * [0.9, 0.6, 0.7]))
    np.testing.assert_allclose(white.sum(axis=1), 1, rtol=1e-5)
    assert np.allclose(white, pink, atol=1e-4) == blind


def test_the_network_bears_a_black_image():
    answer = LESSON.build(16).predict(np.zeros((1, 16, 16, 3)), verbose=0)
    assert np.isfinite(answer).all()


def test_weights_of_classes_restore_the_mix_that_the_set_stores():
    train = datasets.load("skin_lesions").split("train")
    weights = LESSON.weights_to(LESSON.HAM10000, train.labels, LESSON.classes_of(train))
    np.testing.assert_array_equal(weights, train.attributes["weight"])


def test_a_patients_lesions_are_told_apart_where_the_data_say_so():
    parts = {"group_kind": "patient", "attributes": pd.DataFrame({"lesion": list("abbccd")})}
    names, kind = LESSON.lesions_of(tiny(**parts))
    assert (names.tolist(), kind) == (list("abbccd"), "lesion")
    names, kind = LESSON.lesions_of(tiny(group_kind="patient", attributes=None))
    assert (len(set(names)), kind) == (6, "image")
    names, kind = LESSON.lesions_of(tiny(group_kind="lesion"))
    assert (names.tolist(), kind) == (["A", "A", "B", "C", "C", "D"], "lesion")


@pytest.mark.parametrize("splits", [None, ["train", "test"], ["train", "validation", "test"]])
def test_parts_never_divide_a_group_and_keep_a_test_that_is_given(splits):
    given = None if splits is None else np.resize(splits, 60)
    data = tiny(
        **dict.fromkeys(("masks", "sites", "slice_positions_mm", "attributes")),
        mask_names=(),
        slice_thickness_mm=None,
        pixel_spacing_mm=None,
        images=np.zeros((60, 4, 4, 2), np.uint8),
        labels=np.arange(60) % 2,
        groups=np.arange(60),
        splits=given,
    )
    parts = LESSON.parts_of(data)
    groups = [set(parts[name].groups) for name in ("train", "validation", "test")]
    assert set.union(*groups) == set(range(60))
    assert sum(map(len, groups)) == 60
    assert min(map(len, groups)) >= 6
    if splits:
        assert groups[2] == set(np.flatnonzero(given == "test"))


def test_the_arm_with_the_highest_mean_goes_to_the_test():
    rows = {
        "seed": [0] * 4,
        "part": ["validation"] * 4,
        "group": list("abcd"),
        "label": [0, 0, 0, 1],
    }
    # One arm is right about the common class, the other about both halves.
    common = pd.DataFrame({**rows, "arm": "common", "p_0": [9, 9, 9, 9], "p_1": [1, 1, 1, 1]})
    even = pd.DataFrame({**rows, "arm": "even", "p_0": [9, 9, 1, 1], "p_1": [1, 1, 9, 9]})
    assert LESSON.choose(pd.concat([common, even])) == "even"


def test_scores_of_two_classes_are_those_of_three():
    labels = np.array([0, 0, 0, 1, 1])
    values = np.array([0.9, 0.8, 0.3, 0.6, 0.1])
    two = np.column_stack([values, 1 - values])
    assert LESSON.balanced(labels, two) == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert LESSON.macro_auc(labels, two) == pytest.approx(5 / 6)
    np.testing.assert_allclose(LESSON.suspicion(two, [1]), 1 - values)


def test_the_start_from_photographs_that_is_not_run_here_would_run(monkeypatch):
    (text,) = (cell.source for cell in cells("09") if "MobileNetV2" in cell.source)
    code = re.search(r"```python\n(.*?)```", text, re.S)[1].replace('"imagenet"', "None")
    tuned = []
    names = vars(LESSON) | {"names": "abcdefg", "fine_tune": lambda *a: tuned.append(a)}
    exec(code, names | {"keras": keras, "transfer": transfer, "small": {"train": "few"}})
    ((model, data),) = tuned
    assert data == "few"
    images = np.random.default_rng(0).random((2, 48, 48, 3), dtype=np.float32)
    np.testing.assert_allclose(model.predict(images, verbose=0).sum(axis=1), 1, rtol=1e-5)


def run(capsys, **changes):
    """Execute the lesson after replacing text; return its names and what it printed."""
    matplotlib.use("agg")
    names, seen = {"__name__": "__main__"}, set()
    for position, cell in enumerate(cells("09")):
        if cell.cell_type != "code" or "exercise" in cell.metadata.get("tags", []):
            continue
        source = cell.source
        for name in {"leaks", "change_mix", "threshold_for", "abstract"} - set(names):
            names[name] = ...
        for old, new in changes.items():
            seen |= {old} if old in source else set()
            source = source.replace(old, new)
        exec(compile(source, f"cell {position}", "exec"), names)
    assert seen == set(changes)
    return names, capsys.readouterr().out


FAST = {"EPOCHS = 20": "EPOCHS = 2", "SEEDS = range(5)": "SEEDS = range(2)"}
READING = re.compile(r"read_image_folder\(.*?\n    \)", re.DOTALL)


def reading(arguments):
    """Return the call of the data cell, and what stands there instead."""
    (source,) = (cell.source for cell in cells("09") if "read_image_folder(" in cell.source)
    return {READING.search(source)[0]: f"read_image_folder({arguments})"}


def write_lesions(folder, classes, count):
    """Write pictures of spots, of another size and color in each class, with some noise."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[-1:1:40j, -1:1:40j]
    for k, name in enumerate(classes):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            inside = np.hypot(x, y) < rng.uniform(0.3, 0.5) + 0.15 * k
            color = np.array([200, 150, 130]) - inside[..., None] * np.array([30 + 30 * k, 60, 60])
            pixels = np.clip(color + rng.normal(0, 25, (40, 40, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"P{number // 2:02}_{number}.png")


@pytest.mark.slow
def test_the_lesson_runs_on_a_folder_of_three_classes(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_lesions(tmp_path / "spots", ("wart", "mole", "tumor"), 40)
    call = reading(
        '"spots", class_names=("wart", "mole", "tumor"), group_kind="patient", mode="rgb",'
        'columns={"group": lambda table: table["label"] + table["file"].str.extract(r"(P\\d+)")[0]}'
    )
    here = {
        'DATA = "embedded"': 'DATA = "folder"',
        '["melanoma"], "melanoma", {}': '["tumor"], "tumor", {}',
    }
    names, said = run(capsys, **FAST, **call, **here)
    assert names["data"].group_kind == "patient"
    patients = [set(part.groups) for part in names["parts"].values()]
    assert sum(map(len, patients)) == len(set.union(*patients)) == 60
    assert names["best"].shape == (2, 24, 3)
    assert "0 of 72 training pictures share" in said
    for missing in ("do not tell the age", "do not tell the tone"):
        assert missing in said


@pytest.mark.slow
def test_the_lesson_runs_on_the_real_set(tmp_path, monkeypatch, capsys):
    path = tmp_path / "d.npz"
    medmnist_file(path, shape=(28, 28, 3), labels=range(7), sizes=(70, 28, 42), copies=[(0, 100)])
    real, load = read_medmnist([path], find_set("dermamnist")), datasets.load
    monkeypatch.setattr(
        datasets, "load", lambda name, origin="embedded": real if origin == "real" else load(name)
    )
    names, said = run(capsys, **FAST, **{'DATA = "embedded"': 'DATA = "real"'})
    assert "REAL images" in said
    assert (names["test"].attributes["official_split"] == "test").all()
    assert "accuracy in that mix" in said
