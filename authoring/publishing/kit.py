"""Pack the course, its packages and a start into one archive that needs no network.

`make kit` packs for this Python and system. For others, several at once:
`make kit ARGS="--python 3.12 3.13 --system windows-x86_64 macos-arm64"`.
The archive holds the files of the last commit, the wheels that requirements.lock names (checked
against its hashes), README.txt, start.py and SHA256SUMS. It is written to build/kit.
"""

import argparse
import hashlib
import io
import platform
import re
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from datetime import UTC, datetime
from pathlib import Path

from packaging.markers import Marker
from packaging.tags import mac_platforms

from authoring.workshop.bootstrap import NEEDED_GB, NEWEST, OLDEST

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "build" / "kit"
NAME = "cnn-medical-imaging-kit"
VERSIONS = [f"3.{minor}" for minor in range(OLDEST[1], NEWEST[1] + 1)]


def _linux(machine):
    # What every Linux since about 2019 has: glibc 2.28.
    tags = [f"manylinux_2_{minor}_{machine}" for minor in range(28, 4, -1)]
    tags += [f"manylinux{year}_{machine}" for year in (2014, 2010, 1)]
    return "linux", "posix", "Linux", machine, tags


# What the markers of the lock ask about a system (sys_platform, os_name, platform_system and
# platform_machine), and the tags of the wheels that run there.
SYSTEMS = {
    "linux-x86_64": _linux("x86_64"),
    "linux-aarch64": _linux("aarch64"),
    "macos-arm64": ("darwin", "posix", "Darwin", "arm64", [*mac_platforms((12, 0), "arm64")]),
    "windows-x86_64": ("win32", "nt", "Windows", "AMD64", ["win_amd64"]),
}

README = """\
Convolutional networks for medical imaging with Keras: the course without a network
====================================================================================

Packed {date} from commit {commit}.
For: {systems}. With Python {pythons}.

You need
  - Python {pythons} with its module venv, which this kit does not hold. On Debian and Ubuntu:
    sudo apt install python3-venv. On Windows and macOS: the installer from python.org.
    Linux needs glibc 2.28 or newer, macOS version 12 or newer and Apple silicon.
  - {gb} GB of free disk space beside the archive, 4 GB of memory, no network.

Unpack the archive onto your disk (not on a memory stick, which is slow), then:

  Linux    unzip the archive, open a terminal in the unpacked folder:   python3 start.py
  macOS    double-click the archive, open Terminal in the folder:       python3 start.py
  Windows  right-click the archive, "Extract all" into a folder with a short path (C:\\course),
           open PowerShell in the folder:                               py start.py

The first start compares all files with SHA256SUMS, installs the packages into course/.venv in some
minutes, checks that everything works and opens JupyterLab in your browser. Later starts take
seconds. With several versions of Python installed, start with the right one, for example
python{python} start.py (on Windows: py -{python} start.py).

To check only:           python3 start.py doctor
To see all commands:     python3 start.py --help
Where make is there, "make lab" in the folder course does the same.
For a room: unpack once on a file server and copy; each copy is installed where it lies.

The course teaches methods. Nothing in it is meant for clinical use.
"""


def requirements(lock, system, python):
    """Return the entries of a lock that hold on a system with one version of Python.

    pip evaluates markers for the Python that it runs in, also when it downloads for another one.
    """
    names = ("sys_platform", "os_name", "platform_system", "platform_machine")
    there = dict(zip(names, SYSTEMS[system], strict=False))
    there |= {"python_version": python, "python_full_version": f"{python}.9"}
    entries = re.split(r"\n(?=[\w.-]+==)", "\n" + lock)[1:]
    heads = [entry.split(" \\\n", 1)[0] for entry in entries]
    return [
        entry.replace(head, head.split(" ;")[0], 1)
        for head, entry in zip(heads, entries, strict=True)
        if " ; " not in head or Marker(head.split(" ; ")[1]).evaluate(there)
    ]


