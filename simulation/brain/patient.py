"""One simulated patient: choose the slices, paint the tissues, acquire the images."""

from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage

from simulation.brain import mri
from simulation.brain.anatomy import draw_anatomy
from simulation.brain.painting import MASK_NAMES, render_stack
from simulation.brain.signs import DIAGNOSES, draw_signs, noisy_reading, suspicion
from simulation.brain.slices import PIXEL_MM, PLANES, SIZE, choose_slices, tumor_extent
from simulation.brain.template import load_template
from simulation.brain.tumors import grow_tumor, spread_edema


@dataclass(frozen=True)
class PatientPlan:
    """What is decided about a patient before anything is drawn.

    Parameters
    ----------
    number : int
        Number of the patient in the set; chooses the random stream.
    diagnosis : {'meningioma-like', 'glioma-like', 'no tumor'}
        The patient's diagnosis.
    site : {'site A', 'site B'}
        Which scanner.
    plane : {'axial', 'coronal'}
        Orientation of the slices.
    split : {'train', 'validation', 'test'}
        Official split.
    whole_tumor : bool
        Whether the stack covers the whole tumor; otherwise it has three slices.
    """

    number: int
    diagnosis: str
    site: str
    plane: str
    split: str = "train"
    whole_tumor: bool = False

    def __post_init__(self):
        allowed = {"diagnosis": DIAGNOSES, "site": tuple(mri.SITES), "plane": PLANES}
        for name, values in allowed.items():
            if getattr(self, name) not in values:
                raise ValueError(
                    f"{name} is {getattr(self, name)!r}; allowed: {', '.join(values)}."
                )


@dataclass(frozen=True)
class Patient:
    """A simulated examination.

    Attributes
    ----------
    images : ndarray (slices, 96, 96, 2), uint8
        Channels T1c and FLAIR.
    masks : ndarray (slices, 96, 96), uint8
        Bit j belongs to ``MASK_NAMES[j]``.
    positions_mm : ndarray (slices,)
        Along the slice normal; neighbors differ by thickness and gap.
    thickness_mm : float
        Slice thickness without the gap.
    attributes : dict
        What generated the patient.
    slice_attributes : dict of ndarray (slices,)
        What differs between the slices.
    """

    plan: PatientPlan
    images: np.ndarray
    masks: np.ndarray
    positions_mm: np.ndarray
    thickness_mm: float
    attributes: dict = field(default_factory=dict)
    slice_attributes: dict = field(default_factory=dict)


def _generators(seed, number):
    """One independent generator per concern, so that changing one disturbs no other."""
    names = ("anatomy", "signs", "tumor", "slices", "signals", "t1c", "flair", "display", "readers")
    children = np.random.SeedSequence([seed, number]).spawn(len(names))
    return {name: np.random.default_rng(child) for name, child in zip(names, children, strict=True)}


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
    bits = np.zeros(fractions.shape[:1] + fractions.shape[2:], np.uint8)
    thin = ("dural tail", "CSF cleft")
    for j, name in enumerate(MASK_NAMES[:-1]):
        # Signs thinner than a pixel never fill half of one.
        level = 0.25 if name in thin else 0.5
        bits |= ((fractions[:, j] >= level).astype(np.uint8)) << j
    second = _second_reader(rng, (bits & 1) > 0)
    return bits | (second.astype(np.uint8) << (len(MASK_NAMES) - 1))


def simulate_patient(plan, seed=2026, *, change=None):
    """Simulate one examination.

    Parameters
    ----------
    plan : PatientPlan
        Who is examined and how.
    seed : int
        Seed of the set; patient `plan.number` of one seed is always the same.
    change : dict, optional
        Signs to set by hand, such as ``{"dural_tail": False}``. Everything else stays as it
        was, which makes counterfactual pairs.

    Returns
    -------
    Patient

    Raises
    ------
    ValueError
        If `change` names an unknown sign, or the patient has no tumor to change.
    """
    rng = _generators(seed, plan.number)
    anatomy = draw_anatomy(rng["anatomy"], load_template())
    healthy = plan.diagnosis == "no tumor"
    # A patient without a tumor is scanned where a tumor might have been.
    kind = DIAGNOSES[plan.number % 2] if healthy else plan.diagnosis
    signs = draw_signs(rng["signs"], kind)
    unknown = set(change or {}) - set(signs)
    if unknown or (change and healthy):
        raise ValueError(
            f"change names {sorted(unknown) or sorted(change)}; allowed for a patient with a "
            f"tumor: {sorted(signs)}."
        )
    signs |= change or {}
    tumor = grow_tumor(rng["tumor"], kind, signs, anatomy)
    edema = spread_edema(tumor)
    core, wet, core_cm3, edema_cm3 = tumor_extent(anatomy, tumor, edema, plan.plane)
    scanner = mri.SITES[plan.site]
    thickness = float(np.round(rng["slices"].uniform(*scanner.thickness), 1))
    centers = choose_slices(rng["slices"], plan, core, wet, thickness, scanner.gap)
    if healthy:
        tumor = edema = None
    signals = mri.tissue_signals(rng["signals"], plan.site)
    fine, fractions, head = render_stack(anatomy, tumor, edema, plan, centers, thickness, signals)
    channels = []
    for j, name in enumerate(("t1c", "flair")):
        image = mri.acquire(rng[name], fine[:, j], plan.site, SIZE)
        channels.append(_encode(rng["display"], image, head, white=(84, 92)[j]))
    masks = _masks(rng["readers"], fractions)
    patient = Patient(plan, np.stack(channels, axis=-1), masks, centers, thickness)
    volumes = (0.0, 0.0) if healthy else (core_cm3, edema_cm3)
    _describe(patient, None if healthy else signs, volumes, rng["readers"], (core, wet))
    return patient


def _describe(patient, signs, volumes, rng, extents):
    """Fill in the attributes: what generated the patient, and what each slice shows."""
    plan, masks = patient.plan, patient.masks
    text = {"pattern": "no tumor", "place": "no tumor"}
    numbers = ("enhancement", "irregularity", "mass_effect")
    flags = ("dural_tail", "csf_cleft", "edema", "calcified")
    about = patient.attributes
    about["plane"] = plan.plane
    about["whole_tumor"] = plan.whole_tumor
    about["core_cm3"], about["edema_cm3"] = (round(float(v), 2) for v in volumes)
    about.update({k: signs[k] if signs else v for k, v in text.items()})
    about.update({k: round(signs[k], 4) if signs else np.nan for k in numbers})
    about.update({k: bool(signs and signs[k]) for k in flags})
    about["suspicion"] = round(suspicion(signs), 3) if signs else np.nan
    about["reading"] = noisy_reading(rng, signs, plan.diagnosis) if signs else plan.diagnosis
    area = PIXEL_MM**2
    core = (masks & 1) > 0
    per_slice = patient.slice_attributes
    per_slice["tumor_in_slice"] = core.any(axis=(1, 2))
    per_slice["core_mm2"] = (core.sum(axis=(1, 2)) * area).round(1)
    per_slice["edema_mm2"] = (((masks & 2) > 0).sum(axis=(1, 2)) * area).round(1)
    low, high = patient.positions_mm[[0, -1]]
    half = patient.thickness_mm / 2
    wet = extents[1]
    covered = wet.min() >= low - half - 1 and wet.max() <= high + half + 1
    about["edema_covered"] = bool(signs and plan.whole_tumor and covered)
