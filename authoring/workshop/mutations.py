"""Break the package in several ways, one at a time, and see that a test fails each time.

    python -m authoring.workshop.mutations

Works on a copy of the repository. The exit code is 1 if a mutation survives or fits no longer.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from course_utils import ROOT

# What is broken, in which module, what stands there, what is put there, the tests that must notice.
MUTATIONS = [
    (
        "the slider of the cost is not connected",
        "widgets.py",
        '"costs": (miss_cost, costs[1])',
        '"costs": (costs[0], costs[1])',
        "plotting",
    ),
    (
        "the slider of the sensitivity is not connected",
        "widgets.py",
        "        plotting.plot_predictive_values,\n",
        "        lambda sensitivity, **given: plotting.plot_predictive_values(0.9, **given),\n",
        "plotting",
    ),
    (
        "padding with 0 instead of the window's low end",
        "own_data/pictures.py",
        "window[0] if window else 0",
        "0",
        "own_data/test_pictures.py",
    ),
    (
        "volumes padded with 0",
        "own_data/volumes.py",
        "placement.resized(image, low)",
        "placement.resized(image, 0)",
        "test_volume_folders.py",
    ),
    (
        "PatientAge does not identify",
        "imaging/identifying.toml",
        "PatientSex PatientAge",
        "PatientSex",
        "imaging",
    ),
    (
        "no correction of the bootstrap's spread for few groups",
        "evaluation/intervals.py",
        "draws.std() * np.sqrt(smallest / (smallest - 1))",
        "draws.std()",
        "evaluation",
    ),
    (
        "temperatures from 0.2 to 5 only",
        "evaluation/decisions.py",
        "COLDEST, HOTTEST = 0.02, 50.0",
        "COLDEST, HOTTEST = 0.2, 5.0",
        "evaluation",
    ),
    (
        "another size at which coverage is enough",
        "evaluation/intervals.py",
        "LOW_COVERAGE = 0.9",
        "LOW_COVERAGE = 0.5",
        "evaluation",
    ),
    (
        "the box around a head is half a pixel off",
        "datasets/resizing.py",
        "y, x = (rows[0] + rows[-1] + 1) / 2",
        "y, x = (rows[0] + rows[-1]) / 2",
        "test_heads.py",
    ),
    (
        "no dot on the ROC curve",
        "plotting/figures.py",
        "        ax.plot(x, y, **POINT)\n",
        "",
        "plotting",
    ),
    (
        "a legend on the ROC curve",
        "plotting/figures.py",
        "        ax.get_legend().remove()\n",
        "        pass\n",
        "plotting",
    ),
]


def survives(root, module, old, new, tests):
    """Return whether the tests pass although the module is broken; it is repaired afterwards."""
    path = root / "course_utils" / module
    text = path.read_text(encoding="utf-8")
    if text.count(old) != 1:
        raise SystemExit(f"{module}: {old!r} stands there {text.count(old)} times, not once")
    path.write_text(text.replace(old, new), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        "-m",
        "not slow",
    ]
    try:
        done = subprocess.run(
            [*command, f"tests/course_utils/{tests}"], cwd=root, capture_output=True, text=True
        )
    finally:
        path.write_text(text, encoding="utf-8")
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    print("  " + (failed[0][:110] if failed else "no test failed"), flush=True)
    return done.returncode == 0


def main():
    """Try all mutations; return the exit code."""
    survivors = 0
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "copy"
        leave = shutil.ignore_patterns(".*", "build", "workspace", "notebooks")
        shutil.copytree(ROOT, root, ignore=leave)
        for name, *mutation in MUTATIONS:
            print(name, flush=True)
            survivors += survives(root, *mutation)
    print(f"{len(MUTATIONS) - survivors} of {len(MUTATIONS)} mutations noticed")
    return int(survivors > 0)


if __name__ == "__main__":
    sys.exit(main())
