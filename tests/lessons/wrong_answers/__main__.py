"""Print what every check says: ``python -m tests.lessons.wrong_answers [2. 3.1 ...]``."""

import sys

from tests.lessons.wrong_answers import WRONG_ANSWERS
from tests.test_exercises import SOLUTIONS, find_check

for exercise, solution in SOLUTIONS.items():
    if not sys.argv[1:] or exercise.startswith(tuple(sys.argv[1:])):
        check = find_check(exercise)
        print(check(...))
        print(check(solution))
        for answer, _ in WRONG_ANSWERS[exercise]:
            print(check(answer))
