"""One simulated lesion: draw its signs, paint the scene, take the pictures."""

from dataclasses import dataclass

import numpy as np

from simulation.cases import Case, Plan, changed, generators
from simulation.skin import optics
from simulation.skin.artifacts import ARTIFACTS
from simulation.skin.diagnoses import (
    CHANGEABLE,
    DIAGNOSES,
    MELANOCYTIC,
    SIGNS,
    draw_age,
    draw_signs,
    noisy_reading,
    suspicion,
    total_score,
)
from simulation.skin.lesion import (
    draw_outline,
    field_of_view,
    ground_color,
    look_of,
    plain_skin,
)
from simulation.skin.sites import draw_artifacts, take_picture
from simulation.skin.structures import paint

SUBSETS = (
    "main", "tones", "shortcut train", "shortcut same", "shortcut absent", "shortcut reversed",
)  # fmt: skip
# Six tones, one per band, in degrees.
TONE_STEPS = (62.0, 48.0, 34.0, 19.0, -10.0, -36.0)
_TONE_SHARES = (0.08, 0.12, 0.14, 0.18, 0.24, 0.24)
_TONE_RANGES = ((-39, -30), (-30, 10), (10, 28), (28, 41), (41, 55), (55, 66))
_STREAMS = ("skin", "signs", "look", "outline", "ground", "person", "reader", "pictures", *SIGNS)
_CHANGEABLE = CHANGEABLE | {"ita": [-39, 66]} | dict.fromkeys(ARTIFACTS, (False, True))


@dataclass(frozen=True)
class LesionPlan(Plan):
    """Extend a `Plan` by what the parts of the set need.

    `subset` is main, tones, shortcut train or shortcut test, whose three pictures differ in the
    ruler alone; `pictures` is how many of the main subset, 1 to 3; `marked`, whether the first
    picture of a shortcut subset has a ruler.
    """

    subset: str = "main"
    pictures: int = 1
    marked: bool = False


def draw_tone(rng):
    """Return a typology angle in degrees, spread on purpose over all six bands."""
    band = rng.choice(len(_TONE_SHARES), p=_TONE_SHARES)
    return float(rng.uniform(*_TONE_RANGES[band]))


def simulate_lesion(plan, seed, *, change=None):
    """Simulate one lesion and its pictures; a lesion of one seed is always the same.

    `change` sets by hand a sign, such as ``{"veil": False}``, an artifact, such as ``{"ruler":
    True}``, or the tone, ``{"ita": -20.0}`` in degrees; everything else stays as it was, which
    makes counterfactual pairs.

    >>> plan = LesionPlan(1, "mel", "site A")
    >>> plain, marked = (
    ...     simulate_lesion(plan, seed=3, change={"ruler": ruler}) for ruler in (False, True)
    ... )
    >>> bool((plain.masks & 1 == marked.masks & 1).all()), marked.images.shape
    (True, (1, 96, 96, 3))
    """
    rngs = generators(seed, _STREAMS, plan.number)
    signs = changed(draw_signs(rngs["signs"], plan.kind), change, _CHANGEABLE)
    person = _draw_person(rngs["person"], plan.kind, signs)
    person["ita"] = float((change or {}).get("ita", person["ita"]))
    look = look_of(rngs["look"], plan.kind, signs["mimic"])
    shots = _shots(plan, seed, change or {})
    scenes = {}
    for shot in shots:
        angle = shot["ita"] = person["ita"] if shot["ita"] is None else shot["ita"]
        if angle not in scenes:
            streams = generators(seed, _STREAMS, plan.number)
            scenes[angle] = _paint_scene(streams, signs, look, person | {"ita": angle})
    pictures = [
        take_picture(
            shot["rngs"],
            *scenes[shot["ita"]],
            person["view_mm"],
            plan.site,
            shot["flags"],
            first=shot["number"] == 0,
        )
        for shot in shots
    ]
    images, masks, pixel_mm = (np.stack(parts) for parts in zip(*pictures, strict=True))
    spacing = pixel_mm.round(4)
    about = _describe_pictures(shots) | _describe(plan.kind, signs, person, look, rngs["reader"])
    geometry = {"pixel_spacing_mm": np.stack([spacing, spacing], axis=1)}
    return Case(plan, images, masks, geometry, about)


