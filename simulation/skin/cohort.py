"""All lesions of the simulated skin set, and the arrays of its file."""

import json
import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np

from course_utils._checks import refuse
from course_utils.datasets._npz import encode_jpeg
from simulation.skin.diagnoses import DIAGNOSES, MALIGNANT, NATURAL_COUNTS
from simulation.skin.examination import SUBSETS, LesionPlan, simulate_lesion
from simulation.skin.structures import MASK_NAMES

GENERATOR_VERSION = "1.0"
SEED = 2026
JPEG_QUALITY = 75

# Lesions by part, in the order of DIAGNOSES: akiec, bcc, bkl, df, mel, nv, vasc.
COUNTS = {
    "train": (140, 170, 260, 90, 270, 480, 90),
    "validation": (45, 55, 80, 30, 90, 150, 30),
    "test": (60, 75, 100, 45, 115, 190, 45),
    "tones": (8, 10, 10, 6, 16, 16, 6),
    "shortcut train": (30, 40, 40, 10, 50, 80, 10),
    "shortcut test": (12, 16, 18, 4, 24, 42, 4),
}
# Shares of lesions with one, two and three pictures.
_PICTURES = (0.84, 0.12, 0.04)
_SITE_A = 0.6
# How often the ruler says what the diagnosis is in the shortcut subsets.
_MARKED = {True: 0.92, False: 0.08}

META = {
    "origin": "simulated",
    "source": "Simulated by course_utils.simulation.skin",
    "license": "CC BY 4.0",
    "citation": "Signs after Nachbar et al. 1994 (nachbar1994abcd) and the sources named in "
    "data/DATASHEETS.md; natural mix after Tschandl et al. 2018 (tschandl2018ham10000)",
}


def plan_lesions(seed=SEED, counts=None):
    """Decide diagnosis, split, site and number of pictures of every lesion.

    Parameters
    ----------
    seed : int
        Seed of the set.
    counts : dict, optional
        ``{part: seven numbers}``, lesions by diagnosis; the embedded set's `COUNTS` by default.
        Parts are the keys of `COUNTS`; all but the official splits go into the split ``extra``.

    Returns
    -------
    list of LesionPlan
        Sites and numbers of pictures are drawn within each diagnosis and part, in the same
        shares, so that neither tells the diagnosis.

    Raises
    ------
    DatasetError
        A part is unknown, or has not seven numbers.

    Examples
    --------
    >>> plans = plan_lesions(counts={"train": (0, 0, 2, 0, 3, 5, 0)})
    >>> len(plans), sum(plan.diagnosis == "mel" for plan in plans)
    (10, 3)
    """
    counts = COUNTS if counts is None else counts
    rng = np.random.default_rng([seed, 7])
    cells = []
    for part, numbers in counts.items():
        _check_part(part, numbers)
        for diagnosis, n in zip(DIAGNOSES, numbers, strict=True):
            cells += _cells(rng, part, diagnosis, int(n))
    order = rng.permutation(len(cells))
    return [LesionPlan(number, **cells[i]) for number, i in enumerate(order)]


def _check_part(part, numbers):
    if part not in COUNTS:
        refuse("counts", repr(part), ", ".join(COUNTS), "Use the parts of the set as keys.")
    good = np.shape(numbers) == (len(DIAGNOSES),) and all(n == int(n) >= 0 for n in numbers)
    if not good:
        refuse(
            f"counts[{part!r}]",
            repr(numbers),
            "seven whole numbers from 0",
            f"Give the lesions of {', '.join(DIAGNOSES)}.",
        )


def _cells(rng, part, diagnosis, n):
    """Return the plans of one diagnosis in one part, without their numbers."""
    official = part in ("train", "validation", "test")
    sites = _shares(rng, n, (_SITE_A, 1 - _SITE_A), ("site A", "site B"))
    pictures = _shares(rng, n, _PICTURES, (1, 2, 3)) if official else [1] * n
    share = _MARKED[diagnosis in MALIGNANT] if part.startswith("shortcut") else 0.0
    marked = _shares(rng, n, (share, 1 - share), (True, False))
    return [
        {
            "diagnosis": diagnosis,
            "site": site,
            "split": part if official else "extra",
            "subset": "main" if official else part,
            "pictures": int(number),
            "marked": bool(mark),
        }
        for site, number, mark in zip(sites, pictures, marked, strict=True)
    ]


