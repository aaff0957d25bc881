"""What needs many trainings: computed once, stored as tables, read by the lessons.

`runs` calls a function over settings and seeds; each further module is the experiment of a
lesson. ``python -m course_utils.experiments`` computes the tables in data/results.
"""

from course_utils.experiments.runs import probabilities, results, run, store

__all__ = ["probabilities", "results", "run", "store"]
