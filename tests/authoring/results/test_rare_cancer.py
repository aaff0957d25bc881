"""Stored tables of lesson 07: complete, and tuned alike."""

import numpy as np
import pytest
from scipy.special import expit

from authoring.experiments import rare_cancer
from course_utils import datasets, results


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


def test_learning_rate_and_length_are_the_best_on_training_patients(tuning):
    chosen = rare_cancer.lesson.best_setting(tuning)
    assert chosen == (rare_cancer.lesson.LEARNING_RATE, rare_cancer.lesson.UPDATES)
    assert not set(tuning["seed"]) & set(rare_cancer.SEEDS)


def test_raw_images_do_not_take_part_in_the_choice(tuning):
    better = tuning.copy()
    better.loc[better["arm"].str.endswith("raw images"), "average_precision"] = 1.0
    assert rare_cancer.lesson.best_setting(better) == rare_cancer.lesson.best_setting(tuning)
