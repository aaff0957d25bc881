"""Write a simulated set: ``python -m simulation NAME --out FILE --seed N``."""

import argparse
import sys
from pathlib import Path

from course_utils._files import write_npz
from simulation import COHORTS, cohort


def main(arguments=None):
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="simulation", description=__doc__)
    parser.add_argument("name", choices=COHORTS, help="which set")
    parser.add_argument("--out", type=Path, required=True, help="file to write, ending in .npz")
    parser.add_argument("--seed", type=int, help="the embedded set's own by default")
    parser.add_argument("--workers", type=int, help="processes; all processors by default")
    options = parser.parse_args(arguments)
    if options.out.suffix != ".npz" or not options.out.parent.is_dir():
        parser.error(
            f"--out is {str(options.out)!r}; give a name ending in .npz in a folder that exists"
        )
    for name, least in (("seed", 0), ("workers", 1)):
        value = getattr(options, name)
        if value is not None and value < least:
            parser.error(f"--{name} is {value}; give {least} or more")
    module = cohort(options.name)
    seed = module.SEED if options.seed is None else options.seed
    write_npz(options.out, module.simulate_set(seed, workers=options.workers))
    return 0


if __name__ == "__main__":
    sys.exit(main())
