"""The ResNet-18 of the MedMNIST paper, its folds, and the table that compares it."""

import sys
from types import SimpleNamespace

import keras
import numpy as np
import pandas as pd
import pytest
from scipy.signal import correlate2d

from authoring.studies import breastmnist_resnet as benchmark
from course_utils.real_data import find_set, read_medmnist
from tests.tiny_data import tiny


def trainable(model):
    return sum(int(np.prod(v.shape)) for v in model.trainable_variables)


# torchvision documents 11,689,512 parameters for its ResNet-18: 7 × 7 first convolution of three
# channels, 1000 classes.
DOCUMENTED = 11_689_512 - 7 * 7 * 3 * 64 - 513 * 1000


@pytest.mark.parametrize(("channels", "classes"), [(1, 2), (3, 2), (3, 10)])
def test_resnet_has_the_known_number_of_parameters(channels, classes):
    model = benchmark.resnet18((28, 28, channels), classes)
    assert trainable(model) == DOCUMENTED + 3 * 3 * channels * 64 + 513 * classes
    # A running mean and variance for each of the 4,800 normalized channels.
    assert model.count_params() - trainable(model) == 2 * 4800


def test_strided_convolution_pads_both_sides_alike():
    inputs = keras.Input((6, 6, 1))
    model = keras.Model(inputs, benchmark._normalized_convolution(inputs, 1, strides=2))
    rng = np.random.default_rng(0)
    image, kernel = rng.normal(size=(6, 6)), rng.normal(size=(3, 3))
    model.layers[2].set_weights([kernel[..., None, None]])
    found = model.predict(image[None, ..., None], verbose=0)[0, ..., 0]
    expected = correlate2d(image, kernel, mode="same")[::2, ::2]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_rate_falls_at_epochs_50_and_75():
    rates = [benchmark.rate_at(epoch) for epoch in (0, 49, 50, 74, 75, 99)]
    np.testing.assert_allclose(rates, [1e-3, 1e-3, 1e-4, 1e-4, 1e-5, 1e-5])


def test_first_of_the_best_epochs_is_kept(monkeypatch):
    # Of the set's labels 0, 0, 1, 1, 1, 0: one pair wrong, then none twice, then all.
    ordered = [0.1, 0.2, 0.8, 0.9, 0.7, 0.3]
    scores = iter([[0.1, 0.2, 0.8, 0.9, 0.7, 0.75], ordered, ordered, [1 - p for p in ordered]])
    monkeypatch.setattr(benchmark, "probabilities", lambda model, inputs: np.array(next(scores)))
    best = benchmark.BestEpoch(tiny())
    for epoch in range(4):
        best.set_model(SimpleNamespace(get_weights=lambda epoch=epoch: epoch))
        best.on_epoch_end(epoch, {"loss": 0.0})
    assert (best.auc, best.weights) == (1, 1)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """Write 80 random images, each followed by a slightly brighter copy, as BreastMNIST is."""
    images = np.random.default_rng(0).integers(0, 200, (80, 28, 28))
    images = np.repeat(images, 2, axis=0)
    images[1::2] += 5
    labels = np.repeat(np.arange(80) % 4 > 0, 2).astype(np.uint8)
    path = tmp_path_factory.mktemp("breast") / "breastmnist.npz"
    arrays = {"images": images.astype(np.uint8), "labels": labels[:, None]}
    parts = {"train": slice(0, 120), "val": slice(120, 160)}
    stored = {f"{p}_{k}": v[rows] for p, rows in parts.items() for k, v in arrays.items()}
    np.savez(path, **stored)
    return path


def test_parts_share_no_group_and_hold_every_image_once(archive):
    data = read_medmnist([archive], find_set("breastmnist"))
    tested = []
    for fold in range(benchmark.FOLDS):
        parts = benchmark.parts_of_fold(data, fold)
        groups = [set(part.groups.tolist()) for part in parts]
        assert sum(map(len, groups)) == len(set.union(*groups)) == 80
        assert [len(part) for part in parts] == [112, 16, 32]
        # One image in four is malignant (stored as 0), here in every part.
        assert [part.labels.sum() for part in parts] == [28, 4, 8]
        tested += groups[2]
    assert sorted(tested) == list(range(80))


