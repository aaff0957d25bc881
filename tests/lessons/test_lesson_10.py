"""Lesson 10: its losses by hand, its network, its rules, and the whole of it on NIfTI scans."""

from pathlib import Path

import matplotlib
import nibabel
import numpy as np
import pandas as pd
import pytest

from authoring.experiments.definitions import definitions
from course_utils import evaluation, transfer
from tests.lessons.sections import cells
from tests.tiny_data import tiny

# Only after the modules of the course, which import TensorFlow quietly.
import keras  # isort: skip


@pytest.fixture(scope="module")
def lesson():
    return definitions("10")


def masks(*images):
    """Return a batch of 2 × 2 images, (b, 2, 2, 1)."""
    return np.array(images, dtype=np.float32).reshape(-1, 2, 2, 1)


def test_soft_dice_pools_the_batch(lesson):
    truth = masks([1, 1, 0, 0], [0, 0, 0, 0])
    predicted = masks([1, 0.5, 0, 0], [0, 0, 0.5, 0])
    # Overlap 1.5; squares 2 of the truth, 1 + 0.25 + 0.25 of the prediction; 1 above and below.
    assert float(lesson.soft_dice(truth, predicted)) == pytest.approx(1 - 4 / 4.5)


def test_the_sum_is_the_sum(lesson):
    truth, predicted = masks([1, 0, 0, 0]), masks([0.8, 0.1, 0.1, 0.1])
    cross_entropy = -(np.log(0.8) + 3 * np.log(0.9)) / 4
    dice = 1 - (2 * 0.8 + 1) / (1 + 0.64 + 0.03 + 1)
    found = float(lesson.cross_entropy_and_dice(truth, predicted))
    assert found == pytest.approx(cross_entropy + dice, abs=1e-5)


@pytest.mark.parametrize("name", ["soft_dice", "cross_entropy_and_dice"])
@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_empty_masks_give_finite_gradients_that_lower_the_probability(lesson, name, value):
    import tensorflow as tf

    truth, predicted = tf.zeros((2, 4, 4, 1)), tf.fill((2, 4, 4, 1), value)
    with tf.GradientTape() as tape:
        tape.watch(predicted)
        loss = getattr(lesson, name)(truth, predicted)
    gradient = tape.gradient(loss, predicted).numpy()
    assert np.isfinite(loss)
    assert np.isfinite(gradient).all()
    assert (gradient >= 0).all()


def test_the_unet_has_the_parameters_counted_by_hand(lesson):
    def two(inputs, outputs):
        # No bias; batch normalization keeps four numbers per channel.
        return 9 * inputs * outputs + 4 * outputs + 9 * outputs * outputs + 4 * outputs

    down = two(2, 8) + two(8, 16) + two(16, 32)
    up = (4 * 32 * 16 + 16) + two(32, 16) + (4 * 16 * 8 + 8) + two(16, 8)
    assert lesson.build_unet((32, 24, 2), (8, 16, 32)).count_params() == down + up + 8 + 1


def test_the_unet_joins_both_ways_and_gives_one_probability_per_pixel(lesson):
    model = lesson.build_unet((32, 24, 1), (4, 8, 16))
    joined = [layer for layer in model.layers if isinstance(layer, keras.layers.Concatenate)]
    assert [layer.output.shape[1:] for layer in joined] == [(16, 12, 16), (32, 24, 8)]
    found = model.predict(np.random.default_rng(0).random((3, 32, 24, 1)), verbose=0)
    assert found.shape == (3, 32, 24, 1)
    assert ((found > 0) & (found < 1)).all()


def test_the_prior_is_where_the_network_begins(lesson):
    model = lesson.build_unet((16, 16, 1), (2, 4), prior=0.02)
    found = model.predict(np.zeros((1, 16, 16, 1)), verbose=0)
    np.testing.assert_allclose(found, 0.02, atol=1e-6)


def test_islands_below_the_size_go_slice_by_slice(lesson):
    masks = np.zeros((2, 6, 6), bool)
    masks[0, :2, :2] = masks[0, 4, 4] = masks[1, 0, 0] = True  # 4 and 1; 1 above the 4
    kept = lesson.without_islands(masks, 2)
    assert kept.sum() == 4
    assert kept[0, :2, :2].all()
    np.testing.assert_array_equal(lesson.without_islands(masks, 0), masks)


