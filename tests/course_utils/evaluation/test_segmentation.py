"""Masks: scores by hand and by other libraries, empty masks decided first, refusals."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from skimage.measure import regionprops
from skimage.segmentation import find_boundaries

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


def box(shape, *corner_and_size):
    """Draw a rectangle: corner and size along each axis."""
    mask = np.zeros(shape, bool)
    mask[tuple(slice(start, start + size) for start, size in corner_and_size)] = True
    return mask


# Computed once from blob(2 i) and blob(2 i + 1) by MedPy 0.5.2 (binary.dc, binary.jc, binary.asd
# in either direction, binary.hd) with numpy.percentile of its surface distances; and by
# surface-distance 0.1 (compute_robust_hausdorff, 95 %), which puts the outline on the corners of
# the pixels and weights it by area, so that it may differ by a pixel.
REFERENCE = [
    {
        "shape": (40, 52),
        "spacing": (0.7, 2.1),
        "dice": 0.5528888888888889,
        "iou": 0.3820638820638821,
        "directed means": (3.6737337274197013, 5.722515753695645),
        "largest": 19.361043360315065,
        "directed 95 %": (8.404367430773192, 17.089774220101955),
        "by area": 16.858232410309213,
    },
    {
        "shape": (48, 36),
        "spacing": (3.0, 1.0),
        "dice": 0.49310872894333846,
        "iou": 0.32723577235772355,
        "directed means": (6.225532007389931, 4.720206303354428),
        "largest": 36.05551275463989,
        "directed 95 %": (27.084951631202436, 12.67843256755381),
        "by area": 30.0,
    },
    {
        "shape": (12, 32, 40),
        "spacing": (5.5, 0.8, 1.7),
        "dice": 0.03440670489633877,
        "iou": 0.017504488330341114,
        "directed means": (8.75963379412318, 5.97807823698227),
        "largest": 18.83454273402994,
        "directed 95 %": (15.378156161378921, 13.327415353323389),
        "by area": 14.465476141489432,
    },
]


@pytest.mark.parametrize("number", range(len(REFERENCE)))
def test_overlap_and_distances_agree_with_medpy_and_surface_distance(number):
    expected = REFERENCE[number]
    truth, predicted = (blob(2 * number + k, expected["shape"]) for k in (0, 1))
    assert ev.dice(truth, predicted) == pytest.approx(expected["dice"])
    assert ev.iou(truth, predicted) == pytest.approx(expected["iou"])
    ours = ev.outline_distances(truth, predicted, expected["spacing"])
    assert (ours.to_predicted.mean(), ours.to_truth.mean()) == pytest.approx(
        expected["directed means"]
    )
    assert ours.mean == pytest.approx(np.mean(expected["directed means"]))
    assert ours.hausdorff95 == pytest.approx(max(expected["directed 95 %"]))
    assert max(ours.to_predicted.max(), ours.to_truth.max()) == pytest.approx(expected["largest"])
    assert abs(ours.hausdorff95 - expected["by area"]) < np.linalg.norm(expected["spacing"])


@pytest.mark.parametrize("seed", range(5))
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
    assert ours.hausdorff95 == pytest.approx(max(np.percentile(d, 95) for d in (there, back)))
    assert ours.mean == pytest.approx((there.mean() + back.mean()) / 2)


@pytest.mark.parametrize("seed", range(3))
def test_volume_agrees_with_scikit_image(seed):
    masks = blob(seed, (12, 32, 40))
    masks[[0, -1]] = masks[:, [0, -1]] = masks[:, :, [0, -1]] = False
    positions = 5.5 * np.arange(12)
    theirs = regionprops(masks.astype(int), spacing=(5.5, 0.8, 1.7))[0].area / 1000
    assert ev.stack_volume(masks, (0.8, 1.7), positions, 5.0) == pytest.approx(theirs)
    order = np.random.default_rng(seed).permutation(12)
    shuffled = ev.stack_volume(masks[order], (0.8, 1.7), positions[order], 5.0)
    assert shuffled == pytest.approx(theirs)


def test_a_square_shifted_by_one_row_has_the_distances_worked_out_by_hand():
    truth, predicted = box((9, 9), (2, 3), (2, 3)), box((9, 9), (3, 3), (2, 3))
    # Of the 8 outline pixels, the first row and the middle of the last lie one row from the other.
    distances = ev.outline_distances(truth, predicted, (2.0, 2.0))
    assert sorted(distances.to_predicted) == [0, 0, 0, 0, 2, 2, 2, 2]
    assert (distances.hausdorff95, distances.mean) == (2, 1)
    assert ev.dice(truth, predicted) == pytest.approx(2 * 6 / 18)
    assert ev.iou(truth, predicted) == pytest.approx(6 / 12)


def test_the_edge_of_the_image_is_an_outline():
    assert len(ev.outline_distances(np.ones((3, 3)), np.ones((3, 3)), (1, 1)).to_truth) == 8


def test_slices_with_one_outline_are_counted_and_left_out():
    truth = np.stack([box((9, 9), (2, 3), (2, 3))] * 3)
    predicted = truth.copy()
    predicted[2] = False
    distances = ev.outline_distances(truth, predicted, (1, 1))
    assert (distances.hausdorff95, distances.unmatched_slices) == (0, 1)
    in_space = ev.outline_distances(truth, predicted, (5, 1, 1))
    assert in_space.to_predicted.max() == 5


def test_two_empty_masks_have_no_score_and_one_has_no_overlap():
    empty, full = np.zeros((4, 4)), np.ones((4, 4))
    for score in (ev.dice, ev.iou):
        with pytest.raises(ev.UndefinedScoreError, match="correct absence"):
            score(empty, empty)
        assert score(full, empty) == score(empty, full) == 0
    with pytest.raises(ev.UndefinedScoreError, match="failed detection"):
        ev.outline_distances(full, empty, (1, 1))


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
    assert table["dice"].tolist() == pytest.approx([50 / 60, 0, 1, 1, 0])
    assert table["iou"].tolist() == pytest.approx([50 / 70, 0, 1, 1, 0])
    diagonal = np.hypot(20 * 1.5, 10 * 2)
    assert table["hd95_mm"].tolist() == pytest.approx([1.5, diagonal, 0, 0, diagonal])
    assert table["msd_mm"].iloc[[1, 4]].tolist() == pytest.approx([diagonal] * 2)
    assert table["unmatched_slices"].tolist() == [0, 2, 0, 0, 1]
    volume = 60 * 1.5 * 2 * 5 / 1000
    assert table["volume_cm3"].iloc[:3].tolist() == pytest.approx([volume] * 3)
    assert table["volume_cm3"].iloc[3:].isna().all(), "not covered, and no lesion"
    assert table["volume_error_cm3"].iloc[:3].tolist() == pytest.approx([0, -volume, 0])


def test_a_correct_absence_is_counted_but_not_scored(stacks):
    table = ev.segmentation_scores(stacks, stacks.mask("core"), "core")
    assert table.loc["E", "outcome"] == "correct absence"
    assert table.loc["E", "dice":].isna().all()
    assert (table.loc[:"D", "dice"] == 1).all()


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


def test_a_flipped_prediction_is_not_a_perfect_one(stacks):
    flipped = stacks.mask("core")[:, ::-1]
    assert ev.segmentation_scores(stacks, flipped, "core").loc["A", "dice"] < 0.9


def test_volumes_of_the_embedded_brain_set_agree_with_the_generators():
    test = load("brain_mri").split("test")
    core = test.mask("core")
    table = ev.segmentation_scores(test, core, "core")
    known = test.attributes.groupby(test.groups).first().loc[table.index]
    whole = known["whole_tumor"]
    assert table["volume_cm3"].notna().tolist() == whole.tolist()
    ratio = (table["volume_cm3"] / known["core_cm3"])[whole]
    assert ratio.between(0.9, 1.1).all()
    assert ratio.mean() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (np.array([[0, 2], [0, 1]]), "booleans, or only 0 and 1"),
        (np.array([[0, 0.4], [0, 1]]), "booleans, or only 0 and 1"),
        (np.array([[0, np.nan], [0, 1]]), "booleans, or only 0 and 1"),
        (np.array([["a", "b"], ["a", "b"]]), "booleans, or only 0 and 1"),
        (np.zeros((0, 2)), "booleans, or only 0 and 1"),
        (np.ones((2, 2, 1)), "the shape of truth"),
    ],
)
def test_what_is_no_mask_is_refused(wrong, said):
    for score in (ev.dice, ev.iou, lambda a, b: ev.outline_distances(a, b, (1, 1))):
        with pytest.raises(ValueError, match=said):
            score(np.ones((2, 2), bool), wrong)


@pytest.mark.parametrize(
    "spacing",
    [
        (0, 1),
        (1, -1),
        (1, np.nan),
        (1,),
        1,
        None,
        "ab",
        "12",
        ("1", "2"),
        (True, True),
        [(1,), (1, 2)],
    ],
)
def test_a_spacing_must_be_above_zero(spacing):
    with pytest.raises(ValueError, match=r"spacing: received .* in mm"):
        ev.outline_distances(np.ones((3, 3)), np.ones((3, 3)), spacing)


def test_a_flat_mask_has_no_distances_in_space():
    with pytest.raises(ValueError, match="spacing of 3 numbers"):
        ev.outline_distances(np.ones((3, 3)), np.ones((3, 3)), (1, 1, 1))


STACK = {
    "masks": box((5, 8, 8), (1, 3), (2, 3), (2, 3)),
    "pixel_spacing_mm": (1, 1),
    "slice_positions_mm": [0, 5, 10, 15, 20],
    "slice_thickness_mm": 5,
}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"slice_positions_mm": [0, 5, 10, 15, 25]}, "the same step everywhere"),
        ({"slice_positions_mm": [0, 5, 5, 10, 15]}, "the same step everywhere"),
        ({"slice_positions_mm": [0, 5, 10, 15]}, r"shape \(4,\)"),
        ({"slice_positions_mm": [0, 5, 10, 15, np.nan]}, "NaN or infinity"),
        ({"slice_positions_mm": list("abcde")}, r"slice_positions_mm: received \['a'"),
        ({"slice_thickness_mm": 3}, "at most 1.5 thicknesses"),
        ({"slice_thickness_mm": 10}, "Overlapping slices: two scans"),
        ({"slice_thickness_mm": "5"}, "slice_thickness_mm: received '5'"),
        ({"slice_thickness_mm": 0}, "mm above 0"),
        ({"pixel_spacing_mm": (1, 0)}, "2 numbers above 0"),
        ({"masks": box((5, 8, 8), (0, 3), (2, 3), (2, 3))}, "first or last slice"),
        ({"masks": box((5, 8, 8), (1, 3), (0, 3), (2, 3))}, "edge of the image"),
        ({"masks": np.zeros((5, 8, 8))}, "an empty mask"),
        ({"masks": np.ones((8, 8))}, r"\(slices, height, width\)"),
        ({"masks": np.full((5, 8, 8), 255)}, r"masks: received .* values such as \[255\]"),
        ({"lesion": np.full((5, 8, 8), 255)}, "lesion: received"),
        ({"lesion": np.ones((5, 8, 9))}, "lesion: received shape .* the shape of masks"),
    ],
)
def test_a_volume_that_the_slices_do_not_give_is_refused(change, said):
    assert ev.stack_volume(**STACK) == pytest.approx(27 * 5 / 1000)
    with pytest.raises(ValueError, match=said):
        ev.stack_volume(**(STACK | change))


def test_slices_that_overlap_a_little_give_their_volume():
    overlapping = STACK | {"slice_thickness_mm": 8}
    assert ev.stack_volume(**overlapping) == pytest.approx(27 * 5 / 1000)


def test_two_scans_of_one_patient_give_no_volume(stacks):
    # B's slices as a second scan of A, half a step further.
    groups = np.where(stacks.groups == "B", "A", stacks.groups)
    positions = stacks.slice_positions_mm + 2.5 * (stacks.groups == "B")
    both = replace(stacks, groups=groups, slice_positions_mm=positions)
    table = ev.segmentation_scores(both, both.mask("core"), "core")
    assert np.isnan(table.loc["A", "volume_cm3"])
    assert table.loc["C", "volume_cm3"] == pytest.approx(60 * 3 * 5 / 1000)


def test_two_slices_give_no_volume():
    with pytest.raises(ValueError, match="at least 3"):
        ev.stack_volume(np.ones((2, 4, 4)), (1, 1), [0, 5], 5)


@pytest.mark.parametrize(
    ("predicted", "said"),
    [
        (np.zeros((5, 8, 10), bool), "one mask for each image"),
        (np.zeros((6, 8, 10), int), "Integer masks become boolean"),
        (np.full((6, 8, 10), 1.5), "logits need a sigmoid"),
        (np.full((6, 8, 10), np.nan), "NaN"),
    ],
)
def test_predictions_that_do_not_fit_are_refused(predicted, said):
    with pytest.raises(ValueError, match=said):
        ev.segmentation_scores(tiny(), predicted, "core")


def test_a_threshold_outside_0_to_1_is_refused():
    with pytest.raises(ValueError, match="threshold"):
        ev.segmentation_scores(tiny(), np.zeros((6, 8, 10)), "core", threshold=128)


def test_slices_of_one_patient_must_share_their_spacing():
    spacing = [(1, 1), (2, 2), (1, 1), (1, 1), (1, 1), (1, 1)]
    mixed = tiny(pixel_spacing_mm=spacing)
    with pytest.raises(ValueError, match="several in patient A"):
        ev.segmentation_scores(mixed, mixed.mask("core"), "core")
