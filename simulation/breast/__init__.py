"""Breast ultrasound, simulated: tissue and lesions in mm, seen through a beam."""
