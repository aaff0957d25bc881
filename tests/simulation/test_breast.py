"""The simulated breast ultrasound set: reproducible, complete, and formed as physics asks."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from simulation.breast import beam, cohort, fields, lesions, patient, scanners, signs
from simulation.breast.tissue import Tissue, draw_tissue

FILE = Path(__file__).parents[2] / "data" / "breast_ultrasound.npz"
BIT = {name: 1 << j for j, name in enumerate(patient.MASK_NAMES)}
GRID = fields.Grid(40, 45)
SETTINGS = scanners.draw_settings(np.random.default_rng(0), "scanner A")


@pytest.fixture(scope="module")
def stored():
    with np.load(FILE, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def first_images(stored):
    return np.unique(stored["groups"], return_index=True)[1]


def plan(kind, number=5, site="scanner A"):
    return patient.PatientPlan(number, kind, site)


@pytest.mark.parametrize("number", [0, 1203, 3199])
def test_stored_patients_can_be_made_again(stored, number):
    again = patient.simulate_patient(cohort.plan_patients()[number], seed=cohort.SEED)
    mine = stored["groups"] == f"P{number:04d}"
    # Another processor may round a last digit the other way: one gray step in few pixels.
    difference = np.abs(again.images.astype(int) - stored["images"][mine].astype(int))
    assert (difference > 0).mean() < 0.002
    assert (again.masks != stored["masks"][mine]).mean() < 0.001
    assert stored["attributes/suspicion"][mine][0] == again.attributes["suspicion"]


def test_the_set_is_as_large_as_promised(stored):
    first = first_images(stored)
    labels, splits = stored["labels"][first], stored["splits"][first]
    normal = stored["attributes/kind"][first] == signs.NORMAL
    assert len(first) >= 3000
    for split, at_least in (("train", 1700), ("validation", 750), ("test", 750)):
        mine = splits == split
        assert mine.sum() >= at_least
        assert 0.27 <= labels[mine].mean() <= 0.30
        assert 0.15 <= normal[mine].mean() <= 0.20
    assert FILE.stat().st_size <= 12e6
    assert stored["images"].shape[1:] == (64, 64, 1)


def test_no_patient_lies_in_two_splits(stored):
    for group in np.unique(stored["groups"][stored["groups"] == np.roll(stored["groups"], 1)]):
        mine = stored["groups"] == group
        for name in ("splits", "labels", "sites", "attributes/kind", "attributes/suspicion"):
            assert len(np.unique(stored[name][mine])) == 1


def test_sites_have_the_same_share_in_every_class_and_split(stored):
    first = first_images(stored)
    site = stored["sites"][first] == "scanner A"
    for split in cohort.COUNTS:
        for label in (0, 1):
            mine = (stored["splits"][first] == split) & (stored["labels"][first] == label)
            assert abs(site[mine].mean() - 0.6) < 0.01


def test_signs_tell_much_and_not_all(stored):
    first = first_images(stored)
    auc = roc_auc_score(stored["labels"][first], stored["attributes/suspicion"][first])
    assert 0.93 <= auc <= 0.96


def test_mimics_exist_in_both_directions(stored):
    first = first_images(stored)
    malignant = stored["labels"][first] == 1
    sign = {name: stored[f"attributes/{name}"][first] for name in signs.SIGNS}
    lesion = stored["attributes/kind"][first] != signs.NORMAL
    benign = lesion & ~malignant
    assert 0.08 <= (sign["margin"] == "circumscribed")[malignant].mean() <= 0.18
    assert 0.10 <= (sign["posterior"] == "enhancement")[malignant].mean() <= 0.24
    assert 0.12 <= (sign["shape"] == "irregular")[benign].mean() <= 0.30
    assert 0.05 <= (sign["posterior"] == "shadow")[benign].mean() <= 0.15


def test_rates_among_solid_masses_are_those_of_the_source():
    # Hong et al. 2005: irregular 72 % of malignant and 24 % of benign masses, and so on.
    solid = {k: v for k, v in signs.BENIGN_KINDS.items() if k != "cyst"}
    expected = {
        ("shape", "irregular"): (0.72, 0.24),
        ("orientation", "not parallel"): (0.53, 0.13),
        ("margin", "spiculated"): (0.13, 0.01),
        ("margin", "circumscribed"): (0.13, 0.61),
    }
    for (sign, word), rates in expected.items():
        at = signs.SIGNS[sign].index(word)
        for kinds, rate in zip((signs.MALIGNANT_KINDS, solid), rates, strict=True):
            mixed = sum(share * signs.RATES[kind][sign][at] for kind, share in kinds.items())
            assert mixed / sum(kinds.values()) == pytest.approx(rate, abs=0.025)


@pytest.mark.parametrize("kind", signs.RATES)
def test_every_rate_table_is_complete(kind):
    for sign, words in signs.SIGNS.items():
        assert len(signs.RATES[kind][sign]) == len(words)
        assert sum(signs.RATES[kind][sign]) == pytest.approx(1)


def test_readings_are_wrong_near_the_boundary_and_labels_stay_true(stored):
    first = first_images(stored)
    truth = np.array(signs.CLASSES)[stored["labels"][first]]
    wrong = stored["attributes/reading"][first] != truth
    distance = np.abs(stored["attributes/suspicion"][first])
    assert 0.1 < wrong.mean() < 0.25
    assert np.median(distance[wrong]) < np.median(distance[~wrong])


def test_fully_developed_speckle_is_rayleigh():
    # Mean over standard deviation of a Rayleigh variable: sqrt(pi / (4 - pi)) = 1.913.
    rng = np.random.default_rng(3)
    field = beam.scatterers(rng, (768, 256))
    envelope = np.abs(beam.see_through_beam(field, GRID, SETTINGS))[20:-20]
    assert envelope.mean() / envelope.std() == pytest.approx(1.913, abs=0.04)
    assert (envelope**2).mean() == pytest.approx(1, abs=0.05)


def test_beam_oscillates_and_is_wider_off_focus():
    point = np.zeros((768, 256), np.complex64)
    near, far = int(768 * SETTINGS.focus), 740
    point[[near, far], 128] = 1
    seen = beam.see_through_beam(point, GRID, SETTINGS)

    def width(row):
        power = np.abs(seen[row]) ** 2
        return np.sqrt((power * (np.arange(256) - 128) ** 2).sum() / power.sum())

    assert width(far) > 1.2 * width(near)
    turn = np.angle(seen[near + 1, 128] / seen[near, 128])
    cycles = 2 * SETTINGS.frequency / 1.54 * GRID.depth_mm / 768
    assert np.angle(np.exp(1j * (turn - 2 * np.pi * cycles))) == pytest.approx(0, abs=0.05)


def test_attenuation_is_summed_along_the_beam():
    block = np.zeros((384, 256), np.float32)
    block[96:192, 100:160] = 1.0
    loss = beam.lost_db(block, GRID, frequency=8)
    # 1 dB/cm/MHz over 1 cm at 8 MHz, down and back.
    assert loss[300, 130] == pytest.approx(16, rel=0.01)
    assert loss[90, 130] == 0
    assert loss[300, 40] == pytest.approx(0, abs=1e-3)
    steered = beam.lost_db(block, GRID, frequency=8, angle=0.15)
    # The block ends 20 mm down; 19.6 mm further a beam steered by 0.15 is 2.9 mm to the side.
    center = (steered[380] * np.arange(256)).sum() / steered[380].sum()
    assert abs(center - 129.5) * GRID.dx == pytest.approx(0.15 * 24.5, rel=0.3)


def test_a_cyst_brightens_and_a_dense_block_darkens_what_lies_behind():
    def brightness(attenuation):
        flat = np.zeros((384, 256), np.float32)
        tissue = Tissue(flat, np.full_like(flat, 0.68), flat)
        tissue.attenuation[100:180, 100:156] = attenuation
        image = beam.form_image(np.random.default_rng(0), GRID, tissue, SETTINGS, -10)
        return image[440:520, 110:146].mean() - image[440:520, 20:80].mean()

    assert brightness(0.01) > 0.05
    assert brightness(1.6) < -0.05


def test_gain_depends_on_depth_alone():
    assert beam.depth_gain(GRID, SETTINGS).shape == (768, 1)


def test_outline_has_the_size_that_was_drawn():
    drawn = {"shape": "oval", "margin": "circumscribed", "orientation": "parallel"}
    lesion = lesions.shape_lesion(
        np.random.default_rng(0), GRID, drawn | {"size_mm": 16.0}, (22.0, 18.0)
    )
    columns = np.flatnonzero((lesion.outside_mm < 0).any(axis=0))
    assert np.ptp(columns) * GRID.dx == pytest.approx(16, abs=1.0)
    assert lesion.height_mm < 15


def test_masks_show_the_signs(stored):
    kind, masks = stored["attributes/kind"], stored["masks"]
    normal = kind == signs.NORMAL
    lesion_bits = 255 - BIT["artifact"]
    assert not (masks[normal] & lesion_bits).any()
    assert ((masks & BIT["lesion"]) > 0).any(axis=(1, 2))[~normal].all()

    def seen(bit, sign, word):
        """Return how often a mask is there, where the sign was drawn and in other lesions."""
        there = ((masks & BIT[bit]) > 0).any(axis=(1, 2))
        drawn = stored[f"attributes/{sign}"] == word
        return there[drawn].mean(), there[~drawn & ~normal].mean()

    assert seen("halo", "halo", "present") == (1, 0)
    # Fluid, coarse calcifications and steep walls cast some of their own.
    drawn, others = seen("posterior shadow", "posterior", "shadow")
    assert drawn > 0.95
    assert others < 0.45
    # Behind small lesions the enhancement stays below the 6 dB that a mask needs.
    drawn, others = seen("posterior enhancement", "posterior", "enhancement")
    assert drawn > 0.6
    assert others < 0.2


def test_second_reader_agrees_about_as_well_as_people_do(stored):
    a, b = ((stored["masks"] & BIT[name]) > 0 for name in ("lesion", "second reader"))
    has = a.any(axis=(1, 2))
    dice = 2 * (a & b)[has].sum(axis=(1, 2)) / (a[has].sum(axis=(1, 2)) + b[has].sum(axis=(1, 2)))
    assert 0.8 < dice.mean() < 0.95


def test_file_holds_no_pickle_and_says_that_it_is_simulated(stored):
    assert all(array.dtype.kind in "biufU" for array in stored.values())
    assert json.loads(str(stored["meta"]))["origin"] == "simulated"


def test_worker_count_does_not_matter_and_seeds_do():
    counts = {"train": (2, 2, 1)}
    one, two, other = (
        cohort.simulate_set(seed, counts, workers) for seed, workers in ((3, 1), (3, 2), (4, 1))
    )
    assert all(np.array_equal(one[k], two[k], equal_nan=one[k].dtype.kind == "f") for k in one)
    assert not np.array_equal(one["images"], other["images"])


def test_a_changed_posterior_sign_changes_only_what_lies_behind():
    shadow, none = (
        patient.simulate_patient(plan("invasive carcinoma"), 5, change={"posterior": word})
        for word in ("shadow", "none")
    )
    assert np.array_equal(shadow.masks & BIT["lesion"], none.masks & BIT["lesion"])
    darker = none.images[0, ..., 0].astype(int) - shadow.images[0, ..., 0]
    behind = (shadow.masks[0] & BIT["posterior shadow"]) > 0
    top = np.flatnonzero((shadow.masks[0] & BIT["lesion"]).any(axis=1))[0]
    assert behind.any()
    assert darker[behind].mean() > 5
    assert not darker[: top - 3].any()


def test_a_changed_halo_changes_only_itself_and_what_the_beam_meets_later():
    with_halo, without = (
        patient.simulate_patient(plan("fibroadenoma"), 5, change={"halo": word})
        for word in ("present", "absent")
    )
    brighter = with_halo.images[0, ..., 0].astype(int) - without.images[0, ..., 0]
    halo = (with_halo.masks[0] & BIT["halo"]) > 0
    top = np.flatnonzero(halo.any(axis=1))[0]
    assert np.abs(brighter[halo]).mean() > 5
    assert not brighter[: top - 3].any()


def test_fresh_tissue_is_finite_and_positive():
    tissue = draw_tissue(np.random.default_rng(1), GRID)
    assert np.isfinite(tissue.echo_db).all()
    assert (tissue.attenuation > 0).all()


def test_a_second_view_is_another_image_of_the_same_lesion():
    both = patient.simulate_patient(replace(plan("cyst"), views=2), 5)
    alone = patient.simulate_patient(plan("cyst"), 5)
    assert len(both.images) == 2
    assert np.array_equal(both.images[:1], alone.images)
    assert not np.array_equal(both.images[0], both.images[1])


@pytest.mark.parametrize(("field", "value"), [("kind", "carcinoma"), ("site", "A"), ("views", 3)])
def test_a_wrong_plan_names_the_value_and_what_is_allowed(field, value):
    good = {"number": 1, "kind": "cyst", "site": "scanner A"}
    with pytest.raises(ValueError, match=f"{field} is {value!r}; allowed: "):
        patient.PatientPlan(**(good | {field: value}))


@pytest.mark.parametrize(
    ("kind", "change", "said"),
    [
        ("cyst", {"color": "red"}, r"change names \['color'\]; allowed"),
        ("cyst", {"echo": "dark"}, "echo is 'dark'; allowed: anechoic"),
        ("cyst", {"size_mm": 90}, "size_mm is 90; allowed: 3 to 40"),
        (signs.NORMAL, {"halo": "present"}, "allowed for a patient with a lesion"),
    ],
)
def test_changes_that_make_no_sense_are_refused(kind, change, said):
    with pytest.raises(ValueError, match=said):
        patient.simulate_patient(plan(kind), change=change)
