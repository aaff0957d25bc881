"""What needs many trainings: computed once, stored as tables, read by the lessons.

`runs` calls a function over settings and seeds; each further module is the experiment of a
lesson. ``python -m authoring.experiments`` computes the tables in data/results.
"""

from authoring.experiments.runs import run, store

__all__ = ["run", "store"]
