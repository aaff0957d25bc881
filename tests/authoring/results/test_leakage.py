"""The leakage table of lesson 05: complete, as the lesson says, and can be computed again."""

import numpy as np
import pytest

from course_utils import evaluation, results


@pytest.fixture(scope="module")
def table():
    return results.stored("leakage")


@pytest.fixture(scope="module")
def leakage():
    # Loads TensorFlow, which reading the table does not.
    from authoring.experiments import leakage

    return leakage


def images_right(table, arm):
    """Return labels and, per run and patient, the share of images called right."""
    shares = table.assign(probability=table["images_right"])
    return results.probabilities(shares, arm, "test")[:2]


def mean_share(labels, shares):
    return shares.mean()


def test_every_arm_and_seed_tests_the_same_patients_once(table, leakage):
    assert set(table["arm"]) == set(leakage.ARMS)
    assert set(table["seed"]) == set(leakage.SEEDS)
    patients = set(leakage.patients().groups)
    for _, run in table.groupby(["arm", "seed"]):
        assert len(run) == len(patients)
        assert set(run["group"]) == patients


def test_random_labels_score_by_image_and_do_not_by_patient(table):
    by_image = evaluation.bootstrap(mean_share, *images_right(table, "image, random labels"))
    by_patient = evaluation.bootstrap(mean_share, *images_right(table, "patient, random labels"))
    assert by_image.low > 0.6
    assert by_patient.low < 0.5 < by_patient.high


def test_random_labels_are_dealt_by_patient_and_as_many_of_each(leakage):
    data = leakage.patients()
    random = leakage.with_random_labels(data)
    for patient in np.unique(data.groups)[:20]:
        assert len(set(random.labels[data.groups == patient])) == 1
    assert random.labels.sum() == data.labels.sum()
    assert 0.45 < np.mean(random.labels == data.labels) < 0.55


def test_folds_by_image_divide_patients_and_test_each_image_once(leakage):
    data = leakage.patients()
    folds = leakage.image_folds(data, 3, seed=0)
    assert np.bincount(folds).tolist() == [len(data) // 3] * 3
    divided = [len(set(folds[data.groups == patient])) > 1 for patient in np.unique(data.groups)]
    assert np.mean(divided) > 0.8


def test_official_test_patients_do_not_occur(leakage):
    assert "test" not in leakage.patients().splits


@pytest.mark.slow
@pytest.mark.parametrize("split", ["image", "patient"])
def test_a_sample_of_the_table_can_be_computed_again(table, leakage, split):
    arm = f"{split}, random labels"
    stored = evaluation.bootstrap(mean_share, *images_right(table, arm))
    again = leakage.measure(0, **leakage.ARMS[arm])["images_right"].mean()
    assert stored.low <= again <= stored.high
