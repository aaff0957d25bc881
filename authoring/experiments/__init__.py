"""What needs many trainings: computed once, stored as tables, read by the lessons.

Each experiment is a module with ``ARMS`` (or ``arms()``, where they are read from another table),
``SEEDS`` and ``measure(seed, **settings)``, which calls the functions that its lesson shows
(`definitions`); ``score(rows)`` says in one number what a run is worth, and ``SAMPLE`` names the
arm that is run to see whether code that has changed still gives the stored result. A module whose
result is more than one table has ``tables(result)``. ``python -m authoring.experiments`` computes
the tables in data/results, which data/results/tables.toml lists.
"""
