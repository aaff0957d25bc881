"""Make the environments ready: `python3 authoring/workshop/bootstrap.py learner` or `... author`.

The learner's is .venv, with what requirements.lock names and nothing else. The author's is
.venv-author: it sees the learner's packages, adds the tools of requirements-dev.lock, and its
kernel "python3" is the learner's Python, so that lessons are executed where learners execute them.

Without a network, the learner's packages come from a folder of wheels: the one that WHEELS names,
or wheels/ in the course's folder, where `make kit` puts it. The hashes of the lock are checked all
the same. The author's tools always come from the network.

The first file that runs on a stranger's machine, so it must start, and speak plainly, on any
Python at all: no imports beyond the standard library, no syntax newer than Python 3.0. A second
run with the same lock does nothing.
"""

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
OLDEST, NEWEST = (3, 11), (3, 13)
LOCKS = {"learner": "requirements.lock", "author": "requirements-dev.lock"}
NEEDED_GB = 5
CONDA_NAME = "cnn-medical-imaging"  # as in environment.yml
NETWORK_SIGNS = (
    "NewConnectionError",
    "Connection refused",
    "ConnectTimeout",
    "ConnectionResetError",
    "Temporary failure in name resolution",
    "Name or service not known",
    "getaddrinfo failed",
    "nodename nor servname",
    "Network is unreachable",
    "ProxyError",
    "ReadTimeoutError",
)


def fail(sentence):
    sys.stderr.write("\nSet-up stopped: " + sentence + "\n")
    sys.exit(1)


def ask(python, code):
    """Return what `code` prints in another Python, or None if that fails."""
    try:
        output = subprocess.check_output([python, "-c", code], stderr=subprocess.PIPE)
        return output.decode().strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def version_of(command):
    """Return (major, minor) of a Python command, or None if it does not start."""
    text = ask(command, "import sys; print('%d %d' % sys.version_info[:2])")
    try:
        return tuple(int(part) for part in text.split()) if text else None
    except ValueError:
        return None


def find_wheels():
    """Return the folder of wheels to install from, or None where there is none."""
    named = os.environ.get("WHEELS")
    folder = os.path.abspath(named or os.path.join(ROOT, "wheels"))
    if os.path.isdir(folder) and any(name.endswith(".whl") for name in os.listdir(folder)):
        return folder
    if named:
        fail(
            "WHEELS names %s, and no wheel (a file ending in .whl) lies there. Name the folder "
            "that holds the wheels, or unset WHEELS to install from the network." % folder
        )
    return None


def suitable_pythons(wheels):
    """Return the versions that will do: all supported ones, or those that have their wheels."""
    versions = [(3, minor) for minor in range(OLDEST[1], NEWEST[1] + 1)]
    names = " ".join(os.listdir(wheels)) if wheels else ""
    return [v for v in versions if "-cp%d%d-cp%d%d-" % (v + v) in names] or versions


def find_python(wheels=None):
    """Return a command for a suitable Python, this one where it will do."""
    suitable = suitable_pythons(wheels)
    wanted = os.environ.get("PYTHON")
    names = ["python3.%d" % minor for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]
    candidates = [wanted] if wanted else [sys.executable] + names + ["python3", "python"]
    found = []
    for command in candidates:
        version = version_of(command)
        if version in suitable:
            return command
        if version and version not in found:
            found.append(version)
    have = ", ".join("%d.%d" % version for version in found) or "none that starts"
    if wheels:
        fail(
            "the wheels in %s are for Python %s, and found %s. Install such a Python and use it to "
            "start, or set the variable PYTHON to where it lies."
            % (wheels, " and ".join("%d.%d" % version for version in suitable), have)
        )
    fail(
        "the course needs Python 3.%d to 3.%d, and found %s. Install one of them, or name it: "
        "make lab PYTHON=/path/to/python3.12" % (OLDEST[1], NEWEST[1], have)
    )


