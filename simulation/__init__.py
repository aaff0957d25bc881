"""Programs that draw the simulated data sets; nothing in them shows a person.

Lessons use `draw`; ``python -m simulation NAME --out FILE`` writes a set's file. One folder per set
holds what is particular to it, `cohort` all that they have in common.
"""

from numbers import Integral

from course_utils._checks import refuse

__all__ = ["draw"]


def draw(name, counts, *, seed, workers=None, change=None):
    """Simulate new patients of one of the embedded sets, beyond the stored ones.

    Parameters
    ----------
    name : {"brain_mri", "breast_ultrasound", "skin_lesions"}
        Which set.
    counts : dict
        How many, by split: for the brain (of each kind of tumor, without a tumor, whole tumors of
        each kind), for the breast (malignant, benign, normal), for skin seven numbers in the order
        of the diagnoses.
    seed : int
        Any but the embedded set's, whose patients it would repeat.
    workers : int, optional
        Processes; all processors by default. The result does not depend on it.
    change : dict, optional
        Signs set by hand in every patient, such as ``{"halo": "present"}``. All else stays as the
        same seed and counts draw it, which makes counterfactual twins. Patients without a lesion
        have no signs to change: draw none of them.

    Returns
    -------
    ImageDataset

    Examples
    --------
    ``draw("brain_mri", {"test": (90, 0, 0)}, seed=777)`` draws 180 new test patients with a tumor.

    >>> draw("brain_mri", {"test": (1, 0, 0)}, seed=2026)
    Traceback (most recent call last):
    ValueError: seed: received 2026; allowed: integers from 0 other than \
2026. The stored patients came from that seed; another one gives new patients.
    """
    # Only here, because importing the package is to cost next to nothing.
    from course_utils.datasets import ImageDataset, _fields
    from simulation.cohort import COHORTS

    if name not in COHORTS:
        refuse("name", repr(name), ", ".join(COHORTS), "Use one of these words.")
    cohort = COHORTS[name]
    if not isinstance(seed, Integral) or seed < 0 or seed == cohort.seed:
        refuse(
            "seed",
            repr(seed),
            f"integers from 0 other than {cohort.seed}",
            "The stored patients came from that seed; another one gives new patients.",
        )
    _check_counts(cohort, counts)
    return ImageDataset(**_fields.arrays_to_fields(cohort.arrays(seed, counts, workers, change)))


def _check_counts(cohort, counts):
    known = isinstance(counts, dict) and counts and set(counts) <= set(cohort.counts)
    if not known:
        refuse("counts", repr(counts), ", ".join(cohort.counts), "Use these as keys of a dict.")
    for part, numbers in counts.items():
        good = isinstance(numbers, (tuple, list)) and len(numbers) == len(cohort.counted)
        if not (good and all(isinstance(n, Integral) and n >= 0 for n in numbers) and any(numbers)):
            refuse(
                f"counts[{part!r}]",
                repr(numbers),
                f"{len(cohort.counted)} integers from 0, not all 0",
                f"Give the numbers of: {', '.join(cohort.counted)}.",
            )