def test_surface_distances_are_those_of_the_package_in_a_slice_and_run_through_slices(lesson):
    rng = np.random.default_rng(0)
    truth, predicted = rng.random((2, 12, 14)) > 0.6
    spacing = (2.0, 0.5)
    expected = evaluation.outline_distances(truth, predicted, spacing)
    np.testing.assert_allclose(lesson.surface_distances(truth, predicted, spacing), expected)
    one, other = np.zeros((2, 5, 9, 9), bool)
    one[1, 4, 4] = other[3, 4, 4] = True
    assert lesson.surface_distances(one, other, (6, 2, 2)) == (12, 12)


def test_limits_of_agreement_by_hand(lesson):
    # Differences of 10, 0 and -10 percent: a standard deviation of 10.
    found = lesson.agreement(np.array([10.0, 20, 30]), np.array([11.0, 20, 27]))
    np.testing.assert_allclose(found, (0, -19.6, 19.6), atol=1e-9)


def test_a_patient_is_averaged_over_trainings_before_the_kinds_are_summarized(lesson):
    fields = {
        "label": [0, 0, 0, 0, 1, 1, 2],
        "group": list("AABBCDE"),
        "dice": [0.2, 0.4, 0.5, 0.7, 1, 0, 0],
        "outcome": ["scored"] * 5 + ["missed", "false detection"],
        "volume_error_cm3": [-1.0, 1, 2, 2, np.nan, np.nan, np.nan],
    }
    table = pd.DataFrame(fields | {"hd95_mm": 1.0, "masd_mm": 1.0, "volume_cm3": 10.0})
    found = lesson.by_kind(table, ("one", "two", "none"))
    assert list(found) == ["one", "two"]
    assert found.loc["patients"].tolist() == [2, 2]
    assert found.loc["mean Dice"].str[:4].tolist() == ["0.45", "0.50"]
    assert found.loc["median volume error, %", "one"].startswith("15.00")
    assert found.loc["median volume error, %", "two"] == "not computed"


def test_brightest_blob_takes_the_largest_piece_below_the_surface(lesson):
    y, x = np.mgrid[:64, :64]
    image = np.where(np.hypot(y - 32, x - 32) < 28, 0.4, 0.0)
    image[20:24, 20:24] = image[36:46, 30:40] = 0.9
    image[31:34, 4:8] = 0.9  # skin
    mask = lesson.brightest_blob(image, level=1.5, depth=4)
    assert mask[38:44, 32:38].all()
    assert not mask[:34].any()
    assert not lesson.brightest_blob(image, level=3, depth=4).any()


def test_the_blob_is_tuned_on_the_given_slices(lesson):
    # A bright skin of 5 px, larger than the tumor: a depth of 6 is needed to leave it out.
    distance = np.hypot(*(np.mgrid[:96, :96] - np.reshape([48, 48], (2, 1, 1))))
    tumor = distance < 8
    image = np.where(distance < 40, 100, 0) + 60 * (tumor | (distance > 35)) * (distance < 40)
    data = tiny(
        images=np.tile(image[..., None], (6, 1, 1, 1)).astype(np.uint8), mask_names=("core",),
        masks=np.tile(tumor, (6, 1, 1)).astype(np.uint8), channel_names=("T1c",),
    )  # fmt: skip
    assert lesson.tuned_blobs(data)[1] == 6


def slices():
    """Return eight groups of one class each, masks that fill a corner."""
    corner = np.zeros((8, 96, 96), np.uint8)
    corner[:, :10, :10] = 1
    return tiny(
        images=np.zeros((8, 96, 96, 1), np.uint8), labels=[0, 1] * 4, groups=list("ABCDEFGH"),
        splits=None, masks=corner, mask_names=("tumor",), channel_names=("T1c",), sites=None,
        slice_positions_mm=None, slice_thickness_mm=None, pixel_spacing_mm=None, attributes=None,
        origin="real",
    )  # fmt: skip


def test_scores_name_the_diagnosis(lesson):
    table = lesson.scored(slices(), slices().mask("tumor") * 0.9, "tumor")
    assert list(table["diagnosis"]) == ["healthy", "tumor"] * 4
    assert (table["dice"] == 1).all()


