"""The stored table of coverages: complete, as good as the course claims, and repeatable."""

import importlib.util

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from course_utils import ROOT, evaluation
from course_utils.evaluation.coverage import TABLE, coverage_warning


@pytest.fixture(scope="module")
def benchmark():
    path = ROOT / "authoring" / "studies" / "bootstrap_coverage.py"
    spec = importlib.util.spec_from_file_location("bootstrap_coverage", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def table():
    return pd.read_csv(TABLE, comment="#")


def test_table_has_every_setting_and_enough_replications(benchmark, table):
    settings = len(benchmark.SIZES) * len(benchmark.AUCS) * len(benchmark.CORRELATIONS)
    assert len(table) == settings * len(benchmark.METHODS)
    assert (table["replications"] >= 1000).all()


def test_default_interval_covers_92_to_97_percent_with_75_groups_per_class(table):
    large = table.query("positives == 75 and score == 'mean per group' and interval == 'logit-t'")
    assert large["coverage"].between(0.92, 0.97).all()


def test_images_taken_for_independent_cover_too_little_everywhere(table):
    naive = table.query("resampled == 'images'")
    assert naive["coverage"].max() < 0.88
    strongly = naive.query("correlation == 0.8 and positives >= 20")
    assert strongly["coverage"].between(0.65, 0.75).all()


@pytest.mark.parametrize("interval", ["percentile", "logit-t"])
def test_warning_states_the_measured_coverage(table, interval):
    rows = table.query(
        "positives == 20 and resampled == 'groups' and score == 'mean per group' "
        "and interval == @interval"
    )
    said = f"{rows['coverage'].min():.2f} to {rows['coverage'].max():.2f}"
    assert said in coverage_warning((200, 74), "patient", interval)
    assert coverage_warning((75, 75), "patient", interval) is None


def test_benchmark_uses_the_interval_of_the_package(benchmark):
    positive, negative = benchmark.study(np.random.default_rng(0), (20, 30), 0.5, 1.5)
    draws = benchmark.draws((20, 30), seed=0)
    images = benchmark.draws((80, 120), seed=1)
    ends = benchmark.intervals(positive, negative, draws, images)
    means = np.r_[positive.mean(axis=1), negative.mean(axis=1)]
    for (low, high), kind in zip(ends[:2], ("percentile", "logit-t"), strict=True):
        estimate = evaluation.bootstrap(
            evaluation.roc_auc, np.repeat([1, 0], [20, 30]), stats.norm.cdf(means),
            n_resamples=benchmark.RESAMPLES, interval=kind,
        )  # fmt: skip
        assert (low, high) == pytest.approx((estimate.low, estimate.high), abs=1e-5)


def test_a_sample_of_the_table_can_be_computed_again(benchmark, table):
    replications = 300
    rows = benchmark.coverage((20, 20), 0.9, 0.8, replications, seed=7)
    stored = table.query("positives == 20 and auc == 0.9 and correlation == 0.8")
    for again, before in zip(rows, stored.to_dict("records"), strict=True):
        assert again["interval"] == before["interval"]
        error = np.sqrt(before["coverage"] * (1 - before["coverage"]) / replications)
        assert again["coverage"] == pytest.approx(before["coverage"], abs=4 * error)
        assert again["mean_width"] == pytest.approx(before["mean_width"], rel=0.1)