def made_up():
    """Return predictions of two arms whose two folds lie on different scales.

    The ResNet wins 3 of 4 pairs in fold 0 and all 4 in fold 1; the other wins all.
    """
    known = pd.DataFrame({"fold": [0] * 4 + [1] * 4, "group": range(8), "label": [0, 0, 1, 1] * 2})
    resnet = known.assign(
        arm="resnet18", probability=[0.5, 0.7, 0.6, 0.8, 0.1, 0.1, 0.2, 0.2],
        cpu_seconds=[90] * 4 + [110] * 4, wall_seconds=[100] * 4 + [120] * 4,
    )  # fmt: skip
    other = known.assign(
        arm="other", probability=[0.1, 0.2, 0.3, 0.4, 0.8, 0.8, 0.9, 0.9],
        cpu_seconds=[5] * 4 + [15] * 4, wall_seconds=[10] * 4 + [45] * 4,
    )  # fmt: skip
    return pd.concat([resnet, other], ignore_index=True)


@pytest.fixture
def table(monkeypatch):
    monkeypatch.setitem(benchmark.ARMS, "other", None)
    return benchmark.summarize(made_up()).set_index(["measure", "arm", "fold"])


def test_only_images_of_one_fold_are_compared(table):
    assert table.loc[("AUC", "resnet18", 0), "value"] == 0.75
    assert table.loc[("AUC", "resnet18", "all"), "value"] == pytest.approx(7 / 8, abs=1e-4)
    assert table.loc[("AUC", "other", "all"), "value"] == 1
    row = table.loc[("AUC difference", "other - resnet18", "all")]
    assert row["value"] == pytest.approx(1 / 8, abs=1e-4)
    assert row["low"] == 0 < row["high"]
    assert (row["images"], row["groups"]) == (8, 8)


def test_times_add_up_over_folds_and_are_compared(table):
    assert table.loc[("cpu_seconds", "resnet18", "all"), "value"] == 200
    assert table.loc[("cpu_seconds ratio", "resnet18 / other", "all"), "value"] == 10
    assert table.loc[("wall_seconds ratio", "resnet18 / other", "all"), "value"] == 4


def test_arms_tried_on_different_images_are_refused():
    predictions = made_up()
    predictions.loc[predictions["arm"] == "other", "group"] += 1
    with pytest.raises(ValueError, match="other was not tried on the images of resnet18"):
        benchmark.summarize(predictions)


def test_an_interrupted_run_goes_on(archive, tmp_path, monkeypatch):
    trained = []

    def brightness(train, validation, seed):
        trained.append(seed)
        if trained == [0, 1]:
            raise KeyboardInterrupt
        return {"resnet18": lambda data: data.as_float().mean(axis=(1, 2, 3))}

    monkeypatch.setattr(benchmark, "ARMS", {"resnet18": brightness})
    out = tmp_path / "table.csv"
    given = ["x", str(archive), "--arm", "resnet18", "--work", str(tmp_path), "--out", str(out)]
    monkeypatch.setattr(sys, "argv", given)
    with pytest.raises(KeyboardInterrupt):
        benchmark.main()
    assert not out.exists()
    benchmark.main()
    assert trained == [0, 1, 1, 2]
    found = pd.read_csv(out, comment="#")
    assert found.query("measure == 'AUC'")["fold"].tolist() == ["0", "1", "2", "all"]
    assert found.query("fold == 'all'")["images"].unique().tolist() == [96]


def test_arms_without_the_reference_are_refused_before_training(tmp_path, monkeypatch, capsys):
    arguments = ["x", str(tmp_path / "none.npz"), "--arm", "recipe", "--work", str(tmp_path / "w")]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit):
        benchmark.main()
    assert "--arm is recipe; name resnet18 too" in capsys.readouterr().err
    assert not (tmp_path / "w").exists()
