"""Write a simulated set: ``python -m simulation NAME --out FILE``."""

import argparse
import sys
from pathlib import Path

from course_utils._files import write_npz
from simulation.cohort import COHORTS


def main(arguments=None):
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m simulation", description=__doc__)
    parser.add_argument("name", choices=COHORTS, help="which set")
    parser.add_argument("--out", type=Path, required=True, help="file to write, ending in .npz")
    options = parser.parse_args(arguments)
    if options.out.suffix != ".npz" or not options.out.parent.is_dir():
        parser.error(
            f"--out is {str(options.out)!r}; give a name ending in .npz in a folder that exists"
        )
    write_npz(options.out, COHORTS[options.name].arrays())
    return 0


if __name__ == "__main__":
    sys.exit(main())
