"""The stored table of coverages: what the package says of it, and repeatable."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from authoring.studies import bootstrap_coverage as study
from course_utils import ROOT, evaluation
from course_utils.evaluation.intervals import COVERAGE


@pytest.fixture(scope="module")
def table():
    return pd.read_csv(ROOT / "data" / "results" / "bootstrap_coverage.csv", comment="#")


def test_the_package_warns_with_the_coverages_of_the_table(table):
    rows = table.query("resampled == 'groups' and score == 'mean per group'")
    for (interval, size), found in rows.groupby(["interval", "positives"])["coverage"]:
        ends = (found.min(), found.max())
        assert COVERAGE[interval][size] == pytest.approx(ends, abs=0.00501)


def test_images_taken_for_independent_cover_too_little_everywhere(table):
    naive = table.query("resampled == 'images'")
    assert naive["coverage"].max() < 0.91
    strongly = naive.query("correlation == 0.8 and positives >= 20")
    assert strongly["coverage"].between(0.65, 0.75).all()


def test_the_study_uses_the_interval_of_the_package():
    positive, negative = study.study(np.random.default_rng(0), (20, 30), 0.5, 1.5)
    draws, images = study.draws((20, 30), seed=0), study.draws((80, 120), seed=1)
    ends = study.intervals(positive, negative, draws, images)
    means = np.r_[positive.mean(axis=1), negative.mean(axis=1)]
    for (low, high), interval in zip(ends[:2], ("percentile", "logit-t"), strict=True):
        estimate = evaluation.bootstrap(
            evaluation.roc_auc,
            np.repeat([1, 0], [20, 30]),
            stats.norm.cdf(means),
            n_resamples=study.RESAMPLES,
            interval=interval,
        )
        assert (low, high) == pytest.approx((estimate.low, estimate.high), abs=1e-5)


def test_a_sample_of_the_table_can_be_computed_again(table):
    replications = 300
    rows = study.coverage((20, 20), 0.9, 0.8, replications, seed=7)
    stored = table.query("positives == 20 and auc == 0.9 and correlation == 0.8")
    for again, before in zip(rows, stored.to_dict("records"), strict=True):
        assert again["interval"] == before["interval"]
        error = np.sqrt(before["coverage"] * (1 - before["coverage"]) / replications)
        assert again["coverage"] == pytest.approx(before["coverage"], abs=4 * error)
        assert again["mean_width"] == pytest.approx(before["mean_width"], rel=0.1)
