"""All patients (or lesions) of a simulated set: who they are, and the arrays of their file.

A set is a `Cohort` in `COHORTS`: how many there are, how they are planned, and the function that
simulates one.
"""

import json
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO

import numpy as np
from PIL import Image

from simulation.brain import patient as brain
from simulation.brain.mri import CHANNELS
from simulation.brain.signs import DIAGNOSES as TUMORS
from simulation.brain.slices import PLANES
from simulation.breast import patient as breast
from simulation.breast.signs import BENIGN_KINDS, CLASSES, KINDS, MALIGNANT_KINDS, NORMAL
from simulation.cases import Plan
from simulation.skin import examination as skin
from simulation.skin.diagnoses import DIAGNOSES, MALIGNANT, natural_weights
from simulation.skin.structures import MASK_NAMES as SKIN_MASKS

GENERATOR_VERSION = "1.0"
JPEG_QUALITY = 75
_SCANNERS = {"scanner A": 0.6, "scanner B": 0.4}
_SITES = {"site A": 0.6, "site B": 0.4}
_PLANES = dict(zip(PLANES, (0.62, 0.38), strict=True))
_VIEWS = {1: 0.94, 2: 0.06}
_PICTURES = {1: 0.84, 2: 0.12, 3: 0.04}
# How often the ruler says what the diagnosis is in the shortcut subsets.
_MARKED = {True: 0.92, False: 0.08}


def encode_jpeg(images, quality=JPEG_QUALITY):
    """Return jpeg_bytes and jpeg_offsets of uint8 images (n, height, width, 3)."""
    coded = []
    for image in images:
        buffer = BytesIO()
        Image.fromarray(image).save(buffer, "JPEG", quality=quality, subsampling=0)
        coded.append(buffer.getvalue())
    offsets = np.cumsum([0] + [len(data) for data in coded], dtype=np.int64)
    return {"jpeg_bytes": np.frombuffer(b"".join(coded), np.uint8), "jpeg_offsets": offsets}


def shares(rng, n, parts):
    """Return n values in fixed shares and random order.

    >>> sorted(shares(np.random.default_rng(0), 5, {"site A": 0.6, "site B": 0.4}))
    ['site A', 'site A', 'site A', 'site B', 'site B']
    """
    edges = np.cumsum(list(parts.values()))
    which = np.searchsorted(edges[:-1], (np.arange(n) + 0.5) / max(n, 1), side="right")
    return [list(parts)[i] for i in rng.permutation(which)]


def _rows(n, **columns):
    """Return n dicts; a column is a list, or one value for all."""
    lists = {k: v if isinstance(v, list) else [v] * n for k, v in columns.items()}
    return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]


# Site, plane, views and pictures are drawn within each kind and split, in the same shares, so that
# none of them tells the class.
def _plan_brain(rng, split, counts):
    per_tumor, free, whole = counts
    for kind, n in zip(TUMORS, (per_tumor, per_tumor, free), strict=True):
        sites, planes = shares(rng, n, _SITES), shares(rng, n, _PLANES)
        covers = [kind != "no tumor" and i < whole for i in range(n)]
        yield from _rows(n, kind=kind, site=sites, split=split, plane=planes, whole_tumor=covers)


def _plan_breast(rng, split, counts):
    mixes = (MALIGNANT_KINDS, BENIGN_KINDS, {NORMAL: 1.0})
    for n, mix in zip(counts, mixes, strict=True):
        kinds, sites, views = (shares(rng, n, parts) for parts in (mix, _SCANNERS, _VIEWS))
        yield from _rows(n, kind=kinds, site=sites, split=split, views=views)


