"""All patients of the simulated breast ultrasound set, and the arrays of its file."""

import json
import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np

from simulation.breast.patient import MASK_NAMES, PatientPlan, simulate_patient
from simulation.breast.signs import (
    BENIGN_KINDS,
    CLASSES,
    MALIGNANT_KINDS,
    NORMAL,
    is_malignant,
)

GENERATOR_VERSION = "1.0"
SEED = 2027

# Patients by split: with a malignant lesion, with a benign one, with normal tissue.
COUNTS = {"train": (490, 920, 290), "validation": (215, 405, 130), "test": (215, 405, 130)}
_SITE_SHARES = {"scanner A": 0.6, "scanner B": 0.4}
_VIEW_SHARES = {1: 0.94, 2: 0.06}

META = {
    "origin": "simulated",
    "source": "Simulated by course_utils.simulation.breast",
    "license": "CC BY 4.0",
    "citation": "Rates of signs: Hong et al. 2005 (hong2005birads)",
}


def plan_patients(seed=SEED, counts=None):
    """Decide kind, split, site and number of views of every patient.

    Parameters
    ----------
    seed : int
        Seed of the set.
    counts : dict, optional
        ``{split: (malignant, benign, normal)}``; the embedded set's `COUNTS` by default.

    Returns
    -------
    list of PatientPlan
        Site and views are drawn within each class and split, in the same shares, so that neither
        tells the class.

    Examples
    --------
    >>> plans = plan_patients(counts={"train": (20, 30, 10)})
    >>> len(plans), sum(plan.kind == "invasive carcinoma" for plan in plans)
    (60, 17)
    """
    rng = np.random.default_rng([seed, 7])
    cells = []
    for split, numbers in (counts or COUNTS).items():
        mixes = (MALIGNANT_KINDS, BENIGN_KINDS, {NORMAL: 1.0})
        for n, mix in zip(numbers, mixes, strict=True):
            kinds, sites, views = (
                _shares(rng, n, shares) for shares in (mix, _SITE_SHARES, _VIEW_SHARES)
            )
            cells += [
                (kind, site, split, view)
                for kind, site, view in zip(kinds, sites, views, strict=True)
            ]
    order = rng.permutation(len(cells))
    return [PatientPlan(number, *cells[i]) for number, i in enumerate(order)]


def _shares(rng, n, shares):
    """Return n names in fixed shares and random order."""
    edges = np.cumsum(list(shares.values()))
    at = np.searchsorted(edges[:-1], (np.arange(n) + 0.5) / max(n, 1), side="right")
    return [list(shares)[i] for i in rng.permutation(at)]


def assemble(patients, seed):
    """Stack patients into the arrays of an ImageDataset file.

    Parameters
    ----------
    patients : sequence of Patient
        In the order of their numbers.
    seed : int
        Recorded in the file.

    Returns
    -------
    dict of ndarray
        Schema version 1.
    """
    lengths = [len(p.images) for p in patients]

    def per_image(values):
        return np.repeat(np.array(values), lengths)

    plans = [p.plan for p in patients]
    arrays = {
        "schema_version": np.int64(1),
        "name": np.array("breast_ultrasound"),
        "images": np.concatenate([p.images for p in patients]),
        "channel_names": np.array(["intensity"]),
        "labels": per_image([is_malignant(p.kind) for p in plans]).astype(np.int64),
        "class_names": np.array(CLASSES),
        "groups": per_image([f"P{p.number:04d}" for p in plans]),
        "group_kind": np.array("patient"),
        "splits": per_image([p.split for p in plans]),
        "masks": np.concatenate([p.masks for p in patients]),
        "mask_names": np.array(MASK_NAMES),
        "sites": per_image([p.site for p in plans]),
        "pixel_spacing_mm": np.concatenate([p.spacing_mm for p in patients]).round(4),
    }
    for name in patients[0].attributes:
        arrays[f"attributes/{name}"] = per_image([p.attributes[name] for p in patients])
    for name in patients[0].view_attributes:
        arrays[f"attributes/{name}"] = np.concatenate([p.view_attributes[name] for p in patients])
    meta = META | {"generator_version": GENERATOR_VERSION, "seed": seed}
    arrays["meta"] = np.array(json.dumps(meta))
    return arrays


def simulate_set(seed=SEED, counts=None, workers=None):
    """Simulate all patients and return the arrays of the file.

    Parameters
    ----------
    seed : int
        Seed of the set.
    counts : dict, optional
        As for `plan_patients`.
    workers : int, optional
        Processes; all processors by default. The result does not depend on it.

    Returns
    -------
    dict of ndarray
        See `assemble`.
    """
    plans = plan_patients(seed, counts)
    simulate = partial(simulate_patient, seed=seed)
    with ProcessPoolExecutor(workers or os.cpu_count()) as pool:
        patients = list(pool.map(simulate, plans, chunksize=16))
    return assemble(patients, seed)
