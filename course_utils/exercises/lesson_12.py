"""Exercises of lesson 12, on what a network needs before it is used elsewhere."""