def _draw_person(rng, diagnosis, signs):
    """Draw age, sun damage, tone and redness, and how closely the lesion is seen."""
    age = draw_age(rng, diagnosis)
    return {
        "age": age,
        # Sun damage grows with age, whatever the diagnosis.
        "sun_damage": float(np.clip((age - 30) / 55 + rng.normal(0, 0.20), 0, 1)),
        "ita": draw_tone(rng),
        "flush_level": float(optics.BASE_BLOOD * np.exp(rng.normal(0, 0.25))),
        "view_mm": field_of_view(rng, signs["diameter_mm"]),
    }


def _shots(plan, seed, change):
    """Decide each picture: its random streams, artifacts, tone and subset."""
    streams = ("flags", "frame", "light", "noise", *ARTIFACTS)
    if plan.subset == "tones":
        kinds = [(0, tone, "tones", None) for tone in TONE_STEPS]
    elif plan.subset == "shortcut test":
        names = ("shortcut same", "shortcut absent", "shortcut reversed")
        marks = (plan.marked, False, not plan.marked)
        kinds = [(0, None, name, mark) for name, mark in zip(names, marks, strict=True)]
    elif plan.subset == "shortcut train":
        kinds = [(0, None, "shortcut train", plan.marked)]
    else:
        kinds = [(number, None, "main", None) for number in range(plan.pictures)]
    shots = []
    for number, tone, subset, mark in kinds:
        rngs = generators(seed, streams, plan.number, 1 + number)
        flags = draw_artifacts(rngs["flags"], plan.site)
        if mark is not None:
            flags |= {"ruler": mark, "ink": False}
        flags |= {name: value for name, value in change.items() if name in flags}
        shot = {"number": number, "ita": tone, "subset": subset, "rngs": rngs, "flags": flags}
        shots.append(shot)
    return shots


def _paint_scene(rngs, signs, look, person):
    """Return the reflectance and the masks of the lesion, and the color of plain skin."""
    melanin = optics.melanin_for_angle(person["ita"])
    skin = (person[name] for name in ("sun_damage", "flush_level", "view_mm"))
    layers = plain_skin(rngs["skin"], melanin, *skin)
    lesion = draw_outline(rngs["outline"], signs, look, person["view_mm"])
    ground_color(rngs["ground"], lesion, layers, signs, look)
    bits = paint(rngs | {"network": rngs["pictures"]}, lesion, layers, signs)
    plain = optics.Layers(melanin, person["flush_level"], 0.0, 0.02, 0.0)
    return optics.reflectance(layers), bits, optics.reflectance(plain)


def lesion_colors(signs, look):
    """Return which of the six colors of the ABCD rule a melanocytic lesion has."""
    return {
        "white": signs["regression"] or signs["white_patch"],
        "red": look["blood"] > 0.38,
        "light brown": look["pigment"] < 0.24 or signs["asymmetry"] > 0,
        "dark brown": look["pigment"] > 0.12 or signs["network"] == "atypical",
        "blue-gray": signs["veil"] or signs["regression"],
        "black": signs["blotch"] or (signs["dots"] and look["pigment"] > 0.15),
    }


def _describe(diagnosis, signs, person, look, rng):
    """Return what generated the lesion."""
    melanocytic = diagnosis in MELANOCYTIC
    colors = [name for name, there in lesion_colors(signs, look).items() if there]
    score = round(total_score(signs, max(len(colors), 1)), 2)
    return {
        "age": person["age"],
        "sun_damage": round(person["sun_damage"], 3),
        "asymmetry": signs["asymmetry"],
        "abrupt_segments": signs["abrupt_segments"],
        "diameter_mm": round(signs["diameter_mm"], 2),
        "network": signs["network"],
        **{name: bool(signs[name]) for name in SIGNS},
        "colors": ", ".join(colors) if melanocytic else "not melanocytic",
        "abcd_score": score if melanocytic else np.nan,
        **{name: round(look[name], 4) for name in ("pigment", "blood", "deep")},
        "mimic": signs["mimic"],
        "suspicion": round(suspicion(signs), 3),
        "reading": DIAGNOSES[noisy_reading(rng, signs, diagnosis)],
    }


def _describe_pictures(shots):
    """Return what differs between the pictures."""
    columns = {
        "subset": [shot["subset"] for shot in shots],
        "ita": [round(shot["ita"], 1) for shot in shots],
        "tone": [optics.tone_of(shot["ita"]) for shot in shots],
    }
    columns |= {name: [shot["flags"][name] for shot in shots] for name in ARTIFACTS}
    return {name: np.array(values) for name, values in columns.items()}
