"""One simulated patient: choose the slices, paint the tissues, acquire the images."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from simulation.brain import mri
from simulation.brain.anatomy import draw_anatomy
from simulation.brain.painting import MASK_NAMES, render_stack
from simulation.brain.signs import (
    CHANGEABLE,
    DIAGNOSES,
    FLAGS,
    draw_signs,
    noisy_reading,
    suspicion,
)
from simulation.brain.slices import PIXEL_MM, SIZE, choose_slices, tumor_extent
from simulation.brain.template import load_template
from simulation.brain.tumors import grow_tumor, spread_edema
from simulation.cases import Case, Plan, changed, generators, pack

_STREAMS = ("anatomy", "signs", "tumor", "slices", "signals", "t1c", "flair", "display", "readers")
# Signs thinner than a pixel never fill half of one.
_THIN = ("dural tail", "CSF cleft")


@dataclass(frozen=True)
class PatientPlan(Plan):
    """A `Plan` with plane and size of the slices, and whether they cover the whole tumor.

    With `profile` the head has a face, a throat and a spine. `shares` places single slices: 0 is
    the lower end of the core along the normal, 1 the upper. `flat` takes contrast between gray and
    white matter away, from 0 (none) to 1 (all).
    """

    plane: str = "axial"
    whole_tumor: bool = False
    pixel_mm: float = PIXEL_MM
    profile: bool = False
    shares: tuple = ()
    flat: float = 0.0


def _second_reader(rng, core):
    """Core as another reader would outline it: a habit of drawing wide or tight, and a wobble."""
    habit = rng.normal(0, 0.55)
    out = np.zeros_like(core)
    for i, mask in enumerate(core):
        if not mask.any():
            continue
        distance = ndimage.distance_transform_edt(mask) - ndimage.distance_transform_edt(~mask)
        wobble = ndimage.gaussian_filter(rng.standard_normal(mask.shape), 3.0)
        out[i] = distance - np.sign(distance) * 0.5 + habit + 1.5 * wobble / wobble.std() > 0
    return out


def _encode(rng, image, head, white):
    """Gray levels 0 to 252 in steps of 4; the air around the head is exactly 0.

    The steps are finer than the noise and make the file a quarter smaller.
    """
    gain = white * np.exp(rng.normal(0, 0.13))
    gray = np.clip(image * gain, 0, 252)
    outline = ndimage.binary_dilation(head, np.ones((1, 3, 3)))
    return np.where(outline, np.rint(gray / 4) * 4, 0).astype(np.uint8)


def _masks(rng, fractions):
    planes = {
        name: fractions[:, j] >= (0.25 if name in _THIN else 0.5)
        for j, name in enumerate(MASK_NAMES[:-1])
    }
    return pack(planes | {"second reader": _second_reader(rng, planes["core"])}, MASK_NAMES)


def simulate_patient(plan, seed, *, change=None):
    """Simulate one examination; a patient of one seed is always the same.

    `change` sets signs by hand (`CHANGEABLE`), such as ``{"dural_tail": False}``; everything else
    stays as it was, which makes counterfactual pairs.
    """
    rng = generators(seed, _STREAMS, plan.number)
    anatomy = draw_anatomy(rng["anatomy"], load_template(plan.profile))
    healthy = plan.kind == "no tumor"
    # A patient without a tumor is scanned where a tumor might have been.
    kind = DIAGNOSES[plan.number % 2] if healthy else plan.kind
    signs = changed(draw_signs(rng["signs"], kind), change, {} if healthy else CHANGEABLE)
    tumor = grow_tumor(rng["tumor"], kind, signs, anatomy)
    edema = spread_edema(tumor)
    core, wet, *volumes = tumor_extent(anatomy, tumor, edema, plan.plane)
    scanner = mri.SITES[plan.site]
    thickness = float(np.round(rng["slices"].uniform(*scanner.thickness), 1))
    centers = choose_slices(rng["slices"], plan, core, wet, thickness, scanner.gap)
    if healthy:
        signs = tumor = edema = None
    signals = mri.tissue_signals(rng["signals"], plan.site)
    gray, white = (mri.TISSUE_NAMES.index(name) for name in ("gm", "wm"))
    signals[gray] += plan.flat * (signals[white] - signals[gray])
    fine, fractions, head = render_stack(anatomy, tumor, edema, plan, centers, thickness, signals)
    channels = []
    for j, name in enumerate(("t1c", "flair")):
        image = mri.acquire(rng[name], fine[:, j], plan.site, SIZE)
        channels.append(_encode(rng["display"], image, head, white=(84, 92)[j]))
    masks = _masks(rng["readers"], fractions)
    about = {
        "plane": plan.plane,
        "whole_tumor": plan.whole_tumor,
        **_describe(rng["readers"], plan.kind, signs, volumes),
    }
    low, high = centers[0] - thickness / 2 - 1, centers[-1] + thickness / 2 + 1
    covered = wet.min() >= low and wet.max() <= high
    about["edema_covered"] = bool(signs and plan.whole_tumor and covered)
    geometry = {
        "slice_positions_mm": centers.round(3),
        "slice_thickness_mm": thickness,
        "pixel_spacing_mm": np.full((len(centers), 2), plan.pixel_mm),
    }
    return Case(
        plan, np.stack(channels, axis=-1), masks, geometry, about | _areas(masks, plan.pixel_mm)
    )


def _describe(rng, kind, signs, volumes):
    """Return what generated the patient."""
    core_cm3, edema_cm3 = volumes if signs else (0.0, 0.0)
    about = {"core_cm3": round(float(core_cm3), 2), "edema_cm3": round(float(edema_cm3), 2)}
    about |= {name: signs[name] if signs else "no tumor" for name in ("pattern", "place")}
    for name in ("enhancement", "irregularity", "mass_effect"):
        about[name] = round(signs[name], 4) if signs else np.nan
    about |= {name: bool(signs and signs[name]) for name in FLAGS}
    about["suspicion"] = round(suspicion(signs), 3) if signs else np.nan
    about["reading"] = noisy_reading(rng, signs, kind) if signs else kind
    return about


def _areas(masks, pixel_mm):
    """Return what each slice shows."""
    core, edema = (((masks & bit) > 0).sum(axis=(1, 2)) for bit in (1, 2))
    area = pixel_mm**2
    return {
        "tumor_in_slice": core > 0,
        "core_mm2": (core * area).round(1),
        "edema_mm2": (edema * area).round(1),
    }
