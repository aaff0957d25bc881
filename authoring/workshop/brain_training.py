"""Draw brain slices for training alone: all planes, sellar tumors, gliomas without enhancement.

The embedded set keeps to axial and coronal slices and to two kinds of tumor. Real slices show more,
so the network that comes with the course learns from these patients besides. They are drawn once
(about 20 minutes on one core) and kept in build/brain_training.npz.
"""

from concurrent.futures import ProcessPoolExecutor

import numpy as np

from course_utils import ROOT, datasets
from simulation.brain.mri import SITES
from simulation.brain.patient import PatientPlan, simulate_patient
from simulation.brain.signs import DIAGNOSES
from simulation.brain.slices import PIXEL_MM

CACHE = ROOT / "build" / "brain_training.npz"
SEED = 4711
# Of the second number, gray and white matter hardly differ, as in many real T1c slices.
PATIENTS = (520, 260)
MENINGIOMA, GLIOMA, SELLAR = KINDS = ("meningioma", "glioma", "sellar")
_SHARES = (0.28, 0.40, 0.32)
_PLANES = {"axial": 0.3, "coronal": 0.3, "sagittal": 0.4}
# Of gliomas: those that real sets show, and that the embedded set has too few of.
_PATTERNS = {"own": 0.45, "dark": 0.35, "none": 0.1, "faint": 0.1}
_SELLAR = {"homogeneous": 0.5, "heterogeneous": 0.3, "ring": 0.1, "faint": 0.1}


def planned(number, seed=SEED):
    """Return the plan of one patient, the signs that are set by hand, and the kind of tumor."""
    rng = np.random.default_rng([seed, number])
    kind = KINDS[rng.choice(3, p=_SHARES)]
    plane = str(rng.choice(list(_PLANES), p=list(_PLANES.values())))
    # Ordinary slices lie between the tumor's ends, one in each part.
    shares = (np.arange(4) + rng.uniform(0.15, 0.85, 4)) / 4
    plan = PatientPlan(
        number,
        DIAGNOSES[1] if kind == GLIOMA else DIAGNOSES[0],
        str(rng.choice(list(SITES))),
        plane=plane,
        pixel_mm=float(rng.uniform(PIXEL_MM, 2.5 if plane != "axial" else 2.2)),
        profile=True,
        shares=tuple(shares.round(3)),
        flat=float(rng.uniform(0.4, 1)) if number >= PATIENTS[0] else 0.0,
    )
    change = {}
    if kind == GLIOMA:
        pattern = str(rng.choice(list(_PATTERNS), p=list(_PATTERNS.values())))
        if pattern != "own":
            weak = {"dark": 0.0, "none": 0.0, "faint": rng.uniform(0.1, 0.3)}
            change = {"pattern": pattern, "enhancement": float(weak[pattern])}
    if kind == SELLAR:
        pattern = str(rng.choice(list(_SELLAR), p=list(_SELLAR.values())))
        change = dict.fromkeys(("dural_tail", "csf_cleft", "calcified", "edema"), False)
        change |= {
            "place": "sellar",
            "pattern": pattern,
            "enhancement": float(rng.uniform(0.1, 0.3) if pattern == "faint" else
                                 rng.uniform(0.4, 0.9)),
            "core_cm3": float(np.clip(4 * np.exp(0.9 * rng.standard_normal()), 0.6, 25)),
            "edema_cm3": 0.0,
        }  # fmt: skip
    return plan, change, kind


def cut_neck(rng, image):
    """Return an image without its lower end; scanners show more or less of the neck."""
    image = image.copy()
    rows = np.flatnonzero(image.any(axis=1))
    image[rows[-1] + 1 - int(rng.uniform(0, 0.2) * len(rows)) :] = 0
    return image


def draw(number, seed=SEED):
    """Return T1c images and core masks (4, 96, 96) of one patient."""
    plan, change, _ = planned(number, seed)
    case = simulate_patient(plan, seed, change=change)
    rng = np.random.default_rng([seed, number, 1])
    images, core = case.images[..., 0].copy(), case.masks & 1
    if plan.plane != "axial":
        for i, image in enumerate(images):
            cut = cut_neck(rng, image)
            if not core[i][cut.sum(axis=1) == 0].any():
                images[i] = cut
    return images, core


def drawn():
    """Return the slices of all patients and their cores, drawn at the first call."""
    if not CACHE.is_file():
        with ProcessPoolExecutor() as pool:
            pairs = list(pool.map(draw, range(sum(PATIENTS)), chunksize=4))
        CACHE.parent.mkdir(exist_ok=True)
        images, core = (np.concatenate(parts) for parts in zip(*pairs, strict=True))
        np.savez_compressed(CACHE, images=images, core=core)
    with np.load(CACHE, allow_pickle=False) as file:
        return file["images"], file["core"]


def training_slices():
    """Return T1c slices with the mask core, cropped to the head: drawn ones and the embedded set's.

    Of the embedded set the training patients alone.
    """
    embedded = datasets.load("brain_mri").split("train")
    images, core = drawn()
    images = np.concatenate([images, embedded.images[..., 0]])
    both = datasets.ImageDataset(
        name="brain_mri",
        images=images[..., None],
        labels=np.zeros(len(images), np.int64),
        class_names=("patient",),
        origin="simulated",
        channel_names=("T1c",),
        groups=np.arange(len(images)),
        group_kind="image",
        masks=np.concatenate([core, embedded.mask("core")]),
        mask_names=("core",),
    )
    return datasets.crop_to_head(both)
