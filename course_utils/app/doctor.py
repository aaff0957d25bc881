"""The environment check: what is installed, what works, and what to do about each problem."""

import hashlib
import html
import importlib.metadata
import io
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections import namedtuple

from course_utils import ROOT
from course_utils import app as workspace

INSTALL = "run 'make lab' again (or 'conda env update' in the course's environment)"
PYTHONS = ((3, 11), (3, 13))
TOTAL_MEMORY_GB, FREE_MEMORY_GB, FREE_DISK_GB = 4, 1.5, 1
KERAS_SETTINGS = ["tensorflow", "channels_last", "float32"]
KERAS_REMEDY = "another course or program has set Keras; delete .keras/keras.json in your home "
KERAS_REMEDY += "folder (or in KERAS_HOME) and unset KERAS_BACKEND"

# TensorFlow can end the process that imports it, so another one tries, naming what comes next.
TRIAL = """
import os
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
print("TensorFlow", flush=True)
import numpy as np, tensorflow as tf
image = np.arange(9, dtype=np.float32).reshape(1, 3, 3, 1)
result = np.squeeze(tf.nn.conv2d(image, np.ones((3, 3, 1, 1)), 1, "VALID"))
print(tf.__version__, result, "Keras", flush=True)
from keras import config
print(config.backend(), config.image_data_format(), config.floatx())
"""

CHECKS = {}


def _check(name):
    return lambda function: CHECKS.setdefault(name, function)


class Problem(Exception):
    """Raised by a check: what was found, what to do, and whether it stops the course."""

    def __init__(self, found, remedy, state="problem"):
        self.line = (state, found, remedy)


Check = namedtuple("Check", ("name", "state", "found", "remedy"), defaults=("",))


class Report:
    """All checks. Shows itself without the details that differ between healthy machines."""

    def __init__(self, checks):
        self.checks = checks
        self.problems = [check for check in checks if check.state == "problem"]
        count, good = len(checks), sum(check.state == "ok" for check in checks)
        passed = f"All {count}" if good == count else f"{good} of {count}"
        self.verdict = f"{passed} checks passed. Your environment is ready."
        if self.problems:
            self.verdict = f"{len(self.problems)} of {count} checks found a problem."

    def __repr__(self):
        return self.details(found=False)

    def details(self, found=True):
        """Return the report as text with what was found on this machine."""
        lines = []
        for check in self.checks:
            said = f"{check.state:8}{check.found}" if found else check.state
            lines.append(f"{check.name:22}{said}")
            lines += [f"{'':22}-> {check.remedy}"] if check.remedy else []
        return "\n".join([*lines, self.verdict])

    def _repr_html_(self):
        def row(tag, *texts):
            cells = (f"<{tag} style='text-align:left'>{html.escape(t)}</{tag}>" for t in texts)
            return f"<tr>{''.join(cells)}</tr>"

        head = row("th", "check", "state", "what to do")
        rows = "".join(row("td", check.name, check.state, check.remedy) for check in self.checks)
        table = f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>"
        return f"{table}<p>{html.escape(self.verdict)}</p>"


def examine():
    """Run every check, in some seconds, and return a `Report`; one that breaks is a problem."""
    checks = []
    for name, check in CHECKS.items():
        try:
            line = ("ok", check())
        except Problem as problem:
            line = problem.line
        except Exception as error:
            line = ("problem", f"{type(error).__name__}: {error}", INSTALL)
        checks.append(Check(name, *line))
    return Report(checks)


def _run(*arguments, **options):
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, **options)


@_check("Python")
def _python():
    found, (oldest, newest) = platform.python_version(), PYTHONS
    if not oldest <= sys.version_info[:2] <= newest:
        wanted = "{}.{} to {}.{}".format(*oldest, *newest)
        raise Problem(found, f"install Python {wanted}, then {INSTALL}")
    return f"{found} on {platform.system()} {platform.machine()}"


