"""The launcher becomes JupyterLab: Ctrl+C can be answered, and nothing outlives the server."""

import contextlib
import json
import os
import re
import select
import signal
import time
import urllib.request

import psutil
import pytest

from course_utils import ROOT

pty = pytest.importorskip("pty", reason="needs a terminal of POSIX")
pytestmark = pytest.mark.slow

LAB = ["-m", "course_utils", "lab", "--no-browser", "--port", "8960"]


class Terminal:
    """A terminal in which the launcher runs, and a kernel of its server."""

    def __init__(self, python, folder):
        environment = os.environ | {"COURSE_WORKSPACE": str(folder), "PYTHONPATH": str(ROOT)}
        self.pid, self.end = pty.fork()
        if self.pid == 0:
            try:
                os.execve(python, [python, *LAB], environment)
            finally:
                os._exit(1)
        address = self.wait_for(r"(http://\S+?)/lab/tree/(\S+)\?token=(\w+)\s")
        self.server, self.lesson, self.token = address.groups()
        self.kernel = self.start_kernel()

    def wait_for(self, text, seconds=120):
        seen, last = "", time.monotonic() + seconds
        while not (found := re.search(text, seen)) and time.monotonic() < last:
            if select.select([self.end], [], [], 0.5)[0]:
                seen += os.read(self.end, 65536).decode(errors="replace")
        assert found, seen
        return found

    def start_kernel(self):
        headers = {"Authorization": f"token {self.token}", "Content-Type": "application/json"}
        address = f"{self.server}/api/kernels"
        request = urllib.request.Request(address, b'{"name": "python3"}', headers)
        for _ in range(60):  # the address is printed just before the server listens
            with contextlib.suppress(urllib.error.URLError):
                number = json.load(urllib.request.urlopen(request))["id"]
                break
            time.sleep(0.5)
        children = psutil.Process(self.pid).children(recursive=True)
        for child in children:
            # Short-lived helpers of the server may have ended meanwhile.
            with contextlib.suppress(psutil.NoSuchProcess):
                if number in " ".join(child.cmdline()):
                    return child
        raise AssertionError(f"no process of kernel {number}")

    def press_ctrl_c_and(self, letter):
        os.write(self.end, b"\x03")
        self.wait_for("Shut down this Jupyter server")
        os.write(self.end, f"{letter}\n".encode())

    def close(self):
        for number in (self.pid, self.kernel.pid):
            with contextlib.suppress(psutil.NoSuchProcess):
                psutil.Process(number).kill()
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)


@pytest.fixture
def terminal(learner_python, tmp_path):
    opened = Terminal(learner_python, tmp_path)
    yield opened
    opened.close()


def test_ctrl_c_asks_first_and_n_keeps_server_and_kernel(terminal, learner_python):
    server = psutil.Process(terminal.pid)
    assert "jupyterlab" in server.cmdline()  # the launcher itself, without TensorFlow in memory
    assert server.memory_info().rss < 250e6
    assert server.environ()["PATH"].startswith(os.path.dirname(learner_python))
    assert terminal.lesson == "00_start_here.ipynb"
    terminal.press_ctrl_c_and("n")
    time.sleep(3)
    assert terminal.kernel.is_running()
    assert terminal.start_kernel().is_running()
    terminal.press_ctrl_c_and("y")
    terminal.wait_for("Shutdown confirmed")
    psutil.wait_procs([terminal.kernel], timeout=30)
    assert not terminal.kernel.is_running()
    assert os.waitstatus_to_exitcode(os.waitpid(terminal.pid, 0)[1]) == 0


def test_sigterm_leaves_no_orphan(terminal):
    os.kill(terminal.pid, signal.SIGTERM)
    psutil.wait_procs([terminal.kernel], timeout=30)
    assert not terminal.kernel.is_running()
    assert os.waitpid(terminal.pid, 0)[0] == terminal.pid
