"""The learner's commands, ``python -m course_utils COMMAND``."""
