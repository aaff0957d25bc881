"""The simulated skin set: reproducible, complete, and built as its datasheet says."""

import numpy as np
import pytest
from skimage import color

from simulation.skin import diagnoses, examination, optics, structures
from tests.simulation.stored import one_per_group, stored

MALIGNANT = [list(diagnoses.DIAGNOSES).index(name) for name in diagnoses.MALIGNANT]


@pytest.fixture(scope="module")
def skin():
    return stored("skin_lesions")


def lesions(arrays, split="test"):
    return one_per_group(arrays, split)


def test_weights_restore_the_natural_mix(skin):
    one = lesions(skin)
    weight, label = skin["attributes/weight"][one], skin["labels"][one]
    assert weight.mean() == pytest.approx(1, abs=1e-4)
    # 6,705 nevi among 10,015 images.
    assert weight[label == 5].sum() / weight.sum() == pytest.approx(6705 / 10015, abs=1e-3)


def test_tone_and_artifacts_do_not_tell_the_diagnosis(skin):
    one = np.concatenate([lesions(skin, split) for split in ("train", "validation", "test")])
    malignant = np.isin(skin["labels"][one], MALIGNANT)
    names = ("ita", "hair", "ruler", "ink", "bubbles", "corners")
    for name in names:
        values = skin[f"attributes/{name}"][one].astype(float)
        gap = values[malignant].mean() - values[~malignant].mean()
        # Four standard errors: chance alone stays below it.
        assert abs(gap) < 4 * values.std() * np.sqrt(1 / malignant.sum() + 1 / (~malignant).sum())
    tones, counts = np.unique(skin["attributes/tone"][one], return_counts=True)
    assert set(tones) == set(optics.TONES)
    assert counts.min() > 0.05 * len(one)


def test_paired_lesions_differ_in_tone_alone(skin):
    tones = skin["attributes/subset"] == "tones"
    groups = np.unique(skin["groups"][tones])
    assert len(groups) >= 60
    for group in groups:
        mine = skin["groups"] == group
        assert sorted(skin["attributes/ita"][mine]) == sorted(examination.TONE_STEPS)
        assert (skin["masks"][mine] == skin["masks"][mine][0]).all()
    lightness = [skin["images"][tones & (skin["attributes/ita"] == t)].mean()
                 for t in examination.TONE_STEPS]  # fmt: skip
    assert (np.diff(lightness) < 0).all()


def test_shortcut_set_ties_the_ruler_to_malignancy_and_then_turns_it_round(skin):
    subset, ruler = skin["attributes/subset"], skin["attributes/ruler"]
    malignant = np.isin(skin["labels"], MALIGNANT)

    def agreement(name):
        return (ruler[subset == name] == malignant[subset == name]).mean()

    assert agreement("shortcut train") > 0.85
    assert agreement("shortcut same") > 0.85
    assert agreement("shortcut reversed") < 0.15
    assert not ruler[subset == "shortcut absent"].any()
    tests = [np.unique(skin["groups"][subset == f"shortcut {name}"])
             for name in ("same", "absent", "reversed")]  # fmt: skip
    assert all(np.array_equal(tests[0], other) for other in tests[1:])


def test_masks_show_what_the_attributes_say(skin):
    masks = skin["masks"]
    lesion = (masks & 1).any(axis=(1, 2))
    assert lesion.all()
    for name, artifact in (("hair", "hair"), ("ruler or ink", "ruler")):
        bit = (masks >> structures.MASK_NAMES.index(name)) & 1
        assert bit[skin[f"attributes/{artifact}"]].any(axis=(1, 2)).mean() > 0.95
    hair = (masks >> structures.MASK_NAMES.index("hair")) & 1
    assert not hair[~skin["attributes/hair"]].any()


def test_signs_come_at_the_reported_rates():
    rng = np.random.default_rng(0)
    for diagnosis, sign, rate in (
        ("mel", "veil", 0.40), ("mel", "regression", 0.38), ("nv", "veil", 0.04),
        ("bkl", "cysts", 0.60), ("df", "white_patch", 0.57), ("bcc", "arborizing_vessels", 0.52),
    ):  # fmt: skip
        drawn = np.mean([diagnoses.draw_signs(rng, diagnosis)[sign] for _ in range(1500)])
        assert drawn == pytest.approx(rate, abs=0.06)


def test_some_melanomas_show_nothing_and_some_nevi_alarm(skin):
    one = lesions(skin, "train")
    score, label = skin["attributes/abcd_score"][one], skin["labels"][one]
    assert (score[label == 4] < 4.75).mean() > 0.05
    assert (score[label == 5] > 5.45).mean() > 0.01
    assert np.isnan(score[~np.isin(label, (4, 5))]).all()


def test_typology_angle_agrees_with_another_library():
    light = optics.reflectance(optics.Layers(0.05, 0.2, 0.0, 0.0, 0.0))
    lab = color.rgb2lab(optics.to_srgb(light)[None, None])[0, 0]
    expected = np.degrees(np.arctan2(lab[0] - 50, lab[2]))
    assert optics.typology_angle(light) == pytest.approx(expected, abs=0.2)
    assert [optics.tone_of(a) for a in (-31, 0, 20, 35, 50, 60)] == list(optics.TONES)


def test_a_changed_sign_changes_only_what_it_touches():
    plan = examination.LesionPlan(12, "mel", "site A")
    base = {"ruler": False, "hair": False, "ink": False}
    with_veil, without = (
        examination.simulate_lesion(plan, seed=5, change=base | {"veil": veil})
        for veil in (True, False)
    )
    blue = (with_veil.masks[0] >> structures.MASK_NAMES.index("blue areas")) & 1 == 1
    assert np.array_equal(with_veil.masks & 1, without.masks & 1)
    change = np.abs(with_veil.images[0].astype(int) - without.images[0]).max(axis=-1)
    # The border is soft: a trace of the veil reaches beyond the outline.
    assert np.median(change[blue]) > 8
    assert (change[with_veil.masks[0] & 1 == 0] > 8).mean() < 0.04


def test_a_ruler_changes_only_its_pixels():
    plan = examination.LesionPlan(4, "nv", "site B")
    marked, plain = (
        examination.simulate_lesion(plan, seed=5, change={"ruler": ruler, "ink": False})
        for ruler in (True, False)
    )
    ruler = (marked.masks[0] >> structures.MASK_NAMES.index("ruler or ink")) & 1 == 1
    changed = (marked.images[0] != plain.images[0]).any(axis=-1)
    assert changed[ruler].mean() > 0.9
    assert changed.mean() < 0.35