def check_machine():
    """Stop where conda did the work already, TensorFlow has no wheel, or the disk is too full."""
    if os.environ.get("CONDA_DEFAULT_ENV") == CONDA_NAME:
        fail(
            "the conda environment %s has all that is needed: use 'python -m course_utils' with "
            "lab, doctor, reset or download in place of 'make'. To install another 3 GB "
            "here all the same, run 'conda deactivate' first." % CONDA_NAME
        )
    if sys.platform == "darwin" and platform.machine() == "x86_64":
        fail(
            "TensorFlow publishes no package for Macs with an Intel processor. "
            "Use the course in the browser through Binder; the README has the link."
        )
    if hasattr(shutil, "disk_usage"):
        free = shutil.disk_usage(ROOT).free / 1e9
        if free < NEEDED_GB:
            fail(
                "the packages need about %d GB of disk space, and %.1f GB are free here. "
                "Free some space and run the same command again." % (NEEDED_GB, free)
            )


def venv_python(folder):
    parts = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    return os.path.join(folder, *parts)


def make_venv(folder, python=None, wheels=None):
    """Create the virtual environment unless a working one of the right version is there."""
    inside = venv_python(folder)
    present = version_of(inside)
    if not python:
        if present in suitable_pythons(wheels) and not os.environ.get("PYTHON"):
            return inside
        python = find_python(wheels)
    if present == version_of(python):
        return inside
    if ask(python, "import venv, ensurepip") is None:
        fail(
            "this Python has no venv module. On Debian and Ubuntu install it with "
            "'sudo apt install python%d.%d-venv', then run the same command again."
            % version_of(python)
        )
    print("Creating " + os.path.relpath(folder, ROOT))
    sys.stdout.flush()
    if subprocess.call([python, "-m", "venv", "--clear", folder]) != 0:
        fail("Python could not create %s. Is the folder writable?" % folder)
    return inside


def put_on_top(author, learner, folder):
    """Let the author's environment see the learner's packages and start the learner's kernel."""
    where = "import sysconfig; print(ascii(sysconfig.get_path('purelib')))"
    own = ask(author, where.replace("ascii", ""))
    with open(os.path.join(own, "learner.pth"), "w") as file:
        file.write("import site; site.addsitedir(%s)\n" % ask(learner, where))
    kernel = os.path.join(folder, "share", "jupyter", "kernels", "python3")
    if not os.path.isdir(kernel):
        os.makedirs(kernel)
    command = [learner] + "-m ipykernel_launcher -f {connection_file}".split()
    with open(os.path.join(kernel, "kernel.json"), "w") as file:
        json.dump({"argv": command, "display_name": "Python 3", "language": "python"}, file)


def explain_wheels(text, python, wheels, log):
    """Say what is wrong with the wheels, if that is what pip complained about."""
    lacking = re.search(r"No matching distribution found for ([\w.-]+)==([\w.+!-]+)", text)
    damaged = re.search(r"([\w.-]+)==\S+ from file:", text)
    if "DO NOT MATCH THE HASHES" in text and damaged:
        fail(
            "the wheel of %s in %s is damaged, or is not the one that the course was tested with; "
            "nothing was installed. Copy the folder again from where you got it. Details: %s"
            % (damaged.group(1), wheels, log)
        )
    if lacking:
        name, version = lacking.groups()
        start = re.sub("[-_.]+", "_", name) + "-" + version + "-"
        others = [n for n in sorted(os.listdir(wheels)) if n.lower().startswith(start.lower())]
        also = " (there is " + ", ".join(others) + ")" if others else ""
        leave = "unset WHEELS" if os.environ.get("WHEELS") else "move that folder away"
        here = "Python %d.%d on %s %s" % (version_of(python) + (sys.platform, platform.machine()))
        fail(
            "no wheel of %s %s for %s lies in %s%s. Get the wheels that were packed for this "
            "Python and system; to install from the network, %s."
            % (name, version, here, wheels, also, leave)
        )


