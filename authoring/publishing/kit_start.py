"""Set the course up from this kit, without a network, and open it: `python3 start.py`.

`python3 start.py doctor` (or another command of `python -m course_utils`) runs that command instead
of opening JupyterLab. The first start compares all files with SHA256SUMS. Like the set-up that it
calls, this file starts on any Python and says what is wrong.
"""
# ruff: noqa: UP024, UP031

import hashlib
import os
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
COURSE = os.path.join(HERE, "course")


def sha256(path):
    """Return the hash of a file."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def differing():
    """Return the files of SHA256SUMS that are missing or differ."""
    with open(os.path.join(HERE, "SHA256SUMS"), "rb") as file:
        lines = file.read().decode("utf-8").splitlines()
    wrong = []
    for expected, name in (line.split("  ", 1) for line in lines):
        path = os.path.join(HERE, *name.split("/"))
        if not os.path.isfile(path) or sha256(path) != expected:
            wrong.append(name)
    return wrong


def main(arguments):
    """Set up, unless that is done, and run a command of the course."""
    sys.path.insert(0, os.path.join(COURSE, "authoring", "workshop"))
    try:
        import bootstrap

        folder = os.path.abspath(os.environ.get("VENV") or os.path.join(COURSE, ".venv"))
        if not bootstrap.is_installed("learner", folder):
            print("Comparing the files of the kit with SHA256SUMS")
            sys.stdout.flush()
            wrong = differing()
            if wrong:
                bootstrap.fail(
                    "%d files of the kit are missing or not as they were packed, among them %s. "
                    "Copy the archive again and unpack it into a new folder."
                    % (len(wrong), wrong[0])
                )
    except (ImportError, OSError, IOError) as error:
        sys.stderr.write("Set-up stopped: unpack the kit again, a part is missing: %s\n" % error)
        return 1
    bootstrap.main(["learner"])
    python = bootstrap.venv_python(folder)
    command = [python, "-m", "course_utils"] + (arguments or ["lab"])
    os.chdir(COURSE)
    if os.name != "nt":
        os.execv(python, command)
    # Ctrl+C reaches both; JupyterLab decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return subprocess.call(command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
