"""The simulated brain set: reproducible, complete, and built as its datasheet says."""

import numpy as np
import pytest

from simulation.brain import mri, patient, signs, slices
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


def centroid(case, down, across, normal):
    """Return the middle of the core in mm, by axis; `down` and `across` count from the center."""
    core = case.masks & 1
    area = core.sum(axis=(1, 2))
    rows, columns = ((core.sum(axis=a) * -np.arange(96)).sum(axis=1) for a in (2, 1))
    mm = case.plan.pixel_mm
    found = {normal: (area * case.geometry["slice_positions_mm"]).sum() / area.sum()}
    found[down], found[across] = ((v.sum() / area.sum() + 47.5) * mm for v in (rows, columns))
    return found


def test_one_tumor_lies_in_one_place_in_all_planes():
    axes = {"axial": (1, 0, 2), "coronal": (2, 0, 1), "sagittal": (2, 1, 0)}
    places = []
    for plane, (down, across, normal) in axes.items():
        plan = patient.PatientPlan(
            3,
            "glioma-like",
            "site A",
            plane=plane,
            profile=True,
            shares=tuple(np.arange(0.05, 1, 0.1)),
        )
        change = {"place": "posterior", "core_cm3": 12.0}
        found = centroid(
            patient.simulate_patient(plan, seed=5, change=change), down, across, normal
        )
        center = {"axial": (0, -15, 0), "coronal": (0, 0, -11), "sagittal": (0, 0, -11)}[plane]
        places.append([found[a] + (center[a] if a != normal else 0) for a in range(3)])
    # x grows to the right, y to the front, z upward; tenths of a tumor and pixels of 2.1 mm.
    assert np.ptp(places, axis=0).max() < 3
    assert places[0][1] < -30
    assert places[0][2] < 0


def test_sagittal_slices_show_the_face_on_the_left_and_the_vertex_on_top():
    points = slices._plane_points("sagittal", 12.0, np.array([0.0]), 2.1).reshape(3, 192, 192)
    assert (points[0] == 12).all()
    assert (np.diff(points[1], axis=1) < 0).all()
    assert (np.diff(points[2], axis=0) < 0).all()
    assert points[1, 0, 0] - points[1, 0, -1] == pytest.approx(2.1 / 2 * 191, abs=0.01)


def test_a_sellar_tumor_widens_the_sella_and_a_dark_one_is_darker_than_the_brain():
    sellar = {"place": "sellar", "core_cm3": 3.0, "edema_cm3": 0.0, "pattern": "homogeneous"}
    plan = patient.PatientPlan(
        0, "meningioma-like", "site A", plane="sagittal", profile=True, shares=(0.3, 0.5, 0.7)
    )
    case = patient.simulate_patient(plan, seed=5, change=sellar | {"enhancement": 0.8})
    assert case.attributes["core_cm3"] == pytest.approx(3, rel=0.25)
    assert np.abs(case.geometry["slice_positions_mm"]).max() < 20
    assert (case.attributes["core_mm2"] > 60).all()
    enhancing = (case.masks >> 2) & 1
    assert not (enhancing & ~(case.masks & 1)).any()
    dark = {"pattern": "dark", "enhancement": 0.0, "place": "lobar", "core_cm3": 20.0}
    plan = patient.PatientPlan(1, "glioma-like", "site A", shares=(0.4, 0.6))
    t1c, core = (
        (case := patient.simulate_patient(plan, seed=5, change=dark)).images[..., 0],
        case.masks & 1,
    )
    middle = (slice(None), slice(24, 72), slice(30, 66))
    assert np.median(t1c[core > 0]) < 0.8 * np.median(t1c[middle][core[middle] == 0])


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