def install(python, arguments, log, wheels=None):
    """Run pip, progress to the terminal and complaints to the log, and explain a failure."""
    command = [python, "-m", "pip", "install", "--disable-pip-version-check", "--retries", "2"]
    environment = dict(os.environ)
    if wheels:
        # Settings of this machine could name an index, which cannot be reached, or other versions.
        command += ["--isolated", "--no-index", "--find-links", wheels]
        environment["PIP_CONFIG_FILE"] = os.devnull
    if not sys.stdout.isatty():
        command.append("--quiet")
    with open(log, "ab") as errors:
        if subprocess.call(command + arguments, stderr=errors, cwd=ROOT, env=environment) == 0:
            return
    with open(log, "rb") as file:
        text = file.read().decode("utf-8", "replace")
    if "No space left on device" in text:
        fail("the disk is full. Free about %d GB and run the same command again." % NEEDED_GB)
    if wheels:
        explain_wheels(text, python, wheels, log)
    elif "DO NOT MATCH THE HASHES" in text:
        fail(
            "a downloaded package differs from the one the course was tested with, and nothing "
            "of it was installed. Run the same command again; if it repeats, report it. "
            "Details: " + log
        )
    if any(sign in text for sign in NETWORK_SIGNS):
        fail(
            "the package index could not be reached. Connect to the network (or set PIP_INDEX_URL "
            "or HTTPS_PROXY as your institution asks) and run the same command again; what is "
            "already installed is kept."
        )
    last = [line for line in text.splitlines() if line.strip()][-5:]
    fail(
        "pip could not install the packages. Its last lines:\n  %s\nAll of them: %s"
        % ("\n  ".join(last), log)
    )


def fingerprint(kind):
    """Return a hash of everything that decides what is installed."""
    digest = hashlib.sha256()
    for name in (LOCKS[kind], "pyproject.toml", "authoring/workshop/bootstrap.py"):
        with open(os.path.join(ROOT, name), "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()


def is_installed(kind, folder):
    """Tell whether this lock is installed there."""
    try:
        with open(os.path.join(folder, "installed-" + kind)) as file:
            return file.read() == fingerprint(kind) and os.path.exists(venv_python(folder))
    except (OSError, IOError):  # two things in Python 2
        return False


def set_up(kind, folder, learner=None):
    """Install one lock into one virtual environment, unless that is done."""
    if is_installed(kind, folder):
        return
    check_machine()
    wheels = find_wheels() if kind == "learner" else None
    python = make_venv(folder, learner, wheels)
    log = os.path.join(folder, "setup.log")
    if os.path.exists(log):
        os.remove(log)
    size = (
        "about 3 GB; some minutes, silent for part of them" if kind == "learner" else "about 0.3 GB"
    )
    source = " from " + wheels if wheels else ""
    print("Installing the packages of %s%s: %s" % (LOCKS[kind], source, size))
    sys.stdout.flush()
    if learner:
        put_on_top(python, learner, folder)
    install(python, ["--require-hashes", "-r", LOCKS[kind]], log, wheels)
    if not learner:
        # The course's own package, linked so that it can be imported from any folder. setuptools
        # is in the lock, so this needs no network.
        install(python, ["--no-deps", "--no-build-isolation", "--no-index", "-e", ROOT], log)
    with open(os.path.join(folder, "installed-" + kind), "w") as file:
        file.write(fingerprint(kind))


def main(arguments):
    kind = arguments[0] if arguments else "learner"
    if kind not in LOCKS:
        fail("unknown set-up '%s'. Choose from: %s." % (kind, ", ".join(sorted(LOCKS))))
    folder = os.path.abspath(os.environ.get("VENV") or os.path.join(ROOT, ".venv"))
    set_up("learner", folder)
    if kind == "author":
        set_up("author", folder + "-author", venv_python(folder))


if __name__ == "__main__":
    main(sys.argv[1:])
