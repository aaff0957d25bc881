"""Stored tables of lesson 06: complete, chosen by the rules, and a sample can be computed again."""

import numpy as np
import pytest

from authoring.experiments import overfitting, overfitting_tuning
from course_utils import ROOT, datasets, evaluation, results


@pytest.fixture(scope="module")
def table():
    return results.stored("overfitting")


@pytest.fixture(scope="module")
def final():
    return results.stored("overfitting_final")


def test_strengths_are_the_best_of_three():
    tuning = results.stored("overfitting_tuning")
    assert overfitting_tuning.best(tuning) == overfitting.STRENGTHS
    assert all(len(settings) == 3 for settings in overfitting_tuning.GRID.values())
    assert not set(tuning["seed"]) & set(overfitting.SEEDS)


def test_every_arm_has_every_seed_on_the_same_patients(table):
    beside = results.stored("overfitting_beside")
    assert list(dict.fromkeys(table["arm"])) == list(overfitting.CANDIDATES)
    assert set(beside["arm"]) == set(overfitting.ARMS) - set(overfitting.CANDIDATES)
    patients = np.unique(overfitting.patients_of("choosing").groups)
    for source in (table, beside):
        for arm in source["arm"].unique():
            _, runs, groups = results.probabilities(source, arm, "choosing")
            assert len(runs) == len(overfitting.SEEDS)
            np.testing.assert_array_equal(groups, patients)


def test_no_test_patient_takes_part_in_the_choice(table):
    test = datasets.load("breast_ultrasound").split("test")
    stopping, choosing = (overfitting.patients_of(part) for part in ("stopping", "choosing"))
    assert set(table["part"]) == {"choosing"}
    assert not set(table["group"]) & set(test.groups)
    assert not set(stopping.groups) & set(choosing.groups)


def test_test_patients_were_opened_for_the_winner_and_the_reference_only(table, final):
    assert set(final["arm"]) == {"none", overfitting.winner(table)}
    labels, _, groups = results.probabilities(final, "none", "test")
    test = datasets.load("breast_ultrasound").split("test")
    np.testing.assert_array_equal(groups, np.unique(test.groups))
    assert labels.sum() == 215


def test_winner_has_the_highest_mean_auc_and_one_lucky_run_does_not_count(table):
    low, high = table["label"] == 0, table["label"] == 1
    perfect = table.copy()
    perfect.loc[high & (table["arm"] == "dropout"), "probability"] = 1.0
    perfect.loc[low & (table["arm"] == "dropout"), "probability"] = 0.0
    assert overfitting.winner(perfect) == "dropout"

    lucky = table.copy()
    of_one_run = (table["arm"] == "none") & (table["seed"] == 0)
    lucky.loc[table["arm"] == "none", "probability"] = 0.5
    lucky.loc[of_one_run, "probability"] = lucky.loc[of_one_run, "label"].astype(float)
    assert overfitting.winner(lucky) != "none"


def test_penalty_and_dropout_reach_every_layer_they_should():
    keras = overfitting.keras
    changed = overfitting.regularized(overfitting.large_network(), l2=0.5, dropout=0.25)
    kernels = [layer.kernel for layer in changed.layers if layer.trainable_weights]
    by_hand = sum(0.5 * float((kernel.numpy() ** 2).sum()) for kernel in kernels)
    assert len(kernels) == 4
    assert float(sum(changed.losses)) == pytest.approx(by_hand, rel=1e-5)
    kinds = [type(layer).__name__ for layer in changed.layers]
    assert [i for i, kind in enumerate(kinds) if kind == "Dropout"] == [5, 7]
    assert kinds.index("Dense") == 6
    assert not overfitting.regularized(overfitting.large_network()).losses
    assert isinstance(changed, keras.Sequential)


def test_upside_down_flips_move_the_top_to_the_bottom():
    images = np.zeros((32, 8, 8, 1), np.float32)
    images[:, 0] = 1.0
    flipped = overfitting.augmenter(1e-6, upside_down=True, seed=0)(images).numpy()
    upright = overfitting.augmenter(1e-6, upside_down=False, seed=0)(images).numpy()
    assert 4 < (flipped[:, -1].mean(axis=(1, 2)) > 0.9).sum() < 28
    assert (upright[:, 0] > 0.9).all()


def test_tables_stay_small():
    for path in (ROOT / "data" / "results").glob("overfitting*.csv"):
        assert path.stat().st_size < 600_000, path.name


@pytest.mark.slow
@pytest.mark.parametrize("arm", ["none", "early stopping"])
def test_a_sample_can_be_computed_again(table, arm):
    again = overfitting.measure(0, **overfitting.ARMS[arm]).dropna(subset="label")
    auc = evaluation.roc_auc(again["label"].astype(int), again["probability"])
    labels, runs, _ = results.probabilities(table, arm, "choosing")
    stored = evaluation.bootstrap(evaluation.roc_auc, labels, runs[0])
    assert stored.low < auc < stored.high
    assert auc == pytest.approx(stored.value, abs=0.04)
