"""A tiny data set for tests of everything that takes an ImageDataset."""

import numpy as np

from course_utils.datasets import ImageDataset


def tiny_fields(**changes):
    """Return fields of a valid set: 6 images, patients A A B C C D, two classes."""
    pixels = np.random.default_rng(0).integers(0, 256, (6, 8, 10, 2)).astype(np.uint8)
    fields = {
        "name": "tiny",
        "images": pixels,
        "labels": [0, 0, 1, 1, 1, 0],
        "class_names": ("healthy", "tumor"),
        "groups": ["A", "A", "B", "C", "C", "D"],
        "group_kind": "patient",
        "origin": "simulated",
        "channel_names": ("T1c", "FLAIR"),
        "splits": ["train", "train", "train", "validation", "validation", "test"],
        "masks": (pixels[..., 0] % 4).astype(np.uint8),
        "mask_names": ("core", "edema"),
        "sites": ["north", "north", "south", "south", "south", "north"],
        "slice_positions_mm": [0, 5, 0, 0, 5, 0],
        "slice_thickness_mm": 5,
        "pixel_spacing_mm": (1.5, 2),
        "attributes": {"size_mm": [0, 0, 9.5, 20, 21, np.nan], "plane": list("aabbaa")},
        "source": "made by the tests",
        "license": "MIT",
        "citation": "none",
        "meta": {"generator": "1.0", "seed": 7},
    }
    return fields | changes


def tiny(**changes):
    """Return a valid set, with some fields changed."""
    return ImageDataset(**tiny_fields(**changes))