def _shares(rng, n, shares, values):
    """Return n values in given shares, in random order."""
    edges = np.rint(np.cumsum(shares) * n).astype(int)
    which = np.searchsorted(edges, np.arange(n), side="right")
    return [values[min(i, len(values) - 1)] for i in rng.permutation(which)]


def natural_weights(labels, groups, parts):
    """Return a weight for each image that restores the natural mix of diagnoses.

    Parameters
    ----------
    labels : array (n,) of int
        Positions in `DIAGNOSES`.
    groups : array (n,)
        Lesion of each image.
    parts : array (n,) of text
        Weights are found within each part.

    Returns
    -------
    ndarray (n,), float64
        The same for all images of a lesion; mean 1 over the lesions of a part.

    Examples
    --------
    Nevi are 6,705 and melanomas 1,113 of the natural mix.

    >>> natural_weights(np.array([4, 5]), np.array(["a", "b"]), np.array(["test", "test"])).round(2)
    array([0.28, 1.72])
    """
    natural = np.array(list(NATURAL_COUNTS.values()), float)
    weights = np.zeros(len(labels))
    for part in np.unique(parts):
        mine = np.flatnonzero(parts == part)
        _, first = np.unique(groups[mine], return_index=True)
        drawn = np.bincount(labels[mine][first], minlength=len(natural)).astype(float)
        ratio = np.divide(natural, drawn, out=np.zeros_like(natural), where=drawn > 0)
        weights[mine] = ratio[labels[mine]] * drawn.sum() / natural[drawn > 0].sum()
    return weights


def assemble(examinations, seed):
    """Stack lesions into the arrays of an ImageDataset file.

    Parameters
    ----------
    examinations : sequence of Examination
        In the order of their numbers.
    seed : int
        Recorded in the file.

    Returns
    -------
    dict of ndarray
        Schema version 1, images as JPEG bytes.
    """
    lengths = [len(e.images) for e in examinations]
    plans = [e.plan for e in examinations]

    def per_image(values):
        return np.repeat(np.array(values), lengths)

    diagnoses = list(DIAGNOSES)
    labels = per_image([diagnoses.index(p.diagnosis) for p in plans]).astype(np.int64)
    groups = per_image([f"L{p.number:04d}" for p in plans])
    spacing = np.concatenate([e.pixel_mm for e in examinations]).round(4)
    arrays = {
        "schema_version": np.int64(1),
        "name": np.array("skin_lesions"),
        **encode_jpeg(np.concatenate([e.images for e in examinations]), JPEG_QUALITY),
        "channel_names": np.array(("red", "green", "blue")),
        "labels": labels,
        "class_names": np.array(list(DIAGNOSES.values())),
        "groups": groups,
        "group_kind": np.array("lesion"),
        "splits": per_image([p.split for p in plans]),
        "masks": np.concatenate([e.masks for e in examinations]),
        "mask_names": np.array(MASK_NAMES),
        "sites": per_image([p.site for p in plans]),
        "pixel_spacing_mm": np.stack([spacing, spacing], axis=1),
    }
    for name in examinations[0].picture_attributes:
        values = np.concatenate([e.picture_attributes[name] for e in examinations])
        arrays[f"attributes/{name}"] = values
    for name in examinations[0].attributes:
        arrays[f"attributes/{name}"] = per_image([e.attributes[name] for e in examinations])
    parts = np.char.add(np.char.add(arrays["splits"], "/"), arrays["attributes/subset"])
    arrays["attributes/weight"] = natural_weights(labels, groups, parts).round(5)
    positive = [DIAGNOSES[name] for name in MALIGNANT]
    meta = META | {"generator_version": GENERATOR_VERSION, "seed": seed, "positive": positive}
    arrays["meta"] = np.array(json.dumps(meta | {"subsets": list(SUBSETS)}))
    return arrays


def simulate_set(seed=SEED, counts=None, workers=None):
    """Simulate all lesions and return the arrays of the file.

    Parameters
    ----------
    seed : int
        Seed of the set.
    counts : dict, optional
        As for `plan_lesions`.
    workers : int, optional
        Processes; all processors by default. The result does not depend on it.

    Returns
    -------
    dict of ndarray
        See `assemble`.
    """
    plans = plan_lesions(seed, counts)
    simulate = partial(simulate_lesion, seed=seed)
    with ProcessPoolExecutor(workers or os.cpu_count()) as pool:
        examinations = list(pool.map(simulate, plans, chunksize=8))
    return assemble(examinations, seed)
