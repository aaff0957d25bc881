"""Run ``python -m course_utils COMMAND``."""

import sys

from course_utils.app.commands import main

if __name__ == "__main__":
    sys.exit(main())