def test_fine_tuning_starts_from_the_shipped_weights_and_changes_them(lesson, monkeypatch):
    start = lesson.build_unet((96, 96, 1), (2, 4))
    before = start.get_weights()[-1].copy()
    monkeypatch.setattr(transfer, "load", {"brain_mri": start}.get)
    after = lesson.fine_tuned(slices(), "tumor", epochs=1).get_weights()[-1]
    assert not np.array_equal(before, after)


def write_brats(folder, patients=10):
    """Write scans in the form of BraTS: heads of 2 mm voxels, a bright tumor, labels 1, 2 and 3."""
    rng, rows = np.random.default_rng(0), []
    shape, spacing = (80, 88, 12), np.array([2.0, 2.0, 6.0])
    # Left-handed and shifted, as many scanners write.
    affine = np.diag([*(spacing * [-1, 1, 1]), 1])
    affine[:3, 3] = 80, -90, -30
    grid = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1) * spacing
    for number in range(patients):
        middle = np.array([80, 88, 36]) + rng.uniform(-18, 18, 3) * [1, 1, 0.3]
        distance = np.linalg.norm(grid - middle, axis=-1)
        head = np.linalg.norm((grid - [80, 88, 33]) / [70, 80, 90], axis=-1) < 1
        labels = np.select([distance < 6, distance < 14, distance < 20], [1, 3, 2], 0)
        t1c = head * (400 + 500 * (labels == 3) - 200 * (labels == 1) + rng.normal(0, 20, shape))
        flair = head * (300 + 300 * (labels > 0) + rng.normal(0, 20, shape))
        row = {"patient": f"P{number}"}
        for name, voxels in (("t1c", t1c), ("flair", flair), ("seg", labels * head)):
            kind = np.uint8 if name == "seg" else np.float32
            row[name] = f"P{number}_{name}.nii.gz"
            image = nibabel.Nifti1Image(voxels.clip(0).astype(kind), affine)
            image.to_filename(Path(folder) / row[name])
        rows.append(row)
    pd.DataFrame(rows).to_csv(Path(folder) / "volumes.csv", index=False)


@pytest.mark.slow
def test_the_lesson_runs_on_scans_and_writes_masks_on_their_grid(tmp_path, monkeypatch):
    matplotlib.use("agg")
    monkeypatch.chdir(tmp_path)
    Path("scans").mkdir()
    write_brats("scans")
    smaller = {
        'DATA = "embedded"': 'DATA = "scans"',
        "EPOCHS, BATCH_SIZE, RATE = 6,": "EPOCHS, BATCH_SIZE, RATE = 12,",
        "SEEDS = (0, 1, 2)": "SEEDS = (0,)",
        '    "cross-entropy": {"loss": "cross-entropy"},\n': "",
        '    "Dice loss": {"loss": "Dice"},\n': "",
        '    "sum": {"loss": "sum"},\n': "",
        '    "sum, augmented": {"loss": "sum", "augment": True},\n': "",
        '{"loss": "cross-entropy", "prior": True}': '{"loss": None}',
    }
    names, replaced = {"__name__": "__main__"}, set()
    for position, cell in enumerate(cells("10")):
        tags = set(cell.metadata.get("tags", []))
        if cell.cell_type == "code" and not tags & {"check", "claim"}:
            source = cell.source
            for old, new in smaller.items():
                replaced |= {old} if old in source else set()
                source = source.replace(old, new)
            exec(compile(source, f"cell {position}", "exec"), names)
        elif "check" in tags:
            # The name that is kept for later, without the call of the check.
            exec("\n".join(cell.source.splitlines()[:-1]), names)
    assert replaced == set(smaller)
    assert names["table"].loc[names["table"]["outcome"] == "scored", "dice"].mean() > 0.5
    scans = pd.read_csv("scans/volumes.csv").set_index("patient")
    written = sorted(Path("scans/predicted").iterdir())
    assert len(written) == len(names["table"])
    for path in written:
        (patient,) = [name for name in scans.index if name in path.name]
        scan, predicted = (nibabel.load(p) for p in (f"scans/{scans['t1c'][patient]}", path))
        assert predicted.shape == scan.shape
        np.testing.assert_allclose(predicted.affine, scan.affine, atol=1e-4)
        core = np.isin(nibabel.load(f"scans/{scans['seg'][patient]}").dataobj, (1, 3))
        found = np.asarray(predicted.dataobj) > 0
        assert 2 * (core & found).sum() / (core.sum() + found.sum()) > 0.5