def _plan_skin(rng, part, counts):
    official = part in ("train", "validation", "test")
    split, subset = (part, "main") if official else ("extra", part)
    for kind, n in zip(DIAGNOSES, counts, strict=True):
        sites = shares(rng, n, _SITES)
        pictures = shares(rng, n, _PICTURES) if official else 1
        share = _MARKED[kind in MALIGNANT] if part.startswith("shortcut") else 0.0
        marked = shares(rng, n, {True: share, False: 1 - share})
        yield from _rows(
            n, kind=kind, site=sites, split=split, subset=subset, pictures=pictures, marked=marked
        )


@dataclass(frozen=True)
class Cohort:
    """Describe one simulated set: how it is planned, simulated, labeled and stored.

    `counts` are the embedded set's numbers by split, in the order of `counted`, which says what
    each counts. ``plan(rng, split, numbers)`` yields the fields of each `plan_type`,
    ``simulate(plan, seed)`` returns a `Case`. `labels` is the class by kind, as a position in
    `class_names`; `letter` begins a group's name. ``weigh(labels, groups, parts)`` returns how
    common each image is. `meta` and `more_meta` are what the file says before and after the seed.
    """

    name: str
    seed: int
    counts: dict
    counted: tuple
    plan: Callable
    plan_type: type[Plan]
    simulate: Callable
    class_names: tuple
    labels: dict
    channel_names: tuple
    mask_names: tuple
    meta: dict
    letter: str = "P"
    group_kind: str = "patient"
    jpeg: bool = False
    weigh: Callable | None = None
    more_meta: dict = field(default_factory=dict)

    def plans(self, seed=None, counts=None):
        """Return a plan for each patient; those of the embedded set by default.

        >>> plans = COHORTS["brain_mri"].plans(counts={"train": (10, 2, 3)})
        >>> len(plans), sum(plan.whole_tumor for plan in plans)
        (22, 6)
        """
        rng = np.random.default_rng([self.seed if seed is None else seed, 7])
        parts = (self.counts if counts is None else counts).items()
        rows = [row for part, numbers in parts for row in self.plan(rng, part, numbers)]
        order = rng.permutation(len(rows))
        return [self.plan_type(number, **rows[i]) for number, i in enumerate(order)]

    def arrays(self, seed=None, counts=None, workers=None, change=None):
        """Simulate all patients and return the arrays of their file, in schema version 1.

        Seed and counts are the embedded set's by default, `workers` all processors; the result does
        not depend on how many. Labels are those of the patient, also where an image misses the
        lesion. `change` sets signs of all patients by hand.
        """
        seed = self.seed if seed is None else seed
        simulate = partial(self.simulate, seed=seed, change=change)
        with ProcessPoolExecutor(workers) as pool:
            cases = list(pool.map(simulate, self.plans(seed, counts), chunksize=8))
        return self._assemble(cases, seed)

    def _assemble(self, cases, seed):
        lengths = [len(case.images) for case in cases]

        def per_image(values):
            if np.ndim(values[0]):
                return np.concatenate(values)
            return np.repeat(np.array(values), lengths)

        plans = [case.plan for case in cases]
        images = np.concatenate([case.images for case in cases])
        arrays = {
            "schema_version": np.int64(1),
            "name": np.array(self.name),
            **(encode_jpeg(images) if self.jpeg else {"images": images}),
            "channel_names": np.array(self.channel_names),
            "labels": per_image([self.labels[p.kind] for p in plans]).astype(np.int64),
            "class_names": np.array(self.class_names),
            "groups": per_image([f"{self.letter}{p.number:04d}" for p in plans]),
            "group_kind": np.array(self.group_kind),
            "splits": per_image([p.split for p in plans]),
            "masks": np.concatenate([case.masks for case in cases]),
            "mask_names": np.array(self.mask_names),
            "sites": per_image([p.site for p in plans]),
        }
        for name in cases[0].geometry:
            arrays[name] = per_image([case.geometry[name] for case in cases])
        for name in cases[0].attributes:
            values = per_image([case.attributes[name] for case in cases])
            arrays[f"attributes/{name}"] = values
        if self.weigh:
            parts = np.char.add(np.char.add(arrays["splits"], "/"), arrays["attributes/subset"])
            weights = self.weigh(arrays["labels"], arrays["groups"], parts)
            arrays["attributes/weight"] = weights.round(5)
        meta = {"origin": "simulated", **self.meta, "generator_version": GENERATOR_VERSION}
        arrays["meta"] = np.array(json.dumps(meta | {"seed": seed} | self.more_meta))
        return arrays


