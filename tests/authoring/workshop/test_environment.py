"""pyproject.toml, the locks and environment.yml agree, and set-up speaks plainly when it fails."""

import os
import re
import subprocess
import sys
import tomllib

import pytest
import yaml
from authoring.workshop.learner_environment import pip_part
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from authoring.workshop import bootstrap
from course_utils import ROOT, doctor

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PINNED = re.compile(r"^([\w.-]+)==([^\s;\\]+)", re.MULTILINE)


def locked(name):
    return dict(PINNED.findall((ROOT / name).read_text()))


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("requirements.lock", PROJECT["dependencies"]),
        (
            "requirements-dev.lock",
            PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"],
        ),
    ],
)
def test_lock_satisfies_pyproject(lock, wanted):
    versions = locked(lock)
    for requirement in map(Requirement, wanted):
        assert requirement.specifier.contains(versions[requirement.name]), requirement


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_every_locked_package_has_hashes(lock):
    text = (ROOT / lock).read_text()
    entries = re.split(r"\n(?=\w)", text.split("\n", 2)[2])
    assert all("--hash=sha256:" in entry for entry in entries if "==" in entry)


def test_authors_have_the_learners_versions():
    assert locked("requirements.lock").items() <= locked("requirements-dev.lock").items()


def test_learners_do_not_install_the_authors_tools():
    tools = {Requirement(text).name for text in PROJECT["optional-dependencies"]["dev"]}
    assert not (tools - {"pyyaml"}) & set(locked("requirements.lock"))


def test_environment_yml_takes_python_from_conda_and_the_rest_from_the_lock():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    python = next(part for part in environment["dependencies"] if str(part).startswith("python "))
    assert SpecifierSet(python.split(" ", 1)[1]) == SpecifierSet(PROJECT["requires-python"])
    assert pip_part() == ["-r requirements.lock"]
    assert "conda-forge" in environment["channels"]


def test_all_places_name_the_same_pythons():
    allowed = SpecifierSet(PROJECT["requires-python"])
    for oldest, newest in (doctor.PYTHONS, (bootstrap.OLDEST, bootstrap.NEWEST)):
        assert allowed.contains(f"{oldest[0]}.{oldest[1]}")
        assert allowed.contains(f"{newest[0]}.{newest[1]}.9")
        assert not allowed.contains(f"{oldest[0]}.{oldest[1] - 1}.9")
        assert not allowed.contains(f"{newest[0]}.{newest[1] + 1}")


# ---- set-up that cannot work ----------------------------------------------------------------


def fake_python(folder, version, modules=True):
    """Write a command that answers like a Python of that version."""
    path = folder / "python"
    path.write_text(
        "#!/bin/sh\n"
        f'case "$2" in *version_info*) echo "{version}";; *ensurepip*) exit {int(not modules)};; '
        "*) exit 9;; esac\n"
    )
    path.chmod(0o755)
    return str(path)


def set_up(tmp_path, python, **environment):
    run = subprocess.run(
        [sys.executable, str(ROOT / "authoring" / "workshop" / "bootstrap.py"), "learner"],
        capture_output=True,
        text=True,
        env={**os.environ, "VENV": str(tmp_path / "venv"), "PYTHON": python, **environment},
    )
    assert run.returncode == 1
    assert "Traceback" not in run.stderr
    return run.stderr.strip()


pytestmark = pytest.mark.skipif(os.name == "nt", reason="the set-up's fakes are shell scripts")


@pytest.mark.parametrize(("version", "shown"), [("3 9", "3.9"), ("3 14", "3.14")])
def test_unsupported_python_gets_one_sentence(tmp_path, version, shown):
    message = set_up(tmp_path, fake_python(tmp_path, version))
    assert f"needs Python 3.11 to 3.13, and found {shown}." in message
    assert len(message.splitlines()) == 1


def test_python_that_does_not_start_gets_one_sentence(tmp_path):
    assert "found none that starts" in set_up(tmp_path, str(tmp_path / "absent"))


def test_missing_venv_module_gets_one_sentence(tmp_path):
    message = set_up(tmp_path, fake_python(tmp_path, "3 12", modules=False))
    assert "has no venv module" in message
    assert "python3.12-venv" in message
    assert len(message.splitlines()) == 1


@pytest.mark.slow
def test_no_network_gets_one_sentence(tmp_path):
    # Nothing listens on port 9 of the loopback address.
    message = set_up(
        tmp_path,
        sys.executable,
        PIP_INDEX_URL="http://127.0.0.1:9/simple",
        PIP_NO_CACHE_DIR="1",
        PIP_CONFIG_FILE=os.devnull,
        PIP_FIND_LINKS="",
    )
    assert "the package index could not be reached" in message
    assert len(message.splitlines()) == 1


def test_second_run_does_no_work(tmp_path, monkeypatch):
    monkeypatch.setenv("VENV", str(tmp_path))
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.touch()
    (tmp_path / "installed-learner").write_text(bootstrap.fingerprint("learner"))
    monkeypatch.setattr(bootstrap, "install", lambda *arguments: pytest.fail("installed again"))
    bootstrap.main(["learner"])


def test_changed_lock_is_installed_again(tmp_path):
    (tmp_path / "installed-learner").write_text("an older lock")
    assert not bootstrap.is_installed("learner", str(tmp_path))


def test_bootstrap_has_no_syntax_newer_than_python_3_0():
    text = (ROOT / "authoring" / "workshop" / "bootstrap.py").read_text()
    assert not re.search(r"""\bf["']|:=|async |\bmatch \w+:""", text)
