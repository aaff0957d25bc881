"""Generators of the simulated data sets; nothing in them shows a person.

One folder per set, each with a module ``cohort`` that draws all patients (or lesions) of a set:
``simulate_set(seed, counts, workers)`` returns the arrays of its file. ``SEED`` and ``COUNTS``
there are those of the embedded set.
"""

from importlib import import_module

from course_utils._checks import check_choice

COHORTS = {
    "brain_mri": "course_utils.simulation.brain.cohort",
    "breast_ultrasound": "course_utils.simulation.breast.cohort",
    "skin_lesions": "course_utils.simulation.skin.cohort",
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
