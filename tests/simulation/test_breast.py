"""The simulated breast ultrasound set: reproducible, complete, and formed as physics asks."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from simulation.breast import beam, fields, patient, scanners, signs
from simulation.breast.tissue import Tissue
from tests.simulation.stored import one_per_group, stored

BIT = {name: 1 << j for j, name in enumerate(patient.MASK_NAMES)}
GRID = fields.Grid(40, 45)
SETTINGS = scanners.draw_settings(np.random.default_rng(0), "scanner A")


@pytest.fixture(scope="module")
def breast():
    return stored("breast_ultrasound")


def plan(kind, number=5, site="scanner A"):
    return patient.PatientPlan(number, kind, site)


def test_signs_tell_much_and_not_all(breast):
    first = one_per_group(breast)
    auc = roc_auc_score(breast["labels"][first], breast["attributes/suspicion"][first])
    assert 0.93 <= auc <= 0.96


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
        at = signs.SIGNS[sign].words.index(word)
        for kinds, rate in zip((signs.MALIGNANT_KINDS, solid), rates, strict=True):
            mixed = sum(share * signs.SIGNS[sign].rates[kind][at] for kind, share in kinds.items())
            assert mixed / sum(kinds.values()) == pytest.approx(rate, abs=0.025)


@pytest.mark.parametrize("name", signs.SIGNS)
def test_every_rate_table_is_complete(name):
    sign = signs.SIGNS[name]
    assert tuple(sign.rates) == signs.LESIONS
    for rates in sign.rates.values():
        assert len(rates) == len(sign.words)
        assert sum(rates) == pytest.approx(1)


def test_fully_developed_speckle_is_rayleigh():
    # Mean over standard deviation of a Rayleigh variable: sqrt(pi / (4 - pi)) = 1.913.
    rng = np.random.default_rng(3)
    field = beam.scatterers(rng, (768, 256))
    envelope = np.abs(beam.see_through_beam(field, GRID, SETTINGS))[20:-20]
    assert envelope.mean() / envelope.std() == pytest.approx(1.913, abs=0.04)
    assert (envelope**2).mean() == pytest.approx(1, abs=0.05)


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


def test_masks_show_the_signs(breast):
    kind, masks = breast["attributes/kind"], breast["masks"]
    normal = kind == signs.NORMAL
    lesion_bits = 255 - BIT["artifact"]
    assert not (masks[normal] & lesion_bits).any()
    assert ((masks & BIT["lesion"]) > 0).any(axis=(1, 2))[~normal].all()

    def seen(bit, sign, word):
        """Return how often a mask is there, where the sign was drawn and in other lesions."""
        there = ((masks & BIT[bit]) > 0).any(axis=(1, 2))
        drawn = breast[f"attributes/{sign}"] == word
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


def test_a_second_view_is_another_image_of_the_same_lesion():
    both = patient.simulate_patient(replace(plan("cyst"), views=2), 5)
    alone = patient.simulate_patient(plan("cyst"), 5)
    assert len(both.images) == 2
    assert np.array_equal(both.images[:1], alone.images)
    assert not np.array_equal(both.images[0], both.images[1])
