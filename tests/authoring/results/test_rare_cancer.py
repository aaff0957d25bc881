"""Stored tables of lesson 07: complete, tuned alike, and what their arms train on."""

import numpy as np
import pytest
from scipy.special import expit

from authoring.experiments import rare_cancer, rare_cancer_leak, rare_cancer_plateau
from course_utils import datasets, imbalance, results


@pytest.fixture(scope="module")
def table():
    stored = results.stored("rare_cancer")
    stored["probability"] = expit(stored["log_odds_thousandths"] / 1000)
    return stored


@pytest.fixture(scope="module")
def tuning():
    return results.stored("rare_cancer_tuning")


def test_validation_and_training_are_five_percent_and_lose_malignant_patients_only():
    for name, seed in (("train", 0), ("validation", rare_cancer.VALIDATION_DRAW)):
        whole = rare_cancer.part(name)
        kept = rare_cancer.lesson.rare(whole, seed)
        labels = kept.labels[np.unique(kept.groups, return_index=True)[1]]
        assert labels.mean() == pytest.approx(0.05, abs=0.001)
        assert (kept.labels == 0).sum() == (whole.labels == 0).sum()
        images = [np.isin(data.groups, kept.groups).sum() for data in (whole, kept)]
        assert images[0] == images[1]


def test_seeds_draw_different_cancers():
    cancers = []
    for seed in rare_cancer.SEEDS:
        data = rare_cancer.lesson.rare(rare_cancer.part("train"), seed)
        cancers.append(frozenset(data.groups[data.labels == 1]))
    assert len(set(cancers)) == len(cancers)


def test_every_arm_has_every_seed_on_the_same_patients(table):
    test = datasets.load("breast_ultrasound").split("test")
    numbers = sorted({int(group[1:]) for group in test.groups})
    assert list(dict.fromkeys(table["arm"])) == list(rare_cancer.ARMS)
    for arm in rare_cancer.ARMS:
        labels, runs, groups = results.probabilities(table, arm, "test")
        assert len(runs) == len(rare_cancer.SEEDS)
        assert groups.tolist() == numbers
        assert labels.sum() == 215
        assert results.probabilities(table, arm, "validation")[0].sum() == 28


def test_learning_rate_and_length_are_the_best_of_each_arm_on_training_patients(tuning):
    assert rare_cancer.lesson.best_settings(tuning) == rare_cancer.lesson.SETTINGS
    assert not set(tuning["seed"]) & set(rare_cancer.SEEDS)


def test_every_arm_was_tuned_with_the_same_effort(tuning):
    tries = tuning.groupby("remedy")[["rate", "updates"]].agg(lambda values: sorted(set(values)))
    assert set(tries.index) == set(rare_cancer.lesson.SETTINGS)
    assert tries["rate"].map(str).nunique() == tries["updates"].map(str).nunique() == 1


def test_upweighted_patients_stand_for_those_who_were_left_out(monkeypatch):
    seen = {}

    def remember(model, data, seed, loss, rate, updates, class_weight):
        seen.update(data=data, weights=class_weight, bias=model.layers[-1].bias.numpy()[0])

    arm = rare_cancer.lesson.trained_arm
    monkeypatch.setitem(arm.__globals__, "trained", remember)
    data = rare_cancer.lesson.rare(rare_cancer.part("train"), 0)
    arm("upweight", data, 0, 0.001, 200)
    labels, weights = seen["data"].labels, seen["weights"]
    assert len(labels) < 0.2 * len(data)
    assert np.mean([weights[label] for label in labels]) == pytest.approx(1)
    assert imbalance.effective_prevalence(labels, weights) == pytest.approx(data.labels.mean())
    assert expit(seen["bias"]) == pytest.approx(data.labels.mean(), abs=1e-4)


def test_copies_made_before_dividing_flatter_the_part_left_out():
    leak = results.stored("rare_cancer_leak").groupby("arm")[["left_out", "test"]].mean()
    optimism = leak["left_out"] - leak["test"]
    first, after = rare_cancer_leak.ARMS
    assert optimism[first] > 0.05
    assert optimism[after] < optimism[first] - 0.02


def test_every_run_of_the_plateau_has_its_loss_and_scores():
    plateau = results.stored("rare_cancer_plateau")
    sizes = plateau.groupby(["arm", "seed"])[["loss", "average_precision"]].count()
    assert len(sizes) == len(rare_cancer_plateau.ARMS) * len(rare_cancer_plateau.SEEDS)
    assert (sizes["loss"] == 16).all()
    assert (sizes["average_precision"] == 4).all()
