"""All patients of the simulated brain set, and the arrays of its file."""

import json
import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np

from simulation.brain import mri
from simulation.brain.painting import MASK_NAMES
from simulation.brain.patient import PatientPlan, simulate_patient
from simulation.brain.signs import DIAGNOSES
from simulation.brain.slices import PIXEL_MM, PLANES

GENERATOR_VERSION = "1.0"
SEED = 2026

# Patients by split: each tumor kind, without a tumor, and whole tumors among each kind.
COUNTS = {"train": (150, 18, 10), "validation": (54, 10, 7), "test": (90, 16, 20)}
_SITE_A, _AXIAL = 0.6, 0.62

META = {
    "origin": "simulated",
    "source": "Simulated by course_utils.simulation.brain from the ICBM 2009a tissue maps",
    "license": "CC BY 4.0; anatomy under the ICBM notice in data/licenses/MNI152.txt",
    "citation": "Anatomy: Fonov et al. 2011 (fonov2011unbiased); Fonov et al. 2009 "
    "(fonov2009unbiased)",
}


def plan_patients(seed=SEED, counts=None):
    """Decide diagnosis, split, site and plane of every patient.

    Parameters
    ----------
    seed : int
        Seed of the set.
    counts : dict, optional
        ``{split: (per tumor kind, without tumor, whole tumors per kind)}``; the embedded set's
        `COUNTS` by default.

    Returns
    -------
    list of PatientPlan
        Site and plane are drawn within each kind and split, in the same shares, so that neither
        tells the diagnosis.

    Examples
    --------
    >>> plans = plan_patients(counts={"train": (10, 2, 3)})
    >>> len(plans), sum(plan.whole_tumor for plan in plans)
    (22, 6)
    """
    rng = np.random.default_rng([seed, 7])
    cells = []
    for split, (per_kind, free, whole) in (counts or COUNTS).items():
        for diagnosis, n in zip(DIAGNOSES, (per_kind, per_kind, free), strict=True):
            sites = _shares(rng, n, _SITE_A, tuple(mri.SITES))
            planes = _shares(rng, n, _AXIAL, PLANES)
            covers = np.arange(n) < (whole if diagnosis != "no tumor" else 0)
            cells += [
                (diagnosis, site, plane, split, bool(cover))
                for site, plane, cover in zip(sites, planes, covers, strict=True)
            ]
    order = rng.permutation(len(cells))
    return [PatientPlan(number, *cells[i]) for number, i in enumerate(order)]


def _shares(rng, n, share, names):
    values = np.where(np.arange(n) < round(share * n), *names)
    return [str(v) for v in rng.permutation(values)]


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
        Schema version 1; `labels` holds each patient's diagnosis, also for slices that miss the
        tumor, which the attribute ``tumor_in_slice`` tells apart.
    """
    lengths = [len(p.images) for p in patients]

    def per_image(values):
        return np.repeat(np.array(values), lengths)

    plans = [p.plan for p in patients]
    arrays = {
        "schema_version": np.int64(1),
        "name": np.array("brain_mri"),
        "images": np.concatenate([p.images for p in patients]),
        "channel_names": np.array(mri.CHANNELS),
        "labels": per_image([DIAGNOSES.index(p.diagnosis) for p in plans]).astype(np.int64),
        "class_names": np.array(DIAGNOSES),
        "groups": per_image([f"P{p.number:04d}" for p in plans]),
        "group_kind": np.array("patient"),
        "splits": per_image([p.split for p in plans]),
        "masks": np.concatenate([p.masks for p in patients]),
        "mask_names": np.array(MASK_NAMES),
        "sites": per_image([p.site for p in plans]),
        "slice_positions_mm": np.concatenate([p.positions_mm for p in patients]).round(3),
        "slice_thickness_mm": per_image([p.thickness_mm for p in patients]),
        "pixel_spacing_mm": np.full((sum(lengths), 2), PIXEL_MM),
    }
    for name in patients[0].attributes:
        arrays[f"attributes/{name}"] = per_image([p.attributes[name] for p in patients])
    for name in patients[0].slice_attributes:
        arrays[f"attributes/{name}"] = np.concatenate([p.slice_attributes[name] for p in patients])
    meta = META | {"generator_version": GENERATOR_VERSION, "seed": seed, "planes": list(PLANES)}
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
        patients = list(pool.map(simulate, plans, chunksize=8))
    return assemble(patients, seed)
