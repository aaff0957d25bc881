"""Write requirements.lock and requirements-dev.lock from pyproject.toml, for every system.

The second lock holds the first, version by version, and adds the authors' tools.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMMAND = (
    *("uv", "pip", "compile", "--quiet", "--universal", "--fork-strategy", "fewest"),
    *("--python-version", "3.11", "--generate-hashes", "--custom-compile-command", "make lock"),
)


def compile_lock(target, *options, upgrade=True):
    command = [sys.executable, "-m", *COMMAND, *options, "pyproject.toml", "-o", target]
    subprocess.run(command + (["--upgrade"] if upgrade else []), cwd=ROOT, check=True)


def main(arguments):
    upgrade = "--keep" not in arguments
    compile_lock("requirements.lock", upgrade=upgrade)
    compile_lock(
        "requirements-dev.lock", "--extra", "dev", "-c", "requirements.lock", upgrade=upgrade
    )
    print("wrote requirements.lock and requirements-dev.lock; run 'make test' before you commit")


if __name__ == "__main__":
    main(sys.argv[1:])
