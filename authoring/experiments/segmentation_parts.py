"""Lesson 10's network without skip connections, and with a last bias that fits the prior.

Validation patients only. The test patients had been opened before these networks were tried, so
they explain, and do not compete with the arms of `segmentation`.
"""

from authoring.experiments import segmentation
from authoring.experiments.definitions import definitions

LESSON = definitions("10")
ARMS = LESSON.PARTS
SEEDS = segmentation.SEEDS
measure, score = segmentation.measure, segmentation.score