@_check("packages")
def _packages():
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = dict(re.findall(r"^([\w.-]+)==([^\s;\\]+)", lock, flags=re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = [re.match(r"[\w.-]+", text)[0] for text in project["dependencies"]]
    here = {name: _version(name) for name in names}
    other = [name for name in names if here[name] != locked[name]]
    if other:
        found = "; ".join(f"{name} {here[name]}, locked {locked[name]}" for name in other)
        state = "problem" if "missing" in here.values() else "warning"
        raise Problem(found, f"{found}: {INSTALL}", state)
    return f"{len(names)} as locked"


def _version(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "missing"


@_check("course_utils")
def _course_package():
    if _run("-c", "import course_utils", cwd=ROOT.anchor).returncode:
        remedy = "for editors other than JupyterLab run, in the course's folder: "
        remedy += "python -m pip install --no-deps --no-build-isolation -e ."
        raise Problem("only from the course's folder", remedy, "warning")
    return "from any folder"


@_check("TensorFlow, Keras")
def _tensorflow_and_keras():
    run = _run("-c", TRIAL)
    words = run.stdout.split()
    if run.returncode:
        code, said = run.returncode, " ".join(run.stderr.strip().splitlines()[-2:])[-300:]
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        found = f"{words[-1]} ended with {how}: {said}"
        remedy = "If that names AVX or SIGILL, this processor (or virtual machine) lacks what "
        remedy += f"TensorFlow needs: use another machine or Binder. Otherwise {INSTALL}"
        raise Problem(found, f"{found}. {KERAS_REMEDY if 'Keras' in words else remedy}")
    _, version, result, _, *settings = words
    if float(result) != 36:
        raise Problem(f"TensorFlow computed {result} for 36", INSTALL)
    if settings != KERAS_SETTINGS:
        found = f"Keras is set to {', '.join(settings)} instead of {', '.join(KERAS_SETTINGS)}"
        raise Problem(found, f"{found}: {KERAS_REMEDY}")
    return f"{version} computes; {', '.join(settings)}"


@_check("medical images")
def _medical_images():
    import nibabel
    import pydicom
    from pydicom.data import get_testdata_file

    path = get_testdata_file("MR_small_jpeg_ls_lossless.dcm", download=False)
    pydicom.dcmread(path).pixel_array.reshape(64, 64)
    nibabel.load(ROOT / "data" / "mni152_t1_2mm.nii.gz")
    return "DICOM and NIfTI can be read"


@_check("figures")
def _figures():
    from matplotlib.figure import Figure

    Figure(figsize=(1, 1)).savefig(io.BytesIO(), format="png")
    return "can be drawn"


@_check("JupyterLab")
def _jupyterlab():
    if (run := _run("-m", "ipykernel", "--version")).returncode:
        raise Problem(run.stderr.strip()[-200:], INSTALL)
    return f"{_version('jupyterlab')}, its kernel starts"


@_check("lessons")
def _lessons():
    there, mine = workspace.lessons(workspace.LESSONS), workspace.lessons(workspace.WORKSPACE)
    if not there:
        remedy = "the clone is incomplete: run 'git checkout -- notebooks', or clone again"
        raise Problem("none in notebooks/", remedy)
    return f"{len(there)} in notebooks/, {len(mine)} in the workspace"


@_check("workspace")
def _workspace():
    folder = workspace.WORKSPACE
    place = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        tempfile.TemporaryFile(dir=place).close()
    except OSError as error:
        found = f"cannot write in {place}: {error.strerror}"
        raise Problem(found, f"{found}. Allow it, or set COURSE_WORKSPACE=/your/folder") from None
    return f"{folder} can be written"


@_check("embedded data")
def _embedded_data():
    lines = (ROOT / "data" / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    wrong = []
    for expected, name in (line.split(maxsplit=1) for line in lines):
        path = ROOT / "data" / name
        if not path.exists():
            wrong.append(f"{name} is missing")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != expected:
            wrong.append(f"{name} is damaged or was changed")
    if wrong:
        found = "; ".join(wrong)
        raise Problem(found, f"{found}: run 'git checkout -- data', or clone again")
    return f"{len(lines)} files, all verified"


@_check("real data")
def _real_data():
    from course_utils import real_data

    here = real_data.available().query("on_disk")["name"].unique()
    return ", ".join(here) or "none downloaded, none needed"


@_check("memory")
def _memory():
    import psutil

    memory = psutil.virtual_memory()
    free, total = memory.available / 1e9, memory.total / 1e9
    found = f"{free:.1f} of {total:.1f} GB free; a lesson needs 1 to 2"
    if total < TOTAL_MEMORY_GB or free < FREE_MEMORY_GB:
        remedy = "close other programs, and the lessons you have finished (with their kernels)"
        raise Problem(found, f"{found}: {remedy}", "warning")
    return found


@_check("disk space")
def _disk_space():
    free = shutil.disk_usage(ROOT).free / 1e9
    found = f"{free:.1f} GB free"
    if free < FREE_DISK_GB:
        remedy = f"{found}: free about {FREE_DISK_GB} GB, or saving your work may fail"
        raise Problem(found, remedy, "warning")
    return found
