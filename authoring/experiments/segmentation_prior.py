"""Lesson 10's cross-entropy again, with a last bias that begins at the share of tumor pixels.

Validation patients only. The test patients had been opened before these networks were tried, so
they explain one failure, and do not compete with the arms of `segmentation`.
"""

from authoring.experiments import segmentation
from authoring.experiments.definitions import definitions

LESSON = definitions("10")
ARMS = LESSON.PRIOR
SEEDS = segmentation.SEEDS
measure, score = segmentation.measure, segmentation.score
