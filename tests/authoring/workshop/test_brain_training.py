"""The patients that the brain's start learns from: varied, repeatable, and changed as intended."""

from collections import Counter

import numpy as np
import pytest

from authoring.workshop import brain_training, pretrain
from simulation.brain.signs import CHANGEABLE, RARE, draw_signs
from simulation.cases import changed


def test_patients_have_all_planes_and_kinds_and_the_last_are_flat():
    first, last = brain_training.PATIENTS
    plans, changes, kinds = zip(*map(brain_training.planned, range(first + last)), strict=True)
    assert min(Counter(plan.plane for plan in plans).values()) > 0.25 * len(plans)
    assert min(Counter(kinds).values()) > 0.22 * len(plans)
    assert {change.get("pattern") for change in changes} >= {"dark", "none", "faint", "ring"}
    assert [plan.flat > 0 for plan in plans] == [False] * first + [True] * last
    assert brain_training.planned(7) == brain_training.planned(7)
    for plan, change, kind in zip(plans, changes, kinds, strict=True):
        signs = changed(draw_signs(np.random.default_rng(0), plan.kind), change, CHANGEABLE)
        assert (signs["place"] == "sellar") == (kind == "sellar")
        assert (np.diff(plan.shares) > 0).all()


def test_no_patient_of_the_embedded_set_has_a_rare_sign():
    drawn = [draw_signs(np.random.default_rng(n), "glioma-like") for n in range(300)]
    for name, values in RARE.items():
        assert not {signs[name] for signs in drawn} & set(values)


def test_cutting_the_neck_leaves_the_upper_four_fifths():
    image = np.ones((50, 20), np.uint8)
    image[:10] = 0
    cut = brain_training.cut_neck(np.random.default_rng(0), image)
    assert (cut[:42] == image[:42]).all()
    assert cut[-1].max() == 0


def test_a_small_tumor_counts_as_much_as_a_large_one():
    truth = np.zeros((2, 20, 20, 1), np.float32)
    truth[0, :10], truth[1, 0, :5] = 1, 1
    sharp = np.clip(truth, 1e-7, 1 - 1e-7)
    missed = sharp.copy()
    missed[1] = 1e-7
    # Overlap 0 of 5 pixels beside the 5 that are added: a Dice of 5 / 10 in one of two slices.
    cross_entropy = np.log(1e7) * 5 / truth.size
    loss = float(pretrain.dice_of_each(truth, missed))
    assert loss == pytest.approx(cross_entropy + 0.25, abs=1e-3)
    assert float(pretrain.dice_of_each(truth, sharp)) == pytest.approx(0, abs=1e-3)
