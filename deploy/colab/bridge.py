"""Run a notebook's cells in the course's environment, on a host whose kernel one cannot choose.

Google Colab and services like it start every notebook in their own Python, with their own packages.
docs/ways_in.md has the first cell of such a notebook: it fetches the course and calls `connect`.
That makes the course's environment from requirements.lock, starts a kernel in it, and from then on
hands each cell to that kernel and shows what comes back. A cell whose first line is "# host" runs
in the host's Python. Controls (widgets) and questions by `input` do not reach the browser.

This file runs in the host's Python, with what a Jupyter kernel needs there: IPython and
jupyter_client.
"""

import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from IPython import get_ipython
from IPython.display import clear_output, publish_display_data
from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpecManager

COURSE = Path(__file__).resolve().parents[2]
MARK = "# host"
CONTROL = "application/vnd.jupyter.widget-view+json"
NO_CONTROL = "A control stands here in JupyterLab. A figure that it moves stands beside it."
# Settings of the host's Python and of its installers that would change the course's.
FOREIGN = ("PYTHON", "MPL", "IPYTHON", "JUPYTER", "JPY_", "KERAS", "VIRTUAL_ENV")
FOREIGN += ("PIP_CONSTRAINT", "PIP_TARGET", "UV_CONSTRAINT", "UV_BUILD_CONSTRAINT", "UV_SYSTEM")


class CellFailedError(Exception):
    """An error in the course's kernel; shown with the traceback from there."""

    def __init__(self, content):
        super().__init__(f"{content['ename']}: {content['evalue']}")
        self.lines = content["traceback"]

    def _render_traceback_(self):
        return self.lines


class Kernel:
    """A kernel in the course's environment; `run` shows what a cell gives, as it comes."""

    def __init__(self, python, folder):
        with tempfile.TemporaryDirectory() as specs:
            argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
            spec = {"argv": argv, "display_name": "Course", "language": "python"}
            path = Path(specs, "course", "kernel.json")
            path.parent.mkdir()
            path.write_text(json.dumps(spec))
            finder = KernelSpecManager(kernel_dirs=[specs])
            self.manager = KernelManager(kernel_name="course", kernel_spec_manager=finder)
            environment = {k: v for k, v in os.environ.items() if not k.startswith(FOREIGN)}
            self.manager.start_kernel(cwd=str(folder), env=environment)
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=120)

    def run(self, code):
        """Run a cell and wait for its end; its error becomes a `CellFailedError`."""
        asked = self.client.execute(code, allow_stdin=False)
        failed = None
        while True:
            try:
                message = self.client.get_iopub_msg(timeout=1)
            except queue.Empty:
                if self.manager.is_alive():
                    continue
                raise RuntimeError(
                    "The course's kernel has ended, perhaps for want of memory. Run the first "
                    "cell again: it starts a new one."
                ) from None
            except KeyboardInterrupt:
                self.manager.interrupt_kernel()
                continue
            if message["parent_header"].get("msg_id") != asked:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "error":
                failed = CellFailedError(content)
            elif kind == "status" and content["execution_state"] == "idle":
                break
            else:
                _show(kind, content)
        if failed:
            raise failed


def _show(kind, content):
    if kind == "stream":
        stream = sys.stderr if content["name"] == "stderr" else sys.stdout
        stream.write(content["text"])
        stream.flush()
    elif kind == "clear_output":
        clear_output(wait=content["wait"])
    elif kind in ("display_data", "execute_result", "update_display_data"):
        data = content["data"]
        if CONTROL in data:
            data = {"text/plain": NO_CONTROL}
        options = {"update": True} if kind == "update_display_data" else {}
        transient = content.get("transient") or {}
        publish_display_data(data, content["metadata"], transient=transient, **options)


def _told(*command):
    """Run a command, print what it says as it says it, and stop if it fails."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    environment = {k: v for k, v in os.environ.items() if not k.startswith(FOREIGN)}
    with subprocess.Popen([*map(str, command)], cwd=COURSE, env=environment, **pipes) as process:
        for line in process.stdout:
            print(line, end="", flush=True)
    if process.returncode:
        raise RuntimeError("The course could not be set up; the lines above say why.")


def environment():
    """Make the course's environment, unless it is there, and return its Python.

    uv uses the host's Python where the course supports it, and otherwise fetches one that it does.
    Hosts often lack what Python's own venv needs.
    """
    sys.path.insert(0, str(COURSE / "authoring" / "workshop"))
    import bootstrap

    folder = COURSE / ".venv"
    python = Path(bootstrap.venv_python(str(folder)))
    oldest, newest = bootstrap.OLDEST, bootstrap.NEWEST
    if bootstrap.version_of(str(python)) is None:
        uv = shutil.which("uv")
        if not uv:
            tools = COURSE / "build" / "tools"
            _told(sys.executable, "-m", "pip", "install", "--quiet", "--target", tools, "uv")
            uv = tools / "bin" / "uv"
        wanted = f">={oldest[0]}.{oldest[1]},<{newest[0]}.{newest[1] + 1}"
        if oldest <= sys.version_info[:2] <= newest:
            wanted = sys.executable
        _told(uv, "venv", "--quiet", "--seed", "--clear", "--python", wanted, folder)
    _told(python, COURSE / "authoring" / "workshop" / "bootstrap.py", "learner")
    return python


def connect(python=None, folder=None):
    """Send all further cells of this notebook to a new kernel in the course's environment."""
    if python is None:
        python = environment()
        _told(python, "-m", "course_utils", "workspace")
        folder = COURSE / "workspace"
    shell = get_ipython()
    before = shell.user_ns.get("_course_kernel")
    if before:
        before.manager.shutdown_kernel(now=True)
    shell.user_ns["_course_kernel"] = Kernel(python, folder)

    def send(lines):
        code = "".join(lines)
        if code.startswith((MARK, "_course_kernel.run(")) or not code.strip():
            return lines
        return [f"_course_kernel.run({code!r})\n"]

    if not before:
        shell.input_transformers_cleanup.append(send)
    print("From here on, cells run in the course's environment.")
