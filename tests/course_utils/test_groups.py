"""Groups are never divided, classes are dealt in proportion, and groups get one probability."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.datasets import (
    ImageDataset,
    aggregate,
    group_folds,
    group_near_duplicates,
    resize,
    split_by_group,
)
from tests.tiny_data import tiny

QUICK = settings(max_examples=40, deadline=None)
RANDOM_SETS = st.tuples(st.integers(6, 40), st.integers(1, 4), st.integers(0, 10**6))


def random_set(n_groups, n_classes, seed):
    """Return a set of n_groups patients with 1 to 4 images and one class each."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(n_groups), rng.integers(1, 5, n_groups))
    rng.shuffle(groups)
    return ImageDataset(
        name="random",
        images=np.zeros((len(groups), 1, 1, 1), np.uint8),
        labels=rng.integers(0, n_classes, n_groups)[groups],
        class_names=[str(k) for k in range(n_classes)],
        groups=groups,
        group_kind="patient",
        origin="simulated",
    )


@QUICK
@given(RANDOM_SETS)
def test_parts_share_no_group_and_lose_no_image(arguments):
    data = random_set(*arguments)
    parts = split_by_group(data, {"a": 0.5, "b": 0.3, "c": 0.2}, seed=1)
    groups = [set(part.groups.tolist()) for part in parts.values()]
    assert len(set.union(*groups)) == sum(map(len, groups)) == len(set(data.groups.tolist()))
    assert sum(map(len, parts.values())) == len(data)


@QUICK
@given(RANDOM_SETS)
def test_each_part_gets_its_share_of_each_class(arguments):
    data = random_set(*arguments)
    fractions = {"a": 0.6, "b": 0.4}
    parts = split_by_group(data, fractions, seed=2)
    label_of = dict(zip(data.groups.tolist(), data.labels.tolist(), strict=True))
    total = Counter(label_of.values())
    for name, part in parts.items():
        count = Counter(label_of[group] for group in set(part.groups.tolist()))
        for label in total:
            assert abs(count[label] - fractions[name] * total[label]) < 2


@QUICK
@given(RANDOM_SETS, st.integers(2, 6))
def test_folds_share_no_group_and_differ_by_one_group(arguments, n_folds):
    data = random_set(*arguments)
    folds = group_folds(data, n_folds, seed=0)
    pairs = set(zip(data.groups.tolist(), folds.tolist(), strict=True))
    assert len(pairs) == len(set(data.groups.tolist()))
    sizes = Counter(fold for _, fold in pairs)
    assert len(sizes) == n_folds
    assert max(sizes.values()) - min(sizes.values()) <= 1


def test_the_seed_decides_the_parts_and_the_order_of_images_does_not():
    data = random_set(40, 2, 0)
    shuffled = data.select(np.random.default_rng(1).permutation(len(data)))
    runs = ((data, 0), (shuffled, 0), (data, 1))
    parts = [split_by_group(d, {"a": 0.5, "b": 0.5}, seed=s)["a"] for d, s in runs]
    first, again, other = (set(part.groups.tolist()) for part in parts)
    assert first == again != other


def test_integers_count_groups_and_leave_the_rest_out():
    parts = split_by_group(random_set(30, 2, 0), {"train": 8, "test": 5}, seed=0)
    assert [len(np.unique(part.groups)) for part in parts.values()] == [8, 5]


PART_MISTAKES = {
    "sum": ({"a": 0.5, "b": 0.6}, "sum to 1.1; allowed: a sum of 1"),
    "too many": ({"a": 3, "b": 4}, "7 groups in .*at most 4"),
    "zero": ({"a": 1.0, "b": 0.0}, "above 0"),
    "NaN": ({"a": np.nan}, "above 0"),
    "empty": ({}, "a dict of names"),
    "part without group": ({"a": 0.95, "b": 0.05}, "a group for each part"),
}


@pytest.mark.parametrize("name", PART_MISTAKES)
def test_parts_that_do_not_add_up_are_refused(name):
    parts, message = PART_MISTAKES[name]
    with pytest.raises(ValueError, match=message):
        split_by_group(tiny(), parts, seed=0)


def test_a_seed_is_an_integer_and_a_number_of_folds_fits_the_groups():
    for seed in (None, -1, 0.5, True):
        with pytest.raises(ValueError, match="seed: received"):
            split_by_group(tiny(), {"a": 0.5, "b": 0.5}, seed=seed)
    for n_folds in (1, 5, 2.5):
        with pytest.raises(ValueError, match="an integer from 2 to 4"):
            group_folds(tiny(), n_folds, seed=0)


@pytest.mark.parametrize(
    ("rule", "expected"), [("mean", [0.4, 0.7]), ("max", [0.9, 0.7]), ("top3 mean", [0.5, 0.7])]
)
def test_aggregate_by_hand(rule, expected):
    probabilities = [0.7, 0.1, 0.9, 0.4, 0.2]
    result = aggregate(probabilities, ["z", "b", "b", "b", "b"], rule, labels=[1, 0, 0, 0, 0])
    assert result.groups.tolist() == ["b", "z"]
    np.testing.assert_allclose(result.probabilities, expected)
    assert result.labels.tolist() == [0, 1]
    assert result.n_images.tolist() == [4, 1]
    assert result.table().loc["z", "probability"] == 0.7


