"""A real hub with accounts made for it: who gets in, who may read what, what a crash costs.

`make -C deploy test` runs this, as root and in the hub's environment; elsewhere it skips.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from course_utils import ROOT

pytest.importorskip("jupyterhub")
psutil = pytest.importorskip("psutil")
requests = pytest.importorskip("requests")
Learner = pytest.importorskip("deploy.load_test").Learner
if os.name == "nt" or os.geteuid() != 0:
    pytest.skip("starts servers as other accounts, so it needs root", allow_module_level=True)

pytestmark = pytest.mark.slow

DEPLOY = ROOT / "deploy"
NAMES = ["hubtest-ada", "hubtest-ben"]
OUTSIDER = "hubtest-out"  # has an account, and is in no group of the course


class Hub:
    """The hub and its proxy as two processes, as the two units of systemd start them."""

    def __init__(self, state, port):
        self.state, self.address = state, f"http://127.0.0.1:{port}"
        self.proxy = f"http://127.0.0.1:{port + 1}"
        self.environment = {
            **os.environ,
            "COURSE_HUB_STATE": str(state),
            "COURSE_HUB_PORT": str(port),
            "COURSE_HUB_ENV": sys.prefix,
            "CONFIGPROXY_AUTH_TOKEN": "token-of-this-test",
        }
        self.processes = {}

    def start(self, *parts):
        commands = {
            "proxy": [DEPLOY / "proxy"],
            "hub": [sys.executable, "-m", "jupyterhub", "-f", DEPLOY / "jupyterhub_config.py"],
        }
        for part in parts:
            with (self.state / f"{part}.log").open("a") as log:
                self.processes[part] = subprocess.Popen(
                    commands[part], env=self.environment, cwd=self.state, stdout=log, stderr=log
                )
        end = time.monotonic() + 120
        while time.monotonic() < end:
            try:
                if requests.get(f"{self.address}/hub/health", timeout=5).ok:
                    return
            except requests.RequestException:
                pass
            time.sleep(0.5)
        raise TimeoutError((self.state / "hub.log").read_text()[-2000:])

    def kill(self, *parts):
        for part in parts:
            children = psutil.Process(self.processes[part].pid).children()
            self.processes[part].send_signal(signal.SIGKILL)
            self.processes[part].wait()
            for child in children:  # the culler, which systemd ends with its unit
                if child.username() == "root":
                    child.kill()


def three_free_ports():
    while True:
        with socket.socket() as first:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
        try:
            for more in (1, 2):
                with socket.socket() as other:
                    other.bind(("127.0.0.1", port + more))
            return port
        except OSError:
            continue


@pytest.fixture(scope="module")
def homes(tmp_path_factory):
    """Accounts with homes; their passphrases by name. All of it is deleted afterwards."""
    # Not below pytest's own folder, which only root can enter.
    folder = Path(tempfile.mkdtemp(prefix="hubtest-"))
    folder.chmod(0o755)
    everybody = [*NAMES, OUTSIDER]
    made = subprocess.run(
        [DEPLOY / "add-learners", "course-learners", folder],
        input="\n".join(everybody) + "\n",
        capture_output=True,
        text=True,
        check=True,
    )
    subprocess.run(["usermod", "--groups", "", OUTSIDER], check=True)
    yield folder, dict(line.split() for line in made.stdout.splitlines())
    for name in everybody:
        psutil.wait_procs([process for process in processes_of(name) if not process.kill()])
        subprocess.run(["userdel", "--remove", name], check=True, stderr=subprocess.DEVNULL)
    folder.rmdir()


@pytest.fixture(scope="module")
def hub(homes, tmp_path_factory):
    running = Hub(tmp_path_factory.mktemp("state"), three_free_ports())
    running.start("proxy", "hub")
    yield running
    running.kill("hub", "proxy")


@pytest.fixture(scope="module")
def learners(hub, homes):
    """Two learners with a server, a kernel and open channels each."""
    both = []
    for name in NAMES:
        learner = Learner(hub.address, name, homes[1][name])
        learner.log_in()
        learner.start_server()
        learner.kernel = learner.open_kernel("00_start_here.ipynb")
        learner.channels = learner.connect(learner.kernel)
        both.append(learner)
    return both


def processes_of(name):
    found = []
    for process in psutil.process_iter():
        try:
            if process.username() == name:
                found.append(process)
        except psutil.Error:
            continue
    return found


@pytest.mark.parametrize(
    ("name", "passphrase"),
    [(NAMES[0], "wrong"), (NAMES[0], ""), ("nobody-here", "wrong"), ("root", "wrong"), ("", "")],
)
def test_wrong_and_missing_passphrases_are_refused(hub, homes, name, passphrase):
    learner = Learner(hub.address, name, passphrase)
    assert learner.log_in().status_code in (400, 403)
    assert learner.request("GET", f"{hub.address}/hub/api/user").status_code == 403


def test_an_account_outside_the_groups_is_refused_with_its_right_passphrase(hub, homes):
    learner = Learner(hub.address, OUTSIDER, homes[1][OUTSIDER])
    assert learner.log_in().status_code == 403
    assert learner.request("GET", f"{hub.address}/hub/api/user").status_code == 403


def test_nobody_can_sign_up(hub):
    assert requests.get(f"{hub.address}/hub/signup", timeout=30).status_code == 404


def test_a_learner_works_in_the_own_workspace(learners, homes):
    code = "import os, course_utils.app as app; print(app.WORKSPACE, os.getcwd(), os.getuid())"
    printed, error = learners[0].execute(learners[0].channels, code)
    workspace = str(homes[0] / NAMES[0] / "cnn-course")
    assert error is None
    assert printed.split()[:2] == [workspace, workspace]
    assert printed.split()[2] != "0"


def test_a_learner_reads_nothing_of_others_or_of_the_server(hub, learners, homes):
    ada, ben = learners
    ben.execute(ben.channels, "open('secret.txt', 'w').write('mine')")
    secret = homes[0] / NAMES[1] / "cnn-course/secret.txt"
    assert secret.read_text() == "mine"
    pids = [process.pid for process in processes_of(NAMES[1])]
    pids += [process.pid for process in hub.processes.values()]
    assert len(pids) >= 4  # a server, a kernel, the hub, the proxy
    files = [secret, hub.state / "jupyterhub.sqlite", hub.state / "cookie_secret", "/etc/shadow"]
    files += [f"/proc/{pid}/{part}" for pid in pids for part in ("environ", "mem")]
    code = f"""
        import os
        for name in {[str(name) for name in files]}:
            try:
                open(name, "rb").read(1)
                print("READ", name)
            except PermissionError:
                print("refused")
        for folder in {[str(secret.parent), str(hub.state)]}:
            try:
                print("LISTED", os.listdir(folder))
            except PermissionError:
                print("refused")
        for name in {[str(secret), str(ROOT / "course_utils/new.py"), sys.prefix + "/new"]}:
            try:
                open(name, "a")
                print("WROTE", name)
            except PermissionError:
                print("refused")
        for pid in {pids}:
            try:
                os.kill(pid, 0)
                print("SIGNALED", pid)
            except PermissionError:
                print("refused")
    """
    printed, error = ada.execute(ada.channels, textwrap.dedent(code))
    assert error is None
    assert set(printed.split("\n")) == {"refused", ""}
    assert printed.count("refused") == len(files) + 5 + len(pids)


def test_nobody_else_hears_what_a_kernel_prints(learners):
    ada, ben = learners
    connections = [c for process in processes_of(NAMES[1]) for c in process.net_connections("inet")]
    ports = [c.laddr.port for c in connections if c.status == psutil.CONN_LISTEN]
    code = f"""
        import time, zmq
        listener = zmq.Context.instance().socket(zmq.SUB)
        listener.subscribe(b"")
        for port in {ports}:
            listener.connect(f"tcp://127.0.0.1:{{port}}")
        print("heard" if listener.poll(8000) else "silence")
    """
    with ThreadPoolExecutor(1) as pool:
        heard = pool.submit(ada.execute, ada.channels, textwrap.dedent(code))
        while not heard.done():
            ben.execute(ben.channels, "print('my answer')")
            time.sleep(0.5)
    assert heard.result() == ("silence\n", None)


def test_only_loopback_is_listened_on(hub, learners):
    names = [process.pid for process in hub.processes.values()]
    names += [process.pid for name in NAMES for process in processes_of(name)]
    connections = [c for pid in names for c in psutil.Process(pid).net_connections("inet")]
    addresses = {c.laddr.ip for c in connections if c.status == psutil.CONN_LISTEN}
    assert addresses == {"127.0.0.1"}


def test_a_token_opens_the_own_server_only(hub, learners):
    ada, ben = learners
    answer = ada.request("POST", f"{hub.address}/hub/api/users/{ada.name}/tokens", json={})
    own = {"Authorization": f"token {answer.json()['token']}"}

    def status(method, address, headers):
        options = {"headers": headers, "timeout": 30, "allow_redirects": False}
        return requests.request(method, address, **options).status_code

    assert status("GET", f"{ada.server}/api/contents", own) == 200
    everything = [
        ("GET", f"{ben.server}/api/contents"),
        ("GET", f"{ben.server}/api/kernels"),
        ("GET", f"{hub.address}/hub/api/users"),
        ("GET", f"{hub.address}/hub/api/users/{ben.name}"),
        ("POST", f"{hub.address}/hub/api/users/{ben.name}/tokens"),
        ("DELETE", f"{hub.address}/hub/api/users/{ben.name}/server"),
        ("POST", f"{hub.address}/hub/api/users/mallory"),
        ("POST", f"{hub.address}/hub/api/shutdown"),
        ("GET", f"{hub.address}/hub/api/proxy"),
        ("GET", f"{hub.proxy}/api/routes"),
    ]
    for headers in (own, {}, {"Authorization": "token wrong"}):
        for method, address in everything:
            assert status(method, address, headers) in (403, 404), (headers, method, address)
        if headers != own:
            assert status("GET", f"{ada.server}/api/contents", headers) == 403
    # The cookie of a learner's browser opens no other server either.
    assert ada.request("GET", f"{ben.server}/api/contents").status_code in (403, 404)


def test_no_secret_stands_in_a_command_line(learners, hub):
    lines = [" ".join(p.cmdline()) for name in NAMES for p in processes_of(name)]
    lines += [" ".join(psutil.Process(p.pid).cmdline()) for p in hub.processes.values()]
    environment = processes_of(NAMES[0])[0].environ()
    secrets = ["token-of-this-test", environment["JUPYTERHUB_API_TOKEN"]]
    assert all(secret not in line for secret in secrets for line in lines)


def test_a_kernel_that_takes_too_much_memory_gets_an_error_and_lives(learners):
    ada = learners[0]
    _, error = ada.execute(ada.channels, "import numpy; numpy.ones(2 * 10**9)")  # 16 GB
    assert "MemoryError" in error
    assert ada.execute(ada.channels, "print(1 + 1)") == ("2\n", None)


@pytest.mark.parametrize("parts", [("hub",), ("hub", "proxy")])
def test_a_killed_hub_loses_nothing(hub, learners, homes, parts):
    ben = learners[1]
    ben.execute(ben.channels, "kept = 41")
    before = {process.pid for process in processes_of(NAMES[1])}
    hub.kill(*parts)
    if parts == ("hub",):  # the proxy goes on, and with it the open page
        assert ben.execute(ben.channels, "print(kept)") == ("41\n", None)
    hub.start(*reversed(parts))
    channels = ben.connect(ben.kernel)  # as a page that was reloaded, with the cookies it has
    assert ben.execute(channels, "print(kept + 1)") == ("42\n", None)
    assert {process.pid for process in processes_of(NAMES[1])} == before
    server = ben.request("GET", f"{hub.address}/hub/api/users/{ben.name}").json()["servers"][""]
    assert server["ready"]
    assert (homes[0] / NAMES[1] / "cnn-course/secret.txt").read_text() == "mine"
