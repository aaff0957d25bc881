"""Lesson 08: its experiment, its recipe, and its last section on a made-up set of real format."""

import functools
import hashlib

import nbformat
import numpy as np
import pytest

from authoring.experiments import breast, breast_study
from authoring.workshop import lesson_rules
from course_utils import ROOT, datasets, evaluation, results, training, transfer
from course_utils.datasets import DatasetError
from course_utils.datasets.real_sets import read_breastmnist
from course_utils.downloads import catalog
from course_utils.results import probabilities
from tests.course_utils.test_real_sets import medmnist_file
from tests.tiny_data import tiny

LESSON = ROOT / "notebooks" / "08_breast_ultrasound.ipynb"


@pytest.fixture
def made_up(tmp_path):
    """Return the path of a made-up file in BreastMNIST's format."""
    return medmnist_file(tmp_path / "breastmnist.npz", sizes=(24, 8, 12))


def test_the_table_has_both_arms_on_validation_and_one_on_test():
    table = results.stored("breast_study")
    assert {(arm, part) for arm, part in zip(table["arm"], table["part"], strict=True)} == {
        ("plain", "validation"),
        ("augmented", "validation"),
        ("augmented", "test"),
    }
    for arm, part in (("plain", "validation"), ("augmented", "test")):
        labels, runs, _ = probabilities(table, arm, part)
        assert runs.shape == (5, 750)
        assert labels.sum() == 215


@pytest.mark.slow
def test_a_sample_of_the_table_can_be_computed_again():
    table = results.stored("breast_study").query("arm == 'augmented' and seed == 0")
    again = breast_study.measure(0, **breast_study.ARMS["augmented"])
    for part in ("validation", "test"):
        now, then = (t[t["part"] == part] for t in (again, table))
        assert now["group"].tolist() == then["group"].tolist()
        scores = [evaluation.roc_auc(t["label"], t["probability"]) for t in (now, then)]
        # Other processors round differently; five seeds lie within 0.03.
        assert scores[0] == pytest.approx(scores[1], abs=0.03)


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


@pytest.mark.parametrize(("start", "shipped"), [("breast_ultrasound", True), (None, False)])
def test_the_recipe_starts_from_shipped_or_from_random_weights(made_up, start, shipped):
    data = read_breastmnist(made_up).split("train")
    # At a rate of 0 nothing is learned.
    found = breast.recipe(data, members=1, epochs=1, rate=0.0, start=start).weights[0]
    expected = transfer.trained("breast_ultrasound").get_weights()
    assert np.array_equal(found[0], expected[0]) == shipped


def small(groups, **changes):
    """Return four gray images of 28 pixels, two classes, no splits."""
    pixels = np.random.default_rng(0).integers(0, 256, (4, 28, 28, 1)).astype(np.uint8)
    fields = {"name": "small", "images": pixels, "labels": [0, 0, 1, 1], "groups": groups}
    fields |= {"class_names": ("benign", "malignant"), "group_kind": "patient", "origin": "real"}
    return datasets.ImageDataset(**(fields | changes))


def test_the_recipe_never_trains_on_test_images(made_up):
    data = read_breastmnist(made_up)
    with pytest.raises(DatasetError, match=r"validation: received .* official test"):
        breast.recipe(data.split("train"), data.split("test"), members=1, epochs=1)
    # Without splits in the other part, the joined set would no longer know.
    with pytest.raises(DatasetError, match=r"validation: received 4 .* official test"):
        breast.recipe(small(list("ABCD")), small(list("EFGH"), splits=["test"] * 4))
    with pytest.raises(DatasetError, match=r"train: received 4 .* official test"):
        breast.recipe(small(list("ABCD"), splits=["test"] * 4), small(list("EFGH")))


