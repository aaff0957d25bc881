"""The environment check names each problem and what to do about it."""

import hashlib
import json
import os
import subprocess
from collections import namedtuple

import psutil
import pytest

from course_utils import ROOT
from course_utils import app as workspace
from course_utils.app import doctor


@pytest.fixture
def check(monkeypatch):
    """A function that runs one check and returns its line."""

    def run(name):
        monkeypatch.setattr(doctor, "CHECKS", {name: doctor.CHECKS[name]})
        return doctor.examine().checks[0]

    return run


def test_this_environment_is_ready():
    report = doctor.examine()
    assert not report.problems, report.details()
    assert "Your environment is ready." in repr(report)
    assert report._repr_html_().count("<tr>") == len(doctor.CHECKS) + 1


@pytest.mark.parametrize(
    ("content", "state", "said"),
    [(b"intact", "ok", ""), (b"int", "problem", "is damaged"), (None, "problem", "is missing")],
)
def test_broken_data_are_named_with_the_remedy(check, tmp_path, monkeypatch, content, state, said):
    (tmp_path / "data").mkdir()
    sums = f"{hashlib.sha256(b'intact').hexdigest()}  volume.nii.gz\n"
    (tmp_path / "data" / "SHA256SUMS").write_text(sums)
    if content:
        (tmp_path / "data" / "volume.nii.gz").write_bytes(content)
    monkeypatch.setattr(doctor, "ROOT", tmp_path)
    line = check("embedded data")
    assert line.state == state
    assert said in line.remedy
    assert state == "ok" or "git checkout -- data" in line.remedy


def test_embedded_files_are_all_listed():
    listed = {line.split()[1] for line in (ROOT / "data" / "SHA256SUMS").read_text().splitlines()}
    assert listed == {p.name for s in ("*.gz", "*.npz") for p in (ROOT / "data").glob(s)}


@pytest.mark.parametrize(("version", "state"), [("1.0", "warning"), ("missing", "problem")])
def test_other_versions_are_named(check, monkeypatch, version, state):
    real = doctor._version
    monkeypatch.setattr(doctor, "_version", lambda n: version if n == "numpy" else real(n))
    assert check("packages").state == state
    assert f"numpy {version}, locked" in check("packages").remedy


def test_python_that_is_too_new_is_a_problem(check, monkeypatch):
    monkeypatch.setattr(doctor.sys, "version_info", (3, 14, 0))
    assert "install Python 3.11 to 3.13" in check("Python").remedy


def test_a_check_that_breaks_is_reported_not_raised(monkeypatch):
    monkeypatch.setattr(doctor, "CHECKS", {"luck": lambda: 1 / 0})
    report = doctor.examine()
    assert "ZeroDivisionError" in report.details()
    assert "1 of 1 checks found a problem" in repr(report)


def test_workspace_that_cannot_be_written_is_a_problem(check, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setattr(workspace, "WORKSPACE", tmp_path / "file" / "workspace")
    assert check("workspace").state == "problem"
    assert "COURSE_WORKSPACE" in check("workspace").remedy


def test_little_free_memory_is_a_warning(check, monkeypatch):
    memory = namedtuple("memory", "available total")(0.9e9, 16e9)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
    assert check("memory").state == "warning"
    assert "0.9 of 16.0 GB" in check("memory").remedy


def test_keras_set_otherwise_is_a_problem(check, tmp_path, monkeypatch):
    settings = {"image_data_format": "channels_first", "floatx": "float16"}
    (tmp_path / "keras.json").write_text(json.dumps(settings))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    line = check("TensorFlow, Keras")
    assert line.state == "problem"
    assert all(value in line.found for value in settings.values())
    assert "keras.json" in line.remedy


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_tensorflow_that_ends_its_process_has_its_last_words_shown(tmp_path, learner_python):
    (tmp_path / "tensorflow.py").write_text(
        "import os, signal, sys\n"
        "print('compiled to use AVX instructions', file=sys.stderr, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGILL)\n"
    )
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    command = [learner_python, "-m", "course_utils", "doctor"]
    run = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert run.returncode == 1
    assert "ended with SIGILL: compiled to use AVX instructions" in run.stdout
    assert "this processor" in run.stdout
