"""Start JupyterLab in place of this process."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from course_utils import ROOT
from course_utils.app.workspace import WORKSPACE

JUPYTER = Path(__file__).with_name("jupyter")


def start(lesson, port, browser):
    """Become JupyterLab, opened at a learner's lesson; on Windows return when it has ended."""
    # Lessons name files of the repository, so the file browser must reach them.
    root = ROOT if WORKSPACE.is_relative_to(ROOT) else WORKSPACE
    command = [
        *(sys.executable, "-m", "jupyterlab"),
        f"--config={JUPYTER / 'server_config.py'}",
        f"--ServerApp.root_dir={root}",
        f"--ContentsManager.preferred_dir={WORKSPACE.relative_to(root).as_posix()}",
        f"--LabApp.default_url=/lab/tree/{lesson.relative_to(root).as_posix()}",
        f"--ServerApp.port={port}",
    ]
    command += [] if browser else ["--no-browser"]
    # In a container one is root, and Jupyter would refuse; only this computer can connect.
    command += ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    environment = {
        **os.environ,
        # The kernels inherit this, so a lesson finds course_utils also where it is not installed.
        "PYTHONPATH": _first(ROOT, "PYTHONPATH"),
        # JupyterLab's terminal finds the environment's `python`, whether it is activated or not.
        "PATH": _first(Path(sys.executable).parent, "PATH"),
        # The settings of the JupyterLab page are in labconfig/ there.
        "JUPYTER_CONFIG_PATH": _first(JUPYTER, "JUPYTER_CONFIG_PATH"),
    }
    print("\nJupyterLab starts. Ctrl+C in this terminal, then y, ends it.", flush=True)
    os.chdir(ROOT)
    if os.name == "nt":
        server = subprocess.Popen(command, env=environment)
        # Ctrl+C reaches both; the server decides.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        return server.wait()
    # One process: Ctrl+C and SIGTERM reach the server itself, and nothing stays in memory twice.
    os.execve(sys.executable, command, environment)


def _first(folder, variable):
    return os.pathsep.join(filter(None, [str(folder), os.environ.get(variable)]))