LARGE = np.zeros((4, 64, 64, 1), np.uint8)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"class_names": ("malignant", "benign")}, "class_names: received .*one set only"),
        ({"channel_names": ("B-mode",)}, "channel_names: received"),
        ({"group_kind": "image"}, "group_kind: received 'patient' and 'image'"),
        ({"origin": "simulated"}, "origin: received 'real' and 'simulated'"),
        ({"images": LARGE}, r"images: received \(28, 28, 1\) and \(64, 64, 1\)"),
    ],
)
def test_only_parts_of_one_set_are_joined(change, said):
    with pytest.raises(DatasetError, match=said):
        breast.joined(small([1, 2, 3, 4]), small([5, 6, 7, 8], **change))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"members": 0}, "members: received 0; allowed: an integer from 1"),
        ({"members": 2.0}, "members: received 2.0"),
        ({"epochs": 0}, "epochs: received 0"),
        ({"epochs": True}, "epochs: received True"),
        ({"start": "skin_lesions"}, "start: received 'skin_lesions'; allowed: 'breast_ultrasound'"),
        ({"seed": -1}, "seed: received -1"),
        ({"validation": small([5, 6, 7, 8], images=LARGE)}, r"validation: received images \(64"),
    ],
)
def test_what_the_recipe_cannot_use_gets_a_sentence(options, said):
    with pytest.raises(DatasetError, match=said):
        breast.recipe(small([1, 2, 3, 4]), **options)


def test_the_recipe_and_its_ensemble_refuse_other_sizes():
    with pytest.raises(DatasetError, match=r"train: .* allowed: \(28, 28, 1\) and two classes"):
        breast.recipe(tiny())
    with pytest.raises(DatasetError, match="dataset: received images"):
        breast.Ensemble(None, ()).predict(tiny())


def cells_for_real_images():
    """Return the code of the lesson's last section, after the cells that it needs."""
    notebook = nbformat.read(LESSON, as_version=4)
    start = next(
        index
        for index, _, level, text in lesson_rules.headings(notebook)
        if level == 2 and "The same on real images" in text
    )
    code = list(lesson_rules.code_cells(notebook))
    section = [cell for index, cell in code if index > start]
    needed = set().union(*(lesson_rules.global_names(cell)[1] for cell in section))
    wanted = {"rule_score", "small_pixels", "linear_model", "everything"} & needed
    earlier = [
        cell
        for index, cell in code
        if index < start
        and ("setup" in lesson_rules.tags(cell) or wanted & lesson_rules.global_names(cell)[0])
    ]
    # Definitions only: what they are first applied to belongs to the lesson's own sections.
    return [
        cell.source.replace("linear = linear_model(train)", "") for cell in [*earlier, *section]
    ]


def run_section(monkeypatch, capsys):
    quick = functools.partial(breast.recipe, members=1, epochs=1)
    monkeypatch.setattr(breast, "recipe", quick)
    names = {}
    for source in cells_for_real_images():
        exec(source, names)
    return names, capsys.readouterr().out


def test_the_last_section_runs_on_a_real_set(made_up, tmp_path, monkeypatch, capsys):
    text = catalog.REGISTRY_FILE.read_text(encoding="utf-8")
    digest = hashlib.md5(made_up.read_bytes(), usedforsecurity=False).hexdigest()
    text = text.replace("750601b1f35ba3300ea97c75c52ff8f6", digest)
    text = text.replace("559580", str(made_up.stat().st_size))
    (tmp_path / "datasets.toml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(catalog, "REGISTRY_FILE", tmp_path / "datasets.toml")
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    names, said = run_section(monkeypatch, capsys)
    assert names["real"].origin == "real"
    assert {name: len(values) for name, values in names["answers"].items()} == {
        "dark center": 12,
        "logistic regression": 12,
        "recipe": 12,
    }
    assert said.count("near-duplicate groups") >= 3
    assert "REAL images" in said


def test_the_last_section_says_how_to_get_the_set(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "empty"))
    names, said = run_section(monkeypatch, capsys)
    assert names["real"] is None
    assert "python -m course_utils download breastmnist" in said
    assert "Stored" in said
