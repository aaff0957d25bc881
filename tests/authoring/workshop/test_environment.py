"""pyproject.toml, the locks and environment.yml agree, and set-up speaks plainly when it fails."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from jupyter_client.kernelspec import KernelSpecManager
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from authoring.publishing import kit_start
from authoring.workshop import bootstrap
from course_utils import ROOT
from course_utils.app import doctor

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
TOOLS = PROJECT["optional-dependencies"]["dev"]
PINNED = re.compile(r"^([\w.-]+)==([^\s;\\]+)", re.MULTILINE)
LOCKS = ["requirements.lock", "requirements-dev.lock"]

# The set-up's fakes are shell scripts.
posix = pytest.mark.skipif(os.name == "nt", reason="needs a shell of POSIX")


def locked(name):
    return dict(PINNED.findall((ROOT / name).read_text()))


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_satisfies_pyproject_and_has_hashes(lock):
    for wanted in map(Requirement, PROJECT["dependencies"] + TOOLS * (lock == LOCKS[1])):
        assert wanted.specifier.contains(locked(lock)[wanted.name]), wanted
    entries = re.split(r"\n(?=\w)", (ROOT / lock).read_text().split("\n", 2)[2])
    assert all("--hash=sha256:" in entry for entry in entries if "==" in entry)


def test_authors_have_the_learners_versions_and_their_tools_on_top():
    assert locked(LOCKS[0]).items() <= locked(LOCKS[1]).items()
    names = {Requirement(text).name for text in TOOLS}
    assert not (names - {"pyyaml"}) & set(locked(LOCKS[0]))


def test_environment_yml_takes_python_from_conda_and_the_rest_from_the_lock():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    python, _, of_pip = environment["dependencies"]
    # How Binder reads the version: repo2docker 2026.4, buildpacks/conda.
    version = re.fullmatch(r"python\s*=+\s*([\d\.]*)", python)[1]
    assert SpecifierSet(PROJECT["requires-python"]).contains(f"{version}.9")
    assert of_pip == {"pip": ["-r requirements.lock"]}
    assert environment["name"] == bootstrap.CONDA_NAME
    assert "conda-forge" in environment["channels"]


def test_all_places_name_the_same_pythons():
    allowed = SpecifierSet(PROJECT["requires-python"])
    assert doctor.PYTHONS == (bootstrap.OLDEST, bootstrap.NEWEST)
    for (major, minor), beyond in zip(doctor.PYTHONS, (-1, 1), strict=True):
        assert allowed.contains(f"{major}.{minor}.9")
        assert not allowed.contains(f"{major}.{minor + beyond}.9")


@pytest.mark.skipif(not sys.prefix.endswith("-author"), reason="not set up by `make setup-author`")
def test_lessons_are_executed_by_the_learners_python():
    python = KernelSpecManager().get_kernel_spec("python3").argv[0]
    code = "import sys, importlib.util as u; print(sys.prefix, u.find_spec('pytest'), end='')"
    said = subprocess.run([python, "-c", code], capture_output=True, text=True).stdout
    assert said == f"{sys.prefix.removesuffix('-author')} None"


def script(path, line):
    """Write a command that does one line of shell."""
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)
    return str(path)


def set_up(tmp_path, python, **environment):
    """Run a set-up that fails; return the one sentence that it says."""
    environment = {**os.environ, "VENV": str(tmp_path / "venv"), "PYTHON": python, **environment}
    command = [sys.executable, bootstrap.__file__, "learner"]
    run = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert run.returncode == 1
    assert len(run.stderr.strip().splitlines()) == 1, run.stderr
    return run.stderr


@posix
@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("3 9", "needs Python 3.11 to 3.13, and found 3.9."),
        ("3 14", "needs Python 3.11 to 3.13, and found 3.14."),
        ("x", "found none that starts"),
        ("3 12", "has no venv module. On Debian and Ubuntu install it with 'sudo apt "),
    ],
)
def test_unsuitable_python_gets_one_sentence(tmp_path, version, said):
    answers = f'case "$2" in *version_info*) echo "{version}";; *) exit 9;; esac'
    assert said in set_up(tmp_path, script(tmp_path / "python", answers))


def test_active_conda_environment_of_the_course_needs_no_other(tmp_path):
    said = set_up(tmp_path, sys.executable, CONDA_DEFAULT_ENV=bootstrap.CONDA_NAME)
    assert "use 'python -m course_utils'" in said


@pytest.mark.slow
def test_no_network_gets_one_sentence(tmp_path):
    # Nothing listens on port 9 of the loopback address.
    closed = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_CONFIG_FILE": os.devnull}
    said = set_up(tmp_path, sys.executable, PIP_NO_CACHE_DIR="1", PIP_FIND_LINKS="", **closed)
    assert "the package index could not be reached" in said


def test_changed_lock_is_installed_again(tmp_path):
    (tmp_path / "installed-learner").write_text("an older lock")
    assert not bootstrap.is_installed("learner", str(tmp_path))


@pytest.mark.parametrize("module", [bootstrap, kit_start])
def test_first_files_have_no_syntax_newer_than_python_3_0(module):
    text = Path(module.__file__).read_text()
    assert not re.search(r"""\bf["']|:=|async |\bmatch \w+:""", text)


@posix
def test_make_works_in_a_folder_of_any_name_and_installs_once(tmp_path):
    folder = tmp_path / "Jane's Kurs für Ärzte & more (2)"
    for part in ("Makefile", "pyproject.toml", *LOCKS, "authoring/workshop/bootstrap.py"):
        (folder / part).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / part, folder / part)
    for venv, kind in ((".venv", "learner"), (".venv-author", "author")):
        (folder / venv / "bin").mkdir(parents=True)
        (folder / venv / f"installed-{kind}").write_text(bootstrap.fingerprint(kind))
        script(folder / venv / "bin" / "python", f'echo "{kind}: $*"')
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("VENV", "MAKE"))}
    for command, said in {
        "lab ARGS=--no-browser": "learner: -m course_utils lab --no-browser\n",
        "doctor": "learner: -m course_utils doctor\n",
        "reset LESSON=01": "learner: -m course_utils reset 01\n",
        "download": "learner: -m course_utils list\n",
        "download NAME=breastmnist": "learner: -m course_utils download breastmnist\n",
        "-s unit": "author: -m pytest -q\n",
    }.items():
        run = subprocess.run(
            ["make", *command.split()], cwd=folder, env=environment, capture_output=True, text=True
        )
        assert (run.stdout, run.stderr) == (said, "")


@posix
def test_folder_without_wheels_gets_one_sentence(tmp_path):
    said = set_up(tmp_path, sys.executable, WHEELS=str(tmp_path))
    assert f"WHEELS names {tmp_path}, and no wheel" in said


@posix
def test_wheels_for_another_python_get_one_sentence(tmp_path):
    (tmp_path / "compiled-1.0-cp312-cp312-win_amd64.whl").touch()
    (tmp_path / "stable-1.0-cp38-abi3-win_amd64.whl").touch()
    python = script(tmp_path / "python", 'echo "3 13"')
    said = set_up(tmp_path, python, WHEELS=str(tmp_path))
    assert f"the wheels in {tmp_path} are for Python 3.12, and found 3.13." in said
