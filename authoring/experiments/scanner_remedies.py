"""Lesson 12: other trainings for the second scanner, and a network with dropout, three seeds."""

from authoring.experiments import second_scanner

LESSON = second_scanner.LESSON
ARMS = {arm: {"arm": arm} for arm in LESSON.ARMS}
SEEDS = LESSON.SEEDS
SAMPLE = "trained on B"

measure, score = second_scanner.measure, second_scanner.score
