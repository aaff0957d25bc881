"""Simulated learners log in at once, start their servers and run every cell of a lesson.

Run it as root on the machine of the hub, with the file that add-learners printed:

    .venv-hub/bin/python deploy/load_test.py slips --users 10 --lesson 02

It prints what each learner waited, the memory that their processes held at most (PSS: pages that
several processes share count as parts) and the processor time they used. Exit code 1 means that
somebody did not finish.
"""

import argparse
import json
import os
import pwd
import sys
import threading
import time
import uuid
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import requests
import websocket

PATIENCE = 900  # seconds for a server to start, or for one cell


class Learner:
    """What one browser does: log in, start a server, run a lesson; with the times it took."""

    def __init__(self, hub, name, passphrase):
        self.hub, self.name, self.passphrase = hub.rstrip("/"), name, passphrase
        self.server = f"{self.hub}/user/{name}"
        self.browser = requests.Session()
        self.seconds = {}
        self.errors = []

    def request(self, method, url, **options):
        """Send a request as a page of the same site would, with the token against forgeries."""
        paths = {c.path: c.value for c in self.browser.cookies if c.name == "_xsrf"}
        best = max((p for p in paths if url.removeprefix(self.hub).startswith(p)), default="")
        headers = {"X-XSRFToken": paths.get(best, ""), "Sec-Fetch-Mode": "cors"}
        return self.browser.request(method, url, headers=headers, timeout=PATIENCE, **options)

    def log_in(self):
        """Fill the form; return the page that follows."""
        page = self.browser.get(f"{self.hub}/hub/login", timeout=PATIENCE)
        page.raise_for_status()
        form = {"username": self.name, "password": self.passphrase}
        form["_xsrf"] = next(c.value for c in self.browser.cookies if c.name == "_xsrf")
        return self.browser.post(f"{self.hub}/hub/login", data=form, timeout=PATIENCE)

    def start_server(self):
        """Start the server and wait until its page of JupyterLab opens."""
        api = f"{self.hub}/hub/api/users/{self.name}"
        self.request("POST", f"{api}/server")
        end = time.monotonic() + PATIENCE
        while not self.request("GET", api).json()["servers"].get("", {}).get("ready"):
            if time.monotonic() > end:
                raise TimeoutError(f"the server of {self.name} did not start")
            time.sleep(0.5)
        self.browser.get(f"{self.server}/lab", timeout=PATIENCE).raise_for_status()

    def stop_server(self):
        """Stop the server, and with it the kernels."""
        self.request("DELETE", f"{self.hub}/hub/api/users/{self.name}/server")

    def open_kernel(self, path):
        """Start a kernel for a notebook; return its id."""
        session = {"path": path, "name": path, "type": "notebook", "kernel": {"name": "python3"}}
        answer = self.request("POST", f"{self.server}/api/sessions", json=session)
        answer.raise_for_status()
        return answer.json()["kernel"]["id"]

    def connect(self, kernel):
        """Open the kernel's channels, with the cookies of this browser."""
        address = f"{self.server}/api/kernels/{kernel}/channels".replace("http", "ws", 1)
        request = requests.Request("GET", f"{self.server}/api/kernels/{kernel}/channels")
        cookies = self.browser.prepare_request(request).headers.get("Cookie", "")
        return websocket.create_connection(address, cookie=cookies, timeout=PATIENCE)

    def execute(self, channels, code):
        """Run one cell; return what it printed, and the error or None."""
        header = {"msg_id": uuid.uuid4().hex, "msg_type": "execute_request", "version": "5.3"}
        header |= {"username": self.name, "session": uuid.uuid4().hex, "date": ""}
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
        message = {"header": header, "content": content, "parent_header": {}, "metadata": {}}
        channels.send(json.dumps(message | {"channel": "shell", "buffers": []}))
        printed, error = [], None
        while True:
            kind, frame = channels.recv_data()
            if kind != websocket.ABNF.OPCODE_TEXT:
                continue  # pixels of a widget
            reply = json.loads(frame)
            if reply["content"].get("execution_state") in ("restarting", "dead"):
                return "".join(printed), "the kernel died"
            if reply["parent_header"].get("msg_id") != header["msg_id"]:
                continue
            if reply["msg_type"] == "stream":
                printed.append(reply["content"]["text"])
            elif reply["msg_type"] == "error":
                error = f"{reply['content']['ename']}: {reply['content']['evalue']}"
            elif reply["content"].get("execution_state") == "idle":
                return "".join(printed), error

    def take(self, lesson, everybody):
        """Go through the whole: log in, start, run the lesson. Wait for everybody before."""
        everybody.wait()
        for step in (self.log_in, self.start_server, lambda: self._run(lesson)):
            begun = time.monotonic()
            try:
                step()
            except Exception as error:  # whatever it is, the others go on and the table says it
                self.errors.append(f"{type(error).__name__}: {error}")
                return
            self.seconds[len(self.seconds)] = time.monotonic() - begun

    def _run(self, lesson):
        answer = self.request("GET", f"{self.server}/api/contents")
        answer.raise_for_status()
        names = [item["name"] for item in answer.json()["content"]]
        path = next(name for name in names if name.startswith(lesson) and name.endswith(".ipynb"))
        cells = self.request("GET", f"{self.server}/api/contents/{path}").json()["content"]["cells"]
        channels = self.connect(self.open_kernel(path))
        for cell in cells:
            if cell["cell_type"] == "code":
                _, error = self.execute(channels, cell["source"])
                if error:
                    self.errors.append(error)
        channels.close()


