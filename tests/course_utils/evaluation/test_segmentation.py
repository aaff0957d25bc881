"""Masks: scores by hand and by other libraries, empty masks decided first."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from skimage.measure import regionprops
from skimage.segmentation import find_boundaries
from sklearn.metrics import f1_score, jaccard_score

from course_utils import evaluation as ev
from course_utils.datasets import load
from tests.tiny_data import tiny


def blob(seed, shape):
    """Draw four overlapping ellipses somewhere in the image."""
    rng = np.random.default_rng(seed)
    grid = np.indices(shape)
    mask = np.zeros(shape, bool)
    for _ in range(4):
        center = [rng.integers(n // 4, n - n // 4 + 1) for n in shape]
        radius = [rng.integers(2, max(3, n // 4) + 1) for n in shape]
        mask |= sum(((g - c) / r) ** 2 for g, c, r in zip(grid, center, radius, strict=True)) <= 1
    return mask


@pytest.mark.parametrize(
    ("number", "shape", "spacing", "means", "hd95", "by_area"),
    # Computed once from blob(2 i) and blob(2 i + 1) by MedPy 0.5.2 (binary.asd in either direction)
    # with numpy.percentile of its surface distances; and by surface-distance 0.1
    # (compute_robust_hausdorff, 95 %), which puts the outline on the corners of the pixels and
    # weights it by area, so that it may differ by a pixel.
    [
        (0, (40, 52), (0.7, 2.1), (3.67373372, 5.72251575), 17.08977422, 16.85823241),
        (1, (48, 36), (3.0, 1.0), (6.22553200, 4.72020630), 27.08495163, 30.0),
    ],
)
def test_distances_agree_with_medpy_and_surface_distance(
    number, shape, spacing, means, hd95, by_area
):
    ours = ev.outline_distances(blob(2 * number, shape), blob(2 * number + 1, shape), spacing)
    assert ours.masd == pytest.approx(np.mean(means))
    assert ours.hd95 == pytest.approx(hd95)
    assert abs(ours.hd95 - by_area) < np.linalg.norm(spacing)


@pytest.mark.parametrize("seed", range(3))
def test_distances_within_slices_are_pooled_as_by_brute_force(seed):
    shape, spacing = (5, 44, 36), (0.6, 1.9)
    truth, predicted = (
        np.stack([blob(100 * seed + 10 * k + z, shape[1:]) for z in range(5)]) for k in (0, 1)
    )
    for masks in (truth, predicted):
        masks[:, [0, -1]] = masks[:, :, [0, -1]] = False  # find_boundaries ignores the edge
    there, back = [], []
    for a, b in zip(truth, predicted, strict=True):
        outlines = [np.argwhere(find_boundaries(m, mode="inner")) * spacing for m in (a, b)]
        between = cdist(*outlines)
        there.append(between.min(axis=1))
        back.append(between.min(axis=0))
    there, back = np.concatenate(there), np.concatenate(back)
    ours = ev.outline_distances(truth, predicted, spacing)
    assert ours.hd95 == pytest.approx(max(np.percentile(d, 95) for d in (there, back)))
    assert ours.masd == pytest.approx((there.mean() + back.mean()) / 2)


def test_a_square_shifted_by_one_row_has_the_distances_worked_out_by_hand():
    truth, predicted = np.zeros((2, 3, 9, 9))
    truth[:, 2:5, 2:5] = predicted[:2, 3:6, 2:5] = 1  # the third slice has no prediction
    # Of the 8 outline pixels, the first row and the middle of the last lie one row from the other.
    assert ev.outline_distances(truth, predicted, (2.0, 2.0)) == (2, 1)
    with pytest.raises(ValueError, match="failed detection"):
        ev.outline_distances(truth[2], predicted[2], (1, 1))


def test_the_edge_of_the_image_is_an_outline():
    inner = np.zeros((5, 5))
    inner[2, 2] = 1  # 16 outline pixels of the full image: 4 at 2, 8 at √5, 4 at √8
    ours = ev.outline_distances(np.ones((5, 5)), inner, (1, 1))
    assert ours.masd == pytest.approx(((4 * 2 + 8 * 5**0.5 + 4 * 8**0.5) / 16 + 2) / 2)


@pytest.fixture
def stacks():
    """Five patients with four slices of 20 × 10 pixels of 1.5 × 2 mm, 5 mm apart."""
    truth = np.zeros((20, 20, 10), np.uint8)
    for patient in range(4):
        truth[4 * patient + 1 : 4 * patient + 3, 4:10, 2:7] = 1  # 30 pixels in two slices
    truth[12] = truth[13]  # the fourth one's tumor reaches into the first slice
    return tiny(
        images=np.zeros((20, 20, 10, 1), np.uint8),
        labels=np.zeros(20, int),
        groups=np.repeat(list("ABCDE"), 4),
        masks=truth,
        mask_names=("core",),
        slice_positions_mm=np.tile([10.0, 15, 20, 25], 5),
        slice_thickness_mm=4.5,
        pixel_spacing_mm=(1.5, 2),
        channel_names=None,
        splits=None,
        sites=None,
        attributes=None,
    )


def test_the_table_has_one_row_per_patient_with_the_outcome_named(stacks):
    predicted = stacks.mask("core").astype(np.float32) * 0.7
    predicted[1:3] = np.roll(predicted[1:3], 1, axis=1)  # A: one row off
    predicted[4:8] = 0  # B: missed
    predicted[17, 3, 3] = 0.9  # E: false detection
    table = ev.segmentation_scores(stacks, predicted[..., np.newaxis], "core", threshold=0.6)
    assert table.index.tolist() == list("ABCDE")
    assert table.index.name == "patient"
    expected = ["scored", "missed", "scored", "scored", "false detection"]
    assert table["outcome"].tolist() == expected
    absent = ev.segmentation_scores(stacks, stacks.mask("core"), "core").loc["E"]
    assert absent["outcome"] == "correct absence"
    assert absent["dice":].isna().all()
    assert table["dice"].tolist() == pytest.approx([50 / 60, 0, 1, 1, 0])
    assert table["iou"].tolist() == pytest.approx([50 / 70, 0, 1, 1, 0])
    pair = stacks.mask("core")[:4].ravel(), predicted[:4].ravel() > 0.5
    assert table.loc["A", ["dice", "iou"]].tolist() == [f1_score(*pair), jaccard_score(*pair)]
    diagonal = np.hypot(20 * 1.5, 10 * 2)
    assert table["hd95_mm"].tolist() == pytest.approx([1.5, diagonal, 0, 0, diagonal])
    assert table["masd_mm"].iloc[[1, 4]].tolist() == pytest.approx([diagonal] * 2)
    assert table["unmatched_slices"].tolist() == [0, 2, 0, 0, 1]
    volume = 60 * 1.5 * 2 * 5 / 1000
    assert table["volume_cm3"].iloc[:3].tolist() == pytest.approx([volume] * 3)
    assert table["volume_cm3"].iloc[3:].isna().all(), "not covered, and no lesion"
    assert table["volume_error_cm3"].iloc[:3].tolist() == pytest.approx([0, -volume, 0])


def test_a_prediction_elsewhere_in_the_stack_costs_the_diagonal(stacks):
    predicted = np.zeros((20, 20, 10), bool)
    predicted[0, 5, 5] = True
    row = ev.segmentation_scores(stacks, predicted, "core").loc["A"]
    assert row["outcome"] == "scored"
    assert (row["dice"], row["unmatched_slices"]) == (0, 3)
    assert row["hd95_mm"] == pytest.approx(np.hypot(30, 20))


def test_without_spacing_there_are_no_millimeters():
    bare = tiny(pixel_spacing_mm=None, slice_positions_mm=None, slice_thickness_mm=None)
    table = ev.segmentation_scores(bare, bare.mask("core"), "core")
    assert table[["hd95_mm", "volume_cm3"]].isna().all(axis=None)
    assert (table["dice"] == 1).all()


def test_volume_agrees_with_scikit_image_in_any_order_of_slices(stacks):
    masks = blob(1, (20, 20, 10))
    masks[[0, -1]] = masks[:, [0, -1]] = masks[:, :, [0, -1]] = False
    theirs = regionprops(masks.astype(int), spacing=(5, 1.5, 2))[0].area / 1000
    order = np.random.default_rng(0).permutation(20)
    one = replace(
        stacks,
        masks=masks[order].astype(np.uint8),
        groups=np.repeat("A", 20),
        slice_positions_mm=5.0 * order,
    )
    table = ev.segmentation_scores(one, one.mask("core"), "core")
    assert table.loc["A", "volume_cm3"] == pytest.approx(theirs)


@pytest.mark.parametrize(
    ("change", "given"),
    [
        ({}, True),
        ({"slice_positions_mm": [10.0, 15, 20, 30]}, False),  # a slice is missing
        ({"slice_positions_mm": [10.0, 15, 15, 20]}, False),  # one is there twice
        ({"slice_thickness_mm": 3}, False),  # too far apart
        ({"slice_thickness_mm": 8}, True),  # they overlap a little
        ({"slice_thickness_mm": 9}, False),  # two scans?
        ({"edge": (1, 0, 5)}, False),
        ({"edge": (1, 5, 9)}, False),
        ({"edge": (3, 5, 5)}, False),
        ({"slices": 2}, False),
    ],
)
def test_a_volume_exists_only_where_the_slices_give_it(stacks, change, given):
    one = stacks.select(stacks.groups == "A")
    masks = one.masks.copy()
    if "edge" in change:
        masks[change.pop("edge")] = 1
    keep = np.arange(4) < change.pop("slices", 4)
    one = replace(one, masks=masks, **change).select(keep)
    volume = ev.segmentation_scores(one, one.mask("core"), "core").loc["A", "volume_cm3"]
    assert np.isnan(volume) != given
    assert not given or volume == pytest.approx(60 * 1.5 * 2 * 5 / 1000)


def test_volumes_of_the_embedded_brain_set_agree_with_the_generators():
    test = load("brain_mri").split("test")
    table = ev.segmentation_scores(test, test.mask("core"), "core")
    known = test.attributes.groupby(test.groups).first().loc[table.index]
    whole = known["whole_tumor"]
    assert table["volume_cm3"].notna().tolist() == whole.tolist()
    ratio = (table["volume_cm3"] / known["core_cm3"])[whole]
    assert ratio.between(0.9, 1.1).all()
    assert ratio.mean() == pytest.approx(1, abs=0.02)
