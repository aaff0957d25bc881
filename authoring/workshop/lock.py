"""Write requirements.lock and requirements-dev.lock from pyproject.toml, for every system.

The second lock holds the first, version by version, and adds the authors' tools. The newest
versions that pyproject.toml allows are taken; with ``--keep`` those of the present locks where they
are still allowed; with ``--oldest`` the oldest that it names, to test that they still do.
"""

import argparse
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMMAND = (
    *("uv", "pip", "compile", "--quiet", "--universal", "--fork-strategy", "fewest"),
    *("--python-version", "3.11", "--generate-hashes", "--custom-compile-command", "make lock"),
)


def compile_lock(target, *options):
    command = [sys.executable, "-m", *COMMAND, *options, "pyproject.toml", "-o", target]
    subprocess.run(command, cwd=ROOT, check=True)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--keep", action="store_true", help="versions that are still allowed")
    which.add_argument("--oldest", action="store_true", help="take the lower bounds")
    options = parser.parse_args(arguments)
    fresh = [] if options.keep else ["--upgrade"]
    oldest = ["--resolution", "lowest-direct"] if options.oldest else []
    compile_lock("requirements.lock", *fresh, *oldest)
    compile_lock("requirements-dev.lock", "--extra", "dev", "-c", "requirements.lock", *fresh)
    print("wrote requirements.lock and requirements-dev.lock; run 'make test' before you commit")


if __name__ == "__main__":
    main()
