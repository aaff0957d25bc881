"""Which part of the step from 0…1 to -1…1 helps, and does every network need it? Lesson 04.

As `first_cnn`, at 96 pixels: the article's layers with a range that is wider but not centered, and
the network with a global maximum with the range as given.
"""

from authoring.experiments import first_cnn

ARMS = {
    "flatten, 0 to 1": {"network": "article", "ends": (0.0, 1.0), "size": 96},
    "flatten, 0 to 2": {"network": "article", "ends": (0.0, 2.0), "size": 96},
    "global maximum, 0 to 1": {"network": "pooled", "ends": (0.0, 1.0), "size": 96},
}
SEEDS = range(5)
SAMPLE = "global maximum, 0 to 1"
measure, score = first_cnn.measure, first_cnn.score


def tables(table):
    """Keep the probabilities of the patients."""
    return {"first_cnn_ranges": first_cnn.tables(table)["first_cnn"]}
