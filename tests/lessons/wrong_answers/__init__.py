"""Wrong answers of the kind people really write, one module per lesson.

Each module ``lesson_NN`` holds ``WRONG_ANSWERS``: exercise -> [(answer, part of the message)].
"""

from importlib import import_module
from pathlib import Path

WRONG_ANSWERS = {
    exercise: cases
    for file in sorted(Path(__file__).parent.glob("lesson_*.py"))
    for exercise, cases in import_module(f"{__name__}.{file.stem}").WRONG_ANSWERS.items()
}
