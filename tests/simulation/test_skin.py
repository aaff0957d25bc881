"""The simulated skin set: reproducible, complete, and built as its datasheet says."""

import json
from pathlib import Path

import numpy as np
import pytest
from skimage import color

from course_utils._jpeg import decode_jpeg, encode_jpeg
from simulation import draw
from simulation.skin import cohort, diagnoses, examination, optics, structures

ROOT = Path(__file__).parents[2]
FILE = ROOT / "data" / "skin_lesions.npz"
MALIGNANT = [list(diagnoses.DIAGNOSES).index(name) for name in diagnoses.MALIGNANT]


@pytest.fixture(scope="module")
def stored():
    with np.load(FILE, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    return arrays | {"images": decode_jpeg(arrays)}


@pytest.fixture(scope="module")
def plans():
    return cohort.plan_lesions()


def lesions(stored, split="test"):
    """Positions of one image per lesion of an official split."""
    mine = np.flatnonzero(stored["splits"] == split)
    return mine[np.unique(stored["groups"][mine], return_index=True)[1]]


@pytest.mark.parametrize("number", [0, 1001, 2600])
def test_stored_lesions_can_be_made_again(stored, plans, number):
    again = examination.simulate_lesion(plans[number], seed=cohort.SEED)
    mine = stored["groups"] == f"L{number:04d}"
    coded = decode_jpeg(encode_jpeg(again.images, cohort.JPEG_QUALITY))
    difference = np.abs(coded.astype(int) - stored["images"][mine].astype(int))
    # Another processor may round a last digit the other way, which coding can spread.
    assert difference.mean() < 0.5
    assert (again.masks != stored["masks"][mine]).mean() < 0.005
    assert np.allclose(again.pixel_mm, stored["pixel_spacing_mm"][mine, 0], atol=1e-3)


def test_the_set_is_as_large_as_promised(stored):
    main = stored["attributes/subset"] == "main"
    assert len(np.unique(stored["groups"][main])) >= 2500
    assert FILE.stat().st_size <= 12e6
    assert stored["images"].shape[1:] == (96, 96, 3)
    assert np.bincount(stored["labels"][lesions(stored)], minlength=7).min() >= 40
    assert np.bincount(stored["labels"][lesions(stored, "validation")], minlength=7).min() >= 30
    _, sizes = np.unique(stored["groups"][main], return_counts=True)
    assert set(sizes) == {1, 2, 3}


def test_labels_are_those_of_the_real_set(stored):
    registry = (ROOT / "data" / "datasets.toml").read_text(encoding="utf-8")
    listed = registry.split("[dermamnist]")[1].split("class_names = [")[1].split("]")[0]
    assert [line.strip(' ",') for line in listed.strip().splitlines()] == list(
        stored["class_names"]
    )


def test_lesions_stay_whole_and_sites_say_nothing(stored):
    for name in ("splits", "labels", "sites"):
        pairs = np.char.add(np.char.add(stored["groups"], "/"), stored[name].astype(str))
        assert len(np.unique(pairs)) == len(np.unique(stored["groups"]))
    one = lesions(stored, "train")
    first = stored["sites"][one] == "site A"
    share = [first[stored["labels"][one] == k].mean() for k in range(7)]
    assert np.ptp(share) < 0.05


def test_weights_restore_the_natural_mix(stored):
    one = lesions(stored)
    weight, label = stored["attributes/weight"][one], stored["labels"][one]
    assert weight.mean() == pytest.approx(1, abs=1e-4)
    # 6,705 nevi among 10,015 images.
    assert weight[label == 5].sum() / weight.sum() == pytest.approx(6705 / 10015, abs=1e-3)


def test_tone_and_artifacts_do_not_tell_the_diagnosis(stored):
    one = np.concatenate([lesions(stored, split) for split in ("train", "validation", "test")])
    malignant = np.isin(stored["labels"][one], MALIGNANT)
    names = ("ita", "hair", "ruler", "ink", "bubbles", "corners")
    for name in names:
        values = stored[f"attributes/{name}"][one].astype(float)
        gap = values[malignant].mean() - values[~malignant].mean()
        # Four standard errors: chance alone stays below it.
        assert abs(gap) < 4 * values.std() * np.sqrt(1 / malignant.sum() + 1 / (~malignant).sum())
    tones, counts = np.unique(stored["attributes/tone"][one], return_counts=True)
    assert set(tones) == set(optics.TONES)
    assert counts.min() > 0.05 * len(one)


def test_paired_lesions_differ_in_tone_alone(stored):
    tones = stored["attributes/subset"] == "tones"
    groups = np.unique(stored["groups"][tones])
    assert len(groups) >= 60
    for group in groups:
        mine = stored["groups"] == group
        assert sorted(stored["attributes/ita"][mine]) == sorted(examination.TONE_STEPS)
        assert (stored["masks"][mine] == stored["masks"][mine][0]).all()
    lightness = [stored["images"][tones & (stored["attributes/ita"] == t)].mean()
                 for t in examination.TONE_STEPS]  # fmt: skip
    assert (np.diff(lightness) < 0).all()


def test_shortcut_set_ties_the_ruler_to_malignancy_and_then_turns_it_round(stored):
    subset, ruler = stored["attributes/subset"], stored["attributes/ruler"]
    malignant = np.isin(stored["labels"], MALIGNANT)

    def agreement(name):
        return (ruler[subset == name] == malignant[subset == name]).mean()

    assert agreement("shortcut train") > 0.85
    assert agreement("shortcut same") > 0.85
    assert agreement("shortcut reversed") < 0.15
    assert not ruler[subset == "shortcut absent"].any()
    tests = [np.unique(stored["groups"][subset == f"shortcut {name}"])
             for name in ("same", "absent", "reversed")]  # fmt: skip
    assert all(np.array_equal(tests[0], other) for other in tests[1:])


def test_masks_show_what_the_attributes_say(stored):
    masks = stored["masks"]
    lesion = (masks & 1).any(axis=(1, 2))
    assert lesion.all()
    for name, artifact in (("hair", "hair"), ("ruler or ink", "ruler")):
        bit = (masks >> structures.MASK_NAMES.index(name)) & 1
        assert bit[stored[f"attributes/{artifact}"]].any(axis=(1, 2)).mean() > 0.95
    hair = (masks >> structures.MASK_NAMES.index("hair")) & 1
    assert not hair[~stored["attributes/hair"]].any()


def test_signs_come_at_the_reported_rates():
    rng = np.random.default_rng(0)
    for diagnosis, sign, rate in (
        ("mel", "veil", 0.40), ("mel", "regression", 0.38), ("nv", "veil", 0.04),
        ("bkl", "cysts", 0.60), ("df", "white_patch", 0.57), ("bcc", "arborizing_vessels", 0.52),
    ):  # fmt: skip
        drawn = np.mean([diagnoses.draw_signs(rng, diagnosis)[sign] for _ in range(1500)])
        assert drawn == pytest.approx(rate, abs=0.06)


def test_some_melanomas_show_nothing_and_some_nevi_alarm(stored):
    one = lesions(stored, "train")
    score, label = stored["attributes/abcd_score"][one], stored["labels"][one]
    assert (score[label == 4] < 4.75).mean() > 0.05
    assert (score[label == 5] > 5.45).mean() > 0.01
    assert np.isnan(score[~np.isin(label, (4, 5))]).all()


def test_readings_are_wrong_where_signs_mislead(stored):
    one = lesions(stored, "train")
    wrong = stored["attributes/reading"][one] != stored["class_names"][stored["labels"][one]]
    toward = stored["attributes/suspicion"][one]
    toward = np.where(np.isin(stored["labels"][one], MALIGNANT), toward, -toward)
    assert 0.03 < wrong.mean() < 0.3
    assert toward[wrong].mean() < toward[~wrong].mean()


def test_typology_angle_agrees_with_another_library():
    light = optics.reflectance(optics.Layers(0.05, 0.2, 0.0, 0.0, 0.0))
    lab = color.rgb2lab(optics.to_srgb(light)[None, None])[0, 0]
    expected = np.degrees(np.arctan2(lab[0] - 50, lab[2]))
    assert optics.typology_angle(light) == pytest.approx(expected, abs=0.2)
    assert [optics.tone_of(a) for a in (-31, 0, 20, 35, 50, 60)] == list(optics.TONES)


def test_depth_decides_between_brown_and_blue():
    shallow = optics.reflectance(optics.Layers(0.3, 0.1, 0.0, 0.0, 0.0))
    deep = optics.reflectance(optics.Layers(0.01, 0.0, 4.0, 0.0, 0.0))
    assert shallow[0] > shallow[1] > shallow[2]
    assert deep[2] > deep[0]


def test_abcd_score_by_hand():
    signs = dict.fromkeys(diagnoses.SIGNS, False) | {"network": "atypical", "streaks": True}
    signs |= {"asymmetry": 2, "abrupt_segments": 8}
    # 1.3 · 2 + 0.1 · 8 + 0.5 · 6 + 0.5 · 2
    assert diagnoses.total_score(signs, 6) == pytest.approx(7.4)


def test_a_changed_sign_changes_only_what_it_touches():
    plan = examination.LesionPlan(12, "mel")
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


def test_worker_count_does_not_matter_and_seeds_do():
    counts = {"train": (1, 0, 0, 0, 1, 1, 0), "tones": (0, 1, 0, 0, 0, 0, 0)}
    one, two, other = (
        cohort.simulate_set(seed, counts, workers) for seed, workers in ((3, 1), (3, 2), (4, 1))
    )
    assert all(np.array_equal(one[k], two[k], equal_nan=one[k].dtype.kind == "f") for k in one)
    assert not np.array_equal(one["jpeg_bytes"], other["jpeg_bytes"])


def test_fresh_lesions_can_be_drawn():
    fresh = draw("skin_lesions", {"test": (0, 1, 0, 0, 1, 2, 0)}, seed=77, workers=1)
    assert fresh.origin == "simulated"
    assert len(np.unique(fresh.groups)) == 4
    with pytest.raises(ValueError, match="any but 2026"):
        draw("skin_lesions", {"test": (0, 1, 0, 0, 1, 2, 0)}, seed=2026)


def test_file_holds_no_pickle_and_says_that_it_is_simulated(stored):
    assert all(array.dtype.kind in "biufU" for array in stored.values())
    assert json.loads(str(stored["meta"]))["origin"] == "simulated"


@pytest.mark.parametrize(
    ("field", "value"),
    [("diagnosis", "melanoma"), ("site", "A"), ("split", "dev"), ("subset", "rulers")],
)
def test_a_wrong_plan_names_the_value_and_what_is_allowed(field, value):
    with pytest.raises(ValueError, match=f"{field} is '{value}'; allowed: "):
        examination.LesionPlan(**({"number": 1, "diagnosis": "nv"} | {field: value}))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"veils": True}, r"change names \['veils'\]; allowed"),
        ({"veil": 1}, "change sets veil to 1; allowed: True, False"),
        ({"network": "coarse"}, "change sets network to 'coarse'; allowed: none, typical"),
        ({"ita": 90}, "change sets ita to 90; allowed: -39 to 66"),
    ],
)
def test_unknown_changes_are_refused(change, said):
    with pytest.raises(ValueError, match=said):
        examination.simulate_lesion(examination.LesionPlan(1, "mel"), change=change)


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({"dev": (1,) * 7}, "counts: received 'dev'; allowed: train"),
        ({"train": (1, 2)}, r"counts\['train'\]: received \(1, 2\); allowed: seven"),
    ],
)
def test_wrong_counts_are_refused(counts, said):
    with pytest.raises(ValueError, match=said):
        cohort.plan_lesions(counts=counts)
