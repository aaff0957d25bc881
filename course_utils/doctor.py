"""The environment check: what is installed, what works, and what to do about each problem."""

import hashlib
import html
import importlib.metadata
import io
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass

import numpy as np

from course_utils import ROOT, workspace

INSTALL = "run 'make lab' again (or 'conda env update' in the course's environment)"
NEEDED_MEMORY_GB = 4
NEEDED_DISK_GB = 1
PYTHONS = ((3, 11), (3, 13))


@dataclass(frozen=True)
class Check:
    """One line of the report.

    Attributes
    ----------
    name : str
        What was looked at.
    state : {'ok', 'warning', 'problem'}
        A problem stops the course; a warning limits it.
    found : str
        What is there on this machine.
    remedy : str
        What to do; empty where the state is 'ok'.
    """

    name: str
    state: str
    found: str
    remedy: str = ""


@dataclass(frozen=True)
class Report:
    """All checks. Shows itself without the details that differ between healthy machines."""

    checks: tuple

    @property
    def problems(self):
        """The checks that stop the course."""
        return tuple(check for check in self.checks if check.state == "problem")

    @property
    def verdict(self):
        """One sentence: ready or not."""
        if self.problems:
            return f"{len(self.problems)} of {len(self.checks)} checks found a problem."
        return f"All {len(self.checks)} checks passed. Your environment is ready."

    def __repr__(self):
        return self._as_text(lambda check: check.state)

    def details(self):
        """Return the report as text with what was found on this machine."""
        return self._as_text(lambda check: f"{check.state:8}{check.found}")

    def _as_text(self, describe):
        lines = []
        for check in self.checks:
            lines.append(f"{check.name:22}{describe(check)}")
            if check.remedy:
                lines.append(f"{'':22}-> {check.remedy}")
        return "\n".join([*lines, self.verdict])

    def _repr_html_(self):
        rows = "".join(
            f"<tr><td style='text-align:left'>{html.escape(check.name)}</td>"
            f"<td style='text-align:left'>{check.state}</td>"
            f"<td style='text-align:left'>{html.escape(check.remedy)}</td></tr>"
            for check in self.checks
        )
        return (
            "<table><thead><tr><th>check</th><th>state</th><th>what to do</th></tr></thead>"
            f"<tbody>{rows}</tbody></table><p>{html.escape(self.verdict)}</p>"
        )


def examine():
    """Run every check. A check that itself breaks is reported as a problem, never raised.

    Returns
    -------
    report : Report

    Notes
    -----
    Takes some seconds, most of them TensorFlow's start. Needs no network. Lesson 00 shows it.
    """
    checks = []
    for check in CHECKS:
        try:
            checks.append(check())
        except Exception as error:
            name = check.__name__.removeprefix("check_").replace("_", " ")
            checks.append(Check(name, "problem", f"{type(error).__name__}: {error}", INSTALL))
    return Report(tuple(checks))


def check_python():
    """Python is a version that the locked packages support."""
    oldest, newest = PYTHONS
    found = platform.python_version()
    if oldest <= sys.version_info[:2] <= newest:
        return Check("Python", "ok", f"{found} on {platform.system()} {platform.machine()}")
    remedy = f"install Python {oldest[0]}.{oldest[1]} to {newest[0]}.{newest[1]}, then {INSTALL}"
    return Check("Python", "problem", found, remedy)


def check_packages():
    """Every package that the lock names for this system is installed in that version."""
    wanted = locked_versions()
    differing = []
    for name in direct_dependencies():
        try:
            installed = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            installed = "missing"
        if installed != wanted[name]:
            differing.append(f"{name} {installed}, locked {wanted[name]}")
    if not differing:
        return Check("packages", "ok", f"{len(direct_dependencies())} as locked")
    missing = any(" missing" in text for text in differing)
    state = "problem" if missing else "warning"
    return Check("packages", state, "; ".join(differing), f"{'; '.join(differing)}: {INSTALL}")


def locked_versions():
    """Return the lock as a dictionary of package name to version."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    return dict(re.findall(r"^([\w.-]+)==([^\s;\\]+)", text, flags=re.MULTILINE))


def direct_dependencies():
    """Return the names of the packages that pyproject.toml asks for."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [re.match(r"[\w.-]+", text)[0] for text in project["dependencies"]]


def check_course_package():
    """course_utils can be imported from any folder."""
    code = "import course_utils; print(course_utils.__version__)"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT.anchor, capture_output=True, text=True
    )
    if run.returncode == 0:
        return Check("course_utils", "ok", f"{run.stdout.strip()}, from any folder")
    remedy = (
        "works in JupyterLab as it is; for other editors run, in the course's folder: "
        "python -m pip install --no-deps --no-build-isolation -e ."
    )
    return Check("course_utils", "warning", "only from the course's folder", remedy)


