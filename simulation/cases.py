"""What one simulated patient or lesion consists of, in all three sets."""

from dataclasses import dataclass, field

import numpy as np

from course_utils._checks import refuse


@dataclass(frozen=True)
class Plan:
    """Hold what is decided about a patient (or lesion) before anything is drawn.

    `number` chooses the random streams, `kind` is the diagnosis or kind of lesion, `site` says
    whose scanner or camera, `split` is train, validation, test or extra.
    """

    number: int
    kind: str
    site: str
    split: str = "train"


@dataclass(frozen=True)
class Case:
    """Hold all images of one patient or lesion.

    Images (n, height, width, channels) and masks (n, height, width) are uint8; bit j of a mask
    belongs to the set's ``MASK_NAMES[j]``. `geometry` and `attributes` are positions and sizes, and
    what generated the images: one value for all images, or an array with one per image.
    """

    plan: Plan
    images: np.ndarray
    masks: np.ndarray
    geometry: dict
    attributes: dict = field(default_factory=dict)


def generators(seed, names, *keys):
    """Return one independent generator per concern, so that changing one disturbs no other."""
    children = np.random.SeedSequence([seed, *keys]).spawn(len(names))
    return {name: np.random.default_rng(child) for name, child in zip(names, children, strict=True)}


def changed(signs, change, allowed):
    """Return signs with some set by hand; everything else stays, which makes pairs.

    `change` holds new values, such as ``{"halo": "present"}``, or is None; `allowed` has for each
    sign that may be changed a tuple of its values or a pair of bounds (a list). Empty: there is no
    lesion.
    """
    for name, value in (change or {}).items():
        if name not in allowed:
            known = ", ".join(allowed) or "nothing, because there is no lesion"
            refuse("change", repr(name), known, "Change a sign that the case can have.")
        values = allowed[name]
        bounds = isinstance(values, list)
        if not (values[0] <= value <= values[1] if bounds else value in values):
            told = " to ".join(map(str, values)) if bounds else ", ".join(map(str, values))
            refuse(f"change[{name!r}]", repr(value), told, "Choose one of these.")
    return signs | {name: value for name, value in (change or {}).items() if name in signs}


def pack(planes, names):
    """Return Boolean planes {name: (..., height, width)} as one bit each, in the order of names."""
    return sum(planes[name].astype(np.uint8) << j for j, name in enumerate(names) if name in planes)
