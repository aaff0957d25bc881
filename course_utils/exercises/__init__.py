"""Checks of the exercises, one module per lesson.

A lesson imports its own module, for example ``from course_utils.exercises import lesson_01``,
and calls ``lesson_01.check_1_1(answer)``. Lesson 00 shows how exercises work.
"""
