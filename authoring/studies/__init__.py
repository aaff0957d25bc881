"""Questions about the data and the methods, each answered by one command; the README has the list.

``python -m authoring.studies`` lists them; ``python -m authoring.studies.NAME --help`` explains
one.
"""
