"""Make .venv ready: `python3 authoring/workshop/bootstrap.py learner` or `... author`.

The first file that runs on a stranger's machine, so it must start, and speak plainly, on any
Python at all: no imports beyond the standard library, no syntax newer than Python 3.0. A second
run with the same lock does nothing.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
OLDEST, NEWEST = (3, 11), (3, 13)
LOCKS = {"learner": "requirements.lock", "author": "requirements-dev.lock"}
NEEDED_GB = 5
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


def find_python():
    """Return a command for a supported Python, this one where it will do."""
    wanted = os.environ.get("PYTHON")
    names = ["python3.%d" % minor for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]
    candidates = [wanted] if wanted else [sys.executable] + names + ["python3", "python"]
    found = []
    for command in candidates:
        version = version_of(command)
        if version and OLDEST <= version <= NEWEST:
            return command
        if version and version not in found:
            found.append(version)
    have = ", ".join("%d.%d" % version for version in found) or "none that starts"
    fail(
        "the course needs Python 3.%d to 3.%d, and found %s. Install one of them, or name it: "
        "make lab PYTHON=/path/to/python3.12" % (OLDEST[1], NEWEST[1], have)
    )


def version_of(command):
    """Return (major, minor) of a Python command, or None if it does not start."""
    code = "import sys; print('%d %d' % sys.version_info[:2])"
    try:
        output = subprocess.check_output([command, "-c", code], stderr=subprocess.PIPE)
        return tuple(int(part) for part in output.split())
    except (OSError, ValueError, subprocess.CalledProcessError):
        return None


def check_machine():
    """Stop where TensorFlow has no wheel, or where the disk is too full for 3 GB of packages."""
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


def make_venv(folder):
    """Create the virtual environment unless a working one of a supported version is there."""
    inside = venv_python(folder)
    present = version_of(inside)
    if present and OLDEST <= present <= NEWEST and not os.environ.get("PYTHON"):
        return inside
    python = find_python()
    if present == version_of(python):
        return inside
    try:
        subprocess.check_output([python, "-c", "import venv, ensurepip"], stderr=subprocess.PIPE)
    except subprocess.CalledProcessError:
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


def venv_python(folder):
    parts = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    return os.path.join(folder, *parts)


def install(python, arguments, log):
    """Run pip, progress to the terminal and complaints to the log, and explain a failure."""
    command = [python, "-m", "pip", "install", "--disable-pip-version-check", "--retries", "2"]
    if not sys.stdout.isatty():
        command.append("--quiet")
    with open(log, "ab") as errors:
        if subprocess.call(command + arguments, stderr=errors, cwd=ROOT) == 0:
            return
    with open(log, "rb") as file:
        text = file.read().decode("utf-8", "replace")
    if "No space left on device" in text:
        fail("the disk is full. Free about %d GB and run the same command again." % NEEDED_GB)
    if "DO NOT MATCH THE HASHES" in text:
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
    """Tell whether this lock is installed. The authors' lock holds the learners'."""
    for stamp in {kind, "author"}:
        try:
            with open(os.path.join(folder, "installed-" + stamp)) as file:
                if file.read() == fingerprint(stamp) and os.path.exists(venv_python(folder)):
                    return True
        except OSError:
            pass
    return False


def main(arguments):
    kind = arguments[0] if arguments else "learner"
    if kind not in LOCKS:
        fail("unknown set-up '%s'. Choose from: %s." % (kind, ", ".join(sorted(LOCKS))))
    folder = os.environ.get("VENV") or os.path.join(ROOT, ".venv")
    if is_installed(kind, folder):
        return
    check_machine()
    python = make_venv(folder)
    log = os.path.join(folder, "setup.log")
    if os.path.exists(log):
        os.remove(log)
    print("Installing the packages of %s: about 3 GB, some minutes the first time" % LOCKS[kind])
    sys.stdout.flush()
    install(python, ["--require-hashes", "-r", LOCKS[kind]], log)
    # The course's own package, linked so that it can be imported from any folder. setuptools is
    # in the lock, so this needs no network.
    install(python, ["--no-deps", "--no-build-isolation", "--no-index", "-e", ROOT], log)
    with open(os.path.join(folder, "installed-" + kind), "w") as file:
        file.write(fingerprint(kind))


if __name__ == "__main__":
    main(sys.argv[1:])
