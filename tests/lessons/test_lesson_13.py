"""Lesson 13: theory by hand, divisions, and the section about a study of one's own."""

import numpy as np
import pandas as pd
import pytest

from authoring.experiments.definitions import definitions
from course_utils import report
from tests.lessons.sections import run_section
from tests.tiny_data import tiny

lesson = definitions("13")


def test_the_expected_maximum_of_two_and_three_normal_numbers_is_the_known_one():
    known = [0, 1 / np.sqrt(np.pi), 1.5 / np.sqrt(np.pi)]
    assert [lesson.expected_maximum(k) for k in (1, 2, 3)] == pytest.approx(known, abs=1e-6)


def test_equal_and_equally_correlated_looks_gain_what_the_formula_says():
    rng = np.random.default_rng(0)
    shared, own = rng.normal(size=(4000, 1)), rng.normal(size=(4000, 9))
    row = lesson.looked_at(0.7 + 0.04 * (0.6 * shared + 0.8 * own), np.full(9, 0.7))
    assert row["correlation"] == pytest.approx(0.36, abs=0.03)
    assert row["gain"] == pytest.approx(row["formula"], abs=0.002)
    assert row["gain"] == pytest.approx(row["normal"], abs=0.002)


def test_a_worse_look_gains_less_than_the_formula_says():
    rng = np.random.default_rng(0)
    true = np.linspace(0.5, 0.8, 9)
    row = lesson.looked_at(true + rng.normal(0, 0.02, (2000, 9)), true)
    assert row["gain"] < 0.3 * row["formula"]


def test_scores_of_looks_agree_with_the_package():
    labels, values = np.array([1, 1, 0, 0, 0]), np.array([[0.9, 0.4, 0.4, 0.2, 0.6]])
    auc, accuracy = lesson.both_scores(values, [0, 1], [2, 3, 4])[:, 0]
    assert auc == pytest.approx(lesson.evaluation.roc_auc(labels, values[0]))
    assert accuracy == pytest.approx((42 * 0.5 + 114 * 2 / 3) / 156)


def test_preprocessing_twins_differ_in_what_they_are_fitted_on_alone():
    images = np.arange(24.0).reshape(6, 2, 2, 1)
    everyone, train = lesson.standardized(images, ...), lesson.standardized(images, np.arange(3))
    assert everyone.mean() == pytest.approx(0)
    assert train[:3].mean() == pytest.approx(0)
    assert train[3:].mean() > 1


def test_an_interval_over_studies_is_that_of_the_t_distribution():
    assert lesson.over_studies([1, 2, 3]) == pytest.approx((2, 2 - 2.4841, 2 + 2.4841), abs=1e-3)


@pytest.mark.slow
def test_a_study_of_ones_own_gets_its_report(tmp_path, capsys):
    data = tiny()
    parts = {name: data.split(name) for name in ("train", "validation", "test")}
    sealed = parts["test"].seal(tmp_path / "mine.jsonl")
    test = sealed.open("the only look")
    labels = np.repeat([0, 1], 30)
    values = np.random.default_rng(1).uniform(0.4 * labels, 1)

    class Folder:
        name = str(tmp_path)

    names = run_section(
        "13",
        "Your own study",
        train=parts["train"],
        validation=parts["validation"],
        test=test,
        sealed=sealed,
        test_truth=labels,
        test_network=values,
        threshold=0.5,
        folder=Folder,
    )
    page = names["own_file"].read_text(encoding="utf-8")
    assert "the only look" in page
    assert 'src="http' not in page
    assert set(names["own_lists"]) == set(report.CHECKLISTS)
    assert isinstance(names["own_lists"]["CLAIM 2024"], pd.DataFrame)
    assert "## Evaluation data" in capsys.readouterr().out
