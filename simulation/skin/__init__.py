"""Simulated dermoscopy: skin whose color follows from melanin, blood and depth, with lesions."""
