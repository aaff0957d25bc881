"""Pages, and the course's own JupyterLab on a copy of the course.

The author's own workspace is left alone.
"""

import csv
import os
import re
import shutil
import signal
import subprocess
import time

import pytest

from course_utils import ROOT

COPIED = ("course_utils", "notebooks", "data", "requirements.lock", "pyproject.toml")
RESULTS = ROOT / "build" / "browser"


@pytest.fixture(scope="session")
def lab(tmp_path_factory, learner_python):
    """Start JupyterLab on a copy of the course; return its address and the workspace."""
    course = tmp_path_factory.mktemp("Kurs für Ärzte (2)")
    for name in COPIED:
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, course / name)
    log = course / "lab.log"
    command = [learner_python, "-m", "course_utils", "lab", "--no-browser", "--port", "8970"]
    environment = {**os.environ, "PYTHONPATH": str(course), "TERM": "dumb"}
    # A theme that a test chooses stays out of the author's own settings.
    environment |= {f"JUPYTERLAB_{n}_DIR": str(course / n) for n in ("SETTINGS", "WORKSPACES")}
    # Learners have no path to the author's kernel, which has another name.
    environment.pop("JUPYTER_PATH", None)
    with log.open("w") as output:
        process = subprocess.Popen(
            command, cwd=course, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield wait_for_address(log, process), course / "workspace"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def wait_for_address(log, process):
    end = time.monotonic() + 180
    while time.monotonic() < end and process.poll() is None:
        if match := re.search(r"http://127\.0\.0\.1:\d+/lab\S*\?token=\w+", log.read_text()):
            return match[0]
        time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()}")


@pytest.fixture
def page(browser):
    """A page that notes the hosts it asks, failed requests, and what the console complains of."""
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    page.set_default_timeout(120_000)
    page.hosts, page.complaints = set(), []
    note = page.complaints.append
    page.on("request", lambda request: page.hosts.add(request.url.split("/")[2].split(":")[0]))
    page.on("requestfailed", lambda request: note(f"{request.url}: {request.failure}"))
    page.on(
        "console", lambda m: note(f"{m.text} {m.location['url']}") if m.type == "error" else None
    )
    page.on("pageerror", lambda error: note(str(error)))
    yield page
    page.close()


@pytest.fixture(scope="session")
def measured():
    """Append rows to tables in build/browser/: `measured(name, **row)`."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    started = set()

    def write(name, **row):
        path = RESULTS / f"{name}.csv"
        with path.open("a" if name in started else "w", newline="", encoding="utf-8") as file:
            table = csv.DictWriter(file, row)
            if name not in started:
                table.writeheader()
            table.writerow(row)
        started.add(name)
        print(name, *row.values())

    return write
