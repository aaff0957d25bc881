"""Generators of the simulated data sets; nothing in them shows a person.

One folder per set, each with a module ``cohort`` that draws all patients (or lesions) of a set:
``simulate_set(seed, counts, workers)`` returns the arrays of its file. ``SEED`` and ``COUNTS``
there are those of the embedded set.
"""

from importlib import import_module

from course_utils._checks import check_choice, check_seed, refuse
from course_utils.datasets import ImageDataset, _npz

COHORTS = {
    "brain_mri": "simulation.brain.cohort",
    "breast_ultrasound": "simulation.breast.cohort",
    "skin_lesions": "simulation.skin.cohort",
}


def cohort(name):
    """Return the module that simulates one of the sets.

    Parameters
    ----------
    name : {"brain_mri", "breast_ultrasound", "skin_lesions"}
        Which set.

    Returns
    -------
    module

    Raises
    ------
    DatasetError
        The name is unknown.

    Examples
    --------
    >>> cohort("brain_mri").SEED
    2026
    """
    check_choice("name", name, tuple(COHORTS))
    return import_module(COHORTS[name])


def draw(name, counts, *, seed, workers=None):
    """Simulate new patients of one of the embedded sets, beyond the stored ones.

    Parameters
    ----------
    name : {"brain_mri", "breast_ultrasound", "skin_lesions"}
        Which set.
    counts : dict
        How many, by split; as ``COUNTS`` in the set's ``simulation.*.cohort`` module.
    seed : int
        Another seed than the stored set's, whose patients it would repeat.
    workers : int, optional
        Processes; all processors by default. The result does not depend on it.

    Returns
    -------
    ImageDataset

    Raises
    ------
    DatasetError
        An unknown name, or a seed that would repeat the stored patients.

    Examples
    --------
    ``draw("brain_mri", {"test": (90, 0, 0)}, seed=777)`` draws 180 new test patients with a
    tumor.

    >>> draw("brain_mri", {"test": (1, 0, 0)}, seed=2026)
    Traceback (most recent call last):
    ValueError: seed: received 2026; allowed: any but 2026. The stored \
patients came from this seed; another one gives new patients.
    """
    check_seed(seed)
    module = cohort(name)
    if seed == module.SEED:
        refuse(
            "seed",
            str(seed),
            f"any but {seed}",
            "The stored patients came from this seed; another one gives new patients.",
        )
    return ImageDataset(**_npz.arrays_to_fields(module.simulate_set(seed, counts, workers)))
