"""The kit holds what its systems need, refuses what differs, and installs without a network."""

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from authoring.publishing import kit
from course_utils import ROOT

LOCK = """\
# made by hand
both==1.0 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # via x
mac-only==2.0 ; sys_platform == 'darwin' \\
    --hash=sha256:cc
old-python==3.0 ; python_full_version < '3.12' \\
    --hash=sha256:dd
terminal==4.0 ; os_name != 'nt' or (sys_platform != 'emscripten' and sys_platform != 'win32') \\
    --hash=sha256:ee
"""

# A package that is a build backend, too: what installs the course's own package in the tiny kit.
BACKEND = """
import zipfile
def build_editable(folder, settings=None, metadata=None):
    name = "course_utils-1.0-py3-none-any.whl"
    with zipfile.ZipFile(folder + "/" + name, "w") as wheel:
        for file, text in {
            "METADATA": "Metadata-Version: 2.1\\nName: course-utils\\nVersion: 1.0",
            "WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any",
            "RECORD": "",
        }.items():
            wheel.writestr("course_utils-1.0.dist-info/" + file, text)
    return name
"""
PROJECT = """
[build-system]
requires = []
build-backend = "tiny"
[project]
name = "course-utils"
version = "1.0"
"""


@pytest.mark.parametrize(
    ("system", "python", "names"),
    [
        ("linux-x86_64", "3.11", ["both==1.0", "old-python==3.0", "terminal==4.0"]),
        ("macos-arm64", "3.12", ["both==1.0", "mac-only==2.0", "terminal==4.0"]),
        ("windows-x86_64", "3.13", ["both==1.0"]),
    ],
)
def test_requirements_are_those_of_the_system_that_the_kit_is_for(system, python, names):
    entries = kit.requirements(LOCK, system, python)
    assert [entry.splitlines()[0] for entry in entries] == [f"{name} \\" for name in names]
    assert entries[0].count("--hash=") == 2


def test_every_entry_of_the_lock_is_for_some_system():
    lock = (ROOT / "requirements.lock").read_text()
    everywhere = {
        entry.split()[0]
        for system in kit.SYSTEMS
        for python in kit.VERSIONS
        for entry in kit.requirements(lock, system, python)
    }
    assert everywhere == {line.split()[0] for line in lock.splitlines() if line[0] not in "# "}


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a clone")
def test_kit_takes_what_git_tracks():
    command = ["git", "-C", ROOT, "ls-tree", "-r", "--name-only", "-z", "HEAD"]
    tracked = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = {name: mode for name, _, mode in kit.course_files()}
    assert set(found) == set(tracked.split("\0")) - {""}
    assert found["postBuild"] & 0o111


def tiny_wheel(name="tiny-1.0-py3-none-any.whl", module=BACKEND):
    info = "tiny-1.0.dist-info/"
    path = Path(name)
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("tiny.py", module)
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        tag = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        wheel.writestr(info + "WHEEL", tag)
        wheel.writestr(info + "RECORD", "")
    return path.read_bytes()


@pytest.fixture
def unpacked(tmp_path, monkeypatch):
    """Unpack a kit with one package of no size into a folder with a blank in its name."""
    monkeypatch.chdir(tmp_path)
    wheel = tiny_wheel()
    lock = f"tiny==1.0 \\\n    --hash=sha256:{hashlib.sha256(wheel).hexdigest()}\n"
    files = {
        "requirements.lock": lock.encode(),
        "pyproject.toml": PROJECT.encode(),
        "authoring/workshop/bootstrap.py": Path(
            ROOT, "authoring/workshop/bootstrap.py"
        ).read_bytes(),
        "course_utils/__main__.py": b"import sys, tiny\nprint('course runs', *sys.argv[1:])\n",
        "wheels/tiny-1.0-py3-none-any.whl": wheel,
    }
    kit.pack(tmp_path / "kit.zip", ((name, text, 0o644) for name, text in files.items()), "Hi")
    folder = tmp_path / "a fresh folder"
    shutil.unpack_archive(tmp_path / "kit.zip", folder)
    return folder / kit.NAME


def start(folder, *arguments):
    """Start a kit on a machine whose settings name an index that does not answer."""
    unwanted = ("VENV", "PYTHON", "WHEELS", "PIP_", "CONDA")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(unwanted)}
    environment |= {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0"}
    command = [sys.executable, folder / "start.py", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment)


@pytest.mark.slow
def test_kit_installs_once_without_a_network_and_runs_a_command(unpacked):
    run = start(unpacked, "doctor")
    assert run.stdout.endswith("course runs doctor\n"), run.stderr
    assert "Comparing" in run.stdout
    assert start(unpacked).stdout == "course runs lab\n"


def test_changed_file_is_noticed_before_anything_is_installed(unpacked):
    (unpacked / "course" / "pyproject.toml").write_text("changed")
    run = start(unpacked)
    assert run.returncode == 1
    assert "1 files of the kit" in run.stderr
    assert "course/pyproject.toml" in run.stderr
    assert not (unpacked / "course" / ".venv").exists()


def test_incomplete_kit_gets_one_sentence(unpacked):
    (unpacked / "SHA256SUMS").unlink()
    run = start(unpacked)
    assert (run.returncode, len(run.stderr.strip().splitlines())) == (1, 1)
    assert "a part is missing" in run.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lies_there", "said"),
    [
        (
            "tiny-1.0-cp311-cp311-other_system.whl",
            "(there is tiny-1.0-cp311-cp311-other_system.whl)",
        ),
        ("else-1.0-py3-none-any.whl", "no wheel of tiny 1.0 for Python 3."),
        ("tiny-1.0-py3-none-any.whl", "the wheel of tiny in "),
    ],
)
def test_unsuitable_wheel_gets_one_sentence(unpacked, monkeypatch, lies_there, said):
    course = unpacked / "course"
    (course / "wheels" / "tiny-1.0-py3-none-any.whl").unlink()
    if "cp311" in lies_there:
        lies_there = lies_there.replace("311", f"3{sys.version_info.minor}")
        said = said.replace("311", f"3{sys.version_info.minor}")
    monkeypatch.chdir(course / "wheels")
    tiny_wheel(lies_there, module="another = True")
    monkeypatch.setenv("VENV", str(course / ".venv"))
    for name in ("PYTHON", "WHEELS"):
        monkeypatch.delenv(name, raising=False)
    command = [sys.executable, course / "authoring" / "workshop" / "bootstrap.py"]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 1
    assert len(run.stderr.strip().splitlines()) == 1, run.stderr
    assert said in run.stderr


# The whole thing, as root, with an archive that `make kit` made; 4 minutes of computing:
#   COURSE_KIT=build/kit/NAME.zip python -m pytest tests/publishing/test_kit.py -k whole -s
OFFLINE = """
ip link set lo up
test "$(ip -o link | wc -l)" = 1 -a -z "$(ip route)"
"$1" start.py doctor
"$1" start.py workspace
cd course/workspace
../.venv/bin/jupyter execute --inplace 04_the_first_cnn.ipynb
"""


@pytest.mark.skipif("COURSE_KIT" not in os.environ, reason="COURSE_KIT does not name an archive")
def test_whole_kit_is_installed_and_runs_lesson_04_without_a_route(tmp_path):
    folder = tmp_path / "a fresh folder"
    shutil.unpack_archive(os.environ["COURSE_KIT"], folder)
    python = Path(sys.base_prefix, "bin", "python3")
    command = ["unshare", "-n", "sh", "-euc", OFFLINE, "sh", python]
    subprocess.run(command, cwd=folder / kit.NAME, check=True)
