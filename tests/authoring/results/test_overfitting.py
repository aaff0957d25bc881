"""Stored tables of lesson 06: complete, and chosen by the rules."""

import numpy as np
import pytest

from authoring.experiments import overfitting, overfitting_final, overfitting_tuning
from course_utils import datasets, results

lesson = overfitting.lesson


@pytest.fixture(scope="module")
def table():
    return results.stored("overfitting")


def test_strengths_are_the_best_of_those_tried_on_the_same_network():
    tuning = results.stored("overfitting_tuning")
    best, grid = overfitting_tuning.best(tuning), overfitting_tuning.GRID
    copied, suited = lesson.CANDIDATES["all, copied"], lesson.CANDIDATES["all, suited"]
    for arm, remedy in {"L2": "l2", "dropout": "dropout"}.items():
        assert lesson.CANDIDATES[arm] == {remedy: best["large", remedy]}
        assert copied[remedy] == best["large", remedy] > suited[remedy]
    assert suited["l2"] == min(grid["compact", "l2"])
    assert lesson.BESIDE["compact + L2 0.01"] == {**lesson.COMPACT, **lesson.CANDIDATES["L2"]}
    assert not set(tuning["seed"]) & set(overfitting.SEEDS)


def test_networks_trained_until_they_were_done():
    runs = results.stored("overfitting_runs").query("arm != 'none'")
    assert (runs["trained_epochs"] < 120 * 300 / 100).all()
    capped = runs["arm"].str.contains("patients") | (runs["trained_epochs"] < 120)
    assert capped.mean() > 0.9


def test_every_arm_has_every_seed_on_the_same_patients(table):
    beside = results.stored("overfitting_beside")
    assert list(dict.fromkeys(table["arm"])) == list(overfitting.CANDIDATES)
    assert set(beside["arm"]) == set(overfitting.ARMS) - set(overfitting.CANDIDATES)
    patients = np.unique(lesson.patients_of("choosing").groups)
    for source in (table, beside):
        for arm in source["arm"].unique():
            _, runs, groups = results.probabilities(source, arm, "choosing")
            assert len(runs) == len(overfitting.SEEDS)
            np.testing.assert_array_equal(groups, patients)


def test_no_test_patient_takes_part_in_the_choice(table):
    test = datasets.load("breast_ultrasound").split("test")
    stopping, choosing = (lesson.patients_of(part) for part in ("stopping", "choosing"))
    assert set(table["part"]) == {"choosing"}
    assert not set(table["group"]) & set(test.groups)
    assert not set(stopping.groups) & set(choosing.groups)


def test_test_patients_were_opened_for_the_winner_and_the_reference_only():
    final = results.stored("overfitting_final")
    assert list(overfitting_final.arms()) == list(dict.fromkeys(final["arm"]))
    labels, _, groups = results.probabilities(final, "none", "test")
    test = datasets.load("breast_ultrasound").split("test")
    np.testing.assert_array_equal(groups, np.unique(test.groups))
    assert labels.sum() == 215


def test_winner_has_the_highest_mean_auc_and_one_lucky_run_does_not_count(table):
    perfect = table.copy()
    dropout = perfect["arm"] == "dropout"
    perfect.loc[dropout, "probability"] = perfect["label"].astype(float)
    assert lesson.winner_of(perfect) == "dropout"
    lucky = table.copy()
    lucky.loc[lucky["arm"] == "none", "probability"] = 0.5
    of_one_run = (lucky["arm"] == "none") & (lucky["seed"] == 0)
    lucky.loc[of_one_run, "probability"] = lucky["label"].astype(float)
    assert lesson.winner_of(lucky) != "none"


def test_penalty_and_dropout_reach_every_layer_they_should():
    changed = lesson.regularized(lesson.large_network(), l2=0.5, dropout=0.25)
    kernels = [layer.kernel for layer in changed.layers if layer.trainable_weights]
    by_hand = sum(0.5 * float((kernel.numpy() ** 2).sum()) for kernel in kernels)
    assert len(kernels) == 4
    assert float(sum(changed.losses)) == pytest.approx(by_hand, rel=1e-5)
    kinds = [type(layer).__name__ for layer in changed.layers]
    assert [i for i, kind in enumerate(kinds) if kind == "Dropout"] == [5, 7]
    assert kinds.index("Dense") == 6
    assert not lesson.regularized(lesson.large_network()).losses


def test_allowed_changes_keep_the_depth_and_upside_down_flips_do_not():
    images = np.zeros((32, 8, 8, 1), np.float32)
    images[:, 0] = 1.0
    flipped = lesson.changes(0, 0.1, upside_down=True)(images).numpy()
    upright = lesson.changes(0, 0.1)(images).numpy()
    assert 4 < (flipped[:, -1].mean(axis=(1, 2)) > 0.7).sum() < 28
    assert (upright[:, 0] > 0.7).all()
    assert (upright[:, 1:] == 0).all()
    assert lesson.changes(0) is None
