"""Lesson 12: what is done to images and answers before the tables are made."""

from dataclasses import replace

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file

from authoring.experiments.definitions import definitions
from course_utils.imaging import identifying_elements
from tests.lessons.sections import cells
from tests.tiny_data import tiny

LESSON = definitions("12")


def gray_set(images, **fields):
    """Return a set of gray images, each of a patient of its own."""
    images = np.asarray(images, dtype=np.uint8)
    n = len(images)
    fields = {"labels": np.arange(n) % 2, "groups": [f"P{k:03}" for k in range(n)]} | fields
    empty = ("masks", "mask_names", "slice_positions_mm", "slice_thickness_mm", "splits")
    empty = dict.fromkeys((*empty, "sites", "pixel_spacing_mm", "attributes"))
    return tiny(**(empty | {"images": images, "channel_names": ("intensity",)} | fields))


@pytest.fixture
def noise():
    return gray_set(np.random.default_rng(0).integers(0, 200, (8, 64, 64, 1)))


def test_a_preset_changes_gray_levels_and_not_their_order(noise):
    levels = gray_set(np.arange(256).reshape(1, 16, 16, 1).repeat(2, axis=0))
    bright = LESSON.preset(levels, "bright").images[0].ravel()
    assert bright[64] == 128  # (64 / 255) to the power of one half is 0.501
    assert (np.diff(bright.astype(int)) >= 0).all()
    assert LESSON.preset(noise, "dark").images.mean() < noise.images.mean()


def test_one_curve_undoes_a_preset_and_keeps_dark_images_dark(noise):
    home = replace(noise, images=noise.images // np.arange(1, 9)[:, None, None, None].astype("u1"))
    away = LESSON.preset(home, "bright")
    back = LESSON.one_curve(away, away, home).images.astype(int)
    assert np.abs(back - home.images).mean() < 2
    assert back[7].mean() < back[0].mean() / 4


def test_matching_image_by_image_makes_dark_and_bright_images_alike(noise):
    home = replace(noise, images=noise.images // np.arange(1, 9)[:, None, None, None].astype("u1"))
    means = LESSON.matched(home, home).images.mean(axis=(1, 2, 3))
    assert np.ptp(means) < 3


def test_the_six_views_are_moved_and_mirrored(noise):
    found = [view.images for view in LESSON.views(noise)]
    np.testing.assert_array_equal(found[0], noise.images)
    np.testing.assert_array_equal(found[1][:, :, 2:], noise.images[:, :, :-2])
    np.testing.assert_array_equal(found[2][:, :, :-2], noise.images[:, :, 2:])
    np.testing.assert_array_equal(found[3], noise.images[:, :, ::-1])
    assert len(found) == 6


def test_local_images_are_bright_ones_of_the_other_scanner():
    images = np.full((240, 8, 8, 1), 64)
    sites = np.repeat(["scanner A", "scanner B"], 120)
    train = gray_set(images, sites=sites)
    local = LESSON.training_images("100 local images", train)
    assert (len(local), (local.images == 128).all(axis=(1, 2, 3)).sum()) == (220, 100)
    assert set(LESSON.training_images("home", train).sites) == {"scanner A"}
    assert set(LESSON.training_images("trained on B", train).sites) == {"scanner B"}


@pytest.mark.parametrize(("dropout", "differ"), [(0.5, True), (0.0, False)])
def test_passes_differ_where_there_is_dropout(dropout, differ, monkeypatch):
    monkeypatch.setitem(LESSON.trained.__globals__, "EPOCHS", 1)
    train = gray_set(np.random.default_rng(1).integers(0, 256, (32, 32, 32, 1)))
    answers = LESSON.passes(LESSON.trained(train, 0, dropout=dropout), train)
    assert len(answers) == LESSON.PASSES
    assert (np.std(answers, axis=0).max() > 1e-4) == differ


def defined(name):
    """Return a function that a cell of the lesson defines outside the define cells."""
    (source,) = [cell.source for cell in cells("12") if f"def {name}(" in cell.source]
    names = dict(vars(LESSON))
    exec(source, names)
    return names[name]


@pytest.mark.parametrize("file", ["CT_small.dcm", "examples_rgb_color.dcm", "MR_small.dcm"])
def test_no_identifying_value_survives_the_cleaning(file):
    header = dcmread(get_testdata_file(file, download=False))
    clean = defined("cleaned")(header, "STUDY-1", secret="x")
    before = {each.value for each in identifying_elements(header)}
    after = [each for each in identifying_elements(clean) if each.group != "burned-in text"]
    assert not before & {each.value for each in after}
    assert {each.group for each in after} <= {"names and numbers", "unique identifiers"}
    assert header.PatientName != clean.PatientName == "STUDY-1"
    again = defined("cleaned")(header, "STUDY-1", secret="x")
    assert again.StudyInstanceUID == clean.StudyInstanceUID


def test_a_prediction_set_holds_what_it_promises_for_patients_like_the_first():
    limits_of, in_sets = defined("limits_of"), defined("in_sets")
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(200):
        labels = rng.integers(0, 2, 400)
        values = 1 / (1 + np.exp(-rng.normal(2 * labels - 1, 2)))
        limits = limits_of(labels[:200], values[:200], 0.1, by_class=True)
        sets = in_sets(values[200:], limits)
        shares.append(sets[np.arange(200), labels[200:]].mean())
    assert np.mean(shares) == pytest.approx(0.905, abs=0.01)
