"""Generators of the simulated data sets; nothing in them shows a person."""