def check_tensorflow():
    """Compare a convolution by TensorFlow with the hand calculation."""
    from course_utils._tensorflow import import_quietly

    tensorflow = import_quietly()
    image = np.arange(9, dtype=np.float32).reshape(1, 3, 3, 1)
    result = float(np.squeeze(tensorflow.nn.conv2d(image, np.ones((3, 3, 1, 1)), 1, "VALID")))
    if result != 36:
        return Check("TensorFlow", "problem", f"computed {result} for 36", INSTALL)
    devices = len(tensorflow.config.list_physical_devices("GPU"))
    return Check("TensorFlow", "ok", f"{tensorflow.__version__}, computes, {devices} GPU")


def check_medical_files():
    """DICOM (also compressed by JPEG-LS) and NIfTI files can be read."""
    import nibabel
    import pydicom
    from pydicom.data import get_testdata_file

    path = get_testdata_file("MR_small_jpeg_ls_lossless.dcm", download=False)
    shape = pydicom.dcmread(path).pixel_array.shape
    volume = nibabel.load(ROOT / "data" / "mni152_t1_2mm.nii.gz").shape
    if shape != (64, 64) or len(volume) != 3:
        return Check("medical images", "problem", f"read {shape} and {volume}", INSTALL)
    return Check("medical images", "ok", "DICOM and NIfTI can be read")


def check_figures():
    """Matplotlib can draw."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1, 1))
    FigureCanvasAgg(figure)
    figure.add_subplot().plot([0, 1])
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    drawn = buffer.getvalue().startswith(b"\x89PNG")
    return Check("figures", "ok" if drawn else "problem", "can be drawn", "" if drawn else INSTALL)


def check_notebooks():
    """JupyterLab is installed and a kernel of this environment can be started."""
    from jupyter_client.kernelspec import KernelSpecManager

    version = importlib.metadata.version("jupyterlab")
    spec = KernelSpecManager().get_kernel_spec("python3")
    command = [sys.executable if part == "python" else part for part in spec.argv[:1]]
    run = subprocess.run([*command, "-m", "ipykernel", "--version"], capture_output=True, text=True)
    if run.returncode == 0:
        return Check("JupyterLab", "ok", f"{version}, kernel {run.stdout.strip()}")
    return Check("JupyterLab", "problem", run.stderr.strip()[-200:], INSTALL)


def check_lessons():
    """Count the lessons."""
    there, mine = len(workspace.lessons()), len(workspace.lessons(workspace.WORKSPACE))
    if there:
        return Check("lessons", "ok", f"{there} in notebooks/, {mine} in workspace/")
    remedy = "the clone is incomplete: run 'git checkout -- notebooks', or clone again"
    return Check("lessons", "problem", "none in notebooks/", remedy)


def check_embedded_data():
    """Verify that the files in data/ are complete and unchanged."""
    wrong = []
    for name, expected in embedded_checksums().items():
        path = ROOT / "data" / name
        if not path.exists():
            wrong.append(f"{name} is missing")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != expected:
            wrong.append(f"{name} is damaged or was changed")
    if not wrong:
        return Check("embedded data", "ok", f"{len(embedded_checksums())} files, all verified")
    remedy = f"{'; '.join(wrong)}: run 'git checkout -- data', or clone again"
    return Check("embedded data", "problem", "; ".join(wrong), remedy)


def embedded_checksums():
    """Return data/SHA256SUMS as a dictionary of file name to checksum."""
    lines = (ROOT / "data" / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, name in (line.split(maxsplit=1) for line in lines)}


def check_real_data():
    """List the downloaded real sets. None is needed; lessons 08 to 10 can use them."""
    from course_utils import downloads

    table = downloads.available()
    here = table.loc[table["on_disk"], "name"].unique()
    return Check("real data", "ok", ", ".join(here) or "none downloaded, none needed")


def check_memory():
    """There is memory enough for the largest lesson."""
    import psutil

    total = psutil.virtual_memory().total / 1e9
    if total >= NEEDED_MEMORY_GB:
        return Check("memory", "ok", f"{total:.0f} GB")
    remedy = f"the largest lessons need {NEEDED_MEMORY_GB} GB; close other programs, or use Binder"
    return Check("memory", "warning", f"{total:.1f} GB", remedy)


def check_disk():
    """There is disk space for the learner's copies and a downloaded data set."""
    free = shutil.disk_usage(ROOT).free / 1e9
    if free >= NEEDED_DISK_GB:
        return Check("disk space", "ok", f"{free:.0f} GB free")
    remedy = f"free about {NEEDED_DISK_GB} GB, or saving your work may fail"
    return Check("disk space", "warning", f"{free:.1f} GB free", remedy)


CHECKS = (
    check_python,
    check_packages,
    check_course_package,
    check_tensorflow,
    check_medical_files,
    check_figures,
    check_notebooks,
    check_lessons,
    check_embedded_data,
    check_real_data,
    check_memory,
    check_disk,
)