def test_a_data_set_passes_its_groups_and_labels():
    result = tiny().per_group([0.1, 0.3, 0.7, 1, 0.5, 0], rule="max")
    assert result.table()["probability"].to_dict() == {"A": 0.3, "B": 0.7, "C": 1, "D": 0}
    assert result.labels.tolist() == [0, 1, 1, 0]


def test_aggregate_takes_the_mean_of_every_class():
    result = aggregate([[0.2, 0.8], [0.4, 0.6], [1, 0]], [5, 5, 2])
    np.testing.assert_allclose(result.probabilities, [[1, 0], [0.3, 0.7]])
    assert result.table().columns.tolist() == ["n_images", "probability_0", "probability_1"]


@QUICK
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 5)), min_size=1), st.randoms())
def test_aggregate_does_not_depend_on_the_order_of_images(pairs, random):
    shuffled = list(pairs)
    random.shuffle(shuffled)
    for rule in ("mean", "max", "top3 mean"):
        one, two = (aggregate(*zip(*order, strict=True), rule) for order in (pairs, shuffled))
        np.testing.assert_array_equal(one.probabilities, two.probabilities)
        assert one.groups.tolist() == sorted({group for _, group in pairs})


AGGREGATE_MISTAKES = {
    "NaN": (([0.1, np.nan], [1, 1]), {}, "NaN"),
    "logits": (([0.1, 4.2], [1, 1]), {}, "0.1 to 4.2; .*sigmoid"),
    "length": (([0.1], [1, 1]), {}, r"groups: received shape \(2,\); allowed: \(1,\)"),
    "nothing": (([], []), {}, "at least 1"),
    "sigmoid column": (([[0.1], [0.2]], [1, 2]), {}, r"predictions\[:, 0\]"),
    "max of classes": (([[0.1, 0.9], [0.5, 0.5]], [1, 2], "max"), {}, "with 'mean'"),
    "rule": (([0.1, 0.2], [1, 1], "median"), {}, "'median'; allowed: mean, max, top3 mean"),
    "unknown patients": (([0.1, 0.2], pd.Series([1, None])), {}, "a missing value in row 1"),
    "two labels": (([0.1, 0.2], [7, 7]), {"labels": [0, 1]}, "group 7 has labels 0 and 1"),
    "label length": (([0.1, 0.2], [7, 7]), {"labels": [0]}, r"labels: received shape \(1,\)"),
}


@pytest.mark.parametrize("name", AGGREGATE_MISTAKES)
def test_aggregate_refuses(name):
    arguments, keywords, message = AGGREGATE_MISTAKES[name]
    with pytest.raises(ValueError, match=message):
        aggregate(*arguments, **keywords)


def test_resizing_averages_and_scales_the_spacing():
    data = tiny(
        images=np.arange(6 * 16 * 32 * 2).reshape(6, 16, 32, 2).astype(np.uint8),
        masks=None,
        mask_names=(),
    )
    small = resize(data, 8)
    by_hand = data.images.reshape(6, 8, 2, 8, 4, 2).mean(axis=(2, 4))
    assert np.abs(small.images - by_hand).max() <= 0.5
    assert small.pixel_spacing_mm[0].tolist() == [3, 8]
    with pytest.raises(ValueError, match="size: received 4"):
        resize(data, 4)


def test_near_duplicates_are_found_through_others():
    rng = np.random.default_rng(0)
    base, other = rng.normal(size=(2, 12, 12))
    noise = 0.1 * rng.normal(size=(12, 12))
    # Neighbors correlate at about 0.995, the ends of the chain at about 0.98.
    images = np.stack([base, other, base + noise, 3 * (base + 2 * noise) + 7])
    assert np.corrcoef(images[0].ravel(), images[3].ravel())[0, 1] < 0.985
    assert group_near_duplicates(images, 0.985).tolist() == [0, 1, 0, 0]
    assert group_near_duplicates(images, 1).tolist() == [0, 1, 2, 3]


def test_near_duplicates_agree_with_numpy_across_blocks(monkeypatch):
    monkeypatch.setattr("course_utils.datasets.groups.BLOCK", 3)
    rng = np.random.default_rng(3)
    images = rng.normal(size=(5, 6, 6))[rng.integers(0, 5, 20)] + 0.2 * rng.normal(size=(20, 6, 6))
    linked = np.corrcoef(images.reshape(20, -1)) >= 0.95
    reach = np.linalg.matrix_power(linked.astype(float), 20) > 0
    groups = group_near_duplicates(images, 0.95)
    np.testing.assert_array_equal(groups[:, None] == groups, reach)


def test_constant_images_stand_alone_and_copies_do_not():
    images = np.zeros((4, 5, 5, 3), np.uint8)
    images[2:] = np.random.default_rng(0).integers(0, 255, (5, 5, 3))
    assert group_near_duplicates(images).tolist() == [0, 1, 2, 2]


@pytest.mark.parametrize("threshold", [0, 1.5, np.nan])
def test_a_threshold_must_be_a_correlation(threshold):
    with pytest.raises(ValueError, match="above 0, at most 1"):
        group_near_duplicates(np.zeros((2, 4, 4)), threshold)