# The sources still name the folder in which the generators stood when the embedded sets were
# written: a stored file and a drawn one say the same until the next data build.
_BRAIN = Cohort(
    name="brain_mri",
    seed=2026,
    counts={"train": (150, 18, 10), "validation": (54, 10, 7), "test": (90, 16, 20)},
    counted=("of each kind of tumor", "without a tumor", "whole tumors of each kind"),
    plan=_plan_brain,
    plan_type=brain.PatientPlan,
    simulate=brain.simulate_patient,
    class_names=TUMORS,
    labels={kind: i for i, kind in enumerate(TUMORS)},
    channel_names=CHANNELS,
    mask_names=brain.MASK_NAMES,
    meta={
        "source": "Simulated by course_utils.simulation.brain from the ICBM 2009a tissue maps",
        "license": "CC BY 4.0; anatomy under the ICBM notice in data/licenses/MNI152.txt",
        "citation": "Anatomy: Fonov et al. 2011 (fonov2011unbiased); Fonov et al. 2009 "
        "(fonov2009unbiased)",
    },
    more_meta={"planes": list(PLANES)},
)
_BREAST = Cohort(
    name="breast_ultrasound",
    seed=2027,
    counts={"train": (490, 920, 290), "validation": (215, 405, 130), "test": (215, 405, 130)},
    counted=("malignant", "benign", "normal"),
    plan=_plan_breast,
    plan_type=breast.PatientPlan,
    simulate=breast.simulate_patient,
    class_names=CLASSES,
    labels={kind: int(kind in MALIGNANT_KINDS) for kind in KINDS},
    channel_names=("intensity",),
    mask_names=breast.MASK_NAMES,
    meta={
        "source": "Simulated by course_utils.simulation.breast",
        "license": "CC BY 4.0",
        "citation": "Rates of signs: Hong et al. 2005 (hong2005birads)",
    },
)
_SKIN = Cohort(
    name="skin_lesions",
    seed=2026,
    # All parts but the official splits go into the split `extra`.
    counts={
        "train": (140, 170, 260, 90, 270, 480, 90),
        "validation": (45, 55, 80, 30, 90, 150, 30),
        "test": (60, 75, 100, 45, 115, 190, 45),
        "tones": (8, 10, 10, 6, 16, 16, 6),
        "shortcut train": (30, 40, 40, 10, 50, 80, 10),
        "shortcut test": (12, 16, 18, 4, 24, 42, 4),
    },
    counted=tuple(DIAGNOSES),
    plan=_plan_skin,
    plan_type=skin.LesionPlan,
    simulate=skin.simulate_lesion,
    class_names=tuple(DIAGNOSES.values()),
    labels={kind: i for i, kind in enumerate(DIAGNOSES)},
    channel_names=("red", "green", "blue"),
    mask_names=SKIN_MASKS,
    letter="L",
    group_kind="lesion",
    jpeg=True,
    weigh=natural_weights,
    meta={
        "source": "Simulated by course_utils.simulation.skin",
        "license": "CC BY 4.0",
        "citation": "Signs after Nachbar et al. 1994 (nachbar1994abcd) and the sources named in "
        "data/DATASHEETS.md; natural mix after Tschandl et al. 2018 (tschandl2018ham10000)",
    },
    more_meta={
        "positive": [DIAGNOSES[name] for name in MALIGNANT],
        "subsets": list(skin.SUBSETS),
    },
)
COHORTS = {cohort.name: cohort for cohort in (_BRAIN, _BREAST, _SKIN)}
