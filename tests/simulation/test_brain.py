"""The simulated brain set: reproducible, complete, and built as its datasheet says."""

import numpy as np
import pytest

from simulation.brain import mri, patient, signs
from simulation.brain.anatomy import draw_anatomy
from simulation.brain.template import load_template
from simulation.brain.tumors import grow_tumor
from tests.simulation.stored import one_per_group, stored


@pytest.fixture(scope="module")
def brain():
    return stored("brain_mri")


def one_per_patient(arrays, name):
    return arrays[name][one_per_group(arrays)]


def test_slices_are_contiguous(brain):
    for group in np.unique(brain["groups"]):
        mine = brain["groups"] == group
        assert mine.sum() >= 3
        steps = np.diff(brain["slice_positions_mm"][mine])
        gap = steps - brain["slice_thickness_mm"][mine][0]
        assert np.allclose(gap, gap[0], atol=0.01)
        assert 0 < gap[0] < 2


def test_whole_tumor_stacks_begin_and_end_outside_the_core(brain):
    whole = brain["attributes/whole_tumor"]
    core = (brain["masks"] & 1).any(axis=(1, 2))
    for split, at_least in (("train", 20), ("validation", 10), ("test", 40)):
        groups = np.unique(brain["groups"][whole & (brain["splits"] == split)])
        assert len(groups) >= at_least
    for group in np.unique(brain["groups"][whole]):
        mine = core[brain["groups"] == group]
        assert not mine[0]
        assert not mine[-1]
        assert mine.any()


def test_volume_from_slices_agrees_with_the_generated_volume(brain):
    whole = brain["attributes/whole_tumor"]
    ratios = []
    for group in np.unique(brain["groups"][whole]):
        mine = brain["groups"] == group
        step = np.diff(brain["slice_positions_mm"][mine])[0]
        from_slices = brain["attributes/core_mm2"][mine].sum() * step / 1000
        ratios.append(from_slices / brain["attributes/core_cm3"][mine][0])
    assert 0.95 < np.median(ratios) < 1.05
    assert np.percentile(np.abs(np.array(ratios) - 1), 90) < 0.2


def test_signs_overlap_between_the_kinds(brain):
    labels = one_per_patient(brain, "labels")
    pattern = one_per_patient(brain, "attributes/pattern")
    assert np.isin(pattern[labels == 1], ["faint", "none"]).mean() >= 0.25
    assert np.isin(pattern[labels == 0], ["ring", "heterogeneous"]).mean() >= 0.2
    volume = np.log(one_per_patient(brain, "attributes/core_cm3")[labels < 2])
    kind = labels[labels < 2]
    assert abs(volume[kind == 0].mean() - volume[kind == 1].mean()) < 0.25 * volume.std()


def test_air_around_the_head_is_exactly_zero(brain):
    corners = brain["images"][:, [0, 0, -1, -1], [0, -1, 0, -1]]
    assert (corners[brain["attributes/plane"] == "axial"] == 0).all()


def test_a_changed_sign_changes_only_what_it_touches():
    plan = patient.PatientPlan(12, "meningioma-like", "site A")
    with_cleft = patient.simulate_patient(plan, seed=5, change={"csf_cleft": True})
    without = patient.simulate_patient(plan, seed=5, change={"csf_cleft": False})
    assert np.array_equal(with_cleft.masks & 1, without.masks & 1)
    changed = (with_cleft.images != without.images).any(axis=(0, 3))
    cleft = ((with_cleft.masks >> 5) & 1).any(axis=0)
    assert cleft.any()
    assert not ((without.masks >> 5) & 1).any()
    assert changed[cleft].mean() > 5 * changed[~cleft].mean()


def test_displacement_never_folds():
    plan_rng = np.random.default_rng(1)
    anatomy = draw_anatomy(plan_rng, load_template())
    drawn = signs.draw_signs(plan_rng, "meningioma-like") | {"mass_effect": 0.95}
    tumor = grow_tumor(plan_rng, "meningioma-like", drawn, anatomy)
    radii = np.linspace(0.1, 90, 600)
    line = tumor.center[:, None] + np.array([[0.6], [0.0], [0.8]]) * radii
    old = np.linalg.norm(tumor.displace(line) - tumor.center[:, None], axis=0)
    assert (np.diff(old) > 0).all()


def test_signal_matches_the_formula_by_hand():
    # Spin echo 600/10 of white matter: 0.70 (1 - exp(-600/850)) exp(-10/75).
    assert mri.signal(0.70, 850, 75, tr=600, te=10) == pytest.approx(0.3101, abs=5e-4)
    # At TI = T1 ln 2 and a long TR, inversion recovery is nulled.
    assert mri.signal(1, 4000, 1500, tr=1e6, te=0, ti=4000 * np.log(2)) == pytest.approx(0)