def download(folder, lock, system, python):
    """Download the wheels of a lock for a system and a Python, each checked against its hashes."""
    entries = requirements(lock, system, python)
    with tempfile.TemporaryDirectory() as temporary:
        wanted = Path(temporary) / "requirements.txt"
        wanted.write_text("\n".join(entries) + "\n", encoding="utf-8")
        command = [sys.executable, "-m", "pip", "download", "-qq", "--disable-pip-version-check"]
        command += ["--require-hashes", "--no-deps", "--only-binary=:all:", "--dest", str(folder)]
        command += ["--implementation", "cp", "--python-version", python, "-r", str(wanted)]
        command += [f"--platform={tag}" for tag in SYSTEMS[system][-1]]
        subprocess.run(command, check=True)
    return len(entries)


def course_files(commit="HEAD"):
    """Yield the path, content and mode of each file of a commit."""
    command = ["git", "-C", str(ROOT), "archive", "--format=tar", commit]
    packed = subprocess.run(command, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        for member in archive:
            if member.isfile():
                yield member.name, archive.extractfile(member).read(), member.mode


def pack(target, files, readme):
    """Write the archive: start, README.txt, the given (path, content, mode), SHA256SUMS."""
    start = Path(__file__).with_name("kit_start.py").read_bytes()
    sums = []
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:

        def add(name, content, mode=0o644):
            member = zipfile.ZipInfo(f"{NAME}/{name}", time.localtime()[:6])
            member.external_attr = (0o100000 | mode) << 16
            stored = name.endswith((".whl", ".npz", ".gz", ".png"))
            member.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            archive.writestr(member, content)
            sums.append(f"{hashlib.sha256(content).hexdigest()}  {name}\n")

        add("README.txt", readme.encode())
        add("start.py", start)
        for name, content, mode in files:
            add(f"course/{name}", content, mode)
        add("SHA256SUMS", "".join(sums).encode())
    return len(sums)


def _arguments(arguments):
    here = f"{platform.system().replace('Darwin', 'macOS').lower()}-"
    here += platform.machine().lower().replace("amd64", "x86_64")
    parser = argparse.ArgumentParser(prog="python -m authoring.publishing.kit")
    parser.add_argument("--python", nargs="+", choices=VERSIONS, help="versions of Python")
    parser.add_argument("--system", nargs="+", choices=SYSTEMS, help="systems (default: this one)")
    parser.add_argument("--out", type=Path, default=OUT, help="folder (default: build/kit)")
    options = parser.parse_args(arguments)
    options.python = options.python or [platform.python_version().rpartition(".")[0]]
    if not options.system and here not in SYSTEMS:
        parser.error(f"no kit for {here}; choose --system from {', '.join(SYSTEMS)}")
    options.system = options.system or [here]
    return options


def main(arguments=None):
    """Make the kit and say where it is, how large, and for what."""
    options = _arguments(arguments)
    began = time.monotonic()
    options.out.mkdir(parents=True, exist_ok=True)
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    describe = ["git", "-C", str(ROOT), "describe", "--always", "--tags"]
    commit = subprocess.run(describe, check=True, capture_output=True, text=True).stdout.strip()
    name = "-".join([NAME, commit, *options.system, *(f"py{v}" for v in options.python)])
    target = options.out / f"{name}.zip"
    readme = README.format(
        date=datetime.now(UTC).date(),
        commit=commit,
        systems=", ".join(options.system),
        pythons=" or ".join(options.python),
        python=options.python[-1],
        gb=NEEDED_GB,
    )
    try:
        with tempfile.TemporaryDirectory(dir=options.out) as wheels:
            for system in options.system:
                for python in options.python:
                    count = download(wheels, lock, system, python)
                    print(f"{count} wheels for {system}, Python {python}", flush=True)
            packed = sorted(Path(wheels).iterdir())
            files = ((f"wheels/{path.name}", path.read_bytes(), 0o644) for path in packed)
            count = pack(target, (*course_files(commit), *files), readme)
    except subprocess.CalledProcessError as error:
        target.unlink(missing_ok=True)
        print(f"No kit was made: {error.cmd[0]} ended with {error.returncode}.", file=sys.stderr)
        return 1
    size, seconds = target.stat().st_size / 1e6, time.monotonic() - began
    print(f"{target}\n{count} files, {size:.0f} MB, made in {seconds:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
