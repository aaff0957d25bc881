"""One simulated lesion: draw its signs, paint the scene, take the pictures."""

from dataclasses import dataclass, field

import numpy as np

from simulation.skin import optics
from simulation.skin.artifacts import ARTIFACTS
from simulation.skin.diagnoses import (
    DIAGNOSES,
    MELANOCYTIC,
    NETWORKS,
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
from simulation.skin.sites import SITES, draw_artifacts, take_picture
from simulation.skin.structures import paint

SUBSETS = (
    "main", "tones", "shortcut train", "shortcut same", "shortcut absent", "shortcut reversed",
)  # fmt: skip
# Six tones, one per band, in degrees.
TONE_STEPS = (62.0, 48.0, 34.0, 19.0, -10.0, -36.0)
_TONE_SHARES = (0.08, 0.12, 0.14, 0.18, 0.24, 0.24)
_TONE_RANGES = ((-39, -30), (-30, 10), (10, 28), (28, 41), (41, 55), (55, 66))
_STREAMS = ("skin", "signs", "look", "outline", "ground", "person", "reader", "pictures", *SIGNS)


@dataclass(frozen=True)
class LesionPlan:
    """What is decided about a lesion before anything is drawn.

    Parameters
    ----------
    number : int
        Number of the lesion in the set; chooses the random stream.
    diagnosis : {"akiec", "bcc", "bkl", "df", "mel", "nv", "vasc"}
        The lesion's true diagnosis.
    site : {"site A", "site B"}
        Where the pictures are taken.
    split : {"train", "validation", "test", "extra"}
        Official split.
    subset : {"main", "tones", "shortcut train", "shortcut test"}
        Which part of the set; the last gives three pictures that differ in the ruler alone.
    pictures : int
        How many pictures of the main subset, 1 to 3.
    marked : bool
        In the shortcut subsets, whether the first picture has a ruler.
    """

    number: int
    diagnosis: str
    site: str = "site A"
    split: str = "train"
    subset: str = "main"
    pictures: int = 1
    marked: bool = False

    def __post_init__(self):
        allowed = {
            "diagnosis": tuple(DIAGNOSES),
            "site": tuple(SITES),
            "split": ("train", "validation", "test", "extra"),
            "subset": ("main", "tones", "shortcut train", "shortcut test"),
        }
        for name, values in allowed.items():
            if getattr(self, name) not in values:
                raise ValueError(
                    f"{name} is {getattr(self, name)!r}; allowed: {', '.join(values)}."
                )
        if self.pictures not in (1, 2, 3):
            raise ValueError(f"pictures is {self.pictures!r}; allowed: 1, 2, 3.")


@dataclass(frozen=True)
class Examination:
    """All pictures of a simulated lesion.

    Attributes
    ----------
    images : ndarray (pictures, 96, 96, 3), uint8
        Before JPEG coding.
    masks : ndarray (pictures, 96, 96), uint8
        Bit j belongs to ``structures.MASK_NAMES[j]``.
    pixel_mm : ndarray (pictures,)
        Size of a pixel.
    attributes : dict
        What generated the lesion.
    picture_attributes : dict of ndarray (pictures,)
        What differs between its pictures.
    """

    plan: LesionPlan
    images: np.ndarray
    masks: np.ndarray
    pixel_mm: np.ndarray
    attributes: dict = field(default_factory=dict)
    picture_attributes: dict = field(default_factory=dict)


def _generators(seed, names, *keys):
    """One independent generator per concern, so that changing one disturbs no other."""
    children = np.random.SeedSequence([seed, *keys]).spawn(len(names))
    return {name: np.random.default_rng(child) for name, child in zip(names, children, strict=True)}


def draw_tone(rng):
    """Return a typology angle in degrees, spread on purpose over all six bands."""
    band = rng.choice(len(_TONE_SHARES), p=_TONE_SHARES)
    return float(rng.uniform(*_TONE_RANGES[band]))


def simulate_lesion(plan, seed=2026, *, change=None):
    """Simulate one lesion and its pictures.

    Parameters
    ----------
    plan : LesionPlan
        Which lesion.
    seed : int
        Seed of the set; lesion `plan.number` of one seed is always the same.
    change : dict, optional
        What to set by hand: a sign, such as ``{"veil": False}`` or ``{"network": "typical"}``,
        an artifact, such as ``{"ruler": True}``, or the tone, ``{"ita": -20.0}`` in degrees.
        Everything else stays as it was, which makes counterfactual pairs.

    Returns
    -------
    Examination

    Raises
    ------
    ValueError
        If `change` names something unknown or gives a value that does not fit.

    Examples
    --------
    >>> plan = LesionPlan(1, "mel")
    >>> plain, marked = (
    ...     simulate_lesion(plan, seed=3, change={"ruler": ruler}) for ruler in (False, True)
    ... )
    >>> bool((plain.masks & 1 == marked.masks & 1).all()), marked.images.shape
    (True, (1, 96, 96, 3))
    """
    change = dict(change or {})
    _check_change(change)
    rngs = _generators(seed, _STREAMS, plan.number)
    signs = draw_signs(rngs["signs"], plan.diagnosis)
    signs |= {name: value for name, value in change.items() if name in signs}
    age = draw_age(rngs["person"], plan.diagnosis)
    person = {
        "age": age,
        # Sun damage grows with age, whatever the diagnosis.
        "sun_damage": float(np.clip((age - 30) / 55 + rngs["person"].normal(0, 0.20), 0, 1)),
        "ita": draw_tone(rngs["person"]),
        "flush_level": float(optics.BASE_BLOOD * np.exp(rngs["person"].normal(0, 0.25))),
        "view_mm": field_of_view(rngs["person"], signs["diameter_mm"]),
    }
    person["ita"] = float(change.get("ita", person["ita"]))
    look = look_of(rngs["look"], plan.diagnosis, signs["mimic"])
    shots = _shots(plan, seed, change)
    scenes = {}
    for shot in shots:
        angle = shot["ita"] = person["ita"] if shot["ita"] is None else shot["ita"]
        if angle not in scenes:
            streams = _generators(seed, _STREAMS, plan.number)
            scenes[angle] = _paint_scene(streams, signs, look, person | {"ita": angle})
    pictures = [
        take_picture(
            shot["rngs"], *scenes[shot["ita"]], person["view_mm"], plan.site, shot["flags"],
            shot["number"],
        )
        for shot in shots
    ]  # fmt: skip
    images, masks, pixel_mm = (np.stack(parts) for parts in zip(*pictures, strict=True))
    examination = Examination(plan, images, masks, pixel_mm)
    _describe(examination, signs, person, look, rngs["reader"])
    _describe_pictures(examination, shots)
    return examination


def _check_change(change):
    allowed = {*SIGNS, "network", "asymmetry", "abrupt_segments", "diameter_mm", "ita", *ARTIFACTS}
    unknown = set(change) - allowed
    if unknown:
        raise ValueError(f"change names {sorted(unknown)}; allowed: {sorted(allowed)}.")
    for name, value in change.items():
        if name in (*SIGNS, *ARTIFACTS):
            good, values = isinstance(value, bool), "True, False"
        elif name == "network":
            good, values = value in NETWORKS, ", ".join(NETWORKS)
        else:
            low, high = {
                "asymmetry": (0, 2), "abrupt_segments": (0, 8), "diameter_mm": (2, 18),
                "ita": (-39, 66),
            }[name]  # fmt: skip
            good, values = low <= value <= high, f"{low} to {high}"
        if not good:
            raise ValueError(f"change sets {name} to {value!r}; allowed: {values}.")


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
        rngs = _generators(seed, streams, plan.number, 1 + number)
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


def _describe(examination, signs, person, look, rng):
    """Fill in what generated the lesion."""
    about, diagnosis = examination.attributes, examination.plan.diagnosis
    about["age"] = person["age"]
    about["sun_damage"] = round(person["sun_damage"], 3)
    about["asymmetry"] = signs["asymmetry"]
    about["abrupt_segments"] = signs["abrupt_segments"]
    about["diameter_mm"] = round(signs["diameter_mm"], 2)
    about["network"] = signs["network"]
    about.update({name: bool(signs[name]) for name in SIGNS})
    melanocytic = diagnosis in MELANOCYTIC
    colors = [name for name, there in lesion_colors(signs, look).items() if there]
    about["colors"] = ", ".join(colors) if melanocytic else "not melanocytic"
    about["abcd_score"] = (
        round(total_score(signs, max(len(colors), 1)), 2) if melanocytic else np.nan
    )
    about.update({name: round(look[name], 4) for name in ("pigment", "blood", "deep")})
    about["mimic"] = signs["mimic"]
    about["suspicion"] = round(suspicion(signs), 3)
    about["reading"] = DIAGNOSES[noisy_reading(rng, signs, diagnosis)]


def _describe_pictures(examination, shots):
    """Fill in what differs between the pictures."""
    about = examination.picture_attributes
    about["subset"] = np.array([shot["subset"] for shot in shots])
    about["ita"] = np.array([round(shot["ita"], 1) for shot in shots])
    about["tone"] = np.array([optics.tone_of(shot["ita"]) for shot in shots])
    for name in ARTIFACTS:
        about[name] = np.array([shot["flags"][name] for shot in shots])