def watch(names, peaks, stop):
    """Sample the memory of the learners' servers and kernels, in bytes, until `stop` is set."""
    owners = {pwd.getpwnam(name).pw_uid: name for name in names}
    while not stop.wait(2):
        now = defaultdict(Counter)
        for process in psutil.process_iter():
            try:
                owner = owners.get(process.uids().real)
                if owner:
                    kernel = any("ipykernel_launcher" in word for word in process.cmdline())
                    now[owner]["kernel" if kernel else "server"] += process.memory_full_info().pss
                    now[owner]["cpu"] += sum(process.cpu_times()[:2])
            except psutil.Error:
                continue  # it has ended
        for name, memory in now.items():
            peaks[name] |= memory  # of two counters: the larger of each entry
        everybody = sum(memory["server"] + memory["kernel"] for memory in now.values())
        peaks["all"] |= Counter({"together": everybody})


def main(arguments=None):
    """Run the learners; print the table; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("slips", type=Path, help="lines of name and passphrase")
    parser.add_argument("--users", type=int, default=10)
    parser.add_argument("--lesson", default="02")
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--keep", action="store_true", help="leave the servers running")
    options = parser.parse_args(arguments)
    slips = [line.split() for line in options.slips.read_text().splitlines() if line.strip()]
    learners = [Learner(options.url, *slip) for slip in slips[: options.users]]
    print(f"{len(learners)} at once, lesson {options.lesson}, {os.cpu_count()} cores, ", end="")
    print("load before: {:.1f} {:.1f} {:.1f}".format(*os.getloadavg()), flush=True)
    peaks, stop, gate = defaultdict(Counter), threading.Event(), threading.Barrier(len(learners))
    watcher = threading.Thread(target=watch, args=([x.name for x in learners], peaks, stop))
    watcher.start()
    begun = time.monotonic()
    with ThreadPoolExecutor(len(learners)) as pool:
        list(pool.map(lambda learner: learner.take(options.lesson, gate), learners))
    whole = time.monotonic() - begun
    stop.set()
    watcher.join()
    print("learner      log in  server  lesson (s)   server  kernel (MB)  CPU (s)  errors")
    for learner in learners:
        times = "".join(f"{learner.seconds.get(step, float('nan')):8.1f}" for step in range(3))
        memory = "".join(f"{peaks[learner.name][kind] / 1e6:9.0f}" for kind in ("server", "kernel"))
        cpu = peaks[learner.name]["cpu"]
        print(f"{learner.name:<11}{times}  {memory}      {cpu:7.0f}  {learner.errors or 'none'}")
    print(f"all: {whole:.0f} s; together at most {peaks['all']['together'] / 1e9:.2f} GB")
    if not options.keep:
        for learner in learners:
            learner.stop_server()
    return 1 if any(learner.errors for learner in learners) else 0


if __name__ == "__main__":
    sys.exit(main())
