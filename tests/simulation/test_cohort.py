"""What all three simulated sets promise: reproducible, complete, and refusals in sentences."""

import json

import numpy as np
import pytest

import simulation
from course_utils import ROOT
from course_utils.datasets._fields import decode_jpeg
from simulation import __main__ as command
from simulation.breast import signs as breast_signs
from simulation.cohort import COHORTS, encode_jpeg
from tests.simulation.stored import one_per_group, stored

SMALL = {
    "brain_mri": {"train": (1, 1, 0)},
    "breast_ultrasound": {"train": (2, 2, 1)},
    "skin_lesions": {"train": (1, 0, 0, 0, 1, 1, 0), "tones": (0, 1, 0, 0, 0, 0, 0)},
}
PER_CASE = {
    "brain_mri": ("splits", "labels", "sites", "attributes/plane"),
    "breast_ultrasound": ("splits", "labels", "sites", "attributes/kind", "attributes/suspicion"),
    "skin_lesions": ("splits", "labels", "sites"),
}
SIZES = {
    # Groups, bytes, shape, and test groups of the rarest class.
    "brain_mri": (450, 18e6, (96, 96, 2), 16),
    "breast_ultrasound": (3000, 12e6, (64, 64, 1), 200),
    "skin_lesions": (2500, 12e6, (96, 96, 3), 40),
}
everywhere = pytest.mark.parametrize("name", COHORTS)


@everywhere
@pytest.mark.parametrize("where", [0, 0.35, -1])
def test_stored_cases_can_be_made_again(name, where):
    cohort, arrays = COHORTS[name], stored(name)
    plans = cohort.plans()
    plan = plans[int(where * len(plans))]
    again = cohort.simulate(plan, seed=cohort.seed)
    mine = arrays["groups"] == f"{cohort.letter}{plan.number:04d}"
    images = again.images
    if cohort.jpeg:
        images = decode_jpeg(encode_jpeg(images))
    difference = np.abs(images.astype(int) - arrays["images"][mine].astype(int))
    # Another processor may round a last digit the other way, which coding can spread.
    assert difference.mean() < (0.5 if cohort.jpeg else 0.01)
    assert (again.masks != arrays["masks"][mine]).mean() < 0.005
    for key, value in again.geometry.items():
        assert np.allclose(value, arrays[key][mine], atol=0.01)


@everywhere
def test_the_set_is_as_large_as_promised_and_keeps_groups_whole(name):
    arrays, (groups, size, shape, rarest) = stored(name), SIZES[name]
    assert len(one_per_group(arrays)) >= groups
    assert (ROOT / "data" / f"{name}.npz").stat().st_size <= size
    assert arrays["images"].shape[1:] == shape
    assert np.bincount(arrays["labels"][one_per_group(arrays, "test")]).min() >= rarest
    for key in PER_CASE[name]:
        pairs = np.char.add(np.char.add(arrays["groups"], "/"), arrays[key].astype(str))
        assert len(np.unique(pairs)) == len(one_per_group(arrays))


@everywhere
def test_sites_have_the_same_share_in_every_class_and_split(name):
    arrays = stored(name)
    for split in ("train", "validation", "test"):
        first = one_per_group(arrays, split)
        at_first_site = arrays["sites"][first] == np.unique(arrays["sites"])[0]
        shares = [at_first_site[arrays["labels"][first] == k].mean() for k in (0, 1)]
        assert shares == pytest.approx([0.6, 0.6], abs=0.03)


@everywhere
def test_readings_are_wrong_where_signs_mislead_and_labels_stay_true(name):
    arrays = stored(name)
    first = one_per_group(arrays)
    suspicion, labels = arrays["attributes/suspicion"][first], arrays["labels"][first]
    suspect = {"skin_lesions": (0, 1, 4)}.get(name, (1,))
    toward = np.where(np.isin(labels, suspect), suspicion, -suspicion)
    wrong = arrays["attributes/reading"][first] != arrays["class_names"][labels]
    known = np.isfinite(suspicion)
    assert 0.02 < wrong[known].mean() < 0.3
    assert toward[known & wrong].mean() < toward[known & ~wrong].mean()


@pytest.mark.parametrize(
    ("name", "low", "high"), [("brain_mri", 0.74, 0.85), ("breast_ultrasound", 0.8, 0.95)]
)
def test_a_second_reader_agrees_about_as_well_as_people_do(name, low, high):
    arrays = stored(name)
    bit = list(arrays["mask_names"]).index("second reader")
    first, second = (arrays["masks"] & 1) > 0, (arrays["masks"] >> bit) & 1 > 0
    groups = np.unique(arrays["groups"], return_inverse=True)[1]
    both, either = (
        np.bincount(groups, values.sum(axis=(1, 2)))
        for values in (first & second, first.astype(int) + second)
    )
    dice = 2 * both[either > 0] / either[either > 0]
    assert low <= dice.mean() <= high


