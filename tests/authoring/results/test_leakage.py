"""The leakage table of lesson 05: complete, and what the lesson says."""

import numpy as np
import pytest

from authoring.experiments import leakage
from course_utils import results


@pytest.fixture(scope="module")
def table():
    return results.stored("leakage")


def test_every_arm_and_seed_tests_the_same_patients_once(table):
    assert set(table["arm"]) == set(leakage.ARMS)
    assert set(table["seed"]) == set(leakage.SEEDS)
    patients = np.unique(leakage.patients().groups)
    for _, run in table.groupby(["arm", "seed"]):
        np.testing.assert_array_equal(np.sort(run["group"]), patients)


def test_labels_from_a_hat_are_dealt_by_patient_and_as_many_of_each():
    data = leakage.patients()
    random = leakage.lesson.labels_from_a_hat(data)
    for patient in np.unique(data.groups)[:20]:
        assert len(set(random[data.groups == patient])) == 1
    assert random.sum() == data.labels.sum()
    assert 0.45 < np.mean(random == data.labels) < 0.55


def test_folds_by_image_divide_patients_and_test_each_image_once():
    data = leakage.patients()
    folds = leakage.image_folds(data, 3, seed=0)
    assert np.bincount(folds).tolist() == [len(data) // 3] * 3
    divided = [len(set(folds[data.groups == patient])) > 1 for patient in np.unique(data.groups)]
    assert np.mean(divided) > 0.8


def test_official_test_patients_do_not_occur():
    assert "test" not in leakage.patients().splits
