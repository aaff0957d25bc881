"""What leaves the repository: site, slides, copies for a class, a kit without a network."""

import argparse
import sys

from authoring.workshop.lessons import LessonError, find_lessons


def command(description, write, arguments=None):
    """Call `write` with the paths of the lessons named on the command line; return the exit code.

    It returns what it wrote, as a sentence.
    """
    parser = argparse.ArgumentParser(description=description.split("\n", maxsplit=1)[0])
    parser.add_argument("lessons", nargs="*", metavar="LESSON")
    try:
        print(write(find_lessons(parser.parse_args(arguments).lessons)))
    except LessonError as error:
        print(error, file=sys.stderr)
        return 2
    return 0