@everywhere
def test_the_file_holds_no_pickle_and_says_that_it_is_simulated(name):
    arrays = stored(name)
    assert all(array.dtype.kind in "biufU" for array in arrays.values())
    assert json.loads(str(arrays["meta"]))["origin"] == "simulated"


@everywhere
def test_worker_count_does_not_matter_and_seeds_do(name):
    one, two, other = (
        COHORTS[name].arrays(seed, SMALL[name], workers)
        for seed, workers in ((3, 1), (3, 2), (4, 1))
    )
    assert all(np.array_equal(one[k], two[k], equal_nan=one[k].dtype.kind == "f") for k in one)
    assert not np.array_equal(one["masks"], other["masks"])


@everywhere
def test_fresh_cases_can_be_drawn(name):
    fresh = simulation.draw(name, SMALL[name], seed=77, workers=1)
    assert fresh.origin == "simulated"
    assert set(fresh.splits) <= {"train", "extra"}
    assert len(np.unique(fresh.groups)) == {"brain_mri": 3, "breast_ultrasound": 5}.get(name, 4)


def test_twins_differ_by_the_changed_sign_alone():
    counts, outside = {"test": (1, 1, 0)}, {}
    for halo in ("absent", "present"):
        twin = simulation.draw(
            "breast_ultrasound", counts, seed=4, workers=1, change={"halo": halo}
        )
        assert set(twin.attributes["halo"]) == {halo}
        outside[halo] = twin.attributes.drop(columns=["halo", "suspicion", "reading"])
    assert outside["absent"].equals(outside["present"])


@pytest.mark.parametrize(
    ("name", "counts", "seed", "said"),
    [
        ("knee", {"test": (1, 0, 0)}, 1, "name: received 'knee'; allowed: brain_mri, "),
        (
            "brain_mri",
            {"test": (1, 0, 0)},
            2026,
            "seed: received 2026; allowed: .* other than 2026",
        ),
        ("brain_mri", {"test": (1, 0, 0)}, -1, "seed: received -1"),
        ("brain_mri", {"dev": (1, 0, 0)}, 1, "counts: received .*dev.*; allowed: train"),
        ("brain_mri", {}, 1, "counts: received {}; allowed: train"),
        ("brain_mri", {"test": 5}, 1, r"counts\['test'\]: received 5; allowed: 3 integers"),
        ("breast_ultrasound", {"test": (0, 0, 0)}, 1, "not all 0. Give .* malignant, benign"),
        ("breast_ultrasound", {"test": (1, -1, 0)}, 1, "3 integers from 0"),
        ("skin_lesions", {"train": (1, 2)}, 1, r"received \(1, 2\); allowed: 7 integers"),
    ],
)
def test_what_cannot_be_drawn_is_refused(name, counts, seed, said):
    with pytest.raises(ValueError, match=said):
        simulation.draw(name, counts, seed=seed)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["brain_mri", "--out", "no/such/a.npz"], "in a folder that exists"),
        (["brain_mri", "--out", "a.npy"], "a name ending in .npz"),
        (["knee", "--out", "a.npz"], "invalid choice: 'knee'"),
    ],
)
def test_wrong_arguments_of_the_command_get_a_sentence(arguments, said, capsys):
    with pytest.raises(SystemExit) as stopped:
        command.main(arguments)
    assert stopped.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "kind", "change", "said"),
    [
        ("brain_mri", "glioma-like", {"tail": True}, "change: received 'tail'; allowed: pattern"),
        ("brain_mri", "no tumor", {"edema": True}, "allowed: nothing, because there is no lesion"),
        ("breast_ultrasound", "cyst", {"echo": "dark"}, "received 'dark'; allowed: anechoic"),
        ("breast_ultrasound", "cyst", {"size_mm": 90}, "received 90; allowed: 3 to 40"),
        ("skin_lesions", "mel", {"network": "coarse"}, "'coarse'; allowed: none, typical"),
        ("skin_lesions", "mel", {"ita": 90}, "received 90; allowed: -39 to 66"),
    ],
)
def test_changes_that_make_no_sense_are_refused(name, kind, change, said):
    cohort = COHORTS[name]
    plan = cohort.plan_type(1, kind, next(iter(np.unique(stored(name)["sites"]))))
    with pytest.raises(ValueError, match=said):
        cohort.simulate(plan, seed=5, change=change)


def test_another_breast_sign_is_one_entry(monkeypatch):
    rates = dict.fromkeys(breast_signs.LESIONS, (0.5, 0.5))
    duct = breast_signs.Sign(("absent", "present"), rates)
    monkeypatch.setitem(breast_signs.SIGNS, "duct extension", duct)
    cohort = COHORTS["breast_ultrasound"]
    case = cohort.simulate(cohort.plan_type(1, "cyst", "scanner A"), seed=5)
    assert case.attributes["duct extension"] in duct.words
