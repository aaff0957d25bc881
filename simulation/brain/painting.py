"""Paint tissues and lesions into slices: ideal signals and exact masks."""

import numpy as np

from simulation.brain.anatomy import brain_fractions, dura_and_vessels, head_fractions
from simulation.brain.mri import TISSUE_NAMES
from simulation.brain.slices import OVERSAMPLING, SIZE, SUBSLICES, slice_points
from simulation.brain.tumors import tumor_fractions

MASK_NAMES = (
    "core", "edema", "enhancing", "necrosis", "dural tail", "CSF cleft", "second reader",
)  # fmt: skip


def _paint(anatomy, tumor, edema, q, signals):
    """Ideal signal (n, channel) and mask fractions {name: (n,)} at template points `q`."""
    skin = anatomy.template.skin.at(q, cval=99.0)
    cavity = anatomy.template.cavity.at(q, cval=99.0)
    if tumor is not None:
        cavity = tumor.room(q, cavity)
    image = np.zeros((q.shape[1], 2), np.float32)
    fractions = {name: np.zeros(q.shape[1], np.float32) for name in MASK_NAMES[:-1]}
    outer = np.flatnonzero((skin < 0) & (cavity >= 0))
    tissues = head_fractions(anatomy, q[:, outer], cavity[outer], skin[outer])
    texture = 1 + 0.06 * anatomy.texture["fine"].at(q[:, outer])
    image[outer] = _mix(tissues, signals) * texture[:, None]
    inner = np.flatnonzero(cavity < 0)
    tissues, masks = _brain(anatomy, tumor, edema, q[:, inner], cavity[inner])
    image[inner] = _mix(tissues, signals)
    texture = 1 + 0.022 * anatomy.texture["fine"].at(q[:, inner])
    texture += 0.02 * anatomy.texture["patches"].at(q[:, inner])
    image[inner] *= texture[:, None]
    for name, values in masks.items():
        fractions[name][inner] = values
    near = np.flatnonzero((cavity >= 0) & (cavity < 2.5))
    rest = dura_and_vessels(anatomy, q[:, near], cavity[near], {"csf": 0.0})
    image[near] = _overlay(image[near], rest, signals)
    return image, fractions, skin < 2.0


def _mix(tissues, signals):
    image = 0
    for name, fraction in tissues.items():
        image = image + fraction[:, None] * signals[TISSUE_NAMES.index(name)]
    return image


def _overlay(image, tissues, signals):
    rest = 1 - sum(tissues.values())
    return image * rest[:, None] + _mix(tissues, signals)


def _brain(anatomy, tumor, edema, q, cavity):
    """Tissue and mask fractions inside the skull at template points `q`."""
    old = q if tumor is None else tumor.displace(q)
    tissues = brain_fractions(anatomy, old, q)
    over = dura_and_vessels(anatomy, q, cavity, tissues)
    masks = {}
    spots = np.clip((anatomy.texture["streaks"].at(q) - anatomy.white_spots) * 2, 0, 0.8)
    deep = np.clip((-cavity - 14) / 6, 0, 1)
    water = spots * deep * tissues["wm"]
    if tumor is not None and edema is not None:
        fluid, threshold = edema
        wet = np.clip(0.5 + (fluid.at(q, cval=-16.0) - threshold) / 0.9, 0, 1)
        share = wet * np.clip(1.1 * tissues["wm"], 0, 1)
        masks["edema"] = share
        water = np.maximum(water, share * 0.85)
    tissues["edema"] = np.minimum(water, tissues["wm"])
    tissues["wm"] = tissues["wm"] - tissues["edema"]
    tissues = _cover(tissues, over)
    if tumor is None:
        return tissues, masks
    part = tumor_fractions(tumor, q, cavity)
    core = part["core"]
    tissues = _cover(tissues, {"csf": part["cleft"] * (1 - core) * 0.9})
    tissues = _cover(tissues, _core_tissues(tumor, part))
    tail = part["tail"] * (1 - core)
    tissues = _cover(tissues, {"meningioma_enhanced": tail})
    masks = {name: m * (1 - core) for name, m in masks.items()}
    masks |= {"core": core, "enhancing": core * (part["enhanced"] > 0.3), "dural tail": tail}
    masks |= {"necrosis": core * part["necrosis"], "CSF cleft": part["cleft"] * (1 - core)}
    return tissues, masks


def _core_tissues(tumor, part):
    core = part["core"]
    solid = 1 - np.clip(part["necrosis"] + part["calcium"], 0, 1)
    enhanced = np.minimum(part["enhanced"], solid)
    name = "meningioma" if tumor.kind == "meningioma-like" else "glioma"
    necrosis = np.minimum(part["necrosis"], 1 - part["calcium"])
    return {
        f"{name}_enhanced": core * enhanced,
        name: core * (solid - enhanced),
        "necrosis": core * necrosis,
        "calcium": core * (1 - solid - necrosis),
    }


def _cover(tissues, above):
    rest = 1 - sum(above.values())
    covered = {name: values * rest for name, values in tissues.items()}
    for name, values in above.items():
        covered[name] = covered.get(name, 0) + values
    return covered


def render_stack(anatomy, tumor, edema, plan, centers, thickness, signals):
    """Slice-averaged signal (slices, channel, fine, fine), mask fractions and head outline."""
    n = SIZE * OVERSAMPLING
    offsets = ((np.arange(SUBSLICES) + 0.5) / SUBSLICES - 0.5) * thickness * 1.05
    images, masks, heads = [], [], []
    for center in centers:
        q = slice_points(anatomy, plan.plane, center, offsets, plan.pixel_mm)
        image, fractions, head = _paint(anatomy, tumor, edema, q, signals)
        images.append(image.reshape(SUBSLICES, n, n, 2).mean(axis=0).transpose(2, 0, 1))
        shape = (SUBSLICES, SIZE, OVERSAMPLING, SIZE, OVERSAMPLING)
        masks.append([fractions[m].reshape(shape).mean(axis=(0, 2, 4)) for m in MASK_NAMES[:-1]])
        heads.append(head.reshape(shape).any(axis=(0, 2, 4)))
    return np.array(images), np.array(masks), np.array(heads)
