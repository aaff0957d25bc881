"""Prove that environment.yml is enough to learn with: install its pip part and run the lessons.

Makes .venv-conda, installs what environment.yml lists under pip (with the hashes of the lock),
runs the environment check there, and executes every lesson as a learner's copy. None of the
authors' tools are in that environment.
"""

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".venv-conda"


def pip_part():
    """Return what environment.yml hands to pip, as conda does: the lines of one file."""
    dependencies = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    return next(part["pip"] for part in dependencies if isinstance(part, dict))


def run(*command, **options):
    print("+", *(str(part).replace(str(ROOT), ".") for part in command), flush=True)
    subprocess.run([str(part) for part in command], check=True, cwd=ROOT, **options)


def main():
    venv.create(FOLDER, with_pip=True, clear=True)
    python = FOLDER / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    with tempfile.NamedTemporaryFile("w", suffix=".txt", dir=ROOT, delete=False) as file:
        file.write("\n".join(pip_part()) + "\n")
    try:
        run(python, "-m", "pip", "install", "--quiet", "-r", file.name)
    finally:
        Path(file.name).unlink()
    run(python, "-m", "course_utils", "doctor")
    run(python, "-m", "course_utils", "workspace")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TQDM_DISABLE": "1"}
    for lesson in sorted((ROOT / "workspace").glob("[0-9][0-9]_*.ipynb")):
        run(
            *(python, "-m", "nbconvert", "--to", "notebook", "--execute", "--stdout"),
            *("--ExecutePreprocessor.timeout=300", lesson),
            env=environment,
            stdout=subprocess.DEVNULL,
        )
    print("environment.yml: every lesson runs with what it installs")


if __name__ == "__main__":
    sys.exit(main())
